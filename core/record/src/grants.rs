//! What a change needs to be allowed: the seal roster's grants are checked against this by the caller.

use serde::{Deserialize, Serialize};

/// What a device may do with records of a kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Begin a record.
    Create,
    /// Change what a record says.
    Edit,
    /// Settle a conflict.
    Settle,
}

/// One thing that the device of a change must have been granted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Need {
    /// The record's kind.
    pub kind: String,
    /// What is done.
    pub action: Action,
    /// In which ward.
    pub ward: String,
}
