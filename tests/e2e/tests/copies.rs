//! A tablet whose vault was copied, or put back from a copy, goes on: nothing that anybody answered on it is lost, and nothing
//! stands in the way of the others.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use nightjar_e2e::random_key;
use nightjar_test_support::{Device, Ward, program};
use serde_json::{Value, json};

/// Gives a position, which ward staff read back.
fn say(tablet: &mut Device, case: &str) {
    let ward = tablet.must("status", json!({}))["wards"][0].clone();
    let begun = json!({ "form_id": "position", "role": "nurse", "ward": ward });
    let sitting = tablet.must("begin", begun)["sitting"].clone();
    for (path, value) in [
        ("case_label", json!({ "text": case })),
        ("voice", json!({ "one": "nurse" })),
        ("stance", json!({ "one": "for" })),
    ] {
        tablet.must("answer", json!({ "sitting": sitting, "path": path, "value": value }));
    }
    tablet.must("stop_keeping", json!({ "sitting": sitting }));
}

fn sync(device: &mut Device) -> Value {
    device.must("sync", json!({}))
}

/// The cases that a device knows of, in order.
fn cases(device: &mut Device) -> Vec<String> {
    let found = device.must("dissensus", json!({}));
    let mut cases: Vec<String> =
        found.as_array().unwrap().iter().map(|case| case["case"].as_str().unwrap().to_owned()).collect();
    cases.sort();
    cases
}

fn files(vault: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| PathBuf::from(format!("{}{ending}", vault.display())))
}

/// Nothing waits, and the evaluator has all that was ever sent.
fn all_is_received(ward: &mut Ward, others: &mut [&mut Device], known: &[&str]) {
    for device in others.iter_mut() {
        // Once for what waits, and again for a place on another line.
        sync(device);
        sync(device);
        assert_eq!(device.must("status", json!({}))["waiting"], 0);
    }
    let synced = sync(&mut ward.evaluator);
    assert_eq!(synced["set_aside"], json!([]), "{synced}");
    assert_eq!(cases(&mut ward.evaluator), known);
    let received = ward.evaluator.must("received", json!({}));
    for tablet in received.as_array().unwrap() {
        assert_eq!(tablet["received"], tablet["expected"], "{tablet}");
    }
}

#[test]
fn two_that_go_on_from_one_vault_are_both_heard() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let mut tablet = ward.tablets.remove(0);
    say(&mut tablet, "Owl 1");
    sync(&mut tablet);
    say(&mut tablet, "Owl 2");
    tablet.close();
    let copy = folder.path().join("copied.vault");
    fs::copy(&tablet.vault, &copy).unwrap();
    let mut copied = tablet.copied_to(&copy);
    tablet.start();
    say(&mut tablet, "Owl 3");
    say(&mut copied, "Owl 4");
    sync(&mut copied);
    sync(&mut tablet);
    say(&mut copied, "Owl 5");
    say(&mut tablet, "Owl 6");
    let known = ["Owl 1", "Owl 2", "Owl 3", "Owl 4", "Owl 5", "Owl 6"];
    all_is_received(&mut ward, &mut [&mut tablet, &mut copied], &known);
    // What the other one wrote comes to each like anybody's, though they are one device.
    for device in [&mut tablet, &mut copied] {
        sync(device);
        assert_eq!(cases(device), known);
    }
}

#[test]
fn a_vault_put_back_from_its_backup_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let mut tablet = ward.tablets.remove(0);
    say(&mut tablet, "Owl 1");
    sync(&mut tablet);
    // Not sent yet, so that both the original and the copy send it.
    say(&mut tablet, "Owl 0");
    let backup = folder.path().join("backup.vault");
    tablet.must("backup", json!({ "to": backup }));
    say(&mut tablet, "Owl 2");
    sync(&mut tablet);
    tablet.close();
    // In the place of the file, so that nothing outside tells one from the other.
    fs::write(&tablet.vault, fs::read(&backup).unwrap()).unwrap();
    files(&tablet.vault)[1..].iter().for_each(|file| drop(fs::remove_file(file)));
    tablet.start();
    say(&mut tablet, "Owl 3");
    sync(&mut tablet);
    say(&mut tablet, "Owl 4");
    let known = ["Owl 0", "Owl 1", "Owl 2", "Owl 3", "Owl 4"];
    all_is_received(&mut ward, &mut [&mut tablet], &known);
    assert_eq!(cases(&mut tablet), known, "what it had lost comes back");
}

#[test]
fn a_disk_that_was_copied_beneath_its_files_begins_a_line_when_the_hub_knows_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let mut tablet = ward.tablets.remove(0);
    say(&mut tablet, "Owl 1");
    sync(&mut tablet);
    tablet.close();
    let old: Vec<_> = files(&tablet.vault).iter().map(|file| fs::read(file).ok()).collect();
    tablet.start();
    say(&mut tablet, "Owl 2");
    sync(&mut tablet);
    tablet.close();
    // The same file with what was in it before, as an image of the whole disk puts it back.
    for (file, bytes) in files(&tablet.vault).iter().zip(old) {
        match bytes {
            Some(bytes) => fs::write(file, bytes).unwrap(),
            None => drop(fs::remove_file(file)),
        }
    }
    tablet.start();
    say(&mut tablet, "Owl 3");
    all_is_received(&mut ward, &mut [&mut tablet], &["Owl 1", "Owl 2", "Owl 3"]);
    sync(&mut tablet);
    assert_eq!(cases(&mut tablet), ["Owl 1", "Owl 2", "Owl 3"], "what it had lost comes back");
}

#[test]
fn a_form_that_is_finished_again_after_the_tablet_was_put_back_is_one_response() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let mut tablet = ward.tablets.remove(0);
    let place = tablet.must("status", json!({}))["wards"][0].clone();
    let begun = json!({ "form_id": "staff", "role": "nurse", "ward": place });
    let sitting = tablet.must("begin", begun)["sitting"].clone();
    tablet.must("answer", json!({ "sitting": sitting, "path": "worry", "value": { "one": "a_bit" } }));
    let backup = folder.path().join("backup.vault");
    tablet.must("backup", json!({ "to": backup }));
    tablet.must("stop_keeping", json!({ "sitting": sitting }));
    sync(&mut tablet);
    tablet.close();
    files(&tablet.vault).iter().for_each(|file| drop(fs::remove_file(file)));
    fs::copy(&backup, &tablet.vault).unwrap();
    tablet.start();
    let draft = tablet.must("drafts", json!({}))[0]["id"].clone();
    let again = tablet.must("resume", json!({ "draft": draft }))["sitting"].clone();
    tablet.must("stop_keeping", json!({ "sitting": again }));
    sync(&mut tablet);
    sync(&mut ward.evaluator);
    let responses = ward.evaluator.must("records", json!({ "form_id": "staff" }));
    assert_eq!(responses.as_array().unwrap().len(), 1, "one person answered once");
    assert_eq!(ward.evaluator.must("conflicts", json!({})), json!([]));
}

/// Runs a `vault` command on a tablet's vault with its key; whether it worked, and what it said.
#[cfg(unix)]
fn vault_command(tablet: &Device, command: &[&str]) -> (bool, String) {
    let script = "exec \"$0\" vault \"$@\" --key-fd 3 3<\"$KEY_FILE\"";
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, tablet.key()).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", script])
        .arg(program())
        .args(command)
        .arg("--vault")
        .arg(&tablet.vault)
        .env("KEY_FILE", &key);
    let out = shell.output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    (out.status.success(), said)
}

#[test]
#[cfg(unix)]
fn a_backup_goes_in_the_place_of_a_tablet_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let mut tablet = ward.tablets.remove(0);
    say(&mut tablet, "Owl 1");
    let backup = folder.path().join("backup.vault");
    tablet.must("backup", json!({ "to": backup }));
    say(&mut tablet, "Owl 2");
    // In use: neither put away nor rewritten beneath whoever uses it.
    let from = backup.to_str().unwrap();
    let (done, said) = vault_command(&tablet, &["restore", "--from", from]);
    assert!(!done && said.contains("another process is using"), "{said}");
    sync(&mut tablet);
    say(&mut tablet, "Owl 3");
    tablet.kill();
    assert!(files(&tablet.vault)[1].exists(), "what was written last is in the log only");
    let (done, said) = vault_command(&tablet, &["restore", "--from", from]);
    assert!(done, "{said}");
    let aside = folder.path().join("tablet-1.vault.before-restore-1");
    assert!(aside.exists() && !files(&tablet.vault)[1].exists(), "its log is not left lying");
    let (done, said) = vault_command(&tablet, &["check"]);
    assert!(done && said.contains("sound"), "{said}");
    tablet.start();
    say(&mut tablet, "Owl 4");
    all_is_received(&mut ward, &mut [&mut tablet], &["Owl 1", "Owl 2", "Owl 4"]);
    // What had not been sent is where it was put aside, whole.
    let mut before = tablet.copied_to(&aside);
    all_is_received(&mut ward, &mut [&mut before], &["Owl 1", "Owl 2", "Owl 3", "Owl 4"]);
    // A backup that is damaged moves nothing.
    tablet.close();
    let mut bytes = fs::read(&backup).unwrap();
    bytes[9000] ^= 1;
    fs::write(&backup, bytes).unwrap();
    let now = fs::read(&tablet.vault).unwrap();
    assert!(!vault_command(&tablet, &["restore", "--from", from]).0);
    assert_eq!(fs::read(&tablet.vault).unwrap(), now);
    assert!(!folder.path().join("tablet-1.vault.restoring").exists());
}
