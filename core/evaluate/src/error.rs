use crate::SourceFailure;

/// Why an evaluation could not be written. Never holds an answer or a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The records could not be read.
    #[error("the records could not be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file could not be written; what was there before is untouched.
    #[error("{file} could not be written: {source}")]
    Unwritable {
        /// Name of the file inside the output folder.
        file: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A published data set does not have the form it needs.
    #[error("published data set {set}, line {line}: {problem}")]
    BadPublished {
        /// The data set.
        set: &'static str,
        /// Line in its file, from 1.
        line: u64,
        /// What is wrong.
        problem: &'static str,
    },
    /// Unsuppressed figures were asked for by somebody the study does not name for it.
    #[error("unsuppressed figures are only for the role the study names")]
    NotAuthorised,
    /// More records, columns or answers than an evaluation takes.
    #[error("more {what} than the {most} an evaluation takes")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        most: u64,
    },
}

impl From<SourceFailure> for Refused {
    fn from(failure: SourceFailure) -> Self {
        match failure {
            SourceFailure::Unreadable(cause) => Refused::Source(cause),
            SourceFailure::Stopped(refused) => refused,
        }
    }
}
