//! Who walks off leaves nothing behind: handing over, words, and the study's idle time.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar::form::Value;
use nightjar::{
    Admission, BeginRequest, Clock, Evaluator, Failure, FoundRequest, Options, Sitting, StudyPack, Tablet,
    VaultKey,
};
use nightjar_test_support::{HubProcess, program, sleepwell};
use tempfile::TempDir;

struct OneTablet {
    _hub: HubProcess,
    folder: TempDir,
    key: VaultKey,
    tablet: Tablet,
    clock: Clock,
}

impl OneTablet {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let hub = HubProcess::start(&program(), &path("hub"));
        let clock = Clock::simulated("2026-03-02T10:00[Europe/London]".parse().unwrap());
        let options = || Options { clock: clock.clone() };
        let pack = StudyPack::from_dir(&sleepwell()).unwrap();
        let key = || VaultKey::random().unwrap();
        let steward = Evaluator::create(&path("steward"), &key(), "Steward", options()).unwrap();
        let (hub_at, setup_code) = (Some(hub.address.clone()), hub.setup_code.clone());
        steward.found(FoundRequest { pack: pack.clone(), hub: hub_at, setup_code }).unwrap();
        steward.add_recovery().unwrap();
        let second = Evaluator::create(&path("second"), &key(), "Second", options()).unwrap();
        steward.admit(&second.enrolment_request().unwrap(), Admission::Evaluator).unwrap();
        let tablet_key = key();
        let tablet = Tablet::create(&path("tablet"), &tablet_key, "Tablet", options()).unwrap();
        let admission = Admission::Tablet { wards: Vec::new() };
        let invitation = steward.admit(&tablet.enrolment_request().unwrap(), admission).unwrap();
        tablet.join(&invitation, pack).unwrap();
        Self { _hub: hub, folder, key: tablet_key, tablet, clock }
    }

    fn restart(&mut self) {
        let options = Options { clock: self.clock.clone() };
        self.tablet = Tablet::open(&self.folder.path().join("tablet"), &self.key, options).unwrap();
    }

    fn begun(&self) -> Sitting {
        let begin = BeginRequest {
            form_id: "patient-core".into(),
            role: "patient".into(),
            ward: "acute-male".into(),
            language: None,
        };
        let sitting = self.tablet.begin(begin).unwrap();
        let page = sitting.page().unwrap();
        let code = page.questions[0].choices[0].code.clone();
        sitting.answer(&page.questions[0].path, Some(Value::One(code))).unwrap();
        sitting
    }

    fn stopped(&self) -> u64 {
        self.tablet.tallies().unwrap().iter().map(|tally| tally.stopped).sum()
    }

    fn at(&self, now: &str) {
        self.clock.set(now.parse().unwrap());
    }
}

#[test]
fn handing_over_ends_every_open_form_and_counts_it() {
    let ward = OneTablet::new();
    let (one, two) = (ward.begun(), ward.begun());
    let again = ward.tablet.resume(&one.id()).unwrap();
    let ended = ward.tablet.hand_over().unwrap();
    assert_eq!((ended.stopped, ended.kept), (2, 0));
    for sitting in [&one, &two, &again] {
        assert!(matches!(sitting.page(), Err(Failure::Closed(_))));
        assert!(matches!(sitting.stop_keeping(), Err(Failure::Closed(_))));
    }
    assert!(ward.tablet.drafts().unwrap().is_empty());
    assert!(matches!(ward.tablet.resume(&one.id()), Err(Failure::Invalid(_))));
    let counted = ward.tablet.tallies().unwrap();
    assert_eq!((counted.len(), counted[0].stopped, counted[0].finished), (1, 2, 0));
    assert_eq!(counted[0].phase.as_deref(), Some("live"));
    ward.begun().throw_away().unwrap();
    assert_eq!(ward.stopped(), 3);
}

#[test]
fn words_open_what_was_handed_over_and_nothing_else_does() {
    let ward = OneTablet::new();
    let (mine, other) = (ward.begun(), ward.begun());
    let (first, words) = (mine.take_words().unwrap(), mine.take_words().unwrap());
    let ended = ward.tablet.hand_over().unwrap();
    assert_eq!((ended.stopped, ended.kept), (1, 1));
    let drafts = ward.tablet.drafts().unwrap();
    assert!(drafts.len() == 1 && drafts[0].locked && drafts[0].id == mine.id());
    for closed in [ward.tablet.resume(&mine.id()).map(drop), ward.tablet.resume(&other.id()).map(drop)] {
        assert!(matches!(closed, Err(Failure::Invalid(_))), "{closed:?}");
    }
    for wrong in [first.as_str(), "", "zoo zoo zoo zoo zoo zoo zoo zoo", "\u{1F600}", &"A".repeat(10_000)] {
        assert!(matches!(ward.tablet.resume_with_words(wrong), Err(Failure::Invalid(_))));
    }
    let again = ward.tablet.resume_with_words(&words.to_uppercase().replace(' ', "  ")).unwrap();
    assert!(!again.page().unwrap().questions[0].answer.is_empty());
    again.stop_keeping().unwrap();
    assert!(matches!(ward.tablet.resume_with_words(&words), Err(Failure::Invalid(_))));
}

/// Whoever opens the program may be anybody: what has words is open to them alone, even if it was open when it ended.
#[test]
fn a_restart_locks_what_has_words() {
    let mut ward = OneTablet::new();
    let (mine, other) = (ward.begun(), ward.begun());
    let words = mine.take_words().unwrap();
    assert!(ward.tablet.drafts().unwrap().iter().all(|draft| !draft.locked), "not handed over yet");
    let (id, other) = (mine.id(), other.id());
    drop(mine);
    ward.restart();
    assert!(ward.tablet.resume(&other).is_ok(), "after a crash the other is asked whether it is still them");
    assert!(matches!(ward.tablet.resume(&id), Err(Failure::Invalid(_))));
    assert_eq!(ward.tablet.resume_with_words(&words).unwrap().id(), id);
    // Somebody who took words and throws their answers away has thrown them away.
    ward.tablet.resume(&id).unwrap().throw_away().unwrap();
    assert!(matches!(ward.tablet.resume_with_words(&words), Err(Failure::Invalid(_))));
}

#[test]
fn what_is_left_alone_too_long_is_ended() {
    let ward = OneTablet::new();
    let (left, words) = (ward.begun(), ward.begun().take_words().unwrap());
    // The study says 24 hours; what was done last counts.
    ward.at("2026-03-03T09:00[Europe/London]");
    let kept = ward.begun();
    assert_eq!(ward.tablet.drafts().unwrap().iter().filter(|draft| !draft.locked).count(), 3);
    ward.at("2026-03-03T10:00:01[Europe/London]");
    let drafts = ward.tablet.drafts().unwrap();
    let open: Vec<&str> =
        drafts.iter().filter(|draft| !draft.locked).map(|draft| draft.id.as_str()).collect();
    assert_eq!(open, [kept.id()]);
    assert!(matches!(left.page(), Err(Failure::Closed(_))));
    assert_eq!(ward.stopped(), 1);
    ward.tablet.resume_with_words(&words).unwrap();
    // A clock that goes back ends nothing.
    ward.at("1970-01-01T00:00[Europe/London]");
    assert_eq!(ward.tablet.drafts().unwrap().iter().filter(|draft| !draft.locked).count(), 2);
}
