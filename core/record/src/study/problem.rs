//! What can be wrong with a study document, said all at once.

use std::fmt;

/// All problems of one document, in the order of its lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyProblems(pub(super) Vec<StudyProblem>);

impl StudyProblems {
    /// Each problem.
    #[must_use]
    pub fn as_slice(&self) -> &[StudyProblem] {
        &self.0
    }
}

impl fmt::Display for StudyProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StudyProblems {}

/// One problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyProblem {
    /// File as named by the caller.
    pub file: String,
    /// Line, from 1, where there is one.
    pub line: Option<usize>,
    /// Table and key, such as `ward[2].phases.live`.
    pub place: String,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for StudyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if self.place.is_empty() {
            write!(f, ": {}", self.problem)
        } else {
            write!(f, ": {}: {}", self.place, self.problem)
        }
    }
}

/// Kinds of problem. The values shown come from the study document, never from an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The document is larger than [`super::Study::MAX_BYTES`].
    #[error("the document has {bytes} bytes, more than {most}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        most: usize,
    },
    /// Not TOML.
    #[error("this is not TOML: {0}")]
    Syntax(String),
    /// A key that must be there.
    #[error("this is missing: {0}")]
    Missing(&'static str),
    /// A key nobody reads: misspelt, or of a later version.
    #[error("unknown key; remove it or correct its spelling")]
    UnknownKey,
    /// Another type of value.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What belongs here.
        expected: &'static str,
        /// What is here.
        found: &'static str,
    },
    /// Text longer than allowed.
    #[error("the text has {chars} characters, more than {most}")]
    TooLong {
        /// Its length.
        chars: usize,
        /// The bound.
        most: usize,
    },
    /// Empty text or an empty list where something must be said.
    #[error("this must not be empty")]
    Empty,
    /// More entries than allowed.
    #[error("{count} entries, more than {most}")]
    TooMany {
        /// How many.
        count: usize,
        /// The bound.
        most: usize,
    },
    /// A number out of its range.
    #[error("the number must be from {least} to {most}")]
    OutOfRange {
        /// Smallest.
        least: u32,
        /// Largest.
        most: u32,
    },
    /// A code with other characters than allowed.
    #[error(
        "a code has lower-case letters, digits, '-' and '_', begins with a letter or digit and has at most {most} characters"
    )]
    BadCode {
        /// Longest.
        most: usize,
    },
    /// A path that leaves the folder or has another ending.
    #[error("a file is named relative to this folder, with '/', without '..', and ends in {ending}")]
    BadPath {
        /// The ending.
        ending: &'static str,
    },
    /// A word that is not one of the allowed ones.
    #[error("must be one of: {allowed}")]
    NotOneOf {
        /// The allowed words.
        allowed: String,
    },
    /// A time that is not `HH:MM`.
    #[error("a time is written as \"07:30\"")]
    BadTime,
    /// A date format jiff does not know.
    #[error("this is not a date format such as \"%-d %B %Y\"")]
    BadDateFormat,
    /// An unknown time zone.
    #[error("unknown time zone; use an IANA name such as \"Europe/London\"")]
    UnknownTimeZone,
    /// The same code twice.
    #[error("\"{0}\" is there twice")]
    Duplicate(String),
    /// A code that names nothing.
    #[error("there is no {what} \"{code}\"")]
    UnknownReference {
        /// What was looked for.
        what: &'static str,
        /// The code.
        code: String,
    },
    /// A window without a length.
    #[error("the window begins and ends at the same time")]
    EmptyWindow,
    /// Last before first.
    #[error("the last day is before the first")]
    DaysReversed,
    /// Bed counts that overlap, or not in order.
    #[error("bed counts must follow one another without overlap")]
    BedsOverlap,
    /// Phases out of order or overlapping.
    #[error("\"{later}\" must begin after \"{earlier}\" has ended")]
    PhaseOrder {
        /// The phase that comes first.
        earlier: &'static str,
        /// The phase that comes after.
        later: &'static str,
    },
    /// A phase that every ward has is missing.
    #[error("every ward has a baseline and a live phase; \"{0}\" is missing")]
    PhaseMissing(&'static str),
    /// No bed count for a day of a phase.
    #[error("no bed count covers {0}")]
    NoBeds(String),
    /// The data lock is before the end of the last phase.
    #[error("the data lock must be after the last day of the last phase, {0}")]
    LockTooEarly(String),
    /// A threshold weaker than the policy's own.
    #[error("the policy itself sets {least}; a study may only be stricter")]
    ThresholdTooLow {
        /// The policy's own.
        least: u32,
    },
    /// Unsuppressed tables for nobody, or a role where nothing is unsuppressed.
    #[error("raw-internal names its authorised_role, and only raw-internal has one")]
    RawNeedsRole,
    /// Research without registration.
    #[error("research cannot run without approval: name the registration")]
    ResearchUnregistered,
    /// A natural key where there is none, or none where there must be one.
    #[error("a fact, a position and an outcome have a natural_key; a response and an encounter have none")]
    NaturalKey,
    /// A promise that cannot be kept.
    #[error("do not promise anonymity: if few people answer, someone might still guess")]
    PromisesAnonymity,
    /// The day answers can be taken out until is not said.
    #[error("one paragraph must say until when answers can be taken out, with {{date}}")]
    NoTakeOutDate,
    /// More problems than are listed.
    #[error("and {0} more problems")]
    More(usize),
    /// Warning: go-live dates too close.
    #[error(
        "goes live {days} days after \"{other}\"; four weeks or more tell a ward's change from the season's"
    )]
    GoLiveTooClose {
        /// Days between.
        days: i64,
        /// The other ward.
        other: String,
    },
    /// Warning: an instrument nobody may fill in.
    #[error("no role may fill this in")]
    NobodyMay,
}
