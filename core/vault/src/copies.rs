//! Another key, and another copy: the vault rewritten under a new key, and copied as it is while it is in use.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::VaultError;
use crate::key::VaultKey;
use crate::lines;
use crate::vault::{Vault, check, new_file};

/// Pages copied at once: how often a copy looks whether it is to stop.
const PAGES: i32 = 256;

impl Vault {
    /// Rewrites every page under a new key, in one transaction: after a crash the file opens with the old key or with the new
    /// one, whole. Everything that is open is closed first, as by [`Vault::pause`], and opened again with the new key.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when a page does not verify; storage errors; the old key is in force then. A copy that was made before
    /// still opens with the old key. [`VaultError::Closed`] while paused.
    pub fn rekey(&self, new: &VaultKey) -> Result<(), VaultError> {
        self.alone(|writer| {
            // The log must be empty: its frames are under the old key.
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            // The key that is in force opened the vault: what does not open under it is damaged.
            check(writer)?;
            writer.execute_batch(&new.rekey_pragma())?;
            // Before anybody reads again.
            self.take_key(new);
            Ok(())
        })?;
        self.truncate_log();
        self.pause();
        self.resume()
    }

    /// Copies the vault as it is now into a new file, under the same key. What is written meanwhile is in the copy or not,
    /// whole; nobody is kept from writing.
    ///
    /// A copy that is put in use goes on where it was made: each of its changes is by a fresh actor, so that records merge
    /// with what the original wrote since, and what it sends is on a line of its own.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is a file already; [`VaultError::Corrupt`] when what is copied does not verify; storage
    /// errors, and then there is no new file.
    pub fn backup(&self, to: &Path) -> Result<(), VaultError> {
        new_file(to)?;
        let done = self.copy(to);
        if done.is_err() {
            let _ = fs::remove_file(to);
        }
        done
    }

    fn copy(&self, to: &Path) -> Result<(), VaultError> {
        let mut copy = Connection::open(to)?;
        copy.execute_batch("PRAGMA cipher_log_level = NONE;")?;
        copy.execute_batch(&self.key().pragma())?;
        self.read(|c| {
            // One snapshot for all of it: what is written meanwhile neither waits nor makes the copy begin anew.
            let snapshot = c.unchecked_transaction()?;
            snapshot.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
            let backup = Backup::new(&snapshot, &mut copy)?;
            loop {
                match backup.step(PAGES)? {
                    StepResult::Done => return Ok(()),
                    // A pause does not wait for a large copy.
                    StepResult::More if self.is_paused() => return Err(VaultError::Closed),
                    StepResult::More => {}
                    _ => return Err(VaultError::Locked),
                }
            }
        })?;
        // The copy is another file, wherever it is put; and what does not verify is no copy.
        lines::forget(&copy)?;
        check(&copy)?;
        drop(copy);
        fs::File::open(to).and_then(|file| file.sync_all()).map_err(VaultError::io)
    }
}
