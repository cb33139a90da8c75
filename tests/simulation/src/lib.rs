//! Faults that a vault must survive, in one process: power cuts, writes that fail, a disk that is full; and all of sync under faults of
//! every kind ([`simulate`]).

pub mod disk_full;
pub mod io_error;
pub mod power;
pub mod remains;
pub mod schedules;
#[cfg(target_os = "linux")]
pub mod simulate;
pub mod sync;

use std::path::Path;

use nightjar_vault::{DraftId, Vault, VaultError, VaultKey};
use rand::RngExt;
use rand::rngs::StdRng;

/// The name of the vault's file in its folder.
pub const FILE: &str = "tablet.db";

/// The key of every vault here.
#[must_use]
pub fn key() -> VaultKey {
    VaultKey::new([7; 32])
}

pub use nightjar_test_support::records::draft as meta;

/// One entry of a journal: mostly short, sometimes as long as a page of writing.
pub fn entry(random: &mut StdRng) -> Vec<u8> {
    let length = match random.random_range(0..10) {
        0 => random.random_range(4_000..20_000),
        _ => random.random_range(1..400),
    };
    (0..length).map(|_| random.random::<u8>()).collect()
}

/// The entries of a draft.
///
/// # Errors
/// As for [`Vault::draft`].
pub fn entries(vault: &Vault, draft: &DraftId) -> Result<Vec<Vec<u8>>, VaultError> {
    Ok(vault.draft(draft)?.1.iter().map(|entry| entry.to_vec()).collect())
}

/// Opens the vault of a folder.
///
/// # Errors
/// As for [`Vault::open`].
pub fn open(folder: &Path) -> Result<Vault, VaultError> {
    Vault::open(folder.join(FILE), &key())
}
