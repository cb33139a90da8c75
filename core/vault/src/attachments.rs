//! Attachments: pictures and voice notes in sealed chunks, from an unfinished form to the hub and to whoever may read them.
//!
//! Each attachment of an unfinished form has a key of its own, sealed under the key of the form: with that it is gone. Finishing seals it
//! anew under the record's key. What the database says of a chunk is whose it is and how far it has come; its sealed bytes lie in a file.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use nightjar_form::Attached;
use nightjar_record::RecordId;
use nightjar_seal::{
    CHUNK_CONTENT, ChunkKey, ChunkName, Entropy, RecordKey, RecordTag, Whole, open_chunk, open_chunks,
    seal_chunk,
};
use rusqlite::{Connection, Transaction, params};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::chunk_files::Writing;
use crate::chunks::{Stage, gone, insert};
use crate::error::VaultError;
use crate::journal::{self, DraftId};
use crate::keep::record_keys;
use crate::projection::tag_of_record;
use crate::vault::Vault;

/// Most attachments of one form.
pub const ATTACHMENTS: usize = 16;

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

    /// The hashes of what is attached to an unfinished form.
    ///
    /// # Errors
    /// Storage errors; [`VaultError::NoDraft`].
    pub fn attached_hashes(&self, draft: &DraftId) -> Result<Vec<[u8; 32]>, VaultError> {
        Ok(self.read(|c| held(c, draft))?.iter().map(|(_, kept)| kept.hash).collect())
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
