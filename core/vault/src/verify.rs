//! Verifying and repairing: the rows and states that the vault shows against what the sealed changes come to.

use nightjar_record::RecordId;
use nightjar_seal::{Envelope, EnvelopeId, RecordTag};
use rusqlite::{Connection, Transaction, params};

use crate::envelopes::State;
use crate::error::VaultError;
use crate::projection::{Columns, Reading, made, project};
use crate::search;
use crate::vault::Vault;

/// What verifying found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Records that have a row by their changes.
    pub records: u64,
    /// Records that have words to be searched.
    pub searched: u64,
    /// Changes that were judged again.
    pub changes: u64,
    /// What is not as the changes say, in order of the records' tags.
    pub astray: Vec<Astray>,
}

/// Something in the vault that is not as the sealed changes say.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Astray {
    /// The record's row differs from what its changes come to.
    Differs(RecordId),
    /// The record has no row, and should.
    Missing(RecordId),
    /// The record has a row, and no change that counts.
    Surplus(RecordId),
    /// An envelope that is in another state than it should be.
    Envelope(EnvelopeId),
    /// The index of words does not know the records that it should, or others.
    Search,
    /// A stored envelope whose bytes are no envelope, or another than its name says.
    Damaged(EnvelopeId),
}

/// What repairing did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Repaired {
    /// Rows built anew.
    pub records: u64,
    /// Envelopes whose bytes were damaged and are now kept as bytes only.
    pub set_aside: u64,
}

impl Vault {
    /// Computes every row and every state again from the sealed changes and compares them with what is stored. Nothing is
    /// written; memory holds one record at a time.
    ///
    /// # Errors
    /// Storage errors.
    pub fn verify(&self, reading: Reading<'_>) -> Result<Verified, VaultError> {
        self.read(|c| {
            // One snapshot for all of it.
            c.execute_batch("BEGIN DEFERRED")?;
            let verified = verify(c, reading);
            c.execute_batch("ROLLBACK")?;
            verified
        })
    }

    /// Sets aside envelopes whose bytes are damaged, keeping the bytes, and builds every row and state anew from the
    /// others: what [`Vault::verify`] finds astray is then as it should be. Nothing is deleted.
    ///
    /// # Errors
    /// Storage errors, and then nothing changed.
    pub fn repair(&self, reading: Reading<'_>) -> Result<Repaired, VaultError> {
        self.write(|t| {
            let mut done = Repaired::default();
            for id in damaged(t)? {
                set_aside(t, &id)?;
                done.set_aside += 1;
            }
            search::clear(t)?;
            t.execute("DELETE FROM record", [])?;
            for tag in tags(t)? {
                done.records += u64::from(project(t, &tag, reading)?.is_some());
            }
            Ok(done)
        })
    }
}

fn verify(c: &Connection, reading: Reading<'_>) -> Result<Verified, VaultError> {
    let mut found = Verified::default();
    let broken = damaged(c)?;
    found.astray.extend(broken.iter().copied().map(Astray::Damaged));
    for tag in tags(c)? {
        let stored = Columns::stored(c, &tag)?;
        let (row, states) = match made(c, &tag, reading) {
            // The record's other changes cannot be judged while one of them is damaged.
            Err(VaultError::Corrupt(_)) if !broken.is_empty() => continue,
            made => made?,
        };
        found.records += u64::from(row.is_some());
        if let Some(row) = &row
            && !search::words(&row.unpacked()?).is_empty()
            && !search::is_shared(c, &RecordId(row.id))?
        {
            found.searched += 1;
            if !search::knows(c, &RecordId(row.id))? {
                found.astray.push(Astray::Search);
            }
        }
        match (&row, &stored) {
            (Some(row), None) => found.astray.push(Astray::Missing(RecordId(row.id))),
            (None, Some(stored)) => found.astray.push(Astray::Surplus(RecordId(stored.id))),
            (row, stored) if row == stored => {}
            (Some(row), _) => found.astray.push(Astray::Differs(RecordId(row.id))),
            (None, None) => {}
        }
        for (id, state) in states {
            found.changes += 1;
            if stored_state(c, &id)? != state {
                found.astray.push(Astray::Envelope(id));
            }
        }
    }
    if search::known(c)? != found.searched {
        found.astray.push(Astray::Search);
    }
    let sql =
        "SELECT id FROM record WHERE tag NOT IN (SELECT record FROM envelope WHERE kind = 0) ORDER BY tag";
    let mut statement = c.prepare_cached(sql)?;
    for id in statement.query_map([], |row| row.get(0))? {
        found.astray.push(Astray::Surplus(RecordId(id?)));
    }
    Ok(found)
}

/// The records that some change is about, in order of their tags.
fn tags(c: &Connection) -> Result<Vec<RecordTag>, VaultError> {
    let mut statement =
        c.prepare_cached("SELECT DISTINCT record FROM envelope WHERE kind = 0 ORDER BY record")?;
    Ok(statement.query_map([], |row| row.get(0).map(RecordTag))?.collect::<Result<_, _>>()?)
}

fn stored_state(c: &Connection, id: &EnvelopeId) -> Result<State, VaultError> {
    let mut statement = c.prepare_cached("SELECT state, reason FROM envelope WHERE id = ?1")?;
    let (number, reason) = statement.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    State::read(number, reason)
}

/// Envelopes whose bytes are not what their name says.
fn damaged(c: &Connection) -> Result<Vec<EnvelopeId>, VaultError> {
    let mut statement =
        c.prepare_cached("SELECT id, bytes FROM envelope WHERE state NOT IN (6, 7) ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, bytes): (_, Vec<u8>) = (EnvelopeId(row.get(0)?), row.get(1)?);
        if Envelope::decode(&bytes).map_or(true, |envelope| envelope.id() != id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// Takes an envelope out of the store and keeps its bytes with those that are no envelope.
fn set_aside(t: &Transaction<'_>, id: &EnvelopeId) -> Result<(), VaultError> {
    let sql = "SELECT bytes FROM envelope WHERE id = ?1";
    let bytes: Vec<u8> = t.prepare_cached(sql)?.query_row([id.0], |row| row.get(0))?;
    let sql = "INSERT OR IGNORE INTO unreadable (hash, reason, bytes) VALUES (?1, ?2, ?3)";
    let reason = "damaged in this vault";
    t.prepare_cached(sql)?.execute(params![blake3::hash(&bytes).as_bytes(), reason, bytes])?;
    t.prepare_cached("DELETE FROM outbox WHERE envelope = ?1")?.execute([id.0])?;
    t.prepare_cached("DELETE FROM envelope WHERE id = ?1")?.execute([id.0])?;
    Ok(())
}
