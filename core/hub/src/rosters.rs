//! The roster of each study: verified from the founding entry on, kept as it was signed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use nightjar_seal::{Entry, Refused, Roster, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{self, Appended, Found, Founded, Reason, Refusal};
use rusqlite::{Transaction, params};

use crate::database::{Database, Stop, broken};
use crate::setup_code;

/// Most bytes of roster entries in one reply.
const REPLY_BYTES: usize = 512 << 10;

/// Verified rosters, read from the database when first asked for.
#[derive(Default)]
pub(crate) struct Rosters(Mutex<HashMap<StudyTag, Arc<Roster>>>);

impl Rosters {
    /// The roster of a study.
    pub(crate) fn of(&self, study: StudyTag, database: &Database) -> Result<Arc<Roster>, Refusal> {
        if let Some(roster) = self.lock().get(&study) {
            return Ok(roster.clone());
        }
        let entries = database.read(|tx| {
            let mut rows = tx.prepare_cached("SELECT entry FROM roster WHERE study = ?1 ORDER BY place")?;
            let entries =
                rows.query_map([study.0], |row| row.get(0))?.collect::<Result<Vec<Vec<u8>>, _>>()?;
            Ok(entries)
        })?;
        if entries.is_empty() {
            return Err(Refusal::new(Reason::UnknownStudy, "no such study was founded at this hub"));
        }
        let roster = Roster::read(entries.iter().map(Vec::as_slice)).map_err(|_| broken())?;
        if roster.study() != study {
            return Err(broken());
        }
        let roster = Arc::new(roster);
        // Whoever stored a longer one meanwhile has it right.
        Ok(self.lock().entry(study).or_insert(roster).clone())
    }

    /// Founds a study, or finds it founded by the same entry.
    pub(crate) fn found(&self, found: &Found, database: &Database) -> Result<Founded, Refusal> {
        let founding = decode(&found.entry)?;
        let encoded = founding.encode();
        let roster = Roster::begin(founding).map_err(|refused| refusal(&refused))?;
        let study = roster.study();
        database.write(|tx| {
            let stored: [u8; 32] = tx.query_row("SELECT setup_code FROM hub", [], |row| row.get(0))?;
            if !setup_code::matches(&found.setup_code, &stored) {
                return Err(
                    Refusal::new(Reason::WrongSetupCode, "this is not the setup code of this hub").into()
                );
            }
            // The study's tag commits to this very entry.
            tx.execute(
                "INSERT OR IGNORE INTO roster (study, place, entry) VALUES (?1, 0, ?2)",
                params![study.0, encoded],
            )?;
            Ok(())
        })?;
        Ok(Founded { study, incarnation: database.incarnation() })
    }

    /// Appends an entry that verifies, or finds it there.
    pub(crate) fn append(
        &self,
        study: StudyTag,
        entry: &wire::Entry,
        database: &Database,
    ) -> Result<Appended, Refusal> {
        let entry = decode(entry)?;
        let place = entry.seq();
        let (encoded, roster) = (entry.encode(), self.of(study, database)?);
        let count = roster.entries().len() as u64;
        let mut grown = (*roster).clone();
        grown.push(entry).map_err(|refused| refusal(&refused))?;
        if place < count {
            return Ok(Appended { roster: count });
        }
        database.write(|tx| store(tx, study, place, &encoded))?;
        let appended = Appended { roster: grown.entries().len() as u64 };
        self.lock().insert(study, Arc::new(grown));
        Ok(appended)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<StudyTag, Arc<Roster>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two stewards may come at once: the second finds the place taken in the database, not only in memory.
fn store(tx: &Transaction<'_>, study: StudyTag, place: u64, entry: &[u8]) -> Result<(), Stop> {
    let count: u64 =
        tx.query_row("SELECT count(*) FROM roster WHERE study = ?1", [study.0], |row| row.get(0))?;
    if count != place {
        return Err(Refusal::new(Reason::PlaceTaken, "another roster entry came first").into());
    }
    tx.execute(
        "INSERT INTO roster (study, place, entry) VALUES (?1, ?2, ?3)",
        params![study.0, place, entry],
    )?;
    Ok(())
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
