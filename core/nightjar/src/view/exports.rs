//! What was exported, and what of it has to be destroyed.

use serde::{Deserialize, Serialize};

/// An export that this device made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedView {
    /// Its manifest's id.
    pub id: String,
    /// The day it was made (ISO 8601).
    pub made: String,
    /// The study's version then.
    pub version: String,
    /// Where it was written.
    pub folder: String,
    /// Whether figures for others went out with it.
    pub published: bool,
    /// Whether all of it was written; else some of its files may be there.
    pub whole: bool,
    /// The day on which somebody said that its files are destroyed.
    pub destroyed: Option<String>,
    /// Records in it.
    pub records: u64,
    /// Of these, taken out since.
    pub taken_out: u64,
    /// Whether its row-level files have to be destroyed: they hold what was taken out.
    pub destroy: bool,
    /// Its files.
    pub files: Vec<ExportedFileView>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFileView {
    /// Its path in the folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes, by which a copy is told.
    pub blake3: String,
    /// Whether it has a line for each record.
    pub row_level: bool,
}

/// Why figures were not written: too few responses are other than in the figures before, so that the difference would be theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HeldBackView {
    /// Responses that are new, gone or changed since.
    pub changed: u64,
    /// As many as the study's disclosure rule wants.
    pub needed: u64,
}
