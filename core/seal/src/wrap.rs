//! Wrapped keys: the record key for each of those who may read, and a commitment that all of them check. They lie beside the first
//! change under the key; handed out later, for example to an evaluator who came late, they are an envelope of their own.
//!
//! HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256) with HKDF-SHA256 and ChaCha20-Poly1305, for devices and the
//! recovery key; XChaCha20-Poly1305 under the epoch key for the members of a scope. The AEADs do not commit to their
//! key, so a recipient also checks the unwrapped key against the commitment, which is what the header's key id truncates.
//! A keyed hash over header and wraps shows whoever opens one wrap that the others are as they were made.

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hpke::{
    Deserializable, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305, kdf::HkdfSha256,
    kem::X25519HkdfSha256,
};
use minicbor::{Decode, Encode};
use x25519_dalek::StaticSecret;
use zeroize::Zeroizing;

use crate::{
    DeviceKeys, DevicePublic, Entropy, Envelope, EpochId, EpochKey, Header, Kind, ReadingPublic, Receipt,
    RecordKey, RecoveryKeys, RecoveryPublic, Refused, canonical,
    entropy::{Adapter, random},
    hash::digest,
};

/// Most recipients of one key.
pub const MAX_RECIPIENTS: usize = 32;

/// HPKE with X25519, HKDF-SHA256 and ChaCha20-Poly1305.
const SUITE_X25519: u16 = 0;
/// XChaCha20-Poly1305 under an epoch key.
const SUITE_EPOCH: u16 = 1;
const RECORD: &[u8] = b"nightjar v1 record key wrap";
const BINDING: &str = "nightjar v1 key envelope binding";
const EPOCH_CIPHER: &str = "nightjar v1 epoch wrap cipher";
const NONCE: usize = 24;
const ENCAPPED: usize = 32;
const MAX_BODY: usize = 32 * 1024;

/// Somebody a record key is wrapped for.
#[derive(Clone, Copy)]
pub enum Recipient<'a> {
    /// A device of the roster.
    Device(&'a DevicePublic),
    /// The offline recovery key.
    Recovery(&'a RecoveryPublic),
    /// Everybody who holds this epoch key.
    Epoch(&'a EpochKey),
    /// The respondent, by the receipt they took.
    Receipt(&'a ReadingPublic),
}

/// Who unwraps, and with what.
#[derive(Default)]
pub struct Holder<'a> {
    /// The device's own keys.
    pub device: Option<&'a DeviceKeys>,
    /// The epoch keys it holds.
    pub epochs: &'a [(EpochId, EpochKey)],
    /// The recovery key, when it was fetched from its paper.
    pub recovery: Option<&'a RecoveryKeys>,
    /// A receipt, while its respondent is there.
    pub receipt: Option<&'a Receipt>,
}

#[derive(Encode, Decode)]
struct Wraps {
    /// The half of the commitment to the key that the header does not name the key by.
    #[cbor(n(0), with = "minicbor::bytes")]
    commitment: [u8; 16],
    /// In rising order of suite and recipient, each once.
    #[n(1)]
    wraps: Vec<Wrap>,
    /// A keyed hash over header and wraps, truncated.
    #[cbor(n(2), with = "minicbor::bytes")]
    binding: [u8; 16],
}

impl Wraps {
    /// Everything that can be judged before any work with keys.
    fn check(&self) -> Result<(), Refused> {
        let what = "key envelope";
        if self.wraps.is_empty() {
            return Err(Refused::Malformed { what, problem: "it is for nobody" });
        }
        if self.wraps.len() > MAX_RECIPIENTS {
            return Err(Refused::Oversize {
                what: "recipients",
                have: self.wraps.len(),
                most: MAX_RECIPIENTS,
            });
        }
        if !self.wraps.is_sorted_by(|a, b| (a.suite, a.to) < (b.suite, b.to)) {
            return Err(Refused::Malformed { what, problem: "its recipients are not in order, each once" });
        }
        Ok(())
    }

    /// That they commit to this key and are all that were made with it.
    fn bound(&self, header: &Header, aad: &[u8], key: &RecordKey) -> Result<(), Refused> {
        if key.commitment()[..] != [header.key.0, self.commitment].concat() {
            return Err(Refused::WrongCommitment);
        }
        match binding(key, aad, &self.wraps) == self.binding {
            true => Ok(()),
            false => Err(Refused::Altered { what: "list of recipients" }),
        }
    }
}

/// What a header does not say of a commitment.
fn rest(commitment: [u8; 32]) -> [u8; 16] {
    let [.., a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = commitment;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

fn binding(key: &RecordKey, header: &[u8], wraps: &[Wrap]) -> [u8; 16] {
    let content: [u8; 32] = digest(BINDING, &[header, &canonical::encode(&wraps)]);
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::keyed_hash(&key.derive(BINDING), &content).as_bytes()[..16]);
    out
}

#[derive(Encode, Decode)]
struct Wrap {
    #[n(0)]
    suite: u16,
    /// A device's tag, the recovery key's tag, or the epoch key's id.
    #[cbor(n(1), with = "minicbor::bytes")]
    to: [u8; 16],
    #[cbor(n(2), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

/// Wraps a record key for 1 to [`MAX_RECIPIENTS`] recipients, each named once.
///
/// # Errors
/// [`Refused::WrongKind`] unless the header is one of [`Header::keys`]; [`Refused::WrongKey`] when it names another key.
pub fn wrap(
    header: Header,
    key: &RecordKey,
    recipients: &[Recipient<'_>],
    entropy: &mut dyn Entropy,
) -> Result<Envelope, Refused> {
    if header.kind != Kind::Keys {
        return Err(Refused::WrongKind);
    }
    if header.key != key.id() {
        return Err(Refused::WrongKey { wanted: header.key, given: key.id() });
    }
    Envelope::sealed(header, |aad| wraps(aad, key, recipients, entropy))
}

/// The wraps of a key beside a header, whose bytes are `aad`.
pub(crate) fn wraps(
    aad: &[u8],
    key: &RecordKey,
    recipients: &[Recipient<'_>],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, Refused> {
    if recipients.len() > MAX_RECIPIENTS {
        return Err(Refused::Oversize { what: "recipients", have: recipients.len(), most: MAX_RECIPIENTS });
    }
    let plain = key.to_bytes();
    let mut wraps = Vec::with_capacity(recipients.len());
    for recipient in recipients {
        wraps.push(match recipient {
            Recipient::Device(device) => Wrap {
                suite: SUITE_X25519,
                to: device.tag().0,
                sealed: to_public(device.receiving(), RECORD, &plain[..], aad, entropy)?,
            },
            Recipient::Recovery(public) => Wrap {
                suite: SUITE_X25519,
                to: recovery_tag(public),
                sealed: to_public(&public.0, RECORD, &plain[..], aad, entropy)?,
            },
            Recipient::Receipt(public) => Wrap {
                suite: SUITE_X25519,
                to: reading_tag(public),
                sealed: to_public(&public.0, RECORD, &plain[..], aad, entropy)?,
            },
            Recipient::Epoch(epoch) => Wrap {
                suite: SUITE_EPOCH,
                to: epoch.id().0,
                sealed: to_epoch(epoch, &plain[..], aad, entropy)?,
            },
        });
    }
    wraps.sort_by_key(|wrap| (wrap.suite, wrap.to));
    let binding = binding(key, aad, &wraps);
    let wraps = Wraps { commitment: rest(key.commitment()), wraps, binding };
    wraps.check()?;
    Ok(canonical::encode(&wraps))
}

/// Unwraps the record key that an envelope hands out; `None` when this holder is not among the recipients.
///
/// # Errors
/// [`Refused::WrongKind`] for one that hands out none; [`Refused::WrongCommitment`] when what was wrapped is not the key that was
/// committed to; [`Refused::Altered`].
pub fn unwrap(envelope: &Envelope, holder: &Holder<'_>) -> Result<Option<RecordKey>, Refused> {
    let wrapped = envelope.wrapped().ok_or(Refused::WrongKind)?;
    let wraps: Wraps = canonical::decode("key envelope", wrapped, MAX_BODY)?;
    wraps.check()?;
    let aad = envelope.header_bytes();
    for wrap in &wraps.wraps {
        let plain = match wrap.suite {
            SUITE_X25519 => {
                let receipt = holder.receipt.filter(|receipt| reading_tag(&receipt.reading()) == wrap.to);
                if let Some(receipt) = receipt {
                    from_public(&receipt.secret(), RECORD, &wrap.sealed, aad)?
                } else {
                    let secret = match (holder.device, holder.recovery) {
                        (Some(keys), _) if keys.tag().0 == wrap.to => keys.receiving(),
                        (_, Some(keys)) if recovery_tag(&keys.public()) == wrap.to => keys.secret(),
                        _ => continue,
                    };
                    from_public(secret, RECORD, &wrap.sealed, aad)?
                }
            }
            SUITE_EPOCH => {
                let Some((_, epoch)) = holder.epochs.iter().find(|(id, _)| id.0 == wrap.to) else { continue };
                from_epoch(epoch, &wrap.sealed, aad)?
            }
            // A suite of a later version, for somebody else or for a later me.
            _ => continue,
        };
        let key = RecordKey::from_bytes(&plain)?;
        wraps.bound(envelope.header(), aad, &key)?;
        return Ok(Some(key));
    }
    Ok(None)
}

impl Envelope {
    /// Whether it hands its key to a device. Says nothing about whether the key is the right one.
    pub fn is_for(&self, device: &DevicePublic) -> bool {
        let wraps = self.wrapped().map(|bytes| canonical::decode::<Wraps>("key envelope", bytes, MAX_BODY));
        let is_to = |wrap: &Wrap| wrap.suite == SUITE_X25519 && wrap.to == device.tag().0;
        wraps.is_some_and(|wraps| wraps.is_ok_and(|wraps| wraps.wraps.iter().any(is_to)))
    }
}

/// Whether the keys beside a change are as whoever sealed it made them, as anybody who has the key can tell.
pub(crate) fn verify(header: &Header, aad: &[u8], key: &RecordKey, wrapped: &[u8]) -> Result<(), Refused> {
    let wraps: Wraps = canonical::decode("key envelope", wrapped, MAX_BODY)?;
    wraps.check()?;
    wraps.bound(header, aad, key)
}

/// Names the recovery key among recipients.
fn recovery_tag(public: &RecoveryPublic) -> [u8; 16] {
    digest("nightjar v1 recovery tag", &[&public.0])
}

/// Names a receipt among recipients.
fn reading_tag(public: &ReadingPublic) -> [u8; 16] {
    digest("nightjar v1 receipt reading tag", &[&public.0])
}

/// Wraps bytes for one X25519 key and one purpose: encapsulated key, then ciphertext.
pub(crate) fn to_public(
    public: &[u8; 32],
    purpose: &[u8],
    plain: &[u8],
    aad: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, Refused> {
    let weak = |_| Refused::WeakKey { what: "recipient" };
    let public = <X25519HkdfSha256 as hpke::Kem>::PublicKey::from_bytes(public).map_err(weak)?;
    let (encapped, mut context) =
        hpke::setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeS::Base,
            &public,
            purpose,
            &mut Adapter(entropy),
        )
        .map_err(weak)?;
    let mut out = encapped.to_bytes().to_vec();
    out.extend(context.seal(plain, aad).map_err(weak)?);
    Ok(out)
}

/// Unwraps what [`to_public`] wrapped.
pub(crate) fn from_public(
    secret: &StaticSecret,
    purpose: &[u8],
    sealed: &[u8],
    aad: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let what = "wrapped key";
    if sealed.len() < ENCAPPED {
        return Err(Refused::Truncated { what });
    }
    let altered = |_| Refused::Altered { what };
    let (encapped, sealed) = sealed.split_at(ENCAPPED);
    let secret = Zeroizing::new(secret.to_bytes());
    let secret = <X25519HkdfSha256 as hpke::Kem>::PrivateKey::from_bytes(&secret[..]).map_err(altered)?;
    let encapped = <X25519HkdfSha256 as hpke::Kem>::EncappedKey::from_bytes(encapped).map_err(altered)?;
    let mut context = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &secret,
        &encapped,
        purpose,
    )
    .map_err(altered)?;
    Ok(Zeroizing::new(context.open(sealed, aad).map_err(altered)?))
}

fn epoch_cipher(epoch: &EpochKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*epoch.derive(EPOCH_CIPHER)))
}

fn to_epoch(
    epoch: &EpochKey,
    plain: &[u8],
    aad: &[u8],
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>, Refused> {
    let nonce = random::<NONCE>(entropy);
    let mut out = nonce.to_vec();
    let sealed = epoch_cipher(epoch).encrypt(&XNonce::from(nonce), Payload { msg: plain, aad });
    out.extend(
        sealed.map_err(|_| Refused::Malformed { what: "record key", problem: "it cannot be wrapped" })?,
    );
    Ok(out)
}

fn from_epoch(epoch: &EpochKey, sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let what = "wrapped key";
    if sealed.len() < NONCE {
        return Err(Refused::Truncated { what });
    }
    let (nonce, msg) = sealed.split_at(NONCE);
    let nonce = XNonce::try_from(nonce).map_err(|_| Refused::Truncated { what })?;
    let plain = epoch_cipher(epoch).decrypt(&nonce, Payload { msg, aad });
    plain.map(Zeroizing::new).map_err(|_| Refused::Altered { what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RecordTag, RosterHead, ScopeTag, StudyTag};

    /// A key envelope that wraps `inside` while its header and commitment are those of `named` and `commitment`.
    fn hostile(named: &RecordKey, commitment: [u8; 32], inside: &RecordKey, to: &DeviceKeys) -> Envelope {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(9);
        let (study, scope, head) = (StudyTag([0; 16]), ScopeTag([0; 16]), RosterHead([0; 32]));
        let header = Header::change(study, scope, RecordTag([0; 16]), to.tag(), head, named).keys();
        Envelope::sealed(header, |aad| {
            let sealed =
                to_public(to.public().receiving(), RECORD, &inside.to_bytes()[..], aad, &mut entropy)?;
            let wraps = vec![Wrap { suite: SUITE_X25519, to: to.tag().0, sealed }];
            let binding = binding(inside, aad, &wraps);
            Ok(canonical::encode(&Wraps { commitment: rest(commitment), wraps, binding }))
        })
        .unwrap()
    }

    #[test]
    fn a_key_that_is_not_the_one_committed_to_is_refused() {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(5);
        let to = DeviceKeys::generate(&mut entropy);
        let holder = Holder { device: Some(&to), ..Holder::default() };
        let named = RecordKey::from_bytes(&[1; 32]).unwrap();
        let other = RecordKey::from_bytes(&[2; 32]).unwrap();
        assert_eq!(
            unwrap(&hostile(&named, named.commitment(), &named, &to), &holder).unwrap(),
            Some(named.clone())
        );
        for (commitment, inside) in
            [(named.commitment(), &other), (other.commitment(), &other), (other.commitment(), &named)]
        {
            assert_eq!(
                unwrap(&hostile(&named, commitment, inside, &to), &holder),
                Err(Refused::WrongCommitment)
            );
        }
        // The first half of the commitment alone, which is what the header's key id shows, is not enough.
        let mut half = named.commitment();
        half[31] ^= 1;
        assert_eq!(unwrap(&hostile(&named, half, &named, &to), &holder), Err(Refused::WrongCommitment));
    }

    #[test]
    fn one_envelope_never_hands_two_evaluators_two_keys() {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(5);
        let [one, other] = [3, 4].map(|fill| DeviceKeys::generate(&mut |bytes: &mut [u8]| bytes.fill(fill)));
        let [k1, k2] = [1, 2].map(|fill| RecordKey::from_bytes(&[fill; 32]).unwrap());
        let (study, scope, head) = (StudyTag([0; 16]), ScopeTag([0; 16]), RosterHead([0; 32]));
        // Whoever seals hands out two keys, under whichever name, commitment and binding: a body can be made that opens under both.
        for named in [&k1, &k2] {
            for commitment in [k1.commitment(), k2.commitment()] {
                for bound in [&k1, &k2] {
                    let header =
                        Header::change(study, scope, RecordTag([0; 16]), one.tag(), head, named).keys();
                    let envelope = Envelope::sealed(header, |aad| {
                        let mut wraps = Vec::new();
                        for (to, key) in [(&one, &k1), (&other, &k2)] {
                            let (public, plain) = (to.public(), key.to_bytes());
                            let sealed =
                                to_public(public.receiving(), RECORD, &plain[..], aad, &mut entropy)?;
                            wraps.push(Wrap { suite: SUITE_X25519, to: to.tag().0, sealed });
                        }
                        wraps.sort_by_key(|wrap| wrap.to);
                        let binding = binding(bound, aad, &wraps);
                        Ok(canonical::encode(&Wraps { commitment: rest(commitment), wraps, binding }))
                    })
                    .unwrap();
                    let opened = [&one, &other]
                        .map(|keys| unwrap(&envelope, &Holder { device: Some(keys), ..Holder::default() }));
                    let honest: Vec<_> = opened.iter().filter_map(|key| key.as_ref().ok()).collect();
                    assert!(honest.len() <= 1, "the other one is told that something is wrong");
                    assert!(honest.iter().all(|key| key.as_ref() == Some(named)));
                }
            }
        }
    }

    #[test]
    fn a_wrapped_key_is_80_bytes() {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(5);
        let to = DeviceKeys::generate(&mut entropy).public();
        assert_eq!(to_public(to.receiving(), RECORD, &[0; 32], b"", &mut entropy).unwrap().len(), 80);
    }

    #[test]
    fn a_suite_of_a_later_version_is_passed_over() {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(5);
        let to = DeviceKeys::generate(&mut entropy);
        let key = RecordKey::from_bytes(&[1; 32]).unwrap();
        let (study, scope, head) = (StudyTag([0; 16]), ScopeTag([0; 16]), RosterHead([0; 32]));
        let header = Header::change(study, scope, RecordTag([0; 16]), to.tag(), head, &key).keys();
        let envelope = Envelope::sealed(header, |aad| {
            let wraps = vec![Wrap { suite: 7, to: to.tag().0, sealed: vec![0; 1168] }];
            let binding = binding(&key, aad, &wraps);
            Ok(canonical::encode(&Wraps { commitment: rest(key.commitment()), wraps, binding }))
        });
        let holder = Holder { device: Some(&to), ..Holder::default() };
        assert_eq!(unwrap(&envelope.unwrap(), &holder), Ok(None));
    }
}
