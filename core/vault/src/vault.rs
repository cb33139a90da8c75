//! Opening, pausing and closing: one writer, several readers, every connection set up the same way.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::VaultError;
use crate::key::VaultKey;
use crate::schema;

/// How long a statement waits for another process before it says [`VaultError::Locked`].
const BUSY: Duration = Duration::from_secs(2);
/// Readers kept open for the next question.
const IDLE_READERS: usize = 4;
/// The smallest page SQLite writes; a shorter file is cut off.
const PAGE: u64 = 4096;

/// The encrypted database of one device. Shared by reference between threads: writes queue for the one writer, reads
/// go side by side.
pub struct Vault {
    path: PathBuf,
    key: VaultKey,
    writer: Mutex<Option<Connection>>,
    /// `None` while paused or closed.
    readers: Mutex<Option<Vec<Connection>>>,
    /// Something was deleted and the log that still holds it has not been cut yet: a reader was in the middle of a
    /// question, or a crash came between. The next write tries again.
    owed: AtomicBool,
}

impl Vault {
    /// Makes a new vault. The folder must exist.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is a file already; it is left as it is.
    pub fn create(path: impl AsRef<Path>, key: &VaultKey) -> Result<Self, VaultError> {
        let path = path.as_ref();
        let mut file = fs::OpenOptions::new();
        file.write(true).create_new(true);
        // Nobody else on this machine need see even the ciphertext; SQLite gives its log the same mode.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        file.open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => VaultError::Exists,
            _ => VaultError::io(error),
        })?;
        let vault = Self::at(path, key);
        match sync_folder(path).and_then(|()| vault.connect_writer()) {
            Ok(()) => Ok(vault),
            Err(error) => {
                // What was begun just now holds nothing, and would be in the way of trying again.
                vault.pause();
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }

    /// Opens a vault. Loads nothing: the cost does not depend on what is in it.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::WrongKey`], [`VaultError::Corrupt`], [`VaultError::NewerSchema`],
    /// [`VaultError::StorageFull`], [`VaultError::Locked`]; none changes the file.
    pub fn open(path: impl AsRef<Path>, key: &VaultKey) -> Result<Self, VaultError> {
        let path = path.as_ref();
        let length = fs::metadata(path).map_err(VaultError::io)?.len();
        if length < PAGE {
            return Err(VaultError::Corrupt("the file is cut off"));
        }
        let vault = Self::at(path, key);
        vault.connect_writer()?;
        Ok(vault)
    }

    fn at(path: &Path, key: &VaultKey) -> Self {
        let (writer, readers) = (Mutex::new(None), Mutex::new(None));
        Self { path: path.to_owned(), key: key.clone(), writer, readers, owed: AtomicBool::new(true) }
    }

    /// Where the vault is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes every connection, so that no lock is held: for an app that goes to the background. Waits for the write
    /// that is under way; until [`resume`](Self::resume) everything says [`VaultError::Closed`].
    pub fn pause(&self) {
        // The writer's lock is held over both, so that no write comes between and opens a connection again.
        let mut writer = lock(&self.writer);
        *lock(&self.readers) = None;
        *writer = None;
    }

    /// Opens the connections again after [`pause`](Self::pause). Harmless when not paused.
    ///
    /// # Errors
    /// As for [`open`](Self::open).
    pub fn resume(&self) -> Result<(), VaultError> {
        if lock(&self.writer).is_some() && lock(&self.readers).is_some() {
            return Ok(());
        }
        self.connect_writer()
    }

    /// Reads every page and checks it: for a verification the person asked for, not for opening.
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] when a page does not verify or the tables do not hold together.
    pub fn check(&self) -> Result<(), VaultError> {
        self.read(|c| {
            let mut statement = c.prepare("PRAGMA cipher_integrity_check")?;
            if statement.query([])?.next()?.is_some() {
                return Err(VaultError::Corrupt("a page does not verify"));
            }
            let said: String = c.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            if said == "ok" { Ok(()) } else { Err(VaultError::Corrupt("its tables do not hold together")) }
        })
    }

    /// Bounds the database to so many pages of 4 KiB, as a full disk would. Pages in use stay.
    ///
    /// # Errors
    /// Storage errors.
    pub fn limit_pages(&self, pages: u32) -> Result<(), VaultError> {
        let writer = lock(&self.writer);
        let writer = writer.as_ref().ok_or(VaultError::Closed)?;
        writer.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(())
    }

    /// Lets commits no longer wait for the disk, so that a soak can show that it would notice.
    ///
    /// # Errors
    /// Storage errors.
    #[cfg(feature = "faults")]
    pub fn stop_syncing(&self) -> Result<(), VaultError> {
        let writer = lock(&self.writer);
        let writer = writer.as_ref().ok_or(VaultError::Closed)?;
        Ok(writer.execute_batch("PRAGMA synchronous = OFF;")?)
    }

    fn connect_writer(&self) -> Result<(), VaultError> {
        let mut writer = self.connect()?;
        writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 1000;")?;
        schema::migrate(&mut writer)?;
        *lock(&self.readers) = Some(Vec::new());
        *lock(&self.writer) = Some(writer);
        Ok(())
    }

    /// A connection with the key given and verified.
    fn connect(&self) -> Result<Connection, VaultError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        // SQLCipher would print to standard error; what went wrong is in the error we return.
        connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
        connection.execute_batch(&self.key.pragma()).map_err(|_| VaultError::WrongKey)?;
        // The first read of the first page is where a wrong key shows.
        match connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0)) {
            Ok(_) => {}
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.code == rusqlite::ErrorCode::NotADatabase =>
            {
                return Err(VaultError::WrongKey);
            }
            Err(other) => return Err(other.into()),
        }
        connection.execute_batch(
            "PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY;
             PRAGMA foreign_keys = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA cell_size_check = ON;",
        )?;
        Ok(connection)
    }

    /// Runs `work` in one transaction of the writer: all of it is stored, synced to disk, or none.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let mut slot = lock(&self.writer);
        let mut writer = match slot.take() {
            Some(writer) => writer,
            // The last write met a damaged page, after which SQLCipher refuses everything on that connection.
            None if lock(&self.readers).is_some() => self.connect()?,
            None => return Err(VaultError::Closed),
        };
        let done = transact(&mut writer, work);
        if !matches!(done, Err(VaultError::Corrupt(_) | VaultError::Io(_) | VaultError::Database(_))) {
            *slot = Some(writer);
        }
        drop(slot);
        if done.is_ok() && self.owed.load(Ordering::Relaxed) {
            self.cut(Duration::ZERO);
        }
        done
    }

    /// Empties the write-ahead log into the database and cuts it to nothing, so that what was deleted is gone from it.
    /// The deletion itself is stored already, so this never fails: what cannot be cut now is cut after a later write.
    pub(crate) fn truncate_log(&self) {
        self.cut(BUSY);
    }

    /// Cuts the log, waiting so long for readers.
    fn cut(&self, wait: Duration) {
        let cut = lock(&self.writer).as_ref().is_some_and(|writer| {
            let _ = writer.busy_timeout(wait);
            let busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            let _ = writer.busy_timeout(BUSY);
            busy.is_ok_and(|busy| busy == 0)
        });
        self.owed.store(!cut, Ordering::Relaxed);
    }

    /// Runs `work` on a reader.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let idle = lock(&self.readers).as_mut().ok_or(VaultError::Closed)?.pop();
        let reader = match idle {
            Some(reader) => reader,
            None => {
                let reader = self.connect()?;
                reader.execute_batch("PRAGMA query_only = ON;")?;
                reader
            }
        };
        let done = work(&reader);
        // After a damaged page SQLCipher refuses everything on that connection, so it is not used again.
        if done.is_ok()
            && let Some(readers) = lock(&self.readers).as_mut()
            && readers.len() < IDLE_READERS
        {
            readers.push(reader);
        }
        done
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Makes a new file's name survive a power cut; SQLite does this only for files that it made itself.
fn sync_folder(path: &Path) -> Result<(), VaultError> {
    if cfg!(unix) {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(VaultError::io)?;
    }
    Ok(())
}

fn transact<T>(
    writer: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// A panic in another thread left its transaction rolled back; the connection is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
