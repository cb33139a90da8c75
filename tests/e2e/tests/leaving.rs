//! Who walks off leaves nothing behind: handing over, words, and the study's idle time.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar::form::Value;
use nightjar::{Failure, Sitting, Tablet, VaultKey};
use nightjar_e2e::study::{Founded, begin};

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
        tablet.join(&invitation, founded.pack.clone()).unwrap();
        Self { founded, key, tablet }
    }

    fn restart(&mut self) {
        let options = self.options();
        self.tablet = Tablet::open(&self.folder.path().join("tablet"), &self.key, options).unwrap();
    }

    fn begun(&self) -> Sitting {
        let sitting = begin(&self.tablet, "patient-core", "patient");
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
