//! The roster of each study: verified from the founding entry on, kept as it was signed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use nightjar_seal::{Entry, Refused, Roster, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{self, Appended, Found, Founded, Reason, Refusal};

use crate::setup_code;
use crate::store::{Sharing, Store, broken};

/// Most bytes of roster entries in one reply.
const REPLY_BYTES: usize = 512 << 10;

/// Verified rosters, read from the database when first asked for.
#[derive(Default)]
pub(crate) struct Rosters(Mutex<HashMap<StudyTag, Arc<Roster>>>);

impl Rosters {
    /// The roster of a study.
    pub(crate) fn of(&self, study: StudyTag, store: &Store) -> Result<Arc<Roster>, Refusal> {
        let known = self.lock().get(&study).cloned();
        let held = match &known {
            Some(roster) if store.sharing() == Sharing::Alone => return Ok(roster.clone()),
            // Another hub may have put a device out since.
            Some(roster) => roster.entries().len() as u64,
            None => 0,
        };
        let entries = store.read(|tx| tx.roster(study, held))?;
        let roster = match known {
            Some(roster) if entries.is_empty() => return Ok(roster),
            Some(roster) => {
                let mut grown = (*roster).clone();
                for entry in &entries {
                    Entry::decode(entry).and_then(|entry| grown.push(entry)).map_err(|_| broken())?;
                }
                grown
            }
            None if entries.is_empty() => {
                return Err(Refusal::new(Reason::UnknownStudy, "no such study was founded at this hub"));
            }
            None => Roster::read(entries.iter().map(Vec::as_slice)).map_err(|_| broken())?,
        };
        if roster.study() != study {
            return Err(broken());
        }
        Ok(self.longest(Arc::new(roster)))
    }

    /// Keeps a roster, unless a longer one is known meanwhile; gives the longer.
    fn longest(&self, roster: Arc<Roster>) -> Arc<Roster> {
        let mut known = self.lock();
        let held = known.entry(roster.study()).or_insert_with(|| roster.clone());
        if held.entries().len() < roster.entries().len() {
            *held = roster;
        }
        held.clone()
    }

    /// Founds a study, or finds it founded by the same entry.
    pub(crate) fn found(&self, found: &Found, store: &Store) -> Result<Founded, Refusal> {
        let founding = decode(&found.entry)?;
        let encoded = founding.encode();
        let roster = Roster::begin(founding).map_err(|refused| refusal(&refused))?;
        let study = roster.study();
        store.write(|tx| {
            if !setup_code::matches(&found.setup_code, &tx.setup_code()?) {
                return Err(
                    Refusal::new(Reason::WrongSetupCode, "this is not the setup code of this hub").into()
                );
            }
            // The study's tag commits to this very entry.
            tx.keep_entry(study, 0, &encoded)?;
            Ok(())
        })?;
        Ok(Founded { study, incarnation: store.incarnation() })
    }

    /// Appends an entry that verifies, or finds it there.
    pub(crate) fn append(
        &self,
        study: StudyTag,
        entry: &wire::Entry,
        store: &Store,
    ) -> Result<Appended, Refusal> {
        let entry = decode(entry)?;
        let place = entry.seq();
        let (encoded, roster) = (entry.encode(), self.of(study, store)?);
        let count = roster.entries().len() as u64;
        let mut grown = (*roster).clone();
        grown.push(entry).map_err(|refused| refusal(&refused))?;
        if place < count {
            return Ok(Appended { roster: count });
        }
        // Two stewards may come at once: the second finds the place taken in the database, not only in memory.
        store.write(|tx| match tx.keep_entry(study, place, &encoded)? {
            true => Ok(()),
            false => Err(Refusal::new(Reason::PlaceTaken, "another roster entry came first").into()),
        })?;
        let appended = Appended { roster: grown.entries().len() as u64 };
        self.longest(Arc::new(grown));
        Ok(appended)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<StudyTag, Arc<Roster>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entries after the first `held` that fit one reply.
pub(crate) fn after(roster: &Roster, held: u64) -> Vec<wire::Entry> {
    let held = usize::try_from(held).unwrap_or(usize::MAX);
    let mut room = REPLY_BYTES;
    let mut entries = Vec::new();
    for entry in roster.entries().iter().skip(held).take(bounds::ROSTER_ENTRIES) {
        let bytes = entry.encode();
        if !entries.is_empty() && bytes.len() > room {
            break;
        }
        room = room.saturating_sub(bytes.len());
        entries.push(wire::Entry(bytes));
    }
    entries
}

fn decode(entry: &wire::Entry) -> Result<Entry, Refusal> {
    Entry::decode(&entry.0).map_err(|_| Refusal::new(Reason::Malformed, "this is not a roster entry"))
}

fn refusal(refused: &Refused) -> Refusal {
    match refused {
        Refused::RosterFork { .. } => {
            Refusal::new(Reason::PlaceTaken, "another roster entry stands at this place")
        }
        Refused::RosterGap { .. } => {
            Refusal::new(Reason::ChainGap, "roster entries before this one are missing here")
        }
        _ => Refusal::new(Reason::Forged, "the roster entry does not verify"),
    }
}
