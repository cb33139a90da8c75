//! A real file system with no room left, again and again.

use nightjar_test_support::SmallDisk;
use nightjar_vault::{Vault, VaultError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::{FILE, entries, entry, key, meta, open};

/// What the soak found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// How often the disk was full.
    pub full: u64,
    /// Answers acknowledged.
    pub acknowledged: u64,
    /// Answers refused because there was no room.
    pub refused: u64,
    /// Answers refused with another error.
    pub unclear: u64,
    /// Acknowledged answers that were missing when the vault was opened again.
    pub lost: u64,
}

/// Fills a small disk so many times.
///
/// # Errors
/// What the system says where a file system in memory may not be mounted.
///
/// # Panics
/// When a vault does not open again.
pub fn disk_full(times: u64, seed: u64) -> Result<Found, String> {
    let disk = SmallDisk::mount(16 * 1024)?;
    let mut random = StdRng::seed_from_u64(seed);
    let mut found = Found::default();
    let mut vault = Vault::create(disk.path().join(FILE), &key()).map_err(|error| error.to_string())?;
    for _ in 0..times {
        let draft = vault.begin(&meta()).map_err(|error| error.to_string())?;
        let mut given = Vec::new();
        for _ in 0..random.random_range(0..8) {
            given.push(entry(&mut random));
            vault.append(&draft, &given[given.len() - 1]).map_err(|error| error.to_string())?;
        }
        let filler = disk.fill();
        // What is left in the log may still take some.
        for _ in 0..40 {
            let bytes = entry(&mut random);
            match vault.append(&draft, &bytes) {
                Ok(_) => given.push(bytes),
                Err(VaultError::StorageFull) => found.refused += 1,
                Err(_) => found.unclear += 1,
            }
        }
        found.full += 1;
        found.acknowledged += given.len() as u64;
        // Somebody puts it away while the disk is full, or makes room first.
        let early = random.random::<bool>();
        if early {
            drop(vault);
            vault = open(disk.path()).map_err(|error| format!("on a full disk: {error}"))?;
            let held = entries(&vault, &draft).unwrap_or_default();
            found.lost += given.iter().filter(|entry| !held.contains(entry)).count() as u64;
        }
        std::fs::remove_file(filler).map_err(|error| error.to_string())?;
        drop(vault);
        vault = open(disk.path()).map_err(|error| error.to_string())?;
        let held = entries(&vault, &draft).unwrap_or_default();
        found.lost += u64::from(held != given) * given.len().max(1) as u64;
        vault.check().map_err(|error| error.to_string())?;
        vault.discard(&draft).map_err(|error| error.to_string())?;
    }
    Ok(found)
}
