//! Records: one small automerge document each, merged without losing a voice.
//!
//! A guided tour, in the order an answer takes:
//!
//! 1. [`create`] turns a finished form into the first change of a record: a flat root map of scalar registers (see
//!    the private module `register` for the stored form) with the record's [`Meta`]data beside the answers. Every change
//!    has a fresh [`Actor`], so a restored or copied device loses nothing.
//! 2. [`admit`] is what every received change passes before automerge sees it: an own walk over its bytes with the bounds
//!    of [`bounds`].
//! 3. [`Record::merge`] takes admitted changes in any order. Each counts, waits or is refused; the verdict depends on the
//!    set alone. What the device of a change must have been granted is asked through a [`Need`].
//! 4. [`Record::cells`], [`Record::conflicts`], [`Record::history`] and [`dissensus()`] show what is held. Different
//!    values of a *fact* are a [`Conflict`] until [`Record::settle`] names and closes them. Positions are one record per
//!    voice and are never settled away.
//! 5. [`Query`] and [`Batch`] are how many records are asked for; the vault answers them.
//!
//! The crate is pure: no clock, no randomness, no input or output.

pub mod bounds;
pub mod study;

mod admit;
mod columns;
mod dissensus;
mod error;
mod grants;
mod id;
mod merge;
mod message;
mod meta;
mod query;
mod read;
mod register;
mod view;
mod walk;
mod write;

pub use admit::{Admitted, admit};
pub use dissensus::{Dissensus, Position, dissensus};
pub use error::RecordError;
pub use grants::{Action, Need};
pub use id::{Actor, ChangeHash, Contributor, IdentityKey, Origin, RecordId};
pub use merge::{Incoming, Record};
pub use meta::{AGAINST_VIEW, Identity, Meta, Nature, Purpose};
pub use query::{Batch, Count, Query, Row};
pub use register::{Choices, Options, options_of};
pub use view::{Cell, Conflict, Hand, Held, Settle, Settlement, Step};
pub use write::{Written, create};
