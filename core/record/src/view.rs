//! What a record holds, as people see it: cells with every value that is held, conflicts, history.

use std::sync::Arc;

use nightjar_form::{CellKey, Value};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::id::{ChangeHash, Contributor, RecordId};

/// Who wrote a change, as claimed when the tablet was handed over. Never a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Hand {
    /// The role claimed.
    pub role: String,
    /// Local date and time such as `2025-03-02T14:05`, where the study allows it; never for a confidential response.
    pub at: Option<String>,
}

/// One value that a register holds, and which change put it there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The value.
    pub value: Value,
    /// The change that wrote it; a settlement names this.
    pub change: ChangeHash,
    /// Which device it came from.
    pub from: Contributor,
    /// Role and time claimed; one for all that a change wrote.
    pub hand: Arc<Hand>,
    /// Of a value that was put beside a settlement: why it was disputed.
    pub disputes: Option<String>,
}

/// Everything that a cell holds: nearly always one value, which then needs no memory of its own.
pub type AllHeld = SmallVec<[Held; 1]>;

/// One cell of a record: its item (or item in an instance) and everything held there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Which item, in which instance.
    pub key: CellKey,
    /// Everything held, never empty, in the same order on every device. Two devices may hold equal values; values that
    /// differ are a conflict.
    pub held: AllHeld,
}

impl Cell {
    /// The values that differ from each other; one when all agree.
    pub fn values(&self) -> Vec<&Value> {
        let mut out: Vec<&Value> = Vec::new();
        for held in &self.held {
            if !out.contains(&&held.value) {
                out.push(&held.value);
            }
        }
        out
    }

    /// The value, if all that is held agrees.
    pub fn settled(&self) -> Option<&Value> {
        match self.values().as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Concurrent different values of one fact, all kept until a person settles them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Conflict {
    /// The record.
    pub record: RecordId,
    /// The cell.
    pub cell: CellKey,
    /// For a multi-select, the option about which they differ: chosen is `Many([option])`, not chosen `Many([])`.
    pub option: Option<String>,
    /// All values with who wrote them, in a fixed order.
    pub values: Vec<Held>,
}

/// How a conflict was settled: which value, and exactly which changes the person saw and settled.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settle {
    /// The cell.
    pub cell: CellKey,
    /// The value that stands from now on; it may be another than those held.
    pub value: Value,
    /// The changes whose values were seen. They must be exactly those held, or the settlement is refused.
    pub settles: Vec<ChangeHash>,
}

/// A settlement that somebody does not agree with: their value is put beside it, and the cell is a conflict again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Dispute {
    /// The cell.
    pub cell: CellKey,
    /// The value that they hold to be right.
    pub value: Value,
}

/// One settlement as read back from history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settlement {
    /// The change that settled.
    pub change: ChangeHash,
    /// Which device it came from.
    pub from: Contributor,
    /// Role and time claimed.
    pub hand: Hand,
    /// Why, in the settling person's words.
    pub reason: String,
    /// The cell, and the option for a multi-select.
    pub cell: CellKey,
    /// For a multi-select, the option.
    pub option: Option<String>,
    /// The values that were closed, with who had written them.
    pub settled: Vec<Held>,
    /// The value chosen.
    pub value: Value,
    /// Who put another value beside it, and why. A later settlement may have closed that again.
    pub disputed: Vec<Held>,
}

/// One step of a record's history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// The change.
    pub change: ChangeHash,
    /// Which device it came from.
    pub from: Contributor,
    /// Role and time claimed.
    pub hand: Hand,
    /// The cell, and the option for a multi-select.
    pub cell: CellKey,
    /// For a multi-select, the option.
    pub option: Option<String>,
    /// What the writer saw there before; empty when it is new.
    pub before: Vec<Value>,
    /// What they wrote.
    pub after: Value,
    /// Whether it closed a conflict, naming it.
    pub settles: bool,
    /// Of a value that was put beside a settlement: why it was disputed.
    pub disputes: Option<String>,
}
