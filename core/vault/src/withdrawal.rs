//! Withdrawal: what a record said leaves this device, in any order of arrival, and a marker without content stays.
//!
//! A response's own receipt says so, or the roster does. Keys go first, then sealed bytes, then the row. Names of envelopes stay, so that chains still add up and a late copy is
//! known for what it is: it is counted and its bytes are not kept.

use std::collections::BTreeSet;

use nightjar_record::RecordId;
use nightjar_seal::{Act, Entry, Envelope, Extent, RecordTag, ScopeTag, Stub, StudyTag, Withdrawal};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::chunks;
use crate::envelopes::{self, AFTER, COLUMNS, State, read_envelope};
use crate::error::VaultError;
use crate::numbers;
use crate::projection::{number_of_tag, remove, tag_of_record};
use crate::rows;
use crate::search;
use crate::shared;
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
        let done = self.write(|t| take_out(t, &withdrawal))?;
        self.truncate_log();
        Ok(done)
    }

    /// Does the same, and puts the envelopes that tell others into the outbox, one for each scope, in the same transaction. Where it is
    /// withdrawn already, nothing is told again.
    ///
    /// # Errors
    /// As for [`Vault::withdraw`], and for what are not envelopes of one withdrawal.
    pub fn withdraw_and_tell(&self, tells: &[Envelope], study: &StudyTag) -> Result<Withdrawn, VaultError> {
        let altered = || nightjar_seal::Refused::Altered { what: "a withdrawal" };
        let withdrawals = tells.iter().map(Withdrawal::of).collect::<Result<Vec<_>, _>>()?;
        let withdrawal = withdrawals.first().ok_or_else(altered)?;
        if withdrawal.study() != *study || withdrawals.iter().any(|other| other != withdrawal) {
            return Err(altered().into());
        }
        let done = self.write(|t| {
            let done = take_out(t, withdrawal)?;
            for tells in tells.iter().filter(|_| done.new) {
                let n = envelopes::insert_own(t, tells, &State::Applied)?;
                let scope = shared::number(t, tells.header().scope.0)?;
                t.prepare_cached("INSERT INTO outbox (n, scope) VALUES (?1, ?2)")?.execute([n, scope])?;
            }
            Ok(done)
        })?;
        self.truncate_log();
        Ok(done)
    }

    /// What a record that can be read here is called in the headers of its envelopes, and the scope it is in; `None` when there is none.
    ///
    /// # Errors
    /// Storage errors.
    pub fn whereabouts(&self, id: &RecordId) -> Result<Option<(RecordTag, ScopeTag)>, VaultError> {
        self.read(|c| {
            let Some(tag) = tag_of_record(c, id)? else { return Ok(None) };
            let (begin, rest) = numbers::split(&tag.0);
            let sql = "SELECT (SELECT value FROM shared WHERE shared.n = scope) FROM envelope
                       WHERE record_begin = ?1 AND record_rest = ?2 LIMIT 1";
            let mut statement = c.prepare_cached(sql)?;
            let scope = statement.query_row(params![begin, rest], |row| row.get(0)).optional()?;
            Ok(scope.map(|scope| (tag, ScopeTag(scope))))
        })
    }

    /// Which of these records can be read here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn readable(&self, records: &[RecordTag]) -> Result<Vec<RecordId>, VaultError> {
        self.read(|c| {
            let mut found = Vec::new();
            for tag in records {
                if let Some(n) = number_of_tag(c, tag)? {
                    found.push(rows::record_of(c, n)?);
                }
            }
            Ok(found)
        })
    }

    /// The markers of what was withdrawn by a receipt, as signed: to pass on.
    ///
    /// # Errors
    /// Storage errors.
    pub fn withdrawals(&self) -> Result<Vec<Vec<u8>>, VaultError> {
        self.read(|c| {
            let mut statement =
                c.prepare_cached("SELECT marker FROM withdrawn WHERE marker IS NOT NULL ORDER BY record")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Does what an entry of the roster says that takes records out, and nothing for another entry. The records that could be read here.
pub(crate) fn take_out_by(t: &Transaction<'_>, entry: &Entry) -> Result<BTreeSet<RecordId>, VaultError> {
    let Act::Erase { erasure } = entry.act() else { return Ok(BTreeSet::new()) };
    let records = match &erasure.what {
        Extent::Records(records) => records.clone(),
        Extent::Scope => {
            t.execute("INSERT OR IGNORE INTO withdrawn_scope (scope) VALUES (?1)", [erasure.scope.0])?;
            of_scope(t, &erasure.scope)?
        }
    };
    let mut gone = BTreeSet::new();
    for tag in records {
        gone.extend(take_out_record(t, &tag, None)?.record);
    }
    Ok(gone)
}

/// Records of a scope of which there is anything here.
fn of_scope(t: &Transaction<'_>, scope: &ScopeTag) -> Result<Vec<RecordTag>, VaultError> {
    let Some(scope) = shared::known(t, scope.0)? else { return Ok(Vec::new()) };
    let sql = "SELECT DISTINCT record_begin, record_rest FROM envelope WHERE scope = ?1 AND kind <> 2";
    let mut statement = t.prepare_cached(sql)?;
    let mut rows = statement.query([scope])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(RecordTag(rows::id(row, 0)?.0));
    }
    Ok(records)
}

/// Takes a response out by its receipt. The envelopes that say so stay: others may still have to hear of it.
pub(crate) fn take_out(t: &Transaction<'_>, withdrawal: &Withdrawal) -> Result<Withdrawn, VaultError> {
    take_out_record(t, &withdrawal.record(), Some(&withdrawal.encode()))
}

fn take_out_record(
    t: &Transaction<'_>,
    tag: &RecordTag,
    marker: Option<&[u8]>,
) -> Result<Withdrawn, VaultError> {
    let sql = "INSERT OR IGNORE INTO withdrawn (record, marker) VALUES (?1, ?2)";
    let new = t.execute(sql, params![tag.0, marker])? == 1;
    t.execute("DELETE FROM record_key WHERE record = ?1", [tag.0])?;
    chunks::let_go(t, &tag.0)?;
    let (begin, rest) = numbers::split(&tag.0);
    let sql = "SELECT count(*) FROM envelope
               WHERE record_begin = ?1 AND record_rest = ?2 AND kind <> 2 AND length(body) > 0";
    let envelopes: i64 = t.query_row(sql, params![begin, rest], |row| row.get(0))?;
    keep_stubs(t, begin, rest)?;
    // All of them: what had left already is withdrawn, too, with what was still known of it.
    let sql = "UPDATE envelope SET body = x'', keys = NULL, more = NULL, key = x'', state = ?2, reason = NULL
               WHERE record_begin = ?1 AND record_rest = ?3 AND kind <> 2";
    t.execute(sql, params![begin, State::Erased.number(), rest])?;
    let envelopes = envelopes as u64;
    let record = number_of_tag(t, tag)?.map(|n| rows::record_of(t, n)).transpose()?;
    search::forget(t, tag)?;
    if record.is_some() {
        search::put_in_order(t)?;
    }
    remove(t, tag)?;
    // What has a place in the chain goes on as its stub; of the rest there is nothing to send any more.
    let sql = "UPDATE outbox SET state = 3, reason = NULL
               WHERE state <> 1 AND chained = 0 AND n IN (SELECT n FROM envelope
                                          WHERE record_begin = ?1 AND record_rest = ?2 AND kind <> 2)";
    t.execute(sql, params![begin, rest])?;
    Ok(Withdrawn { new, record, envelopes })
}

/// Keeps what is left of own envelopes of a record that have their place in the chain.
fn keep_stubs(t: &Transaction<'_>, begin: i64, rest: &[u8]) -> Result<(), VaultError> {
    let sql = format!(
        "SELECT {COLUMNS}, envelope.n FROM envelope JOIN outbox ON outbox.n = envelope.n
         WHERE record_begin = ?1 AND record_rest = ?2 AND kind <> 2 AND length(body) > 0 AND outbox.chained = 1"
    );
    let mut statement = t.prepare_cached(&sql)?;
    let mut rows = statement.query(params![begin, rest])?;
    while let Some(row) = rows.next()? {
        let stub = Stub::of(&read_envelope(row)?).encode();
        t.prepare_cached("INSERT INTO stub (n, bytes) VALUES (?1, ?2)")?
            .execute(params![row.get::<_, i64>(AFTER)?, stub])?;
    }
    Ok(())
}

/// Whether what is written to a record in a scope is taken out.
pub(crate) fn is_taken_out(c: &Connection, scope: &ScopeTag, record: &RecordTag) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM withdrawn_scope WHERE scope = ?1)";
    Ok(is_withdrawn(c, record)? || c.prepare_cached(sql)?.query_row([scope.0], |row| row.get(0))?)
}

/// Whether a record was withdrawn.
pub(crate) fn is_withdrawn(c: &Connection, record: &RecordTag) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM withdrawn WHERE record = ?1)";
    Ok(c.prepare_cached(sql)?.query_row([record.0], |row| row.get(0))?)
}
