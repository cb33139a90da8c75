//! What can be asked of many records, and what comes back. The vault compiles a [`Query`] to SQL.

use serde::{Deserialize, Serialize};

use crate::id::RecordId;
use crate::meta::{Meta, Nature};
use crate::view::{Cell, Conflict};

/// A question about records. Empty fields ask for everything. Rows come in the order of record ids.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Query {
    /// Kinds, any of them.
    pub kinds: Vec<String>,
    /// Form ids, any of them.
    pub instruments: Vec<String>,
    /// Ward codes, any of them.
    pub wards: Vec<String>,
    /// Roles, any of them.
    pub roles: Vec<String>,
    /// Phases, any of them.
    pub phases: Vec<String>,
    /// Natures, any of them.
    pub natures: Vec<Nature>,
    /// Case label.
    pub case: Option<String>,
    /// These records only.
    pub records: Vec<RecordId>,
    /// Only records with (or without) an unsettled conflict.
    pub conflict: Option<bool>,
    /// Words that a record's texts hold, all of them, each at least as the beginning of a word; case and accents do not matter.
    pub text: Option<String>,
    /// At most so many rows in one batch; 0 means the default of [`Query::DEFAULT_LIMIT`].
    pub limit: usize,
    /// Go on after this record (`Batch::next` of the batch before).
    pub after: Option<RecordId>,
}

impl Query {
    /// Rows in a batch when the query does not say.
    pub const DEFAULT_LIMIT: usize = 500;
    /// Rows in a batch at most.
    pub const MAX_LIMIT: usize = 10_000;
}

/// One record in an answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The record.
    pub record: RecordId,
    /// What it says about itself.
    pub meta: Meta,
    /// Its cells, sorted by key.
    pub cells: Vec<Cell>,
    /// What its writers differ about.
    pub conflicts: Vec<Conflict>,
}

/// A bounded part of the answer to a [`Query`].
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Batch {
    /// The records.
    pub rows: Vec<Row>,
    /// Where the next batch begins; `None` when this was the last.
    pub next: Option<RecordId>,
}

/// How many records there are of one sort.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Count {
    /// Form id.
    pub instrument: String,
    /// Ward code.
    pub ward: String,
    /// Role.
    pub role: String,
    /// Phase, if the ward was in one.
    pub phase: Option<String>,
    /// How many.
    pub records: u64,
}
