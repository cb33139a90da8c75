//! A study without a hub: everything goes by a stick.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nightjar::form::Value;
use nightjar::{
    Admission, BundleView, Evaluator, Failure, ReceiptKind, RecordView, RecordsRequest, Tablet, VaultKey,
    inspect_bundle,
};
use nightjar_e2e::study::{Founded, begin, night};
use nightjar_test_support::SmallDisk;

struct Study {
    founded: Founded,
    third: Evaluator,
    tablets: Vec<Tablet>,
    /// The bundle that the others joined with.
    opening: PathBuf,
}

impl std::ops::Deref for Study {
    type Target = Founded;

    fn deref(&self) -> &Founded {
        &self.founded
    }
}

impl Study {
    fn new(tablets: usize) -> Self {
        let founded = Founded::without_a_hub();
        let path = founded.folder.path().join("third");
        let third =
            Evaluator::create(&path, &VaultKey::random().unwrap(), "Third", founded.options()).unwrap();
        let request = third.enrolment_request().unwrap();
        let to_third = founded.steward.admit(&request, Admission::Evaluator).unwrap();
        let made: Vec<_> = (1..=tablets).map(|n| founded.let_in(&format!("Tablet {n}"), &[])).collect();
        let opening = founded.folder.path().join("opening.bundle");
        founded.steward.export_bundle(&opening, None).unwrap();
        third.join_with_bundle(&to_third, &founded.pack, &opening).unwrap();
        for (tablet, _, invitation) in &made {
            tablet.join_with_bundle(invitation, &founded.pack, &opening).unwrap();
        }
        let tablets = made.into_iter().map(|(tablet, ..)| tablet).collect();
        let (second, invitation) = &founded.second;
        second.join_with_bundle(invitation, &founded.pack, &opening).unwrap();
        Self { founded, third, tablets, opening }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.bundle"))
    }
}

fn respond(tablet: &Tablet, slept: &str) {
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("slept", Some(Value::One(slept.into()))).unwrap();
    sitting.finish().unwrap();
}

fn records(evaluator: &Evaluator) -> Vec<RecordView> {
    evaluator.records(RecordsRequest::default()).unwrap()
}

/// How much an evaluator holds of each tablet: received of expected.
fn received(evaluator: &Evaluator) -> BTreeMap<String, (u64, u64)> {
    let received = evaluator.received().unwrap();
    received.into_iter().map(|of| (of.tablet, (of.received, of.expected))).collect()
}

fn counts(view: &BundleView) -> (u64, u64, u64) {
    (view.new, view.known, view.passed_over)
}

#[test]
fn a_whole_study_goes_by_a_stick() {
    let study = Study::new(2);
    let [one, two] = &study.tablets[..] else { panic!("two tablets") };
    for slept in ["well", "badly", "so_so"] {
        respond(one, slept);
    }
    respond(two, "well");
    night(one, "2026-03-01", 14);
    night(two, "2026-03-01", 11);
    assert_eq!(one.status().unwrap().waiting, 4);

    let (from_one, from_two) = (study.file("one"), study.file("two"));
    let written = one.export_bundle(&from_one, None).unwrap();
    assert_eq!((written.envelopes, written.whole), (4, true));
    two.export_bundle(&from_two, None).unwrap();
    let seen = inspect_bundle(&from_one).unwrap();
    assert_eq!((seen.envelopes, seen.roster_entries, seen.whole), (4, written.roster_entries, true));
    assert_eq!(seen.bytes, std::fs::metadata(&from_one).unwrap().len());

    // From tablet to tablet: the ward's records, never an answer.
    let taken = two.import_bundle(&from_one).unwrap();
    assert_eq!((counts(&taken), taken.vouched, taken.trouble), ((1, 0, 3), true, None));
    assert_eq!(taken.made_by, "Tablet 1");
    assert_eq!(two.conflicts().unwrap().len(), 1, "two tablets say differently how many were in bed");

    assert_eq!(counts(&study.steward.import_bundle(&from_two).unwrap()), (2, 0, 0));
    assert_eq!(counts(&study.steward.import_bundle(&from_one).unwrap()), (4, 0, 0));
    assert_eq!(counts(&study.steward.import_bundle(&from_one).unwrap()), (0, 4, 0), "twice does no harm");
    let all = received(&study.steward);
    assert_eq!((all["Tablet 1"], all["Tablet 2"]), ((4, 4), (2, 2)));

    // The answer tells each tablet what arrived, and the others' ward records; what they hold is left out.
    let back = study.file("back");
    let written = study.steward.export_bundle(&back, Some(&from_one)).unwrap();
    assert_eq!(written.envelopes, 3 + 2, "a tablet does not sign for what it cannot read");
    let taken = one.import_bundle(&back).unwrap();
    assert_eq!(taken.new, 1, "the other's ward night");
    let status = one.status().unwrap();
    assert_eq!((status.waiting, status.at_hub, status.applied_by_evaluator), (0, 4, 4));
    assert_eq!(one.conflicts().unwrap().len(), 1);

    // From evaluator to evaluator, with what neither of the tablets brought there itself.
    assert_eq!(study.second.0.import_bundle(&back).unwrap().new, 5);
    assert_eq!(study.second.0.import_bundle(&from_one).unwrap().new, 1);
    assert_eq!(records(&study.second.0), records(&study.steward));
    assert_eq!(received(&study.second.0), all);

    // What comes later alone, for who has the rest.
    respond(one, "well");
    let (more, answer) = (study.file("more"), study.file("answer"));
    study.second.0.export_bundle(&answer, None).unwrap();
    assert_eq!(one.export_bundle(&more, Some(&answer)).unwrap().envelopes, 1);
    assert_eq!(counts(&study.second.0.import_bundle(&more).unwrap()), (1, 0, 0));
    // For who has not, it says that something is missing, and loses nothing.
    let late = &study.third;
    let taken = late.import_bundle(&more).unwrap();
    assert_eq!((taken.new, taken.missing_before), (1, 1));
    late.import_bundle(&from_one).unwrap();
    assert_eq!(late.import_bundle(&more).unwrap().missing_before, 0);
    assert_eq!(received(late)["Tablet 1"], (5, 5));
}

#[test]
fn what_was_taken_out_is_gone_from_whoever_takes_the_bundle_in() {
    let study = Study::new(1);
    let tablet = &study.tablets[0];
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("slept", Some(Value::One("badly".into()))).unwrap();
    let (_, words) = sitting.finish_with(ReceiptKind::TakeOut).unwrap();
    let (before, after) = (study.file("before"), study.file("after"));
    tablet.export_bundle(&before, None).unwrap();
    study.steward.import_bundle(&before).unwrap();
    assert_eq!(records(&study.steward).len(), 1);
    tablet.take_out(&words).unwrap();
    tablet.export_bundle(&after, None).unwrap();
    study.steward.import_bundle(&after).unwrap();
    assert_eq!(records(&study.steward), []);
    study.steward.import_bundle(&before).unwrap();
    assert_eq!(records(&study.steward), [], "an old stick brings nothing back");
    // In the other order, too.
    let late = &study.third;
    late.import_bundle(&after).unwrap();
    late.import_bundle(&before).unwrap();
    assert_eq!(records(late), []);
}

#[test]
fn a_bundle_cut_short_or_changed_anywhere_loses_nothing_and_brings_nothing_false() {
    let study = Study::new(1);
    let tablet = &study.tablets[0];
    respond(tablet, "well");
    night(tablet, "2026-03-01", 14);
    let whole = study.file("whole");
    tablet.export_bundle(&whole, None).unwrap();
    let reference = &study.second.0;
    reference.import_bundle(&whole).unwrap();
    let (all, arrived) = (records(reference), received(reference));
    assert_eq!(all.len(), 2);

    let bytes = std::fs::read(&whole).unwrap();
    let hurt = study.file("hurt");
    let reader = &study.third;
    let try_it = |bytes: &[u8], what: &str| {
        std::fs::write(&hurt, bytes).unwrap();
        let shown = inspect_bundle(&hurt);
        match reader.import_bundle(&hurt) {
            Ok(taken) => {
                assert!(taken.trouble.is_some() && !taken.whole, "{what}: it passes for whole");
                assert!(taken.set_aside.is_empty() || taken.new + taken.known < 2, "{what}");
            }
            Err(Failure::Invalid(_) | Failure::Rejected(_)) => {}
            Err(other) => panic!("{what}: {other}"),
        }
        assert!(shown.is_err() || shown.unwrap().trouble.is_some(), "{what}: it looks whole");
        for record in records(reader) {
            assert!(all.contains(&record), "{what}: a record that nobody wrote");
        }
    };
    // A prime step walks every position of a frame over the whole file without taking all day.
    for length in (0..bytes.len()).step_by(61) {
        try_it(&bytes[..length], &format!("cut after {length} bytes"));
    }
    for place in (0..bytes.len()).step_by(67) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x20;
        try_it(&changed, &format!("byte {place} changed"));
    }
    let twice = [&bytes[..], &bytes[8..]].concat();
    try_it(&twice, "one after the other");
    // Sent whole it brings everything.
    let taken = reader.import_bundle(&whole).unwrap();
    assert!(taken.whole && taken.trouble.is_none());
    assert_eq!((records(reader), received(reader)), (all, arrived));
}

#[test]
fn what_is_no_bundle_of_this_study_is_refused_whole() {
    let (study, other) = (Study::new(1), Study::new(1));
    respond(&other.tablets[0], "well");
    let foreign = other.file("foreign");
    other.tablets[0].export_bundle(&foreign, None).unwrap();
    let refused = |file: &Path| study.steward.import_bundle(file).unwrap_err().to_string();
    assert!(refused(&foreign).contains("another study"), "{}", refused(&foreign));
    let (later, text) = (study.file("later"), study.file("text"));
    std::fs::write(&later, b"NJBUNDL1 and what comes after").unwrap();
    std::fs::write(&text, b"a letter").unwrap();
    assert!(refused(&later).contains("later version"));
    assert!(refused(&text).contains("not a bundle"));
    assert!(refused(study.folder.path()).contains("not a file"));
    assert!(refused(&study.file("none")).contains("cannot be read"));
    assert_eq!(records(&study.steward), []);
    // Nor does a device join by it.
    let tablet = Tablet::create(
        &study.folder.path().join("new"),
        &VaultKey::random().unwrap(),
        "New",
        study.options(),
    )
    .unwrap();
    let admission = Admission::Tablet { wards: Vec::new() };
    let invitation = study.steward.admit(&tablet.enrolment_request().unwrap(), admission).unwrap();
    let by = |file: &Path| tablet.join_with_bundle(&invitation, &study.pack, file).unwrap_err().to_string();
    assert!(by(&foreign).contains("not the one of the invitation"));
    assert!(by(&study.opening).contains("not the one of the invitation"), "made before it was let in");
    assert!(tablet.join(&invitation, study.pack.clone()).unwrap_err().to_string().contains("bundle"));
    assert!(!tablet.has_joined().unwrap());
    // A file that is there is never written over.
    let failure = study.tablets[0].export_bundle(&text, None).unwrap_err();
    assert!(failure.to_string().contains("already"));
    assert_eq!(std::fs::read(&text).unwrap(), b"a letter");
}

#[test]
fn a_stick_without_room_is_left_as_it_was() {
    let study = Study::new(1);
    let disk = SmallDisk::mount(32).unwrap();
    for _ in 0..60 {
        respond(&study.tablets[0], "well");
    }
    let file = disk.path().join("full.bundle");
    let failure = study.tablets[0].export_bundle(&file, None).unwrap_err();
    assert!(matches!(failure, Failure::StorageFull(_)), "{failure}");
    let left: Vec<_> =
        std::fs::read_dir(disk.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("bundle")), "{left:?}");
    assert_eq!(study.tablets[0].status().unwrap().waiting, 60);
}
