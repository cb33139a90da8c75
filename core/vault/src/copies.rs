//! Another key, and another copy: the vault rewritten under a new key, and copied as it is while it is in use.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::VaultError;
use crate::key::VaultKey;
use crate::lines;
use crate::vault::{Vault, check, new_file, sync_folder};

/// Pages copied at once: how often a copy looks whether it is to stop.
const PAGES: i32 = 256;

impl Vault {
    /// Rewrites every page under a new key, in one transaction: after a crash the file opens with the old key or with the new
    /// one, whole. Everything that is open is closed first, as by [`Vault::pause`], and opened again with the new key.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when a page does not verify; [`VaultError::Locked`] while another program has the vault open;
    /// [`VaultError::StorageFull`], since all of it is written once more; storage errors; the old key is in force then. A copy that was
    /// made before still opens with the old key. [`VaultError::Closed`] while paused.
    pub fn rekey(&self, new: &VaultKey) -> Result<(), VaultError> {
        let done = self.alone(|writer| {
            // The log must be empty: its frames are under the old key.
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            // The key that is in force opened the vault: what does not open under it is damaged.
            check(writer)?;
            keep_others_out(writer)?;
            writer.execute_batch(&new.rekey_pragma()).map_err(|error| match error.into() {
                // Every page was read under this key just now: it is the writing that failed.
                VaultError::WrongKey | VaultError::Corrupt(_) => VaultError::StorageFull,
                other => other,
            })?;
            // Before anybody reads again.
            self.take_key(new);
            Ok(())
        });
        if done.is_ok() {
            self.truncate_log();
        }
        // Whatever came of it, others may open the vault again.
        self.pause();
        self.resume()?;
        done
    }

    /// Puts a backup in the place of a vault, which it need not be a backup of. What is there is moved aside with its log, and
    /// nothing is deleted; gives its new place.
    ///
    /// # Errors
    /// What [`Vault::open`] and [`Vault::check`] say of the backup; [`VaultError::Locked`] while another program has the vault open; storage
    /// errors. Nothing has been moved then.
    pub fn restore(backup: &Path, to: &Path, key: &VaultKey) -> Result<Option<PathBuf>, VaultError> {
        let new = beside(to, ".restoring");
        for file in whole(&new) {
            // Of an attempt that did not come to its end.
            let _ = fs::remove_file(file);
        }
        let put_in_place = || {
            new_file(&new)?;
            fs::copy(backup, &new).map_err(VaultError::io)?;
            fs::File::open(&new).and_then(|file| file.sync_all()).map_err(VaultError::io)?;
            let vault = Self::open(&new, key)?;
            vault.check()?;
            vault.pause();
            match Self::open(to, key) {
                Ok(there) => there.alone(keep_others_out)?,
                Err(error @ (VaultError::Locked | VaultError::StorageFull)) => return Err(error),
                // What cannot be opened is moved as it is.
                Err(_) => {}
            }
            let aside = move_aside(to)?;
            fs::rename(&new, to).map_err(VaultError::io)?;
            sync_folder(to)?;
            Ok(aside)
        };
        put_in_place().inspect_err(|_| {
            for file in whole(&new) {
                let _ = fs::remove_file(file);
            }
        })
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

/// Until the connection is closed, nobody else opens the vault.
fn keep_others_out(writer: &Connection) -> Result<(), VaultError> {
    // Leaving the log takes every lock there is, and coming back in this mode keeps it.
    writer.execute_batch("PRAGMA locking_mode = EXCLUSIVE;")?;
    for mode in ["DELETE", "WAL"] {
        let now: String = writer.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |row| row.get(0))?;
        if !now.eq_ignore_ascii_case(mode) {
            return Err(VaultError::Locked);
        }
    }
    Ok(())
}

fn beside(vault: &Path, ending: &str) -> PathBuf {
    let mut name = vault.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A vault's files: itself, its log, and the index of that.
fn whole(vault: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| beside(vault, ending))
}

/// Moves all that is there of a vault to a name that is free; `None` when there is nothing.
fn move_aside(vault: &Path) -> Result<Option<PathBuf>, VaultError> {
    if whole(vault).iter().all(|file| !file.exists()) {
        return Ok(None);
    }
    let names = (1..).map(|n| beside(vault, &format!(".before-restore-{n}")));
    let free = |name: &PathBuf| whole(name).iter().all(|file| !file.exists());
    let aside = names.take(1_000).find(free).ok_or(VaultError::Exists)?;
    // The log first: by itself the vault is whole up to its last checkpoint, and the log alone is nothing.
    for (from, to) in whole(vault).iter().zip(whole(&aside)).rev() {
        match fs::rename(from, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(VaultError::io(error)),
            _ => {}
        }
    }
    Ok(Some(aside))
}
