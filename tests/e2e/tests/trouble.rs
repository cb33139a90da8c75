//! Bad input and bad days: each gives one clear error and its own exit code, and loses nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::Path;

use nightjar_e2e::{holds, open_vault, random_key, run};
use nightjar_test_support::{Device, Face, SmallDisk, Ward, program};
use serde_json::json;

/// A tablet's vault, made and closed.
fn vault(folder: &Path, key: [u8; 32]) -> std::path::PathBuf {
    let vault = folder.join("tablet.vault");
    Device::create(&program(), Face::Tablet, &vault, key, "Tablet").close();
    vault
}

#[test]
fn a_wrong_key_is_said_and_the_right_one_still_opens() {
    let (folder, key) = (tempfile::tempdir().unwrap(), random_key());
    let vault = vault(folder.path(), key);
    let said = open_vault(&vault, &random_key());
    assert_eq!((&said["failed"]["kind"], &said["code"]), (&json!("wrong_key"), &json!(4)), "{said}");
    assert_eq!(open_vault(&vault, &key)["ok"]["opened"], true);
}

#[test]
fn a_damaged_vault_is_said_and_left_as_it_is() {
    let (folder, key) = (tempfile::tempdir().unwrap(), random_key());
    let vault = vault(folder.path(), key);
    let mut bytes = fs::read(&vault).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[16..middle] {
        *byte ^= 0x55;
    }
    fs::write(&vault, &bytes).unwrap();
    let said = open_vault(&vault, &key);
    let kind = said["failed"]["kind"].as_str().unwrap();
    assert!(kind == "corrupt" || kind == "wrong_key", "{said}");
    assert_eq!(fs::read(&vault).unwrap(), bytes, "a damaged vault is not changed");
}

#[test]
fn a_file_that_is_no_vault_is_not_made_into_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    fs::write(&file, "Dear all,").unwrap();
    assert!(open_vault(&file, &random_key()).get("failed").is_some());
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear all,");
}

#[test]
fn a_key_stands_in_no_file() {
    let (folder, key) = (tempfile::tempdir().unwrap(), random_key());
    vault(folder.path(), key);
    assert_eq!(holds(folder.path(), &key), None);
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(holds(folder.path(), hex.as_bytes()), None);
}

/// A small disk, or a skip that is counted as one.
fn small_disk(kib: u32) -> Option<SmallDisk> {
    match SmallDisk::mount(kib) {
        Ok(disk) => Some(disk),
        Err(why) => {
            nightjar_test_support::skip(&format!("no small disk can be mounted here: {why}"));
            None
        }
    }
}

#[test]
fn a_full_disk_stops_new_answers_and_loses_none_that_was_acknowledged() {
    let Some(disk) = small_disk(16 * 1024) else { return };
    let mut ward = Ward::found(&program(), disk.path(), 1, &mut random_key);
    let tablet = &mut ward.tablets[0];
    let code = tablet.must("status", json!({}))["wards"][0].clone();
    let begin = json!({ "form_id": "patient-core", "role": "patient", "ward": code });
    let sitting = tablet.must("begin", begin)["sitting"].clone();
    let answer = |tablet: &mut Device, text: &str| {
        tablet.ask("answer", json!({ "sitting": sitting, "path": "better", "value": { "text": text } }))
    };
    let better = |tablet: &mut Device| {
        let page = tablet.must("go_to", json!({ "sitting": sitting, "path": "" }));
        let questions = page["questions"].as_array().unwrap();
        let question = questions.iter().find(|question| question["path"] == "better").unwrap();
        question["value"]["text"].as_str().unwrap().to_owned()
    };
    let filler = disk.fill();
    // What the journal has room for already still goes in; then the disk is full.
    let mut acknowledged = String::new();
    let said = (0..5_000).find_map(|n| {
        let text = format!("answer {n}");
        match answer(tablet, &text) {
            Ok(_) => {
                acknowledged = text;
                None
            }
            Err(said) => Some(said),
        }
    });
    let said = said.expect("a full disk is noticed");
    assert!(said.contains("disk is full"), "{said}");

    std::fs::remove_file(filler).unwrap();
    if !acknowledged.is_empty() {
        assert_eq!(better(tablet), acknowledged, "the last acknowledged answer is there");
    }
    answer(tablet, "there is room again").unwrap();
    tablet.kill();
    tablet.start();
    tablet.must("resume", json!({ "draft": sitting }));
    assert_eq!(better(tablet), "there is room again");
    tablet.must("finish", json!({ "sitting": sitting }));
}

#[test]
fn a_full_disk_is_said_in_one_line() {
    let Some(disk) = small_disk(600) else { return };
    let ran = run(["demo", "--responses", "40", "--out", &disk.path().join("demo").to_string_lossy()], "");
    assert_eq!(ran.code, 7, "{ran:?}");
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("disk is full") || ran.err.contains("Free some space"), "{}", ran.err);
}

#[test]
fn a_hub_that_is_not_there_is_said_with_what_to_do() {
    let (folder, key) = (tempfile::tempdir().unwrap(), random_key());
    let mut evaluator =
        Device::create(&program(), Face::Evaluator, &folder.path().join("evaluator.vault"), key, "Evaluator");
    // Port 9 is for discarding; nobody listens there.
    let said =
        evaluator.ask("found", json!({ "hub": "http://127.0.0.1:9", "setup_code": "AAAA" })).unwrap_err();
    assert!(said.contains("hub cannot be reached"), "{said}");
}

#[test]
fn a_key_that_is_not_given_is_asked_for_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("tablet.vault");
    let ran = run(["tablet".as_ref(), "sync".as_ref(), "--vault".as_ref(), vault.as_os_str()], "");
    assert_eq!(ran.code, 4);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("--key-fd") && ran.err.contains("--passphrase"), "{}", ran.err);
}
