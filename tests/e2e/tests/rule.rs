//! Promise: where the rule of a study asks for it, the founder alone neither lets an evaluator's device in nor names another version.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;

use nightjar::{Admission, AsksView, Evaluator, Failure, RuleRequest, StudyPack, VaultKey};
use nightjar_e2e::study::{Founded, night};
use nightjar_test_support::sleepwell;

/// A study whose second evaluator is a steward in the seat of lived experience, under a rule, with a tablet.
fn under_a_rule() -> Founded {
    let study = Founded::at_a_hub();
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    let rule = RuleRequest { evaluators: 1, documents: 1, lived_experience: true };
    assert!(matches!(study.steward.make_rule(&rule), Err(Failure::Invalid(_))), "nobody holds the seat");
    study.steward.name_steward("Second", true).unwrap();
    study.steward.make_rule(&rule).unwrap();
    assert!(matches!(study.steward.make_rule(&rule), Err(Failure::Invalid(_))), "once");
    study
}

fn evaluator(study: &Founded, name: &str) -> (Evaluator, String) {
    let path = study.folder.path().join(name.to_lowercase());
    let device = Evaluator::create(&path, &VaultKey::random().unwrap(), name, study.options()).unwrap();
    let request = device.enrolment_request().unwrap();
    (device, request)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}

#[test]
fn an_evaluators_device_comes_in_with_the_consent_of_the_steward_whom_the_rule_asks_for() {
    let study = under_a_rule();
    let (second, tablet) = (&study.second.0, study.tablet("One"));
    let (third, request) = evaluator(&study, "Third");
    let refused = study.steward.admit(&request, Admission::Evaluator).unwrap_err();
    assert!(matches!(&refused, Failure::Rejected(why) if why.contains("lived experience")), "{refused}");
    let asked = study.steward.ask_to_admit(&request).unwrap();
    let Some(AsksView { request: text, needed: 1, lived_experience: true, stewards }) = asked else {
        panic!("a steward is asked")
    };
    assert_eq!(stewards, ["Second"]);
    assert!(matches!(second.consent_to_act(&text), Err(Failure::Invalid(_))), "not on another roster");
    second.sync().unwrap();
    let consent = second.consent_to_act(&text).unwrap();
    assert_eq!(consent.evaluator.as_deref(), Some("Third"));
    assert_eq!(consent.fingerprint, Some(nightjar::fingerprint_of(&request).unwrap()));
    assert!(matches!(study.steward.consent_to_act(&text), Err(Failure::Rejected(_))), "not the founder");
    study.steward.take_consent(&consent.consent).unwrap();
    // It is for this device, and for nobody else's.
    let (_, others) = evaluator(&study, "Fourth");
    assert!(study.steward.admit(&others, Admission::Evaluator).is_err());
    let invitation = study.steward.admit(&request, Admission::Evaluator).unwrap();
    third.join(&invitation, study.pack.clone()).unwrap();
    assert_eq!(study.steward.ask_to_admit(&request).unwrap(), None, "it is in");
    night(&tablet, "2026-02-26", 12);
    tablet.sync().unwrap();
    third.sync().unwrap();
    assert_eq!(third.records(nightjar::RecordsRequest::default()).unwrap().len(), 1);
}

#[test]
fn another_version_is_named_with_the_consent_of_the_steward_whom_the_rule_asks_for() {
    let study = under_a_rule();
    let (second, tablet) = (&study.second.0, study.tablet("One"));
    let folder = study.folder.path().join("version");
    copy(&sleepwell(), &folder);
    let text = std::fs::read_to_string(folder.join("study.toml")).unwrap();
    std::fs::write(
        folder.join("study.toml"),
        text.replacen("version = \"2026.1\"", "version = \"2026.2\"", 1),
    )
    .unwrap();
    let pack = StudyPack::from_dir(&folder).unwrap();
    assert!(matches!(study.steward.new_version(&pack), Err(Failure::Rejected(_))));
    let asked = study.steward.ask_for_version(&pack).unwrap().unwrap();
    second.sync().unwrap();
    let consent = second.consent_to_act(&asked.request).unwrap();
    assert!(consent.document.is_some() && consent.evaluator.is_none());
    study.steward.take_consent(&consent.consent).unwrap();
    study.steward.new_version(&pack).unwrap();
    tablet.sync().unwrap();
    tablet.update(&pack).unwrap();
    assert_eq!(tablet.status().unwrap().version.as_deref(), Some("2026.2"));
}
