//! What a sync tells its caller, and what the caller keeps.

use std::collections::BTreeMap;

use nightjar_seal::{
    Chain, ChunkName, DeviceTag, Entry, Envelope, EnvelopeId, Link, Pass, PassId, ScopeTag, SignedHead,
    Strand, Stub,
};

use crate::wire::{Applied, Begin, Confirmation, Judged, Mark, Refusal};

/// What a device remembers about one scope between syncs. The caller stores it in the transaction in which it stores the
/// events that brought it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The mark of the last pull: everything up to it is held.
    pub pulled: Option<Mark>,
    /// The mark of the last acknowledged push.
    pub pushed: Option<Mark>,
    /// Which applied vectors were heard last; zeros for none.
    pub heard: Begin,
    /// The furthest signed end of each line of each device seen so far. Its `seq` is the N of "N of N received".
    pub chains: BTreeMap<Strand, Chain>,
}

/// Something happened that the caller must keep before it goes on. The events of one response belong in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The roster has one more verified entry.
    RosterGrew(Entry),

    /// A steward lets a device in, by a pass that waits for its place in the roster. Verified; whether it counts says
    /// [`Roster::standing`](nightjar_seal::Roster::standing).
    PassTaken(Box<Pass>),

    /// A chunk of an attachment came in a bundle. Its bytes are those of its name; whether anything names it the vault knows.
    ChunkCame {
        /// Its name.
        name: ChunkName,
        /// As it was sealed.
        bytes: Vec<u8>,
    },

    /// A pass that was shown, or brought to the hub, lets nobody in. Say so to people.
    PassRefused {
        /// The pass.
        pass: PassId,
        /// The device that it names.
        device: DeviceTag,
        /// Why, for people; without names, tags or answers.
        why: String,
        /// Whether it only came too late: its steward may give a new one.
        expired: bool,
    },

    /// The hub no longer holds the log up to a mark it gave: it lost or rewrote data. Say so to people, and offer again
    /// everything of this scope that is still held, acknowledged or not; the hub answers "known" for what it has.
    /// [`Memory::pulled`], [`Memory::pushed`] and [`Memory::heard`] of the scope are void; pulling begins again from the first envelope.
    HubLostData {
        /// The scope.
        scope: ScopeTag,
    },

    /// The hub committed what was pushed. Links up to `through` need not be offered again.
    Acknowledged {
        /// The scope.
        scope: ScopeTag,
        /// One outcome per envelope sent. A refused one is shown to people and not offered again.
        outcomes: Vec<Judged>,
        /// The place of the last link pushed.
        through: u64,
        /// To be kept as [`Memory::pushed`].
        mark: Mark,
    },

    /// An envelope whose place in its device's chain is proven by the device's signature.
    Received {
        /// The scope.
        scope: ScopeTag,
        /// Its sequence in the hub's log.
        sequence: u64,
        /// Its place in its device's chain.
        link: Link,
        /// The envelope, not yet opened.
        envelope: Box<Envelope>,
    },

    /// The hub erased an envelope because its record was taken out. That is proven only by a withdrawal, which is in the log as
    /// well: until it is here, what the hub says is no more than that.
    Erased {
        /// The scope.
        scope: ScopeTag,
        /// Its sequence in the hub's log.
        sequence: u64,
        /// What is left of it, with the id that the chain names.
        stub: Box<Stub>,
    },

    /// Bytes that cannot be taken in now. Keep them; nothing else waits for them.
    SetAside {
        /// The scope.
        scope: ScopeTag,
        /// Their sequence in the hub's log.
        sequence: u64,
        /// The id the chain names.
        envelope: EnvelopeId,
        /// The device whose chain names them.
        device: DeviceTag,
        /// Why.
        why: SetAside,
        /// The bytes as the hub sent them.
        bytes: Vec<u8>,
    },

    /// A device's chain reaches at least to here. To be kept in [`Memory::chains`], unless it is known to reach further.
    ChainSeen {
        /// The signed end.
        head: SignedHead,
        /// The proven links that lead to it, whether or not their envelopes came.
        links: Vec<Link>,
    },

    /// Everything up to this mark was delivered. To be kept as [`Memory::pulled`], together with what came before it.
    Pulled {
        /// The scope.
        scope: ScopeTag,
        /// The mark.
        mark: Mark,
        /// Envelopes in the hub's log that are still to come.
        left: u64,
    },

    /// An evaluator device says what it has applied. Verified against the roster.
    Applied(Applied),

    /// All vectors that the hub has were heard. To be kept as [`Memory::heard`].
    Heard {
        /// The scope.
        scope: ScopeTag,
        /// Which vectors.
        applied: Begin,
    },

    /// A device says what it has taken out. Verified against the roster.
    Confirmed(Confirmation),

    /// The hub holds this device's applied vector.
    Published {
        /// The scope.
        scope: ScopeTag,
    },

    /// The hub refuses this device something in this scope. The sync goes on with the next.
    ScopeRefused {
        /// The scope.
        scope: ScopeTag,
        /// What it said.
        refusal: Refusal,
    },
}

/// Why bytes from the hub were set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetAside {
    /// The device is not in the roster as this device knows it.
    UnknownDevice,
    /// The device was put out, and this lies after its last good place. A person decides.
    Revoked,
    /// The signature over the chain does not verify.
    Forged,
    /// The device has begun more lines than a device may.
    TooManyLines,
    /// The device has signed two different chains of one line: a device copied beneath its files, or a hub that shows two faces.
    Forked,
    /// The bytes are not those the chain names.
    Altered,
    /// The bytes are no envelope, or of a format this version does not know.
    Unreadable,
    /// The header names another study, scope or device than the chain.
    Foreign,
}
