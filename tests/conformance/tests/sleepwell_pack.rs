//! The sleepwell pack keeps what its document and the readers of its forms are promised.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;
use nightjar_form::{Entry, Instrument, Item, ItemKind, Language, Missing, Opening, Session, Value};
use nightjar_record::study::{InstrumentKind, Phase, Study, Voice, WARD};

const LANGUAGES: [&str; 3] = ["en", "en-x-easyread", "pl"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/studies/sleepwell")
}

fn study() -> Study {
    let text = std::fs::read_to_string(folder().join("study.toml")).unwrap();
    Study::from_toml("study.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn form(id: &str) -> Instrument {
    let file = format!("{id}.xlsx");
    let bytes = std::fs::read(folder().join("forms").join(&file)).unwrap();
    Instrument::from_workbook(&file, &bytes).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn forms() -> BTreeMap<String, Instrument> {
    study().instruments.iter().map(|listed| (listed.id.clone(), form(&listed.id))).collect()
}

/// Every label of a form in a language: questions, choices and hints.
fn labels<'i>(instrument: &'i Instrument, language: &'i Language) -> Vec<(String, &'i str)> {
    let shown = |item: &&Item| item.kind().is_asked() || item.kind() == ItemKind::Note;
    let mut labels = Vec::new();
    for item in instrument.items().iter().filter(shown) {
        labels.push((item.path().to_owned(), item.label(language)));
        for choice in item.choices() {
            labels.push((format!("{}: {}", item.path(), choice.code()), choice.label(language)));
        }
    }
    labels
}

#[test]
fn the_document_reads_without_a_warning() {
    let study = study();
    assert_eq!(study.warnings(), []);
    assert_eq!(study.wordings.iter().map(|wording| wording.language.as_str()).collect::<Vec<_>>(), LANGUAGES);
    for wording in &study.wordings {
        assert!(
            wording.information.paragraphs.iter().any(|text| text.contains("2027")),
            "{}",
            wording.language
        );
        assert!(wording.draft_notice.is_some(), "nobody has reviewed {}", wording.language);
    }
}

#[test]
fn seven_wards_have_a_hundred_and_twenty_beds_and_phases_of_twelve_weeks() {
    let study = study();
    let beds: Vec<u32> =
        study.wards.iter().filter_map(|ward| ward.beds.first()).map(|beds| beds.beds).collect();
    assert_eq!(beds, [16, 16, 16, 26, 16, 12, 18]);
    assert_eq!(study.beds_at(jiff::civil::date(2026, 1, 5)), 120);
    for ward in &study.wards {
        for phase in [Phase::Baseline, Phase::Live, Phase::KeptUp] {
            let dates = ward.phase(phase).unwrap();
            assert_eq!((dates.last - dates.first).get_days() + 1, 84, "{} {}", ward.code, phase.code());
        }
    }
}

#[test]
fn the_document_and_the_folder_name_the_same_forms() {
    let study = study();
    let listed: BTreeSet<String> = study.instruments.iter().map(|listed| listed.file.clone()).collect();
    let there: BTreeSet<String> = std::fs::read_dir(folder().join("forms"))
        .unwrap()
        .map(|entry| format!("forms/{}", entry.unwrap().file_name().to_string_lossy()))
        .filter(|name| name.ends_with(".xlsx") && !name.contains('~'))
        .collect();
    assert_eq!(listed, there);
    for (id, instrument) in forms() {
        let listed = study.instrument(&id).unwrap();
        assert_eq!(instrument.form_id(), id);
        assert_eq!(
            instrument.setting("nightjar::wording_status"),
            Some(listed.wording_status.as_str()),
            "{id}"
        );
        assert_eq!(instrument.title(instrument.default_language()), listed.title, "{id}");
        assert_eq!(instrument.version(), study.version, "{id}");
    }
}

#[test]
fn no_form_gives_a_warning() {
    for (id, instrument) in forms() {
        let warnings: Vec<String> = instrument.warnings().iter().map(ToString::to_string).collect();
        assert!(warnings.is_empty(), "{id}:\n{}", warnings.join("\n"));
    }
}

#[test]
fn natural_keys_are_items_that_must_be_answered() {
    let forms = forms();
    for listed in &study().instruments {
        for name in listed.natural_key.iter().filter(|name| *name != WARD) {
            assert!(forms[&listed.id].item_named(name).is_some(), "{}: no item {name}", listed.id);
        }
    }
}

#[test]
fn patient_core_says_everything_in_three_languages() {
    let instrument = form("patient-core");
    let codes: Vec<&str> = instrument.languages().iter().map(Language::code).collect();
    assert_eq!(codes, LANGUAGES);
    let count = labels(&instrument, instrument.default_language()).len();
    for language in instrument.languages() {
        let labels = labels(&instrument, language);
        assert_eq!(labels.len(), count);
        for (place, label) in labels {
            assert!(!label.trim().is_empty(), "{place} has no label in {}", language.code());
        }
    }
    let polish = &instrument.languages()[2];
    for item in instrument.items().iter().filter(|item| item.kind().is_asked()) {
        assert_ne!(item.label(polish), item.label(instrument.default_language()), "{}", item.path());
    }
}

#[test]
fn easy_read_labels_have_ten_words_at_most() {
    let instrument = form("patient-core");
    for (place, label) in labels(&instrument, &instrument.languages()[1]) {
        assert!(label.split_whitespace().count() <= 10, "{place}: {label}");
    }
}

#[test]
fn every_easy_read_question_and_choice_has_its_picture() {
    let now: Zoned = "2026-02-03T10:00:00+00:00[Europe/London]".parse().unwrap();
    let instrument = Arc::new(form("patient-core"));
    let easy = instrument.languages()[1].clone();
    let opening = Opening { language: Some(easy), now: now.clone(), seed: 1 };
    let mut session = Session::open(Arc::clone(&instrument), opening).unwrap();
    let picture = |name: Option<&str>, place: &str| {
        let name = name.unwrap_or_else(|| panic!("{place} has no picture"));
        let drawn = std::fs::read_to_string(folder().join("forms/media").join(name)).unwrap();
        assert!(drawn.starts_with("<svg") && drawn.contains("<title>"), "{name} says what it shows");
    };
    let mut seen = BTreeSet::new();
    while !session.page().check {
        for question in session.page().questions {
            picture(question.image.as_deref(), &question.path);
            for choice in &question.choices {
                picture(choice.image.as_deref(), &choice.code);
            }
            // Writes something and keeps a part of it back, so that every question comes up.
            let value = match question.kind {
                ItemKind::Text => Value::Text("Less light.".into()),
                _ if question.path.ends_with("_quote") => one("without_part"),
                _ => one(&question.choices[0].code),
            };
            seen.insert(question.path.clone());
            session.apply(&Entry::Answer { path: question.path, value: Some(value) }, &now).unwrap();
        }
        session.apply(&Entry::Next, &now).unwrap();
    }
    assert_eq!(seen.len(), instrument.items().iter().filter(|item| item.kind().is_asked()).count());
}

#[test]
fn every_text_names_a_plan_of_the_study() {
    let study = study();
    let mut named = BTreeSet::new();
    for (id, instrument) in forms() {
        for item in instrument.items().iter().filter(|item| item.kind() == ItemKind::Text) {
            let plan = item.extra("nightjar::risk_disclosure_plan");
            let plan = plan.unwrap_or_else(|| panic!("{id}: {} names no plan", item.path()));
            assert!(study.risk_disclosure_plan(plan).is_some(), "{id}: no plan {plan}");
            named.insert(plan.to_owned());
        }
    }
    let plans: BTreeSet<String> = study.risk_disclosure_plans.iter().map(|plan| plan.name.clone()).collect();
    assert_eq!(named, plans, "a plan nobody names");
}

#[test]
fn consent_to_quote_follows_each_text_of_a_person() {
    for id in ["patient-core", "carer", "staff", "position"] {
        let instrument = form(id);
        let items = instrument.items();
        for (at, item) in items.iter().enumerate().filter(|(_, item)| item.kind() == ItemKind::Text) {
            if item.name() == "case_label" || item.name().ends_with("_leave_out") {
                continue;
            }
            let next = items.get(at + 1).unwrap();
            assert_eq!(next.name(), format!("{}_quote", item.name()), "{id}");
            let codes: Vec<&str> = next.choices().iter().map(|choice| choice.code()).collect();
            assert_eq!(codes, ["all", "without_part", "no"], "{id}");
        }
    }
}

#[test]
fn each_form_for_people_ends_with_what_was_missing_and_what_was_hard() {
    for listed in study().instruments.iter().filter(|listed| listed.kind == InstrumentKind::Response) {
        let instrument = form(&listed.id);
        let asked: Vec<&str> = instrument.items().iter().map(Item::name).collect();
        let end = ["should_ask", "should_ask_quote", "should_ask_leave_out", "upsetting"];
        assert_eq!(asked[asked.len() - 4..], end, "{}", listed.id);
        assert!(listed.confidential, "{}", listed.id);
    }
}

#[test]
fn people_can_always_say_that_they_do_not_know_or_would_rather_not_say() {
    for id in ["patient-core", "carer", "staff"] {
        for item in form(id).items().iter().filter(|item| item.kind() == ItemKind::SelectOne) {
            let missing: Vec<Missing> = item.choices().iter().filter_map(|choice| choice.missing()).collect();
            assert!(
                missing.contains(&Missing::Declined) || item.name().ends_with("_quote"),
                "{id}: {}",
                item.path()
            );
            if item.choices().iter().any(|choice| choice.code() == "partly") {
                let codes: Vec<&str> = item.choices().iter().map(|choice| choice.code()).collect();
                assert_eq!(
                    codes,
                    ["yes", "partly", "no", "dont_know", "rather_not_say"],
                    "{id}: {}",
                    item.path()
                );
            }
        }
    }
}

#[test]
fn nothing_is_chosen_for_anybody() {
    let now: Zoned = "2026-02-03T10:00:00+00:00[Europe/London]".parse().unwrap();
    for (id, instrument) in forms() {
        let session = open(&id, &now);
        for item in instrument.items().iter().filter(|item| item.kind().is_asked()) {
            assert_eq!(session.value(item.path()), None, "{id}: {} is answered already", item.path());
        }
    }
}

#[test]
fn no_text_promises_anonymity_or_asks_who_somebody_is() {
    let study = study();
    let mut texts: Vec<String> = Vec::new();
    for (_, instrument) in forms() {
        for language in instrument.languages() {
            texts.extend(labels(&instrument, language).into_iter().map(|(_, label)| label.to_lowercase()));
        }
    }
    for wording in &study.wordings {
        texts.extend(wording.information.paragraphs.iter().map(|text| text.to_lowercase()));
    }
    assert!(texts.len() > 200);
    for text in texts {
        assert!(!text.contains("anonym") && !text.contains("anonim"), "{text}");
        for asks in ["your name?", "date of birth?", "which room", "nhs number", "hospital number"] {
            assert!(!text.contains(asks), "{text}");
        }
    }
}

#[test]
fn every_voice_has_a_role_and_every_role_of_a_position_is_a_choice() {
    let study = study();
    for voice in [Voice::Patient, Voice::Carer, Voice::Staff, Voice::Other] {
        assert!(study.roles.iter().any(|role| role.voice == voice));
    }
    let position = form("position");
    let choices: BTreeSet<&str> =
        position.item_named("voice").unwrap().choices().iter().map(|choice| choice.code()).collect();
    let roles: BTreeSet<&str> = study
        .roles
        .iter()
        .filter(|role| study.may(&role.code, "position"))
        .map(|role| role.code.as_str())
        .collect();
    assert_eq!(choices, roles);
    let staff = study.roles.iter().filter(|role| study.may(&role.code, "staff"));
    assert_eq!(staff.count(), 4, "staff answer in four role groups");
}

#[test]
fn published_files_are_cited_and_hold_no_totals() {
    let study = study();
    let listed: BTreeSet<String> = study.published.iter().map(|set| set.file.clone()).collect();
    let there: BTreeSet<String> = std::fs::read_dir(folder().join("published"))
        .unwrap()
        .map(|entry| format!("published/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    assert_eq!(listed, there);
    for file in &there {
        let text = std::fs::read_to_string(folder().join(file)).unwrap().to_lowercase();
        assert!(!text.contains("total") && !text.contains("combined"), "{file}: sums are computed");
    }
    let mut flags: Vec<u32> =
        study.published.iter().flat_map(|set| &set.flags).map(|flag| flag.number).collect();
    flags.sort_unstable();
    assert_eq!(flags, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

fn open(id: &str, now: &Zoned) -> Session {
    let opening = Opening { language: None, now: now.clone(), seed: 1 };
    Session::open(Arc::new(form(id)), opening).unwrap()
}

/// Answers in a row; the paths that have a problem after the last.
fn say(session: &mut Session, now: &Zoned, answers: &[(&str, Value)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, value) in answers {
        let path = session.instrument().item_named(name).unwrap().path().to_owned();
        let outcome = session.apply(&Entry::Answer { path, value: Some(value.clone()) }, now).unwrap();
        problems = outcome.problems.iter().map(|problem| problem.path.clone()).collect();
    }
    problems
}

fn number(number: i64) -> Value {
    Value::Integer(number)
}

fn one(code: &str) -> Value {
    Value::One(code.to_owned())
}

#[test]
fn nights_kept_and_broken_together_are_the_nights_planned() {
    let now: Zoned = "2026-02-03T06:40:00+00:00[Europe/London]".parse().unwrap();
    let mut session = open("ward-night", &now);
    let night = Value::Date(jiff::civil::date(2026, 2, 2));
    let start = [("night", night), ("in_bed", number(15)), ("here_72h", number(12)), ("planned", number(8))];
    assert!(say(&mut session, &now, &start).is_empty());
    assert!(!say(&mut session, &now, &[("kept", number(9))]).is_empty(), "more kept than planned");
    assert!(say(&mut session, &now, &[("kept", number(5))]).is_empty());
    assert_eq!(session.value("broken"), Some(&number(3)));
    assert!(say(&mut session, &now, &[("broken_concern", number(2))]).is_empty());
    assert!(
        !say(&mut session, &now, &[("broken_noise", number(2))]).is_empty(),
        "more reasons than broken nights"
    );
    assert!(say(&mut session, &now, &[("broken_noise", number(0))]).is_empty());
    assert_eq!(session.value("broken_not_said"), Some(&number(1)));
    assert!(!say(&mut session, &now, &[("beds_open", number(14))]).is_empty(), "more people than beds");
    assert!(say(&mut session, &now, &[("beds_open", number(16))]).is_empty());
    session.finish().unwrap();
}

#[test]
fn a_night_that_has_not_begun_is_refused() {
    let now: Zoned = "2026-02-03T06:40:00+00:00[Europe/London]".parse().unwrap();
    let mut session = open("ward-night", &now);
    let tomorrow = Value::Date(jiff::civil::date(2026, 2, 4));
    assert!(!say(&mut session, &now, &[("night", tomorrow)]).is_empty());
}

#[test]
fn a_decision_against_a_view_needs_reasons_and_whom_they_were_explained_to() {
    let now: Zoned = "2026-02-03T10:00:00+00:00[Europe/London]".parse().unwrap();
    let mut session = open("decision", &now);
    let review = Value::Date(jiff::civil::date(2026, 2, 10));
    let start =
        [("case_label", Value::Text("Owl 3".into())), ("outcome", one("agreed")), ("review_date", review)];
    assert!(say(&mut session, &now, &start).is_empty());
    session.finish().unwrap();
    say(&mut session, &now, &[("outcome", one("against_view"))]);
    let missing: Vec<String> =
        session.finish().unwrap_err().iter().map(|problem| problem.path.clone()).collect();
    assert_eq!(missing.len(), 2, "{missing:?}");
    let explained = Value::Many(vec!["patient".into()]);
    say(
        &mut session,
        &now,
        &[("reasons", Value::Text("A new medicine.".into())), ("explained_to", explained)],
    );
    session.finish().unwrap();
}

#[test]
fn a_case_label_takes_no_number_of_a_person_and_no_date() {
    let now: Zoned = "2026-02-03T10:00:00+00:00[Europe/London]".parse().unwrap();
    for (label, fine) in [
        ("Owl 3", true),
        ("Owl 12", true),
        ("Sowa 3b", true),
        ("943 476 5919", false),
        ("Owl 1980", false),
        ("1/2", false),
        ("a label of the ward that goes on", false),
    ] {
        for id in ["decision", "position"] {
            let problems = say(&mut open(id, &now), &now, &[("case_label", Value::Text(label.into()))]);
            assert_eq!(problems.is_empty(), fine, "{id}: {label}");
        }
    }
}

#[test]
fn sleeping_medicine_is_counted_by_weeks_from_monday() {
    let now: Zoned = "2026-02-10T10:00:00+00:00[Europe/London]".parse().unwrap();
    let week = |day: i8| Value::Date(jiff::civil::date(2026, 2, day));
    assert!(say(&mut open("hypnotics", &now), &now, &[("week_start", week(2))]).is_empty());
    assert!(!say(&mut open("hypnotics", &now), &now, &[("week_start", week(3))]).is_empty());
}
