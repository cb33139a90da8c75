//! Searching: the words of what a record says now, and nothing of what it said before or was withdrawn.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use common::*;
use nightjar_form::Value;
use nightjar_record::{Query, RecordId};
use nightjar_vault::Readable;

fn found(device: &Device, text: &str) -> Vec<RecordId> {
    let query = Query { text: Some(text.into()), ..Query::default() };
    let mut found: Vec<_> =
        device.vault.query(&query).unwrap().rows.into_iter().map(|row| row.record).collect();
    found.sort();
    found
}

#[test]
fn a_record_is_found_by_the_words_that_it_says_now() {
    let device = Device::new();
    let note = |text: &str| [(cell("note"), Value::Text(text.into()))];
    let night_id = device
        .give(&night(), &note("Café lights were LEFT on; door 4 slammed"), Readable::Here, &[&device])
        .record;
    let case = position(&device, "case 7");
    let cells = [(cell("why"), Value::Text("The lights help me".into()))];
    let voice = device.give(&case, &cells, Readable::Here, &[&device]).record;

    let mut both = vec![night_id, voice];
    both.sort();
    assert_eq!(found(&device, "lights"), both);
    assert_eq!(found(&device, "CAFE light"), [night_id]);
    assert_eq!(found(&device, "slam left"), [night_id], "all words, in any order, each from its beginning");
    assert_eq!(found(&device, "case 7"), [voice], "by its case");
    for nothing in ["lights out", "ights", "", " \"* -", "NOT lights OR help NEAR"] {
        assert!(found(&device, nothing).is_empty(), "{nothing}");
    }
    let of_ward = Query { text: Some("lights".into()), kinds: vec!["ward-night".into()], ..Query::default() };
    assert_eq!(device.vault.query(&of_ward).unwrap().rows.len(), 1, "with other conditions");

    device.edit(&night_id, &note("quiet"), &[&device]);
    assert_eq!(found(&device, "lights"), [voice], "what it said before is history");
    assert_eq!(found(&device, "quiet"), [night_id]);
    assert!(device.vault.verify(device.reading()).unwrap().astray.is_empty());
}

#[test]
fn pages_of_what_is_found_follow_each_other() {
    let device = Device::new();
    for n in 0..7 {
        let cells = [(cell("why"), Value::Text(format!("noise {n}")))];
        device.give(&position(&device, "case"), &cells, Readable::Here, &[&device]);
    }
    let mut query = Query { text: Some("noise".into()), limit: 3, ..Query::default() };
    let mut all = Vec::new();
    loop {
        let batch = device.vault.query(&query).unwrap();
        all.extend(batch.rows.iter().map(|row| row.record));
        match batch.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(all.len(), 7);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 7, "each once");
}

#[test]
fn an_index_that_is_astray_is_seen_and_built_anew() {
    let device = Device::new();
    let cells = [(cell("why"), Value::Text("noise".into()))];
    let id = device.give(&position(&device, "case"), &cells, Readable::Here, &[&device]).record;
    let tables = rusqlite::Connection::open(&device.home.path).unwrap();
    tables.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "01".repeat(32))).unwrap();
    tables.execute("INSERT INTO record_words (record_words) VALUES ('delete-all')", []).unwrap();
    assert!(found(&device, "noise").is_empty());
    assert!(!device.vault.verify(device.reading()).unwrap().astray.is_empty());
    device.vault.repair(device.reading()).unwrap();
    assert_eq!(found(&device, "noise"), [id]);
    assert!(device.vault.verify(device.reading()).unwrap().astray.is_empty());
}

#[test]
fn what_an_edit_took_back_is_in_no_page_of_the_index() {
    let device = Device::new();
    let note = |text: &str| [(cell("note"), Value::Text(text.into()))];
    let id = device.give(&night(), &note("zyxwvutsrq"), Readable::Here, &[&device]).record;
    assert!(holds(&decrypted(&device.home.path, [1; 32]), b"zyxwvutsrq"), "the scan is not blind");
    device.edit(&id, &note("quiet"), &[&device]);
    // The log is cut when nothing is open.
    device.vault.pause();
    assert!(!holds(&decrypted(&device.home.path, [1; 32]), b"zyxwvutsrq"));
}
