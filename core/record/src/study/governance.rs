//! What a study is in the eyes of the organisation, and where its records come from.

use serde::{Deserialize, Serialize};

/// In which of the three columns of the HRA's "Defining Research" table a project sits; it must be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GovernanceClass {
    /// Designed only to define or judge current care.
    ServiceEvaluation,
    /// Measures care against a standard.
    Audit,
    /// Meant to hold beyond the sample; needs approval, consent and consultees.
    Research,
}

impl GovernanceClass {
    /// The word used in documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            GovernanceClass::ServiceEvaluation => "service_evaluation",
            GovernanceClass::Audit => "audit",
            GovernanceClass::Research => "research",
        }
    }
}

/// Where the records of a study come from; they share no chart with those of another origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataOrigin {
    /// People on the wards.
    Own,
    /// A seeded simulation; said so on every page.
    Simulated,
}

impl DataOrigin {
    /// The word used in documents and tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            DataOrigin::Own => "own",
            DataOrigin::Simulated => "simulated",
        }
    }
}

/// What happens to a draft nobody touches; announced on the information page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// Minutes until the answers are hidden.
    pub hide_after_minutes: u32,
    /// Hours until an unfinished draft is thrown away.
    pub discard_after_hours: u32,
}
