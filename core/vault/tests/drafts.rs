//! Drafts: an entry is durable when `append` returns, and what was thrown away is gone.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::fs;

use common::*;
use nightjar_vault::{DraftId, Vault, VaultError};

fn entries(vault: &Vault, draft: &DraftId) -> Vec<Vec<u8>> {
    vault.draft(draft).unwrap().1.iter().map(|e| e.to_vec()).collect()
}

/// What the disk holds at the moment `append` returns is enough: a copy of the files opens with every entry.
#[test]
fn after_a_kill_every_acknowledged_entry_is_there() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let mut acknowledged = Vec::new();
    for n in 0..40u32 {
        let entry = format!("entry {n} {}", "x".repeat(n as usize * 30)).into_bytes();
        vault.append(&draft, &entry).unwrap();
        acknowledged.push(entry);
        let copy = Home::new();
        for (path, bytes) in files(&home.path) {
            let name = path.file_name().unwrap();
            // The shared memory file is lost in a crash; the log alone must do.
            if name.to_string_lossy().ends_with("-shm") {
                continue;
            }
            fs::write(copy.folder.path().join(name), bytes).unwrap();
        }
        let found = Vault::open(&copy.path, &key(1)).unwrap();
        assert_eq!(entries(&found, &draft), acknowledged);
        assert_eq!(found.draft(&draft).unwrap().0, draft_meta());
    }
}

/// A torn last write takes the entry that was not acknowledged and no other.
#[test]
fn a_torn_write_loses_only_what_was_not_acknowledged() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.append(&draft, b"acknowledged").unwrap();
    let log = home.path.with_extension("db-wal");
    let safe = fs::metadata(&log).unwrap().len();
    vault.append(&draft, b"under way").unwrap();
    let whole = fs::read(&log).unwrap();
    for length in (safe..whole.len() as u64).step_by(97) {
        let copy = Home::new();
        fs::copy(&home.path, &copy.path).unwrap();
        fs::write(copy.path.with_extension("db-wal"), &whole[..length as usize]).unwrap();
        let found = Vault::open(&copy.path, &key(1)).unwrap();
        assert_eq!(entries(&found, &draft), [b"acknowledged".to_vec()]);
    }
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.limit_pages(80).unwrap();
    let mut acknowledged = Vec::new();
    let error = loop {
        let entry = vec![acknowledged.len() as u8; 20_000];
        match vault.append(&draft, &entry) {
            Ok(_) => acknowledged.push(entry),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, VaultError::StorageFull), "{error:?}");
    assert!(!acknowledged.is_empty());
    assert_eq!(entries(&vault, &draft), acknowledged);
    vault.limit_pages(10_000).unwrap();
    vault.append(&draft, b"room again").unwrap();
    assert_eq!(entries(&vault, &draft).len(), acknowledged.len() + 1);
}

#[test]
fn what_was_thrown_away_is_in_no_page_and_no_file() {
    let home = Home::new();
    let vault = home.create();
    let kept = vault.begin(&draft_meta()).unwrap();
    vault.append(&kept, b"kept").unwrap();
    let mut meta = draft_meta();
    meta.ward = "CANARY-WARD-4417".into();
    let draft = vault.begin(&meta).unwrap();
    for n in 0..50 {
        vault.append(&draft, format!("CANARY-ANSWER {n}").as_bytes()).unwrap();
    }
    let sealed = decrypted(&home.path, [1; 32]);
    assert!(holds(&sealed, b"CANARY-WARD"), "the scan is not blind");
    assert!(!holds(&sealed, b"CANARY-ANSWER"), "answers are sealed even inside the database");
    vault.discard(&draft).unwrap();
    let after = decrypted(&home.path, [1; 32]);
    assert!(!holds(&after, b"CANARY"));
    assert!(!holds(&after, &draft.0), "not even its name");
    assert_eq!(fs::metadata(home.path.with_extension("db-wal")).unwrap().len(), 0, "the log is cut");
    assert!(matches!(vault.draft(&draft), Err(VaultError::NoDraft)));
    assert!(matches!(vault.append(&draft, b"x"), Err(VaultError::NoDraft)));
    assert!(matches!(vault.discard(&draft), Err(VaultError::NoDraft)));
    assert_eq!(vault.drafts().unwrap().len(), 1);
    assert_eq!(entries(&vault, &kept), [b"kept".to_vec()]);
}

#[test]
fn drafts_are_listed_without_their_content() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.append(&draft, b"secret").unwrap();
    let listed = vault.drafts().unwrap();
    assert_eq!((listed[0].id, listed[0].entries), (draft, 1));
    assert!(!format!("{listed:?}").contains("secret"));
    assert_eq!(draft.to_string().parse::<DraftId>().unwrap(), draft);
}

#[test]
fn an_entry_too_large_is_refused_by_name() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let large = vec![0; nightjar_vault::ENTRY_BYTES + 1];
    assert!(matches!(vault.append(&draft, &large), Err(VaultError::TooLarge { .. })));
}

#[test]
fn two_threads_append_and_read_side_by_side() {
    let home = Home::new();
    let vault = home.create();
    let drafts: Vec<DraftId> = (0..4).map(|_| vault.begin(&draft_meta()).unwrap()).collect();
    std::thread::scope(|scope| {
        for draft in &drafts {
            scope.spawn(|| {
                for n in 0..25u8 {
                    vault.append(draft, &[n]).unwrap();
                    assert_eq!(entries(&vault, draft).len(), n as usize + 1);
                }
            });
        }
    });
    for draft in &drafts {
        assert_eq!(entries(&vault, draft), (0..25u8).map(|n| vec![n]).collect::<Vec<_>>());
    }
}

/// A draft that moves to another version of its form has the one journal or the other, never a part of each.
#[test]
fn a_journal_is_replaced_whole_or_not_at_all() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    for entry in [b"one", b"two"] {
        vault.append(&draft, entry).unwrap();
    }
    let entry = |bytes: &[u8]| zeroize::Zeroizing::new(bytes.to_vec());
    let too_large = vec![0; nightjar_vault::ENTRY_BYTES + 1];
    let refused = vault.replace(&draft, &draft_meta(), &[entry(b"new"), entry(&too_large)]);
    assert!(matches!(refused, Err(VaultError::TooLarge { .. })));
    assert_eq!(entries(&vault, &draft), [b"one".to_vec(), b"two".to_vec()]);

    let meta = nightjar_vault::DraftMeta { version: [9; 32], ..draft_meta() };
    vault.replace(&draft, &meta, &[entry(b"new")]).unwrap();
    assert_eq!(vault.append(&draft, b"next").unwrap(), 1);
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert_eq!(entries(&vault, &draft), [b"new".to_vec(), b"next".to_vec()]);
    assert_eq!(vault.draft(&draft).unwrap().0, meta);
    assert!(matches!(vault.replace(&DraftId([7; 16]), &meta, &[]), Err(VaultError::NoDraft)));
}

/// After a hand-over only the words open a draft: its key is in no page, and other words open nothing.
#[test]
fn words_alone_open_a_draft_that_was_locked() {
    let home = Home::new();
    let vault = home.create();
    let (mine, other) = (vault.begin(&draft_meta()).unwrap(), vault.begin(&draft_meta()).unwrap());
    for draft in [mine, other] {
        vault.append(&draft, b"said").unwrap();
    }
    assert!(!vault.lock(&mine).unwrap(), "no words were taken, so that nothing is locked");
    vault.seal_under(&[1; 10], &mine).unwrap();
    vault.seal_under(&[2; 10], &mine).unwrap();
    assert_eq!(vault.unlock(&[1; 10]).unwrap(), None, "the first words are worth nothing any more");
    let secret: Vec<u8> = {
        let raw = rusqlite::Connection::open(&home.path).unwrap();
        raw.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "01".repeat(32))).unwrap();
        raw.query_row("SELECT key FROM draft_key WHERE draft = ?1", [mine.0], |row| row.get(0)).unwrap()
    };
    assert!(holds(&decrypted(&home.path, [1; 32]), &secret), "the scan is not blind");
    assert!(vault.lock(&mine).unwrap());
    assert!(!holds(&decrypted(&home.path, [1; 32]), &secret));
    assert!(matches!(vault.draft(&mine), Err(VaultError::NoDraft)));
    assert!(matches!(vault.append(&mine, b"x"), Err(VaultError::NoDraft)));
    let locked = |vault: &Vault| vault.drafts().unwrap().iter().map(|d| (d.id, d.locked)).collect::<Vec<_>>();
    let mut expected = vec![(mine, true), (other, false)];
    expected.sort_unstable();
    assert_eq!(locked(&vault), expected);

    let vault = Vault::open(&home.path, &common::key(1)).unwrap();
    assert_eq!(vault.unlock(&[3; 10]).unwrap(), None);
    assert_eq!(vault.unlock(&[2; 10]).unwrap(), Some(mine));
    assert_eq!(entries(&vault, &mine), [b"said".to_vec()]);
    vault.lock(&mine).unwrap();
    vault.stop(&mine, "live").unwrap();
    assert!(matches!(vault.stop(&mine, "live"), Err(VaultError::NoDraft)));
    assert_eq!(vault.unlock(&[2; 10]).unwrap(), None);
    let counted = vault.tallies().unwrap();
    assert_eq!((counted.len(), counted[0].stopped, counted[0].responses), (1, 1, 0));
    assert_eq!(counted[0].phase, "live");
}

/// The audit sees what lies in free pages and in the log, and says where.
#[test]
fn an_audit_finds_what_is_there_and_nothing_else() {
    let home = Home::new();
    let vault = home.create();
    let phrases: [&[u8]; 2] = [b"CANARY-WARD-4417", b"never said"];
    vault.keep_setting("label", b"CANARY-WARD-4417").unwrap();
    let found = vault.audit(&phrases).unwrap();
    assert!(found.pages > 10 && !found.hits.is_empty());
    assert!(found.hits.iter().all(|hit| hit.phrase == 0 && hit.page.is_some()), "{:?}", found.hits);
    // Beside the pages that the test deciphers by itself.
    assert!(holds(&decrypted(&home.path, [1; 32]), phrases[0]));
    vault.keep_setting("label", b"Tablet 2").unwrap();
    let (draft, other) = (vault.begin(&draft_meta()).unwrap(), vault.begin(&draft_meta()).unwrap());
    for draft in [draft, other] {
        vault.discard(&draft).unwrap();
    }
    assert!(vault.audit(&phrases).unwrap().hits.is_empty(), "secure_delete and a cut log leave nothing");
    fs::write(format!("{}-shm", home.path.display()), "x CANARY-WARD-4417 y").unwrap();
    let clear = vault.audit(&phrases).unwrap().hits;
    assert!(clear.len() == 1 && clear[0].page.is_none(), "{clear:?}");
    assert!(matches!(vault.audit(&[b"abc"]), Err(VaultError::TooLarge { .. })));
}
