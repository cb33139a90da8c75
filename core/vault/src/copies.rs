//! Another key, and another copy: the vault rewritten under a new key, and copied as it is while it is in use.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::chunk_files::{ChunkFiles, ENDING};
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
    /// nothing is deleted; gives its new place. A log that lies beside the backup is part of it.
    ///
    /// # Errors
    /// What [`Vault::open`] and [`Vault::check`] say of the backup; [`VaultError::Locked`] while another program has the vault open
    /// (on Unix; elsewhere the system itself keeps an open file in its place); [`VaultError::Exists`] when both are one file; storage
    /// errors. Nothing has been moved then.
    pub fn restore(backup: &Path, to: &Path, key: &VaultKey) -> Result<Option<PathBuf>, VaultError> {
        if fs::canonicalize(backup)
            .ok()
            .is_some_and(|backup| fs::canonicalize(to).is_ok_and(|to| to == backup))
        {
            return Err(VaultError::Exists);
        }
        let new = beside(to, ".restoring");
        // Of an attempt that did not come to its end.
        remove(&new);
        let put_in_place = || {
            for (from, to) in whole(backup).iter().zip(whole(&new)).take(2) {
                copy_of(from, &to)?;
            }
            ChunkFiles::of(backup).copy_all(&ChunkFiles::of(&new))?;
            let vault = Self::open(&new, key)?;
            vault.check()?;
            vault.pause();
            // Held until the new file is in its place.
            let _nobody_else = in_nobodys_use(to)?;
            let aside = move_aside(to)?;
            let (attached, place) = (beside(&new, ENDING), beside(to, ENDING));
            let moved = match attached.exists() {
                true => fs::rename(&attached, &place),
                false => Ok(()),
            };
            if let Err(error) = moved.and_then(|()| fs::rename(&new, to)) {
                let _ = fs::rename(&place, &attached);
                if let Some(aside) = &aside {
                    for (from, to) in whole(aside).iter().zip(whole(to)) {
                        let _ = fs::rename(from, to);
                    }
                }
                return Err(VaultError::io(error));
            }
            sync_folder(to)?;
            Ok(aside)
        };
        put_in_place().inspect_err(|_| remove(&new))
    }

    /// Removes a vault with its log and its attachments, which nothing has open.
    ///
    /// # Errors
    /// Storage errors, and then some of it is still there.
    pub fn remove(vault: &Path) -> Result<(), VaultError> {
        for file in whole(vault) {
            let removed = if file.is_dir() { fs::remove_dir_all(file) } else { fs::remove_file(file) };
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(VaultError::io(error));
                }
                _ => {}
            }
        }
        Ok(())
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
        let done = self.copy(to).and_then(|()| self.copy_chunks(&ChunkFiles::of(to)));
        if done.is_err() {
            remove(to);
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

/// Removes a copy that did not become one.
fn remove(vault: &Path) {
    for file in whole(vault) {
        let _ = if file.is_dir() { fs::remove_dir_all(file) } else { fs::remove_file(file) };
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

/// What a vault is: its file, its log and the index of that, and the folder of its attachments.
fn whole(vault: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", ENDING].map(|ending| beside(vault, ending))
}

/// Copies one of a vault's files, for nobody else's eyes; nothing where there is none.
fn copy_of(from: &Path, to: &Path) -> Result<(), VaultError> {
    let mut source = match fs::File::open(from) {
        Ok(source) => source,
        // A vault may have no log; without the vault itself there is nothing to open, which is said then.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(VaultError::io(error)),
    };
    new_file(to)?;
    let mut copy = fs::OpenOptions::new().write(true).open(to).map_err(VaultError::io)?;
    std::io::copy(&mut source, &mut copy).map_err(VaultError::io)?;
    copy.sync_all().map_err(VaultError::io)
}

/// The file of a vault that no other program has open: whoever has it holds one of SQLite's locks on it, whatever its key. As long as
/// this is kept, nobody opens it. `None` where there is no file.
fn in_nobodys_use(vault: &Path) -> Result<Option<fs::File>, VaultError> {
    let file = match fs::OpenOptions::new().read(true).write(true).open(vault) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(VaultError::io(error)),
    };
    #[cfg(unix)]
    rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| VaultError::Locked)?;
    Ok(Some(file))
}

/// Moves all that is there of a vault to a name that is free; `None` when there is nothing.
fn move_aside(vault: &Path) -> Result<Option<PathBuf>, VaultError> {
    if whole(vault).iter().all(|file| !file.exists()) {
        return Ok(None);
    }
    // A move that did not come to its end left the log behind: it goes where its vault went.
    let fits = |name: &PathBuf| match (vault.exists(), name.exists()) {
        (true, _) | (false, false) => whole(name).iter().all(|file| !file.exists()),
        (false, true) => whole(name)[1..].iter().all(|file| !file.exists()),
    };
    let mut names = (1..).map(|n| beside(vault, &format!(".before-restore-{n}"))).take(1_000);
    let aside = names.find(fits).ok_or(VaultError::Exists)?;
    for (from, to) in whole(vault).iter().zip(whole(&aside)) {
        match fs::rename(from, to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(VaultError::io(error)),
            _ => {}
        }
    }
    Ok(Some(aside))
}
