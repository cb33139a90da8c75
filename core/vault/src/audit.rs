//! Auditing: whether given phrases lie anywhere in a vault's files, to somebody with the key or without it.
//!
//! Files are read as they lie on the disk. Every page of the database and every page in its log is deciphered, free pages
//! and all, whether or not anything still refers to it; the files are also searched as they are.
//!
//! SQLCipher 4, with a raw key and its default settings: each page of 4,096 bytes is AES-256-CBC, its last 80 bytes are the
//! initialisation vector (16) and an authentication code (64); the first 16 bytes of the file are the salt. A log is a header
//! of 32 bytes, then frames of a header of 24 bytes and a page (SQLite, "WAL-mode File Format").

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::vault::Vault;

const PAGE: usize = 4096;
const TAIL: usize = 80;
const SALT: usize = 16;
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Longest phrase, in bytes.
const LONGEST: usize = 1024;

/// Where a phrase was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Which of the phrases, counted from 0.
    pub phrase: usize,
    /// The file.
    pub file: PathBuf,
    /// The page of the database or the frame of the log, counted from 1; `None` where the file holds it in clear.
    pub page: Option<u64>,
}

/// What an audit looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Audit {
    /// Pages deciphered, in the database and in its log.
    pub pages: u64,
    /// Where phrases were found, each page and file once for each phrase.
    pub hits: Vec<Hit>,
}

impl Vault {
    /// Searches the vault's files for phrases of 4 to 1,024 bytes. A phrase that goes over the end of a page is found by the
    /// part that is longer.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] for a phrase that is too short or too long; errors of reading the files.
    pub fn audit(&self, phrases: &[&[u8]]) -> Result<Audit, VaultError> {
        if phrases.iter().any(|phrase| !(4..=LONGEST).contains(&phrase.len())) {
            return Err(VaultError::TooLarge { what: "a phrase in bytes (at least 4)", allowed: LONGEST });
        }
        let mut audit = Audit::default();
        let log = with_ending(self.path(), "-wal");
        self.pages_of(self.path(), 0, 0, phrases, &mut audit)?;
        if log.exists() {
            self.pages_of(&log, LOG_HEADER, FRAME_HEADER, phrases, &mut audit)?;
        }
        for file in [self.path().to_owned(), log, with_ending(self.path(), "-shm")] {
            if file.exists() {
                in_clear(&file, phrases, &mut audit)?;
            }
        }
        for file in self.chunk_files().all() {
            in_clear(&file, phrases, &mut audit)?;
        }
        Ok(audit)
    }

    /// Deciphers the pages of a file, each after a header, and searches them.
    fn pages_of(
        &self,
        file: &Path,
        skip: usize,
        header: usize,
        phrases: &[&[u8]],
        audit: &mut Audit,
    ) -> Result<(), VaultError> {
        let mut reader = BufReader::new(File::open(file).map_err(VaultError::io)?);
        let mut chunk = vec![0; skip];
        if read_whole(&mut reader, &mut chunk)? < skip {
            return Ok(());
        }
        let mut chunk = vec![0; header + PAGE];
        for page in 1.. {
            if read_whole(&mut reader, &mut chunk)? < chunk.len() {
                return Ok(());
            }
            // The salt stands before the first page of the database, in the file and in the log.
            let first = if header == 0 { page == 1 } else { chunk[..4] == [0, 0, 0, 1] };
            let sealed = &chunk[header + if first { SALT } else { 0 }..];
            let Some(plain) = self.decipher(sealed) else { continue };
            audit.pages += 1;
            for (phrase, wanted) in phrases.iter().enumerate() {
                if holds_most(&plain, wanted) {
                    audit.hits.push(Hit { phrase, file: file.to_owned(), page: Some(page) });
                }
            }
        }
        Ok(())
    }

    fn decipher(&self, page: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (sealed, tail) = page.split_at_checked(page.len().checked_sub(TAIL)?)?;
        let iv: [u8; 16] = tail.get(..16)?.try_into().ok()?;
        let key = self.key();
        let cipher = cbc::Decryptor::<aes::Aes256>::new(key.raw().into(), &iv.into());
        let mut plain = Zeroizing::new(sealed.to_vec());
        cipher.decrypt_padded::<NoPadding>(&mut plain).ok()?;
        Some(plain)
    }
}

/// Whether all of a phrase is there, or at an edge of the page the longer part of it.
fn holds_most(page: &[u8], phrase: &[u8]) -> bool {
    let half = phrase.len().div_ceil(2).max(4);
    let part = |part: &[u8]| memchr::memmem::find(page, part).is_some();
    part(phrase)
        || (half..phrase.len())
            .any(|n| page.ends_with(&phrase[..n]) || page.starts_with(&phrase[phrase.len() - n..]))
}

fn in_clear(file: &Path, phrases: &[&[u8]], audit: &mut Audit) -> Result<(), VaultError> {
    let mut reader = BufReader::new(File::open(file).map_err(VaultError::io)?);
    let mut found = vec![false; phrases.len()];
    // Each piece begins with the end of the one before, so that nothing falls between two.
    let mut piece = Vec::new();
    loop {
        let before = piece.len();
        let read = (&mut reader).take(1 << 20).read_to_end(&mut piece).map_err(VaultError::io)?;
        if read == 0 {
            break;
        }
        for (phrase, found) in phrases.iter().zip(&mut found) {
            *found |= memchr::memmem::find(&piece, phrase).is_some();
        }
        let keep = (before + read).min(LONGEST);
        piece.drain(..piece.len() - keep);
    }
    let hits = found.iter().enumerate().filter(|(_, found)| **found);
    audit.hits.extend(hits.map(|(phrase, _)| Hit { phrase, file: file.to_owned(), page: None }));
    Ok(())
}

/// Reads until the buffer is full or the file ends.
fn read_whole(reader: &mut impl Read, into: &mut [u8]) -> Result<usize, VaultError> {
    let mut read = 0;
    while read < into.len() {
        match reader.read(&mut into[read..]).map_err(VaultError::io)? {
            0 => break,
            n => read += n,
        }
    }
    Ok(read)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
