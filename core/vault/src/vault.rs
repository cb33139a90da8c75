//! Opening, pausing and closing: one writer, several readers, every connection set up the same way.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, InterruptHandle, OpenFlags, Transaction, TransactionBehavior};

use crate::chunk_files::ChunkFiles;
use crate::error::VaultError;
use crate::key::VaultKey;
use crate::rows::Words;
use crate::schema;

/// How long a statement waits for another process before it says [`VaultError::Locked`].
const BUSY: Duration = Duration::from_secs(2);
/// How long a pause waits before it stops what is under way.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a pause looks again.
const GLANCE: Duration = Duration::from_millis(5);
/// Readers kept open for the next question.
const IDLE_READERS: usize = 4;
/// The smallest page SQLite writes; a shorter file is cut off.
const PAGE: u64 = 4096;

/// The encrypted database of one device. Shared by reference between threads: writes queue for the one writer, reads
/// go side by side.
pub struct Vault {
    path: PathBuf,
    key: Mutex<VaultKey>,
    writer: Mutex<Option<Connection>>,
    /// Stops what the writer is doing.
    stop_writing: Mutex<Option<InterruptHandle>>,
    /// `None` while paused or closed.
    readers: Mutex<Option<Vec<Connection>>>,
    /// Questions that are being answered, and what stops them.
    under_way: Mutex<HashMap<u64, Option<InterruptHandle>>>,
    /// One of these has ended.
    ended: Condvar,
    asked: AtomicU64,
    /// Something was deleted and the log that still holds it has not been cut yet: a reader was in the middle of a
    /// question, or a crash came between. The next write tries again.
    owed: AtomicBool,
    /// What rows have in common, from the last question.
    words: Mutex<Words>,
    /// Whether the log is left as it is, for a soak.
    #[cfg(feature = "faults")]
    careless: AtomicBool,
}

/// SQLite says that it is ready before SQLCipher is: of several threads that open the first vaults of a process at once, one could find no
/// cipher there, and giving it a key would fail.
fn make_ready() {
    static READY: Once = Once::new();
    READY.call_once(|| drop(Connection::open_in_memory()));
}

impl Vault {
    /// Makes a new vault. The folder must exist.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is a file already; it is left as it is.
    pub fn create(path: impl AsRef<Path>, key: &VaultKey) -> Result<Self, VaultError> {
        let path = path.as_ref();
        new_file(path)?;
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
        // Nothing hangs on it: what is not brought together now is with the next opening.
        let _ = vault.sweep_chunks();
        Ok(vault)
    }

    fn at(path: &Path, key: &VaultKey) -> Self {
        Self {
            path: path.to_owned(),
            key: Mutex::new(key.clone()),
            writer: Mutex::new(None),
            stop_writing: Mutex::new(None),
            readers: Mutex::new(None),
            under_way: Mutex::default(),
            ended: Condvar::new(),
            asked: AtomicU64::new(0),
            owed: AtomicBool::new(true),
            words: Mutex::default(),
            #[cfg(feature = "faults")]
            careless: AtomicBool::new(false),
        }
    }

    pub(crate) fn key(&self) -> VaultKey {
        lock(&self.key).clone()
    }

    pub(crate) fn is_paused(&self) -> bool {
        lock(&self.readers).is_none()
    }

    pub(crate) fn take_key(&self, key: &VaultKey) {
        *lock(&self.key) = key.clone();
    }

    /// Runs `work` on the writer while nothing else is open.
    pub(crate) fn alone(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let writer = lock(&self.writer);
        let writer = writer.as_ref().ok_or(VaultError::Closed)?;
        // Readers come back when the work is done; until then whoever asks is told that the vault is closed.
        *lock(&self.readers) = None;
        self.wait_for_questions(Instant::now());
        let done = work(writer);
        *lock(&self.readers) = Some(Vec::new());
        done
    }

    /// Where the sealed bytes of attachments are.
    pub(crate) fn chunk_files(&self) -> ChunkFiles {
        ChunkFiles::of(&self.path)
    }

    /// Where the vault is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes every connection, so that no lock is held: for an app that goes to the background, which has about a second.
    /// Waits half a second for what is under way; a question or a write that takes longer is stopped, says
    /// [`VaultError::Closed`] and has changed nothing. Until [`resume`](Self::resume) everything says so.
    pub fn pause(&self) {
        let begun = Instant::now();
        // The writer's lock is held over both, so that no write comes between and opens a connection again.
        let mut writer = loop {
            match self.writer.try_lock() {
                Ok(writer) => break writer,
                Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => std::thread::sleep(GLANCE),
            }
            if begun.elapsed() > PATIENCE {
                lock(&self.stop_writing).iter().for_each(InterruptHandle::interrupt);
            }
        };
        *lock(&self.readers) = None;
        *writer = None;
        *lock(&self.stop_writing) = None;
        self.wait_for_questions(begun);
    }

    /// Waits until no question is under way, and stops those that take longer than a pause has patience for.
    fn wait_for_questions(&self, begun: Instant) {
        let mut under_way = lock(&self.under_way);
        while !under_way.is_empty() {
            if begun.elapsed() > PATIENCE {
                under_way.values().flatten().for_each(InterruptHandle::interrupt);
            }
            under_way = match self.ended.wait_timeout(under_way, GLANCE) {
                Ok((under_way, _)) => under_way,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
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
        self.read(check)
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

    /// Lets what is deleted lie in free pages and in the log, so that a soak can show that it would find it.
    ///
    /// # Errors
    /// Storage errors.
    #[cfg(feature = "faults")]
    pub fn keep_what_is_deleted(&self) -> Result<(), VaultError> {
        let writer = lock(&self.writer);
        let writer = writer.as_ref().ok_or(VaultError::Closed)?;
        writer.execute_batch("PRAGMA secure_delete = OFF;")?;
        self.careless.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn connect_writer(&self) -> Result<(), VaultError> {
        let mut writer = self.connect()?;
        writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 1000;")?;
        schema::migrate(&mut writer)?;
        // The file may be another one since the pause.
        *lock(&self.words) = Words::default();
        *lock(&self.stop_writing) = Some(writer.get_interrupt_handle());
        *lock(&self.readers) = Some(Vec::new());
        *lock(&self.writer) = Some(writer);
        Ok(())
    }

    /// A connection with the key given and verified.
    fn connect(&self) -> Result<Connection, VaultError> {
        make_ready();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(128);
        // SQLCipher would print to standard error; what went wrong is in the error we return.
        connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
        // Whether it is the right one shows when something is read. What else goes wrong here is said without the statement, which holds it.
        connection.execute_batch(&self.key().pragma()).map_err(|error| match error.sqlite_error() {
            Some(code) => rusqlite::Error::SqliteFailure(*code, None),
            None => rusqlite::Error::InvalidQuery,
        })?;
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
             PRAGMA cache_size = -4096;
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
        #[cfg(feature = "faults")]
        crate::faults::before_write()?;
        let mut slot = lock(&self.writer);
        let mut writer = match slot.take() {
            Some(writer) => writer,
            // The last write met a damaged page, after which SQLCipher refuses everything on that connection.
            None if lock(&self.readers).is_some() => {
                let writer = self.connect()?;
                *lock(&self.stop_writing) = Some(writer.get_interrupt_handle());
                writer
            }
            None => return Err(VaultError::Closed),
        };
        let done = transact(&mut writer, work);
        if !matches!(done, Err(VaultError::Corrupt(_) | VaultError::Io(_) | VaultError::Database { .. })) {
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
        // Files of chunks that went with it first: the rows that name them are then in the log that is cut.
        let _ = self.remove_gone();
        self.cut(BUSY);
    }

    /// Cuts the log, waiting so long for readers.
    fn cut(&self, wait: Duration) {
        #[cfg(feature = "faults")]
        if self.careless.load(Ordering::Relaxed) {
            return;
        }
        let cut = lock(&self.writer).as_ref().is_some_and(|writer| {
            let _ = writer.busy_timeout(wait);
            let busy = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
            let _ = writer.busy_timeout(BUSY);
            busy.is_ok_and(|busy| busy == 0)
        });
        self.owed.store(!cut, Ordering::Relaxed);
    }

    /// Runs `work` with what the last question learnt that rows have in common; a question beside this one learns anew.
    pub(crate) fn with_words<T>(&self, work: impl FnOnce(&mut Words) -> T) -> T {
        let mut words = std::mem::take(&mut *lock(&self.words));
        let done = work(&mut words);
        *lock(&self.words) = words.bounded();
        done
    }

    /// Runs `work` on a reader.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let mut readers = lock(&self.readers);
        let idle = readers.as_mut().ok_or(VaultError::Closed)?.pop();
        // Noted before the lock is given back, so that a pause waits for it.
        let question = Question::begin(self);
        drop(readers);
        let reader = match idle {
            Some(reader) => reader,
            None => {
                let reader = self.connect()?;
                reader.execute_batch("PRAGMA query_only = ON;")?;
                reader
            }
        };
        question.can_be_stopped_by(reader.get_interrupt_handle());
        let done = work(&reader);
        // After a damaged page SQLCipher refuses everything on that connection, so it is not used again.
        let mut readers = lock(&self.readers);
        match readers.as_mut().filter(|readers| done.is_ok() && readers.len() < IDLE_READERS) {
            Some(readers) => readers.push(reader),
            None => drop(reader),
        }
        drop(readers);
        // What is not kept is closed before the question counts as answered: a pause leaves no connection behind.
        drop(question);
        done
    }
}

/// A question while it is answered.
struct Question<'a> {
    vault: &'a Vault,
    number: u64,
}

impl<'a> Question<'a> {
    fn begin(vault: &'a Vault) -> Self {
        let number = vault.asked.fetch_add(1, Ordering::Relaxed);
        lock(&vault.under_way).insert(number, None);
        Self { vault, number }
    }

    fn can_be_stopped_by(&self, handle: InterruptHandle) {
        lock(&self.vault.under_way).insert(self.number, Some(handle));
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        lock(&self.vault.under_way).remove(&self.number);
        self.vault.ended.notify_all();
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Makes an empty file for a vault, where there is none. Nobody else on this machine need see even the ciphertext; SQLite gives
/// its log the same mode.
pub(crate) fn new_file(path: &Path) -> Result<(), VaultError> {
    let mut file = fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file.open(path).map(drop).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => VaultError::Exists,
        _ => VaultError::io(error),
    })
}

/// Reads every page and checks it.
pub(crate) fn check(c: &Connection) -> Result<(), VaultError> {
    let mut statement = c.prepare("PRAGMA cipher_integrity_check")?;
    if statement.query([])?.next()?.is_some() {
        return Err(VaultError::Corrupt("a page does not verify"));
    }
    let said: String = c.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(VaultError::Corrupt("its tables do not hold together")) }
}

/// Makes a new file's name survive a power cut; SQLite does this only for files that it made itself.
pub(crate) fn sync_folder(path: &Path) -> Result<(), VaultError> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A question that never ends by itself.
    const FOR_EVER: &str =
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";

    fn vault(folder: &Path) -> Vault {
        Vault::create(folder.join("tablet.db"), &VaultKey::new([1; 32])).unwrap()
    }

    /// The files of a folder that this process holds open.
    #[cfg(target_os = "linux")]
    fn held_open(folder: &Path) -> usize {
        let open =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
        open.filter(|path| path.starts_with(folder)).count()
    }

    #[test]
    fn a_pause_stops_a_question_that_takes_too_long_and_leaves_nothing_open() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        std::thread::scope(|scope| {
            let (begun, begins) = mpsc::channel();
            let asked = scope.spawn(|| {
                let begun = begun;
                vault.read(|c| {
                    begun.send(()).unwrap();
                    Ok(c.query_row(FOR_EVER, [], |row| row.get::<_, i64>(0))?)
                })
            });
            begins.recv().unwrap();
            vault.pause();
            #[cfg(target_os = "linux")]
            assert_eq!(held_open(folder.path()), 0);
            assert!(matches!(asked.join().unwrap(), Err(VaultError::Closed)));
        });
        assert!(matches!(vault.setting("label"), Err(VaultError::Closed)));
        vault.resume().unwrap();
        assert_eq!(vault.setting("label").unwrap(), None);
    }

    #[test]
    fn a_pause_stops_a_write_that_takes_too_long_and_it_has_changed_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        std::thread::scope(|scope| {
            let (begun, begins) = mpsc::channel();
            let asked = scope.spawn(|| {
                let begun = begun;
                vault.write(|t| {
                    t.execute("INSERT INTO setting (name, value) VALUES ('label', x'00')", [])?;
                    begun.send(()).unwrap();
                    Ok(t.query_row(FOR_EVER, [], |row| row.get::<_, i64>(0))?)
                })
            });
            begins.recv().unwrap();
            vault.pause();
            assert!(matches!(asked.join().unwrap(), Err(VaultError::Closed)));
        });
        vault.resume().unwrap();
        assert_eq!(vault.setting("label").unwrap(), None);
        vault.keep_setting("label", b"Tablet 2").unwrap();
    }

    #[test]
    fn a_pause_waits_for_what_is_soon_done() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        std::thread::scope(|scope| {
            let (begun, begins) = mpsc::channel();
            let (go_on, goes_on) = mpsc::channel::<()>();
            let asked = scope.spawn(|| {
                let (begun, goes_on) = (begun, goes_on);
                vault.read(|c| {
                    begun.send(()).unwrap();
                    goes_on.recv().unwrap();
                    Ok(c.query_row("SELECT 7", [], |row| row.get::<_, i64>(0))?)
                })
            });
            begins.recv().unwrap();
            go_on.send(()).unwrap();
            vault.pause();
            assert!(matches!(asked.join().unwrap(), Ok(7)));
        });
    }
}
