//! A respondent with the words of their receipt: they read, change and take out their own answers, and everybody who has them hears of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar::form::Value;
use nightjar::{Evaluator, Failure, OwnState, ReceiptKind, RecordView, RecordsRequest, Sitting, Tablet};
use nightjar_e2e::study::{Founded, begin};

/// What somebody writes: to be looked for where it must not be.
const SAID: &str = "the torch and the bins at four";
const SLEPT: &str = "slept";

struct Study {
    founded: Founded,
    tablet: Tablet,
    other: Tablet,
}

impl std::ops::Deref for Study {
    type Target = Founded;

    fn deref(&self) -> &Founded {
        &self.founded
    }
}

impl Study {
    fn new() -> Self {
        let founded = Founded::at_a_hub();
        let (tablet, other) = (founded.tablet("One"), founded.tablet("Two"));
        Self { founded, tablet, other }
    }

    /// The second evaluator, which joins only now.
    fn second(&self) -> &Evaluator {
        let (second, invitation) = &self.founded.second;
        second.join(invitation, self.pack.clone()).unwrap();
        second
    }

    fn begun(&self, slept: &str) -> Sitting {
        self.begun_saying(slept, SAID)
    }

    fn begun_saying(&self, slept: &str, said: &str) -> Sitting {
        let sitting = begin(&self.tablet, "patient-core", "patient");
        sitting.answer(SLEPT, Some(Value::One(slept.into()))).unwrap();
        let form = self.tablet.pack().unwrap();
        let text = form.instrument("patient-core").unwrap().items().iter();
        let text = text.filter(|item| item.risk_disclosure_plan().is_some()).map(|item| item.path());
        sitting.answer(text.take(1).next().unwrap(), Some(Value::Text(said.into()))).unwrap();
        sitting
    }

    /// What the evaluator reads after both have been connected.
    fn read(&self) -> Vec<RecordView> {
        self.tablet.sync().unwrap();
        self.steward.sync().unwrap();
        let request = RecordsRequest { form_id: Some("patient-core".into()), ..RecordsRequest::default() };
        self.steward.records(request).unwrap()
    }
}

fn slept(record: &RecordView) -> Vec<&str> {
    let cell = record.cells.iter().find(|cell| cell.name == SLEPT).unwrap();
    cell.values.iter().map(|held| held.text.as_str()).collect()
}

#[test]
fn words_that_read_read_change_and_take_out() {
    let study = Study::new();
    let tablet = &study.tablet;
    let (finished, words) = study.begun("badly").finish_with(ReceiptKind::Read).unwrap();
    assert!(!finished.readable, "the tablet has no key of it");
    let other = study.begun_saying("well", "the heating");
    other.finish().unwrap();

    let own = tablet.own_answers(&words, "pl").unwrap();
    assert_eq!((own.state, own.corrected, own.may_change, own.counted), (OwnState::Open, 0, true, false));
    assert_eq!(own.week.as_deref(), Some("2026-W10"));
    assert!(own.answers.iter().any(|said| said.answer == "Źle"), "in the language asked for");
    assert!(own.answers.iter().any(|said| said.answer == SAID));
    assert_eq!(study.read().len(), 2);

    let again = tablet.correct_own(&words, "en").unwrap();
    let drafts = tablet.drafts().unwrap();
    assert_eq!(drafts.len(), 1);
    assert!(matches!(again.finish(), Err(Failure::Invalid(_))), "only its words hand it in");
    again.answer(SLEPT, Some(Value::One("well".into()))).unwrap();
    let wrong = format!("{}about", "abandon ".repeat(11));
    assert!(matches!(again.finish_correction(&wrong), Err(Failure::Invalid(_))));
    assert!(again.finish_correction(&words).unwrap());
    let own = tablet.own_answers(&words, "en").unwrap();
    assert_eq!((own.state, own.corrected), (OwnState::Open, 1));
    assert!(own.answers.iter().any(|said| said.answer == SAID), "what was not changed is as it was");
    let read = study.read();
    assert_eq!(read.len(), 2, "it is the same response");
    let record = read.iter().find(|record| record.id == finished.record).unwrap();
    assert_eq!(slept(record), ["Well"]);
    assert!(!record.cells.iter().any(|cell| cell.in_conflict));
    let told = study.steward.history(&finished.record).unwrap();
    assert!(told.iter().any(|step| step.before == ["Badly"] && step.after == "Well"), "and what was before");
    let counted: u64 = tablet.tallies().unwrap().iter().map(|tally| tally.finished).sum();
    assert_eq!(counted, 2, "a correction is no response more");

    // Nothing changed, or thought better of: nothing is sent, and nobody has stopped.
    assert!(!tablet.correct_own(&words, "en").unwrap().finish_correction(&words).unwrap());
    let given_up = tablet.correct_own(&words, "en").unwrap();
    given_up.answer(SLEPT, None).unwrap();
    given_up.throw_away().unwrap();
    // Who walks off has not taken their answers out of anybody's reach but their own.
    let begun = tablet.correct_own(&words, "en").unwrap();
    assert!(begun.take_words().is_err(), "no other words open it");
    begun.answer(SLEPT, Some(Value::One("so_so".into()))).unwrap();
    tablet.hand_over().unwrap();
    assert!(matches!(begun.page(), Err(Failure::Closed(_))));
    let locked = tablet.drafts().unwrap();
    assert!(locked.len() == 1 && locked[0].locked);
    assert!(tablet.resume(&locked[0].id).is_err());
    let begun = tablet.correct_own(&words, "en").unwrap();
    let page = begun.go_to("slept").unwrap();
    assert_eq!(page.questions[0].value, Some(Value::One("so_so".into())), "what was begun goes on");
    tablet.lock_own().unwrap();
    assert!(tablet.drafts().unwrap()[0].locked);
    let stopped: u64 = tablet.tallies().unwrap().iter().map(|tally| tally.stopped).sum();
    assert_eq!((stopped, tablet.own_answers(&words, "en").unwrap().corrected), (0, 1));

    let blind = study.steward.audit(&[SAID.to_owned()]).unwrap();
    assert!(!blind.hits.is_empty(), "the evaluator holds what was said, and the audit sees it");
    assert!(tablet.take_out(&words).unwrap());
    assert!(tablet.drafts().unwrap().is_empty(), "and what was begun of it");
    assert!(!tablet.take_out(&words).unwrap(), "once is enough");
    assert_eq!(tablet.own_answers(&words, "en").unwrap().state, OwnState::TakenOut);
    let left = study.read();
    assert_eq!(left.len(), 1);
    assert_ne!(left[0].id, finished.record);
    for audit in [study.steward.audit(&[SAID.to_owned()]), tablet.audit(&[SAID.to_owned()])] {
        assert_eq!(audit.unwrap().hits, [], "nothing of it is in either file, free pages and all");
    }
    assert!(study.steward.verify().unwrap().is_sound());
    assert!(tablet.verify().unwrap().is_sound());
}

#[test]
fn nothing_changed_is_nothing_sent_also_where_questions_were_passed_over() {
    let study = Study::new();
    let sitting = study.begun("badly");
    for _ in 0..4 {
        sitting.next().unwrap();
    }
    let (_, words) = sitting.finish_with(ReceiptKind::Read).unwrap();
    let again = study.tablet.correct_own(&words, "en").unwrap();
    again.go_to("").unwrap();
    assert!(!again.finish_correction(&words).unwrap());
    assert_eq!(study.tablet.own_answers(&words, "en").unwrap().corrected, 0);
}

#[test]
fn taken_out_before_it_was_sent_it_never_arrives() {
    let study = Study::new();
    let (_, words) = study.begun("badly").stop_keeping_with(ReceiptKind::TakeOut).unwrap();
    let own = study.tablet.own_answers(&words, "en").unwrap();
    assert_eq!((own.state, own.answers.len()), (OwnState::Sealed, 0), "these words open nothing");
    assert!(matches!(study.tablet.correct_own(&words, "en"), Err(Failure::Invalid(_))));
    assert!(study.tablet.take_out(&words).unwrap());
    assert!(study.read().is_empty());
    assert_eq!(study.tablet.status().unwrap().waiting, 0, "and nothing waits for ever");
}

#[test]
fn on_another_tablet_and_after_the_lock_the_words_say_so() {
    let study = Study::new();
    let (_, words) = study.begun("badly").finish_with(ReceiptKind::Read).unwrap();
    study.read();
    study.other.sync().unwrap();
    assert_eq!(study.other.own_answers(&words, "en").unwrap().state, OwnState::Nowhere);
    assert!(matches!(study.other.take_out(&words), Err(Failure::Invalid(_))));
    for wrong in ["", "abandon", &"abandon ".repeat(12), &"zzz ".repeat(12)] {
        let said = study.tablet.own_answers(wrong, "en");
        assert!(matches!(said, Err(Failure::Invalid(_))), "{wrong}");
    }
    study.clock.set("2027-01-31T10:00[Europe/London]".parse().unwrap());
    let own = study.tablet.own_answers(&words, "en").unwrap();
    assert_eq!((own.state, own.counted, own.data_lock.as_str()), (OwnState::Open, true, "2027-01-31"));
    assert!(study.tablet.take_out(&words).unwrap(), "it leaves what is kept, also then");
}

#[test]
fn only_what_people_say_about_themselves_has_a_receipt() {
    let study = Study::new();
    let sitting = begin(&study.tablet, "position", "nurse");
    let refused = sitting.stop_keeping_with(ReceiptKind::Read).map(drop);
    assert!(matches!(refused, Err(Failure::Invalid(_))), "{refused:?}");
    assert_eq!(study.tablet.drafts().unwrap().len(), 1, "and nothing is lost");
}

#[test]
fn words_work_on_another_tablet_after_it_was_connected_and_the_hub_keeps_nothing_that_was_taken_out() {
    let study = Study::new();
    let (tablet, other) = (&study.tablet, &study.other);
    let (finished, words) = study.begun("badly").finish_with(ReceiptKind::Read).unwrap();
    let (_, only_out) = study.begun_saying("well", "the heating").finish_with(ReceiptKind::TakeOut).unwrap();
    assert_eq!(other.own_answers(&words, "en").unwrap().state, OwnState::Nowhere);
    assert!(!other.fetch_own(&words).unwrap(), "it was not sent yet");
    assert_eq!(study.read().len(), 2);

    // Fetched once, it is there offline: for the words alone.
    assert!(other.fetch_own(&words).unwrap());
    let own = other.own_answers(&words, "en").unwrap();
    assert_eq!((own.state, own.may_change), (OwnState::Open, true));
    assert!(own.answers.iter().any(|said| said.answer == SAID));
    assert_eq!(other.records(RecordsRequest::default()).unwrap(), [], "nobody else reads it there");
    assert_eq!(other.audit(&[SAID.to_owned()]).unwrap().hits, []);
    assert!(other.fetch_own(&only_out).unwrap());
    assert_eq!(other.own_answers(&only_out, "en").unwrap().state, OwnState::Sealed);

    // Changed on that tablet, it is changed for everybody.
    let again = other.correct_own(&words, "en").unwrap();
    again.answer(SLEPT, Some(Value::One("well".into()))).unwrap();
    assert!(again.finish_correction(&words).unwrap());
    other.sync().unwrap();
    let record = |records: Vec<RecordView>| records.into_iter().find(|record| record.id == finished.record);
    assert_eq!(slept(&record(study.read()).unwrap()), ["Well"]);
    assert!(tablet.fetch_own(&words).unwrap(), "and for the tablet it was given on");
    assert_eq!(tablet.own_answers(&words, "en").unwrap().corrected, 1);

    // Taken out there, it is gone from the hub, from the evaluator, and from the tablet it was given on.
    assert!(other.take_out(&words).unwrap());
    other.sync().unwrap();
    assert_eq!(other.own_answers(&words, "en").unwrap().state, OwnState::TakenOut);
    let left = study.read();
    assert_eq!(left.len(), 1);
    assert!(record(left).is_none());
    assert!(tablet.fetch_own(&words).unwrap(), "the hub has the withdrawal");
    assert_eq!(tablet.own_answers(&words, "en").unwrap().state, OwnState::TakenOut);
    // An evaluator that comes later receives names and the withdrawal, and counts them as received.
    let fresh = study.second();
    let got = fresh.sync().unwrap();
    assert_eq!(got.set_aside, Vec::<String>::new());
    let all: Vec<_> = fresh.received().unwrap().into_iter().map(|of| (of.received, of.expected)).collect();
    assert!(all.iter().all(|(received, expected)| received == expected) && all.len() >= 2, "{all:?}");
}

#[test]
fn what_leaves_a_tablet_leaves_as_a_whole_and_nobody_corrects_what_they_did_not_say_last() {
    let study = Study::new();
    let tablet = &study.tablet;
    let at = |day: &str| {
        study.clock.set(format!("2026-{day}T10:00[Europe/London]").parse().unwrap());
        study.read();
        tablet.sync().unwrap();
    };
    let correct = |slept: &str, words: &str| {
        let again = tablet.correct_own(words, "en").unwrap();
        again.answer(SLEPT, Some(Value::One(slept.into()))).unwrap();
        assert!(again.finish_correction(words).unwrap());
    };
    let open = |words: &str| {
        let own = tablet.own_answers(words, "en").unwrap();
        (own.state, own.corrected, own.may_change)
    };
    let (_, words) = study.begun("badly").finish_with(ReceiptKind::Read).unwrap();
    at("03-03");
    at("03-30");
    correct("well", &words);
    at("03-31");
    // The first change has been in custody for long enough, and its correction has not.
    at("04-20");
    assert_eq!(open(&words), (OwnState::Open, 1, true));
    at("06-01");
    assert_eq!(open(&words), (OwnState::Left, 0, false));
    // Fetched and corrected once more, a part of it leaves: what is left does not say what was said last.
    assert!(tablet.fetch_own(&words).unwrap());
    assert_eq!(open(&words), (OwnState::Open, 1, true));
    correct("so_so", &words);
    at("06-02");
    at("08-03");
    assert_eq!(open(&words), (OwnState::Left, 0, false));
    assert!(matches!(tablet.correct_own(&words, "en"), Err(Failure::Invalid(_))));
    assert!(tablet.fetch_own(&words).unwrap());
    correct("well", &words);
    let read = study.read();
    assert_eq!(slept(&read[0]), ["Well"]);
    assert!(!read[0].cells.iter().any(|cell| cell.in_conflict));
    assert!(tablet.take_out(&words).unwrap());
}
