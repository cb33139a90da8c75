//! Device keys: Ed25519 to sign, X25519 to receive.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{DeviceTag, Entropy, Refused, RootPublic, Signature, entropy::random, hash::digest};

const STORED: u8 = 0;

/// The private keys of one device. Never leave it: [`to_bytes`](Self::to_bytes) is for the encrypted vault.
pub struct DeviceKeys {
    signing: SigningKey,
    receiving: StaticSecret,
    /// Made once: every key that is unwrapped asks whom it is for.
    public: DevicePublic,
}

impl DeviceKeys {
    /// Makes fresh keys.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        let signing = Zeroizing::new(random::<32>(entropy));
        let receiving = Zeroizing::new(random::<32>(entropy));
        Self::of(&signing, &receiving)
    }

    fn of(signing: &[u8; 32], receiving: &[u8; 32]) -> Self {
        let (signing, receiving) = (SigningKey::from_bytes(signing), StaticSecret::from(*receiving));
        let public = DevicePublic {
            signing: signing.verifying_key().to_bytes(),
            receiving: PublicKey::from(&receiving).to_bytes(),
        };
        Self { signing, receiving, public }
    }

    /// The keys for storing, 65 bytes: format, signing key, receiving key.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(65));
        bytes.push(STORED);
        bytes.extend_from_slice(self.signing.as_bytes());
        bytes.extend_from_slice(self.receiving.as_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let what = "device keys";
        if bytes.len() != 65 {
            return Err(Refused::WrongLength { what, have: bytes.len(), want: 65 });
        }
        if bytes[0] != STORED {
            return Err(Refused::UnknownFormat { what, format: bytes[0].into() });
        }
        let (mut signing, mut receiving) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        signing.copy_from_slice(&bytes[1..33]);
        receiving.copy_from_slice(&bytes[33..]);
        Ok(Self::of(&signing, &receiving))
    }

    /// The public halves.
    pub fn public(&self) -> DevicePublic {
        self.public
    }

    /// The device's tag.
    pub fn tag(&self) -> DeviceTag {
        self.public.tag()
    }

    /// Signs `message` for the use named by `context`; verifies only under the same context.
    pub fn sign(&self, context: &str, message: &[u8]) -> Signature {
        sign(&self.signing, context, message)
    }

    pub(crate) fn receiving(&self) -> &StaticSecret {
        &self.receiving
    }
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKeys")
    }
}

/// The public keys of one device, checked to be usable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DevicePublic {
    signing: [u8; 32],
    receiving: [u8; 32],
}

impl DevicePublic {
    /// Reads 64 bytes: signing key, receiving key. Refuses keys of low order and points off the curve.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        if bytes.len() != 64 {
            return Err(Refused::WrongLength { what: "device public keys", have: bytes.len(), want: 64 });
        }
        let (mut signing, mut receiving) = ([0; 32], [0; 32]);
        signing.copy_from_slice(&bytes[..32]);
        receiving.copy_from_slice(&bytes[32..]);
        check_signing("signing key", &signing)?;
        check_receiving("receiving key", &receiving)?;
        Ok(Self { signing, receiving })
    }

    /// 64 bytes: signing key, receiving key.
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.signing);
        bytes[32..].copy_from_slice(&self.receiving);
        bytes
    }

    /// The device's tag.
    pub fn tag(&self) -> DeviceTag {
        DeviceTag(digest("nightjar v1 device tag", &[&self.signing, &self.receiving]))
    }

    /// Twelve characters in three groups, for two people to compare by eye (60 bits).
    pub fn fingerprint(&self) -> String {
        let bytes: [u8; 8] = digest("nightjar v1 device fingerprint", &[&self.signing, &self.receiving]);
        let text = BASE32_NOPAD.encode(&bytes);
        format!("{}-{}-{}", &text[..4], &text[4..8], &text[8..12])
    }

    /// Checks a signature that [`DeviceKeys::sign`] made under the same context.
    pub fn verify(&self, context: &str, message: &[u8], signature: &Signature) -> Result<(), Refused> {
        verify(&self.signing, context, message, signature)
    }

    pub(crate) fn receiving(&self) -> &[u8; 32] {
        &self.receiving
    }
}

impl fmt::Debug for DevicePublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevicePublic({})", self.tag())
    }
}

impl<C> minicbor::Encode<C> for DevicePublic {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.to_bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for DevicePublic {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::from_bytes(d.bytes()?)
            .map_err(|_| minicbor::decode::Error::message("unusable public keys").at(at))
    }
}

/// The Ed25519 key that founds a study's roster. Kept offline by the institution.
pub struct RootKeys(SigningKey);

impl RootKeys {
    /// Makes a fresh key.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(SigningKey::from_bytes(&Zeroizing::new(random::<32>(entropy))))
    }

    /// The key for storing, 32 bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.as_bytes().to_vec())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(Refused::WrongLength { what: "root key", have: bytes.len(), want: key.len() });
        }
        key.copy_from_slice(bytes);
        Ok(Self(SigningKey::from_bytes(&key)))
    }

    /// The public half.
    pub fn public(&self) -> RootPublic {
        RootPublic(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, context: &str, message: &[u8]) -> Signature {
        sign(&self.0, context, message)
    }
}

impl fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKeys")
    }
}

pub(crate) fn sign(key: &SigningKey, context: &str, message: &[u8]) -> Signature {
    Signature(key.sign(&in_context(context, message)).to_bytes())
}

pub(crate) fn verify(
    key: &[u8; 32],
    context: &str,
    message: &[u8],
    signature: &Signature,
) -> Result<(), Refused> {
    let key = VerifyingKey::from_bytes(key).map_err(|_| Refused::WeakKey { what: "signing key" })?;
    let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
    key.verify_strict(&in_context(context, message), &signature)
        .map_err(|_| Refused::Altered { what: "the signature" })
}

pub(crate) fn check_signing(what: &'static str, key: &[u8; 32]) -> Result<(), Refused> {
    match VerifyingKey::from_bytes(key) {
        Ok(key) if !key.is_weak() => Ok(()),
        _ => Err(Refused::WeakKey { what }),
    }
}

pub(crate) fn check_receiving(what: &'static str, key: &[u8; 32]) -> Result<(), Refused> {
    // Any scalar shows a point of low order, for which the shared secret is nought whatever the key.
    let shared = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(*key));
    if shared.was_contributory() { Ok(()) } else { Err(Refused::WeakKey { what }) }
}

/// The hash that is signed: context and message, each with its length.
fn in_context(context: &str, message: &[u8]) -> [u8; 32] {
    digest("nightjar v1 signed message", &[context.as_bytes(), message])
}
