//! What a device keeps beside answers: its own keys, the study pack, the roster log, cursors and epoch keys.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_record::RecordId;
use nightjar_seal::{Act, DeviceKeys, Entry, EpochId, EpochKey, KeyId, RecordKey, RecordTag, ScopeTag};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::vault::Vault;
use crate::withdrawal::take_out_by;

/// Bytes of one file of a study pack at most.
pub const FILE_BYTES: usize = 32 * 1024 * 1024;

const DEVICE_KEYS: &str = "device.keys";

/// One file of the study pack.
#[derive(Clone, PartialEq, Eq)]
pub struct PackFile {
    /// Its path in the pack, with `/`.
    pub name: String,
    /// BLAKE3 of its bytes.
    pub hash: [u8; 32],
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Vault {
    /// The device's key pairs; `None` before they were made.
    ///
    /// # Errors
    /// Storage errors, or keys that do not read.
    pub fn device_keys(&self) -> Result<Option<DeviceKeys>, VaultError> {
        match self.setting(DEVICE_KEYS)? {
            Some(bytes) => Ok(Some(DeviceKeys::from_bytes(&Zeroizing::new(bytes))?)),
            None => Ok(None),
        }
    }

    /// Keeps the device's key pairs.
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_device_keys(&self, keys: &DeviceKeys) -> Result<(), VaultError> {
        self.keep_setting(DEVICE_KEYS, &keys.to_bytes())
    }

    /// A single value kept under a name: label, study tag, hub address, role of the device.
    ///
    /// # Errors
    /// Storage errors.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            Ok(statement.query_row([name], |row| row.get(0)).optional()?)
        })
    }

    /// Keeps a single value under a name, replacing what was there.
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_setting(&self, name: &str, value: &[u8]) -> Result<(), VaultError> {
        self.write(|t| {
            t.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)", params![name, value])?;
            Ok(())
        })
    }

    /// Keeps a single value under a name so that nothing of what was there before is left in the files.
    ///
    /// # Errors
    /// Storage errors, and then what was there is there.
    pub fn replace_setting(&self, name: &str, value: &[u8]) -> Result<(), VaultError> {
        self.keep_setting(name, value)?;
        self.truncate_log();
        Ok(())
    }

    /// Forgets a single value; nothing of it is left in the files.
    ///
    /// # Errors
    /// Storage errors.
    pub fn forget_setting(&self, name: &str) -> Result<(), VaultError> {
        self.write(|t| Ok(t.execute("DELETE FROM setting WHERE name = ?1", [name]).map(drop)?))?;
        self.truncate_log();
        Ok(())
    }

    /// The names of single values that begin so, in their order.
    ///
    /// # Errors
    /// Storage errors.
    pub fn settings(&self, begin: &str) -> Result<Vec<String>, VaultError> {
        self.read(|c| {
            let sql = "SELECT name FROM setting WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name";
            let mut statement = c.prepare_cached(sql)?;
            let rows = statement.query_map([begin], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps the files of one version of the study, beside those of other versions.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`]; storage errors, and then nothing of it is kept.
    pub fn keep_pack(&self, document: &[u8; 32], files: &[(String, Vec<u8>)]) -> Result<(), VaultError> {
        if files.iter().any(|(_, bytes)| bytes.len() > FILE_BYTES) {
            return Err(VaultError::TooLarge { what: "a file of the study in bytes", allowed: FILE_BYTES });
        }
        self.write(|t| {
            t.execute("DELETE FROM file WHERE document = ?1", [document])?;
            for (name, bytes) in files {
                let hash = *blake3::hash(bytes).as_bytes();
                let sql = "INSERT OR IGNORE INTO file_bytes (hash, bytes) VALUES (?1, ?2)";
                t.execute(sql, params![hash, bytes])?;
                let sql = "INSERT INTO file (document, name, hash) VALUES (?1, ?2, ?3)";
                t.execute(sql, params![document, name, hash])?;
            }
            Ok(())
        })
    }

    /// The versions of the study whose files are kept, by the hashes of their documents.
    ///
    /// # Errors
    /// Storage errors.
    pub fn packs(&self) -> Result<Vec<[u8; 32]>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT DISTINCT document FROM file ORDER BY document")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Every file of one version of the study, by name; none where its files are not kept.
    ///
    /// # Errors
    /// Storage errors; [`VaultError::Corrupt`] when a file is not what its hash says.
    pub fn pack(&self, document: &[u8; 32]) -> Result<Vec<PackFile>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT name, hash, bytes FROM file JOIN file_bytes USING (hash) WHERE document = ?1 ORDER BY name",
            )?;
            let rows = statement.query_map([document], |row| {
                Ok(PackFile { name: row.get(0)?, hash: row.get(1)?, bytes: row.get(2)? })
            })?;
            let files = rows.collect::<Result<Vec<_>, _>>()?;
            match files.iter().all(|f| *blake3::hash(&f.bytes).as_bytes() == f.hash) {
                true => Ok(files),
                false => Err(VaultError::Corrupt("a file of the study")),
            }
        })
    }

    /// The roster log as kept, from the founding entry on.
    ///
    /// # Errors
    /// Storage errors.
    pub fn roster(&self) -> Result<Vec<Vec<u8>>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT bytes FROM roster_entry ORDER BY seq")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Appends verified roster entries after those kept; `from` is how many are kept already. What they take out is taken out in the same
    /// transaction. The records that could be read here until now and are gone.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when `from` is not the end of the log kept here: read it again; [`VaultError::Seal`] for what is no entry.
    pub fn keep_roster(&self, from: usize, entries: &[Vec<u8>]) -> Result<Vec<RecordId>, VaultError> {
        let read = entries.iter().map(|bytes| Entry::decode(bytes)).collect::<Result<Vec<_>, _>>()?;
        let gone = self.write(|t| {
            let kept: i64 = t.query_row("SELECT count(*) FROM roster_entry", [], |row| row.get(0))?;
            if kept != from as i64 {
                return Err(VaultError::Corrupt("the roster log has another end"));
            }
            for (seq, bytes) in (kept..).zip(entries) {
                t.execute("INSERT INTO roster_entry (seq, bytes) VALUES (?1, ?2)", params![seq, bytes])?;
            }
            let mut gone = BTreeSet::new();
            for entry in &read {
                gone.extend(take_out_by(t, entry)?);
            }
            Ok(gone.into_iter().collect())
        })?;
        if read.iter().any(|entry| matches!(entry.act(), Act::Erase { .. })) {
            self.truncate_log();
        }
        Ok(gone)
    }

    /// What is known of a scope's log at the hub under a name such as `pulled` or `pushed`: the caller's own bytes
    /// (log incarnation, sequence, chain hash).
    ///
    /// # Errors
    /// Storage errors.
    pub fn cursor(&self, scope: &ScopeTag, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(|c| cursor(c, scope, name))
    }

    /// All that is kept of a scope under names that begin so, with what follows that beginning, in order of names.
    ///
    /// # Errors
    /// Storage errors.
    pub fn cursors(&self, scope: &ScopeTag, begin: &str) -> Result<Vec<(String, Vec<u8>)>, VaultError> {
        self.read(|c| {
            let sql = "SELECT substr(name, length(?2) + 1), value FROM cursor
                       WHERE scope = ?1 AND substr(name, 1, length(?2)) = ?2 ORDER BY name";
            let mut statement = c.prepare_cached(sql)?;
            let rows = statement.query_map(params![scope.0, begin], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps what is known of a scope's log at the hub.
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_cursor(&self, scope: &ScopeTag, name: &str, value: &[u8]) -> Result<(), VaultError> {
        self.write(|t| keep_cursor(t, scope, name, value))
    }

    /// The epoch keys this device holds.
    ///
    /// # Errors
    /// Storage errors.
    pub fn epoch_keys(&self) -> Result<Vec<(EpochId, EpochKey)>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT id, key FROM epoch_key ORDER BY id")?;
            let mut rows = statement.query([])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                let key = Zeroizing::new(row.get::<_, Vec<u8>>(1)?);
                out.push((EpochId(row.get(0)?), EpochKey::from_bytes(&key)?));
            }
            Ok(out)
        })
    }

    /// Keeps an epoch key.
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_epoch_key(&self, key: &EpochKey) -> Result<(), VaultError> {
        let bytes = key.to_bytes();
        self.write(|t| {
            let sql = "INSERT OR IGNORE INTO epoch_key (id, key) VALUES (?1, ?2)";
            t.execute(sql, params![key.id().0, bytes.as_slice()])?;
            Ok(())
        })
    }

    /// The key under which this device seals its own changes of a record, if it has one.
    ///
    /// # Errors
    /// Storage errors.
    pub fn own_record_key(&self, record: &RecordTag) -> Result<Option<RecordKey>, VaultError> {
        self.read(|c| {
            let sql = "SELECT key FROM record_key WHERE record = ?1 AND own = 1 ORDER BY key LIMIT 1";
            let mut statement = c.prepare_cached(sql)?;
            let key: Option<Vec<u8>> = statement.query_row([record.0], |row| row.get(0)).optional()?;
            key.map(|bytes| Ok(RecordKey::from_bytes(&Zeroizing::new(bytes))?)).transpose()
        })
    }
}

pub(crate) fn keep_record_key(
    t: &Transaction<'_>,
    key: &RecordKey,
    record: &RecordTag,
    own: bool,
) -> Result<(), VaultError> {
    let sql = "INSERT INTO record_key (record, key, own) VALUES (?1, ?2, ?3)
               ON CONFLICT (record, key) DO UPDATE SET own = max(own, excluded.own)";
    let bytes = key.to_bytes();
    t.prepare_cached(sql)?.execute(params![record.0, bytes.as_slice(), own])?;
    Ok(())
}

/// The keys of a record that are here, by name.
pub(crate) fn record_keys(
    c: &Connection,
    record: &RecordTag,
) -> Result<BTreeMap<KeyId, RecordKey>, VaultError> {
    let mut statement = c.prepare_cached("SELECT key FROM record_key WHERE record = ?1")?;
    let mut rows = statement.query([record.0])?;
    let mut keys = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key = RecordKey::from_bytes(&Zeroizing::new(row.get::<_, Vec<u8>>(0)?))?;
        keys.insert(key.id(), key);
    }
    Ok(keys)
}

pub(crate) fn cursor(c: &Connection, scope: &ScopeTag, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
    let mut statement = c.prepare_cached("SELECT value FROM cursor WHERE scope = ?1 AND name = ?2")?;
    Ok(statement.query_row(params![scope.0, name], |row| row.get(0)).optional()?)
}

pub(crate) fn keep_cursor(
    t: &Transaction<'_>,
    scope: &ScopeTag,
    name: &str,
    value: &[u8],
) -> Result<(), VaultError> {
    let sql = "INSERT OR REPLACE INTO cursor (scope, name, value) VALUES (?1, ?2, ?3)";
    t.prepare_cached(sql)?.execute(params![scope.0, name, value])?;
    Ok(())
}
