//! Drafts: the journal of one person's answers, each entry durable before the call returns, sealed under a key of the
//! draft's own. Deleting the key's row is what throws a draft away.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::attachments;
use crate::chunks;
use crate::error::VaultError;
use crate::vault::Vault;

/// Bytes of one entry at most.
pub const ENTRY_BYTES: usize = 64 * 1024;
/// Entries of one draft at most.
pub const ENTRIES: u64 = 20_000;

const NONCE: usize = 24;

/// Names a draft on this device. Random, 16 bytes, shown as hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct DraftId(pub [u8; 16]);

impl std::fmt::Display for DraftId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl std::str::FromStr for DraftId {
    type Err = VaultError;

    fn from_str(text: &str) -> Result<Self, VaultError> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| VaultError::NoDraft)?;
        Ok(Self(bytes.try_into().map_err(|_| VaultError::NoDraft)?))
    }
}

/// What a draft was opened with: enough to replay its entries. Deleted with the draft.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftMeta {
    /// The instrument's form id.
    pub instrument: String,
    /// BLAKE3 of the instrument's source bytes.
    pub version: [u8; 32],
    /// The role claimed at hand-over.
    pub role: String,
    /// Ward code.
    pub ward: String,
    /// The language it was opened in.
    pub language: String,
    /// The clock at opening, as the caller writes it (RFC 9557), for replay.
    pub opened: String,
    /// The seed of the session.
    pub seed: u64,
    /// Anything else that the caller needs to resume.
    pub extra: std::collections::BTreeMap<String, String>,
}

/// A draft as listed: never its content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DraftSummary {
    /// Its name.
    pub id: DraftId,
    /// What it was opened with.
    pub meta: DraftMeta,
    /// How many entries its journal holds.
    pub entries: u64,
    /// Whether only the words that its respondent took can open it.
    pub locked: bool,
}

/// How many forms of one sort were finished (confidential ones only) and stopped on this device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    /// The instrument's form id.
    pub instrument: String,
    /// Ward code.
    pub ward: String,
    /// The role claimed at hand-over.
    pub role: String,
    /// The phase the ward was in; empty where it was in none.
    pub phase: String,
    /// Confidential responses that were finished.
    pub responses: u64,
    /// Forms that were thrown away, walked off from, or left alone too long.
    pub stopped: u64,
}

/// The entries of a draft in order, wiped when dropped.
pub type Entries = Vec<Zeroizing<Vec<u8>>>;

impl Vault {
    /// Begins a draft under a fresh key of its own.
    ///
    /// # Errors
    /// Storage errors; nothing is left behind then.
    pub fn begin(&self, meta: &DraftMeta) -> Result<DraftId, VaultError> {
        self.begin_with(meta, &[], None)
    }

    /// Begins a draft with entries in its journal and, if any, the words under which its key is sealed as in
    /// [`Vault::seal_under`]: whole or not at all.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`]; storage errors; nothing is left behind then.
    pub fn begin_with(
        &self,
        meta: &DraftMeta,
        entries: &[Zeroizing<Vec<u8>>],
        words: Option<&[u8; 10]>,
    ) -> Result<DraftId, VaultError> {
        let mut id = [0; 16];
        let mut key = Zeroizing::new([0; 32]);
        fill(&mut id)?;
        fill(key.as_mut_slice())?;
        let (id, about) = (DraftId(id), about(meta)?);
        self.write(|t| {
            insert(t, &id, &about, &key)?;
            entries.iter().try_for_each(|entry| add(t, &id, entry).map(drop))?;
            words.map_or(Ok(()), |words| seal(t, words, &id))
        })?;
        Ok(id)
    }

    /// Appends one entry; when this returns, the entry survives a power cut.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; storage errors, and then the entry is not in the journal.
    pub fn append(&self, draft: &DraftId, entry: &[u8]) -> Result<u64, VaultError> {
        self.write(|t| add(t, draft, entry))
    }

    /// Puts another journal in place of a draft's, whole or not at all: the draft moves to another version of its form. Words
    /// that were taken open nothing any more.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; [`VaultError::TooLarge`]; storage errors. The draft is as it was then.
    pub fn replace(
        &self,
        draft: &DraftId,
        meta: &DraftMeta,
        entries: &[Zeroizing<Vec<u8>>],
    ) -> Result<(), VaultError> {
        if entries.len() as u64 >= ENTRIES {
            return Err(VaultError::TooLarge { what: "the entries of a draft", allowed: ENTRIES as usize });
        }
        let about = about(meta)?;
        // Under a key of its own: no two texts are ever sealed for the same place under the same key.
        let mut key = Zeroizing::new([0; 32]);
        fill(key.as_mut_slice())?;
        self.write(|t| {
            let attached = attachments::carry(t, draft)?;
            remove_rows(t, draft)?;
            insert(t, draft, &about, &key)?;
            attached.put(t, draft)?;
            entries.iter().try_for_each(|entry| add(t, draft, entry).map(drop))
        })?;
        self.truncate_log();
        Ok(())
    }

    /// The entries of a draft in order, and what it was opened with.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; [`VaultError::Corrupt`] when an entry does not open or is missing.
    pub fn draft(&self, draft: &DraftId) -> Result<(DraftMeta, Entries), VaultError> {
        self.read(|c| {
            let about: Option<String> = c
                .prepare_cached("SELECT about FROM draft WHERE id = ?1")?
                .query_row([draft.0], |row| row.get(0))
                .optional()?;
            let meta = read_meta(&about.ok_or(VaultError::NoDraft)?)?;
            let cipher = cipher(c, draft)?;
            let mut statement =
                c.prepare_cached("SELECT n, sealed FROM draft_entry WHERE draft = ?1 ORDER BY n")?;
            let mut rows = statement.query([draft.0])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let n = row.get::<_, i64>(0)? as u64;
                let sealed: Vec<u8> = row.get(1)?;
                if n != entries.len() as u64 {
                    return Err(VaultError::Corrupt("a draft's journal has a gap"));
                }
                entries.push(unseal(&cipher, &sealed, &place(draft, n))?);
            }
            Ok((meta, entries))
        })
    }

    /// All drafts of this device, without their content.
    ///
    /// # Errors
    /// Storage errors.
    pub fn drafts(&self) -> Result<Vec<DraftSummary>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached(
                "SELECT id, about, (SELECT count(*) FROM draft_entry WHERE draft = id),
                        NOT EXISTS (SELECT 1 FROM draft_key WHERE draft = id)
                 FROM draft ORDER BY id",
            )?;
            let mut rows = statement.query([])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                let about: String = row.get(1)?;
                out.push(DraftSummary {
                    id: DraftId(row.get(0)?),
                    meta: read_meta(&about)?,
                    entries: row.get::<_, i64>(2)? as u64,
                    locked: row.get(3)?,
                });
            }
            Ok(out)
        })
    }

    /// The last entry of a draft; `None` when it has none.
    ///
    /// # Errors
    /// As for [`Vault::draft`].
    pub fn last_entry(&self, draft: &DraftId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.read(|c| {
            let cipher = cipher(c, draft)?;
            let sql = "SELECT n, sealed FROM draft_entry WHERE draft = ?1 ORDER BY n DESC LIMIT 1";
            let last = c
                .prepare_cached(sql)?
                .query_row([draft.0], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))
                .optional()?;
            last.map(|(n, sealed)| unseal(&cipher, &sealed, &place(draft, n as u64))).transpose()
        })
    }

    /// 16 bytes that are this draft's alone and say nothing of it: of its key, so that they are gone with that, and the same in a copy
    /// of the vault.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`] when there is none or it is locked; storage errors.
    pub fn salt_of(&self, draft: &DraftId) -> Result<[u8; 16], VaultError> {
        self.read(|c| {
            let key = draft_key(c, draft)?;
            let mut salt = [0; 16];
            let derived = Zeroizing::new(blake3::derive_key("nightjar 2026 salt of a draft", &*key));
            salt.copy_from_slice(&derived[..16]);
            Ok(salt)
        })
    }

    /// Seals a draft's key under words of 80 random bits that its respondent takes; those taken before open nothing any
    /// more. The draft stays open here until [`Vault::lock`].
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; storage errors.
    pub fn seal_under(&self, words: &[u8; 10], draft: &DraftId) -> Result<(), VaultError> {
        self.write(|t| seal(t, words, draft))
    }

    /// Destroys a draft's key but for the one sealed under words. Whether there is one; if not, nothing is done.
    ///
    /// # Errors
    /// Storage errors, and then nothing is done.
    pub fn lock(&self, draft: &DraftId) -> Result<bool, VaultError> {
        let locked = self.write(|t| {
            let sql = "DELETE FROM draft_key WHERE draft = ?1
                       AND EXISTS (SELECT 1 FROM draft_words WHERE draft_words.draft = ?1)";
            t.execute(sql, [draft.0])?;
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM draft_key WHERE draft = ?1)";
            Ok(t.query_row(sql, [draft.0], |row| row.get(0))?)
        })?;
        self.truncate_log();
        Ok(locked)
    }

    /// Locks every draft whose respondent took words: when the program starts, nobody knows who holds the tablet.
    ///
    /// # Errors
    /// Storage errors.
    pub fn lock_all(&self) -> Result<u64, VaultError> {
        let sql = "SELECT count(*) FROM draft_key WHERE draft IN (SELECT draft FROM draft_words)";
        let open: i64 = self.read(|c| Ok(c.query_row(sql, [], |row| row.get(0))?))?;
        if open > 0 {
            let sql = "DELETE FROM draft_key WHERE draft IN (SELECT draft FROM draft_words)";
            self.write(|t| Ok(t.execute(sql, [])?))?;
            self.truncate_log();
        }
        Ok(open as u64)
    }

    /// Opens the locked draft whose words these are, until it is locked again; `None` when there is none.
    ///
    /// # Errors
    /// Storage errors.
    pub fn unlock(&self, words: &[u8; 10]) -> Result<Option<DraftId>, VaultError> {
        let cipher = under(words);
        self.write(|t| {
            let locked: Vec<(DraftId, Vec<u8>)> = t
                .prepare_cached("SELECT draft, sealed FROM draft_words ORDER BY draft")?
                .query_map([], |row| Ok((DraftId(row.get(0)?), row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for (draft, sealed) in locked {
                let Ok(key) = unseal(&cipher, &sealed, &draft.0) else { continue };
                let sql = "INSERT OR IGNORE INTO draft_key (draft, key) VALUES (?1, ?2)";
                t.execute(sql, params![draft.0, key.as_slice()])?;
                return Ok(Some(draft));
            }
            Ok(None)
        })
    }

    /// Throws a draft away as [`Vault::discard`] does, and counts it as stopped in a phase (empty for none).
    ///
    /// # Errors
    /// As for [`Vault::discard`].
    pub fn stop(&self, draft: &DraftId, phase: &str) -> Result<(), VaultError> {
        self.write(|t| {
            let sql = "SELECT about FROM draft WHERE id = ?1";
            let about: Option<String> = t.query_row(sql, [draft.0], |row| row.get(0)).optional()?;
            let DraftMeta { instrument, ward, role, .. } = read_meta(&about.ok_or(VaultError::NoDraft)?)?;
            remove(t, draft)?;
            let sql = "INSERT INTO tally (instrument, ward, role, phase, responses, stopped) VALUES (?1, ?2, ?3, ?4, 0, 1)
                       ON CONFLICT (instrument, ward, role, phase) DO UPDATE SET stopped = stopped + 1";
            t.execute(sql, params![instrument, ward, role, phase])?;
            Ok(())
        })?;
        self.truncate_log();
        Ok(())
    }

    /// What was finished and stopped on this device, counted.
    ///
    /// # Errors
    /// Storage errors.
    pub fn tallies(&self) -> Result<Vec<Tally>, VaultError> {
        self.read(|c| {
            let sql = "SELECT instrument, ward, role, phase, responses, stopped FROM tally
                       ORDER BY instrument, ward, role, phase";
            let mut statement = c.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Tally {
                    instrument: row.get(0)?,
                    ward: row.get(1)?,
                    role: row.get(2)?,
                    phase: row.get(3)?,
                    responses: row.get::<_, i64>(4)? as u64,
                    stopped: row.get::<_, i64>(5)? as u64,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Throws a draft away: its key first, then everything else, and the log is cut.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; storage errors, and then the draft is still there.
    pub fn discard(&self, draft: &DraftId) -> Result<(), VaultError> {
        self.write(|t| remove(t, draft))?;
        self.truncate_log();
        Ok(())
    }
}

/// Deletes a draft inside a transaction: its key first.
pub(crate) fn remove(c: &Connection, draft: &DraftId) -> Result<(), VaultError> {
    remove_rows(c, draft)?;
    chunks::let_go(c, &draft.0)
}

fn remove_rows(c: &Connection, draft: &DraftId) -> Result<(), VaultError> {
    c.execute("DELETE FROM draft_key WHERE draft = ?1", [draft.0])?;
    c.execute("DELETE FROM draft_words WHERE draft = ?1", [draft.0])?;
    c.execute("DELETE FROM draft_attachment WHERE draft = ?1", [draft.0])?;
    c.execute("DELETE FROM draft_entry WHERE draft = ?1", [draft.0])?;
    match c.execute("DELETE FROM draft WHERE id = ?1", [draft.0])? {
        0 => Err(VaultError::NoDraft),
        _ => Ok(()),
    }
}

fn about(meta: &DraftMeta) -> Result<String, VaultError> {
    let about = serde_json::to_string(meta).map_err(|_| VaultError::Corrupt("a draft's metadata"))?;
    match about.len() > ENTRY_BYTES {
        true => Err(VaultError::TooLarge { what: "a draft's metadata in bytes", allowed: ENTRY_BYTES }),
        false => Ok(about),
    }
}

fn insert(t: &Connection, draft: &DraftId, about: &str, key: &[u8; 32]) -> Result<(), VaultError> {
    t.execute("INSERT INTO draft (id, about) VALUES (?1, ?2)", params![draft.0, about])?;
    t.execute("INSERT INTO draft_key (draft, key) VALUES (?1, ?2)", params![draft.0, key])?;
    Ok(())
}

/// Seals an entry for the next place of a draft's journal; gives the place.
pub(crate) fn add(t: &Connection, draft: &DraftId, entry: &[u8]) -> Result<u64, VaultError> {
    if entry.len() > ENTRY_BYTES {
        return Err(VaultError::TooLarge { what: "an entry in bytes", allowed: ENTRY_BYTES });
    }
    let mut nonce = [0; NONCE];
    fill(&mut nonce)?;
    let cipher = cipher(t, draft)?;
    let n = next(t, draft)?;
    if n >= ENTRIES {
        return Err(VaultError::TooLarge { what: "the entries of a draft", allowed: ENTRIES as usize });
    }
    let aad = place(draft, n);
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: entry, aad: &aad })
        .map_err(|_| VaultError::Corrupt("an entry could not be sealed"))?;
    let mut stored = nonce.to_vec();
    stored.extend_from_slice(&sealed);
    t.prepare_cached("INSERT INTO draft_entry (draft, n, sealed) VALUES (?1, ?2, ?3)")?
        .execute(params![draft.0, n as i64, stored])?;
    Ok(n)
}

/// What binds that which is kept beside a journal to its draft; no place of an entry is as long.
fn beside(draft: &DraftId) -> Vec<u8> {
    [draft.0.as_slice(), b"attached to it"].concat()
}

/// Seals something that is kept beside the journal of a draft under the draft's key.
pub(crate) fn seal_beside(c: &Connection, draft: &DraftId, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    fill(&mut nonce)?;
    let payload = Payload { msg: plain, aad: &beside(draft) };
    let sealed = cipher(c, draft)?.encrypt(&XNonce::from(nonce), payload);
    let mut stored = nonce.to_vec();
    stored.extend(sealed.map_err(|_| VaultError::Corrupt("an attachment's key could not be sealed"))?);
    Ok(stored)
}

/// Opens what [`seal_beside`] sealed.
pub(crate) fn open_beside(
    c: &Connection,
    draft: &DraftId,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    unseal(&cipher(c, draft)?, sealed, &beside(draft))
}

fn read_meta(about: &str) -> Result<DraftMeta, VaultError> {
    serde_json::from_str(about).map_err(|_| VaultError::Corrupt("a draft's metadata"))
}

/// What words make of themselves: a key for the key of a draft. They are random, so that they need no stretching.
fn under(words: &[u8; 10]) -> XChaCha20Poly1305 {
    let key = Zeroizing::new(blake3::derive_key("nightjar 2026 words that open a draft", words));
    XChaCha20Poly1305::new(&Key::from(*key))
}

fn unseal(cipher: &XChaCha20Poly1305, sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (nonce, msg) =
        sealed.split_at_checked(NONCE).ok_or(VaultError::Corrupt("a draft's journal has a gap"))?;
    let nonce = XNonce::try_from(nonce).map_err(|_| VaultError::Corrupt("a draft's journal"))?;
    let entry = cipher.decrypt(&nonce, Payload { msg, aad });
    entry.map(Zeroizing::new).map_err(|_| VaultError::Corrupt("an entry of a draft does not open"))
}

fn cipher(c: &Connection, draft: &DraftId) -> Result<XChaCha20Poly1305, VaultError> {
    Ok(XChaCha20Poly1305::new(&Key::from(*draft_key(c, draft)?)))
}

/// Seals a draft's key under words.
fn seal(t: &Transaction<'_>, words: &[u8; 10], draft: &DraftId) -> Result<(), VaultError> {
    let mut nonce = [0; NONCE];
    fill(&mut nonce)?;
    let key = draft_key(t, draft)?;
    let payload = Payload { msg: key.as_slice(), aad: &draft.0 };
    let sealed = under(words).encrypt(&XNonce::from(nonce), payload);
    let mut stored = nonce.to_vec();
    stored.extend(sealed.map_err(|_| VaultError::Corrupt("a key could not be sealed"))?);
    let sql = "INSERT OR REPLACE INTO draft_words (draft, sealed) VALUES (?1, ?2)";
    t.execute(sql, params![draft.0, stored])?;
    Ok(())
}

fn draft_key(c: &Connection, draft: &DraftId) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    let key = c
        .prepare_cached("SELECT key FROM draft_key WHERE draft = ?1")?
        .query_row([draft.0], |row| row.get::<_, [u8; 32]>(0))
        .optional()?;
    Ok(Zeroizing::new(key.ok_or(VaultError::NoDraft)?))
}

fn next(c: &Connection, draft: &DraftId) -> Result<u64, VaultError> {
    let last = "SELECT n FROM draft_entry WHERE draft = ?1 ORDER BY n DESC LIMIT 1";
    let last: Option<i64> = c.prepare_cached(last)?.query_row([draft.0], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, |n| n as u64 + 1))
}

/// What an entry is bound to: its draft and its place, so that entries cannot be swapped.
fn place(draft: &DraftId, n: u64) -> [u8; 24] {
    let mut out = [0; 24];
    out[..16].copy_from_slice(&draft.0);
    out[16..].copy_from_slice(&n.to_le_bytes());
    out
}

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|_| VaultError::database(-2, "no randomness"))
}
