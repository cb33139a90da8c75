//! Who holds the tablet: a role chosen at hand-over, shown as claimed, never a person.

use serde::{Deserialize, Serialize};

/// A role that may fill in some instruments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Short code.
    pub code: String,
    /// What people call it.
    pub label: String,
    /// Whose voice it is counted as.
    pub voice: Voice,
    /// Ids of the instruments it may fill in.
    pub may: Vec<String>,
}

/// Whose voice; what answers are grouped by in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// People staying on the ward.
    Patient,
    /// Family and friends.
    Carer,
    /// People working on the ward, of every profession.
    Staff,
    /// Evaluators, advocates and everybody else.
    Other,
}

impl Voice {
    /// The word used in documents and tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Voice::Patient => "patient",
            Voice::Carer => "carer",
            Voice::Staff => "staff",
            Voice::Other => "other",
        }
    }
}
