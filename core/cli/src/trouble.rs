//! What stops a command, in one line that says what to do next, and the exit code that tells a script which it was.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use nightjar::Failure;
use thiserror::Error;

/// The exit codes, as `--help` prints them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 something else; 2 not a command; 3 what was given has errors; 4 wrong key; 5 no hub;
6 refused; 7 disk full; 8 damaged data; 9 another version or study; 10 the demonstration found a promise not held.";

/// Why a command stopped. No variant holds an answer, a name or a key.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// The facade refused or failed.
    #[error("{0}")]
    Facade(#[from] Failure),
    /// Another process of ours was asked something and said no.
    #[error("{device}: {text}")]
    Reply {
        /// Which process.
        device: String,
        /// The failure's kind, as the line protocol names it.
        kind: String,
        /// The failure in words.
        text: String,
    },
    /// Another process of ours stopped or does not speak the line protocol.
    #[error("{device} stopped answering: {why}. Run the command again; if it stops again, please report it")]
    Gone {
        /// Which process.
        device: String,
        /// What was seen.
        why: String,
    },
    /// A file or folder.
    #[error("{}: {source}{}", path.display(), next_step(source))]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard input or output.
    #[error("the terminal or pipe: {0}")]
    Stream(#[from] io::Error),
    /// The hub does not start.
    #[error("{}", because(.0))]
    Hub(#[from] nightjar_hub::Failure),
    /// The hub's address cannot be had.
    #[error("{address}: {source}. Choose another address or port with --listen")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// What was given has errors; they have been printed, or the text names them.
    #[error("{0}")]
    Given(String),
    /// Neither a folder nor a database was named.
    #[error("say where the hub keeps its log: --data or --database, and with --data the backup with --from")]
    NoDatabase,
    /// How the key was given.
    #[error("{0}")]
    Key(&'static str),
    /// The demonstration looked and a promise did not hold.
    #[error("this did not hold: {0}. Please report it with the seed")]
    NotHeld(String),
}

impl Trouble {
    /// For `map_err` beside a path.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Trouble {
        let path = path.into();
        move |source| Trouble::File { path, source }
    }

    /// Whether whoever read our output has gone, as `nightjar … | head` does: no fault.
    pub(crate) fn is_reader_gone(&self) -> bool {
        matches!(self, Trouble::Stream(source) if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Trouble::Facade(failure) => code_of(kind(failure)),
            Trouble::Reply { kind, .. } => code_of(kind),
            Trouble::File { source, .. } | Trouble::Stream(source) if is_full(source) => 7,
            Trouble::Given(_) | Trouble::NoDatabase => 3,
            Trouble::Key(_) => 4,
            Trouble::NotHeld(_) => 10,
            Trouble::Hub(
                nightjar_hub::Failure::Database { .. }
                | nightjar_hub::Failure::NotAHub { .. }
                | nightjar_hub::Failure::Unfit { .. },
            ) => 8,
            Trouble::Hub(_) | Trouble::Address { .. } => 1,
            Trouble::File { .. } | Trouble::Stream(_) | Trouble::Gone { .. } => 1,
        }
    }
}

/// The name of a failure in the line protocol.
pub(crate) fn kind(failure: &Failure) -> &'static str {
    match failure {
        Failure::WrongKey(_) => "wrong_key",
        Failure::Invalid(_) => "invalid",
        Failure::Offline(_) => "offline",
        Failure::Rejected(_) => "rejected",
        Failure::StorageFull(_) => "storage_full",
        Failure::Corrupt(_) => "corrupt",
        Failure::Incompatible(_) => "incompatible",
        Failure::Closed(_) => "closed",
        Failure::Cancelled => "cancelled",
        _ => "internal",
    }
}

fn code_of(kind: &str) -> u8 {
    match kind {
        "invalid" => 3,
        "wrong_key" => 4,
        "offline" => 5,
        "rejected" => 6,
        "storage_full" => 7,
        "corrupt" => 8,
        "incompatible" => 9,
        _ => 1,
    }
}

fn is_full(source: &io::Error) -> bool {
    matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn because(failure: &nightjar_hub::Failure) -> String {
    let mut said = failure.to_string();
    let mut source = failure.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some repeat what lies beneath them.
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        source = cause.source();
    }
    said
}

fn next_step(source: &io::Error) -> &'static str {
    match source.kind() {
        _ if is_full(source) => ". Free some space and run it again; what was saved is kept",
        io::ErrorKind::NotFound => ". Check the path",
        io::ErrorKind::PermissionDenied => ". Choose a folder you may write to",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_has_its_own_exit_code_whichever_process_met_it() {
        let failures = [
            (Failure::Invalid(String::new()), 3),
            (Failure::WrongKey(String::new()), 4),
            (Failure::Offline(String::new()), 5),
            (Failure::Rejected(String::new()), 6),
            (Failure::StorageFull(String::new()), 7),
            (Failure::Corrupt(String::new()), 8),
            (Failure::Incompatible(String::new()), 9),
            (Failure::Internal(String::new()), 1),
        ];
        for (failure, code) in failures {
            let far = Trouble::Reply {
                device: "tablet 1".into(),
                kind: kind(&failure).into(),
                text: String::new(),
            };
            assert_eq!(far.exit_code(), code, "{}", kind(&failure));
            assert_eq!(Trouble::from(failure).exit_code(), code);
        }
    }

    #[test]
    fn a_full_disk_says_that_nothing_is_lost_and_what_to_do() {
        let full = Trouble::File { path: "report.html".into(), source: io::ErrorKind::StorageFull.into() };
        assert_eq!(full.exit_code(), 7);
        assert!(full.to_string().contains("Free some space"), "{full}");
    }
}
