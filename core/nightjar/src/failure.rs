//! What can go wrong, named by what an app can do about it.

use serde::Serialize;
use thiserror::Error;

/// A refusal or failure of the facade. The texts are plain words for the person at the device; none of them holds an
/// answer, a name, a key or a code.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Failure {
    /// The key does not open this vault, or the file is no vault. Ask for the key again; nothing was changed.
    #[error("this key does not open the vault, or the file is not a vault: {0}")]
    WrongKey(String),
    /// What was asked for is not allowed or does not fit; the text says what to change.
    #[error("{0}")]
    Invalid(String),
    /// The hub cannot be reached, or cannot work now. Everything stays on this device; try again later.
    #[error("the hub cannot be reached, everything stays on this device: {0}")]
    Offline(String),
    /// The hub or the roster refuses; trying again will not help without a person.
    #[error("refused: {0}")]
    Rejected(String),
    /// The disk is full. What was acknowledged is kept; free some space.
    #[error("the disk is full; what was saved is kept, free some space: {0}")]
    StorageFull(String),
    /// Stored bytes are damaged. Nothing was deleted.
    #[error("stored data are damaged, nothing was deleted: {0}")]
    Corrupt(String),
    /// Written by a newer version, or belongs to another study.
    #[error("this does not fit this version or this study: {0}")]
    Incompatible(String),
    /// The vault or sitting was closed.
    #[error("this is closed: {0}")]
    Closed(String),
    /// Cancelled by the caller.
    #[error("cancelled")]
    Cancelled,
    /// A fault in Nightjar. Please report it.
    #[error("a fault in Nightjar, please report it: {0}")]
    Internal(String),
}

impl Failure {
    /// [`Failure::Invalid`] from anything that can be displayed.
    pub(crate) fn invalid(problem: impl std::fmt::Display) -> Self {
        Self::Invalid(problem.to_string())
    }

    /// [`Failure::Internal`] from anything that can be displayed.
    pub(crate) fn internal(fault: impl std::fmt::Display) -> Self {
        Self::Internal(fault.to_string())
    }
}
