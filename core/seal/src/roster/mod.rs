//! The roster: who belongs to a study, with which grants, as a signed, append-only log; and the passes of stewards that wait
//! for their place in it.

mod entry;
mod grants;
mod log;
mod pass;
mod waiting;

pub use entry::{Act, Entry, LastGood, MAX_ENTRY, Membership, WrappedEpoch};
pub use grants::{Action, Grant};
pub use log::{MAX_ENTRIES, Member, Roster};
pub use pass::{Denied, LetIn, MAX_PASS, Pass, Terms};
pub use waiting::{MAX_PASSES, PassStanding};
