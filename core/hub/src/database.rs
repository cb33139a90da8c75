//! The hub's database: one writer, one reader, every commit on disk before it returns.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nightjar_sync::wire::{Incarnation, Reason, Refusal};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};

use crate::{Config, Failure, setup_code};

/// The database's file in the hub's folder.
pub(crate) const FILE: &str = "hub.sqlite3";
/// "NJHB", in SQLite's header.
const APPLICATION: i32 = 0x4e4a_4842;
const FORMAT: i32 = 1;

/// The open database.
pub(crate) struct Database {
    file: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    incarnation: Incarnation,
    /// Held as long as the hub runs.
    _lock: File,
}

impl Database {
    /// Opens or creates the database. Gives a new setup code as long as no study was founded.
    pub(crate) fn open(config: &Config) -> Result<(Self, Option<String>), Failure> {
        let lock = lock(&config.data)?;
        let file = config.data.join(FILE);
        let broken = |source| Failure::Database { file: file.clone(), source };
        let mut writer = Connection::open(&file).map_err(broken)?;
        prepare(&writer, config).map_err(broken)?;
        match is_empty(&writer).map_err(broken)? {
            true => create(&mut writer, &file)?,
            false => recognise(&writer, &file)?,
        }
        let code = renew_setup_code(&mut writer, &file)?;
        let incarnation = writer
            .query_row("SELECT incarnation FROM hub", [], |row| row.get(0))
            .map_err(|source| Failure::Database { file: file.clone(), source })?;
        let reader = Connection::open(&file).map_err(broken)?;
        prepare(&reader, config).map_err(broken)?;
        reader.pragma_update(None, "query_only", true).map_err(broken)?;
        let (writer, reader) = (Mutex::new(writer), Mutex::new(reader));
        Ok((Self { file, writer, reader, incarnation: Incarnation(incarnation), _lock: lock }, code))
    }

    /// Which life of the database this is.
    pub(crate) fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Runs `work` in a transaction of the one writer. Returns after the commit is on disk; with a refusal nothing is kept.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Refusal> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        run().map_err(Stop::refusal)
    }

    /// Runs `work` on one unchanging view of the database.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Refusal> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || work(&reader.transaction()?);
        run().map_err(Stop::refusal)
    }

    /// Whether something could be written now.
    pub(crate) fn is_ready(&self) -> bool {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = writer.transaction_with_behavior(TransactionBehavior::Immediate);
        begun.and_then(Transaction::rollback).is_ok()
    }

    /// Brings the write-ahead log into the database, so that its file alone is whole.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(|source| Failure::Database { file: self.file.clone(), source })
    }
}

/// Why a transaction ends without a commit.
pub(crate) enum Stop {
    /// The request is refused.
    Refused(Refusal),
    /// The database fails.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stop {
    fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Broken(error) if error.sqlite_error_code() == Some(ErrorCode::DiskFull) => {
                Refusal::new(Reason::StorageFull, "the hub has no room left; nothing of this was kept")
            }
            Self::Broken(_) => broken(),
        }
    }
}

/// What the hub says when its database fails or what it reads there makes no sense.
pub(crate) fn broken() -> Refusal {
    Refusal::new(Reason::StorageBroken, "the hub's database fails; nothing of this was kept")
}

/// That this is a hub's database of this version.
pub(crate) fn recognise(connection: &Connection, file: &Path) -> Result<(), Failure> {
    let broken = |source| Failure::Database { file: file.to_owned(), source };
    let mark =
        |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(broken);
    let problem = match (mark("application_id")?, mark("user_version")?) {
        (APPLICATION, FORMAT) => return Ok(()),
        (APPLICATION, _) => "the hub's database is of another version",
        _ => "this is not a hub's database",
    };
    Err(Failure::NotAHub { file: file.to_owned(), problem })
}

pub(crate) fn lock(folder: &Path) -> Result<File, Failure> {
    let unusable = |source| Failure::Folder { folder: folder.to_owned(), source };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(unusable)?;
    let file = File::create(folder.join("hub.lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

fn prepare(connection: &Connection, config: &Config) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is erased is overwritten, not only unlinked.
    connection.execute_batch("PRAGMA secure_delete = ON;")?;
    connection.set_prepared_statement_cache_capacity(64);
    if let Some(bytes) = config.limits.database {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = (bytes / page.max(1)).max(1);
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    Ok(())
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn create(writer: &mut Connection, file: &Path) -> Result<(), Failure> {
    let mut incarnation = [0; 16];
    getrandom::fill(&mut incarnation)?;
    let mut run = || {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(include_str!("schema.sql"))?;
        // Replaced before the hub is open; nobody knows a code with this hash.
        transaction.execute(
            "INSERT INTO hub (id, incarnation, setup_code) VALUES (1, ?1, zeroblob(32))",
            [incarnation],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()
    };
    run().map_err(|source| Failure::Database { file: file.to_owned(), source })
}

/// A code that was shown once may be lost before it was used, and its hash does not bring it back.
fn renew_setup_code(writer: &mut Connection, file: &Path) -> Result<Option<String>, Failure> {
    let run = || {
        let founded: Option<i64> =
            writer.query_row("SELECT 1 FROM roster LIMIT 1", [], |row| row.get(0)).optional()?;
        if founded.is_some() {
            return Ok(Ok(None));
        }
        let (code, hash) = match setup_code::mint() {
            Ok(minted) => minted,
            Err(failure) => return Ok(Err(failure)),
        };
        writer.execute("UPDATE hub SET setup_code = ?1", [hash])?;
        Ok(Ok(Some(code)))
    };
    run().map_err(|source| Failure::Database { file: file.to_owned(), source })?
}
