//! Nightjar: an offline survey core. A [`Tablet`] collects, an [`Evaluator`] reads.
//!
//! This is the only door for apps: the ward screen, the program and the bindings stand on it. It owns what the rooms
//! below do without: the clock, randomness, threads and the network.
//!
//! - [`Tablet::begin`] opens a form for one person; each [`Sitting::answer`] is on disk when it returns, and
//!   [`Sitting::finish`] seals the answers. A confidential response cannot be read on the tablet from then on.
//! - [`Tablet::hand_over`] destroys the keys of unfinished forms; only words that a respondent took
//!   ([`Sitting::take_words`]) open theirs again.
//! - [`Sitting::finish_with`] gives the respondent a receipt of twelve words; with them [`Tablet::own_answers`] finds their response again,
//!   [`Tablet::correct_own`] changes it and [`Tablet::take_out`] takes it out. Nothing else does.
//! - [`Tablet::update`] takes a newer version of the study; unfinished answers stay in the version they were begun with
//!   until [`Tablet::move_draft`] moves them, after [`Tablet::check_move`] has said what does not come along.
//! - [`Tablet::records`], [`Tablet::conflicts`] and [`Tablet::dissensus`] show what ward staff may read back. Positions
//!   stay beside the outcome for ever; concurrent values of a fact wait for [`Tablet::settle`].
//! - [`Tablet::sync`] sends and receives what is new, by a hub that can open none of it.
//! - [`Evaluator::found`] founds a study, [`Evaluator::admit`] lets devices in, [`Evaluator::delegate`] makes stewards, who let devices in
//!   offline ([`Tablet::admit`]), [`Evaluator::export`] writes figures that
//!   went through the study's disclosure policy.
//! - [`Evaluator::publish`] tells everybody what came of the answers, and [`Tablet::publications`] shows it.
//!
//! ```no_run
//! use std::path::Path;
//! use nightjar::{BeginRequest, Options, Tablet, VaultKey};
//!
//! # fn main() -> Result<(), nightjar::Failure> {
//! # let key = VaultKey::random()?;
//! let tablet = Tablet::open(Path::new("ward.vault"), &key, Options::default())?;
//! let sitting = tablet.begin(BeginRequest {
//!     form_id: "patient-core".into(),
//!     role: "patient".into(),
//!     ward: "acute-male".into(),
//!     language: Some("en".into()),
//! })?;
//! let page = sitting.next()?;
//! # drop(page);
//! # Ok(())
//! # }
//! ```

mod agreeing;
mod asking;
mod attaching;
mod bundle;
mod clock;
mod confirming;
mod correcting;
mod device;
mod enrol;
#[cfg(feature = "evaluate")]
mod erased;
#[cfg(feature = "evaluate")]
mod evaluator;
#[cfg(feature = "evaluate")]
mod exports;
mod failure;
mod finish;
#[cfg(feature = "evaluate")]
mod handing;
mod key;
mod leaving;
mod media;
mod membership;
mod moving;
mod observe;
mod own;
mod pin;
mod published;
mod reading;
#[cfg(feature = "evaluate")]
mod received;
#[cfg(feature = "blind")]
mod simulated;
mod sitting;
#[cfg(feature = "evaluate")]
mod source;
mod staff;
#[cfg(feature = "evaluate")]
mod steward;
mod study_pack;
mod sync;
mod syncing;
mod tablet;
#[cfg(feature = "evaluate")]
mod taking_out;
mod time;
mod view;

pub use nightjar_form as form;
pub use nightjar_record::study;

pub use bundle::inspect_bundle;
pub use clock::Clock;
pub use device::Options;
pub use enrol::{Admission, fingerprint_of, picture_parts};
#[cfg(feature = "evaluate")]
pub use evaluator::Evaluator;
pub use failure::Failure;
pub use key::VaultKey;
pub use observe::{Observed, Observer, Subscription};
pub use sitting::Sitting;
#[cfg(feature = "evaluate")]
pub use steward::{DelegateRequest, FoundRequest};
pub use study_pack::StudyPack;
pub use syncing::{SyncOptions, SyncProgress, SyncStop, SyncWatcher};
pub use tablet::Tablet;
pub use view::*;
