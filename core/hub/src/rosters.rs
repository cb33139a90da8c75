//! The roster of each study: verified from the founding entry on, kept as it was signed; and the passes that wait for their place in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use nightjar_seal::{Act, Denied, Entry, Pass, PassId, PassStanding, Refused, Roster, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{self, Appended, Found, Founded, Reason, Refusal};

use crate::erasure;
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
        let (entries, passes) = store.read(|tx| Ok((tx.roster(study, held)?, tx.passes(study)?)))?;
        let passes: Vec<Pass> =
            passes.iter().map(|pass| Pass::decode(pass).map_err(|_| broken())).collect::<Result<_, _>>()?;
        let is_held = |roster: &Roster| passes.iter().all(|pass| roster.standing(&pass.id()).is_some());
        let mut roster = match known {
            Some(roster) if entries.is_empty() && is_held(&roster) => return Ok(roster),
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
        for pass in passes {
            // Kept while it counted; where it does so no more, it is for the roster to say.
            let _ = roster.take(pass);
        }
        Ok(self.longest(Arc::new(roster)))
    }

    /// Keeps a roster, unless a longer one is known meanwhile; gives the longer, with the passes of both.
    fn longest(&self, roster: Arc<Roster>) -> Arc<Roster> {
        let mut known = self.lock();
        let held = known.entry(roster.study()).or_insert_with(|| roster.clone());
        let other = match held.entries().len() < roster.entries().len() {
            true => std::mem::replace(held, roster),
            false => roster,
        };
        let new: Vec<_> = other.passes().filter(|pass| held.standing(&pass.id()).is_none()).collect();
        if !new.is_empty() {
            let mut both = (**held).clone();
            for pass in new {
                let _ = both.take(pass.clone());
            }
            *held = Arc::new(both);
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

    /// Appends an entry that verifies, or finds it there. What it takes out is taken out in the same transaction; how many envelopes.
    pub(crate) fn append(
        &self,
        study: StudyTag,
        entry: &wire::Entry,
        store: &Store,
    ) -> Result<(Appended, u64), Refusal> {
        let entry = decode(entry)?;
        let place = entry.seq();
        let (encoded, act, roster) = (entry.encode(), entry.act().clone(), self.of(study, store)?);
        let count = roster.entries().len() as u64;
        // Whose it is comes first: anybody may bring it, and a roster is large.
        if !roster.is_next(&entry).map_err(|refused| refusal(&refused))? {
            return Ok((Appended { roster: count }, 0));
        }
        let mut grown = (*roster).clone();
        grown.push(entry).map_err(|refused| refusal(&refused))?;
        let placed: Vec<PassId> =
            roster.passes().map(Pass::id).filter(|id| grown.standing(id).is_none()).collect();
        // Two may come at once: the second finds the place taken in the database, not only in memory.
        let erased = store.write(|tx| {
            if !tx.keep_entry(study, place, &encoded)? {
                return Err(Refusal::new(Reason::PlaceTaken, "another roster entry came first").into());
            }
            placed.iter().try_for_each(|id| tx.forget_pass(study, id))?;
            match &act {
                Act::Erase { erasure } => erasure::obey_roster(tx, study, erasure),
                _ => Ok(0),
            }
        })?;
        let appended = Appended { roster: grown.entries().len() as u64 };
        self.longest(Arc::new(grown));
        Ok((appended, erased))
    }

    /// Takes a pass that counts and comes in time, by this hub's clock; or finds it there.
    pub(crate) fn take(
        &self,
        study: StudyTag,
        pass: &wire::Pass,
        now: u64,
        store: &Store,
    ) -> Result<(), Refusal> {
        let pass = Pass::decode(&pass.0)
            .map_err(|_| Refusal::new(Reason::Malformed, "this is not a steward's word for a device"))?;
        let (id, encoded, roster) = (pass.id(), pass.encode(), self.of(study, store)?);
        let until = pass.until();
        let mut grown = match roster.is_known(&pass).map_err(|refused| not_taken(&refused))? {
            Some(PassStanding::Counts) => return Ok(()),
            Some(PassStanding::Denied(denied)) => return Err(not_taken(&Refused::Denied(denied))),
            // A steward has signed it: before that nothing is copied for it.
            None => (*roster).clone(),
        };
        let standing = grown.take_in_turn(pass).map_err(|refused| not_taken(&refused))?;
        if let PassStanding::Denied(denied) = standing {
            return Err(not_taken(&Refused::Denied(denied)));
        }
        if until < now {
            return Err(not_taken(&Refused::Denied(Denied::Expired)));
        }
        let (count, bytes) =
            grown.passes().fold((0, 0), |(count, bytes), pass| (count + 1, bytes + pass.encode().len()));
        if count > bounds::PASSES || bytes > bounds::PASSES_BYTES {
            let text = "too many devices wait for their place in this study; its founder has to sync first";
            return Err(Refusal::new(Reason::QuotaReached, text));
        }
        store.write(|tx| tx.keep_pass(study, &id, &encoded))?;
        self.longest(Arc::new(grown));
        Ok(())
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

/// The passes that wait.
pub(crate) fn waiting(roster: &Roster) -> Vec<wire::Pass> {
    roster.passes().map(|pass| wire::Pass(pass.encode())).collect()
}

fn not_taken(refused: &Refused) -> Refusal {
    match refused {
        Refused::Denied(Denied::Expired) => Refusal::new(Reason::Expired, refused.to_string()),
        Refused::Denied(_) => Refusal::new(Reason::Denied, refused.to_string()),
        Refused::Oversize { .. } => Refusal::new(Reason::QuotaReached, refused.to_string()),
        _ => Refusal::new(Reason::Forged, "the steward's word for this device does not verify"),
    }
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
        // What people have to be told.
        Refused::OneSteward { .. } | Refused::TooFewConsents { .. } => {
            Refusal::new(Reason::NotGranted, refused.to_string())
        }
        _ => Refusal::new(Reason::Forged, "the roster entry does not verify"),
    }
}
