//! Dictionaries: what the changes of one form have in common, so that compressing leaves it out.

use data_encoding::HEXLOWER;

use crate::{DictionaryId, Header, Refused, hash::digest};

/// Most bytes of a dictionary.
pub const MAX_DICTIONARY: usize = 16 * 1024;

/// What the changes of one form have in common, named by its content. It is made from the form alone, never from answers: everybody
/// who was given the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    id: DictionaryId,
    bytes: Vec<u8>,
}

impl Dictionary {
    /// A dictionary of 1 to [`MAX_DICTIONARY`] bytes.
    ///
    /// # Errors
    /// [`Refused::Oversize`]; [`Refused::Malformed`] when it is empty.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Refused> {
        let what = "dictionary";
        if bytes.is_empty() {
            return Err(Refused::Malformed { what, problem: "it is empty" });
        }
        if bytes.len() > MAX_DICTIONARY {
            return Err(Refused::Oversize { what, have: bytes.len(), most: MAX_DICTIONARY });
        }
        Ok(Self { id: DictionaryId(digest("nightjar v1 dictionary", &[&bytes])), bytes })
    }

    /// Its name.
    pub fn id(&self) -> DictionaryId {
        self.id
    }

    /// What it holds.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The dictionary as it compresses a change under a header: what the header says in clear need not be sealed again. In
    /// hexadecimal digits, as records write where a response's id comes from.
    pub(crate) fn beside(&self, header: &Header) -> Vec<u8> {
        let mut out = self.bytes.clone();
        if let Some(origin) = &header.origin {
            let withdrawal = origin.withdrawal.map(|key| HEXLOWER.encode(&key.0)).unwrap_or_default();
            let (creator, salt) = (HEXLOWER.encode(&origin.creator.0), HEXLOWER.encode(&origin.salt));
            out.extend_from_slice(format!("{creator}.{salt}.{withdrawal}").as_bytes());
        }
        if let Some(period) = &header.period {
            out.extend_from_slice(format!("{}-W{:02}", period.week.year, period.week.week).as_bytes());
        }
        out
    }
}
