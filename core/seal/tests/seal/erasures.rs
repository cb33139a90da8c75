//! Promise: one steward takes out a little, two take out more, and nothing is lost to one alone.

use nightjar_seal::{
    ALONE, ALONE_SECONDS, Act, ClockKeys, Consent, ConsentRequest, DeviceKeys, DocumentHash, Entry, Erasure,
    Extent, MAX_ERASED, Membership, RecordTag, Refused, RootKeys, Roster, ScopeTag, Stamp,
};
use proptest::prelude::*;

use crate::fixture::{Repeatable, admit, altered, entropy};

const DAY: u64 = ALONE_SECONDS;
const NOON: u64 = 1_700_000_000;

struct Study {
    entropy: Repeatable,
    root: RootKeys,
    roster: Roster,
    hub: ClockKeys,
    second: DeviceKeys,
    tablet: DeviceKeys,
    scope: ScopeTag,
}

impl Study {
    /// A founder, a second steward, a hub that tells the time, a tablet.
    fn new() -> Self {
        let mut study = Self::bare();
        let (hub, second) = (study.hub.public(), study.second.tag());
        study.append(Act::Clock { public: hub }).unwrap();
        study.append(Act::Steward { device: second, seat: None }).unwrap();
        study.let_the_tablet_in();
        study
    }

    /// A founder and two more devices that were let in, before anybody collects.
    fn bare() -> Self {
        let mut entropy = entropy(7);
        let root = RootKeys::generate(&mut entropy);
        let mut roster = Roster::found(&root, DocumentHash([7; 32]), "Sleep well", &mut entropy).unwrap();
        let [founder, second, tablet] = [(); 3].map(|()| DeviceKeys::generate(&mut entropy));
        roster.append(admit(founder.public(), Membership::Evaluator, vec![]), &root).unwrap();
        roster.append(admit(second.public(), Membership::Evaluator, vec![]), &root).unwrap();
        let hub = ClockKeys::generate(&mut entropy);
        let scope = ScopeTag::of(&roster.study(), "responses");
        Self { entropy, root, roster, hub, second, tablet, scope }
    }

    fn let_the_tablet_in(&mut self) {
        self.append(admit(self.tablet.public(), Membership::Tablet, vec![])).unwrap();
    }

    /// Appends an entry; where it is refused, nothing has changed, for whoever receives it either.
    fn append(&mut self, act: Act) -> Result<(), Refused> {
        let (before, mut received) = (self.roster.head(), self.roster.clone());
        let done = self.roster.append(act, &self.root).cloned();
        match &done {
            Ok(entry) => {
                let again = Entry::decode(&entry.encode()).unwrap();
                received.push(again).unwrap();
                assert_eq!(received.head(), self.roster.head());
            }
            Err(_) => assert_eq!(self.roster.head(), before),
        }
        done.map(drop)
    }

    fn stamp(&self, time: u64) -> Option<Stamp> {
        Some(self.hub.stamp(&self.roster.study(), &self.roster.head(), time))
    }

    fn erase(&mut self, what: Extent, time: Option<u64>, consents: Vec<Consent>) -> Result<(), Refused> {
        let stamp = time.and_then(|time| self.stamp(time));
        self.append(Act::Erase { erasure: Erasure { scope: self.scope, what, stamp, consents } })
    }

    fn request(&self, what: &Extent) -> ConsentRequest {
        let (study, head) = (self.roster.study(), self.roster.head());
        ConsentRequest { study, head, scope: self.scope, what: what.clone() }
    }

    fn is_out(&self, n: u16) -> bool {
        self.roster.is_taken_out(&self.scope, &tag(n))
    }
}

fn tag(n: u16) -> RecordTag {
    let mut tag = [1; 16];
    tag[..2].copy_from_slice(&n.to_be_bytes());
    RecordTag(tag)
}

fn some(of: std::ops::Range<u16>) -> Extent {
    Extent::records(of.map(tag))
}

fn alone(done: &Result<(), Refused>) -> bool {
    matches!(done, Err(Refused::OneSteward { most: ALONE, .. }))
}

#[test]
fn one_steward_takes_out_twenty_records_in_a_day_of_the_hubs_time() {
    let mut study = Study::new();
    assert!(alone(&study.erase(some(0..21), Some(NOON), vec![])), "at once");
    study.erase(some(0..12), Some(NOON), vec![]).unwrap();
    assert!(study.is_out(0) && study.is_out(11) && !study.is_out(12));
    study.erase(some(12..20), Some(NOON + 60), vec![]).unwrap();
    study.erase(some(5..20), Some(NOON + 90), vec![]).unwrap(); // out already: takes nothing out
    assert!(alone(&study.erase(some(20..21), Some(NOON + DAY - 1), vec![])), "bit by bit");
    study.erase(some(20..32), Some(NOON + DAY), vec![]).unwrap();
    assert!(
        alone(&study.erase(some(32..33), Some(NOON + DAY), vec![])),
        "what came a minute later still counts"
    );
    study.erase(some(32..40), Some(NOON + DAY + 60), vec![]).unwrap();
    assert!(!study.roster.is_taken_out(&ScopeTag([9; 16]), &tag(0)), "of no other scope");
}

/// The attack: the founder's key takes everything out.
#[test]
fn mass_erase_by_one_steward_takes_nothing_out() {
    let mut study = Study::new();
    let mut day = NOON;
    for what in [some(0..1_000), Extent::Scope, some(0..21)] {
        assert!(alone(&study.erase(what.clone(), Some(NOON), vec![])));
        assert!(alone(&study.erase(what.clone(), None, vec![])));
        // Its own time, in steps of a day: nobody but the hub makes one up.
        let own = ClockKeys::generate(&mut study.entropy);
        day += 2 * DAY;
        let stamp = Some(own.stamp(&study.roster.study(), &study.roster.head(), day));
        let erasure = Erasure { scope: study.scope, what: what.clone(), stamp, consents: vec![] };
        assert!(matches!(study.append(Act::Erase { erasure }), Err(Refused::Altered { .. })));
        // Its own second steward: a device of its own, one that is none, one that it would name now.
        let others = [
            DeviceKeys::generate(&mut study.entropy),
            DeviceKeys::from_bytes(&study.tablet.to_bytes()).unwrap(),
        ];
        for other in others {
            let consent = study.request(&what).consent(&other);
            assert!(matches!(study.erase(what.clone(), None, vec![consent]), Err(Refused::Unfit { .. })));
        }
    }
    let mine = DeviceKeys::generate(&mut study.entropy);
    study.append(admit(mine.public(), Membership::Evaluator, vec![])).unwrap();
    assert!(matches!(
        study.append(Act::Steward { device: mine.tag(), seat: None }),
        Err(Refused::Unfit { .. })
    ));
    let clock = ClockKeys::generate(&mut study.entropy).public();
    assert!(matches!(study.append(Act::Clock { public: clock }), Err(Refused::Unfit { .. })));
    assert!((0..1_000).all(|n| !study.is_out(n)) && study.roster.scopes_taken_out().is_empty());

    // Without a hub there is no time that passes: twenty, and no more.
    study.erase(some(0..20), None, vec![]).unwrap();
    assert!(alone(&study.erase(some(20..21), None, vec![])));
    assert!(
        alone(&study.erase(some(20..21), Some(NOON + 99 * DAY), vec![])),
        "how old those are nobody knows"
    );
    study.append(Act::Document { document: DocumentHash([1; 32]) }).unwrap();
    assert!(!study.is_out(20));
}

#[test]
fn what_has_no_time_of_its_own_ages_from_the_next_time_on() {
    let mut study = Study::new();
    study.erase(some(0..19), None, vec![]).unwrap();
    study.erase(some(19..20), Some(NOON), vec![]).unwrap();
    assert!(alone(&study.erase(some(20..21), Some(NOON + DAY - 1), vec![])));
    study.erase(some(20..21), Some(NOON + DAY), vec![]).unwrap();
    // A hub whose clock goes back stands still.
    assert!(alone(&study.erase(some(21..41), Some(NOON - 5 * DAY), vec![])));
    study.erase(some(21..40), Some(NOON - 5 * DAY), vec![]).unwrap();
    assert!(alone(&study.erase(some(40..41), Some(NOON + DAY), vec![])));
}

#[test]
fn a_time_of_the_hub_is_good_for_one_place_of_the_roster() {
    let mut study = Study::new();
    let early = study.stamp(NOON + 9 * DAY);
    study.erase(some(0..20), Some(NOON), vec![]).unwrap();
    let erasure = Erasure { scope: study.scope, what: some(20..21), stamp: early, consents: vec![] };
    assert!(matches!(study.append(Act::Erase { erasure }), Err(Refused::Altered { .. })));
    let mut bare = Study::bare();
    bare.let_the_tablet_in();
    assert!(
        matches!(bare.erase(some(0..1), Some(NOON), vec![]), Err(Refused::Unfit { .. })),
        "no hub is named"
    );
}

#[test]
fn two_stewards_take_out_more_and_a_consent_is_good_for_what_it_names_where_it_was_given() {
    let mut study = Study::new();
    let what = some(0..1_000);
    let request = ConsentRequest::from_text(&study.request(&what).to_text()).unwrap();
    assert_eq!(request, study.request(&what));
    let consent = Consent::from_text(&request.consent(&study.second).to_text()).unwrap();
    for other in [some(0..1_001), some(1..1_000), Extent::Scope] {
        assert!(matches!(study.erase(other, None, vec![consent]), Err(Refused::Altered { .. })));
    }
    let elsewhere = std::mem::replace(&mut study.scope, ScopeTag([9; 16]));
    assert!(matches!(study.erase(what.clone(), None, vec![consent]), Err(Refused::Altered { .. })));
    study.scope = elsewhere;
    assert!(matches!(study.erase(what.clone(), None, vec![consent; 2]), Err(Refused::Malformed { .. })));
    study.erase(what.clone(), None, vec![consent]).unwrap();
    assert!(study.is_out(999) && !study.is_out(1_000));
    study.erase(some(2_000..2_020), Some(NOON), vec![]).unwrap(); // what two took out is not one's
    // Again, at another place of the roster.
    assert!(matches!(study.erase(what, None, vec![consent]), Err(Refused::Altered { .. })));

    let whole = study.request(&Extent::Scope).consent(&study.second);
    study.erase(Extent::Scope, None, vec![whole]).unwrap();
    assert!(study.is_out(50_000));
    assert!(study.roster.scopes_taken_out().contains(&study.scope));
}

#[test]
fn a_steward_that_was_put_out_consents_to_nothing() {
    let mut study = Study::new();
    assert_eq!(study.roster.stewards().count(), 1);
    study.append(Act::Revoke { device: study.second.tag(), last_good: vec![] }).unwrap();
    assert_eq!(study.roster.stewards().count(), 0);
    let consent = study.request(&Extent::Scope).consent(&study.second);
    assert!(matches!(study.erase(Extent::Scope, None, vec![consent]), Err(Refused::Unfit { .. })));
}

#[test]
fn who_is_a_second_steward_is_settled_before_anybody_collects() {
    let mut study = Study::bare();
    let founder = study.roster.members().values().min_by_key(|member| member.since).unwrap().public.tag();
    for device in [founder, study.tablet.tag()] {
        assert!(matches!(study.append(Act::Steward { device, seat: None }), Err(Refused::Unfit { .. })));
    }
    let device = study.second.tag();
    study.append(Act::Steward { device, seat: None }).unwrap();
    assert!(matches!(study.append(Act::Steward { device, seat: None }), Err(Refused::Unfit { .. })), "once");
    let public = study.hub.public();
    study.append(Act::Clock { public }).unwrap();
    assert!(matches!(study.append(Act::Clock { public }), Err(Refused::Unfit { .. })), "once");
    let mut late = Study::bare();
    late.let_the_tablet_in();
    let tablet = Act::Steward { device: late.tablet.tag(), seat: None };
    for act in [
        Act::Steward { device: late.second.tag(), seat: None },
        Act::Clock { public: late.hub.public() },
        tablet,
    ] {
        assert!(matches!(late.append(act), Err(Refused::Unfit { .. })));
    }
}

#[test]
fn what_is_no_erasure_is_refused_before_it_is_judged() {
    let mut study = Study::new();
    let many = (0..=MAX_ERASED as u16).map(tag).collect();
    for what in
        [Extent::Records(vec![]), Extent::Records(vec![tag(1); 2]), Extent::Records(vec![tag(2), tag(1)])]
    {
        assert!(matches!(study.erase(what, None, vec![]), Err(Refused::Malformed { .. })));
    }
    assert!(matches!(study.erase(Extent::Records(many), None, vec![]), Err(Refused::Oversize { .. })));
    let most = some(0..MAX_ERASED as u16);
    let request = study.request(&most);
    let text = request.to_text();
    let consent = ConsentRequest::from_text(&text).unwrap().consent(&study.second);
    study.erase(most, Some(NOON), vec![consent]).unwrap();
    for text in [text, consent.to_text()] {
        for len in (0..text.len()).step_by(97).chain([text.len() - 1]) {
            assert!(
                ConsentRequest::from_text(&text[..len]).is_err() && Consent::from_text(&text[..len]).is_err()
            );
        }
    }
    assert!(ConsentRequest::from_text(&"A".repeat(1 << 20)).is_err());
    let entry = study.roster.entries().last().unwrap().encode();
    for (at, bytes) in altered(&entry).step_by(31) {
        let mut before = Roster::begin(study.roster.entries()[0].clone()).unwrap();
        let rest = &study.roster.entries()[1..study.roster.entries().len() - 1];
        rest.iter().for_each(|entry| before.push(entry.clone()).unwrap());
        assert!(Entry::decode(&bytes).and_then(|entry| before.push(entry)).is_err(), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However one steward cuts it up: in no day of the hub's time more than twenty records go, and what is refused takes nothing.
    #[test]
    fn one_steward_never_gets_beyond_twenty_in_a_day(
        steps in proptest::collection::vec((1..25_u16, 0..DAY, any::<bool>()), 1..24)
    ) {
        let mut study = Study::new();
        let (mut next, mut time, mut taken) = (0_u16, NOON, Vec::new());
        for (count, later, timed) in steps {
            time += later;
            let what = some(next..next + count);
            if study.erase(what, timed.then_some(time), vec![]).is_ok() {
                taken.push((time, u64::from(count)));
                next += count;
            }
        }
        for (from, _) in &taken {
            let within = taken.iter().filter(|(at, _)| at >= from && *at < from + DAY);
            prop_assert!(within.map(|(_, count)| count).sum::<u64>() <= ALONE);
        }
        prop_assert_eq!((0..u16::MAX).filter(|n| study.is_out(*n)).count(), usize::from(next));
    }
}
