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
    /// SQLite failed in a way that has no name here.
    #[error("the database failed with code {code}: {message}")]
    Database {
        /// Its extended result code; below 0 where it was not asked at all.
        code: i32,
        /// What it says, without anything that is neither a word of its own nor of the schema.
        message: String,
    },
}

impl From<rusqlite::Error> for VaultError {
    /// Keeps the code, and of what SQLite says the words that cannot be anybody's: its messages may quote what was searched for.
    fn from(error: rusqlite::Error) -> Self {
        let (failure, said) = match &error {
            rusqlite::Error::SqliteFailure(failure, said) => (failure, said.as_deref()),
            rusqlite::Error::SqlInputError { error, msg, .. } => (error, Some(msg.as_str())),
            _ => {
                return match error {
                    rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..) => {
                        Self::Corrupt("a stored value has the wrong shape")
                    }
                    rusqlite::Error::QueryReturnedNoRows => Self::Corrupt("a row is missing"),
                    _ => Self::database(-1, "it was not asked what it can answer"),
                };
            }
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
            _ => Self::database(failure.extended_code, said.unwrap_or("it says no more")),
        }
    }
}

fn no_space() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::StorageFull
}

/// Words of SQLite's messages, beside those of the schema.
const WORDS: &str = "a an and already another any argument arguments as at attempt away be been bind busy by cannot changed \
    closed column columns command constraint corrupt could datatype database deleted depth disk does duplicate engine error exists \
    expression expressions failed file found for from full function have in incomplete index input interrupted into invalid is it \
    large limit loop many memory mismatch misuse missing module more most must name near no not of on only or out overflow parse \
    parser past query readonly recursion required row rows says schema shared special stack statement statements string such \
    supplied syntax table tables the there to too transaction trigger type unable unknown unsupported use user using value values \
    variable variables view virtual was what while within without write wrong bytes blob integer real text null fts5 answer asked";

/// What SQLite says, without what it quotes, and each word that is not known to be nobody's left out.
fn nobodys(said: &str) -> String {
    let is_word = |word: &str, text: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|known| known.eq_ignore_ascii_case(word))
    };
    // Names of the schema, not what its comments say.
    let names = || include_str!("../schema/0001.sql").lines().filter_map(|line| line.split("--").next());
    let is_known = |word: &str| {
        !word.starts_with(|c: char| c.is_ascii_digit())
            && (is_word(word, WORDS) || names().any(|line| is_word(word, line)))
    };
    let unquoted: Vec<_> =
        said.split('"').enumerate().map(|(n, part)| if n % 2 == 0 { part } else { "…" }).collect();
    let said = unquoted.join("\"");
    let mut out = String::new();
    let said: String = said.chars().take(300).collect();
    let mut rest = said.as_str();
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || c == '_') {
        let (between, from) = rest.split_at(at);
        let end = from.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(between);
        out.push_str(if is_known(word) { word } else { "…" });
        rest = after;
    }
    out + rest
}

impl VaultError {
    pub(crate) fn database(code: i32, said: &str) -> Self {
        Self::Database { code, message: nobodys(said) }
    }

    pub(crate) fn io(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::Missing,
            std::io::ErrorKind::StorageFull => Self::StorageFull,
            _ => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn told(sql: &str) -> String {
        let connection = Connection::open_in_memory().expect("a database");
        connection.execute_batch(include_str!("../schema/0001.sql")).expect("the schema");
        let error = connection.execute_batch(sql).expect_err("it fails");
        VaultError::from(error).to_string()
    }

    #[test]
    fn what_sqlite_says_is_told_with_its_code_and_without_what_anybody_wrote() {
        let twice =
            "INSERT INTO setting VALUES ('Odile', x'00'); INSERT INTO setting VALUES ('Odile', x'01')";
        assert_eq!(told(twice), "the database failed with code 1555: UNIQUE constraint failed: setting.name");
        assert_eq!(
            told("INSERT INTO withdrawn_scope VALUES (x'00')"),
            "the database failed with code 275: CHECK constraint failed: length(scope) = …"
        );
        assert_eq!(
            told("SELECT n FROM record WHERE missing_here = 1"),
            "the database failed with code 1: no such column: …"
        );
        let searched =
            told("SELECT count(*) FROM record_words WHERE record_words MATCH 'Odile NEAR OR \"weint'");
        assert!(searched.starts_with("the database failed with code 1: "), "{searched}");
        assert!(!searched.contains("Odile") && !searched.contains("weint"), "{searched}");
        let quoted = told("SELECT Odile_weint FROM setting");
        assert!(quoted.contains("no such column: …"), "{quoted}");
    }
}
