//! The roster as it comes from a hub, which may be wrong or lie.

use nightjar_seal::{Entry, Refused, Roster, RosterHead};

use crate::Failure;

pub(crate) fn decode(bytes: &[u8]) -> Result<Entry, Failure> {
    Entry::decode(bytes).map_err(|source| Failure::Forged { what: "roster entry", source })
}

pub(crate) fn push(roster: &mut Roster, entry: Entry) -> Result<(), Failure> {
    roster.push(entry).map_err(|source| match source {
        Refused::RosterFork { seq, .. } => Failure::RosterForked { number: seq },
        source => Failure::Forged { what: "roster entry", source },
    })
}

/// That the last of the hub's `count` entries is the one held at the same place.
pub(crate) fn check_head(roster: &Roster, count: u64, head: RosterHead) -> Result<(), Failure> {
    let malformed = Failure::Malformed { what: "roster", problem: "the hub has none" };
    let last = count.checked_sub(1).ok_or(malformed)?;
    match roster.entries().get(last as usize) {
        Some(entry) if entry.hash() == head => Ok(()),
        _ => Err(Failure::RosterForked { number: last }),
    }
}
