//! What the tablet keeps for the ward's staff: a PIN, the asking list, who was asked and who was not.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use jiff::SignedDuration;
use nightjar::form::Value;
use nightjar::{AskState, EncounterRequest, Failure, PinView, RecordsRequest, Tablet, VaultKey};
use nightjar_e2e::study::{Founded, WARD, begin};

struct OneTablet {
    founded: Founded,
    key: VaultKey,
    tablet: Tablet,
}

impl std::ops::Deref for OneTablet {
    type Target = Founded;

    fn deref(&self) -> &Founded {
        &self.founded
    }
}

impl OneTablet {
    fn new() -> Self {
        let founded = Founded::at_a_hub();
        let (tablet, key, invitation) = founded.let_in("Tablet", &[]);
        assert!(!tablet.has_joined().unwrap());
        tablet.join(&invitation, founded.pack.clone()).unwrap();
        Self { founded, key, tablet }
    }

    fn restart(&mut self) {
        let options = self.options();
        self.tablet = Tablet::open(&self.folder.path().join("tablet"), &self.key, options).unwrap();
    }

    fn later(&self, seconds: i64) {
        let now = self.clock.now().checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.clock.set(now);
    }
}

#[test]
fn a_pin_lets_a_ward_in_again_and_nobody_who_guesses() {
    let mut ward = OneTablet::new();
    assert_eq!(ward.tablet.try_pin("418326").unwrap(), PinView::NotSet);
    for simple in ["", "12345", "1234567890123", "41832x", "111111", "345678", "987654", "４１８３２６"]
    {
        assert!(matches!(ward.tablet.set_pin(simple), Err(Failure::Invalid(_))), "{simple}");
    }
    ward.tablet.set_pin("418326").unwrap();
    assert!(ward.tablet.has_pin().unwrap());
    assert_eq!(ward.tablet.try_pin("418326").unwrap(), PinView::Right);
    // Three go without a wait; then it doubles, and ends at thirty seconds.
    let mut waits = Vec::new();
    for _ in 0..10 {
        let PinView::Wrong { seconds } = ward.tablet.try_pin("418327").unwrap() else {
            panic!("it is wrong, and it was not too early");
        };
        waits.push(seconds);
        if seconds > 0 {
            let early = ward.tablet.try_pin("418326").unwrap();
            assert!(matches!(early, PinView::Wait { seconds: left } if left <= seconds), "{early:?}");
        }
        ward.later(seconds.try_into().unwrap());
    }
    assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
    // Starting anew is no way around it, and neither is a clock that was set.
    ward.restart();
    assert_eq!(ward.tablet.try_pin("418326").unwrap(), PinView::Wait { seconds: 30 });
    ward.later(-86_400);
    assert_eq!(ward.tablet.try_pin("418326").unwrap(), PinView::Wait { seconds: 30 });
    ward.later(30);
    assert_eq!(ward.tablet.try_pin("418326").unwrap(), PinView::Right);
    assert_eq!(ward.tablet.try_pin("418327").unwrap(), PinView::Wrong { seconds: 0 }, "and all is forgiven");
    let found = ward.tablet.audit(&["418326".into()]).unwrap();
    assert!(found.hits.is_empty(), "it is nowhere as it was typed");
}

#[test]
fn the_asking_list_is_of_one_phase_and_leaves_nothing() {
    let ward = OneTablet::new();
    let tablet = &ward.tablet;
    tablet.add_to_asking_list(WARD, "  Blue   heron ").unwrap();
    tablet.add_to_asking_list(WARD, "Owl").unwrap();
    for wrong in ["", " ", "blue heron", &"x".repeat(41), "a\u{7}b"] {
        assert!(matches!(tablet.add_to_asking_list(WARD, wrong), Err(Failure::Invalid(_))), "{wrong:?}");
    }
    tablet.mark_asked(WARD, "Blue heron", AskState::NotToday).unwrap();
    tablet.mark_asked(WARD, "Owl", AskState::DoNotAskAgain).unwrap();
    assert!(matches!(tablet.mark_asked(WARD, "Nobody", AskState::No), Err(Failure::Invalid(_))));
    let states = || -> Vec<(String, AskState)> {
        let list = tablet.asking_list(WARD).unwrap().into_iter();
        list.map(|asked| (asked.label, asked.state)).collect()
    };
    let heron = |state| ("Blue heron".to_owned(), state);
    let owl = ("Owl".to_owned(), AskState::DoNotAskAgain);
    assert_eq!(states(), [heron(AskState::NotToday), owl.clone()]);
    ward.later(86_400);
    assert_eq!(states(), [heron(AskState::NotYet), owl.clone()], "not today was yesterday");
    assert!(tablet.asking_list("acute-fem-1").unwrap().is_empty());
    assert!(tablet.asking_list("nowhere").is_err());
    tablet.remove_from_asking_list(WARD, "Owl").unwrap();
    assert_eq!(states(), [heron(AskState::NotYet)]);
    assert!(tablet.audit(&["\"Owl\"".into()]).unwrap().hits.is_empty());
    assert!(!tablet.audit(&["Blue heron".into()]).unwrap().hits.is_empty(), "the audit sees");
    // Live ends with the night of 29 March: the list goes with it, also when nobody looks at it.
    ward.clock.set("2026-03-31T10:00[Europe/London]".parse().unwrap());
    tablet.drafts().unwrap();
    assert!(tablet.audit(&["Blue heron".into()]).unwrap().hits.is_empty());
    assert!(states().is_empty());
}

#[test]
fn whom_the_ward_asked_and_whom_not_is_a_record_without_them() {
    let ward = OneTablet::new();
    let tablet = &ward.tablet;
    let request = |outcome: &str, reason: Option<&str>| EncounterRequest {
        ward: WARD.into(),
        role: "nurse".into(),
        about: "patient".into(),
        outcome: outcome.into(),
        reason: reason.map(str::to_owned),
    };
    assert_eq!(tablet.encounter_form("nurse").unwrap().as_deref(), Some("encounter"));
    assert_eq!(tablet.encounter_form("doctor").unwrap(), None);
    tablet.encounter(&request("not_asked", Some("asleep"))).unwrap();
    tablet.encounter(&request("no", None)).unwrap();
    tablet.encounter(&request("yes", None)).unwrap();
    let wrong = request("not_asked", Some("no_such_reason"));
    assert!(matches!(tablet.encounter(&wrong), Err(Failure::Incompatible(_))));
    let doctor = EncounterRequest { role: "doctor".into(), ..request("yes", None) };
    assert!(matches!(tablet.encounter(&doctor), Err(Failure::Rejected(_))));
    assert!(tablet.drafts().unwrap().is_empty(), "half a record says nothing");
    let asked = RecordsRequest { form_id: Some("encounter".into()), ..RecordsRequest::default() };
    let mut said: Vec<String> = tablet
        .records(asked)
        .unwrap()
        .iter()
        .map(|record| {
            let of = |name: &str| record.cells.iter().find(|cell| cell.name == name);
            let text = |name: &str| of(name).map(|cell| cell.values[0].text.clone()).unwrap_or_default();
            [text("outcome"), text("reason"), text("asked_by")].join("/")
        })
        .collect();
    said.sort();
    assert_eq!(said, ["No/no answer/This ward's staff", "Not asked/Asleep/", "Yes//This ward's staff"]);

    tablet.talk_to_someone(WARD).unwrap();
    tablet.talk_to_someone(WARD).unwrap();
    ward.later(7 * 86_400);
    tablet.talk_to_someone(WARD).unwrap();
    let talks: Vec<_> = tablet.talks(WARD).unwrap().into_iter().map(|talk| (talk.week, talk.count)).collect();
    assert_eq!(talks, [("2026-W11".to_owned(), 1), ("2026-W10".to_owned(), 2)]);
}

#[test]
fn what_staff_began_waits_as_long_as_it_takes() {
    let mut ward = OneTablet::new();
    let sitting = begin(&ward.tablet, "ward-night", "nurse");
    sitting.answer("in_bed", Some(Value::Integer(14))).unwrap();
    let id = sitting.id();
    drop(sitting);
    ward.later(9 * 24 * 3600);
    let ended = ward.tablet.end_idle().unwrap();
    assert_eq!((ended.stopped, ended.kept), (0, 0));
    ward.restart();
    let left = ward.tablet.drafts().unwrap();
    assert_eq!((left.len(), left[0].corrects), (1, false));
    let page = ward.tablet.resume(&id).unwrap().go_to("in_bed").unwrap();
    let question = page.questions.iter().find(|question| question.path == "in_bed").unwrap();
    assert_eq!(question.value, Some(Value::Integer(14)));
    // Thrown away unopened, it is nobody's who stopped.
    ward.tablet.throw_away(&id).unwrap();
    assert!(ward.tablet.drafts().unwrap().is_empty());
    assert!(ward.tablet.tallies().unwrap().iter().all(|tally| tally.stopped == 0));
    assert!(matches!(ward.tablet.throw_away(&id), Err(Failure::Invalid(_))));
}
