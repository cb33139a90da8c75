//! What travels: canonical, bounded CBOR messages and the paths they go to.
//!
//! | path | request | reply |
//! |---|---|---|
//! | `POST /v1/studies` | [`Found`] | [`Founded`] |
//! | `POST /v1/studies/{study}/roster` | [`Entry`] | [`Appended`] |
//! | `POST /v1/studies/{study}/pass` | [`Pass`] | empty |
//! | `POST /v1/studies/{study}/clock` | [`ClockAsked`] | [`ClockTold`] |
//! | `POST /v1/studies/{study}/publish` | [`Publication`] | empty |
//! | `POST /v1/studies/{study}/published` | [`PublishedAsk`] | [`Published`] |
//! | `POST /v1/studies/{study}/greet` | [`Greeting`] | [`Welcome`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/push` | [`Push`] | [`Pushed`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/pull` | [`Pull`] | [`Pulled`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/ranges` | [`Ranges`] | [`Ranged`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/applied` | [`Applied`] | empty |
//! | `POST /v1/studies/{study}/scopes/{scope}/recall` | [`Recall`] | [`Recalled`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/confirm` | [`Confirmation`] | empty |
//! | `POST /v1/studies/{study}/scopes/{scope}/confirmed` | [`ConfirmedAsk`] | [`Confirmed`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/chunk` | [`Chunk`] | [`ChunkOutcome`] |
//! | `POST /v1/studies/{study}/scopes/{scope}/chunks` | [`ChunkAsk`] | [`Chunks`] |
//!
//! Every other status than 200 carries a [`Refusal`]. Founding, roster entries and passes prove themselves by the signatures inside;
//! everything else is signed by a device of the roster: a [`RequestSignature`](nightjar_seal::RequestSignature) stands before the
//! message in the body. Bodies are compressed where it pays ([`packed`](crate::packed)).

mod applied;
mod cbor;
mod chunk;
mod clock;
mod confirm;
mod found;
mod greet;
mod mark;
mod published;
mod pull;
mod push;
mod ranges;
mod recall;
mod refusal;
mod segment;

pub use applied::{Applied, Reach};
pub use cbor::{Message, Reader, Writer};
pub use chunk::{Chunk, ChunkAsk, ChunkOutcome, Chunks, HeldChunk};
pub use clock::{ClockAsked, ClockTold};
pub use confirm::{Confirmation, Confirmed, ConfirmedAsk, Spoke};
pub use found::{Appended, Found, Founded};
pub use greet::{Entry, Greeted, Greeting, Pass, Shown, Standing, Welcome, Wish};
pub use mark::{Begin, Glimpse, Incarnation, Mark};
pub use published::{Publication, Published, PublishedAsk};
pub use pull::{Batch, Pull, Pulled};
pub use push::{Body, Judged, Objection, Outcome, Push, Pushed};
pub use ranges::{Ranged, Ranges, RangesAsked, RangesTold};
pub use recall::{Recall, Recalled, Sealed};
pub use refusal::{Reason, Refusal};
pub use segment::Segment;

use nightjar_seal::{ScopeTag, StudyTag};

/// Where a study is founded.
pub const FOUND_PATH: &str = "/v1/studies";

/// Where roster entries of a study go.
pub fn roster_path(study: StudyTag) -> String {
    format!("/v1/studies/{study}/roster")
}

/// Where passes of a study's stewards go.
pub fn pass_path(study: StudyTag) -> String {
    format!("/v1/studies/{study}/pass")
}

/// Where the hub tells its time.
pub fn clock_path(study: StudyTag) -> String {
    format!("/v1/studies/{study}/clock")
}

/// Where publications go.
pub fn publish_path(study: StudyTag) -> String {
    format!("/v1/studies/{study}/publish")
}

/// Where publications are asked for.
pub fn published_path(study: StudyTag) -> String {
    format!("/v1/studies/{study}/published")
}

/// Where a device greets.
pub fn greet_path(study: StudyTag) -> String {
    format!("/v1/studies/{study}/greet")
}

/// Where envelopes of a scope are pushed.
pub fn push_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/push")
}

/// Where envelopes of a scope are pulled.
pub fn pull_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/pull")
}

/// Where the envelopes of a scope are compared by ranges.
pub fn ranges_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/ranges")
}

/// Where records are recalled by name.
pub fn recall_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/recall")
}

/// Where confirmations of what was taken out go.
pub fn confirm_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/confirm")
}

/// Where confirmations are asked for.
pub fn confirmed_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/confirmed")
}

/// Where a chunk of an attachment is put.
pub fn chunk_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/chunk")
}

/// Where chunks of attachments are asked for.
pub fn chunks_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/chunks")
}

/// Where applied vectors of a scope are published.
pub fn applied_path(study: StudyTag, scope: ScopeTag) -> String {
    format!("/v1/studies/{study}/scopes/{scope}/applied")
}
