//! Exports after something was taken out: what has to be destroyed is named, and no two publications differ by somebody.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::Path;

use nightjar::form::Value;
use nightjar::{
    ExportView, Failure, HeldBackView, ReceiptKind, Tablet, TakeOutRequest, TakeOutView, TakeOutWhat,
};
use nightjar_e2e::study::{Founded, begin, night};

fn respond(tablet: &Tablet, slept: &str) -> (String, String) {
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("slept", Some(Value::One(slept.into()))).unwrap();
    let (finished, words) = sitting.finish_with(ReceiptKind::Read).unwrap();
    (finished.record, words.to_string())
}

/// Sends what the tablet has, and exports it into a folder of its own.
fn exported(study: &Founded, tablet: &Tablet, name: &str) -> (std::path::PathBuf, ExportView) {
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    let folder = study.folder.path().join(name);
    let view = study.steward.export(&folder).unwrap();
    (folder, view)
}

fn json(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(folder.join("export/manifest.json")).unwrap()).unwrap()
}

fn rows(folder: &Path) -> usize {
    csv::Reader::from_path(folder.join("export/patient-core.internal.csv")).unwrap().records().count()
}

#[test]
fn a_later_export_names_what_of_the_earlier_ones_has_to_be_destroyed() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let given: Vec<_> = (0..7).map(|_| respond(&tablet, "badly")).collect();
    let (first, view) = exported(&study, &tablet, "first");
    assert_eq!((view.responses, view.held_back, view.destroy.len()), (7, None, 0));
    let manifest = json(&first);
    assert_eq!(manifest["manifest"], view.manifest);
    assert_eq!(manifest["records"].as_array().unwrap().len(), 7);
    assert_eq!(manifest["envelopes"], 7);
    for file in manifest["files"].as_array().unwrap() {
        let bytes = fs::read(first.join(file["name"].as_str().unwrap())).unwrap();
        assert_eq!(file["blake3"], blake3::hash(&bytes).to_hex().as_str(), "{}", file["name"]);
        assert_eq!(file["bytes"], bytes.len());
    }
    // Nobody else can tell which record a name in it is, nor lay two manifests beside each other.
    let text = fs::read_to_string(first.join("export/manifest.json")).unwrap();
    assert!(given.iter().all(|(record, _)| !text.contains(record)));
    let (again, view) = exported(&study, &tablet, "again");
    assert_eq!(view.held_back, None, "nothing is other than it was");
    let [one, other] = [&first, &again].map(|folder| json(folder));
    assert_eq!(one["fingerprint"], other["fingerprint"], "made of the same");
    let names = |manifest: &serde_json::Value| manifest["records"].as_array().unwrap().clone();
    assert!(names(&one).iter().all(|name| !names(&other).contains(name)));

    // One is taken out by its words, one by a steward.
    assert!(tablet.take_out(&given[0].1).unwrap());
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    let what = TakeOutWhat::Records(vec![given[1].0.clone()]);
    let done = study.steward.take_out(&TakeOutRequest { what, consents: vec![] }).unwrap();
    assert_eq!(done, TakeOutView::Done { here: 1, exports: 2, counted: None });
    let (later, view) = exported(&study, &tablet, "later");
    assert_eq!((rows(&first), rows(&later)), (7, 5));
    let destroy: Vec<_> =
        view.destroy.iter().map(|earlier| (earlier.id.clone(), earlier.taken_out)).collect();
    let (one, other) = (one["manifest"].as_str().unwrap(), other["manifest"].as_str().unwrap());
    assert_eq!(destroy, [(one.to_owned(), 2), (other.to_owned(), 2)]);
    let named = &json(&later)["destroy"];
    assert_eq!(named.as_array().unwrap().len(), 2);
    let hash = blake3::hash(&fs::read(first.join("export/patient-core.internal.csv")).unwrap()).to_hex();
    let files = named[0]["files"].as_array().unwrap();
    assert!(files.iter().any(|file| file["blake3"] == hash.as_str()), "by the hash of the file");
    assert!(files.iter().all(|file| file["row_level"] == true), "figures stay: what was counted is counted");

    // Until somebody says that it is done.
    for wrong in ["", "00000000", "zz"] {
        assert!(matches!(study.steward.export_destroyed(wrong), Err(Failure::Invalid(_))), "{wrong}");
    }
    study.steward.export_destroyed(one).unwrap();
    study.steward.export_destroyed(&other[..12].to_uppercase()).unwrap();
    let exports = study.steward.exports().unwrap();
    assert!(exports.iter().all(|export| !export.destroy && export.whole));
    let taken_out: Vec<_> =
        exports.iter().map(|export| (export.taken_out, export.destroyed.is_some())).collect();
    assert_eq!(taken_out, [(2, true), (2, true), (0, false)]);
    assert!(exported(&study, &tablet, "last").1.destroy.is_empty());
}

/// The attack: two publications, one before and one after a single withdrawal, and their difference is what somebody said.
#[test]
fn no_two_publications_differ_by_fewer_responses_than_the_rule_wants() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let given: Vec<_> = (0..20).map(|n| respond(&tablet, if n < 10 { "badly" } else { "well" })).collect();
    let (first, view) = exported(&study, &tablet, "figures");
    assert!(view.files.iter().any(|file| file == "export/figures.csv"));
    let figures = || fs::read(first.join("export/figures.csv")).unwrap();
    let report = || fs::read(first.join("report.html")).unwrap();
    let before = (figures(), report());
    assert!(tablet.take_out(&given[0].1).unwrap());
    let held_back = |changed| Some(HeldBackView { changed, needed: 5 });
    let (_, view) = exported(&study, &tablet, "figures");
    assert_eq!(view.held_back, held_back(1));
    assert!(!view.files.iter().any(|file| ["export/figures.csv", "report.html"].contains(&file.as_str())));
    assert_eq!((figures(), report()), before, "those before stay");
    assert_eq!(rows(&first), 19, "rows for the evaluator are as they are now");
    let (elsewhere, _) = exported(&study, &tablet, "elsewhere");
    assert!(!elsewhere.join("report.html").exists() && !elsewhere.join("export/figures.csv").exists());
    assert_eq!(json(&elsewhere)["held_back"]["changed"], 1);

    // A change of what somebody said counts as one, a record of the ward as none.
    let again = tablet.correct_own(&given[1].1, "en").unwrap();
    again.answer("slept", Some(Value::One("well".into()))).unwrap();
    assert!(again.finish_correction(&given[1].1).unwrap());
    night(&tablet, "2026-02-26", 14);
    assert_eq!(exported(&study, &tablet, "elsewhere").1.held_back, held_back(2));
    for changed in 3..5 {
        respond(&tablet, "well");
        assert_eq!(
            exported(&study, &tablet, "elsewhere").1.held_back,
            held_back(changed),
            "since the last published"
        );
    }
    respond(&tablet, "well");
    assert_eq!(exported(&study, &tablet, "figures").1.held_back, None);
    assert_ne!(figures(), before.0);
    assert_eq!(exported(&study, &tablet, "figures").1.held_back, None, "the same again is no difference");
    respond(&tablet, "well");
    assert_eq!(exported(&study, &tablet, "figures").1.held_back, held_back(1));
}

/// Whoever has a publication has it for ever: the one before the last is as good for a difference.
#[test]
fn nor_beside_any_publication_before_the_last() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let given: Vec<_> = (0..10).map(|_| respond(&tablet, "badly")).collect();
    assert_eq!(exported(&study, &tablet, "figures").1.held_back, None);
    let more: Vec<_> = (0..5).map(|_| respond(&tablet, "well")).collect();
    assert_eq!(exported(&study, &tablet, "figures").1.held_back, None);
    for (_, words) in more.iter().chain(&given[..1]) {
        assert!(tablet.take_out(words).unwrap());
    }
    let (_, view) = exported(&study, &tablet, "figures");
    assert_eq!(
        view.held_back,
        Some(HeldBackView { changed: 1, needed: 5 }),
        "six beside the last, one beside the first"
    );
}

#[test]
fn after_the_data_lock_answers_leave_what_is_kept_and_later_exports_and_it_is_said_what_counted() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let given: Vec<_> = (0..7).map(|_| respond(&tablet, "badly")).collect();
    let (locked, _) = exported(&study, &tablet, "locked");
    study.clock.set("2027-01-31T10:00[Europe/London]".parse().unwrap());
    assert!(tablet.take_out(&given[0].1).unwrap());
    let own = tablet.own_answers(&given[0].1, "en").unwrap();
    assert_eq!((own.counted, own.data_lock.as_str()), (true, "2027-01-31"));
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    let what = TakeOutWhat::Records(vec![given[1].0.clone()]);
    let done = study.steward.take_out(&TakeOutRequest { what, consents: vec![] }).unwrap();
    assert_eq!(done, TakeOutView::Done { here: 1, exports: 1, counted: Some("2027-01-31".into()) });
    let (later, view) = exported(&study, &tablet, "later");
    assert_eq!((rows(&locked), rows(&later), view.destroy.len()), (7, 5, 1));
    assert!(!later.join("report.html").exists(), "two are no difference to publish");
}

/// What was begun and broke off is listed, too: some of its files may be there.
#[test]
fn an_export_that_breaks_off_is_listed_and_says_so() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    respond(&tablet, "badly");
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    let folder = study.folder.path().join("broken");
    // Where the rows go there is a folder in the way.
    fs::create_dir_all(folder.join("export/patient-core.internal.csv/in-the-way")).unwrap();
    assert!(study.steward.export(&folder).is_err());
    let exports = study.steward.exports().unwrap();
    assert_eq!((exports.len(), exports[0].whole, exports[0].records), (1, false, 1));
    assert!(
        exports[0].files.iter().any(|file| file.name == "export/figures.csv"),
        "what was written until then"
    );
    assert!(exports[0].published, "and that figures went out");
}
