//! Why an answer does not come along.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ItemKind, Refusal};

/// Why an answer is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The new version has no such item.
    Removed,
    /// The item asks for something of another type.
    TypeChanged {
        /// What it asked for.
        from: ItemKind,
        /// What it asks for.
        to: ItemKind,
    },
    /// The item is in another repeat, or the repeat is gone.
    RepeatGone,
    /// The new version has fewer instances of the repeat.
    InstanceGone,
    /// A code that is not offered, given the other answers.
    NotOffered,
    /// The number is not on the new scale.
    OffScale,
    /// The text is longer than the new version takes.
    TooLong,
    /// The answer breaks a constraint that it did not break.
    ConstraintBroken,
    /// The question is not asked, given the other answers.
    NotRelevant,
    /// The question takes no answer any more.
    NotAQuestion,
    /// The question cannot be changed.
    ReadOnly,
    /// The form sets the value, and sets another one now.
    Recomputed,
}

impl Reason {
    /// Of an entry that the new version refused.
    pub(super) fn of(refusal: &Refusal, from: ItemKind, to: ItemKind) -> Reason {
        match refusal {
            Refusal::NotRelevant(_) => Reason::NotRelevant,
            Refusal::ReadOnly(_) => Reason::ReadOnly,
            Refusal::OffScale(_) => Reason::OffScale,
            Refusal::TooLong { .. } => Reason::TooLong,
            Refusal::NotAQuestion(_) => Reason::NotAQuestion,
            Refusal::UnknownPath(_) => Reason::InstanceGone,
            Refusal::UnknownCode(_) | Refusal::NotAChoice(_) if from.has_choices() == to.has_choices() => {
                Reason::NotOffered
            }
            _ => Reason::TypeChanged { from, to },
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Removed => f.write_str("the new version does not ask it"),
            Reason::TypeChanged { from, to } => write!(f, "the type was {from}, is {to}"),
            Reason::RepeatGone => f.write_str("it is no longer in this repeat"),
            Reason::InstanceGone => f.write_str("the new version has fewer entries here"),
            Reason::NotOffered => f.write_str("what was chosen is not offered"),
            Reason::OffScale => f.write_str("the number is not on the new scale"),
            Reason::TooLong => f.write_str("the text is too long for the new version"),
            Reason::ConstraintBroken => f.write_str("the new version does not accept the answer"),
            Reason::NotRelevant => f.write_str("it is not asked, given the other answers"),
            Reason::NotAQuestion => f.write_str("it is no question in the new version"),
            Reason::ReadOnly => f.write_str("it cannot be changed in the new version"),
            Reason::Recomputed => f.write_str("the form sets it, and sets it otherwise now"),
        }
    }
}
