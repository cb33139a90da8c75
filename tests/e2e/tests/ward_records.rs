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

/// Finishes a ward night with two numbers, from a form that was begun.
fn finish_night(tablet: &mut Device, sitting: &Value, in_bed: u32, open: u32) -> Result<Value, String> {
    for (path, value) in [
        ("night", json!({ "date": "2026-02-09" })),
        ("in_bed", json!({ "integer": in_bed })),
        ("beds_open", json!({ "integer": open })),
        ("planned", json!({ "integer": 0 })),
    ] {
        answer(tablet, sitting, path, value);
    }
    tablet.ask("finish", json!({ "sitting": sitting }))
}

#[test]
fn what_came_while_a_form_was_filled_in_is_not_covered_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 2, &mut random_key);
    let [one, other] = &mut ward.tablets[..] else { panic!("two tablets") };
    let begun = begin(one, "ward-night", "night_coordinator");
    let twin = begin(other, "ward-night", "night_coordinator");
    finish_night(other, &twin, 11, 16).unwrap();
    other.must("sync", json!({}));
    // It comes to the first before its form is finished; whoever fills that in has not seen it.
    one.must("sync", json!({}));
    assert_eq!(one.must("records", json!({})).as_array().unwrap().len(), 1);
    finish_night(one, &begun, 14, 16).unwrap();
    for tablet in [&mut *one, &mut *other] {
        tablet.must("sync", json!({}));
        let conflicts = tablet.must("conflicts", json!({}));
        let names: Vec<_> = conflicts.as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
        assert_eq!(names, ["in_bed"], "what they agree on is no conflict");
        let values = texts(&tablet.must("records", json!({})), "in_bed");
        assert_eq!(
            values.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
            ["11", "14"].into()
        );
    }
    // The same again from another form takes a side, and is no third value.
    let third = begin(other, "ward-night", "night_coordinator");
    finish_night(other, &third, 14, 16).unwrap();
    let conflict = other.must("conflicts", json!({}))[0].clone();
    let settle = json!({ "record": conflict["record"], "name": "in_bed", "value": { "integer": 14 }, "role": "night_coordinator" });
    other.must("settle", settle);
    assert_eq!(other.must("conflicts", json!({})), json!([]));
    // What says exactly what stands is refused.
    let fourth = begin(other, "ward-night", "night_coordinator");
    let refused = finish_night(other, &fourth, 14, 16).unwrap_err();
    assert!(refused.contains("exactly that already"), "{refused}");
}

#[test]
fn what_is_corrected_settled_or_disputed_keeps_the_rules_of_its_form() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 2, &mut random_key);
    let [one, other] = &mut ward.tablets[..] else { panic!("two tablets") };
    for (tablet, kept) in [(&mut *one, 6), (&mut *other, 5)] {
        let night = begin(tablet, "ward-night", "night_coordinator");
        for (path, value) in [("in_bed", 15), ("beds_open", 16), ("planned", 8), ("kept", kept)] {
            answer(tablet, &night, path, json!({ "integer": value }));
        }
        answer(tablet, &night, "night", json!({ "date": "2026-02-09" }));
        tablet.must("stop_keeping", json!({ "sitting": night }));
        tablet.must("sync", json!({}));
    }
    one.must("sync", json!({}));
    let conflicts = one.must("conflicts", json!({}));
    let names: Vec<_> = conflicts.as_array().unwrap().iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, ["kept"], "what is worked out from it is no conflict of its own");
    let record = conflicts[0]["record"].clone();
    let of = |name: &str, value: Value| json!({ "record": record, "name": name, "value": value, "role": "night_coordinator" });
    let amended = |name: &str, value: Value| json!({ "record": record, "role": "night_coordinator", "changes": [[name, value]] });
    for (what, with) in [
        ("settle", of("kept", json!({ "integer": 9 }))),
        ("amend", amended("in_bed", json!({ "integer": 61 }))),
        ("amend", amended("broken", json!({ "integer": 1 }))),
        ("amend", amended("night", json!({ "date": "2026-02-08" }))),
    ] {
        assert!(one.ask(what, with.clone()).is_err(), "{what} {with}");
    }
    one.must("settle", of("kept", json!({ "integer": 7 })));
    let records = one.must("records", json!({}));
    assert_eq!(texts(&records, "kept"), ["7"]);
    assert_eq!(texts(&records, "broken"), ["1"], "it follows");
    assert_eq!(one.must("conflicts", json!({})), json!([]));
    one.must("amend", amended("planned", json!({ "integer": 10 })));
    assert_eq!(texts(&one.must("records", json!({})), "broken"), ["3"]);
    let mut dispute = of("kept", json!({ "integer": 11 }));
    dispute["reason"] = json!("The rota says so.");
    assert!(one.ask("dispute", dispute.clone()).is_err(), "more than were planned");
    dispute["value"] = json!({ "integer": 6 });
    one.must("dispute", dispute);
    let history = one.must("history", json!({ "record": record }));
    let why = history.as_array().unwrap().iter().filter(|step| step["disputes"] == "The rota says so.");
    assert_eq!(why.count(), 1, "history tells why for ever");
}

/// Fills in a ward night on a tablet, as far as it goes.
fn night(tablet: &mut Device, answers: &[(&str, i64)]) {
    let night = begin(tablet, "ward-night", "night_coordinator");
    for (path, value) in answers {
        answer(tablet, &night, path, json!({ "integer": value }));
    }
    answer(tablet, &night, "night", json!({ "date": "2026-02-09" }));
    tablet.must("stop_keeping", json!({ "sitting": night }));
    tablet.must("sync", json!({}));
}

#[test]
fn what_is_only_worked_out_differently_is_settled_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 2, &mut random_key);
    let [one, other] = &mut ward.tablets[..] else { panic!("two tablets") };
    // One had not come to what the other filled in: nothing that they said differs.
    night(one, &[("in_bed", 15)]);
    night(other, &[("in_bed", 15), ("beds_open", 16), ("planned", 8), ("kept", 6)]);
    one.must("sync", json!({}));
    let conflicts = one.must("conflicts", json!({}));
    let record = conflicts[0]["record"].clone();
    assert!(conflicts.as_array().unwrap().iter().all(|c| c["name"].as_str().unwrap().starts_with("broken")));
    let change =
        json!({ "record": record, "role": "night_coordinator", "changes": [["kept", { "integer": 5 }]] });
    one.must("amend", change);
    assert_eq!(one.must("conflicts", json!({})), json!([]), "it follows from what was corrected");
    assert_eq!(texts(&one.must("records", json!({})), "broken"), ["3"]);
    // Or somebody settles on one of the two.
    let held = conflicts.as_array().unwrap().iter().find(|c| c["name"] == "broken").unwrap();
    let value =
        held["values"].as_array().unwrap().iter().find(|v| v["text"] == "2").unwrap()["value"].clone();
    other.must("sync", json!({}));
    let settle = json!({ "record": record, "name": "broken", "value": value, "role": "night_coordinator" });
    if !other.must("conflicts", json!({})).as_array().unwrap().is_empty() {
        other.must("settle", settle);
    }
    // What breaks a rule at another question is named.
    let too_few =
        json!({ "record": record, "role": "night_coordinator", "changes": [["planned", { "integer": 4 }]] });
    assert!(one.ask("amend", too_few).is_err(), "fewer planned than kept");
    let both = json!([["planned", { "integer": 4 }], ["kept", { "integer": 4 }]]);
    one.must("amend", json!({ "record": record, "role": "night_coordinator", "changes": both }));
    assert_eq!(texts(&one.must("records", json!({})), "broken"), ["0"]);
}

#[test]
fn a_tick_is_settled_without_the_ticks_that_nobody_disputes() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 2, &mut random_key);
    let [one, other] = &mut ward.tablets[..] else { panic!("two tablets") };
    for (tablet, told, label) in
        [(&mut *one, json!(["patient", "carer"]), "Owl 3"), (&mut *other, json!(["patient"]), "Owl 3 ")]
    {
        let decision = begin(tablet, "decision", "doctor");
        for (path, value) in [
            ("case_label", json!({ "text": label })),
            ("outcome", json!({ "one": "against_view" })),
            ("reasons", json!({ "text": "Two falls this week." })),
            ("explained_to", json!({ "many": told })),
            ("review_date", json!({ "date": "2036-12-01" })),
        ] {
            answer(tablet, &decision, path, value);
        }
        tablet.must("finish", json!({ "sitting": decision }));
        tablet.must("sync", json!({}));
    }
    one.must("sync", json!({}));
    loop {
        let conflicts = one.must("conflicts", json!({}));
        let Some(conflict) = conflicts.as_array().unwrap().first() else { break };
        // Each on a value that it holds: also what says which record this is.
        let value = match conflict["name"].as_str().unwrap() {
            "explained_to" => json!({ "many": ["carer"] }),
            _ => conflict["values"][0]["value"].clone(),
        };
        let settle = json!({ "record": conflict["record"], "name": conflict["name"], "value": value, "role": "doctor" });
        one.must("settle", settle);
    }
    let case = one.must("dissensus", json!({}));
    let cells = case[0]["outcome"]["cells"].as_array().unwrap();
    let told = cells.iter().find(|cell| cell["name"] == "explained_to").unwrap();
    assert_eq!(told["values"][0]["value"], json!({ "many": ["patient", "carer"] }));
}

#[test]
fn a_first_decision_against_a_view_is_handed_in() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let tablet = &mut ward.tablets[0];
    let decision = begin(tablet, "decision", "doctor");
    for (path, value) in [
        ("case_label", json!({ "text": "Owl 3" })),
        ("outcome", json!({ "one": "against_view" })),
        ("reasons", json!({ "text": "Two falls this week." })),
        ("review_date", json!({ "date": "2026-12-01" })),
    ] {
        answer(tablet, &decision, path, value);
    }
    assert!(tablet.ask("finish", json!({ "sitting": decision })).is_err(), "to whom were they explained?");
    answer(tablet, &decision, "explained_to", json!({ "many": ["patient", "carer"] }));
    tablet.must("finish", json!({ "sitting": decision }));
    let cases = tablet.must("dissensus", json!({}));
    assert_eq!(cases.as_array().unwrap().len(), 1);
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
