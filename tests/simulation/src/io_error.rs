//! Every write, cut and sync fails in turn: nothing acknowledged is lost, and the error says what it is.

use nightjar_test_support::watched_disk::{self, Fault};
use nightjar_vault::{DraftId, Vault, VaultError};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::{FILE, entries, entry, key, meta, open};

/// Answers in one round.
const ANSWERS: usize = 12;

/// What the soak found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Rounds, each with another failing step.
    pub rounds: u64,
    /// Answers acknowledged over all rounds.
    pub acknowledged: u64,
    /// Acts that failed with an error that names the disk or the room on it.
    pub said: u64,
    /// Acts that failed with another error.
    pub unclear: u64,
    /// Acknowledged answers that were missing, or vaults that did not open again.
    pub lost: u64,
    /// Vaults that could not go on once the disk worked again.
    pub stuck: u64,
}

/// Lets one step after the other fail, once and for good, for want of room and for a bad disk.
///
/// # Panics
/// When a vault cannot be made on a sound disk.
#[must_use]
pub fn io_error(seed: u64) -> Found {
    let mut found = Found::default();
    for (stays, full) in [(false, false), (true, false), (false, true), (true, true)] {
        for after in 0.. {
            if !round(Fault { after, stays, full }, seed, &mut found) {
                break;
            }
        }
    }
    found
}

/// One round; whether the fault was met.
fn round(fault: Fault, seed: u64, found: &mut Found) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = StdRng::seed_from_u64(seed);
    watched_disk::watch(folder.path());
    let vault = Vault::create(folder.path().join(FILE), &key()).expect("a vault is made");
    let draft = vault.begin(&meta()).expect("a draft begins");
    watched_disk::fail(Some(fault));
    let mut given = Vec::new();
    let mut unsure = Vec::new();
    for n in 0..ANSWERS {
        let bytes = entry(&mut random);
        if note(vault.append(&draft, &bytes).map(drop), found) {
            given.append(&mut unsure);
            given.push(bytes);
        } else {
            // It may be there or not: the error said that nobody may count on it. A later one may stand in its place.
            unsure.clear();
        }
        if n % 4 == 3 {
            let other = vault.begin(&meta());
            let done = other.and_then(|other| {
                vault.append(&other, &entry(&mut random))?;
                vault.discard(&other)
            });
            note(done, found);
        }
    }
    let met = watched_disk::failed() > 0;
    watched_disk::fail(None);
    found.rounds += u64::from(met);
    found.acknowledged += given.len() as u64;
    // The same vault goes on, and so does one that is opened after a crash.
    let last = entry(&mut random);
    found.stuck += u64::from(vault.append(&draft, &last).is_err());
    given.push(last);
    found.lost += missing(&vault, &draft, &given);
    drop(vault);
    found.lost += match open(folder.path()) {
        Ok(vault) => missing(&vault, &draft, &given) + u64::from(vault.check().is_err()),
        Err(_) => 1,
    };
    met
}

/// Whether an act worked; what it said if not.
fn note(done: Result<(), VaultError>, found: &mut Found) -> bool {
    match done {
        Ok(()) => return true,
        Err(VaultError::Io(_) | VaultError::StorageFull) => found.said += 1,
        Err(_) => found.unclear += 1,
    }
    false
}

/// How many of the entries given are not there, in their order.
fn missing(vault: &Vault, draft: &DraftId, given: &[Vec<u8>]) -> u64 {
    let Ok(held) = entries(vault, draft) else { return given.len() as u64 };
    let mut held = held.iter();
    given.iter().filter(|entry| !held.any(|held| held == *entry)).count() as u64
}
