//! Published figures: cited, restated as plain numbers, never mixed with records.

use serde::{Deserialize, Serialize};

use super::measure::MeasureWindow;

/// A data set restated from a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Short code.
    pub id: String,
    /// What it counts.
    pub title: String,
    /// Path of the CSV file, relative to the study's folder, with `/`.
    pub file: String,
    /// Full citation.
    pub citation: String,
    /// Digital object identifier.
    pub doi: String,
    /// Where in the publication.
    pub place: String,
    /// Licence of the publication, and what was taken from it.
    pub licence: String,
    /// The days the figures are about.
    pub windows: Vec<MeasureWindow>,
    /// What must be printed beside every figure from it.
    pub caveats: Vec<String>,
    /// Where the publication contradicts itself.
    pub flags: Vec<Flag>,
}

/// A place where a publication contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// Number by which the report refers to it.
    pub number: u32,
    /// What does not fit with what.
    pub text: String,
}
