//! What can go wrong, named by what an app can do about it.

use thiserror::Error;

/// A refusal or failure. Its text is in plain words for the person at the device and holds no answer, name, key or code.
#[derive(Debug, Clone, PartialEq, Eq, Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum Failure {
    /// The key does not open this vault, or the file is no vault.
    #[error("{reason}")]
    WrongKey {
        /// What happened and what to do.
        reason: String,
    },
    /// What was asked for is not allowed or does not fit.
    #[error("{reason}")]
    Invalid {
        /// What happened and what to do.
        reason: String,
    },
    /// The hub cannot be reached; everything stays on this device.
    #[error("{reason}")]
    Offline {
        /// What happened and what to do.
        reason: String,
    },
    /// The hub or the roster refuses.
    #[error("{reason}")]
    Rejected {
        /// What happened and what to do.
        reason: String,
    },
    /// The disk is full; what was acknowledged is kept.
    #[error("{reason}")]
    StorageFull {
        /// What happened and what to do.
        reason: String,
    },
    /// Stored bytes are damaged; nothing was deleted.
    #[error("{reason}")]
    Corrupt {
        /// What happened and what to do.
        reason: String,
    },
    /// Written by a newer version, or belongs to another study.
    #[error("{reason}")]
    Incompatible {
        /// What happened and what to do.
        reason: String,
    },
    /// The vault or sitting was closed.
    #[error("{reason}")]
    Closed {
        /// What happened and what to do.
        reason: String,
    },
    /// Cancelled by the caller.
    #[error("{reason}")]
    Cancelled {
        /// What happened and what to do.
        reason: String,
    },
    /// A fault in Nightjar. Please report it.
    #[error("{reason}")]
    Internal {
        /// What happened and what to do.
        reason: String,
    },
}

impl From<nightjar::Failure> for Failure {
    fn from(failure: nightjar::Failure) -> Self {
        let reason = failure.to_string();
        match failure {
            nightjar::Failure::WrongKey(_) => Self::WrongKey { reason },
            nightjar::Failure::Invalid(_) => Self::Invalid { reason },
            nightjar::Failure::Offline(_) => Self::Offline { reason },
            nightjar::Failure::Rejected(_) => Self::Rejected { reason },
            nightjar::Failure::StorageFull(_) => Self::StorageFull { reason },
            nightjar::Failure::Corrupt(_) => Self::Corrupt { reason },
            nightjar::Failure::Incompatible(_) => Self::Incompatible { reason },
            nightjar::Failure::Closed(_) => Self::Closed { reason },
            nightjar::Failure::Cancelled => Self::Cancelled { reason },
            _ => Self::Internal { reason },
        }
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for Failure {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Internal { reason: format!("an observer failed: {}", error.reason) }
    }
}
