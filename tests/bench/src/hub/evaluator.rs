//! Whether an evaluator's vault of a million records takes in an envelope as one of ten thousand does. Both were filled as everything comes in, by
//! [`Vault::import`], with responses that each hand out their key.

use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;
use std::time::Instant;

use nightjar_seal::{DeviceKeys, Holder};
use nightjar_test_support::records::reading;
use nightjar_vault::Vault;

use super::Missed;
use super::growth::compared;
use crate::figures::Times;
use crate::responses::{Study, entropy};
use crate::trouble::Trouble;
use crate::vault::{evaluator, reader, since};

/// Envelopes of one transaction while filling, and while measuring: about what one reply of a pull holds, and a few.
const FILLING: usize = 1_000;
const BATCHES: [usize; 3] = [1, 20, 250];

pub(crate) fn imports(quick: bool, missed: &mut Missed) -> Result<(), Trouble> {
    let sizes = if quick { [5_000, 50_000] } else { [10_000, 1_000_000] };
    let times = if quick { 20 } else { 60 };
    let (folder, keys) = (tempfile::tempdir()?, evaluator());
    let mut vaults = Vec::new();
    for (size, name) in sizes.into_iter().zip(["small.db", "large.db"]) {
        vaults.push(filled(&folder.path().join(name), size, &keys)?);
    }
    println!(
        "\nImporting into a vault of {} records what it takes beside {}, in µs an envelope",
        sizes[1], sizes[0]
    );
    let holder = Holder { device: Some(&keys), ..Holder::default() };
    for (at, batch) in BATCHES.into_iter().enumerate() {
        let mut took = [Vec::new(), Vec::new()];
        for time in 0..times {
            for (which, (vault, took)) in vaults.iter().zip(&mut took).enumerate() {
                let seed = 1 << 40 | at << 36 | which << 32 | time << 16;
                let envelopes: Vec<_> = made(seed, batch, &keys)?;
                let begun = Instant::now();
                let imported = vault.import(envelopes.iter().map(Vec::as_slice), &holder, reading())?;
                took.push(since(begun) / batch as f64);
                if imported.new != batch as u64 || !imported.set_aside.is_empty() {
                    return Err(Trouble::Unlike("not all of a batch was new and whole".into()));
                }
            }
        }
        let [few, many] = took.map(Times::of);
        compared(&format!("an envelope of {batch} together"), &few, &many, missed);
    }
    for (vault, size) in vaults.iter().zip(sizes) {
        let wanted = (size + times * BATCHES.iter().sum::<usize>()) as u64;
        let counted: u64 = vault.counts()?.iter().map(|count| count.records).sum();
        println!("  {counted} records are shown of {wanted}: {}", missed.or_met(counted == wanted));
    }
    Ok(())
}

/// Sealed responses from a number on, each of another device's record.
fn made(from: usize, count: usize, reader: &DeviceKeys) -> Result<Vec<Vec<u8>>, Trouble> {
    let (study, mut entropy) = (Study::new()?, entropy((from as u64) << 8));
    let tablet = DeviceKeys::generate(&mut entropy);
    let made = (from..from + count).map(|at| {
        let response = study.one(at, &tablet, &mut entropy);
        study.sealed(&response, &tablet, reader, &mut entropy).0.encode()
    });
    Ok(made.collect())
}

fn filled(path: &Path, size: usize, keys: &DeviceKeys) -> Result<Vault, Trouble> {
    let vault = reader(path)?;
    let holder = Holder { device: Some(keys), ..Holder::default() };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        // Sealed on one core while the other imports.
        let sealed = sealing(scope, size, keys);
        let mut left = size;
        while left > 0 {
            let ended = |_| Trouble::Unlike("a thread that seals has ended".into());
            let batch = sealed.recv().map_err(ended)??;
            let imported = vault.import(batch.iter().map(Vec::as_slice), &holder, reading())?;
            if imported.new != batch.len() as u64 {
                return Err(Trouble::Unlike("something came twice".into()));
            }
            left -= batch.len();
        }
        Ok(())
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    println!("\na vault was filled with {size} records by importing, in {seconds:.0} s");
    Ok(vault)
}

fn sealing<'s>(
    scope: &'s Scope<'s, '_>,
    size: usize,
    keys: &'s DeviceKeys,
) -> Receiver<Result<Vec<Vec<u8>>, Trouble>> {
    let (give, take) = sync_channel(8);
    scope.spawn(move || {
        let mut from = 0;
        while from < size {
            let count = FILLING.min(size - from);
            if give.send(made(from, count, keys)).is_err() {
                return;
            }
            from += count;
        }
    });
    take
}
