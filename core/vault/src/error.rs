//! What can go wrong with a vault, named by cause. No variant carries an answer, a key or a statement with values.

use rusqlite::ErrorCode;

/// Why the vault refused or could not do something. Nothing it says destroys anything.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no file at the path.
    #[error("there is no vault here")]
    Missing,
    /// There is already a file at the path.
    #[error("there is already a file here")]
    Exists,
    /// The key does not open the file: a wrong key, or not a vault at all. The two cannot be told apart.
    #[error("wrong key, or not a vault")]
    WrongKey,
    /// The file is damaged.
    #[error("the vault is damaged: {0}")]
    Corrupt(&'static str),
    /// A later version of Nightjar wrote this vault.
    #[error("the vault has schema {found}; this version knows up to {known}")]
    NewerSchema {
        /// Its schema.
        found: u32,
        /// The newest this build knows.
        known: u32,
    },
    /// The disk is full. What was acknowledged before is safe; what was asked for now did not happen.
    #[error("there is no room left to store this")]
    StorageFull,
    /// Another process holds the vault.
    #[error("another process is using the vault")]
    Locked,
    /// The vault is closed or paused.
    #[error("the vault is closed")]
    Closed,
    /// The operating system refused a read or write.
    #[error("the disk could not be read or written")]
    Io(#[source] std::io::Error),
    /// No such draft: never begun, finished, or thrown away.
    #[error("no such draft")]
    NoDraft,
    /// No such record on this device, or it cannot be read here.
    #[error("no such record")]
    NoRecord,
    /// No such attachment, or a part of it is not here (yet).
    #[error("this attachment is not on this device (yet)")]
    NoAttachment,
    /// A text or entry is longer than the vault takes.
    #[error("{what} is above the bound of {allowed}")]
    TooLarge {
        /// What was measured.
        what: &'static str,
        /// The greatest size allowed.
        allowed: usize,
    },
    /// What was sealed does not open, as a receiver would open it, to what was written. Nothing was destroyed.
    #[error("what was sealed does not open to what was written")]
    SealedWrong,
    /// An order that is not a permutation of what waits.
    #[error("not a permutation of what waits in the outbox")]
    WrongOrder,
    /// Sealing, opening, chaining or the roster was refused.
    #[error(transparent)]
    Seal(#[from] nightjar_seal::Refused),
    /// A record or change was refused.
    #[error(transparent)]
    Record(#[from] nightjar_record::RecordError),
    /// SQLite failed in a way that has no name here; the number is its extended result code.
    #[error("the database failed with code {0}")]
    Database(i32),
}

impl From<rusqlite::Error> for VaultError {
    /// Keeps the code and drops every text: SQLite's messages may quote a statement.
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = &error else {
            return match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => {
                    Self::Corrupt("a stored value has the wrong shape")
                }
                rusqlite::Error::QueryReturnedNoRows => Self::Corrupt("a row is missing"),
                _ => Self::Database(-1),
            };
        };
        match failure.code {
            ErrorCode::DiskFull => Self::StorageFull,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Locked,
            ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Self::Corrupt("a page does not verify"),
            ErrorCode::CannotOpen => Self::Missing,
            // Only a pause stops what is under way.
            ErrorCode::OperationInterrupted => Self::Closed,
            // An I/O error with ENOSPC beneath it: SQLite reports a full disk this way for the WAL's shared memory.
            ErrorCode::SystemIoFailure if no_space() => Self::StorageFull,
            ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                Self::Io(std::io::Error::other(format!("SQLite result {}", failure.extended_code)))
            }
            _ => Self::Database(failure.extended_code),
        }
    }
}

fn no_space() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::StorageFull
}

impl VaultError {
    pub(crate) fn io(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing,
            std::io::ErrorKind::StorageFull => Self::StorageFull,
            _ => Self::Io(error),
        }
    }
}
