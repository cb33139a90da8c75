//! Stewards who let devices in by passes: what counts, and what does not, in whatever order it comes.

use nightjar_seal::{
    Act, Denied, DeviceKeys, DocumentHash, Entry, EpochKey, Grant, Invitation, LetIn, MAX_PASS, MAX_PASSES,
    Membership, Pass, PassStanding, Refused, RootKeys, Roster, ScopeTag, Terms, WrappedEpoch, frames,
};
use proptest::prelude::*;

use crate::fixture::{World, admit, altered, entropy};

const DAY: u64 = 86_400;
const NOW: u64 = 1_700_000_000;

struct Stewards {
    world: World,
    /// On ward alder and on ward birch.
    alder: DeviceKeys,
    birch: DeviceKeys,
}

impl Stewards {
    /// Each may let two tablets in, for their ward, with the ward's key.
    fn new() -> Self {
        let mut world = World::new();
        let (alder, birch) =
            (DeviceKeys::generate(&mut world.entropy), DeviceKeys::generate(&mut world.entropy));
        for (keys, ward) in [(&alder, "alder"), (&birch, "birch")] {
            world.roster.append(admit(keys.public(), Membership::Tablet, vec![]), &world.root).unwrap();
            let act = Act::Delegate { steward: keys.tag(), terms: Some(terms(&world, 2, ward)) };
            world.roster.append(act, &world.root).unwrap();
        }
        Self { world, alder, birch }
    }
}

fn terms(world: &World, devices: u32, ward: &str) -> Terms {
    let until = NOW + 30 * DAY;
    Terms { devices, evaluators: false, wards: vec![ward.into()], scopes: vec![world.scope], until }
}

fn device(seed: u64) -> DeviceKeys {
    DeviceKeys::generate(&mut entropy(seed))
}

fn let_in(keys: &DeviceKeys, ward: &str) -> LetIn {
    LetIn {
        device: keys.public(),
        label: "tablet".into(),
        membership: Membership::Tablet,
        grants: vec![Grant::all(vec![ward.into()])],
        epochs: Vec::new(),
    }
}

fn sign(roster: &Roster, number: u32, let_in: LetIn, steward: &DeviceKeys) -> Pass {
    Pass::sign(roster.study(), number, NOW + DAY, let_in, steward).unwrap()
}

fn is_in(roster: &Roster, keys: &DeviceKeys) -> bool {
    roster.member(&keys.tag()).is_some_and(|member| member.revoked.is_none())
}

#[test]
fn two_stewards_let_devices_in_at_once_and_the_roster_is_the_same_everywhere() {
    let mut study = Stewards::new();
    let tablets: Vec<_> = (1..=4).map(device).collect();
    let roster = &study.world.roster;
    let passes: Vec<_> = tablets
        .iter()
        .zip([
            (1, &study.alder, "alder"),
            (2, &study.alder, "alder"),
            (1, &study.birch, "birch"),
            (2, &study.birch, "birch"),
        ])
        .map(|(keys, (number, steward, ward))| sign(roster, number, let_in(keys, ward), steward))
        .collect();
    let (mut one, mut other) = (roster.clone(), roster.clone());
    for pass in &passes {
        assert_eq!(one.take(pass.clone()), Ok(PassStanding::Counts));
    }
    for pass in passes.iter().rev().chain(&passes) {
        assert_eq!(other.take(pass.clone()), Ok(PassStanding::Counts), "in another order, and twice");
    }
    assert_eq!((one.members(), one.passes_digest()), (other.members(), other.passes_digest()));
    assert_ne!(one.passes_digest(), roster.passes_digest());
    assert!(tablets.iter().all(|keys| is_in(&one, keys)));
    assert_eq!(one.member(&tablets[0].tag()).unwrap().by, Some(study.alder.tag()));
    assert_eq!(one.head(), roster.head(), "no place was taken");

    // The founder enters them: whoever holds them and whoever never heard of them agree.
    let act = Act::Enter { at: NOW, passes: passes.clone() };
    let entry = study.world.roster.append(act, &study.world.root).unwrap().clone();
    one.push(entry.clone()).unwrap();
    other.push(entry).unwrap();
    assert_eq!((one.members(), one.head()), (other.members(), other.head()));
    assert_eq!((study.world.roster.members(), study.world.roster.head()), (one.members(), one.head()));
    assert_eq!(one.passes().count(), 0, "nothing waits");
    let log: Vec<_> = one.entries().iter().map(Entry::encode).collect();
    let read = Roster::read(log.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(read.members(), one.members());
    assert_eq!(one.take(passes[0].clone()), Ok(PassStanding::Counts), "late, and harmless");
    assert_eq!((one.let_in_by(&study.alder.tag()), one.highest_number(&study.alder.tag())), (2, 2));
}

#[test]
fn a_pass_hands_on_epoch_keys_and_grants() {
    let mut study = Stewards::new();
    let tablet = device(1);
    let wrap =
        WrappedEpoch::new(study.world.scope, &study.world.epoch, &tablet.public(), &mut entropy(9)).unwrap();
    let pass =
        sign(&study.world.roster, 1, LetIn { epochs: vec![wrap], ..let_in(&tablet, "alder") }, &study.alder);
    let mut roster = study.world.roster.clone();
    roster.take(pass.clone()).unwrap();
    let keys = |roster: &Roster| {
        roster.epochs_for(&tablet.tag()).map(|wrap| wrap.open(&tablet).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&roster), [study.world.epoch.clone()]);
    let member = roster.member(&tablet.tag()).unwrap();
    assert!(member.may("ward_night", nightjar_seal::Action::Create, "alder"));
    assert!(!member.may("ward_night", nightjar_seal::Action::Create, "birch"));
    // Entered, its keys of later epochs follow.
    let act = Act::Enter { at: NOW, passes: vec![pass] };
    study.world.roster.append(act, &study.world.root).unwrap();
    let next = EpochKey::generate(&mut study.world.entropy);
    let wrap =
        WrappedEpoch::new(study.world.scope, &next, &tablet.public(), &mut study.world.entropy).unwrap();
    study.world.roster.append(Act::Epoch { wraps: vec![wrap] }, &study.world.root).unwrap();
    assert_eq!(keys(&study.world.roster), [study.world.epoch.clone(), next]);
}

#[test]
fn whoever_is_no_steward_lets_nobody_in() {
    let study = Stewards::new();
    let mut roster = study.world.roster.clone();
    let (tablet, stranger) = (device(1), device(2));
    let denied = Refused::Denied(Denied::NoSteward);
    // A member who is no steward, a stranger, and somebody whom a steward has let in.
    for keys in [&study.world.tablet, &study.world.evaluators[0], &stranger] {
        let pass = sign(&roster, 1, let_in(&tablet, "alder"), keys);
        assert_eq!(roster.take(pass), Err(denied.clone()));
    }
    roster.take(sign(&roster, 1, let_in(&stranger, "alder"), &study.alder)).unwrap();
    assert_eq!(roster.take(sign(&roster, 1, let_in(&tablet, "alder"), &stranger)), Err(denied));
    assert!(roster.member(&tablet.tag()).is_none());
    // In a steward's name.
    let true_one = sign(&roster, 2, let_in(&tablet, "alder"), &study.alder);
    for (at, bytes) in altered(&true_one.encode()) {
        let taken = Pass::decode(&bytes).and_then(|pass| roster.take(pass));
        assert!(taken.is_err(), "byte {at}: {taken:?}");
    }
    assert!(roster.member(&tablet.tag()).is_none());
    // For another study.
    let other =
        Roster::found(&RootKeys::generate(&mut entropy(5)), DocumentHash([7; 32]), "Other", &mut entropy(6))
            .unwrap();
    let foreign = sign(&other, 2, let_in(&tablet, "alder"), &study.alder);
    assert!(matches!(roster.take(foreign), Err(Refused::Malformed { .. })));
    assert_eq!(roster.take(true_one), Ok(PassStanding::Counts));
}

#[test]
fn what_is_beyond_the_terms_is_refused_with_its_reason() {
    let study = Stewards::new();
    let mut roster = study.world.roster.clone();
    let tablet = device(1);
    let base = || let_in(&tablet, "alder");
    let other = ScopeTag([9; 16]);
    let wrap = WrappedEpoch::new(other, &study.world.epoch, &tablet.public(), &mut entropy(3)).unwrap();
    let mixed = vec![Grant::all(vec!["alder".into()]), Grant::all(vec!["birch".into()])];
    for (let_in, denied) in [
        (LetIn { membership: Membership::Evaluator, ..base() }, Denied::Evaluator),
        (LetIn { grants: vec![Grant::all(vec!["birch".into()])], ..base() }, Denied::Ward),
        (LetIn { grants: mixed, ..base() }, Denied::Ward),
        (LetIn { grants: vec![Grant::all(vec![])], ..base() }, Denied::Ward),
        (LetIn { epochs: vec![wrap], ..base() }, Denied::Scope),
    ] {
        let pass = sign(&roster, 1, let_in, &study.alder);
        assert_eq!(roster.take(pass.clone()), Ok(PassStanding::Denied(denied)));
        // The same whether the terms were so before it came or are so since; a hub keeps none of it.
        assert_eq!(study.world.roster.clone().take_in_turn(pass), Ok(PassStanding::Denied(denied)));
    }
    let long = Pass::sign(roster.study(), 1, NOW + 31 * DAY, base(), &study.alder).unwrap();
    assert_eq!(roster.take(long), Ok(PassStanding::Denied(Denied::TooLong)));
    assert!(roster.member(&tablet.tag()).is_some_and(|member| member.revoked.is_some()), "it is out");
    assert_eq!(Denied::Expired.to_string(), "it has expired; the steward gives a new one");
}

#[test]
fn a_steward_lets_in_as_many_as_they_may_and_no_more() {
    let mut study = Stewards::new();
    let tablets: Vec<_> = (1..=4).map(device).collect();
    let passes: Vec<_> = (1..)
        .zip(&tablets)
        .map(|(number, keys)| sign(&study.world.roster, number, let_in(keys, "alder"), &study.alder))
        .collect();
    let beyond = PassStanding::Denied(Denied::BeyondNumber { most: 2 });
    let mut roster = study.world.roster.clone();
    // The third comes first, and counts until the first two are here: lower numbers count.
    for (pass, counts) in [(2, true), (0, true), (1, true), (3, false)] {
        let standing = roster.take(passes[pass].clone()).unwrap();
        assert_eq!(standing == PassStanding::Counts, counts, "{pass}");
    }
    assert_eq!(roster.standing(&passes[2].id()), Some(beyond));
    let inside = |roster: &Roster| tablets.iter().map(|keys| is_in(roster, keys)).collect::<Vec<_>>();
    assert_eq!(inside(&roster), [true, true, false, false]);
    let out = roster.member(&tablets[2].tag()).unwrap();
    assert!(out.revoked.as_ref().is_some_and(|good| good.is_empty()), "kept as one that was put out");
    // What the founder enters stands, whatever its number, and takes its share.
    let act = Act::Enter { at: NOW, passes: vec![passes[3].clone()] };
    roster.push(study.world.roster.append(act, &study.world.root).unwrap().clone()).unwrap();
    assert_eq!(inside(&roster), [true, false, false, true]);
    // A renewed pass takes no second place.
    let renewed =
        Pass::sign(roster.study(), 1, NOW + 2 * DAY, let_in(&tablets[0], "alder"), &study.alder).unwrap();
    assert_eq!(roster.take(renewed), Ok(PassStanding::Counts));
    assert_eq!(inside(&roster), [true, false, false, true]);
    // Better terms let in more of them.
    let act = Act::Delegate { steward: study.alder.tag(), terms: Some(terms(&study.world, 3, "alder")) };
    roster.push(study.world.roster.append(act, &study.world.root).unwrap().clone()).unwrap();
    assert_eq!(inside(&roster), [true, true, false, true]);
}

#[test]
fn at_a_hub_who_came_first_stays() {
    let study = Stewards::new();
    let mut tablets: Vec<_> = (1..=3).map(device).collect();
    tablets.sort_by_key(|keys| std::cmp::Reverse(keys.tag()));
    // All with the same number: elsewhere the last would count, since it sorts first.
    let passes: Vec<_> = tablets
        .iter()
        .map(|keys| sign(&study.world.roster, 1, let_in(keys, "alder"), &study.alder))
        .collect();
    let mut hub = study.world.roster.clone();
    for pass in &passes[..2] {
        assert_eq!(hub.take_in_turn(pass.clone()), Ok(PassStanding::Counts));
    }
    let beyond = PassStanding::Denied(Denied::BeyondNumber { most: 2 });
    assert_eq!(hub.take_in_turn(passes[2].clone()), Ok(beyond));
    assert_eq!(hub.passes().count(), 2);
    assert!(is_in(&hub, &tablets[0]) && is_in(&hub, &tablets[1]) && hub.member(&tablets[2].tag()).is_none());
    let mut elsewhere = hub.clone();
    assert_eq!(elsewhere.take(passes[2].clone()), Ok(PassStanding::Counts));
    assert!(!is_in(&elsewhere, &tablets[0]));
}

#[test]
fn a_pass_expires_by_the_time_of_the_roster_unless_it_was_entered() {
    let mut study = Stewards::new();
    let (early, late) = (device(1), device(2));
    let first = sign(&study.world.roster, 1, let_in(&early, "alder"), &study.alder);
    let second =
        Pass::sign(study.world.roster.study(), 2, NOW + 5 * DAY, let_in(&late, "alder"), &study.alder)
            .unwrap();
    let mut roster = study.world.roster.clone();
    roster.take(first.clone()).unwrap();
    roster.take(second.clone()).unwrap();
    let mut enter = |roster: &mut Roster, at, passes| {
        let act = Act::Enter { at, passes };
        roster.push(study.world.roster.append(act, &study.world.root).unwrap().clone()).unwrap();
    };
    enter(&mut roster, NOW + DAY, vec![]);
    assert!(is_in(&roster, &early), "to the second");
    enter(&mut roster, NOW + DAY + 1, vec![]);
    assert!(!is_in(&roster, &early) && is_in(&roster, &late));
    assert_eq!(roster.standing(&first.id()), Some(PassStanding::Denied(Denied::Expired)));
    // The steward gives a new one.
    let renewed =
        Pass::sign(roster.study(), 1, NOW + 5 * DAY, let_in(&early, "alder"), &study.alder).unwrap();
    assert_eq!(roster.take(renewed.clone()), Ok(PassStanding::Counts));
    enter(&mut roster, NOW + 2 * DAY, vec![renewed]);
    enter(&mut roster, NOW + 20 * DAY, vec![]);
    assert!(is_in(&roster, &early) && !is_in(&roster, &late), "what was entered stays");
    // A founder who has looked may let it count after all.
    enter(&mut roster, NOW + 20 * DAY, vec![second]);
    assert!(is_in(&roster, &late));
}

#[test]
fn a_steward_who_ends_leaves_what_was_entered() {
    for put_out in [false, true] {
        let mut study = Stewards::new();
        let (entered, waiting, after) = (device(1), device(2), device(3));
        let first = sign(&study.world.roster, 1, let_in(&entered, "alder"), &study.alder);
        let second = sign(&study.world.roster, 2, let_in(&waiting, "alder"), &study.alder);
        let mut roster = study.world.roster.clone();
        roster.take(first.clone()).unwrap();
        roster.take(second.clone()).unwrap();
        let mut append = |roster: &mut Roster, act| {
            roster.push(study.world.roster.append(act, &study.world.root).unwrap().clone()).unwrap();
        };
        append(&mut roster, Act::Enter { at: NOW, passes: vec![first] });
        let steward = study.alder.tag();
        append(
            &mut roster,
            match put_out {
                true => Act::Revoke { device: steward, last_good: vec![] },
                false => Act::Delegate { steward, terms: None },
            },
        );
        assert!(roster.terms(&steward).is_none());
        assert!(is_in(&roster, &entered) && !is_in(&roster, &waiting));
        assert_eq!(roster.standing(&second.id()), Some(PassStanding::Denied(Denied::Ended)));
        let later = sign(&roster, 3, let_in(&after, "alder"), &study.alder);
        assert_eq!(roster.take(later), Ok(PassStanding::Denied(Denied::Ended)));
        assert!(!is_in(&roster, &after));
        // What it had signed before nobody had seen: the founder looks, and enters it.
        append(&mut roster, Act::Enter { at: NOW, passes: vec![second] });
        assert!(is_in(&roster, &waiting));
        let mut again = |act| study.world.roster.append(act, &study.world.root).map(|_| ());
        let ended_again = again(Act::Delegate { steward, terms: None });
        assert_eq!(ended_again.is_ok(), put_out, "what was ended is not ended twice");
        let back = again(Act::Delegate { steward, terms: Some(terms_of(&roster)) });
        assert_eq!(back.is_ok(), !put_out, "a device that was put out is never a steward again");
    }
}

fn terms_of(roster: &Roster) -> Terms {
    let scopes = vec![ScopeTag::of(&roster.study(), "ward")];
    Terms { devices: 5, evaluators: false, wards: vec![], scopes, until: NOW }
}

#[test]
fn entries_about_stewards_that_contradict_the_roster_are_refused() {
    let mut study = Stewards::new();
    let world = &mut study.world;
    let (tablet, waits) = (device(1), device(2));
    let pass = sign(&world.roster, 1, let_in(&tablet, "alder"), &study.alder);
    let of_waiting = sign(&world.roster, 1, let_in(&device(3), "alder"), &waits);
    let known = sign(&world.roster, 1, let_in(&world.tablet, "alder"), &study.alder);
    world.roster.take(sign(&world.roster, 2, let_in(&waits, "alder"), &study.alder)).unwrap();
    let terms = terms(world, 1, "alder");
    let unfit = |act| {
        let mut roster = world.roster.clone();
        let before = (roster.head(), roster.members().clone());
        assert!(matches!(roster.append(act, &world.root), Err(Refused::Unfit { .. })));
        assert_eq!((roster.head(), roster.members().clone()), before);
    };
    for act in [
        Act::Delegate { steward: device(9).tag(), terms: Some(terms.clone()) },
        Act::Delegate { steward: waits.tag(), terms: Some(terms.clone()) },
        Act::Delegate { steward: world.tablet.tag(), terms: None },
        Act::Enter { at: NOW, passes: vec![pass.clone(), pass] },
        Act::Enter { at: NOW, passes: vec![known] },
        Act::Enter { at: NOW, passes: vec![of_waiting] },
        Act::Revoke { device: waits.tag(), last_good: vec![] },
    ] {
        unfit(act);
    }
    for wrong in [
        Terms { devices: 0, ..terms.clone() },
        Terms { devices: 513, ..terms.clone() },
        Terms { wards: vec!["w".repeat(65)], ..terms.clone() },
        Terms { scopes: vec![ScopeTag([1; 16]); 2], ..terms.clone() },
        Terms { scopes: (0..65).map(|n| ScopeTag([n; 16])).collect(), ..terms },
    ] {
        let act = Act::Delegate { steward: study.alder.tag(), terms: Some(wrong) };
        let refused = world.roster.append(act, &world.root).map(|_| ()).unwrap_err();
        assert!(matches!(refused, Refused::Oversize { .. } | Refused::Malformed { .. }), "{refused}");
    }
}

#[test]
fn passes_are_bounded_in_size_and_number() {
    let study = Stewards::new();
    let mut roster = study.world.roster.clone();
    let keys = device(1);
    let signed = |let_in| Pass::sign(roster.study(), 1, NOW, let_in, &study.alder);
    assert!(matches!(
        signed(LetIn { label: String::new(), ..let_in(&keys, "alder") }),
        Err(Refused::Malformed { .. })
    ));
    let wards = (0..200).map(|n| format!("{n:060}")).collect();
    assert!(matches!(
        signed(LetIn { grants: vec![Grant::all(wards)], ..let_in(&keys, "alder") }),
        Err(Refused::Oversize { .. })
    ));
    assert!(
        matches!(signed(let_in(&study.alder, "alder")), Err(Refused::Malformed { .. })),
        "nobody lets themselves in"
    );
    assert!(matches!(
        Pass::sign(roster.study(), 0, NOW, let_in(&keys, "alder"), &study.alder),
        Err(Refused::Malformed { .. })
    ));
    assert!(matches!(Pass::decode(&vec![0; MAX_PASS + 1]), Err(Refused::Oversize { .. })));
    // A steward cannot fill anybody's memory.
    let mut held = 0;
    for seed in 0..80 {
        let pass = sign(&roster, seed as u32 + 1, let_in(&device(100 + seed), "alder"), &study.alder);
        held += usize::from(roster.take(pass).is_ok());
    }
    assert_eq!((held, roster.passes().count()), (66, 66));
    assert!(held < MAX_PASSES);
    assert_eq!(
        roster.take(sign(&roster, 1, let_in(&device(1), "birch"), &study.birch)),
        Ok(PassStanding::Counts),
        "others go on"
    );
}

#[test]
fn a_usual_invitation_fits_one_picture_and_is_for_one_device() {
    let study = Stewards::new();
    let (tablet, other) = (device(1), device(2));
    let wrap =
        |scope| WrappedEpoch::new(scope, &study.world.epoch, &tablet.public(), &mut entropy(4)).unwrap();
    let epochs = vec![wrap(study.world.scope), wrap(ScopeTag([1; 16]))];
    let let_in =
        LetIn { label: "Tablet 12, Alder ward, day room".into(), epochs, ..let_in(&tablet, "alder") };
    let pass = sign(&study.world.roster, 1, let_in, &study.alder);
    let invitation = Invitation {
        study: study.world.roster.study(),
        root: study.world.roster.root(),
        head: study.world.roster.head(),
        hub: "https://nightjar.hospital.example.org:8443/#pin=WoiWRyIOVNa9ihaBciRSC7XHjliYS9VwUGOIud4PB18"
            .into(),
        device: tablet.tag(),
        until: NOW,
        pass: Some(pass),
    };
    let text = invitation.to_text();
    assert!(
        text.len() <= 1_451,
        "{} characters; a QR code of version 25 with correction M holds 1,451",
        text.len()
    );
    assert_eq!(Invitation::from_text(&text).unwrap(), invitation);
    assert_eq!(Invitation::from_text(&frames(&text, 300).join(" ")).unwrap(), invitation);
    let turned = Invitation { device: other.tag(), ..invitation };
    assert!(matches!(Invitation::from_text(&turned.to_text()), Err(Refused::Malformed { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The same passes and the same log say the same, in whatever order they came, and none lets in more than the terms allow.
    #[test]
    fn what_counts_is_a_function_of_what_is_held(
        given in prop::collection::vec((0_u64..6, 1_u32..5, 0_u64..4, any::<bool>()), 0..12),
        turn in any::<prop::sample::Index>(),
        at in 0_u64..5,
        entered in prop::collection::vec(any::<bool>(), 12),
        ends in any::<bool>(),
    ) {
        let mut study = Stewards::new();
        let start = study.world.roster.clone();
        let passes: Vec<_> = given.iter().map(|(seed, number, until, alder)| {
            let (steward, ward) = if *alder { (&study.alder, "alder") } else { (&study.birch, "birch") };
            Pass::sign(start.study(), *number, NOW + until * DAY, let_in(&device(*seed), ward), steward).unwrap()
        }).collect();
        let mut devices = std::collections::BTreeSet::new();
        let chosen: Vec<_> = passes.iter().zip(&entered).filter(|(pass, chosen)| **chosen && devices.insert(pass.device()))
            .map(|(pass, _)| pass.clone()).collect();
        let mut log = vec![study.world.roster.append(Act::Enter { at: NOW + at * DAY, passes: chosen }, &study.world.root).unwrap().clone()];
        if ends {
            let act = Act::Delegate { steward: study.birch.tag(), terms: None };
            log.push(study.world.roster.append(act, &study.world.root).unwrap().clone());
        }
        // All passes before the log; after it; turned, and some before and some after.
        let mut rosters = [start.clone(), start.clone(), start];
        let split = turn.index(passes.len() + 1);
        let (before, after) = passes.split_at(split);
        for (roster, (first, then)) in rosters.iter_mut().zip([(&passes[..], &[][..]), (&[][..], &passes[..]), (after, before)]) {
            for pass in first { let _ = roster.take(pass.clone()); }
            for entry in &log { roster.push(entry.clone()).unwrap(); }
            for pass in then { let _ = roster.take(pass.clone()); }
        }
        prop_assert_eq!(rosters[0].members(), rosters[1].members());
        prop_assert_eq!(rosters[0].members(), rosters[2].members());
        prop_assert_eq!(rosters[0].passes_digest(), rosters[1].passes_digest());
        for steward in [study.alder.tag(), study.birch.tag()] {
            let of = |placed: bool| rosters[0].members().values()
                .filter(|member| member.by == Some(steward) && member.revoked.is_none() && member.since.is_some() == placed).count();
            prop_assert!(of(false) == 0 || of(false) + of(true) <= 2);
        }
    }
}
