//! Which forms a study uses, and what a filled-in one is.

use serde::{Deserialize, Serialize};

/// A form of the study. Its questions are in the workbook; how it is used is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyInstrument {
    /// Equal to the workbook's `form_id`.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Path of the workbook, relative to the study's folder, with `/`.
    pub file: String,
    /// What a filled-in one is.
    pub kind: InstrumentKind,
    /// Sealed so that neither ward staff nor the tablet itself can open it again.
    pub confidential: bool,
    /// Names of the items (or [`WARD`](super::WARD), the ward of the record) that say which one thing it is about:
    /// for a fact or an outcome, two records with the same key are the same record; for a position, the decision it
    /// is about, while the record stays one per voice. Empty for responses and encounters.
    pub natural_key: Vec<String>,
    /// What its counts are out of, in words; never empty.
    pub denominators: Vec<String>,
    /// When and how often it is asked, in words.
    pub schedule: String,
    /// Who has been through its wording, in words; equal to the workbook's setting.
    pub wording_status: String,
}

/// What a filled-in form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// A person's own answers; each stands for itself.
    Response,
    /// Whether somebody was asked to take part, and what came of it.
    Encounter,
    /// Something that is one way or another, known once per natural key; different values are a conflict.
    Fact,
    /// One voice on a decision; kept whatever the others say.
    Position,
    /// What was decided, beside the positions.
    Outcome,
}

impl InstrumentKind {
    /// The word used in documents and tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            InstrumentKind::Response => "response",
            InstrumentKind::Encounter => "encounter",
            InstrumentKind::Fact => "fact",
            InstrumentKind::Position => "position",
            InstrumentKind::Outcome => "outcome",
        }
    }

    /// Whether records of this kind have a natural key.
    #[must_use]
    pub fn has_natural_key(self) -> bool {
        matches!(self, InstrumentKind::Fact | InstrumentKind::Position | InstrumentKind::Outcome)
    }
}
