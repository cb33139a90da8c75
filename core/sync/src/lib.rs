//! The sync protocol between a device and a hub: wire types, a state machine without I/O, and (feature `http`) a transport.
//!
//! # A guided tour
//!
//! A device holds sealed envelopes in an outbox and a [`Roster`](nightjar_seal::Roster) that says who belongs. The hub holds an
//! append-only log per scope and opens nothing. One sync is one [`Exchange`]:
//!
//! 1. **Greet.** One round trip: the device shows how many roster entries it holds and the [`Mark`](wire::Mark)s the hub gave it
//!    earlier. The hub answers with newer roster entries, the head of each log, whether it still holds its log up to every
//!    mark, what evaluators have applied, and what is new where it is little. When nothing is new in either direction, it says so in one
//!    byte, and that was the whole sync.
//! 2. **Roster.** Entries that only the device holds go up; another entry at the same place stops the sync
//!    ([`Failure::RosterForked`]).
//! 3. **Push.** [`Step::NeedOutbox`] asks the caller for the next links and envelopes that were not acknowledged. They go up as
//!    one [`Segment`](wire::Segment) of the device's chain with one signature, and an [`Outcome`](wire::Outcome) per envelope comes
//!    back: a refused one never holds up the others. Where nothing of others came in between, as the log's hash shows, what was pushed
//!    need not be pulled.
//! 4. **Pull.** Whole pushes of others come down after the cursor, at most about 1 MiB a reply, each with the chain to a signed
//!    head. [`Event::Received`] is proven to be the device's whose header it carries; what is not is [`Event::SetAside`] and
//!    holds up nothing.
//! 5. **Publish.** An evaluator device signs what it has applied ([`wire::Applied`]); tablets learn it in their next greeting and
//!    keep their sealed bytes until then.
//! 6. **What came of it.** [`Step::NeedPublication`] asks for what evaluators published and the hub lacks; what the device lacks comes
//!    down ([`Event::PublicationCame`]). The greeting says whether both hold the same.
//! 7. **Chunks** of attachments go up and come down after that, one request for each that goes up ([`put_chunk`], [`ask_chunks`]).
//!
//! The caller stores the events of each response in one transaction before it goes on. Then a sync may break off anywhere, in
//! the middle of a request too, and the next one goes on from what was stored: pushing twice is answered "known", pulling
//! again starts from the stored mark.
//!
//! **A hub that lost data** (restored from an old copy, or rewritten) shows as another incarnation, a head below the mark, another
//! hash at the mark or a gap in the chain: [`Event::HubLostData`]. The two then compare what they hold by [`ranges`], and the device offers what
//! the hub lacks and pulls from the first envelope that it lacks itself. Where that comes to no end, the device offers *everything of the scope
//! it still holds* again, and pulls from the first envelope. [`ScopePlan::compare`] asks for the same where nothing is suspected.
//!
//! # Not here yet
//!
//! The caller decides when to try again ([`Backoff`] says how long to wait, [`Failure::passes`] whether to). The hub does not sign its answers: one proves itself
//! only as far as it carries signatures of roster members or follows from the log's hash.

mod backoff;
pub mod bounds;
pub mod bundle;
#[cfg(feature = "http")]
mod carrier;
mod chunks;
mod event;
mod exchange;
mod failure;
mod http_message;
pub mod packed;
mod pin;
mod plan;
mod publications;
pub mod ranges;
mod receive;
mod request;
mod roster;
mod scope;
#[cfg(feature = "http")]
mod transport;
#[cfg(feature = "http")]
mod trust;
pub mod wire;

pub use backoff::Backoff;
#[cfg(feature = "http")]
pub use carrier::{Arrived, Carrier, Sent};
pub use chunks::{ask_chunks, chunk_put, chunks_told, put_chunk};
pub use event::{Event, Memory, SetAside};
pub use exchange::Exchange;
pub use failure::Failure;
pub use http_message::{CONTENT_TYPE, METHOD, Request, Response, TIME_HEADER};
pub use pin::Pin;
pub use plan::{OUTBOX_BYTES, Outbox, ScopePlan, Step};
pub use request::{
    append, appended, ask_confirmed, ask_time, bring, brought, confirm, confirmation_taken, confirmed,
    fetch_roster, fetched_roster, found, founded, recall, recalled, time_told,
};
#[cfg(feature = "http")]
pub use transport::{Patience, Traffic, Transport};
