//! The hub: an append-only log of sealed envelopes per scope, which it cannot open.
//!
//! # A guided tour
//!
//! [`Hub::open`] opens or creates the hub's folder: one SQLite database (write-ahead log, `synchronous=FULL`; or PostgreSQL by its URL) with the roster of
//! every study, the chains of every device, and per scope the log. On its first start, and until a study was founded, it gives
//! a [setup code](Hub::setup_code) that only its operator sees; whoever knows it may found a study.
//!
//! [`Hub::serve`] answers HTTP/1.1 on a listener until it is told to stop; [`Hub::router`] is the same as an axum router. The
//! requests and replies are those of [`nightjar_sync::wire`]. A request passes, in this order:
//!
//! 1. `router`: limits on its size and time, the path, the content type;
//! 2. `admission`: a device of the study's verified roster, not put out; its signature over exactly this request; a time near
//!    the hub's; a nonce not seen before. Founding needs the setup code instead, roster entries prove themselves;
//! 3. `log`, `rosters` or `applied`: one transaction of the `store`. The reply is written after `COMMIT` returned.
//!
//! What holds:
//!
//! - Nothing is acknowledged that is not on disk. A full disk or a broken database is said so
//!   ([`StorageFull`](nightjar_sync::wire::Reason::StorageFull), [`StorageBroken`](nightjar_sync::wire::Reason::StorageBroken)) and
//!   keeps nothing of the request.
//! - Pushing is idempotent on the envelope's id. An envelope that is refused does not hold up its siblings.
//! - A device writes only its own chains, one for each copy of its vault: a gap or a second chain of one line is refused.
//! - Sequences of a scope are given under the lock of its row, in the order of commits, so "after my cursor" skips nothing. Several hubs may share a
//!   PostgreSQL database: what one lets in, puts out or has seen, the others know with the next request. Rates are each hub's own.
//! - Every reply to a push or pull carries incarnation, sequence and hash of the log, from which clients notice loss.
//! - Tablets cannot pull confidential responses, not even sealed (scope [`RESPONSES`]).
//! - What a receipt or the roster took out is overwritten: of its envelopes header and hash are left, so that chains still add up. What comes of it later is not
//!   kept. Whoever knows the name of a record, which only follows from its receipt, may recall its sealed bytes.
//! - The hub signs its time for the end of a study's roster as it is here, and for no other ([`ClockTold`](nightjar_sync::wire::ClockTold)): what one
//!   steward may take out in a day is counted by it.
//! - What a device and the hub hold of a scope can be compared by ranges, at a cost that follows what differs: for members, up to a bound, and so
//!   often in a while.
//! - Devices confirm what they took out; the hub keeps the newest of each and the day it last spoke, and gives both to whoever asks.
//! - What evaluators publish is checked against the roster, kept as it was signed, and handed to every device of the study. What another
//!   publication replaces is not kept.
//! - A device has its rates, a study its quota; what they stop is said, and stops nobody else.
//! - A [backup](backup) is one state of a running hub. [Restored](restore), the log begins a new life, and devices offer again what it lacks.
//! - The hub logs nothing about requests. [Counters](Hub::metrics) name no study, device or address.
//!
//! What other programs need to know to speak to a hub is [`OPENAPI`], which every hub serves at `GET /openapi.yaml`.
//!
//! What the hub sees all the same: which device sends when, from which address, how many envelopes of which size.
//!
//! It reads what evaluators publish, as everybody in the study does.

mod admission;
mod applied;
mod chunks;
mod config;
mod confirmations;
mod copies;
mod erasure;
mod failure;
mod greet;
mod hub;
mod log;
mod metrics;
mod overview;
mod published;
mod ranges;
mod rates;
mod reply;
mod rosters;
mod route;
mod router;
mod serve;
mod setup_code;
mod store;
mod tls;

pub use config::{Config, Limits, Tls};
pub use copies::{Restored, backup, renew, restore};
pub use failure::Failure;
pub use hub::{Census, Hub};
pub use log::RESPONSES;
pub use overview::{ScopeOverview, StudyOverview, overview};
pub use rates::Rate;
pub use store::At;

/// The protocol as an OpenAPI 3.1 document (YAML), with the grammar of its messages in CDDL.
pub const OPENAPI: &str = include_str!("../openapi.yaml");
