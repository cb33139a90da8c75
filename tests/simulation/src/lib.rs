//! Faults that a vault must survive, in one process: power cuts, writes that fail, a disk that is full.

pub mod disk_full;
pub mod io_error;
pub mod power;

use std::path::Path;

use nightjar_vault::{DraftId, DraftMeta, Vault, VaultError, VaultKey};
use rand::RngExt;
use rand::rngs::StdRng;

/// The name of the vault's file in its folder.
pub const FILE: &str = "tablet.db";

/// The key of every vault here.
#[must_use]
pub fn key() -> VaultKey {
    VaultKey::new([7; 32])
}

/// What a draft is opened with.
#[must_use]
pub fn meta() -> DraftMeta {
    DraftMeta {
        instrument: "patient-core".into(),
        version: [1; 32],
        role: "patient".into(),
        ward: "acute-male".into(),
        language: "en".into(),
        opened: "2026-03-02T10:00:00+00:00[Europe/London]".into(),
        seed: 1,
        extra: Default::default(),
    }
}

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
