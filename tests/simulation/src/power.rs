//! The power goes: after each acknowledged answer, and within each, the disk is rebuilt as it may be then.

use nightjar_test_support::watched_disk::{self, Cut, Tape};
use nightjar_vault::{DraftId, Vault};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{FILE, entries, entry, key, meta, open};

/// Orders in which a disk wrote what was not synced, drawn for each moment.
const ORDERS: usize = 4;

/// Answers of one draft: each disk is written whole, so what there is to rebuild grows with the square of it.
const DRAFT: usize = 50;

/// What the soak found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Answers whose journal entry was acknowledged.
    pub acknowledged: u64,
    /// Writes and syncs beneath the cipher.
    pub steps: u64,
    /// Disks rebuilt and opened.
    pub disks: u64,
    /// Of these, disks on which something was not synced.
    pub unsynced: u64,
    /// Disks on which an acknowledged answer was missing or another, or that did not open.
    pub lost: u64,
}

/// What must be there after so many steps.
struct Promise {
    steps: usize,
    /// Entries acknowledged by then.
    entries: usize,
}

/// Answers drafts, each in a vault of its own, and rebuilds the disk at every step. `syncing`: whether commits wait for the
/// disk, as they do.
///
/// # Panics
/// When a vault cannot be made, or an answer fails though the disk is sound.
#[must_use]
pub fn power(answers: usize, seed: u64, syncing: bool) -> Found {
    let mut all = Found::default();
    for (at, seed) in (0..answers.div_ceil(DRAFT)).zip(seed..) {
        let found = drafted(DRAFT.min(answers - at * DRAFT), seed, syncing);
        all.acknowledged += found.acknowledged;
        all.steps += found.steps;
        all.disks += found.disks;
        all.unsynced += found.unsynced;
        all.lost += found.lost;
    }
    all
}

fn drafted(answers: usize, seed: u64, syncing: bool) -> Found {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = StdRng::seed_from_u64(seed);
    watched_disk::watch(folder.path());
    let vault = Vault::create(folder.path().join(FILE), &key()).expect("a vault is made");
    if !syncing {
        vault.stop_syncing().expect("the writer is open");
    }
    let draft = vault.begin(&meta()).expect("a draft begins");
    let mut promises = vec![Promise { steps: watched_disk::steps(), entries: 0 }];
    let mut given = Vec::new();
    for n in 0..answers {
        let bytes = entry(&mut random);
        vault.append(&draft, &bytes).expect("an answer is kept");
        given.push(bytes);
        promises.push(Promise { steps: watched_disk::steps(), entries: given.len() });
        // Somebody else stops now and then: the log is cut, and pages are overwritten.
        if n % 25 == 24 {
            let other = vault.begin(&meta()).expect("a draft begins");
            vault.append(&other, &entry(&mut random)).expect("an answer is kept");
            vault.discard(&other).expect("a draft is thrown away");
            promises.push(Promise { steps: watched_disk::steps(), entries: given.len() });
        }
    }
    let tape = watched_disk::tape();
    drop(vault);
    let mut found = Found { acknowledged: given.len() as u64, steps: tape.len() as u64, ..Found::default() };
    for pair in promises.windows(2) {
        let (from, until) = (&pair[0], &pair[1]);
        for steps in from.steps..=until.steps {
            let promised = if steps == until.steps { until.entries } else { from.entries };
            moment(&tape, steps, &draft, &given, promised, &mut random, &mut found);
        }
    }
    found
}

/// All disks that may be left at one moment.
fn moment(
    tape: &Tape,
    steps: usize,
    draft: &DraftId,
    given: &[Vec<u8>],
    promised: usize,
    random: &mut StdRng,
    found: &mut Found,
) {
    let mut cuts = vec![Cut::Nothing];
    if tape.unsynced(steps) > 0 {
        cuts.extend([
            Cut::Everything,
            Cut::Torn(1),
            Cut::Torn(512),
            Cut::Torn(random.random_range(2..4_096)),
        ]);
        cuts.extend((0..ORDERS).map(|_| Cut::Some(random.random())));
    }
    for cut in cuts {
        let disk = tempfile::tempdir().expect("a temporary folder");
        tape.after(steps, cut, disk.path());
        found.disks += 1;
        found.unsynced += u64::from(cut != Cut::Nothing);
        let held = open(disk.path()).and_then(|vault| entries(&vault, draft));
        let kept = held.is_ok_and(|held| held.len() >= promised && given.starts_with(&held));
        found.lost += u64::from(!kept);
    }
}
