//! Where the sealed bytes of attachments lie: one file for each chunk, in a folder beside the database, under the name of the chunk.
//! Nothing is ever written there that is not sealed.
//!
//! A file is written and synced in `new/`, then the database says in a transaction whose it is, then it is moved to its place. Whatever
//! lies in `new/` when a vault is opened was cut short on that way: it is moved or removed by what the database says. So opening looks at
//! what was under way and at nothing else.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nightjar_seal::{ChunkName, MAX_SEALED_CHUNK};

use crate::error::VaultError;

/// What the folder of a vault's attachments is called, behind the name of the vault.
pub(crate) const ENDING: &str = "-attachments";
const NEW: &str = "new";
const LOCK: &str = "lock";

/// The folder of one vault.
#[derive(Debug, Clone)]
pub(crate) struct ChunkFiles {
    folder: PathBuf,
}

/// Held while files are on their way into the database, so that nobody takes them for remains.
pub(crate) struct Writing {
    files: ChunkFiles,
    names: Vec<ChunkName>,
    _lock: File,
}

impl ChunkFiles {
    pub(crate) fn of(vault: &Path) -> Self {
        let mut folder = vault.as_os_str().to_owned();
        folder.push(ENDING);
        Self { folder: folder.into() }
    }

    pub(crate) fn exist(&self) -> bool {
        self.folder.exists()
    }

    fn place(&self, name: &ChunkName) -> PathBuf {
        self.folder.join(name.to_string())
    }

    fn new_place(&self, name: &ChunkName) -> PathBuf {
        self.folder.join(NEW).join(name.to_string())
    }

    /// Begins to write files.
    pub(crate) fn begin(&self) -> Result<Writing, VaultError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.folder.join(NEW)).map_err(VaultError::io)?;
        let lock = self.lock_file()?;
        lock_shared(&lock).map_err(VaultError::io)?;
        Ok(Writing { files: self.clone(), names: Vec::new(), _lock: lock })
    }

    fn lock_file(&self) -> Result<File, VaultError> {
        private(&self.folder.join(LOCK)).map_err(VaultError::io)
    }

    /// The sealed bytes of a chunk; `None` where they are not.
    pub(crate) fn read(&self, name: &ChunkName) -> Result<Option<Vec<u8>>, VaultError> {
        for place in [self.place(name), self.new_place(name)] {
            let file = match File::open(place) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(VaultError::io(error)),
            };
            let mut sealed = Vec::new();
            file.take(MAX_SEALED_CHUNK as u64 + 1).read_to_end(&mut sealed).map_err(VaultError::io)?;
            // A file is what its name says or it is none.
            return Ok((ChunkName::of(&sealed) == *name).then_some(sealed));
        }
        Ok(None)
    }

    /// Removes the file of a chunk, if there is one.
    pub(crate) fn remove(&self, name: &ChunkName) -> Result<(), VaultError> {
        for place in [self.place(name), self.new_place(name)] {
            match fs::remove_file(place) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(VaultError::io(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Looks at what was under way when a program ended: moves to its place what `is_known` says is in the database, and removes the
    /// rest. Does nothing while somebody writes.
    pub(crate) fn sweep(
        &self,
        mut is_known: impl FnMut(&ChunkName) -> Result<bool, VaultError>,
    ) -> Result<(), VaultError> {
        let lock = self.lock_file()?;
        if !lock_alone(&lock).map_err(VaultError::io)? {
            return Ok(());
        }
        let found = match fs::read_dir(self.folder.join(NEW)) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(VaultError::io(error)),
        };
        for entry in found {
            let entry = entry.map_err(VaultError::io)?;
            let name = entry.file_name().to_str().and_then(|name| name.parse::<ChunkName>().ok());
            match name {
                Some(name) if is_known(&name)? => self.move_in(&name)?,
                _ => fs::remove_file(entry.path()).map_err(VaultError::io)?,
            }
        }
        self.sync()
    }

    fn move_in(&self, name: &ChunkName) -> Result<(), VaultError> {
        match fs::rename(self.new_place(name), self.place(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(VaultError::io(error)),
            _ => Ok(()),
        }
    }

    fn sync(&self) -> Result<(), VaultError> {
        sync(&self.folder)
    }

    /// Copies the file of a chunk to the folder of another vault, which is in nobody's use.
    pub(crate) fn copy(&self, name: &ChunkName, to: &Self) -> Result<(), VaultError> {
        if let Some(sealed) = self.read(name)? {
            let mut writing = to.begin()?;
            writing.write(name, &sealed)?;
            writing.done();
        }
        Ok(())
    }

    /// Copies all files into the folder of another vault, which is in nobody's use.
    pub(crate) fn copy_all(&self, to: &Self) -> Result<(), VaultError> {
        let files = self.all().into_iter();
        let names = files.filter_map(|file| file.file_name()?.to_str()?.parse().ok());
        names.into_iter().try_for_each(|name| self.copy(&name, to))
    }

    /// All files, wherever they are on their way.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        let folders = [self.folder.clone(), self.folder.join(NEW)];
        let found =
            folders.into_iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        found.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
    }
}

impl Writing {
    /// Writes sealed bytes, so that they survive a power cut once [`sync`](Self::sync) has returned.
    pub(crate) fn write(&mut self, name: &ChunkName, sealed: &[u8]) -> Result<(), VaultError> {
        // Before it is written: what is cut short is removed, too.
        self.names.push(*name);
        let write = || {
            let mut file = private(&self.files.new_place(name))?;
            file.set_len(0)?;
            file.write_all(sealed)?;
            // The hour at which somebody answered is nobody's.
            file.set_modified(SystemTime::UNIX_EPOCH)?;
            file.sync_all()
        };
        write().map_err(VaultError::io)
    }

    /// Makes the names of what was written survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), VaultError> {
        sync(&self.files.folder.join(NEW))?;
        self.files.sync()
    }

    /// The database says whose they are: moves them to their places. What cannot be moved now is moved when the vault is opened.
    pub(crate) fn done(mut self) {
        for name in std::mem::take(&mut self.names) {
            let _ = self.files.move_in(&name);
        }
        let _ = self.files.sync();
    }
}

impl Drop for Writing {
    /// What did not get into the database was never there.
    fn drop(&mut self) {
        for name in &self.names {
            let _ = fs::remove_file(self.files.new_place(name));
        }
    }
}

/// A file for nobody else's eyes.
fn private(path: &Path) -> std::io::Result<File> {
    let mut file = fs::OpenOptions::new();
    file.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path)
}

fn sync(folder: &Path) -> Result<(), VaultError> {
    match cfg!(unix) {
        true => File::open(folder).and_then(|folder| folder.sync_all()).map_err(VaultError::io),
        false => Ok(()),
    }
}

/// Waits until nobody holds it alone. The standard library knows no such lock on Android.
#[cfg(unix)]
fn lock_shared(file: &File) -> std::io::Result<()> {
    rustix::io::retry_on_intr(|| rustix::fs::flock(file, rustix::fs::FlockOperation::LockShared))?;
    Ok(())
}

#[cfg(not(unix))]
fn lock_shared(file: &File) -> std::io::Result<()> {
    file.lock_shared()
}

/// Whether nobody else holds it.
#[cfg(unix)]
fn lock_alone(file: &File) -> std::io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn lock_alone(file: &File) -> std::io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}
