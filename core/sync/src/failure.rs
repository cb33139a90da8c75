//! What can go wrong in a sync, named by cause.

use crate::wire::{Reason, Refusal};

/// Why a step of a sync did not happen. None of them loses anything: what was not acknowledged is offered again, what was
/// not stored is asked for again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Bytes that are not what they should be.
    #[error("{what}: {problem}")]
    Malformed {
        /// The message or part of it.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },

    /// A signature, chain or entry that does not verify.
    #[error("{what} does not verify: {source}")]
    Forged {
        /// What was checked.
        what: &'static str,
        /// What the check said.
        source: nightjar_seal::Refused,
    },

    /// It belongs to another study.
    #[error("{0}")]
    Foreign(&'static str),

    /// A reply came that answers no open request, or not the open one.
    #[error("a reply came that answers no open request: {0}")]
    Unasked(&'static str),

    /// What the caller supplied cannot be sent.
    #[error("cannot be offered to the hub: {0}")]
    Unsendable(&'static str),

    /// The hub and this device hold different roster entries at the same place. A person has to look.
    #[error("the hub holds another roster entry than this device at place {number}")]
    RosterForked {
        /// The place, counted from 0.
        number: u64,
    },

    /// The hub understood and said no.
    #[error("the hub refused: {0}")]
    Refused(Refusal),

    /// The address of the hub cannot be used.
    #[error("not the address of a hub: {0}")]
    Address(String),

    /// No connection to the hub: offline, wrong address, or its certificate is not trusted.
    #[error("the hub cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The hub did not answer in time.
    #[error("the hub did not answer in time")]
    TimedOut,

    /// Something answered, but not a hub: a captive portal, a proxy, another web server.
    #[error("what answered is not a hub (status {status}): {why}")]
    NotAHub {
        /// The HTTP status of the answer.
        status: u16,
        /// What shows it.
        why: &'static str,
    },

    /// The answer is larger than any honest one.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl Failure {
    /// Whether the same may go well some time later without anybody doing anything.
    pub fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::NotAHub { .. } => true,
            Self::Refused(refusal) => matches!(
                refusal.reason,
                Reason::Busy | Reason::TimedOut | Reason::StorageFull | Reason::StorageBroken
            ),
            _ => false,
        }
    }
}
