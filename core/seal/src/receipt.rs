//! Receipts: what a respondent keeps, and the keys that follow from it.

use std::fmt;

use bip0039::{English, Mnemonic};
use ed25519_dalek::SigningKey;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    DeviceTag, Entropy, Origin, ReadingPublic, RecordTag, Refused, Signature, StudyTag, WithdrawalPublic,
    device::{sign, verify},
    entropy::random,
    hash::digest,
};

const WORDS: usize = 12;
const MAX_TEXT: usize = 512;
const WITHDRAWAL: &str = "nightjar v1 receipt withdrawal";
const WITHDRAW: &str = "nightjar v1 withdrawal";
const CORRECT: &str = "nightjar v1 correction";

/// 128 bits that only the respondent has. Everything else follows from them.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Receipt([u8; 16]);

impl Receipt {
    /// Makes a fresh receipt.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The receipt as twelve words to keep (BIP 39, English list; the last carries a checksum).
    pub fn words(&self) -> Zeroizing<String> {
        match Mnemonic::<English>::from_entropy(self.0.as_slice()) {
            Ok(words) => Zeroizing::new(words.phrase().to_owned()),
            Err(_) => unreachable!("16 bytes make twelve words"),
        }
    }

    /// Reads the words as a person types them: any case, any spacing.
    ///
    /// # Errors
    /// [`Refused::Malformed`], saying whether there are not twelve, one is not in the list, or they do not fit together.
    /// Never says which: the words are secret.
    pub fn from_words(text: &str) -> Result<Self, Refused> {
        let what = "receipt";
        let wrong = |problem| Refused::Malformed { what, problem };
        if text.len() > MAX_TEXT {
            return Err(Refused::Oversize { what, have: text.len(), most: MAX_TEXT });
        }
        let lower = Zeroizing::new(text.to_lowercase());
        // Large enough from the start: growing would leave a copy behind.
        let mut phrase = Zeroizing::new(String::with_capacity(lower.len()));
        let mut count = 0;
        // As a person types them: with the numbers of the list that they stood in, commas, lines.
        let words = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
        for word in words {
            if count > 0 {
                phrase.push(' ');
            }
            phrase.push_str(word);
            count += 1;
        }
        if count != WORDS {
            return Err(wrong("it does not have twelve words"));
        }
        let words = Mnemonic::<English>::from_phrase(phrase.as_str()).map_err(|e| match e {
            bip0039::Error::InvalidChecksum => wrong("its words do not fit together; one may be mistyped"),
            _ => wrong("one of its words is not in the list"),
        })?;
        let secret = words.entropy().try_into().map_err(|_| wrong("it does not have twelve words"))?;
        Ok(Self(secret))
    }

    /// Its holder may withdraw the response.
    pub fn withdrawal(&self) -> WithdrawalPublic {
        WithdrawalPublic(self.signing(WITHDRAWAL).verifying_key().to_bytes())
    }

    /// Its holder may read the response back.
    pub fn reading(&self) -> ReadingPublic {
        ReadingPublic(PublicKey::from(&self.secret()).to_bytes())
    }

    /// What opens what was wrapped for [`reading`](Self::reading).
    pub(crate) fn secret(&self) -> StaticSecret {
        StaticSecret::from(*self.derive("nightjar v1 receipt reading"))
    }

    /// Where a response comes from that commits to this receipt: from the words and the device alone, so that they find it again
    /// without anything that names it.
    pub fn origin(&self, creator: DeviceTag) -> Origin {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.derive("nightjar v1 receipt salt")[..16]);
        Origin { withdrawal: Some(self.withdrawal()), creator, salt }
    }

    /// What a draft is locked under that corrects the response.
    pub fn draft_secret(&self) -> Zeroizing<[u8; 10]> {
        let mut secret = Zeroizing::new([0; 10]);
        secret.copy_from_slice(&self.derive("nightjar v1 receipt draft")[..10]);
        secret
    }

    /// Signs a withdrawal.
    pub fn sign_withdrawal(&self, message: &[u8]) -> Signature {
        sign(&self.signing(WITHDRAWAL), WITHDRAW, message)
    }

    /// Signs a change of the response after it was finished: its bytes before they are sealed.
    pub fn sign_correction(&self, study: &StudyTag, record: &RecordTag, change: &[u8]) -> Signature {
        sign(&self.signing(WITHDRAWAL), CORRECT, &correction(study, record, change))
    }

    fn derive(&self, context: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(digest(context, &[&self.0]))
    }

    fn signing(&self, context: &str) -> SigningKey {
        SigningKey::from_bytes(&self.derive(context))
    }
}

impl WithdrawalPublic {
    /// Checks a withdrawal that [`Receipt::sign_withdrawal`] signed.
    ///
    /// # Errors
    /// [`Refused::Altered`], [`Refused::WeakKey`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), Refused> {
        verify(&self.0, WITHDRAW, message, signature)
    }

    /// Checks a change that [`Receipt::sign_correction`] signed. One key for both: whoever may take a response out may change it.
    ///
    /// # Errors
    /// [`Refused::Altered`], [`Refused::WeakKey`].
    pub fn verify_correction(
        &self,
        study: &StudyTag,
        record: &RecordTag,
        change: &[u8],
        signature: &Signature,
    ) -> Result<(), Refused> {
        verify(&self.0, CORRECT, &correction(study, record, change), signature)
    }
}

fn correction(study: &StudyTag, record: &RecordTag, change: &[u8]) -> Vec<u8> {
    [&study.0[..], &record.0, blake3::hash(change).as_bytes()].concat()
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receipt")
    }
}
