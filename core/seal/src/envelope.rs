//! Envelopes: one change of one record, compressed, padded and sealed, and the key to it where it is the first.

use std::cell::RefCell;

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;
use zstd::zstd_safe::DCtx;

use crate::{
    Dictionary, DictionaryId, Entropy, EnvelopeId, Header, Kind, Recipient, RecordKey, Refused, Safeguard,
    canonical,
    entropy::random,
    hash::digest,
    padding::{pad, unpad},
    wrap::{verify, wraps},
};

/// Largest encoded envelope, bytes.
pub const MAX_ENVELOPE: usize = 64 * 1024;
/// Largest payload before compression, bytes.
pub const MAX_PAYLOAD: usize = 256 * 1024;

const MAX_HEADER: usize = 512;
const SEALED: u16 = 0;
const UNSEALED: u16 = 0xFFFF;
const NONCE: usize = 24;
const TAG: usize = 16;
const LEVEL: i32 = 9;
const CIPHER: &str = "nightjar v1 record cipher";
const BOTH: &str = "nightjar v1 body and keys";
const KEYS_TWICE: Refused =
    Refused::Malformed { what: "key envelope", problem: "keys lie beside it and in it" };

/// A header and a body that only holders of the record key can read, and beside them, in the first change under a key, that key
/// wrapped for those who may read. Its bytes never change once it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    header: Header,
    format: u16,
    header_bytes: Vec<u8>,
    body: Vec<u8>,
    keys: Option<Vec<u8>>,
}

/// What goes into an envelope beside a change.
#[derive(Clone, Copy, Default)]
pub struct Sealing<'a> {
    /// Those who are handed the key with it, at least one; `None` in a later change under a key that was handed out.
    pub recipients: Option<&'a [Recipient<'a>]>,
    /// What the change has in common with others of its form.
    pub dictionary: Option<&'a Dictionary>,
}

/// What an envelope is made of, without the ways in which it can be written: to store it more narrowly than it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The number of its format.
    pub format: u16,
    /// What stands in clear.
    pub header: Header,
    /// The sealed body.
    pub body: Vec<u8>,
    /// The wrapped keys.
    pub keys: Option<Vec<u8>>,
}

#[derive(Encode, Decode)]
struct Wire<'b> {
    #[cbor(n(0), borrow, with = "minicbor::bytes")]
    header: &'b [u8],
    #[cbor(n(1), borrow, with = "minicbor::bytes")]
    body: &'b [u8],
    #[cbor(n(2), borrow, with = "minicbor::bytes")]
    keys: Option<&'b [u8]>,
}

#[derive(Encode, Decode)]
struct Formatted<T> {
    #[n(0)]
    format: u16,
    #[n(1)]
    header: T,
}

#[derive(Decode)]
struct FormatOnly {
    #[n(0)]
    format: u16,
}

impl Envelope {
    pub(crate) fn sealed(
        header: Header,
        body: impl FnOnce(&[u8]) -> Result<Vec<u8>, Refused>,
    ) -> Result<Self, Refused> {
        Self::assemble(SEALED, header, |aad| Ok((body(aad)?, None)))
    }

    fn assemble(
        format: u16,
        header: Header,
        content: impl FnOnce(&[u8]) -> Result<(Vec<u8>, Option<Vec<u8>>), Refused>,
    ) -> Result<Self, Refused> {
        header.check()?;
        let formatted = Formatted { format, header };
        let header_bytes = canonical::encode(&formatted);
        let (body, keys) = content(&header_bytes)?;
        if keys.is_some() && formatted.header.kind == Kind::Keys {
            return Err(KEYS_TWICE);
        }
        let envelope = Self { header: formatted.header, format, header_bytes, body, keys };
        let have = envelope.encode().len();
        if have > MAX_ENVELOPE {
            return Err(Refused::Oversize { what: "sealed envelope", have, most: MAX_ENVELOPE });
        }
        Ok(envelope)
    }

    /// The envelope as canonical CBOR, at most [`MAX_ENVELOPE`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Self { header_bytes, body, keys, .. } = self;
        canonical::encode(&Wire { header: header_bytes, body, keys: keys.as_deref() })
    }

    /// Takes it apart; [`Envelope::of`] makes the same again.
    pub fn into_parts(self) -> Parts {
        let Self { format, header, body, keys, .. } = self;
        Parts { format, header, body, keys }
    }

    /// An envelope of its parts.
    ///
    /// # Errors
    /// What [`Envelope::decode`] says of one that cannot be.
    pub fn of(parts: Parts) -> Result<Self, Refused> {
        let Parts { format, header, body, keys } = parts;
        match format {
            SEALED => {}
            UNSEALED if is_unsealed() => {}
            UNSEALED => return Err(Refused::Unsealed),
            _ => return Err(Refused::UnknownFormat { what: "envelope header", format: format.into() }),
        }
        Self::assemble(format, header, |_| Ok((body, keys)))
    }

    /// Reads an envelope. Says nothing about who made it (see [`chain`](crate::SignedHead)) or whether the body opens.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let wire: Wire<'_> = canonical::decode("envelope", bytes, MAX_ENVELOPE)?;
        let (format, header) = header_of(wire.header)?;
        if wire.keys.is_some() && header.kind == Kind::Keys {
            return Err(KEYS_TWICE);
        }
        let (header_bytes, body) = (wire.header.to_vec(), wire.body.to_vec());
        Ok(Self { header, format, header_bytes, body, keys: wire.keys.map(<[u8]>::to_vec) })
    }

    /// `BLAKE3(header ‖ hash)`, where the hash is that of [`body_hash`](Self::body_hash).
    pub fn id(&self) -> EnvelopeId {
        EnvelopeId::of(&self.header_bytes, &self.body_hash())
    }

    /// What stands in clear.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The number of its format.
    pub(crate) fn format(&self) -> u16 {
        self.format
    }

    /// The header as it is authenticated and hashed. Erasure keeps it.
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// `BLAKE3(body)`, or where keys lie beside it one hash over those of both. Erasure keeps it.
    pub fn body_hash(&self) -> [u8; 32] {
        let body = blake3::hash(&self.body);
        match &self.keys {
            None => *body.as_bytes(),
            Some(keys) => digest(BOTH, &[body.as_bytes(), blake3::hash(keys).as_bytes()]),
        }
    }

    /// Whether it hands out its key.
    pub fn hands_out(&self) -> bool {
        self.keys.is_some() || self.header.kind == Kind::Keys
    }

    /// The wrapped keys: beside a change, or all of a key envelope.
    pub(crate) fn wrapped(&self) -> Option<&[u8]> {
        match self.header.kind {
            Kind::Keys => Some(&self.body),
            Kind::Change => self.keys.as_deref(),
            Kind::Withdrawal | Kind::Other(_) => None,
        }
    }

    /// The marker of a withdrawal, as it stands in clear.
    pub(crate) fn marker(&self) -> Option<&[u8]> {
        (self.header.kind == Kind::Withdrawal).then_some(&self.body)
    }
}

/// Whether this build, or this run of the simulator, leaves bodies unsealed.
pub(crate) fn is_unsealed() -> bool {
    cfg!(feature = "unsealed") || Safeguard::Sealing.is_off()
}

/// Format and header as they are authenticated and hashed.
pub(crate) fn header_of(bytes: &[u8]) -> Result<(u16, Header), Refused> {
    let what = "envelope header";
    // The format first: another format may have another header, and must be named rather than called damaged.
    match minicbor::decode::<FormatOnly>(bytes) {
        Ok(FormatOnly { format: SEALED }) => {}
        Ok(FormatOnly { format: UNSEALED }) if is_unsealed() => {}
        Ok(FormatOnly { format: UNSEALED }) => return Err(Refused::Unsealed),
        Ok(FormatOnly { format }) => return Err(Refused::UnknownFormat { what, format: format.into() }),
        Err(_) => {}
    }
    let Formatted { format, header } = canonical::decode::<Formatted<Header>>(what, bytes, MAX_HEADER)?;
    header.check()?;
    Ok((format, header))
}

/// Compresses, pads and seals `payload` (at most [`MAX_PAYLOAD`] bytes) under `key`, which the header must name.
pub fn seal(
    header: Header,
    payload: &[u8],
    key: &RecordKey,
    entropy: &mut dyn Entropy,
) -> Result<Envelope, Refused> {
    seal_with(header, payload, key, Sealing::default(), entropy)
}

/// Seals as [`seal`] does, hands the key out with it, and leaves out what a dictionary holds.
///
/// # Errors
/// What [`seal`] and [`wrap`](crate::wrap) say.
pub fn seal_with(
    header: Header,
    payload: &[u8],
    key: &RecordKey,
    sealing: Sealing<'_>,
    entropy: &mut dyn Entropy,
) -> Result<Envelope, Refused> {
    if header.kind != Kind::Change {
        return Err(Refused::WrongKind);
    }
    check_key(&header, key)?;
    if payload.len() > MAX_PAYLOAD {
        return Err(Refused::Oversize { what: "payload", have: payload.len(), most: MAX_PAYLOAD });
    }
    let Sealing { recipients, dictionary } = sealing;
    // What the canary test does not seal it must be able to find.
    let dictionary = dictionary.filter(|_| !is_unsealed());
    let context = dictionary.map(|dictionary| dictionary.beside(&header)).unwrap_or_default();
    let compressed = zstd::bulk::Compressor::with_dictionary(LEVEL, &context)
        .and_then(|mut compressor| compressor.compress(payload))
        .map(Zeroizing::new)
        .map_err(|_| Refused::Malformed { what: "payload", problem: "it cannot be compressed" })?;
    let plain = pad(dictionary.map(Dictionary::id).as_ref(), &compressed);
    let keys = |aad: &[u8], entropy: &mut dyn Entropy| match recipients {
        None => Ok(None),
        Some(to) => wraps(aad, key, to, entropy).map(Some),
    };
    if is_unsealed() {
        return Envelope::assemble(UNSEALED, header, |aad| Ok((plain.to_vec(), keys(aad, entropy)?)));
    }
    let nonce = random::<NONCE>(entropy);
    Envelope::assemble(SEALED, header, |aad| {
        let mut body = nonce.to_vec();
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), Payload { msg: &plain, aad });
        let sealed =
            sealed.map_err(|_| Refused::Malformed { what: "payload", problem: "it cannot be sealed" })?;
        body.extend_from_slice(&sealed);
        Ok((body, keys(aad, entropy)?))
    })
}

/// Opens the body of a change that was sealed without a dictionary: the payload, at most [`MAX_PAYLOAD`] bytes.
pub fn open(envelope: &Envelope, key: &RecordKey) -> Result<Vec<u8>, Refused> {
    open_with(envelope, key, |_| None)
}

/// Opens the body of a change: the payload that was sealed, at most [`MAX_PAYLOAD`] bytes. `find` gives the dictionary of a name.
///
/// # Errors
/// [`Refused::UnknownDictionary`] when it has none, and everything a body can be refused for.
pub fn open_with(
    envelope: &Envelope,
    key: &RecordKey,
    find: impl FnOnce(&DictionaryId) -> Option<Dictionary>,
) -> Result<Vec<u8>, Refused> {
    let what = "envelope body";
    if envelope.header.kind != Kind::Change {
        return Err(Refused::WrongKind);
    }
    check_key(&envelope.header, key)?;
    let plain = if envelope.format == UNSEALED {
        Zeroizing::new(envelope.body.clone())
    } else {
        if envelope.body.len() < NONCE + TAG {
            return Err(Refused::Truncated { what });
        }
        let (nonce, msg) = envelope.body.split_at(NONCE);
        let nonce = XNonce::try_from(nonce).map_err(|_| Refused::Truncated { what })?;
        let plain = cipher(key).decrypt(&nonce, Payload { msg, aad: &envelope.header_bytes });
        Zeroizing::new(plain.map_err(|_| Refused::Altered { what })?)
    };
    if let Some(wrapped) = &envelope.keys {
        verify(&envelope.header, &envelope.header_bytes, key, wrapped)?;
    }
    let (named, compressed) = unpad(&plain)?;
    let context = match named {
        None => Vec::new(),
        Some(id) => {
            let dictionary = find(&id).filter(|found| found.id() == id);
            dictionary.ok_or(Refused::UnknownDictionary { id })?.beside(&envelope.header)
        }
    };
    decompress(compressed, &context)
}

/// One call with an output buffer of what the frame claims to hold: whatever it holds, no more than the bound is written or
/// allocated. Every frame that [`seal`] made says how much it holds.
fn decompress(compressed: &[u8], context: &[u8]) -> Result<Vec<u8>, Refused> {
    let refused =
        || Refused::Malformed { what: "envelope body", problem: "it does not decompress within 256 KiB" };
    let claimed = zstd::zstd_safe::get_frame_content_size(compressed).ok().flatten();
    let claimed = claimed.and_then(|size| usize::try_from(size).ok()).filter(|size| *size <= MAX_PAYLOAD);
    let mut out = vec![0; claimed.ok_or_else(refused)?];
    let len = UNPACKING.with_borrow_mut(|unpacking| {
        unpacking.decompress_using_dict(out.as_mut_slice(), compressed, context).map_err(|_| refused())
    })?;
    out.truncate(len);
    Ok(out)
}

thread_local! {
    /// What zstd works in: more than a hundred KiB, which are not asked of the system for every change.
    static UNPACKING: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

fn check_key(header: &Header, key: &RecordKey) -> Result<(), Refused> {
    let given = key.id();
    if header.key == given { Ok(()) } else { Err(Refused::WrongKey { wanted: header.key, given }) }
}

fn cipher(key: &RecordKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(*key.derive(CIPHER)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceTag, RecordTag, RosterHead, ScopeTag, StudyTag};

    /// An envelope that seals `plain` as it is, as a hostile holder of the key could.
    fn hostile(key: &RecordKey, plain: &[u8]) -> Envelope {
        let (study, scope, head) = (StudyTag([0; 16]), ScopeTag([0; 16]), RosterHead([0; 32]));
        let header = Header::change(study, scope, RecordTag([0; 16]), DeviceTag([0; 16]), head, key);
        Envelope::sealed(header, |aad| {
            let nonce = [7; NONCE];
            let sealed = cipher(key).encrypt(&XNonce::from(nonce), Payload { msg: plain, aad }).unwrap();
            Ok([&nonce[..], &sealed].concat())
        })
        .unwrap()
    }

    #[test]
    fn what_decompresses_beyond_the_bound_is_refused() {
        let key = RecordKey::from_bytes(&[1; 32]).unwrap();
        let beyond =
            |len| open(&hostile(&key, &pad(None, &zstd::bulk::compress(&vec![0; len], 19).unwrap())), &key);
        assert_eq!(beyond(MAX_PAYLOAD).unwrap().len(), MAX_PAYLOAD);
        for len in [MAX_PAYLOAD + 1, 200_000_000] {
            assert!(matches!(beyond(len), Err(Refused::Malformed { .. })), "{len}");
        }
        // Without a size in the frame, and as many small frames.
        let unsized_frame = zstd::stream::encode_all(&vec![0; 50_000_000][..], 19).unwrap();
        let frames = zstd::bulk::compress(&[0; 100_000], 19).unwrap().repeat(1000);
        for bomb in [unsized_frame, frames] {
            assert!(matches!(open(&hostile(&key, &pad(None, &bomb)), &key), Err(Refused::Malformed { .. })));
        }
    }

    #[test]
    fn a_well_sealed_body_that_is_not_padded_as_it_must_be_is_refused() {
        let key = RecordKey::from_bytes(&[1; 32]).unwrap();
        let good = pad(None, &zstd::bulk::compress(b"one change", 9).unwrap());
        assert!(open(&hostile(&key, &good), &key).is_ok());
        let mut dirty = good.to_vec();
        *dirty.last_mut().unwrap() = 1;
        let wider = [&good[..], &[0; 64]].concat();
        for bad in [&dirty[..], &wider, &good[..63], &[], &[0, 255, 255, 255, 255]] {
            assert!(matches!(open(&hostile(&key, bad), &key), Err(Refused::Malformed { .. })));
        }
        let mut dictionary = good.to_vec();
        dictionary[0] = 2;
        assert!(matches!(
            open(&hostile(&key, &dictionary), &key),
            Err(Refused::UnknownFormat { format: 2, .. })
        ));
    }
}
