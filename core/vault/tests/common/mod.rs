//! Vaults in temporary folders.
#![allow(dead_code, reason = "each test file uses some of it")]

pub(crate) mod world;

use std::path::{Path, PathBuf};

use nightjar_vault::{DraftMeta, Vault, VaultKey};
use tempfile::TempDir;

pub(crate) fn key(n: u8) -> VaultKey {
    VaultKey::new([n; 32])
}

pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("vault.db");
        Self { folder, path }
    }

    pub(crate) fn create(&self) -> Vault {
        Vault::create(&self.path, &key(1)).unwrap()
    }
}

pub(crate) fn draft_meta() -> DraftMeta {
    DraftMeta {
        instrument: "patient_core".into(),
        version: [3; 32],
        role: "patient".into(),
        ward: "maple".into(),
        language: "English (en)".into(),
        opened: "2025-03-02T14:05:00+00:00[Europe/London]".into(),
        seed: 7,
        extra: Default::default(),
    }
}

/// Every file of the vault: database, log, shared memory.
pub(crate) fn files(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = path.parent().unwrap();
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        out.push((path.clone(), std::fs::read(path).unwrap()));
    }
    out
}

pub(crate) fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Every page of the database and of its log in clear, free pages and all: what somebody with the key in hand could
/// find. SQLCipher 4 encrypts each page of 4096 bytes with AES-256-CBC under the raw key; the last 80 bytes are the
/// page's initialisation vector and its authentication code.
pub(crate) fn decrypted(path: &Path, key: [u8; 32]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, page) in std::fs::read(path).unwrap().chunks(PAGE).enumerate() {
        // The first 16 bytes of the first page are the salt.
        out.extend(decrypt(&page[if n == 0 { 16 } else { 0 }..], key));
    }
    let log = std::fs::read(path.with_extension("db-wal")).unwrap_or_default();
    // A log is a header of 32 bytes, then frames of 24 bytes and a page.
    for frame in log.get(32..).unwrap_or_default().chunks(24 + PAGE).filter(|f| f.len() == 24 + PAGE) {
        let page = &frame[24..];
        let first = frame[..4] == [0, 0, 0, 1];
        out.extend(decrypt(&page[if first { 16 } else { 0 }..], key));
    }
    out
}

const PAGE: usize = 4096;

fn decrypt(page: &[u8], key: [u8; 32]) -> Vec<u8> {
    use cbc::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding};
    let (sealed, tail) = page.split_at(page.len() - 80);
    let iv: [u8; 16] = tail[..16].try_into().unwrap();
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    let mut plain = sealed.to_vec();
    cipher.decrypt_padded::<NoPadding>(&mut plain).unwrap();
    plain
}
