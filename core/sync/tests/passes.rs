//! Promise: two stewards let devices in at once, offline, and everybody ends with the same roster; who is let in by nobody who may gets
//! nowhere.

mod world;

use nightjar_seal::{Act, DeviceKeys, LetIn, Membership, Pass, Roster, Terms};
use nightjar_sync::bundle::{Header, Packing, Part, Unpacking};
use nightjar_sync::wire::{self, Message, Reason};
use nightjar_sync::{Event, Failure, Response, Step};
use world::device::{Device, Fault};
use world::hub::ModelHub;
use world::{Study, entropy};

const NOW: u64 = 1_700_000_000;

/// A study whose tablets are stewards, each for so many devices.
fn world(devices: u32) -> (Study, ModelHub) {
    let mut study = Study::new(2);
    for keys in &study.tablets {
        let terms =
            Terms { devices, evaluators: false, wards: Vec::new(), scopes: Vec::new(), until: NOW + 1_000 };
        let act = Act::Delegate { steward: keys.tag(), terms: Some(terms) };
        study.roster.append(act, &study.root).expect("a member becomes a steward");
    }
    let mut hub = ModelHub::new(study.roster.clone(), study.scope);
    hub.now = NOW;
    (study, hub)
}

fn pass(study: &Study, number: u32, until: u64, device: &DeviceKeys, steward: &DeviceKeys) -> Pass {
    let (device, label, membership) = (device.public(), "new".to_owned(), Membership::Tablet);
    let let_in = LetIn { device, label, membership, grants: Vec::new(), epochs: Vec::new() };
    Pass::sign(study.roster.study(), number, until, let_in, steward).expect("it signs")
}

fn newcomer(seed: u64) -> DeviceKeys {
    DeviceKeys::generate(&mut entropy(100 + seed))
}

fn knowing(study: &Study, passes: &[Pass]) -> Roster {
    let mut roster = study.roster.clone();
    for pass in passes {
        roster.take(pass.clone()).expect("a steward's");
    }
    roster
}

#[test]
fn two_stewards_offline_and_everybody_ends_with_the_same() {
    let (study, mut hub) = world(2);
    let keys: Vec<_> = (0..4).map(newcomer).collect();
    let passes: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(at, keys)| pass(&study, at as u32 % 2 + 1, NOW + 9, keys, &study.tablets[at / 2]))
        .collect();
    // Each newcomer knows its own pass and the one its steward gave before.
    let mut devices: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(at, keys)| {
            let from = if at < 2 { 0 } else { 2 };
            Device::new(keys, &knowing(&study, &passes[from..=at]), study.scope, false)
        })
        .collect();
    for device in &mut devices {
        device.collect();
        device.sync(&mut hub, &[]);
    }
    let mut evaluator = Device::new(&study.evaluator, &study.roster, study.scope, true);
    evaluator.sync(&mut hub, &[]);
    devices.iter_mut().for_each(|device| {
        device.sync(&mut hub, &[]);
    });
    assert_eq!(evaluator.received.len(), 4);
    for device in devices.iter().chain([&evaluator]) {
        assert_eq!(device.roster.members(), hub.roster.members());
        assert_eq!(device.roster.head(), study.roster.head(), "nothing took a place");
        assert!(
            device.received.len() >= 3 && device.passes_refused.is_empty() && device.set_aside.is_empty()
        );
    }
    assert_eq!(evaluator.sync(&mut hub, &[]), 2, "a greeting and what was applied: passes cost nothing more");
    // The founder gives them their place.
    let mut founder = study.roster.clone();
    hub.roster.passes().for_each(|pass| drop(founder.take(pass.clone())));
    let act = Act::Enter { at: NOW + 9, passes: hub.roster.passes().cloned().collect() };
    let entry = founder.append(act, &study.root).expect("all of stewards").clone();
    hub.roster.push(entry).expect("the next");
    for device in devices.iter_mut().chain([&mut evaluator]) {
        device.sync(&mut hub, &[]);
        assert_eq!((device.roster.head(), device.roster.members()), (founder.head(), founder.members()));
        assert_eq!(device.roster.passes().count(), 0);
    }
}

#[test]
fn no_fault_loses_or_doubles_a_pass() {
    let faults = [
        Fault::RequestLost,
        Fault::ResponseLost,
        Fault::RequestDoubled,
        Fault::ResponseCut(0),
        Fault::ResponseCut(128),
        Fault::ResponseOfBefore,
        Fault::OffBeforeStoring,
        Fault::OffAfterStoring,
    ];
    for fault in faults {
        for at in 0..8 {
            let (study, mut hub) = world(2);
            let keys = [newcomer(0), newcomer(1)];
            let passes: Vec<_> =
                (1..).zip(&keys).map(|(n, keys)| pass(&study, n, NOW, keys, &study.tablets[0])).collect();
            let mut device = Device::new(&keys[1], &knowing(&study, &passes), study.scope, false);
            device.collect();
            device.sync(&mut hub, &[(at, fault)]);
            device.sync(&mut hub, &[]);
            assert_eq!(hub.roster.members(), device.roster.members(), "{fault:?} at {at}");
            assert_eq!((hub.roster.passes().count(), hub.log.len()), (2, 1), "{fault:?} at {at}");
        }
    }
}

#[test]
fn a_pass_that_comes_too_late_is_refused_by_the_hubs_clock() {
    let (study, mut hub) = world(2);
    let keys = newcomer(0);
    let late = pass(&study, 1, NOW - 1, &keys, &study.tablets[0]);
    // The device that it lets in hears why it gets nowhere.
    let mut device = Device::new(&keys, &knowing(&study, std::slice::from_ref(&late)), study.scope, false);
    device.collect();
    let failure = device.try_sync(&mut hub).expect_err("too late");
    assert!(matches!(&failure, Failure::Refused(refusal) if refusal.reason == Reason::Expired), "{failure}");
    // Its steward hears that a new one would do, and goes on.
    let mut steward = Device::new(&study.tablets[0], &device.roster, study.scope, false);
    steward.collect();
    let events = steward.try_sync(&mut hub).expect("the others' trouble is not its own");
    assert!(events.iter().any(
        |event| matches!(event, Event::PassRefused { device, expired: true, .. } if *device == keys.tag())
    ));
    assert_eq!(hub.log.len(), 1);
    let renewed = pass(&study, 1, NOW + 5, &keys, &study.tablets[0]);
    steward.roster.take(renewed).expect("its own");
    steward.sync(&mut hub, &[]);
    device.sync(&mut hub, &[]);
    assert_eq!(hub.log.len(), 2, "nothing is lost");
}

#[test]
fn one_device_more_than_a_steward_may_gets_nowhere_and_stops_nobody() {
    let (study, mut hub) = world(1);
    let keys = [newcomer(0), newcomer(1)];
    let passes: Vec<_> = keys.iter().map(|keys| pass(&study, 1, NOW, keys, &study.tablets[0])).collect();
    let mut devices: Vec<_> = keys
        .iter()
        .zip(&passes)
        .map(|(keys, pass)| {
            Device::new(keys, &knowing(&study, std::slice::from_ref(pass)), study.scope, false)
        })
        .collect();
    devices[0].sync(&mut hub, &[]);
    devices[1].collect();
    // The first at the hub has the place: the second is refused, by its own roster or by the hub.
    let failure = devices[1].try_sync(&mut hub).expect_err("one too many");
    assert!(matches!(&failure, Failure::Refused(_)), "{failure}");
    assert!(hub.roster.member(&keys[1].tag()).is_none());
    let mut other = Device::new(&study.tablets[1], &study.roster, study.scope, false);
    other.collect();
    other.sync(&mut hub, &[]);
    assert_eq!(hub.log.len(), 1);
}

#[test]
fn passes_of_strangers_that_a_hub_shows_let_nobody_in() {
    let (study, mut hub) = world(2);
    let (stranger, of_stranger) = (newcomer(0), newcomer(1));
    let forged = pass(&study, 1, NOW, &of_stranger, &stranger);
    let mut tablet = Device::new(&study.tablets[0], &study.roster, study.scope, false);
    let mut exchange = tablet.exchange();
    let Step::Send(request) = exchange.step() else { panic!("a greeting") };
    let answer = wire::Welcome::decode(&hub.answer(tablet.keys.tag(), &request).body).expect("greeted");
    let wire::Welcome::News(mut greeted) = answer else { panic!("the first greeting") };
    greeted.passes = Some(vec![wire::Pass(forged.encode()), wire::Pass(vec![7; 90])]);
    let events = exchange
        .on_response(&Response { status: 200, body: wire::Welcome::News(greeted).encode() })
        .expect("it goes on");
    assert!(matches!(events.as_slice(), [Event::PassRefused { expired: false, .. }]), "{events:?}");
    tablet.store(events);
    assert!(tablet.roster.member(&of_stranger.tag()).is_none());
    assert!(exchange.roster().member(&of_stranger.tag()).is_none());
}

#[test]
fn a_bundle_brings_passes_before_what_they_let_in() {
    let (study, _) = world(2);
    let keys = newcomer(0);
    let given = pass(&study, 1, NOW, &keys, &study.tablets[0]);
    let roster = knowing(&study, std::slice::from_ref(&given));
    let header = Header::sign(roster.study(), 1, roster.head(), Vec::new(), Vec::new(), &keys);
    let frames = |parts: &[Part]| {
        let (mut packing, begin) = Packing::begin(header.clone()).expect("small");
        let mut frames = vec![begin[8..].to_vec()];
        frames.extend(parts.iter().map(|part| packing.add(part).expect("small")));
        frames.push(packing.end());
        frames.into_iter().map(|frame| frame[4..].to_vec()).collect::<Vec<_>>()
    };
    let read = |parts: &[Part]| {
        let chains = std::collections::BTreeMap::new();
        let mut unpacking = Unpacking::new(study.roster.clone(), study.evaluator.tag(), chains);
        let mut events = Vec::new();
        for frame in frames(parts) {
            events.extend(unpacking.take(&frame)?);
        }
        Ok::<_, Failure>((events, unpacking.summary()))
    };
    let part = |pass: &Pass| Part::Pass(wire::Pass(pass.encode()));
    let (events, summary) = read(&[part(&given), part(&given)]).expect("a bundle");
    assert!(matches!(events.as_slice(), [Event::PassTaken(taken)] if **taken == given), "{events:?}");
    assert!(summary.whole && summary.vouched, "its maker is who the pass in it lets in");
    let (events, summary) = read(&[]).expect("a bundle");
    assert!(events.is_empty() && summary.whole && !summary.vouched);
    let stranger = pass(&study, 1, NOW, &newcomer(2), &newcomer(3));
    let (events, _) = read(&[part(&stranger), part(&given)]).expect("one does not stop the other");
    assert!(matches!(events.as_slice(), [Event::PassRefused { .. }, Event::PassTaken(_)]), "{events:?}");
}
