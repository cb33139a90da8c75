//! What the demonstration reads of its processes' answers: only the fields it shows or compares.

use nightjar_form::Value;
use serde::Deserialize;

use crate::simulate::Page;

/// An opened form.
#[derive(Deserialize)]
pub(super) struct Opened {
    pub(super) sitting: String,
    pub(super) page: Page,
}

/// What an answer changed.
#[derive(Deserialize)]
pub(super) struct Outcome {
    pub(super) problems: Vec<Problem>,
}

/// What stands in the way.
#[derive(Deserialize)]
pub(super) struct Problem {
    pub(super) path: String,
}

/// A finished form.
#[derive(Deserialize)]
pub(super) struct Finished {
    pub(super) record: String,
}

/// A form that was ended with words of its own.
#[derive(Deserialize)]
pub(super) struct WithWords {
    pub(super) record: String,
    pub(super) words: String,
}

/// What was taken out, and where.
#[derive(Deserialize)]
pub(super) struct Erased {
    pub(super) taken_out: u64,
    pub(super) devices: Vec<ErasedOn>,
}

/// What one device has taken out.
#[derive(Deserialize)]
pub(super) struct ErasedOn {
    pub(super) confirmed: u64,
}

/// Something that was published.
#[derive(Clone, PartialEq, Deserialize)]
pub(super) struct Publication {
    pub(super) id: String,
    pub(super) pages: Vec<PublishedPage>,
}

/// A page of it.
#[derive(Clone, PartialEq, Deserialize)]
pub(super) struct PublishedPage {
    pub(super) title: String,
    pub(super) easy_read: bool,
}

/// An unfinished form.
#[derive(Deserialize)]
pub(super) struct Draft {
    pub(super) id: String,
}

/// A record.
#[derive(Clone, Deserialize)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) ward: String,
    pub(super) cells: Vec<Cell>,
}

impl Record {
    /// What is held for an item, in words.
    pub(super) fn text(&self, name: &str) -> String {
        let held = self.cell(name).map(|cell| cell.values.as_slice()).unwrap_or_default();
        held.iter().map(|held| held.text.as_str()).collect::<Vec<_>>().join(" / ")
    }

    /// Who wrote it: role, tablet and, where it may be told, the time.
    pub(super) fn who(&self) -> Option<String> {
        self.cells.iter().flat_map(|cell| &cell.values).next().map(Held::who)
    }

    /// The cell of an item.
    pub(super) fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.name == name)
    }
}

/// One item of a record.
#[derive(Clone, Deserialize)]
pub(super) struct Cell {
    pub(super) name: String,
    pub(super) values: Vec<Held>,
}

/// A value and who gave it.
#[derive(Clone, Deserialize)]
pub(super) struct Held {
    pub(super) value: Value,
    pub(super) text: String,
    pub(super) role: String,
    pub(super) tablet: String,
    pub(super) time: Option<String>,
}

impl Held {
    /// Role, tablet and, where it may be told, the time.
    pub(super) fn who(&self) -> String {
        let time = self.time.as_ref().map(|time| format!(", {time}")).unwrap_or_default();
        format!("{} on {}{time}", self.role, self.tablet)
    }
}

/// A fact held differently.
#[derive(Deserialize)]
pub(super) struct Conflict {
    pub(super) record: String,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) values: Vec<Held>,
}

/// The positions on a case.
#[derive(Deserialize)]
pub(super) struct Dissensus {
    pub(super) case: String,
    pub(super) outcome: Option<Record>,
    pub(super) positions: Vec<Record>,
    pub(super) differs: bool,
}

/// What a sync did.
#[derive(Deserialize)]
pub(super) struct Synced {
    pub(super) pushed: u64,
    pub(super) pulled: u64,
    pub(super) waiting: u64,
    pub(super) refused: Vec<String>,
    pub(super) set_aside: Vec<String>,
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
}

/// How much of a tablet an evaluator holds.
#[derive(Deserialize)]
pub(super) struct Received {
    pub(super) tablet: String,
    pub(super) received: u64,
    pub(super) expected: u64,
}

/// What an export wrote.
#[derive(Deserialize)]
pub(super) struct Exported {
    pub(super) files: Vec<String>,
}
