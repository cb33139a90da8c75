//! Receipts: what a respondent keeps, and the keys that follow from it.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ed25519_dalek::SigningKey;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    CorrectionPublic, Entropy, ReadingPublic, Refused, Signature, WithdrawalPublic, device::sign, entropy::random,
    hash::digest,
};

/// 128 bits that only the respondent has. Everything else follows from them.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Receipt([u8; 16]);

impl Receipt {
    /// Makes a fresh receipt.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The receipt as text to keep: seven groups of four characters, the last with a checksum.
    pub fn to_text(&self) -> Zeroizing<String> {
        let check: [u8; 1] = digest("nightjar v0 receipt checksum", &[&self.0]);
        let text = Zeroizing::new(BASE32_NOPAD.encode(&Zeroizing::new([&self.0[..], &check].concat())));
        let mut out = Zeroizing::new(String::with_capacity(40));
        for (place, character) in text.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                out.push('-');
            }
            out.push(character);
        }
        out
    }

    /// Reads the text; case, spaces and hyphens do not matter.
    ///
    /// # Errors
    /// [`Refused::Truncated`] or [`Refused::Altered`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let what = "receipt";
        if text.len() > 256 {
            return Err(Refused::Oversize { what, have: text.len(), most: 256 });
        }
        let text: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect());
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).map_err(|_| Refused::Truncated { what })?;
        let bytes = Zeroizing::new(bytes);
        let (secret, check) = bytes.split_last_chunk::<1>().ok_or(Refused::Truncated { what })?;
        let secret: [u8; 16] = secret.try_into().map_err(|_| Refused::Truncated { what })?;
        match *check == digest::<1>("nightjar v0 receipt checksum", &[&secret]) {
            true => Ok(Self(secret)),
            false => Err(Refused::Altered { what }),
        }
    }

    /// Its holder may withdraw the response.
    pub fn withdrawal(&self) -> WithdrawalPublic {
        WithdrawalPublic(self.signing("nightjar v0 receipt withdrawal").verifying_key().to_bytes())
    }

    /// Its holder may change the response.
    pub fn correction(&self) -> CorrectionPublic {
        CorrectionPublic(self.signing("nightjar v0 receipt correction").verifying_key().to_bytes())
    }

    /// Its holder may read the response back.
    pub fn reading(&self) -> ReadingPublic {
        let secret = StaticSecret::from(*self.derive("nightjar v0 receipt reading"));
        ReadingPublic(PublicKey::from(&secret).to_bytes())
    }

    /// Signs a withdrawal.
    pub fn sign_withdrawal(&self, message: &[u8]) -> Signature {
        sign(&self.signing("nightjar v0 receipt withdrawal"), "nightjar v0 withdrawal", message)
    }

    fn derive(&self, context: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(digest(context, &[&self.0]))
    }

    fn signing(&self, context: &str) -> SigningKey {
        SigningKey::from_bytes(&self.derive(context))
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt")
    }
}
