//! What a session leaves behind.

use serde::{Deserialize, Serialize};

use crate::{CellKey, InstanceKey, ItemKey, Value};

/// The answers of one response: a flat list of cells, and the repeat instances they stand in.
///
/// Items that are not relevant are absent. A relevant question without an answer holds a
/// [`Value::Missing`]; a calculation, hidden item or metadata without a value is absent; notes are always absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Each cell once, in document order.
    pub cells: Vec<(CellKey, Value)>,
    /// The relevant repeat instances in document order.
    pub instances: Vec<Instance>,
}

impl Answers {
    /// The value of an item outside repeats.
    #[must_use]
    pub fn get(&self, item: ItemKey) -> Option<&Value> {
        self.cells.iter().find(|(key, _)| *key == CellKey::from(item)).map(|(_, value)| value)
    }
}

/// One instance of a repeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its identity in this response.
    pub key: InstanceKey,
    /// The repeat's identity, made like an item's: of its `nightjar::id` or its name path without groups.
    pub repeat: ItemKey,
    /// The instance it is nested in.
    pub parent: Option<InstanceKey>,
    /// Its place among its siblings, from 1.
    pub position: u32,
}
