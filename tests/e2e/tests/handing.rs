//! Promise: an evaluator that came late, or takes the place of another, reads every response once it was handed on, and only then; what
//! was taken out is not handed on; an evaluator is retired only after everything of it is elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar::form::Value;
use nightjar::{Admission, Evaluator, Failure, HandedView, ReceiptKind, RecordsRequest, Tablet, VaultKey};
use nightjar_e2e::study::{Founded, begin};

/// A response that says so; the words that take it out.
fn respond(tablet: &Tablet, said: &str) -> String {
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("better", Some(Value::Text(said.into()))).unwrap();
    let (_, words) = sitting.finish_with(ReceiptKind::TakeOut).unwrap();
    words.to_string()
}

/// What an evaluator reads, in no order.
fn read(evaluator: &Evaluator) -> Vec<String> {
    let request = RecordsRequest { form_id: Some("patient-core".into()), ..RecordsRequest::default() };
    let records = evaluator.records(request).unwrap();
    let mut said: Vec<_> = records
        .iter()
        .flat_map(|record| &record.cells)
        .filter(|cell| cell.name == "better")
        .flat_map(|cell| cell.values.iter().map(|held| held.text.clone()))
        .collect();
    said.sort();
    said
}

/// An evaluator that is let in now; its key.
fn evaluator(study: &Founded, name: &str) -> (Evaluator, VaultKey) {
    let (path, key) = (study.folder.path().join(name.to_lowercase()), VaultKey::random().unwrap());
    let evaluator = Evaluator::create(&path, &key, name, study.options()).unwrap();
    let request = evaluator.enrolment_request().unwrap();
    let invitation = study.steward.admit(&request, Admission::Evaluator).unwrap();
    evaluator.join(&invitation, study.pack.clone()).unwrap();
    (evaluator, key)
}

#[test]
fn who_comes_late_reads_what_was_handed_on_and_nothing_that_was_taken_out() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let words = respond(&tablet, "taken out before");
    let later = respond(&tablet, "taken out after");
    respond(&tablet, "stays");
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    assert!(tablet.take_out(&words).unwrap());
    tablet.sync().unwrap();
    study.steward.sync().unwrap();

    let (late, _) = evaluator(&study, "Late");
    late.sync().unwrap();
    assert_eq!(read(&late), [""; 0], "it was not there when they were given");
    let handed = |responses| HandedView { to: "Late".into(), responses };
    assert_eq!(study.steward.hand_over("Late"), Ok(handed(2)));
    assert_eq!(study.steward.hand_over("Late"), Ok(handed(0)), "once is enough");
    study.steward.sync().unwrap();
    late.sync().unwrap();
    assert_eq!(read(&late), ["stays", "taken out after"]);

    // What is given from now on is for both; what is taken out leaves both.
    tablet.sync().unwrap();
    respond(&tablet, "given later");
    assert!(tablet.take_out(&later).unwrap());
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    assert_eq!(study.steward.hand_over("Late"), Ok(handed(0)));
    late.sync().unwrap();
    assert_eq!(read(&late), ["given later", "stays"]);
    assert!(
        matches!(study.steward.hand_over("One"), Err(Failure::Invalid(_))),
        "a tablet reads no responses"
    );
    assert!(matches!(study.steward.hand_over("Steward"), Err(Failure::Invalid(_))), "not itself");
}

#[test]
fn an_evaluator_goes_only_after_everything_it_reads_is_elsewhere() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    let (leaving, key) = evaluator(&study, "Leaving");
    tablet.sync().unwrap();
    respond(&tablet, "said");
    tablet.sync().unwrap();
    leaving.sync().unwrap();
    let (late, _) = evaluator(&study, "Late");
    leaving.sync().unwrap();
    let path = study.folder.path().join("leaving");
    let opened = || Evaluator::open(&path, &key, study.options()).unwrap();

    // Nothing was handed on; then it was, and waits here.
    assert!(matches!(leaving.retire("Late"), Err(Failure::Invalid(_))));
    let leaving = opened();
    assert_eq!(read(&leaving), ["said"], "what refuses destroys nothing");
    leaving.hand_over("Late").unwrap();
    assert!(matches!(leaving.retire("Late"), Err(Failure::Invalid(_))));
    let leaving = opened();
    leaving.sync().unwrap();
    late.sync().unwrap();
    assert_eq!(read(&late), ["said"]);
    leaving.retire("Late").unwrap();
    assert!(!path.exists(), "its vault is gone");

    assert!(study.steward.put_out("Leaving").unwrap().put_out);
    late.sync().unwrap();
    assert_eq!(read(&late), ["said"], "what it handed on stays");
    let path = study.folder.path().join("steward");
    assert!(
        matches!(study.steward.retire("Late"), Err(Failure::Rejected(_))),
        "nobody could be let in any more"
    );
    assert!(path.exists());
}
