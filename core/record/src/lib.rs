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
//! Two tablets count the beds of one night, offline:
//!
//! ```
//! use nightjar_form::{CellKey, ItemKey, Value};
//! use nightjar_record::{
//!     Actor, Contributor, Hand, Identity, IdentityKey, Incoming, Meta, Nature, Options, Record, Settle, admit, create,
//! };
//! # fn main() -> Result<(), nightjar_record::RecordError> {
//! let (study, hand) = (IdentityKey([7; 32]), Hand { role: "night lead".into(), at: None });
//! let night = Meta {
//!     kind: "ward-night".into(),
//!     nature: Nature::Fact,
//!     identity: Identity::Once("maple/2025-03-02".into()),
//!     instrument: "ward_night".into(),
//!     version: [0; 32],
//!     ward: "maple".into(),
//!     role: "night lead".into(),
//!     phase: None, week: None, part_of_day: None, language: None, case: None,
//!     purposes: Default::default(),
//!     extra: Default::default(),
//! };
//! let beds = CellKey::from(ItemKey::of("beds"));
//! let count = |beds_in_use, tablet| {
//!     let written =
//!         create(&night, &[(beds, Value::Integer(beds_in_use))], &Options::new(), &study, &hand, Actor([tablet; 16]))?;
//!     Ok::<_, nightjar_record::RecordError>(Incoming::new(admit(&written.bytes)?, Contributor([tablet; 16])))
//! };
//! let both = [count(17, 1)?, count(18, 2)?];
//! let record = Record::merge(night.record_id(&study), &study, both.clone(), |_, _| true)?;
//! let conflict = &record.conflicts()[0];
//! assert_eq!(conflict.values.len(), 2);
//!
//! let settles = conflict.values.iter().map(|held| held.change).collect();
//! let settle = Settle { cell: beds, value: Value::Integer(18), settles };
//! let settled = record.settle(&[settle], "counted again", &Options::new(), &hand, Actor([3; 16]))?;
//! let settled = Incoming::new(admit(&settled.bytes)?, Contributor([1; 16]));
//! let record = Record::merge(record.id(), &study, both.into_iter().chain([settled]), |_, _| true)?;
//! assert!(record.conflicts().is_empty());
//! assert_eq!(record.cells()[0].settled(), Some(&Value::Integer(18)));
//! # Ok(())
//! # }
//! ```
//!
//! The crate is pure: no clock, no randomness, no input or output.

pub mod bounds;
pub mod study;

mod admit;
mod columns;
mod dictionary;
mod dissensus;
mod error;
mod grants;
mod id;
mod merge;
mod message;
mod meta;
mod notes;
mod query;
mod read;
mod register;
mod view;
mod walk;
mod write;

pub use admit::{Admitted, admit, admit_all};
pub use dictionary::{DICTIONARY_BYTES, dictionary};
pub use dissensus::{Dissensus, Position, dissensus};
pub use error::RecordError;
pub use grants::{Action, Need};
pub use id::{Actor, ChangeHash, Contributor, IdentityKey, Origin, RecordId};
pub use merge::{Incoming, Record};
pub use meta::{AGAINST_VIEW, Identity, Meta, Nature, Purpose};
pub use query::{Batch, Count, Query, Row};
pub use register::{Choices, Options, options_of};
pub use view::{AllHeld, Cell, Conflict, Dispute, Hand, Held, Settle, Settlement, Step};
pub use write::{Written, create};
