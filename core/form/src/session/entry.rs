//! What a person does to a session: the unit a draft's journal holds.

use serde::{Deserialize, Serialize};

use crate::{Language, Value};

/// One act of the person answering. A session is a function of its opening and its entries.
///
/// Paths are an item's [`path`](crate::Item::path) with the 1-based number of each repeat instance: `visits[2]/drug`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Gives, changes or (with `None`) clears an answer. [`Value::Missing`] takes only the kinds a person can choose.
    Answer {
        /// The question.
        path: String,
        /// The answer; `None` clears it.
        value: Option<Value>,
    },
    /// Adds an instance after the last one.
    AddRepeat {
        /// The repeat, without a number of its own: `visits`, `visits[2]/doses`.
        path: String,
    },
    /// Removes an instance with everything in it; later instances move up.
    RemoveRepeat {
        /// The instance: `visits[2]`.
        path: String,
    },
    /// Goes on in another language; answers stay.
    Language(Language),
    /// Goes to the next page unless something on this one blocks.
    Next,
    /// Goes to the page before.
    Back,
    /// Goes to the page of a question, of a repeat (`visits`), or, with an empty path, to the check page.
    GoTo(String),
}
