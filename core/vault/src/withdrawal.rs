//! Withdrawal: what a record said leaves this device, in any order of arrival, and a marker without content stays.
//!
//! Keys go first, then sealed bytes, then the row. Names of envelopes stay, so that chains still add up and a late copy is
//! known for what it is: it is counted and its bytes are not kept.

use nightjar_record::RecordId;
use nightjar_seal::{RecordTag, StudyTag, Withdrawal};
use rusqlite::{Connection, OptionalExtension, params};

use crate::envelopes::State;
use crate::error::VaultError;
use crate::search;
use crate::vault::Vault;

/// What a withdrawal did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Withdrawn {
    /// Whether it was new here.
    pub new: bool,
    /// The record, if it could be read here until now.
    pub record: Option<RecordId>,
    /// Envelopes whose bytes were here.
    pub envelopes: u64,
}

impl Vault {
    /// Takes a response out: keys, sealed bytes, row and every search entry of it leave the database and its log. What of it
    /// arrives later is not kept. The same marker again does nothing.
    ///
    /// # Errors
    /// [`VaultError::Seal`] for a marker that the record's own key has not signed, or of another study; storage errors, and then
    /// nothing is changed.
    pub fn withdraw(&self, marker: &[u8], study: &StudyTag) -> Result<Withdrawn, VaultError> {
        let withdrawal = Withdrawal::decode(marker)?;
        if withdrawal.study() != *study {
            return Err(nightjar_seal::Refused::Altered { what: "a withdrawal" }.into());
        }
        let tag = withdrawal.record();
        let done = self.write(|t| {
            let sql = "INSERT OR IGNORE INTO withdrawn (record, marker) VALUES (?1, ?2)";
            let new = t.execute(sql, params![tag.0, marker])? == 1;
            t.execute("DELETE FROM record_key WHERE record = ?1", [tag.0])?;
            let sql = "UPDATE envelope SET bytes = x'', key = zeroblob(16), state = ?2, reason = NULL
                       WHERE record = ?1 AND length(bytes) > 0";
            let envelopes = t.execute(sql, params![tag.0, State::Erased.number()])? as u64;
            // What had left already is withdrawn, too.
            t.execute(
                "UPDATE envelope SET state = ?2 WHERE record = ?1",
                params![tag.0, State::Erased.number()],
            )?;
            let sql = "SELECT id FROM record WHERE tag = ?1";
            let record = t.query_row(sql, [tag.0], |row| row.get(0)).optional()?.map(RecordId);
            search::forget(t, &tag)?;
            if record.is_some() {
                search::put_in_order(t)?;
            }
            t.execute("DELETE FROM record WHERE tag = ?1", [tag.0])?;
            // The chain names them and has their hashes; there is nothing to send any more.
            let sql = "UPDATE outbox SET state = 3, reason = NULL
                       WHERE state <> 1 AND envelope IN (SELECT id FROM envelope WHERE record = ?1)";
            t.execute(sql, [tag.0])?;
            Ok(Withdrawn { new, record, envelopes })
        })?;
        self.truncate_log();
        Ok(done)
    }

    /// The markers of what was withdrawn, as signed: to pass on.
    ///
    /// # Errors
    /// Storage errors.
    pub fn withdrawals(&self) -> Result<Vec<Vec<u8>>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT marker FROM withdrawn ORDER BY record")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Whether a record was withdrawn.
pub(crate) fn is_withdrawn(c: &Connection, record: &RecordTag) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM withdrawn WHERE record = ?1)";
    Ok(c.prepare_cached(sql)?.query_row([record.0], |row| row.get(0))?)
}
