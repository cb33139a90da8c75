//! Why a session did not do what it was asked; it is then unchanged.

use crate::ItemKind;

/// An entry that the session did not take. Names places, never answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The instrument has no such language.
    #[error("the form has no language \"{0}\"")]
    UnknownLanguage(String),
    /// Nothing in the form has this path.
    #[error("the form has no question at \"{0}\"")]
    UnknownPath(String),
    /// The path names a note, calculation or metadata.
    #[error("\"{0}\" is not a question and takes no answer")]
    NotAQuestion(String),
    /// The question is not asked, given the other answers.
    #[error("\"{0}\" is not asked, given the other answers")]
    NotRelevant(String),
    /// The form says that the question cannot be changed.
    #[error("\"{0}\" is read-only")]
    ReadOnly(String),
    /// The answer has the wrong type.
    #[error("\"{path}\" takes an answer of type {expected}")]
    WrongType {
        /// The question.
        path: String,
        /// What it asks for.
        expected: ItemKind,
    },
    /// A code that is not among the choices now offered, or one given twice.
    #[error("\"{0}\" does not offer that choice")]
    UnknownCode(String),
    /// The number is outside the range's scale or between its steps.
    #[error("\"{0}\" takes a number on its scale")]
    OffScale(String),
    /// The text is too long.
    #[error("the answer to \"{path}\" is longer than {max} characters")]
    TooLong {
        /// The question.
        path: String,
        /// Most characters taken.
        max: usize,
    },
    /// The kind of missing answer is one the session observes, not one a person chooses.
    #[error("\"{0}\" takes only reasons that a person can choose")]
    NotAChoice(String),
    /// The path names no repeat or no instance of one.
    #[error("the form has no repeat at \"{0}\"")]
    UnknownRepeat(String),
    /// The form itself counts the instances of the repeat.
    #[error("the form itself counts \"{0}\"")]
    CountedRepeat(String),
    /// There are as many instances as a response may hold.
    #[error("\"{path}\" cannot have more than {max} entries")]
    TooManyInstances {
        /// The repeat.
        path: String,
        /// Most instances.
        max: usize,
    },
}
