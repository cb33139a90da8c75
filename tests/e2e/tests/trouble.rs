//! Bad input and bad days: each gives one clear error and its own exit code, and loses nothing.

use std::fs;

use nightjar_e2e::{Driven, random_key, run};
use serde_json::json;

#[test]
fn a_wrong_key_is_said_and_the_right_one_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("tablet.vault");
    let key = random_key();
    Driven::start("tablet", &vault, &key, false).unwrap().close();
    let (kind, text) = Driven::start("tablet", &vault, &random_key(), false).err().unwrap();
    assert_eq!(kind, "wrong_key", "{text}");
    Driven::start("tablet", &vault, &key, false).unwrap().close();
}

#[test]
fn a_damaged_vault_is_said_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("tablet.vault");
    let key = random_key();
    Driven::start("tablet", &vault, &key, false).unwrap().close();
    let mut bytes = fs::read(&vault).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[16..middle] {
        *byte ^= 0x55;
    }
    fs::write(&vault, &bytes).unwrap();
    let (kind, text) = Driven::start("tablet", &vault, &key, false).err().unwrap();
    assert!(kind == "corrupt" || kind == "wrong_key", "{kind}: {text}");
    assert_eq!(fs::read(&vault).unwrap(), bytes, "a damaged vault is not changed");
}

#[test]
fn a_file_that_is_no_vault_is_not_made_into_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    fs::write(&file, "Dear all,").unwrap();
    assert!(Driven::start("tablet", &file, &random_key(), false).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear all,");
}

#[test]
fn a_key_stands_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("tablet.vault");
    let key = random_key();
    let mut tablet = Driven::start("tablet", &vault, &key, false).unwrap();
    tablet.must("enrolment_request", json!({}));
    tablet.close();
    assert_eq!(nightjar_e2e::holds(folder.path(), &key), None);
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(nightjar_e2e::holds(folder.path(), hex.as_bytes()), None);
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
