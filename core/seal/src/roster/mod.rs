//! The roster: who belongs to a study, with which grants, as a signed, append-only log; and the passes of stewards that wait
//! for their place in it.

mod entry;
mod erasure;
mod grants;
mod log;
mod pass;
mod rule;
mod waiting;

pub use entry::{Act, Entry, LastGood, MAX_ENTRY, Membership, WrappedEpoch};
pub use erasure::{ALONE, ALONE_SECONDS, Consent, ConsentRequest, Erasure, Extent, MAX_ERASED};
pub use grants::{Action, Grant};
pub use log::{MAX_ENTRIES, Member, Roster};
pub use pass::{Denied, LetIn, MAX_PASS, Pass, Terms};
pub use rule::{ActRequest, Rule, Seat};
pub use waiting::{MAX_PASSES, PassStanding};
