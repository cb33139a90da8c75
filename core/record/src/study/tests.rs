//! Every problem a document can have is said, with its line; nights and phases are right when the clocks change.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use jiff::civil::{Date, date, time};
use jiff::{SignedDuration, Zoned};
use proptest::prelude::*;

use super::{Phase, Study};

/// A study as small as one can be.
const SMALL: &str = include_str!("small.toml");

fn small() -> Study {
    Study::from_toml("study.toml", SMALL).unwrap()
}

/// The small study with texts replaced, each of which must be there.
fn changed(changes: &[(&str, &str)]) -> Result<Study, String> {
    let mut text = SMALL.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the small study has no {from}");
        text = text.replacen(from, to, 1);
    }
    Study::from_toml("study.toml", &text).map_err(|problems| problems.to_string())
}

fn problems(changes: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&changed(changes).err().unwrap_or_default());
}

#[test]
fn a_small_study_reads() {
    let study = small();
    assert_eq!((study.id.as_str(), study.wards.len(), study.warnings().len()), ("nights", 2, 0));
    assert_eq!(study.disclosure.staff_minimum, 10, "unless the study says otherwise");
    assert!(study.instrument("patient").unwrap().confidential, "unless the study says otherwise");
    assert!(!study.instrument("night").unwrap().confidential);
    assert_eq!(study.wording("pl").language, "en", "the default language where there is no other");
    assert_eq!(
        study.wording("en").information.paragraphs,
        ["You can take your answers out until 31 January 2027."]
    );
    assert!(
        study.may("patient", "patient") && !study.may("patient", "night") && !study.may("nobody", "night")
    );
    assert_eq!(study.ward_group("oak").unwrap().label, "Other wards");
}

#[test]
fn what_is_written_wrongly_is_said_with_its_line() {
    problems(
        &[
            ("id = \"nights\"", "id = \"Nights!\""),
            ("title = \"Nights on the wards\"", "title = 7"),
            ("time_zone = \"Europe/London\"", "time_zone = \"Europe/Lodnon\""),
            ("registration = \"SE-1\"", "registration = \"\""),
            ("governance_class = \"service_evaluation\"", "governance_class = \"evaluation\""),
            ("data_lock = 2027-01-31", "data_lock = \"2027-01-31\""),
            ("from = \"00:00\"", "from = \"0:00\""),
            ("from = \"07:30\"", "from = \"21:00\""),
            ("hide_after_minutes = 5", "hide_after_minutes = 0"),
            ("threshold = 5", "threshold = \"five\""),
            ("voice = \"patient\"\n", "voice = \"patient\"\nvoise = \"patient\"\n"),
            ("may = [\"patient\", \"position\"]", "may = []"),
            ("file = \"forms/night.xlsx\"", "file = \"../night.xlsx\""),
            ("first_reader = \"An evaluator\"\n", ""),
            ("date_format = \"%-d %B %Y\"", "date_format = \"%Q\""),
        ],
        expect![[r#"
            study.toml:2: study.id: a code has lower-case letters, digits, '-' and '_', begins with a letter or digit and has at most 32 characters
            study.toml:3: study.title: expected text, found integer
            study.toml:5: study.governance_class: must be one of: service_evaluation, audit, research
            study.toml:6: study.registration: this must not be empty
            study.toml:8: study.time_zone: unknown time zone; use an IANA name such as "Europe/London"
            study.toml:9: study.data_lock: expected a date such as 2026-01-05, without quotes, found string
            study.toml:12: night_window.from: a time is written as "07:30"
            study.toml:17: ask_window.until: the window begins and ends at the same time
            study.toml:21: drafts.hide_after_minutes: the number must be from 1 to 60
            study.toml:27: disclosure.threshold: expected a whole number, found string
            study.toml:68: role[1].voise: unknown key; remove it or correct its spelling
            study.toml:69: role[1].may: this must not be empty
            study.toml:87: instrument[2].file: a file is named relative to this folder, with '/', without '..', and ends in .xlsx or .xml or .md
            study.toml:103: risk_disclosure_plan[1]: this is missing: first_reader
            study.toml:123: language[1].information.date_format: this is not a date format such as "%-d %B %Y""#]],
    );
}

#[test]
fn what_does_not_fit_together_is_said_with_its_line() {
    problems(
        &[
            ("data_lock = 2027-01-31", "data_lock = 2026-06-01"),
            ("governance_class = \"service_evaluation\"", "governance_class = \"research\""),
            ("registration = \"SE-1\"", "registration = \"none\""),
            ("threshold = 5", "threshold = 3\nauthorised_role = \"chief\""),
            ("group = \"other\"", "group = \"others\""),
            ("code = \"oak\"", "code = \"maple\""),
            ("may = [\"patient\", \"position\"]", "may = [\"patient\", \"diary\"]"),
            ("natural_key = [\"ward\", \"night\"]", "natural_key = [\"ward\", \"ward\"]"),
            ("natural_key = [\"ward\", \"case\"]\n", ""),
            (
                "paragraphs = [\"You can take your answers out until {date}.\"]",
                "paragraphs = [\"Your answers are anonymous.\"]",
            ),
        ],
        expect![[r#"
            study.toml:6: study.registration: research cannot run without approval: name the registration
            study.toml:9: study.data_lock: the data lock must be after the last day of the last phase, 2026-07-27
            study.toml:27: disclosure.threshold: the policy itself sets 5; a study may only be stricter
            study.toml:28: disclosure.authorised_role: raw-internal names its authorised_role, and only raw-internal has one
            study.toml:28: disclosure.authorised_role: there is no role "chief"
            study.toml:52: ward[2].code: "maple" is there twice
            study.toml:54: ward[2].group: there is no ward group "others"
            study.toml:69: role[1].may: there is no instrument "diary"
            study.toml:89: instrument[2].natural_key: "ward" is there twice
            study.toml:93: instrument[3].natural_key: a fact, a position and an outcome have a natural_key; a response and an encounter have none
            study.toml:122: language[1].information.paragraphs: one paragraph must say until when answers can be taken out, with {date}
            study.toml:122: language[1]: do not promise anonymity: if few people answer, someone might still guess"#]],
    );
}

#[test]
fn phases_are_in_order_and_every_day_of_them_has_beds() {
    problems(
        &[("live = { first = 2026-04-01,", "live = { first = 2026-03-25,")],
        expect![[r#"study.toml:46: ward[1].phases: "live" must begin after "baseline" has ended"#]],
    );
    problems(
        &[(
            "live = { first = 2026-04-01, last = 2026-06-23 }",
            "kept_up = { first = 2026-04-01, last = 2026-03-31 }",
        )],
        expect!["study.toml:48: ward[1].phases.kept_up.last: the last day is before the first"],
    );
    problems(
        &[("live = { first = 2026-04-01, last = 2026-06-23 }\n", "")],
        expect![[
            r#"study.toml:46: ward[1].phases: every ward has a baseline and a live phase; "live" is missing"#
        ]],
    );
    problems(
        &[("first = 2026-01-01, last = 2026-04-30 }", "first = 2026-01-01, last = 2026-05-01 }")],
        expect!["study.toml:55: ward[2].beds: bed counts must follow one another without overlap"],
    );
    problems(
        &[("first = 2026-01-01, last = 2026-04-30 }", "first = 2026-01-01, last = 2026-04-29 }")],
        expect!["study.toml:55: ward[2].beds: no bed count covers 2026-04-30"],
    );
    problems(
        &[("first = 2026-01-01, last = 2026-04-30 }", "first = 2026-02-01, last = 2026-04-30 }")],
        expect!["study.toml:55: ward[2].beds: no bed count covers 2026-01-01"],
    );
}

#[test]
fn raw_tables_are_for_a_role_that_is_named() {
    let raw = ("policy = \"nhs-mhsds\"", "policy = \"raw-internal\"");
    problems(
        &[raw],
        expect![
            "study.toml:24: disclosure.authorised_role: raw-internal names its authorised_role, and only raw-internal has one"
        ],
    );
    assert!(changed(&[raw, ("threshold = 5", "threshold = 0\nauthorised_role = \"nurse\"")]).is_ok());
    problems(
        &[("threshold = 5", "threshold = 7"), ("\"nhs-mhsds\"", "\"nhs-hes-2018\"")],
        expect![
            "study.toml:27: disclosure.threshold: the policy itself sets 8; a study may only be stricter"
        ],
    );
}

#[test]
fn wards_that_go_live_together_and_forms_for_nobody_are_only_warned_about() {
    let study = changed(&[
        ("last = 2026-05-04 }", "last = 2026-04-09 }"),
        ("live = { first = 2026-05-05,", "live = { first = 2026-04-10,"),
        ("may = [\"position\", \"night\"]", "may = [\"position\"]"),
    ]);
    let warnings: Vec<String> = study.unwrap().warnings().iter().map(ToString::to_string).collect();
    expect![[r#"
        study.toml:59: ward[2].phases: goes live 9 days after "maple"; four weeks or more tell a ward's change from the season's
        study.toml:84: instrument[2].id: no role may fill this in"#]].assert_eq(&warnings.join("\n"));
}

#[test]
fn what_is_not_toml_is_said_once_for_each_place() {
    problems(
        &[("version = \"1\"", "version = 1.2.3")],
        expect!["study.toml:4: this is not TOML: invalid float, expected nothing"],
    );
    problems(
        &[("[night_window]", "[night_window")],
        expect!["study.toml:11: this is not TOML: unclosed table, expected `]`"],
    );
    expect![[r#"
        study.toml:1: this is missing: study
        study.toml:1: this is missing: night_window
        study.toml:1: this is missing: ask_window
        study.toml:1: this is missing: drafts
        study.toml:1: this is missing: disclosure
        study.toml:1: this is missing: site
        study.toml:1: this is missing: ward_group
        study.toml:1: this is missing: ward
        study.toml:1: this is missing: role
        study.toml:1: this is missing: instrument
        study.toml:1: this is missing: risk_disclosure_plan
        study.toml:1: this is missing: information
        study.toml:1: this is missing: language"#]]
    .assert_eq(&Study::from_toml("study.toml", "").unwrap_err().to_string());
}

#[test]
fn size_counts_and_lengths_are_bounded() {
    let huge = "#".repeat(Study::MAX_BYTES + 1);
    expect!["study.toml: the document has 262145 bytes, more than 262144"]
        .assert_eq(&Study::from_toml("study.toml", &huge).unwrap_err().to_string());
    let long = format!("title = \"{}\"", "z".repeat(201));
    problems(
        &[("title = \"Nights on the wards\"", &long)],
        expect!["study.toml:3: study.title: the text has 201 characters, more than 200"],
    );
    let sites = "[[site]]\ncode = \"north\"\nname = \"North\"\n";
    let many: String = (0..201).map(|n| sites.replace("north", &format!("n{n}"))).collect();
    problems(&[(sites, &many)], expect!["study.toml:29: site: 201 entries, more than 200"]);
    let nested = format!("{}[night_window]", "x = ".to_owned() + &"[".repeat(100_000) + "\n");
    assert!(changed(&[("[night_window]", &nested)]).is_err(), "no depth overflows the stack");
}

#[test]
fn at_most_a_hundred_problems_are_listed() {
    let keys: String = (0..150).map(|n| format!("key{n} = 1\n")).collect();
    let listed = changed(&[("[drafts]\n", &format!("[drafts]\n{keys}"))]).unwrap_err();
    assert_eq!(listed.lines().count(), 101);
    assert!(listed.ends_with("and 50 more problems"), "{listed}");
}

#[test]
fn midnight_is_night_and_six_is_not() {
    let study = small();
    for (at, night) in [
        (time(23, 59, 59, 0), false),
        (time(0, 0, 0, 0), true),
        (time(5, 59, 59, 0), true),
        (time(6, 0, 0, 0), false),
    ] {
        assert_eq!(study.is_night(at), night, "{at}");
    }
    let late = changed(&[("from = \"00:00\"", "from = \"22:30\"")]).unwrap();
    assert!(
        late.is_night(time(22, 30, 0, 0))
            && late.is_night(time(2, 0, 0, 0))
            && !late.is_night(time(6, 0, 0, 0))
    );
    assert_eq!(late.night_length(date(2026, 2, 9)).unwrap(), SignedDuration::from_mins(450));
}

#[test]
fn a_night_is_named_by_the_evening_it_began() {
    let study = small();
    for (moment, evening) in [
        ("2026-02-10T02:00:00[Europe/London]", date(2026, 2, 9)),
        ("2026-02-10T11:59:59[Europe/London]", date(2026, 2, 9)),
        ("2026-02-10T12:00:00[Europe/London]", date(2026, 2, 10)),
        // The same moment as 00:30 in London, where the study is.
        ("2026-07-09T19:30:00[America/New_York]", date(2026, 7, 9)),
    ] {
        assert_eq!(study.night_of(&moment.parse::<Zoned>().unwrap()), evening, "{moment}");
    }
}

#[test]
fn a_night_in_which_the_clocks_change_has_five_or_seven_hours() {
    let study = small();
    let hours = |evening: Date| study.night_length(evening).unwrap().as_hours();
    assert_eq!(hours(date(2026, 2, 9)), 6);
    assert_eq!(hours(date(2026, 3, 28)), 5, "put forward on the 29th");
    assert_eq!(hours(date(2026, 10, 24)), 7, "put back on the 25th");
    let (from, until) = study.night_span(date(2026, 10, 24)).unwrap();
    assert_eq!(from.to_string(), "2026-10-25T00:00:00+01:00[Europe/London]");
    assert_eq!(until.to_string(), "2026-10-25T06:00:00+00:00[Europe/London]");
    // 01:30 comes twice that night; both belong to it.
    for moment in ["2026-10-25T01:30:00+01:00[Europe/London]", "2026-10-25T01:30:00+00:00[Europe/London]"] {
        assert_eq!(study.night_of(&moment.parse().unwrap()), date(2026, 10, 24));
    }
}

#[test]
fn nobody_is_asked_outside_the_window_and_handovers_are_known() {
    let study = small();
    for (at, asked) in [
        (time(7, 29, 0, 0), false),
        (time(7, 30, 0, 0), true),
        (time(20, 59, 0, 0), true),
        (time(21, 0, 0, 0), false),
    ] {
        assert_eq!(study.in_ask_window(at), asked, "{at}");
    }
    assert!(study.handover_at(time(13, 45, 0, 0)).is_some());
    assert!(study.handover_at(time(14, 0, 0, 0)).is_none());
}

#[test]
fn phases_and_beds_hold_to_their_last_day() {
    let study = small();
    for (day, phase) in [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), Some(Phase::Baseline)),
        (date(2026, 3, 25), Some(Phase::Baseline)),
        (date(2026, 3, 26), None),
        (date(2026, 4, 1), Some(Phase::Live)),
        (date(2026, 6, 24), None),
    ] {
        assert_eq!(study.phase_at("maple", day), phase, "{day}");
    }
    assert_eq!(study.phase_at("elm", date(2026, 1, 1)), None);
    let oak = study.ward("oak").unwrap();
    assert_eq!((oak.beds_at(date(2026, 4, 30)), oak.beds_at(date(2026, 5, 1))), (Some(12), Some(10)));
    assert_eq!(study.beds_at(date(2026, 5, 1)), 26);
}

#[test]
fn the_document_hash_follows_every_byte_and_every_workbook() {
    let books: BTreeMap<String, [u8; 32]> = ["patient", "night", "position"]
        .into_iter()
        .zip(1u8..)
        .map(|(id, n)| (id.to_owned(), [n; 32]))
        .collect();
    let hash = small().document_hash(&books).unwrap();
    assert_eq!(hash, small().document_hash(&books).unwrap());
    let spaced = Study::from_toml("other name", &format!("{SMALL} ")).unwrap();
    assert_ne!(hash, spaced.document_hash(&books).unwrap());
    let mut other = books.clone();
    other.insert("night".into(), [9; 32]);
    assert_ne!(hash, small().document_hash(&other).unwrap());
    other.remove("night");
    assert_eq!(small().document_hash(&other), Err("night".to_owned()));
}

proptest! {
    /// Any moment of a night belongs to the evening that names the night.
    #[test]
    fn every_moment_of_a_night_belongs_to_it(day in 0i64..800, part in 0.0f64..1.0) {
        let study = small();
        let evening = date(2025, 6, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let (from, until) = study.night_span(evening).unwrap();
        let into = SignedDuration::from_millis((from.duration_until(&until).as_millis() as f64 * part) as i64);
        let moment = from.checked_add(into).unwrap();
        prop_assert_eq!(study.night_of(&moment), evening);
        prop_assert!(study.is_night(moment.time()));
    }

    /// Whatever bytes come, reading ends with a study or with problems.
    #[test]
    fn nonsense_never_panics(at in 0usize..4000, junk in "[\\[\\]={}\"'.,#0-9a-z\\n\\u{0}é-]{0,12}") {
        let mut text = SMALL.to_owned();
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.insert_str(at, &junk);
        if let Err(problems) = Study::from_toml("study.toml", &text) {
            prop_assert!(!problems.as_slice().is_empty());
        }
    }
}
