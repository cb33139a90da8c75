//! Attachments: pictures and voice notes in sealed chunks, from an unfinished form to the hub and to whoever may read them.
//!
//! Each attachment of an unfinished form has a key of its own, sealed under the key of the form: with that it is gone. Finishing seals it
//! anew under the record's key. What the database says of a chunk is whose it is and how far it has come; its sealed bytes lie in a file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use nightjar_form::{Attached, Value};
use nightjar_record::{RecordId, Row};
use nightjar_seal::{
    CHUNK_CONTENT, ChunkKey, ChunkName, Entropy, MAX_CHUNKS, RecordKey, RecordTag, ScopeTag, Whole,
    open_chunk, open_chunks, seal_chunk,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::chunk_files::{ChunkFiles, Writing};
use crate::error::VaultError;
use crate::journal::{self, DraftId};
use crate::keep::record_keys;
use crate::numbers;
use crate::projection::tag_of_record;
use crate::shared;
use crate::vault::Vault;

/// Most attachments of one form.
pub const ATTACHMENTS: usize = 16;
/// Most chunks that one record may name.
const OF_A_RECORD: u64 = ATTACHMENTS as u64 * MAX_CHUNKS as u64;

/// How far a chunk has come; the numbers are in the database.
#[derive(Clone, Copy)]
enum Stage {
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

/// What an unfinished form has attached, as it is sealed under the form's key.
#[derive(Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct Kept {
    #[cbor(n(0), with = "minicbor::bytes")]
    key: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    hash: [u8; 32],
    #[n(2)]
    size: u64,
    #[n(3)]
    #[zeroize(skip)]
    names: Vec<ChunkName>,
}

/// Attachments that were sealed under a record's key, before the record is there. Whatever does not get into the outbox leaves the disk.
pub struct Resealed {
    writing: Writing,
    chunks: Vec<(ChunkName, u64)>,
    names: BTreeMap<[u8; 32], Vec<ChunkName>>,
}

impl Resealed {
    /// The chunks of an attachment, by the hash of what was attached.
    #[must_use]
    pub fn names(&self, hash: &[u8; 32]) -> Option<&[ChunkName]> {
        self.names.get(hash).map(Vec::as_slice)
    }
}

struct System(Result<(), VaultError>);

impl Entropy for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = journal::fill(bytes) {
            self.0 = Err(error);
        }
    }
}

/// Seals all chunks of an attachment and writes them; each is opened again as a receiver will.
fn write_sealed(
    writing: &mut Writing,
    key: &ChunkKey,
    whole: &Whole,
    bytes: &[u8],
) -> Result<Vec<(ChunkName, u64)>, VaultError> {
    let mut chunks = Vec::new();
    for (index, part) in (0..).zip(bytes.chunks(CHUNK_CONTENT)) {
        let mut system = System(Ok(()));
        let sealed = seal_chunk(key, whole, index, part, &mut system)?;
        system.0?;
        let name = ChunkName::of(&sealed);
        if open_chunk(key, whole, index, &name, &sealed)?.as_slice() != part {
            return Err(VaultError::SealedWrong);
        }
        writing.write(&name, &sealed)?;
        chunks.push((name, sealed.len() as u64));
    }
    Ok(chunks)
}

impl Vault {
    /// Attaches bytes to an unfinished form, with the entry of its journal that says so: both or neither. Of what was attached before
    /// stays what has one of the hashes in `keep`; the rest is destroyed.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] for more than [`ATTACHMENTS`]; [`VaultError::Seal`] for nothing at all and above
    /// [`MAX_ATTACHMENT`](nightjar_seal::MAX_ATTACHMENT); [`VaultError::NoDraft`]; storage errors. Nothing has changed then.
    pub fn attach(
        &self,
        draft: &DraftId,
        bytes: &[u8],
        entry: &[u8],
        keep: &[[u8; 32]],
    ) -> Result<(), VaultError> {
        let whole = Whole::of(bytes)?;
        let mut system = System(Ok(()));
        let key = ChunkKey::generate(&mut system);
        system.0?;
        let mut writing = self.chunk_files().begin()?;
        let chunks = write_sealed(&mut writing, &key, &whole, bytes)?;
        writing.sync()?;
        let names = chunks.iter().map(|(name, _)| *name).collect();
        let kept = Kept { key: *key.to_bytes(), hash: whole.hash, size: whole.size, names };
        self.write(|t| {
            // The same once more takes the place of what was there.
            let left = drop_others(t, draft, |held| held.hash != whole.hash && keep.contains(&held.hash))?;
            if left >= ATTACHMENTS {
                return Err(VaultError::TooLarge { what: "the number of attachments", allowed: ATTACHMENTS });
            }
            keep_sealed(t, draft, &kept)?;
            for (name, size) in &chunks {
                insert(t, name, &draft.0, None, *size, Stage::Draft)?;
            }
            journal::add(t, draft, entry).map(drop)
        })?;
        writing.done();
        self.truncate_log();
        Ok(())
    }

    /// Appends an entry as [`Vault::append`] does, and destroys what was attached and has none of the hashes in `keep`.
    ///
    /// # Errors
    /// As for [`Vault::append`]; nothing was destroyed then.
    pub fn detach(&self, draft: &DraftId, entry: &[u8], keep: &[[u8; 32]]) -> Result<(), VaultError> {
        self.write(|t| {
            drop_others(t, draft, |held| keep.contains(&held.hash))?;
            journal::add(t, draft, entry).map(drop)
        })?;
        self.truncate_log();
        Ok(())
    }

    /// What was attached to an unfinished form, by its hash.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; [`VaultError::NoAttachment`]; [`VaultError::Seal`] when what is there is not what was attached.
    pub fn attached(&self, draft: &DraftId, hash: &[u8; 32]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let held = self.read(|c| held(c, draft))?;
        let kept = held.iter().map(|(_, kept)| kept).find(|kept| kept.hash == *hash);
        let kept = kept.ok_or(VaultError::NoAttachment)?;
        let whole = Whole { hash: kept.hash, size: kept.size };
        self.open_whole(&ChunkKey::from_bytes(kept.key), &whole, &kept.names)
    }

    /// Seals what is attached to an unfinished form and has one of these hashes under a record's key, to be finished with. Nothing of the
    /// form is changed by it.
    ///
    /// # Errors
    /// As for [`Vault::attached`]; storage errors.
    pub fn reseal(
        &self,
        draft: &DraftId,
        hashes: &[[u8; 32]],
        key: &RecordKey,
    ) -> Result<Resealed, VaultError> {
        let key = ChunkKey::of(key);
        let mut writing = self.chunk_files().begin()?;
        let (mut chunks, mut names) = (Vec::new(), BTreeMap::new());
        for hash in hashes {
            if names.contains_key(hash) {
                continue;
            }
            let bytes = self.attached(draft, hash)?;
            let sealed = write_sealed(&mut writing, &key, &Whole::of(&bytes)?, &bytes)?;
            names.insert(*hash, sealed.iter().map(|(name, _)| *name).collect());
            chunks.extend(sealed);
        }
        writing.sync()?;
        Ok(Resealed { writing, chunks, names })
    }

    /// An attachment of a record, as its answer names it, opened with what keys are here. A chunk that came once and whose file is gone or
    /// damaged is missing from then on, so that it is fetched again.
    ///
    /// # Errors
    /// [`VaultError::NoRecord`]; [`VaultError::NoAttachment`] when a chunk of it is not here (yet), or no key opens it.
    pub fn attachment(&self, record: &RecordId, named: &Attached) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let keys = self.read(|c| {
            let tag = tag_of_record(c, record)?.ok_or(VaultError::NoRecord)?;
            record_keys(c, &tag)
        })?;
        let whole = Whole { hash: named.hash, size: named.size };
        let names: Vec<_> = named.chunks.iter().map(|name| ChunkName(*name)).collect();
        for key in keys.values() {
            match self.open_whole(&ChunkKey::of(key), &whole, &names) {
                // Another of those who write to this record has sealed it.
                Err(VaultError::Seal(_)) => {}
                Err(VaultError::NoAttachment) => {
                    self.note_lost(&names)?;
                    break;
                }
                done => return done,
            }
        }
        Err(VaultError::NoAttachment)
    }

    fn note_lost(&self, names: &[ChunkName]) -> Result<(), VaultError> {
        let files = self.chunk_files();
        let mut lost = Vec::new();
        for name in names {
            if files.read(name)?.is_none() {
                lost.push(name);
            }
        }
        self.write(|t| {
            let mut statement =
                t.prepare_cached("UPDATE chunk SET state = 4 WHERE name = ?1 AND state = 5")?;
            lost.iter().try_for_each(|name| Ok(statement.execute([name.0]).map(drop)?))
        })
    }

    fn open_whole(
        &self,
        key: &ChunkKey,
        whole: &Whole,
        names: &[ChunkName],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let files = self.chunk_files();
        open_chunks(key, whole, names, |name| {
            files.read(name)?.map(Cow::Owned).ok_or(VaultError::NoAttachment)
        })
    }

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

/// Puts attachments that were sealed under its key into the outbox with a record.
pub(crate) fn send(
    t: &Transaction<'_>,
    resealed: &Resealed,
    tag: &RecordTag,
    scope: i64,
) -> Result<(), VaultError> {
    resealed
        .chunks
        .iter()
        .try_for_each(|(name, size)| insert(t, name, &tag.0, Some(scope), *size, Stage::Waits))
}

impl Resealed {
    /// The record is there.
    pub(crate) fn done(self) {
        self.writing.done();
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

fn gone(t: &Connection, name: &ChunkName) -> Result<(), VaultError> {
    t.prepare_cached("INSERT OR IGNORE INTO chunk_gone (name) VALUES (?1)")?.execute([name.0])?;
    Ok(())
}

/// Offers a scope's own chunks again to a hub that lost them.
pub(crate) fn offer_again(t: &Connection, scope: i64) -> Result<(), VaultError> {
    t.execute("UPDATE chunk SET state = 1 WHERE scope = ?1 AND state IN (2, 3)", [scope])?;
    Ok(())
}

/// What an unfinished form has attached, to be sealed under another key when the form gets one.
pub(crate) struct Carried(Vec<Kept>);

/// Takes out of a form that is about to be written anew what is attached to it.
pub(crate) fn carry(t: &Connection, draft: &DraftId) -> Result<Carried, VaultError> {
    Ok(Carried(held(t, draft)?.into_iter().map(|(_, kept)| kept).collect()))
}

impl Carried {
    /// Seals it under the form's new key.
    pub(crate) fn put(&self, t: &Connection, draft: &DraftId) -> Result<(), VaultError> {
        self.0.iter().try_for_each(|kept| keep_sealed(t, draft, kept))
    }
}

/// Notes the chunks that a record names and that are not here.
pub(crate) fn note_missing(t: &Transaction<'_>, tag: &RecordTag, row: &Row) -> Result<(), VaultError> {
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

fn insert(
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

/// What an unfinished form has attached, with the place of each.
fn held(c: &Connection, draft: &DraftId) -> Result<Vec<(i64, Kept)>, VaultError> {
    let sql = "SELECT n, sealed FROM draft_attachment WHERE draft = ?1 ORDER BY n";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([draft.0])?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        let (n, sealed): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let opened = journal::open_beside(c, draft, &sealed)?;
        let kept =
            minicbor::decode(&opened).map_err(|_| VaultError::Corrupt("what is attached to a draft"))?;
        held.push((n, kept));
    }
    Ok(held)
}

fn keep_sealed(t: &Connection, draft: &DraftId, kept: &Kept) -> Result<(), VaultError> {
    let encoded = minicbor::to_vec(kept).map(Zeroizing::new);
    let encoded = encoded.map_err(|_| VaultError::Corrupt("what is attached to a draft"))?;
    let sealed = journal::seal_beside(t, draft, &encoded)?;
    let sql = "INSERT INTO draft_attachment (draft, n, sealed)
               SELECT ?1, coalesce(max(n) + 1, 0), ?2 FROM draft_attachment WHERE draft = ?1";
    t.prepare_cached(sql)?.execute(params![draft.0, sealed])?;
    Ok(())
}

/// Destroys what is attached and not wanted any more; how many are left.
fn drop_others(
    t: &Connection,
    draft: &DraftId,
    mut stays: impl FnMut(&Kept) -> bool,
) -> Result<usize, VaultError> {
    let mut left = 0;
    for (n, kept) in held(t, draft)? {
        if stays(&kept) {
            left += 1;
            continue;
        }
        let sql = "DELETE FROM draft_attachment WHERE draft = ?1 AND n = ?2";
        t.prepare_cached(sql)?.execute(params![draft.0, n])?;
        for name in &kept.names {
            gone(t, name)?;
            let sql = "DELETE FROM chunk WHERE name = ?1 AND owner = ?2";
            t.prepare_cached(sql)?.execute(params![name.0, draft.0])?;
        }
    }
    Ok(left)
}
