//! What was written to a record and has not left this device yet: what is written next travels with it, in one envelope instead of two.

use nightjar_record::bounds;
use nightjar_seal::{DeviceTag, Envelope, EnvelopeId, Header, RecordTag};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::envelopes::{COLUMNS, number_of, read_envelope};
use crate::error::VaultError;
use crate::keep::record_keys;
use crate::numbers;
use crate::projection::open_stored;
use crate::vault::Vault;

/// Bytes of changes that travel together at most: so much less than an envelope holds that joining never makes one too large.
const TOGETHER_BYTES: usize = 16 * 1024;

/// Whether a copy of this vault gave it a place: others may have it then, and whoever has it is not asked for it again.
const PLACED: &str =
    "EXISTS (SELECT 1 FROM link WHERE link.begin = envelope.begin AND link.rest = envelope.rest)";

/// An own envelope without a place in the chain that this device can open.
pub struct Unsent {
    pub(crate) envelope: Envelope,
    pub(crate) payload: Vec<u8>,
}

impl Unsent {
    /// What stands in clear before it.
    pub fn header(&self) -> &Header {
        self.envelope.header()
    }

    /// Whether it hands out its key.
    pub fn hands_out(&self) -> bool {
        self.envelope.hands_out()
    }

    /// Its changes and one more after them.
    pub fn with(&self, change: &[u8]) -> Vec<u8> {
        [&self.payload, change].concat()
    }
}

impl Vault {
    /// What this device wrote to a record and has not sent yet, nor a copy of it, if it counts and a change of so many bytes can travel with it. Nothing of
    /// what a respondent gave: that cannot be opened here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn unsent(
        &self,
        record: &RecordTag,
        device: &DeviceTag,
        bytes: usize,
    ) -> Result<Option<Unsent>, VaultError> {
        self.read(|c| {
            let sql = format!(
                "SELECT {COLUMNS} FROM envelope CROSS JOIN outbox ON outbox.n = envelope.n
                 WHERE envelope.record_begin = ?1 AND envelope.record_rest = ?2 AND envelope.kind = 0
                       AND envelope.state = 1 AND outbox.chained = 0 AND outbox.state = 0 AND NOT {PLACED}
                 ORDER BY envelope.begin, envelope.rest"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let (begin, rest) = numbers::split(&record.0);
            let mut rows = statement.query(params![begin, rest])?;
            let keys = record_keys(c, record)?;
            while let Some(row) = rows.next()? {
                let envelope = read_envelope(row)?;
                let header = envelope.header();
                let alone = (header.part, header.parts, header.period, &header.proof) == (1, 1, None, &None);
                let Some(key) = keys.get(&header.key).filter(|_| alone && header.device == *device) else {
                    continue;
                };
                let Ok(payload) = open_stored(c, &envelope, key)? else { continue };
                let changes = nightjar_record::admit_all(&payload).map_or(usize::MAX, |all| all.len());
                if changes < bounds::CHANGES_TOGETHER && payload.len() + bytes <= TOGETHER_BYTES {
                    return Ok(Some(Unsent { envelope, payload }));
                }
            }
            Ok(None)
        })
    }
}

/// Takes out an own envelope in whose place another comes.
///
/// # Errors
/// [`VaultError::WrongOrder`] when it has a place in a chain by now.
pub(crate) fn replace(t: &Transaction<'_>, id: &EnvelopeId) -> Result<(), VaultError> {
    let n = number_of(t, id)?.ok_or(VaultError::WrongOrder)?;
    let sql = "DELETE FROM outbox WHERE n = ?1 AND chained = 0 AND state = 0 RETURNING 1";
    let gone: Option<i64> = t.prepare_cached(sql)?.query_row([n], |row| row.get(0)).optional()?;
    gone.ok_or(VaultError::WrongOrder)?;
    let sql = format!("DELETE FROM envelope WHERE n = ?1 AND NOT {PLACED}");
    match t.prepare_cached(&sql)?.execute([n])? {
        0 => Err(VaultError::WrongOrder),
        _ => Ok(()),
    }
}
