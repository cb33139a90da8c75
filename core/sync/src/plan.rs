//! What a device wants of a sync, and what a sync wants of the device.

use nightjar_seal::{Line, Link, PublicationId, ScopeTag, SignedHead};

use crate::bounds;
use crate::event::Memory;
use crate::http_message::Request;

/// What a device wants of one scope in one sync.
#[derive(Debug, Clone)]
pub struct ScopePlan {
    /// The scope.
    pub scope: ScopeTag,
    /// Offer what is in the outbox.
    pub push: bool,
    /// Take what is new.
    pub pull: bool,
    /// The line of this device whose envelopes it holds already: only their ids come back. `None` takes the bytes of all its own
    /// envelopes too, as a copy needs them that does not know what the original sent since.
    pub without: Option<Line>,
    /// Publish what was applied, after pulling. For evaluator devices.
    pub publish: bool,
    /// Learn what evaluator devices have applied. For devices that keep sealed bytes in custody.
    pub learn: bool,
    /// Compare by ranges what is held here and at the hub, because it is time to, or because a loss at the hub was noticed in a sync that
    /// came to no end. A loss that is noticed in this one is compared in any case.
    pub compare: bool,
    /// What the device remembers of earlier syncs.
    pub memory: Memory,
}

/// What the caller does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this and hand the answer to [`Exchange::on_response`](crate::Exchange::on_response). When no answer came, ask again with [`Exchange::step`](crate::Exchange::step): sending
    /// anything twice is harmless.
    Send(Request),
    /// Hand the next links of the outbox to [`Exchange::supply_outbox`](crate::Exchange::supply_outbox).
    NeedOutbox {
        /// Of this scope.
        scope: ScopeTag,
        /// At most so many links.
        links: usize,
        /// With at most so many bytes of encoded envelopes together.
        bytes: usize,
    },
    /// Hand the ids of envelopes that are held to [`Exchange::supply_held`](crate::Exchange::supply_held), to be compared with those at the hub: of
    /// all whose place in a chain is known, with or without their bytes.
    NeedHeld {
        /// Of this scope.
        scope: ScopeTag,
        /// Of this device alone.
        own: bool,
    },
    /// Hand a freshly signed vector to [`Exchange::supply_applied`](crate::Exchange::supply_applied). What was [`Event::Received`](crate::Event::Received) in this sync may be in it.
    NeedApplied {
        /// Of this scope.
        scope: ScopeTag,
    },
    /// Hand a publication that the hub lacks to [`Exchange::supply_publication`](crate::Exchange::supply_publication).
    NeedPublication {
        /// Which.
        publication: PublicationId,
    },
    /// Everything is done.
    Done,
}

/// The next links of a device's chain that the hub has not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    /// Consecutive links, each with its encoded envelope; without, where the device no longer holds the bytes.
    pub links: Vec<(Link, Option<Vec<u8>>)>,
    /// The device's signature over the last of these links.
    pub head: SignedHead,
}

/// Most bytes of encoded envelopes in one [`Outbox`].
pub const OUTBOX_BYTES: usize =
    bounds::PUSH_BYTES - bounds::PUSH_FRAME - bounds::PUSH_LINKS * bounds::LINK_BYTES;
