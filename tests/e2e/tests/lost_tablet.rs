//! A tablet is lost: it is put out, and the ward goes on without it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar::{Failure, RecordsRequest, Tablet};
use nightjar_e2e::study::{Founded, night};

/// The nights that a device can read.
fn nights(tablet: &Tablet) -> Vec<String> {
    let records = tablet.records(RecordsRequest::default()).unwrap();
    let mut nights: Vec<_> = records.into_iter().filter_map(|record| record.natural_key).collect();
    nights.sort();
    nights
}

#[test]
fn what_it_had_sent_counts_and_nothing_goes_to_it_or_comes_of_it_any_more() {
    let study = Founded::at_a_hub();
    let (lost, stays) = (study.tablet("Lost"), study.tablet("Stays"));
    night(&lost, "2026-02-26", 14);
    lost.sync().unwrap();
    // Written after its last sync, and carried to another tablet by a stick before anybody knew.
    night(&lost, "2026-02-25", 15);
    let before = study.folder.path().join("before.bundle");
    lost.export_bundle(&before, None).unwrap();
    stays.import_bundle(&before).unwrap();
    assert_eq!(nights(&stays).len(), 2);
    assert!(matches!(study.steward.put_out("Nobody"), Err(Failure::Invalid(_))));
    assert!(matches!(study.steward.put_out("Steward"), Err(Failure::Invalid(_))));
    let out = study.steward.put_out("Lost").unwrap();
    assert!(out.put_out && out.label == "Lost");
    assert!(matches!(study.steward.put_out("Lost"), Err(Failure::Invalid(_))), "once");
    let members = study.steward.members().unwrap();
    let labels: Vec<_> = members.iter().map(|member| (member.label.as_str(), member.put_out)).collect();
    assert_eq!(labels, [("Steward", false), ("Second", false), ("Lost", true), ("Stays", false)]);

    // Whoever has it now writes on, and the hub takes nothing of it.
    night(&lost, "2026-02-27", 13);
    assert!(matches!(lost.sync(), Err(Failure::Rejected(_))));
    // The others hear of it with their next sync; what they write until then is sealed as before. What had come by the stick counts no
    // longer: the roster decides, not who was first.
    let told = stays.sync().unwrap();
    assert_eq!(nights(&stays).len(), 1);
    assert!(told.set_aside.iter().any(|why| why.contains("put out")), "{:?}", told.set_aside);
    assert!(stays.verify().unwrap().is_sound());
    night(&stays, "2026-02-28", 12);
    stays.sync().unwrap();
    study.steward.sync().unwrap();
    assert_eq!(nights(&stays).len(), 2, "what it had sent, and what came after");
    let read = study.steward.records(RecordsRequest::default()).unwrap();
    assert_eq!(read.len(), 2);

    // By a stick it brings nothing in, and what the ward writes now is sealed under a key that it has not.
    let (of_lost, of_ward) =
        (study.folder.path().join("lost.bundle"), study.folder.path().join("ward.bundle"));
    lost.export_bundle(&of_lost, None).unwrap();
    let taken = study.steward.import_bundle(&of_lost).unwrap();
    assert!(!taken.vouched);
    assert_eq!(study.steward.records(RecordsRequest::default()).unwrap().len(), 2);
    assert!(taken.set_aside.iter().any(|why| why.contains("put out")), "{:?}", taken.set_aside);
    assert!(study.steward.verify().unwrap().is_sound());
    stays.export_bundle(&of_ward, None).unwrap();
    lost.import_bundle(&of_ward).unwrap();
    let its = nights(&lost);
    assert!(!its.iter().any(|night| night.contains("2026-02-28")), "{its:?}");

    // A tablet in its place reads what the ward wrote before and after.
    let replacement = study.tablet("Replacement");
    replacement.sync().unwrap();
    assert_eq!(nights(&replacement), nights(&stays));
    night(&replacement, "2026-03-01", 11);
    replacement.sync().unwrap();
    stays.sync().unwrap();
    assert_eq!(nights(&stays).len(), 3);

    // The tablet is found, and a person has looked: what it wrote counts after all, on every device, whenever that has it.
    assert!(matches!(study.steward.accept("Stays"), Err(Failure::Invalid(_))), "which was not put out");
    assert!(study.steward.accept("Lost").unwrap().put_out, "it stays put out");
    assert_eq!(study.steward.records(RecordsRequest::default()).unwrap().len(), 4);
    stays.sync().unwrap();
    assert_eq!(nights(&stays).len(), 4, "the one from the stick; the other it never had");
    let all = study.folder.path().join("all.bundle");
    study.steward.export_bundle(&all, None).unwrap();
    for tablet in [&stays, &replacement] {
        tablet.sync().unwrap();
        tablet.import_bundle(&all).unwrap();
        assert_eq!(nights(tablet).len(), 5);
        assert!(tablet.verify().unwrap().is_sound());
    }
    study.steward.sync().unwrap();
    assert_eq!(study.steward.records(RecordsRequest::default()).unwrap().len(), 5);
}
