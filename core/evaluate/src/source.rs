use std::sync::Arc;

use nightjar_form::{CellKey, Instrument, Value};
use nightjar_record::study::{DataOrigin, Phase, Study, Voice};

use crate::Refused;

/// Where an evaluation reads from. The facade implements it over the vault; rows are streamed, never held.
pub trait Source {
    /// The study the records belong to.
    fn study(&self) -> &Study;

    /// All instruments of the study in all versions that a record was made with, older versions first.
    fn instruments(&self) -> &[Arc<Instrument>];

    /// Gives every record of one form, of every version, to `each`, one at a time.
    ///
    /// Any order will do: what is written is put into an order of its own, independent of record ids. Withdrawn
    /// records are not given.
    ///
    /// # Errors
    /// [`SourceFailure`] when the records cannot be read, or what `each` said when it stops early.
    fn rows(&self, form_id: &str, each: &mut dyn FnMut(Row) -> Result<(), Stop>)
    -> Result<(), SourceFailure>;

    /// Decisions: the outcome and every position, beside each other.
    ///
    /// # Errors
    /// When the records cannot be read.
    fn cases(&self) -> Result<Vec<Case>, SourceFailure>;

    /// Facts on which tablets wrote different values at once, settled or not.
    ///
    /// # Errors
    /// When the records cannot be read.
    fn conflicts(&self) -> Result<Vec<FactConflict>, SourceFailure>;

    /// What came from each tablet of what it says it sent.
    fn received(&self) -> Vec<Received>;
}

/// One record as the evaluation sees it: when and where only as finely as the study keeps it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The record's id as text, opaque; written only to row-level files.
    pub trace: String,
    /// The form it answers.
    pub form_id: String,
    /// Hash of the form version it was made with.
    pub version: [u8; 32],
    /// Code of the ward, if the record has one.
    pub ward: Option<String>,
    /// Code of the study role that gave it, as claimed at hand-over.
    pub role: Option<String>,
    /// Phase the ward was in.
    pub phase: Option<Phase>,
    /// The week, as the record keeps it, for instance `2025-W09`.
    pub week: Option<String>,
    /// The part of the day, as the record keeps it, for instance `morning`.
    pub part_of_day: Option<String>,
    /// Code of the language it was answered in, for instance `en-x-easyread`.
    pub language: Option<String>,
    /// The values of each cell; more than one is a conflict nobody has settled. Never empty.
    pub cells: Vec<(CellKey, Vec<Value>)>,
    /// Whether a person gave it or the simulation.
    pub provenance: DataOrigin,
}

/// One decision with its positions.
#[derive(Debug, Clone)]
pub struct Case {
    /// The ward's own label; never printed in the report.
    pub label: String,
    /// Code of the ward.
    pub ward: Option<String>,
    /// Phase the ward was in.
    pub phase: Option<Phase>,
    /// What was decided, when an outcome has been recorded. More than one when outcomes differ.
    pub outcomes: Vec<String>,
    /// Every voice, each its own.
    pub positions: Vec<Position>,
    /// Whether people or the simulation gave it.
    pub provenance: DataOrigin,
}

/// One voice on a decision.
#[derive(Debug, Clone)]
pub struct Position {
    /// Whose voice, in words a reader understands, for instance "Nurse".
    pub role: String,
    /// Which group of people the voice belongs to.
    pub voice: Voice,
    /// The stance, in words, for instance "For". More than one when the same voice is in conflict.
    pub stances: Vec<String>,
}

/// A fact that was written twice, differently, before either tablet saw the other.
#[derive(Debug, Clone)]
pub struct FactConflict {
    /// The form.
    pub form_id: String,
    /// The cell in question.
    pub cell: CellKey,
    /// Code of the ward.
    pub ward: Option<String>,
    /// What each said, and who said it.
    pub claims: Vec<Claim>,
    /// Who settled it, and what on, once a person has.
    pub settled: Option<Claim>,
    /// Whether people or the simulation gave it.
    pub provenance: DataOrigin,
}

/// A value and who claimed it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The value.
    pub value: Value,
    /// Label of the tablet or evaluator, for instance "Tablet 1".
    pub device: String,
    /// The role as claimed, in words.
    pub role: String,
}

/// How much of what a tablet sent has arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Label of the tablet.
    pub tablet: String,
    /// Envelopes that arrived and opened.
    pub received: u64,
    /// Envelopes the tablet's own signed count says it sent, when known.
    pub expected: Option<u64>,
}

/// Said by the receiver of rows to end the stream early.
#[derive(Debug)]
pub struct Stop(pub Refused);

/// Why rows ended before the last.
#[derive(Debug, thiserror::Error)]
pub enum SourceFailure {
    /// The records could not be read.
    #[error("the records could not be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The receiver stopped.
    #[error("stopped")]
    Stopped(Refused),
}

impl From<Stop> for SourceFailure {
    fn from(stop: Stop) -> Self {
        SourceFailure::Stopped(stop.0)
    }
}
