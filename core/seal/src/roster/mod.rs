//! The roster: who belongs to a study, with which grants, as a signed, append-only log.

mod entry;
mod grants;
mod log;

pub use entry::{Act, Entry, LastGood, MAX_ENTRY, Membership, WrappedEpoch};
pub use grants::{Action, Grant};
pub use log::{MAX_ENTRIES, Member, Roster};
