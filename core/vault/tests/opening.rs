//! Opening: each kind of damage is one clear error, and none destroys anything.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::fs;

use common::*;
use nightjar_vault::{Vault, VaultError};

#[test]
fn a_vault_opens_with_its_key_and_with_no_other() {
    let home = Home::new();
    home.create().keep_setting("label", b"Tablet 2").unwrap();
    let before = fs::read(&home.path).unwrap();
    let error = Vault::open(&home.path, &key(2)).unwrap_err();
    assert!(matches!(error, VaultError::WrongKey), "{error:?}");
    assert_eq!(fs::read(&home.path).unwrap(), before, "a wrong key changes nothing");
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert_eq!(vault.setting("label").unwrap().as_deref(), Some(b"Tablet 2".as_slice()));
}

#[test]
fn a_key_is_never_shown() {
    let home = Home::new();
    let shown = format!("{:?} {:?}", key(0xab), home.create());
    // The folder of the vault has a random name, which could hold two letters of the key by chance.
    let shown = shown.replace(&home.path.display().to_string(), "");
    assert!(!shown.contains("ab") && !shown.contains("171"), "{shown}");
}

#[test]
fn creating_never_overwrites() {
    let home = Home::new();
    fs::write(&home.path, b"somebody's file").unwrap();
    assert!(matches!(Vault::create(&home.path, &key(1)), Err(VaultError::Exists)));
    assert_eq!(fs::read(&home.path).unwrap(), b"somebody's file");
    assert!(matches!(Vault::open(home.folder.path().join("none"), &key(1)), Err(VaultError::Missing)));
}

#[test]
fn a_file_cut_off_is_damaged() {
    let home = Home::new();
    drop(home.create());
    let whole = fs::read(&home.path).unwrap();
    for length in [0, 1, 100, 4095] {
        fs::write(&home.path, &whole[..length]).unwrap();
        let error = Vault::open(&home.path, &key(1)).unwrap_err();
        assert!(matches!(error, VaultError::Corrupt(_)), "{length}: {error:?}");
    }
    // Cut within or between later pages: said at the latest when what is gone is asked for.
    for length in [4096 * 2, whole.len() - 4096, whole.len() - 1] {
        fs::write(&home.path, &whole[..length]).unwrap();
        let asked = Vault::open(&home.path, &key(1)).and_then(|vault| vault.check());
        assert!(matches!(asked, Err(VaultError::Corrupt(_))), "{length}: {asked:?}");
    }
}

#[test]
fn a_damaged_page_is_said_and_the_rest_stays_readable() {
    let home = Home::new();
    let vault = home.create();
    vault.keep_setting("label", b"Tablet 2").unwrap();
    vault.keep_pack(&[1; 32], &[("form.xlsx".into(), vec![7; 40_000])]).unwrap();
    vault.pause();
    drop(vault);
    let mut bytes = fs::read(&home.path).unwrap();
    let last = bytes.len() - 2_000;
    bytes[last] ^= 1;
    fs::write(&home.path, &bytes).unwrap();
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert!(matches!(vault.check(), Err(VaultError::Corrupt(_))));
    assert!(matches!(vault.pack(&[1; 32]), Err(VaultError::Corrupt(_))));
    assert_eq!(vault.setting("label").unwrap().as_deref(), Some(b"Tablet 2".as_slice()));
}

#[test]
fn something_else_than_a_vault_is_not_opened() {
    let home = Home::new();
    rusqlite::Connection::open(&home.path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Vault::open(&home.path, &key(1)), Err(VaultError::WrongKey)));
    fs::write(&home.path, vec![b'x'; 10_000]).unwrap();
    assert!(matches!(Vault::open(&home.path, &key(1)), Err(VaultError::WrongKey)));
}

#[test]
fn a_newer_vault_is_left_alone() {
    let home = Home::new();
    drop(home.create());
    let connection = rusqlite::Connection::open(&home.path).unwrap();
    connection
        .execute_batch(&format!("PRAGMA key = \"x'{}'\"; PRAGMA user_version = 99;", "01".repeat(32)))
        .unwrap();
    drop(connection);
    let error = Vault::open(&home.path, &key(1)).unwrap_err();
    assert!(matches!(error, VaultError::NewerSchema { found: 99, .. }), "{error:?}");
}

#[test]
fn without_the_key_no_program_reads_it() {
    let home = Home::new();
    let vault = home.create();
    vault.keep_setting("canary", b"BLACKBIRD-7731").unwrap();
    for (path, bytes) in files(&home.path) {
        assert!(!holds(&bytes, b"BLACKBIRD-7731"), "{}", path.display());
        assert!(!holds(&bytes, b"SQLite format 3"), "{}", path.display());
        assert!(!holds(&bytes, b"draft_entry"), "{}", path.display());
    }
    vault.pause();
    let plain = rusqlite::Connection::open(&home.path).unwrap();
    assert!(plain.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())).is_err());
    assert!(holds(&decrypted(&home.path, [1; 32]), b"BLACKBIRD-7731"), "the scan is not blind");
}

#[test]
fn pausing_gives_up_every_lock_and_resuming_goes_on() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.append(&draft, b"one").unwrap();
    vault.pause();
    assert!(matches!(vault.append(&draft, b"two"), Err(VaultError::Closed)));
    assert!(matches!(vault.drafts(), Err(VaultError::Closed)));
    let other = rusqlite::Connection::open(&home.path).unwrap();
    let key = "01".repeat(32);
    let taken =
        format!("PRAGMA key = \"x'{key}'\"; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;");
    other.execute_batch(&taken).expect("no lock is held while paused");
    drop(other);
    vault.resume().unwrap();
    vault.append(&draft, b"two").unwrap();
    assert_eq!(vault.draft(&draft).unwrap().1.len(), 2);
}

#[test]
fn a_vault_held_by_another_process_says_so() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let other = rusqlite::Connection::open(&home.path).unwrap();
    other.execute_batch(&format!("PRAGMA key = \"x'{}'\"; BEGIN IMMEDIATE;", "01".repeat(32))).unwrap();
    assert!(matches!(vault.append(&draft, b"one"), Err(VaultError::Locked)));
    other.execute_batch("ROLLBACK").unwrap();
    vault.append(&draft, b"one").unwrap();
}

#[test]
fn a_new_key_opens_the_vault_and_the_old_one_nothing() {
    let home = Home::new();
    let vault = home.create();
    vault.keep_setting("label", b"Tablet 2").unwrap();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.append(&draft, b"said").unwrap();
    let other = Vault::open(&home.path, &key(1)).unwrap();
    assert!(matches!(vault.rekey(&key(2)), Err(VaultError::Locked)), "beneath somebody who uses it");
    other.append(&draft, b"said by another").unwrap();
    other.pause();
    vault.rekey(&key(2)).unwrap();
    assert!(matches!(other.resume(), Err(VaultError::WrongKey)));
    // The same handle goes on.
    vault.append(&draft, b"said since").unwrap();
    assert_eq!(vault.setting("label").unwrap().as_deref(), Some(b"Tablet 2".as_slice()));
    let label: &[&[u8]] = &[b"Tablet 2"];
    assert!(!vault.audit(label).unwrap().hits.is_empty(), "the audit deciphers with the new key");
    vault.check().unwrap();
    drop(vault);
    assert!(matches!(Vault::open(&home.path, &key(1)), Err(VaultError::WrongKey)));
    assert!(!holds(&decrypted(&home.path, [1; 32]), b"Tablet 2"));
    let vault = Vault::open(&home.path, &key(2)).unwrap();
    assert_eq!(vault.draft(&draft).unwrap().1.len(), 3);
}

#[test]
fn a_copy_is_whole_opens_with_the_same_key_and_is_never_written_over() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    for n in 0..200_u8 {
        vault.append(&draft, &[n; 3_000]).unwrap();
    }
    let copy = home.folder.path().join("copy.db");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 0..50_u8 {
                vault.append(&draft, &[n; 500]).unwrap();
            }
        });
        vault.backup(&copy).unwrap();
        writing.join().unwrap();
    });
    assert!(matches!(vault.backup(&copy), Err(VaultError::Exists)));
    assert!(matches!(Vault::open(&copy, &key(2)), Err(VaultError::WrongKey)));
    let copied = Vault::open(&copy, &key(1)).unwrap();
    copied.check().unwrap();
    let (ours, theirs) = (vault.draft(&draft).unwrap().1, copied.draft(&draft).unwrap().1);
    assert!(theirs.len() >= 200 && ours.starts_with(&theirs));
    copied.append(&draft, b"in the copy").unwrap();
    assert_eq!(vault.draft(&draft).unwrap().1.len(), 250);
    assert!(matches!(vault.backup(&home.folder.path().join("no/where.db")), Err(VaultError::Missing)));
}

#[test]
fn a_damaged_vault_is_neither_copied_nor_given_another_key() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    for _ in 0..40 {
        vault.append(&draft, &[7; 4_000]).unwrap();
    }
    let copy = home.folder.path().join("copy.db");
    vault.backup(&copy).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::remove_file(&copy).unwrap();
    vault.pause();
    let mut bytes = std::fs::read(&home.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4].copy_from_slice(b"XXXX");
    std::fs::write(&home.path, &bytes).unwrap();
    vault.resume().unwrap();
    assert!(matches!(vault.backup(&copy), Err(VaultError::Corrupt(_))));
    assert!(!copy.exists(), "there is no copy that looks like one");
    assert!(matches!(vault.rekey(&key(9)), Err(VaultError::Corrupt(_))));
    assert_eq!(std::fs::read(&home.path).unwrap(), bytes, "nothing was written");
}

/// SQLCipher starts its provider with the first connection of a process and ends it with the last: whoever opens just then must not be told
/// that the key is wrong.
#[test]
fn many_vaults_open_and_close_at_once() {
    std::thread::scope(|scope| {
        for thread in 0..12_u8 {
            scope.spawn(move || {
                for round in 0..12_u8 {
                    let home = Home::new();
                    let vault = Vault::create(&home.path, &key(thread)).unwrap();
                    vault.keep_setting("label", &[round]).unwrap();
                    drop(vault);
                    let vault = Vault::open(&home.path, &key(thread)).unwrap();
                    assert_eq!(vault.setting("label").unwrap(), Some(vec![round]));
                }
            });
        }
    });
}
