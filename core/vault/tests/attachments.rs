//! Promise: what is attached lies on the disk sealed and nowhere else, is there when `attach` has returned, goes with its form or its record,
//! and is read by whoever has the record's key.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::path::PathBuf;

use common::world::*;
use common::*;
use nightjar_form::{Attached, Media, Value};
use nightjar_record::{Identity, Nature, Origin, RecordId};
use nightjar_seal::{
    CHUNK_CONTENT, ChunkName, DeviceTag, Header, MAX_SEALED_CHUNK, MIN_SEALED_CHUNK, Receipt, Recipient,
    RecordKey, RosterHead, Sealing, Withdrawal, seal_with,
};
use nightjar_vault::{ATTACHMENTS, Checked, Readable, Vault, VaultError, tag_of};

/// What is looked for where it must not be: it repeats, so that no cut hides it.
fn voice(len: usize) -> Vec<u8> {
    b"CANARY-8842 the voice of somebody. ".iter().copied().cycle().take(len).collect()
}

const CANARY: &[u8] = b"CANARY-8842 the voice";

fn hash(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// Every file below a folder.
fn all_files(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all_files(&path)),
            false => found.push(path),
        }
    }
    found
}

fn folder(vault: &Vault) -> PathBuf {
    let mut folder = vault.path().as_os_str().to_owned();
    folder.push("-attachments");
    folder.into()
}

/// The files of chunks of a vault.
fn chunks(vault: &Vault) -> Vec<PathBuf> {
    let mut files = all_files(&folder(vault));
    files.retain(|file| file.file_name().unwrap() != "lock");
    files
}

fn in_clear(home: &Home) -> Vec<PathBuf> {
    let files = all_files(home.folder.path()).into_iter();
    files.filter(|file| holds(&std::fs::read(file).unwrap(), CANARY)).collect()
}

#[test]
fn what_is_attached_is_there_after_a_restart_and_in_no_file_in_clear() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let said = voice(CHUNK_CONTENT + 1_000);
    vault.attach(&draft, &said, b"an entry", &[hash(&said)]).unwrap();
    drop(vault);
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert_eq!(*vault.attached(&draft, &hash(&said)).unwrap(), said);
    assert_eq!(vault.draft(&draft).unwrap().1.last().unwrap().as_slice(), b"an entry");
    assert_eq!(chunks(&vault).len(), 2);
    assert_eq!(in_clear(&home), Vec::<PathBuf>::new());
    assert!(!holds(&decrypted(&home.path, [1; 32]), CANARY), "nor in a page");
    assert!(
        !holds(&decrypted(&home.path, [1; 32]), &hash(&said)),
        "nor what tells who knows it that it is this"
    );
    let plain = home.folder.path().join("plain");
    std::fs::write(&plain, &said).unwrap();
    assert_eq!(in_clear(&home), [plain], "the scan is not blind");
    // Neither the name nor the time of a file says anything of who attached it when.
    for file in chunks(&vault) {
        let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
        assert_eq!(modified, std::time::SystemTime::UNIX_EPOCH);
        assert_eq!(file.file_name().unwrap().len(), 64);
    }
}

#[test]
fn a_program_that_ends_on_the_way_leaves_no_remains_and_loses_nothing() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let said = voice(500);
    vault.attach(&draft, &said, b"an entry", &[hash(&said)]).unwrap();
    let files = chunks(&vault);
    let new = folder(&vault).join("new");
    drop(vault);
    // It ended after the database knew of the file, and before the file was moved; and once more before the database knew.
    for file in &files {
        std::fs::rename(file, new.join(file.file_name().unwrap())).unwrap();
    }
    let unknown = new.join("ab".repeat(32));
    std::fs::write(&unknown, b"sealed, and nobody's").unwrap();
    std::fs::write(new.join("not a chunk"), b"").unwrap();
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert_eq!(chunks(&vault), files, "what is acknowledged is where it belongs, the rest is gone");
    assert_eq!(*vault.attached(&draft, &hash(&said)).unwrap(), said);

    // It ended after the database let go of the file, and before the file was removed.
    let kept = std::fs::read(&files[0]).unwrap();
    vault.discard(&draft).unwrap();
    assert_eq!(chunks(&vault), Vec::<PathBuf>::new());
    drop(vault);
    std::fs::write(&files[0], &kept).unwrap();
    let connection = rusqlite::Connection::open(&home.path).unwrap();
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "01".repeat(32))).unwrap();
    let name: ChunkName = files[0].file_name().unwrap().to_str().unwrap().parse().unwrap();
    connection.execute("INSERT INTO chunk_gone (name) VALUES (?1)", [name.0]).unwrap();
    drop(connection);
    let vault = Vault::open(&home.path, &key(1)).unwrap();
    assert_eq!(chunks(&vault), Vec::<PathBuf>::new());
}

#[test]
fn nobody_takes_for_remains_what_another_program_is_writing() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.attach(&draft, &voice(9), b"an entry", &[]).unwrap();
    let new = folder(&vault).join("new");
    let on_its_way = new.join("cd".repeat(32));
    std::fs::write(&on_its_way, b"sealed").unwrap();
    let lock = std::fs::File::open(folder(&vault).join("lock")).unwrap();
    lock.lock_shared().unwrap();
    drop(Vault::open(&home.path, &key(1)).unwrap());
    assert!(on_its_way.exists());
    drop(lock);
    drop(Vault::open(&home.path, &key(1)).unwrap());
    assert!(!on_its_way.exists());
}

#[test]
fn a_form_that_is_thrown_away_or_locked_takes_its_attachments_with_it() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let said = voice(70_000);
    vault.attach(&draft, &said, b"an entry", &[hash(&said)]).unwrap();
    vault.seal_under(&[7; 10], &draft).unwrap();
    vault.lock(&draft).unwrap();
    assert!(matches!(vault.attached(&draft, &hash(&said)), Err(VaultError::NoDraft)));
    assert_eq!(vault.unlock(&[7; 10]).unwrap(), Some(draft));
    assert_eq!(*vault.attached(&draft, &hash(&said)).unwrap(), said);
    // It moves to another version of its form, under another key.
    vault.replace(&draft, &draft_meta(), &[]).unwrap();
    assert_eq!(*vault.attached(&draft, &hash(&said)).unwrap(), said);
    vault.stop(&draft, "live").unwrap();
    assert!(vault.attached(&draft, &hash(&said)).is_err());
    assert_eq!(chunks(&vault), Vec::<PathBuf>::new());
}

#[test]
fn attachments_are_bounded_and_what_is_replaced_is_destroyed() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    let said: Vec<Vec<u8>> = (0..=ATTACHMENTS).map(|n| voice(100 + n)).collect();
    let hashes: Vec<_> = said.iter().map(|said| hash(said)).collect();
    for one in &said[..ATTACHMENTS] {
        vault.attach(&draft, one, b"an entry", &hashes).unwrap();
    }
    let entries = vault.draft(&draft).unwrap().1.len();
    let refused = vault.attach(&draft, &said[ATTACHMENTS], b"an entry", &hashes);
    assert!(matches!(refused, Err(VaultError::TooLarge { .. })), "{refused:?}");
    for wrong in [Vec::new(), vec![0; 9 << 20]] {
        assert!(matches!(vault.attach(&draft, &wrong, b"an entry", &hashes), Err(VaultError::Seal(_))));
    }
    assert_eq!((chunks(&vault).len(), vault.draft(&draft).unwrap().1.len()), (ATTACHMENTS, entries));
    // In place of all but the first.
    vault.attach(&draft, &said[ATTACHMENTS], b"an entry", &[hashes[0], hashes[ATTACHMENTS]]).unwrap();
    assert_eq!(chunks(&vault).len(), 2);
    assert!(matches!(vault.attached(&draft, &hashes[1]), Err(VaultError::NoAttachment)));
    // The same once more is one.
    vault.attach(&draft, &said[0], b"an entry", &hashes).unwrap();
    assert_eq!(chunks(&vault).len(), 2);
    vault.detach(&draft, b"taken back", &[hashes[0]]).unwrap();
    assert_eq!(chunks(&vault).len(), 1);
    assert_eq!(*vault.attached(&draft, &hashes[0]).unwrap(), said[0]);
}

#[test]
fn a_full_disk_refuses_and_changes_nothing() {
    let home = Home::new();
    let vault = home.create();
    let draft = vault.begin(&draft_meta()).unwrap();
    vault.attach(&draft, &voice(50), b"an entry", &[hash(&voice(50))]).unwrap();
    vault.limit_pages(1).unwrap();
    let mut n = 0;
    let refused = loop {
        // Entries large enough that the pages there are fill up.
        match vault.attach(&draft, &voice(51), &[7; 30_000], &[hash(&voice(50))]) {
            Ok(()) => n += 1,
            Err(refused) => break refused,
        }
        assert!(n < 100, "it is bounded");
    };
    assert!(matches!(refused, VaultError::StorageFull), "{refused:?}");
    let before = chunks(&vault).len();
    assert!(before <= 2, "nothing of what was refused lies there");
    assert_eq!(*vault.attached(&draft, &hash(&voice(50))).unwrap(), voice(50));
    vault.limit_pages(100_000).unwrap();
    vault.attach(&draft, &voice(52), b"an entry", &[hash(&voice(50)), hash(&voice(52))]).unwrap();
    assert_eq!(*vault.attached(&draft, &hash(&voice(52))).unwrap(), voice(52));
}

fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

/// A finished response with an attachment: record, what its answer names, and the marker that takes it out.
fn given(device: &Device, readers: &[&Device], said: &[u8]) -> (RecordId, Attached, Vec<u8>) {
    let receipt = Receipt::generate(&mut entropy);
    let (withdrawal, salt) = (receipt.withdrawal(), [9; 16]);
    let creator = DeviceTag(device.keys.tag().0);
    let origin = nightjar_seal::Origin { withdrawal: Some(withdrawal), creator, salt };
    let marker = Withdrawal::new(&receipt, STUDY, origin).unwrap().encode();
    let origin = Origin { withdrawal: Some(withdrawal.0), creator: creator.0, random: salt };
    let meta = meta("patient-core", Nature::Response, Identity::Given(origin));

    let draft = device.vault.begin(&draft_meta()).unwrap();
    device.vault.attach(&draft, said, b"an entry", &[hash(said)]).unwrap();
    let record_key = RecordKey::generate(&mut entropy);
    let resealed = device.vault.reseal(&draft, &[hash(said)], &record_key).unwrap();
    let names = resealed.names(&hash(said)).unwrap().iter().map(|name| name.0).collect();
    let attached = Attached { media: Media::Wav, size: said.len() as u64, hash: hash(said), chunks: names };
    let cells = [(cell("told"), Value::Text(attached.to_string()))];
    let written = device.written(&meta, &cells);
    let tag = tag_of(&meta, &IDENTITY);
    let header = Header::change(STUDY, SCOPE, tag, device.keys.tag(), RosterHead([0; 32]), &record_key);
    let publics: Vec<_> = readers.iter().map(|reader| reader.keys.public()).collect();
    let to: Vec<_> = publics.iter().map(Recipient::Device).collect();
    let sealing = Sealing { recipients: Some(&to), dictionary: None };
    let change = seal_with(header, &written.bytes, &record_key, sealing, &mut entropy).unwrap();
    let checked = Checked::open(&written, change, None, record_key, device.reading()).unwrap();
    let checked = checked.with(Some(resealed));
    let finished = device.vault.finish(&draft, checked, Readable::Elsewhere, device.reading()).unwrap();
    (finished.record, attached, marker)
}

#[test]
fn an_attachment_goes_with_its_record_to_whoever_may_read_it_and_out_with_it() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let said = voice(2 * CHUNK_CONTENT + 7);
    let (record, attached, marker) = given(&tablet, &[&evaluator], &said);
    assert_eq!(chunks(&tablet.vault).len(), 3, "those of the draft are gone");
    assert_eq!(in_clear(&tablet.home), Vec::<PathBuf>::new());
    assert!(tablet.vault.attachment(&record, &attached).is_err(), "the tablet has no key of it");
    assert_eq!(tablet.vault.waiting_chunks(&SCOPE, None, 9).unwrap(), [], "its envelope goes first");
    let sent = tablet.send();
    tablet.vault.acknowledge(&sent.keys().copied().collect::<Vec<_>>()).unwrap();
    let waiting = tablet.vault.waiting_chunks(&SCOPE, None, 9).unwrap();
    assert_eq!(waiting.len(), 3);
    assert_eq!(tablet.vault.waiting_chunks(&SCOPE, Some(&waiting[1].1), 9).unwrap(), waiting[2..]);

    evaluator.receive(sent.values());
    let missing = evaluator.vault.missing_chunks(&SCOPE, None, 9).unwrap();
    let sizes: Vec<u64> = missing.iter().map(|(_, size)| *size).collect();
    assert_eq!(sizes.iter().sum::<u64>(), 2 * MAX_SEALED_CHUNK as u64 + MIN_SEALED_CHUNK as u64);
    let missing: Vec<_> = missing.into_iter().map(|(name, _)| name).collect();
    assert_eq!(missing, waiting.iter().map(|(_, name)| *name).collect::<Vec<_>>());
    assert!(matches!(evaluator.vault.attachment(&record, &attached), Err(VaultError::NoAttachment)));
    let sealed: Vec<_> =
        missing.iter().map(|name| (*name, tablet.vault.sealed_chunk(name).unwrap().unwrap())).collect();
    let mut altered = sealed[0].clone();
    altered.1[40] ^= 1;
    let unasked = (ChunkName::of(b"something else"), b"something else".to_vec());
    assert_eq!(evaluator.vault.keep_chunks(&[altered, unasked]).unwrap(), 0);
    assert_eq!(evaluator.vault.keep_chunks(&sealed).unwrap(), 3);
    assert_eq!(evaluator.vault.keep_chunks(&sealed).unwrap(), 0, "again is harmless");
    assert_eq!(*evaluator.vault.attachment(&record, &attached).unwrap(), said);
    assert_eq!(in_clear(&evaluator.home), Vec::<PathBuf>::new());
    assert_eq!(evaluator.vault.chunks().unwrap().missing, 0);
    // A file that is damaged is fetched again.
    let damaged = chunks(&evaluator.vault).remove(1);
    std::fs::write(&damaged, b"something else").unwrap();
    assert!(matches!(evaluator.vault.attachment(&record, &attached), Err(VaultError::NoAttachment)));
    let again = evaluator.vault.missing_chunks(&SCOPE, None, 9).unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(evaluator.vault.keep_chunks(&sealed).unwrap(), 1);
    assert_eq!(*evaluator.vault.attachment(&record, &attached).unwrap(), said);
    tablet.vault.note_chunks(&missing, true).unwrap();
    assert_eq!(tablet.vault.chunks().unwrap().waiting, 0);
    tablet.vault.offer_again(&SCOPE).unwrap();
    assert_eq!(tablet.vault.chunks().unwrap().waiting, 3, "a hub that lost them is offered them again");

    // A copy has them, wherever it is put.
    let copy = evaluator.home.folder.path().join("copy.db");
    evaluator.vault.backup(&copy).unwrap();
    let elsewhere = evaluator.home.folder.path().join("elsewhere.db");
    Vault::restore(&copy, &elsewhere, &key(1)).unwrap();
    let restored = Vault::open(&elsewhere, &key(1)).unwrap();
    assert_eq!(*restored.attachment(&record, &attached).unwrap(), said);
    // Put back in its own place, too, over what is there.
    drop(restored);
    let aside = Vault::restore(&copy, &elsewhere, &key(1)).unwrap().unwrap();
    for place in [&elsewhere, &aside] {
        let restored = Vault::open(place, &key(1)).unwrap();
        assert_eq!(*restored.attachment(&record, &attached).unwrap(), said);
    }

    for vault in [&tablet.vault, &evaluator.vault] {
        vault.withdraw(&marker, &STUDY).unwrap();
        assert_eq!(chunks(vault), Vec::<PathBuf>::new());
        assert!(vault.attachment(&record, &attached).is_err());
    }
    assert_eq!(evaluator.vault.keep_chunks(&sealed).unwrap(), 0, "what comes later is not kept");
    evaluator.receive(sent.values());
    assert_eq!(evaluator.vault.missing_chunks(&SCOPE, None, 9).unwrap(), []);
}
