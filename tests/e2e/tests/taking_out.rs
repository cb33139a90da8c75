//! Stewards take records out: a few alone, for somebody who lost their words; more only two together.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar::form::Value;
use nightjar::{
    BeginRequest, Evaluator, Failure, OwnState, ReceiptKind, RecordsRequest, Tablet, TakeOutRequest,
    TakeOutView, TakeOutWhat,
};
use nightjar_e2e::study::{Founded, WARD, begin, night};

/// What somebody writes: to be looked for where it must not be.
const SAID: &str = "the torch and the bins at four";

/// Gives a response, and says so to nobody.
fn respond(tablet: &Tablet, said: &str) -> (String, String) {
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("slept", Some(Value::One("badly".into()))).unwrap();
    let pack = tablet.pack().unwrap();
    let items = pack.instrument("patient-core").unwrap().items().iter();
    let text = items.filter(|item| item.risk_disclosure_plan().is_some()).map(|item| item.path()).next();
    sitting.answer(text.unwrap(), Some(Value::Text(said.into()))).unwrap();
    let (finished, words) = sitting.finish_with(ReceiptKind::Read).unwrap();
    (finished.record, words.to_string())
}

fn these(records: &[String]) -> TakeOutRequest {
    TakeOutRequest { what: TakeOutWhat::Records(records.to_vec()), consents: Vec::new() }
}

fn responses(evaluator: &Evaluator) -> usize {
    let request = RecordsRequest {
        form_id: Some("patient-core".into()),
        limit: Some(1_000),
        ..RecordsRequest::default()
    };
    evaluator.records(request).unwrap().len()
}

fn ids(evaluator: &Evaluator) -> Vec<String> {
    let request = RecordsRequest {
        form_id: Some("patient-core".into()),
        limit: Some(1_000),
        ..RecordsRequest::default()
    };
    evaluator.records(request).unwrap().into_iter().map(|record| record.id).collect()
}

#[test]
fn a_steward_takes_out_what_somebody_said_who_lost_their_words() {
    let study = Founded::at_a_hub();
    let (tablet, other) = (study.tablet("One"), study.tablet("Two"));
    let (record, words) = respond(&tablet, SAID);
    respond(&tablet, "the heating");
    tablet.sync().unwrap();
    other.fetch_own(&words).unwrap();
    study.steward.sync().unwrap();
    assert_eq!(responses(&study.steward), 2);
    assert!(!study.steward.audit(&[SAID.to_owned()]).unwrap().hits.is_empty(), "the audit sees");

    // Only the steward, and only what is there.
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    second.sync().unwrap();
    assert!(matches!(second.take_out(&these(std::slice::from_ref(&record))), Err(Failure::Rejected(_))));
    for wrong in [these(&[]), these(&["no id".into()]), these(&["00".repeat(16)])] {
        assert!(matches!(study.steward.take_out(&wrong), Err(Failure::Invalid(_))));
    }
    assert_eq!(
        study.steward.take_out(&these(std::slice::from_ref(&record))).unwrap(),
        TakeOutView::Done { here: 1, exports: 0, counted: None }
    );
    assert_eq!(responses(&study.steward), 1);

    // Everybody hears of it with the roster: who reads, the tablet it was given on, the one it was fetched to.
    second.sync().unwrap();
    assert_eq!(responses(second), 1);
    for device in [&tablet, &other] {
        assert_eq!(device.own_answers(&words, "en").unwrap().state, OwnState::Open);
        device.sync().unwrap();
        assert_eq!(device.own_answers(&words, "en").unwrap().state, OwnState::TakenOut);
        assert!(!device.take_out(&words).unwrap(), "it is out already");
        assert!(device.verify().unwrap().is_sound());
    }
    for audit in [study.steward.audit(&[SAID.to_owned()]), second.audit(&[SAID.to_owned()])] {
        assert_eq!(audit.unwrap().hits, []);
    }
    // The hub gives it to nobody.
    assert!(!other.fetch_own(&words).unwrap());
    study.steward.sync().unwrap();
    for evaluator in [&study.steward, second] {
        let all = evaluator.received().unwrap();
        assert!(all.iter().all(|of| of.received == of.expected), "{all:?}");
        assert!(evaluator.verify().unwrap().is_sound());
    }
    assert!(study.steward.sync().unwrap().set_aside.is_empty());
}

/// The attack: a steward's device, or whoever has it, takes everything out.
#[test]
fn mass_erase_by_one_steward_loses_nothing_and_two_may() {
    let study = Founded::at_a_hub();
    assert!(
        matches!(study.steward.name_steward("Steward", false), Err(Failure::Invalid(_))),
        "not themselves"
    );
    assert!(study.steward.name_steward("Second", false).unwrap().steward);
    let tablet = study.tablet("One");
    assert!(matches!(study.steward.name_steward("One", false), Err(Failure::Invalid(_))), "not any more");
    for n in 0..24 {
        respond(&tablet, &format!("{SAID} {n}"));
    }
    night(&tablet, "2026-02-26", 14);
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    second.sync().unwrap();
    let all = ids(&study.steward);
    let asked = |what: TakeOutWhat| match study.steward.take_out(&TakeOutRequest { what, consents: vec![] }) {
        Ok(TakeOutView::Asks { request, stewards }) => {
            assert_eq!(stewards, ["Second"]);
            request
        }
        other => panic!("{other:?}"),
    };
    let whole = asked(TakeOutWhat::Responses);
    let ward = asked(TakeOutWhat::Ward);
    let many = asked(TakeOutWhat::Records(all[..21].to_vec()));
    // A few at a time: twenty, and the next is one too many.
    for part in all[..20].chunks(5).take(3) {
        study.steward.take_out(&these(part)).unwrap();
    }
    asked(TakeOutWhat::Records(all[15..21].to_vec()));
    study.steward.take_out(&these(&all[15..20])).unwrap();
    asked(TakeOutWhat::Records(vec![all[20].clone()]));
    study.steward.sync().unwrap();
    second.sync().unwrap();
    for evaluator in [&study.steward, second] {
        assert_eq!(responses(evaluator), 4);
        assert_eq!(evaluator.records(RecordsRequest::default()).unwrap().len(), 5, "and the night");
    }
    // Nobody consents to what was asked before the roster grew, and not the steward to itself.
    for request in [&whole, &ward, &many] {
        assert!(matches!(second.consent_to_take_out(request), Err(Failure::Invalid(_))));
    }
    let request = asked(TakeOutWhat::Records(all[20..].to_vec()));
    assert!(matches!(study.steward.consent_to_take_out(&request), Err(Failure::Rejected(_))));
    let consent = second.consent_to_take_out(&request).unwrap();
    assert_eq!((consent.responses, consent.records, consent.here), (true, Some(4), 4));
    assert_eq!((consent.forms[0].form_id.as_str(), consent.forms[0].ward.as_str()), ("patient-core", WARD));
    let with = |what, consent: &str| {
        study.steward.take_out(&TakeOutRequest { what, consents: vec![consent.to_owned()] })
    };
    let other = with(TakeOutWhat::Records(all[21..].to_vec()), &consent.consent);
    assert!(matches!(other, Err(Failure::Invalid(_))), "{other:?}");
    let done = with(TakeOutWhat::Records(all[20..].to_vec()), &consent.consent).unwrap();
    assert_eq!(done, TakeOutView::Done { here: 4, exports: 0, counted: None });
    assert!(with(TakeOutWhat::Responses, &consent.consent).is_err(), "a consent is good once");

    // All that people said, with what is still to come: it is asked no more, and the ward goes on.
    let late = respond(&tablet, SAID);
    second.sync().unwrap();
    let consent = second.consent_to_take_out(&asked(TakeOutWhat::Responses)).unwrap();
    assert_eq!((consent.records, consent.here), (None, 0));
    with(TakeOutWhat::Responses, &consent.consent).unwrap();
    tablet.sync().unwrap();
    assert_eq!(tablet.own_answers(&late.1, "en").unwrap().state, OwnState::TakenOut);
    let (form_id, role, ward) = ("patient-core".to_owned(), "patient".to_owned(), WARD.to_owned());
    let refused = tablet.begin(BeginRequest { form_id, role, ward, language: None });
    assert!(matches!(refused.map(drop), Err(Failure::Rejected(_))));
    night(&tablet, "2026-02-27", 12);
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    assert_eq!(
        (responses(&study.steward), study.steward.records(RecordsRequest::default()).unwrap().len()),
        (0, 2)
    );
    let all = study.steward.received().unwrap();
    assert!(all.iter().all(|of| of.received == of.expected), "{all:?}");
}

#[test]
fn without_a_second_steward_one_takes_out_no_more_than_one_may() {
    let study = Founded::at_a_hub();
    let tablet = study.tablet("One");
    night(&tablet, "2026-02-26", 14);
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    let whole = TakeOutRequest { what: TakeOutWhat::Ward, consents: vec![] };
    let refused = study.steward.take_out(&whole);
    assert!(matches!(&refused, Err(Failure::Rejected(why)) if why.contains("second steward")), "{refused:?}");
    // What the ward wrote is taken out by its id like anything else.
    let record = study.steward.records(RecordsRequest::default()).unwrap().remove(0).id;
    study.steward.take_out(&these(&[record])).unwrap();
    tablet.sync().unwrap();
    assert!(tablet.records(RecordsRequest::default()).unwrap().is_empty());
    // A night exists once: what was taken out of it is not written down again, and who tries is told so and loses nothing.
    let again = begin(&tablet, "ward-night", "nurse");
    again.answer("night", Some(Value::Date("2026-02-26".parse().unwrap()))).unwrap();
    again.answer("in_bed", Some(Value::Integer(14))).unwrap();
    let refused = again.stop_keeping().map(drop);
    assert!(matches!(&refused, Err(Failure::Rejected(why)) if why.contains("taken this out")), "{refused:?}");
    assert_eq!(tablet.drafts().unwrap().len(), 1);
    assert!(tablet.verify().unwrap().is_sound());
}

#[test]
fn what_stewards_take_out_goes_by_a_stick_and_whoever_joins_later_gets_none_of_it() {
    let study = Founded::without_a_hub();
    study.steward.name_steward("Second", false).unwrap();
    let (tablet, _, invitation) = study.let_in("One", &[]);
    let file = |name: &str| study.folder.path().join(format!("{name}.bundle"));
    study.steward.export_bundle(&file("opening"), None).unwrap();
    tablet.join_with_bundle(&invitation, &study.pack, &file("opening")).unwrap();
    let (record, words) = respond(&tablet, SAID);
    tablet.export_bundle(&file("answers"), None).unwrap();
    study.steward.import_bundle(&file("answers")).unwrap();
    assert_eq!(
        study.steward.take_out(&these(&[record])).unwrap(),
        TakeOutView::Done { here: 1, exports: 0, counted: None }
    );
    study.steward.export_bundle(&file("out"), None).unwrap();
    tablet.import_bundle(&file("out")).unwrap();
    assert_eq!(tablet.own_answers(&words, "en").unwrap().state, OwnState::TakenOut);
    // The stick from before brings nothing back, neither to whoever knows nor to whoever joins with what is newer.
    study.steward.import_bundle(&file("answers")).unwrap();
    let (second, invitation) = &study.second;
    second.join_with_bundle(invitation, &study.pack, &file("out")).unwrap();
    second.import_bundle(&file("answers")).unwrap();
    for evaluator in [&study.steward, second] {
        assert_eq!(responses(evaluator), 0);
        assert_eq!(evaluator.audit(&[SAID.to_owned()]).unwrap().hits, []);
        let all = evaluator.received().unwrap();
        assert!(all.iter().all(|of| of.received == of.expected), "{all:?}");
    }
}
