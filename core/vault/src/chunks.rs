//! Chunks on their way: which wait for the hub, which are missing here, which have come; and what of files and database is to be brought
//! together.

use nightjar_form::{Attached, Value};
use nightjar_record::Row;
use nightjar_seal::{ChunkName, MAX_CHUNKS, RecordTag, ScopeTag, Whole};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::attachments::ATTACHMENTS;
use crate::chunk_files::ChunkFiles;
use crate::error::VaultError;
use crate::numbers;
use crate::shared;
use crate::vault::Vault;

/// Most chunks that one record may name.
const OF_A_RECORD: u64 = ATTACHMENTS as u64 * MAX_CHUNKS as u64;

/// How far a chunk has come; the numbers are in the database.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    /// Of something unfinished.
    Draft = 0,
    /// Waits for the hub.
    Waits = 1,
    /// The hub has it.
    Sent = 2,
    /// The hub will not have it.
    Refused = 3,
    /// A record that can be read here names it, and it is not here.
    Missing = 4,
    /// It came from elsewhere.
    Here = 5,
}

/// Chunks of attachments on this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Chunks {
    /// Own ones that the hub does not have yet.
    pub waiting: u64,
    /// Own ones that the hub will not have.
    pub refused: u64,
    /// Those that a record names which can be read here, and that are not here.
    pub missing: u64,
}

impl Vault {
    /// Own chunks that the hub does not have, of records of which it has acknowledged something, after one in the order of their
    /// names, which says nothing.
    ///
    /// # Errors
    /// Storage errors.
    pub fn waiting_chunks(
        &self,
        scope: &ScopeTag,
        after: Option<&ChunkName>,
        most: usize,
    ) -> Result<Vec<(RecordTag, ChunkName)>, VaultError> {
        self.read(|c| {
            let Some(scope) = shared::known(c, scope.0)? else { return Ok(Vec::new()) };
            let sql =
                "SELECT owner, name FROM chunk WHERE scope = ?1 AND state = 1 AND name > ?2 ORDER BY name";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query(params![scope, beginning(after)])?;
            let mut waiting = Vec::new();
            while let Some(row) = rows.next()? {
                let tag = RecordTag(row.get(0)?);
                if is_acknowledged(c, &tag)? {
                    waiting.push((tag, ChunkName(row.get(1)?)));
                    if waiting.len() == most {
                        break;
                    }
                }
            }
            Ok(waiting)
        })
    }

    /// Chunks for a bundle, with their records: own ones that the hub does not have, and those that came from elsewhere, after one in the
    /// order of their names.
    ///
    /// # Errors
    /// Storage errors.
    pub fn carried_chunks(
        &self,
        scope: &ScopeTag,
        after: Option<&ChunkName>,
        most: usize,
    ) -> Result<Vec<(RecordTag, ChunkName)>, VaultError> {
        self.read(|c| {
            let Some(scope) = shared::known(c, scope.0)? else { return Ok(Vec::new()) };
            let sql = "SELECT owner, name FROM chunk WHERE scope = ?1 AND state IN (1, 3, 5) AND name > ?2
                       ORDER BY name, owner LIMIT ?3";
            let mut statement = c.prepare_cached(sql)?;
            let row = |row: &rusqlite::Row<'_>| Ok((RecordTag(row.get(0)?), ChunkName(row.get(1)?)));
            let rows = statement.query_map(params![scope, beginning(after), most as i64], row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The sealed bytes of a chunk, if they are here.
    ///
    /// # Errors
    /// Errors of reading the file.
    pub fn sealed_chunk(&self, name: &ChunkName) -> Result<Option<Vec<u8>>, VaultError> {
        self.chunk_files().read(name)
    }

    /// Notes that the hub has chunks, or that it will not have them.
    ///
    /// # Errors
    /// Storage errors.
    pub fn note_chunks(&self, names: &[ChunkName], are_held: bool) -> Result<(), VaultError> {
        let stage = if are_held { Stage::Sent } else { Stage::Refused };
        self.write(|t| {
            let mut statement =
                t.prepare_cached("UPDATE chunk SET state = ?2 WHERE name = ?1 AND state = 1")?;
            for name in names {
                statement.execute(params![name.0, stage as i64])?;
            }
            Ok(())
        })
    }

    /// Chunks that records name which can be read here, and that are not here, each with its length, after one in the order of their names.
    ///
    /// # Errors
    /// Storage errors.
    pub fn missing_chunks(
        &self,
        scope: &ScopeTag,
        after: Option<&ChunkName>,
        most: usize,
    ) -> Result<Vec<(ChunkName, u64)>, VaultError> {
        self.read(|c| {
            let Some(scope) = shared::known(c, scope.0)? else { return Ok(Vec::new()) };
            let sql = "SELECT name, max(size) FROM chunk WHERE scope = ?1 AND state = 4 AND name > ?2
                       GROUP BY name ORDER BY name LIMIT ?3";
            let mut statement = c.prepare_cached(sql)?;
            let row = |row: &rusqlite::Row<'_>| Ok((ChunkName(row.get(0)?), row.get::<_, i64>(1)? as u64));
            let rows = statement.query_map(params![scope, beginning(after), most as i64], row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps chunks that came and that a record here names. What nobody asked for, or is not what its name says, is not kept. How many
    /// were.
    ///
    /// # Errors
    /// Storage errors, and then none is kept.
    pub fn keep_chunks(&self, chunks: &[(ChunkName, Vec<u8>)]) -> Result<u64, VaultError> {
        if chunks.is_empty() {
            return Ok(0);
        }
        let mut writing = self.chunk_files().begin()?;
        let sound = chunks.iter().filter(|(name, sealed)| ChunkName::of(sealed) == *name);
        let sound: Vec<_> = self.read(|c| {
            let asked = "SELECT EXISTS (SELECT 1 FROM chunk WHERE name = ?1 AND state = 4 AND size = ?2)";
            let mut asked = c.prepare_cached(asked)?;
            let mut kept = Vec::new();
            for (name, sealed) in sound {
                if asked.query_row(params![name.0, sealed.len() as i64], |row| row.get(0))? {
                    kept.push((name, sealed));
                }
            }
            Ok(kept)
        })?;
        for (name, sealed) in &sound {
            writing.write(name, sealed)?;
        }
        writing.sync()?;
        let kept = self.write(|t| {
            let mut kept = 0;
            for (name, _) in &sound {
                // Its record may have been taken out meanwhile.
                let sql = "UPDATE chunk SET state = ?2 WHERE name = ?1 AND state = 4";
                let updated = t.prepare_cached(sql)?.execute(params![name.0, Stage::Here as i64])?;
                match updated {
                    0 => gone(t, name)?,
                    _ => kept += 1,
                }
            }
            Ok(kept)
        })?;
        writing.done();
        if kept < sound.len() as u64 {
            self.truncate_log();
        }
        Ok(kept)
    }

    /// What this device has of chunks.
    ///
    /// # Errors
    /// Storage errors.
    pub fn chunks(&self) -> Result<Chunks, VaultError> {
        self.read(|c| {
            // By their own indexes: what is done costs nothing any more.
            let count = |sql: &str| c.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
            let waiting = count("SELECT count(*) FROM chunk INDEXED BY chunk_waits WHERE state = 1")?;
            let refused = count("SELECT count(*) FROM chunk INDEXED BY chunk_refused WHERE state = 3")?;
            let missing = count("SELECT count(*) FROM chunk INDEXED BY chunk_missing WHERE state = 4")?;
            Ok(Chunks { waiting: waiting as u64, refused: refused as u64, missing: missing as u64 })
        })
    }

    /// Copies the files of all chunks into the folder of a copy of this vault.
    pub(crate) fn copy_chunks(&self, to: &ChunkFiles) -> Result<(), VaultError> {
        let names: Vec<ChunkName> = self.read(|c| {
            let mut statement = c.prepare_cached("SELECT DISTINCT name FROM chunk WHERE state <> 4")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.map(|name| name.map(ChunkName)).collect::<Result<_, _>>()?)
        })?;
        let files = self.chunk_files();
        names.iter().try_for_each(|name| files.copy(name, to))
    }

    /// Brings files and database together after a program ended on the way.
    pub(crate) fn sweep_chunks(&self) -> Result<(), VaultError> {
        if !self.chunk_files().exist() {
            return Ok(());
        }
        self.remove_gone()?;
        let sql = "SELECT EXISTS (SELECT 1 FROM chunk WHERE name = ?1 AND state <> 4)";
        self.chunk_files()
            .sweep(|name| self.read(|c| Ok(c.prepare_cached(sql)?.query_row([name.0], |row| row.get(0))?)))
    }

    /// Removes the files of what the database has let go. What cannot be removed now is tried again.
    pub(crate) fn remove_gone(&self) -> Result<(), VaultError> {
        let names: Vec<ChunkName> = self.read(|c| {
            let mut statement = c.prepare_cached("SELECT name FROM chunk_gone")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.map(|name| name.map(ChunkName)).collect::<Result<_, _>>()?)
        })?;
        if names.is_empty() {
            return Ok(());
        }
        self.write(|t| {
            for name in &names {
                let sql = "SELECT EXISTS (SELECT 1 FROM chunk WHERE name = ?1 AND state <> 4)";
                let is_held: bool = t.prepare_cached(sql)?.query_row([name.0], |row| row.get(0))?;
                if !is_held {
                    self.chunk_files().remove(name)?;
                }
                t.prepare_cached("DELETE FROM chunk_gone WHERE name = ?1")?.execute([name.0])?;
            }
            Ok(())
        })
    }
}

/// Lets go of all chunks of an unfinished form or of a record that was taken out.
pub(crate) fn let_go(t: &Connection, owner: &[u8; 16]) -> Result<(), VaultError> {
    let sql =
        "INSERT OR IGNORE INTO chunk_gone (name) SELECT name FROM chunk WHERE owner = ?1 AND state <> 4";
    t.prepare_cached(sql)?.execute([owner])?;
    t.prepare_cached("DELETE FROM chunk WHERE owner = ?1")?.execute([owner])?;
    Ok(())
}

pub(crate) fn gone(t: &Connection, name: &ChunkName) -> Result<(), VaultError> {
    t.prepare_cached("INSERT OR IGNORE INTO chunk_gone (name) VALUES (?1)")?.execute([name.0])?;
    Ok(())
}

/// Offers a scope's own chunks again to a hub that lost them.
pub(crate) fn offer_again(t: &Connection, scope: i64) -> Result<(), VaultError> {
    t.execute("UPDATE chunk SET state = 1 WHERE scope = ?1 AND state IN (2, 3)", [scope])?;
    Ok(())
}

/// Whether a record may name any chunks.
pub(crate) fn names_any(row: &Row) -> bool {
    let mut held = row.cells.iter().flat_map(|cell| &cell.held);
    held.any(|held| matches!(&held.value, Value::Text(text) if Attached::claims(text)))
}

/// Notes the chunks that a record names and that are not here.
pub(crate) fn note_missing(t: &Transaction<'_>, tag: &RecordTag, row: &Row) -> Result<(), VaultError> {
    forget_missing(t, tag)?;
    let texts = row.cells.iter().flat_map(|cell| &cell.held).filter_map(|held| match &held.value {
        Value::Text(text) if Attached::claims(text) => text.parse::<Attached>().ok(),
        _ => None,
    });
    let mut of_record = None;
    for named in texts {
        let whole = Whole { hash: named.hash, size: named.size };
        if named.chunks.len() != whole.chunks() as usize {
            continue;
        }
        let (scope, mut count) = match of_record {
            Some(known) => known,
            None => {
                let sql = "SELECT count(*) FROM chunk WHERE owner = ?1";
                let count: i64 = t.prepare_cached(sql)?.query_row([tag.0], |row| row.get(0))?;
                (scope_of(t, tag)?, count as u64)
            }
        };
        for (index, name) in (0..).zip(&named.chunks) {
            if count >= OF_A_RECORD {
                return Ok(());
            }
            let size = whole.sealed_len(index) as u64;
            insert(t, &ChunkName(*name), &tag.0, Some(scope), size, Stage::Missing)?;
            count += 1;
        }
        of_record = Some((scope, count));
    }
    Ok(())
}

/// Nothing that a record named and that never came is asked for any more.
pub(crate) fn forget_missing(t: &Connection, tag: &RecordTag) -> Result<(), VaultError> {
    t.prepare_cached("DELETE FROM chunk WHERE owner = ?1 AND state = 4")?.execute([tag.0])?;
    Ok(())
}

fn scope_of(c: &Connection, tag: &RecordTag) -> Result<i64, VaultError> {
    let (begin, rest) = numbers::split(&tag.0);
    let sql = "SELECT scope FROM envelope WHERE record_begin = ?1 AND record_rest = ?2 LIMIT 1";
    let scope = c.prepare_cached(sql)?.query_row(params![begin, rest], |row| row.get(0)).optional()?;
    scope.ok_or(VaultError::Corrupt("a record without envelopes"))
}

/// Whether the hub has acknowledged anything that this device wrote to a record.
fn is_acknowledged(c: &Connection, tag: &RecordTag) -> Result<bool, VaultError> {
    let (begin, rest) = numbers::split(&tag.0);
    let sql = "SELECT EXISTS (SELECT 1 FROM envelope JOIN outbox ON outbox.n = envelope.n
                              WHERE record_begin = ?1 AND record_rest = ?2 AND outbox.state IN (1, 4))";
    Ok(c.prepare_cached(sql)?.query_row(params![begin, rest], |row| row.get(0))?)
}

/// Notes a chunk of something, unless it is noted.
pub(crate) fn insert(
    t: &Connection,
    name: &ChunkName,
    owner: &[u8; 16],
    scope: Option<i64>,
    size: u64,
    stage: Stage,
) -> Result<(), VaultError> {
    let sql = "INSERT OR IGNORE INTO chunk (name, owner, scope, size, state) VALUES (?1, ?2, ?3, ?4, ?5)";
    t.prepare_cached(sql)?.execute(params![name.0, owner, scope, size as i64, stage as i64])?;
    Ok(())
}

/// What precedes every name, where there is none to go on after.
fn beginning(after: Option<&ChunkName>) -> Vec<u8> {
    after.map(|name| name.0.to_vec()).unwrap_or_default()
}
