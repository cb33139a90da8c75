//! Why a hub does not start or stops.

use std::path::PathBuf;

/// Why a hub does not start or stops.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The folder cannot be made or used.
    #[error("{}: the hub's folder cannot be used", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// Another hub runs on the same folder.
    #[error("{}: another hub is running on this folder", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },

    /// The database cannot be opened or is damaged.
    #[error("{}: the hub's database cannot be used", file.display())]
    Database {
        /// The database.
        file: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },

    /// The PostgreSQL database cannot be reached or used.
    #[error("the hub's database cannot be used")]
    Postgres(#[from] postgres::Error),

    /// The PostgreSQL database is not one that a hub may rely on.
    #[error("the hub's database cannot be used: {problem}")]
    Unfit {
        /// Why.
        problem: &'static str,
    },

    /// The file is not a hub's database, or of a later version.
    #[error("{}: {problem}", file.display())]
    NotAHub {
        /// The database.
        file: PathBuf,
        /// What shows it.
        problem: &'static str,
    },

    /// The certificate or its key cannot be used.
    #[error("{}: {problem}", file.display())]
    Certificate {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// A file that is to be made is there already.
    #[error("{}: there is such a file already", file.display())]
    Exists {
        /// The file.
        file: PathBuf,
    },

    /// The system gives no randomness.
    #[error("the system gives no randomness")]
    Randomness(#[from] getrandom::Error),

    /// The listener fails.
    #[error("the hub cannot listen")]
    Listen(#[source] std::io::Error),
}
