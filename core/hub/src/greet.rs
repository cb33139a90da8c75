//! The answer to a greeting: how the hub stands to what a device knows, and what is new where it is little.

use nightjar_seal::{Member, Roster};
use nightjar_sync::bounds::{GREETED_BYTES, GREETED_ENVELOPES};
use nightjar_sync::wire::{Batch, Greeted, Greeting, Incarnation, Message, Shown, Standing, Welcome};

use crate::applied;
use crate::log::Place;
use crate::store::{Done, ScopeRow, Tx};
use crate::{published, rosters};

/// Answers a greeting of a member.
pub(crate) fn welcome(
    tx: &mut dyn Tx,
    greeting: &Greeting,
    incarnation: Incarnation,
    roster: &Roster,
    member: &Member,
) -> Done<Welcome> {
    let held = roster.entries().len() as u64;
    let publications = tx.publications(roster.study())?;
    let knows = greeting.roster == held && greeting.beside == Greeting::beside(roster, &publications);
    let entries = rosters::after(roster, greeting.roster);
    // With entries still to come, a device greets once more before it looks at scopes.
    let is_whole = greeting.roster + entries.len() as u64 >= held;
    let passes = (!knows).then(|| rosters::waiting(roster));
    let published = (!knows).then(|| published::names(roster, &publications));
    let mut unchanged = knows && greeting.incarnation == Some(incarnation);
    let mut scopes = Vec::with_capacity(greeting.scopes.len());
    let mut room = GREETED_BYTES;
    for shown in &greeting.scopes {
        let place = Place { study: roster.study(), scope: shown.scope, incarnation };
        let (row, head) = place.head(tx)?;
        let mut holds = true;
        for glimpse in [shown.pulled, shown.pushed].into_iter().flatten() {
            let is_held = place.glimpsed(tx, row.as_ref(), glimpse)?;
            holds &= is_held && greeting.incarnation == Some(incarnation);
        }
        let mut applied = match &row {
            Some(row) if shown.heard.is_some() => applied::of(tx, row.id)?,
            _ => Vec::new(),
        };
        if shown.heard.is_some_and(|heard| heard == Standing::heard(&applied)) {
            applied = Vec::new();
        }
        let ends_as_shown = holds && shown.furthest().map_or(0, |glimpse| glimpse.sequence) == head.sequence;
        unchanged &= ends_as_shown && applied.is_empty();
        let batches = match &row {
            Some(row) if holds && is_whole => little(tx, &place, row, shown, member, &mut room)?,
            _ => Vec::new(),
        };
        scopes.push(Standing { head, holds, applied, batches });
    }
    let roster_head = roster.head();
    let greeted = || Greeted { incarnation, roster: held, roster_head, entries, passes, published, scopes };
    Ok(if unchanged { Welcome::Unchanged } else { Welcome::News(greeted()) })
}

/// All pushes after the mark that a device shows, if they are few and there is room for them in the answer; else none.
fn little(
    tx: &mut dyn Tx,
    place: &Place,
    row: &ScopeRow,
    shown: &Shown,
    member: &Member,
    room: &mut usize,
) -> Done<Vec<Batch>> {
    let after = shown.pulled.map_or(0, |glimpse| glimpse.sequence);
    let new = row.sequence.saturating_sub(after);
    let few = (1..=GREETED_ENVELOPES as u64).contains(&new) && place.may_pull(member);
    let Some(wish) = shown.wish.filter(|_| few) else { return Ok(Vec::new()) };
    // More than there is room for is not even looked at.
    if *room == 0 || (tx.log_after(row.id, after, new, *room as u64)?.len() as u64) < new {
        return Ok(Vec::new());
    }
    let batches = place.batches(tx, row, after, wish.without, member, *room)?;
    let count: usize = batches.iter().map(|batch| batch.bodies.len()).sum();
    let bytes: usize = batches.iter().map(|batch| batch.encode().len()).sum();
    if count as u64 != new || bytes > *room {
        return Ok(Vec::new());
    }
    *room -= bytes;
    Ok(batches)
}
