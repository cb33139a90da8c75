//! A stolen tablet with its database key in hand: everything the database says is read, and what a respondent finished
//! is not in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;

use nightjar_test_support::{Ward, program};
use rusqlite::Connection;
use serde_json::json;

const FINISHED: &str = "a sentence that was finished and sealed";
const DELETED: &str = "a sentence that was typed and taken back";
const THROWN_AWAY: &str = "a sentence that was thrown away";
const WARD: &str = "a sentence for everybody on the ward";

/// Every value of every table, as its bytes, behind the table's name.
fn everything(vault: &std::path::Path, key: &[u8; 32]) -> BTreeMap<String, Vec<Vec<u8>>> {
    let database = Connection::open(vault).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    database.execute_batch(&format!("PRAGMA key = \"x'{hex}'\";")).unwrap();
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    names
        .into_iter()
        .map(|name| {
            let mut values = Vec::new();
            let mut rows = database.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    values.push(match row.get_ref(column).unwrap() {
                        rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => {
                            bytes.to_vec()
                        }
                        other => format!("{other:?}").into_bytes(),
                    });
                }
            }
            (name, values)
        })
        .collect()
}

fn tables_with(everything: &BTreeMap<String, Vec<Vec<u8>>>, text: &str) -> Vec<String> {
    let within = |bytes: &Vec<u8>| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let tables = everything.iter().filter(|(_, values)| values.iter().any(within));
    tables.map(|(name, _)| name.clone()).collect()
}

#[test]
fn with_the_database_key_it_gives_up_no_finished_response_and_nothing_that_was_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = Vec::new();
    let mut key = || {
        let mut key = [0; 32];
        getrandom::fill(&mut key).unwrap();
        keys.push(key);
        key
    };
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut key);
    let tablet = &mut ward.tablets[0];
    let code = tablet.must("status", json!({}))["wards"][0].clone();
    let begin = |form: &str, role: &str| json!({ "form_id": form, "role": role, "ward": code });

    let sitting = tablet.must("begin", begin("patient-core", "patient"))["sitting"].clone();
    for text in [DELETED, FINISHED] {
        let value = json!({ "text": text });
        tablet.must("answer", json!({ "sitting": sitting, "path": "better", "value": value }));
    }
    tablet.must("finish", json!({ "sitting": sitting }));
    let sitting = tablet.must("begin", begin("patient-core", "patient"))["sitting"].clone();
    let value = json!({ "text": THROWN_AWAY });
    tablet.must("answer", json!({ "sitting": sitting, "path": "better", "value": value }));
    tablet.must("throw_away", json!({ "sitting": sitting }));
    let sitting = tablet.must("begin", begin("position", "nurse"))["sitting"].clone();
    for (path, value) in [
        ("case_label", json!({ "text": "Owl 3" })),
        ("voice", json!({ "one": "nurse" })),
        ("stance", json!({ "one": "for" })),
        ("why", json!({ "text": WARD })),
    ] {
        tablet.must("answer", json!({ "sitting": sitting, "path": path, "value": value }));
    }
    tablet.must("finish", json!({ "sitting": sitting }));
    let vault = tablet.vault.clone();
    tablet.close();

    // The tablet is the third device whose key was drawn, after the two evaluators.
    let stolen = everything(&vault, &keys[2]);
    assert_eq!(tables_with(&stolen, WARD), ["record"], "the look sees what ward staff may read");
    for text in [FINISHED, DELETED, THROWN_AWAY] {
        assert_eq!(tables_with(&stolen, text), [""; 0], "nothing of it is left");
    }
    assert_eq!(stolen["draft_key"], [[0u8; 0]; 0], "no key of a draft is left");
}
