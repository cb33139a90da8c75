//! What an export was made of: by which somebody can tell later whether another was made of the same, and what of it was taken out since.

use nightjar_seal::RecordTag;

use crate::envelopes::read_id;
use crate::error::VaultError;
use crate::vault::Vault;

/// How many envelopes count here, and a hash over their names in order: the same on every device that holds the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MadeOf {
    /// How many.
    pub envelopes: u64,
    /// BLAKE3 over their names.
    pub fingerprint: [u8; 32],
}

impl Vault {
    /// What everything that can be read here is made of.
    ///
    /// # Errors
    /// Storage errors.
    pub fn made_of(&self) -> Result<MadeOf, VaultError> {
        self.read(|c| {
            let mut statement =
                c.prepare_cached("SELECT begin, rest FROM envelope WHERE state = 1 ORDER BY begin, rest")?;
            let mut rows = statement.query([])?;
            let (mut hash, mut envelopes) = (blake3::Hasher::new(), 0);
            while let Some(row) = rows.next()? {
                hash.update(&read_id(row, 0)?.0);
                envelopes += 1;
            }
            Ok(MadeOf { envelopes, fingerprint: hash.finalize().into() })
        })
    }

    /// Every record that was taken out by its name, by a receipt or by stewards.
    ///
    /// # Errors
    /// Storage errors.
    pub fn withdrawn_records(&self) -> Result<Vec<RecordTag>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT record FROM withdrawn ORDER BY record")?;
            let rows = statement.query_map([], |row| row.get(0).map(RecordTag))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
