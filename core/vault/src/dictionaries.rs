//! The dictionaries of the forms that this device was given.

use std::collections::BTreeMap;

use nightjar_seal::{Dictionary, DictionaryId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::VaultError;
use crate::vault::Vault;

impl Vault {
    /// Keeps the dictionaries of forms. What waited for one of them is read by the next [`Vault::retry`].
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_dictionaries(&self, dictionaries: &[Dictionary]) -> Result<(), VaultError> {
        self.write(|t| dictionaries.iter().try_for_each(|dictionary| keep(t, dictionary)))
    }
}

pub(crate) fn keep(t: &Transaction<'_>, dictionary: &Dictionary) -> Result<(), VaultError> {
    // One that was damaged is mended by being given again.
    let sql = "INSERT INTO dictionary (id, bytes) VALUES (?1, ?2)
               ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes WHERE bytes <> excluded.bytes";
    t.prepare_cached(sql)?.execute(params![dictionary.id().0, dictionary.bytes()])?;
    Ok(())
}

/// The dictionary of a name, if it is here.
pub(crate) fn find(c: &Connection, id: &DictionaryId) -> Result<Option<Dictionary>, VaultError> {
    let mut statement = c.prepare_cached("SELECT bytes FROM dictionary WHERE id = ?1")?;
    let bytes: Option<Vec<u8>> = statement.query_row([id.0], |row| row.get(0)).optional()?;
    bytes.map(Dictionary::new).transpose().map_err(|_| VaultError::Corrupt("the dictionary of a form"))
}

/// All that are here and not damaged.
pub(crate) fn all(c: &Connection) -> Result<BTreeMap<DictionaryId, Dictionary>, VaultError> {
    let mut statement = c.prepare_cached("SELECT bytes FROM dictionary")?;
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    let mut all = BTreeMap::new();
    for bytes in rows {
        all.extend(Dictionary::new(bytes?).map(|dictionary| (dictionary.id(), dictionary)));
    }
    Ok(all)
}
