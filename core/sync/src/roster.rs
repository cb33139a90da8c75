//! The roster as it comes from a hub, which may be wrong or lie.

use nightjar_seal::{Entry, Pass, Refused, Roster, RosterHead};

use crate::Failure;
use crate::event::Event;

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

/// Takes a pass that somebody showed. One that was here already says nothing; one that lets nobody in is told, and is nobody's trouble.
pub(crate) fn take(roster: &mut Roster, bytes: &[u8]) -> Option<Event> {
    let pass = Pass::decode(bytes).ok()?;
    let (id, device) = (pass.id(), pass.device());
    if roster.standing(&id).is_some() {
        return None;
    }
    match roster.take(pass.clone()) {
        Err(why) => Some(Event::PassRefused { pass: id, device, why: why.to_string(), expired: false }),
        // In by the roster already: nothing of it is held.
        Ok(_) if roster.standing(&id).is_none() => None,
        Ok(_) => Some(Event::PassTaken(Box::new(pass))),
    }
}
