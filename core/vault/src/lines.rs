//! Which line of its device a vault writes on. A copy of a vault, restored or put to use beside the original, begins a line of
//! its own, so that what both finish from then on are two chains that everybody can follow, and not a fork.

use std::path::Path;

use nightjar_seal::{DeviceTag, Line, Strand};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::VaultError;
use crate::journal::fill;
use crate::vault::Vault;

const LINE: &str = "line";
const FILE: &str = "line.file";

impl Vault {
    /// The line that this vault writes on, and of which it holds everything: the one on which it last gave places. `None` before
    /// that, and in a copy until it gives places.
    ///
    /// # Errors
    /// Storage errors.
    pub fn strand(&self, device: &DeviceTag) -> Result<Option<Strand>, VaultError> {
        let file = file_of(self.path());
        let line = self.read(|c| known(c, &file))?;
        Ok(line.map(|line| Strand { device: *device, line }))
    }

    /// The same, and a line begun where there is none: whoever is about to give places knows then which chain will be its own.
    ///
    /// # Errors
    /// Storage errors.
    pub fn own_strand(&self, device: &DeviceTag) -> Result<Strand, VaultError> {
        if let Some(strand) = self.strand(device)? {
            return Ok(strand);
        }
        let path = self.path();
        let line = self.write(|t| own(t, path))?;
        Ok(Strand { device: *device, line })
    }

    /// Begins a new line, and takes back the places of all that the hub has not acknowledged: when the hub holds another chain
    /// of this line, because the device was copied beneath its files.
    ///
    /// # Errors
    /// Storage errors, and then nothing is changed.
    pub fn begin_line(&self) -> Result<(), VaultError> {
        let file = file_of(self.path());
        self.write(|t| {
            begin(t, &file)?;
            t.execute("UPDATE outbox SET chained = 0, line = NULL, offered = NULL WHERE state = 0", [])?;
            Ok(())
        })
    }
}

/// The line for what is chained now: a new one when this is another file than that of the last time.
pub(crate) fn own(c: &Connection, path: &Path) -> Result<Line, VaultError> {
    let file = file_of(path);
    match known(c, &file)? {
        Some(line) => Ok(line),
        None => begin(c, &file),
    }
}

/// The line of a file, if it is the one that last gave places.
fn known(c: &Connection, file: &[u8]) -> Result<Option<Line>, VaultError> {
    let of: Option<Vec<u8>> =
        c.query_row("SELECT value FROM setting WHERE name = ?1", [FILE], |row| row.get(0)).optional()?;
    if of.as_deref() == Some(file) { stored(c) } else { Ok(None) }
}

/// In a copy: whoever puts it to use begins a line, even where it takes the place of the file that it was copied from.
pub(crate) fn forget(c: &Connection) -> Result<(), VaultError> {
    c.execute("DELETE FROM setting WHERE name = ?1", [FILE])?;
    Ok(())
}

pub(crate) fn stored(c: &Connection) -> Result<Option<Line>, VaultError> {
    let sql = "SELECT value FROM setting WHERE name = ?1";
    let line: Option<[u8; 8]> = c.prepare_cached(sql)?.query_row([LINE], |row| row.get(0)).optional()?;
    Ok(line.map(Line))
}

fn begin(c: &Connection, file: &[u8]) -> Result<Line, VaultError> {
    let mut line = [0; 8];
    fill(&mut line)?;
    let sql = "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)";
    c.execute(sql, params![LINE, line])?;
    c.execute(sql, params![FILE, file])?;
    Ok(Line(line))
}

/// What tells a file from its copy: where it lies on the disk. A file that is moved within a disk stays the same.
fn file_of(path: &Path) -> Vec<u8> {
    let Ok(about) = std::fs::metadata(path) else { return Vec::new() };
    #[cfg(unix)]
    let place = {
        use std::os::unix::fs::MetadataExt;
        // Not which disk: its number changes when it is mounted again.
        about.ino().to_le_bytes().to_vec()
    };
    #[cfg(not(unix))]
    let place =
        path.canonicalize().map(|path| path.to_string_lossy().into_owned().into_bytes()).unwrap_or_default();
    // A place on the disk is given again when a file is removed; when it was made is not.
    let made = about.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    let made = made.map_or(0, |made| made.as_nanos());
    blake3::hash(&[&place[..], &made.to_le_bytes()].concat()).as_bytes().to_vec()
}
