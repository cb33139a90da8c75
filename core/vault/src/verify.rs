//! Verifying and repairing: the rows and states that the vault shows against what the sealed changes come to.

use nightjar_record::RecordId;
use nightjar_seal::{EnvelopeId, RecordTag};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Transaction, params};

use crate::envelopes::{self, AFTER, COLUMNS, number_of, read_envelope, read_id};
use crate::error::VaultError;
use crate::numbers;
use crate::projection::{Reading, made, number_of_tag, project};
use crate::rows;
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
        let n = number_of_tag(c, &tag)?;
        let stored = n.map(|n| search::stored(c, n)).transpose()?.flatten();
        let (row, states) = match made(c, &tag, reading) {
            // The record's other changes cannot be judged while one of them is damaged.
            Err(VaultError::Corrupt(_)) if !broken.is_empty() => continue,
            made => made?,
        };
        found.records += u64::from(row.is_some());
        if row.as_ref().is_some_and(|row| !search::words(row).is_empty()) {
            found.searched += 1;
            if let Some(n) = n
                && !search::knows(c, n)?
            {
                found.astray.push(Astray::Search);
            }
        }
        match (row, n) {
            (Some(row), None) => found.astray.push(Astray::Missing(row.record)),
            (Some(row), Some(n)) if stored.as_ref() != Some(&row) || !rows::says_conflict(c, n, &row)? => {
                found.astray.push(Astray::Differs(row.record));
            }
            (None, Some(n)) => found.astray.push(Astray::Surplus(rows::record_of(c, n)?)),
            _ => {}
        }
        for (id, state) in states {
            found.changes += 1;
            if envelopes::stored_state(c, &id)? != state {
                found.astray.push(Astray::Envelope(id));
            }
        }
    }
    if search::known(c)? != found.searched {
        found.astray.push(Astray::Search);
    }
    // Rows of which there is no change at all.
    let sql = "SELECT n, begin, rest, tag FROM record ORDER BY begin, rest";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let record = rows::id(row, 1)?;
        let tag = row.get::<_, Option<[u8; 16]>>(3)?.unwrap_or(record.0);
        let (begin, rest) = numbers::split(&tag);
        let sql = "SELECT EXISTS (SELECT 1 FROM envelope WHERE record_begin = ?1 AND record_rest = ?2 AND kind = 0)";
        if !c.prepare_cached(sql)?.query_row(params![begin, rest], |row| row.get::<_, bool>(0))? {
            found.astray.push(Astray::Surplus(record));
        }
    }
    Ok(found)
}

/// The records that some change is about, in order of their tags.
fn tags(c: &Connection) -> Result<Vec<RecordTag>, VaultError> {
    let mut statement = c.prepare_cached(
        "SELECT DISTINCT record_begin, record_rest FROM envelope WHERE kind = 0 ORDER BY 1, 2",
    )?;
    let mut rows = statement.query([])?;
    let mut tags = Vec::new();
    while let Some(row) = rows.next()? {
        tags.push(RecordTag(rows::id(row, 0)?.0));
    }
    Ok(tags)
}

/// Envelopes whose bytes are not what their name says.
fn damaged(c: &Connection) -> Result<Vec<EnvelopeId>, VaultError> {
    let sql = format!("SELECT {COLUMNS} FROM envelope WHERE state NOT IN (6, 7, 9) ORDER BY n");
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if read_envelope(row).is_err() {
            found.push(read_id(row, 0)?);
        }
    }
    Ok(found)
}

/// Takes an envelope out of the store and keeps what was stored of it with what is no envelope: the columns, as CBOR.
fn set_aside(t: &Transaction<'_>, id: &EnvelopeId) -> Result<(), VaultError> {
    let Some(n) = number_of(t, id)? else { return Ok(()) };
    let bytes = {
        let mut statement = t.prepare_cached(&format!("SELECT {COLUMNS} FROM envelope WHERE n = ?1"))?;
        let mut rows = statement.query([n])?;
        let row = rows.next()?.ok_or(VaultError::Corrupt("a stored envelope"))?;
        let mut out = minicbor::Encoder::new(Vec::new());
        stored_columns(&mut out, row).map_err(|_| VaultError::Corrupt("a stored envelope"))?;
        out.into_writer()
    };
    let sql = "INSERT OR IGNORE INTO unreadable (hash, reason, bytes) VALUES (?1, ?2, ?3)";
    let reason = "damaged in this vault";
    t.prepare_cached(sql)?.execute(params![blake3::hash(&bytes).as_bytes(), reason, bytes])?;
    t.prepare_cached("DELETE FROM outbox WHERE n = ?1")?.execute([n])?;
    t.prepare_cached("DELETE FROM envelope WHERE n = ?1")?.execute([n])?;
    Ok(())
}

fn stored_columns(
    out: &mut minicbor::Encoder<Vec<u8>>,
    row: &Row<'_>,
) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
    out.array(AFTER as u64)?;
    for at in 0..AFTER {
        match row.get_ref(at) {
            Ok(ValueRef::Integer(n)) => out.i64(n)?,
            Ok(ValueRef::Real(n)) => out.f64(n)?,
            Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => out.bytes(bytes)?,
            Ok(ValueRef::Null) | Err(_) => out.null()?,
        };
    }
    Ok(())
}
