//! What somebody has said about a ward stays said.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar_e2e::random_key;
use nightjar_test_support::{Device, Ward, program};
use serde_json::{Value, json};

fn begin(tablet: &mut Device, form: &str, role: &str) -> Value {
    let ward = tablet.must("status", json!({}))["wards"][0].clone();
    tablet.must("begin", json!({ "form_id": form, "role": role, "ward": ward }))["sitting"].clone()
}

fn answer(tablet: &mut Device, sitting: &Value, path: &str, value: Value) {
    tablet.must("answer", json!({ "sitting": sitting, "path": path, "value": value }));
}

fn texts(records: &Value, name: &str) -> Vec<String> {
    let cells = records[0]["cells"].as_array().unwrap();
    let cell = cells.iter().find(|cell| cell["name"] == name).unwrap();
    cell["values"].as_array().unwrap().iter().map(|held| held["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_question_left_blank_covers_nobodys_value() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let tablet = &mut ward.tablets[0];
    let night = begin(tablet, "ward-night", "night_coordinator");
    for (path, value) in [("night", json!({ "date": "2026-02-09" })), ("in_bed", json!({ "integer": 15 }))] {
        answer(tablet, &night, path, value);
    }
    tablet.must("stop_keeping", json!({ "sitting": night }));
    // Somebody opens the same night again, says another thing, and leaves the rest blank.
    let again = begin(tablet, "ward-night", "night_coordinator");
    for (path, value) in [("night", json!({ "date": "2026-02-09" })), ("beds_open", json!({ "integer": 16 }))]
    {
        answer(tablet, &again, path, value);
    }
    tablet.must("stop_keeping", json!({ "sitting": again }));

    let records = tablet.must("records", json!({ "form_id": "ward-night" }));
    assert_eq!(records.as_array().unwrap().len(), 1, "one night is one record");
    assert_eq!(
        (texts(&records, "in_bed"), texts(&records, "beds_open")),
        (vec!["15".into()], vec!["16".into()])
    );
    assert_eq!(
        records[0]["phase"], "live",
        "a night belongs to the phase it was in, whenever it is written down"
    );
}

#[test]
fn two_handles_on_one_draft_are_one_person_answering() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let tablet = &mut ward.tablets[0];
    let first = begin(tablet, "position", "nurse");
    answer(tablet, &first, "case_label", json!({ "text": "Owl 3" }));
    answer(tablet, &first, "voice", json!({ "one": "nurse" }));
    // An app that was rebuilt by its system resumes while the old screen still lives.
    let second = tablet.must("resume", json!({ "draft": first }))["sitting"].clone();
    answer(tablet, &second, "stance", json!({ "one": "against" }));
    answer(tablet, &first, "why", json!({ "text": "said on the other screen" }));
    tablet.must("finish", json!({ "sitting": second }));
    let records = tablet.must("records", json!({ "form_id": "position" }));
    assert_eq!(texts(&records, "why"), ["said on the other screen"]);
    assert!(tablet.ask("page", json!({ "sitting": first })).is_err(), "the other handle is closed too");
}
