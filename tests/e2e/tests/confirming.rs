//! "Erased on 2 of 3": devices answer when something was taken out, and it costs nothing when nothing was.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use jiff::ToSpan;
use nightjar::form::Value;
use nightjar::{
    ErasedView, Evaluator, HeardView, OwnState, ReceiptKind, RecordsRequest, Tablet, TakeOutRequest,
    TakeOutView, TakeOutWhat,
};
use nightjar_e2e::study::{Founded, begin, night};

fn respond(tablet: &Tablet) -> String {
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("slept", Some(Value::One("badly".into()))).unwrap();
    sitting.finish_with(ReceiptKind::Read).unwrap().1.to_string()
}

fn heard(tablet: &Tablet, words: &str) -> (u64, u64) {
    let own = tablet.own_answers(words, "en").unwrap();
    assert_eq!(own.state, OwnState::TakenOut);
    let HeardView { confirmed, of } = own.heard.unwrap();
    (confirmed, of)
}

/// Label and how much each device has confirmed.
fn told(view: &ErasedView) -> Vec<(&str, u64)> {
    view.devices.iter().map(|device| (device.label.as_str(), device.confirmed)).collect()
}

fn tomorrow(study: &Founded, days: i64) {
    let begin: jiff::Zoned = "2026-03-02T10:00[Europe/London]".parse().unwrap();
    study.clock.set(begin.checked_add(days.days()).unwrap());
}

fn second(study: &Founded) -> &Evaluator {
    let (second, invitation) = &study.second;
    second.join(invitation, study.pack.clone()).unwrap();
    second
}

#[test]
fn devices_confirm_what_was_taken_out_and_the_tablet_says_how_many() {
    let study = Founded::at_a_hub();
    let (one, two) = (study.tablet("One"), study.tablet("Two"));
    let (never, _, _) = study.let_in("Never", &[]);
    let second = second(&study);
    let words = respond(&one);
    for tablet in [&one, &two] {
        tablet.sync().unwrap();
    }
    study.steward.sync().unwrap();
    second.sync().unwrap();
    // Nothing was taken out: nobody has anything to say, and nothing new is one request.
    assert_eq!(study.steward.erased().unwrap().taken_out, 0);
    study.steward.sync().unwrap();
    assert_eq!(study.steward.sync().unwrap().requests, 1);

    // Given on one tablet, taken out on another, which it was fetched to.
    assert!(two.fetch_own(&words).unwrap());
    assert!(two.take_out(&words).unwrap());
    assert_eq!(heard(&two, &words), (0, 4), "steward, second, one, never");
    assert_eq!(
        told(&study.steward.erased().unwrap()),
        [("Steward", 0), ("Second", 0), ("One", 0), ("Two", 0), ("Never", 0)]
    );
    two.sync().unwrap();
    // The tablet it was given on hears of it with its next sync, and holds nothing of it any more.
    assert_eq!(one.own_answers(&words, "en").unwrap().state, OwnState::Open);
    one.sync().unwrap();
    assert_eq!(heard(&one, &words), (0, 4), "it did not ask");
    study.steward.sync().unwrap();
    let view = study.steward.erased().unwrap();
    assert!(view.asked);
    assert_eq!((view.taken_out, view.scopes), (1, 0));
    assert_eq!(told(&view), [("Steward", 1), ("Second", 0), ("One", 1), ("Two", 1), ("Never", 0)]);
    assert!(
        view.devices[1].seen.as_deref().is_some_and(|day| day.len() == 10),
        "it spoke, and has not heard of it"
    );
    assert!(view.devices[0].here && view.devices[4].seen.is_none(), "which never spoke");
    // Who has not heard of it yet knows of nothing that was taken out.
    assert_eq!(second.erased().unwrap().taken_out, 0);

    // The tablet asks once a day, as long as somebody is missing.
    tomorrow(&study, 1);
    let asked = two.sync().unwrap();
    assert_eq!((heard(&two, &words), two.sync().unwrap().requests), ((2, 4), 1));
    assert!(asked.requests <= 2);
    second.sync().unwrap();
    assert_eq!(heard(&two, &words), (2, 4));
    study.steward.put_out("Never").unwrap();
    tomorrow(&study, 2);
    two.sync().unwrap();
    two.sync().unwrap();
    tomorrow(&study, 3);
    two.sync().unwrap();
    assert_eq!(heard(&two, &words), (3, 3), "all who belong");
    assert!(never.own_answers(&words, "en").is_err());
    // And then never again: nothing new is one request.
    for device in [one.sync(), study.steward.sync(), second.sync(), study.steward.sync()] {
        device.unwrap();
    }
    assert_eq!(told(&second.erased().unwrap())[..4], [("Steward", 1), ("Second", 1), ("One", 1), ("Two", 1)]);
    for day in 4..6 {
        tomorrow(&study, day);
        for sync in [two.sync(), one.sync(), study.steward.sync(), second.sync()] {
            assert_eq!(sync.unwrap().requests, 1);
        }
    }
}

#[test]
fn what_stewards_take_out_is_confirmed_as_well() {
    let study = Founded::at_a_hub();
    let (one, two) = (study.tablet("One"), study.tablet("Two"));
    night(&one, "2026-02-26", 14);
    night(&one, "2026-02-27", 15);
    for tablet in [&one, &two] {
        tablet.sync().unwrap();
    }
    study.steward.sync().unwrap();
    let records: Vec<_> = study
        .steward
        .records(RecordsRequest::default())
        .unwrap()
        .into_iter()
        .map(|record| record.id)
        .collect();
    let request = TakeOutRequest { what: TakeOutWhat::Records(records), consents: vec![] };
    assert_eq!(
        study.steward.take_out(&request).unwrap(),
        TakeOutView::Done { here: 2, exports: 0, counted: None }
    );
    one.sync().unwrap();
    let view = study.steward.erased().unwrap();
    assert_eq!(
        (view.taken_out, told(&view)),
        (2, vec![("Steward", 2), ("Second", 0), ("One", 2), ("Two", 0)])
    );
    // A newer roster that takes nothing out makes nobody say it again.
    study.steward.put_out("Two").unwrap();
    one.sync().unwrap();
    one.sync().unwrap();
    assert_eq!(one.sync().unwrap().requests, 1);
    let view = study.steward.erased().unwrap();
    assert!(view.devices[3].put_out && view.devices[3].confirmed == 0);
}

#[test]
fn without_a_hub_confirmations_go_by_the_stick() {
    let study = Founded::without_a_hub();
    let (tablet, _, invitation) = study.let_in("One", &[]);
    let (other, _, to_other) = study.let_in("Two", &[]);
    let file = |name: &str| study.folder.path().join(format!("{name}.bundle"));
    study.steward.export_bundle(&file("opening"), None).unwrap();
    for (tablet, invitation) in [(&tablet, &invitation), (&other, &to_other)] {
        tablet.join_with_bundle(invitation, &study.pack, &file("opening")).unwrap();
    }
    let words = respond(&tablet);
    tablet.export_bundle(&file("answers"), None).unwrap();
    study.steward.import_bundle(&file("answers")).unwrap();
    assert!(tablet.take_out(&words).unwrap());
    tablet.export_bundle(&file("out"), None).unwrap();
    study.steward.import_bundle(&file("out")).unwrap();
    other.import_bundle(&file("out")).unwrap();
    assert_eq!(study.steward.records(RecordsRequest::default()).unwrap(), []);
    let view = study.steward.erased().unwrap();
    assert!(!view.asked);
    assert_eq!(told(&view), [("Steward", 1), ("Second", 0), ("One", 1), ("Two", 0)]);
    other.export_bundle(&file("back"), None).unwrap();
    study.steward.import_bundle(&file("back")).unwrap();
    assert_eq!(told(&study.steward.erased().unwrap())[3], ("Two", 1));
    // One stick carries what others said.
    study.steward.export_bundle(&file("all"), None).unwrap();
    tablet.import_bundle(&file("all")).unwrap();
    assert_eq!(heard(&tablet, &words), (2, 3));
}
