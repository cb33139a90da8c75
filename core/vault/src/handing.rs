//! Handing keys on: an evaluator wraps the keys it holds for another that came late, or takes its place.

use nightjar_seal::{DevicePublic, Envelope, Kind, RecordKey, RecordTag, ScopeTag};
use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use crate::envelopes::{self, COLUMNS, State, read_envelope};
use crate::error::VaultError;
use crate::numbers;
use crate::shared;
use crate::vault::Vault;

/// A stretch of the record keys of a vault.
#[derive(Default)]
pub struct Unhanded {
    /// Keys that no envelope here hands to the device, each with its record.
    pub keys: Vec<(RecordTag, RecordKey)>,
    /// The last record that was looked at; `None` when there is no other.
    pub last: Option<RecordTag>,
}

impl Vault {
    /// Which keys of records in a scope no envelope here hands to `device`, of the next `most` keys after a record, in the order of
    /// tags.
    ///
    /// # Errors
    /// Storage errors.
    pub fn unhanded(
        &self,
        scope: &ScopeTag,
        device: &DevicePublic,
        after: Option<&RecordTag>,
        most: usize,
    ) -> Result<Unhanded, VaultError> {
        self.read(|c| {
            let mut unhanded = Unhanded::default();
            let sql = "SELECT record, key FROM record_key WHERE record > ?1 ORDER BY record, key";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([after.map_or(&[][..], |tag| &tag.0)])?;
            let mut seen = 0;
            while let Some(row) = rows.next()? {
                let record = RecordTag(row.get(0)?);
                // All keys of a record belong to one stretch.
                if seen >= most && unhanded.last != Some(record) {
                    return Ok(unhanded);
                }
                seen += 1;
                unhanded.last = Some(record);
                let key = RecordKey::from_bytes(&Zeroizing::new(row.get::<_, Vec<u8>>(1)?))?;
                let under: Vec<_> = of_record(c, &record)?
                    .into_iter()
                    .filter(|envelope| envelope.header().key == key.id() && envelope.header().scope == *scope)
                    .collect();
                let changes = under.iter().any(|envelope| envelope.header().kind == Kind::Change);
                // What others say that they hand on may be nothing.
                let mut handed = false;
                for envelope in under.iter().filter(|envelope| envelope.is_for(device)) {
                    handed |= envelope.header().kind == Kind::Change || is_on_its_way(c, envelope)?;
                }
                if changes && !handed {
                    unhanded.keys.push((record, key));
                }
            }
            unhanded.last = None;
            Ok(unhanded)
        })
    }

    /// Puts envelopes that hand keys on into the outbox.
    ///
    /// # Errors
    /// Storage errors, and then none of them is there.
    pub fn hand_on(&self, envelopes: &[Envelope]) -> Result<(), VaultError> {
        self.write(|t| {
            for envelope in envelopes {
                let n = envelopes::insert_own(t, envelope, &State::Kept)?;
                let scope = shared::number(t, envelope.header().scope.0)?;
                t.prepare_cached("INSERT INTO outbox (n, scope) VALUES (?1, ?2)")?.execute([n, scope])?;
            }
            Ok(())
        })
    }

    /// Destroys every key by which this vault reads or speaks for its device. It is good for nothing afterwards.
    ///
    /// # Errors
    /// Storage errors, and then all of them are there.
    pub fn destroy_keys(&self) -> Result<(), VaultError> {
        self.write(|t| {
            t.execute_batch("DELETE FROM record_key; DELETE FROM epoch_key; DELETE FROM setting;")?;
            Ok(())
        })?;
        self.truncate_log();
        Ok(())
    }
}

/// Whether an envelope is this vault's own and waits, is at the hub, or was there for long.
fn is_on_its_way(c: &Connection, envelope: &Envelope) -> Result<bool, VaultError> {
    let Some(n) = envelopes::number_of(c, &envelope.id())? else { return Ok(false) };
    let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE n = ?1 AND state IN (0, 1, 4))";
    Ok(c.prepare_cached(sql)?.query_row([n], |row| row.get(0))?)
}

/// Changes and handed-out keys of a record whose bytes are here.
fn of_record(c: &Connection, record: &RecordTag) -> Result<Vec<Envelope>, VaultError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM envelope WHERE record_begin = ?1 AND record_rest = ?2 AND kind IN (0, 1) AND state NOT IN (6, 7, 9)"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let (begin, rest) = numbers::split(&record.0);
    let mut rows = statement.query(params![begin, rest])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read_envelope(row)?);
    }
    Ok(out)
}
