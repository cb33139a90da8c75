//! Promise: a device and a hub find out by ranges what each lacks, whatever they hold; and nothing that comes from outside stops either.

mod world;

use std::collections::BTreeSet;

use nightjar_seal::EnvelopeId;
use nightjar_sync::ranges::{Asking, IdSet};
use nightjar_sync::wire::{Incarnation, Mark, Message, Ranged, Ranges, RangesAsked, RangesTold};
use nightjar_sync::{Event, Failure, Request, Response, Step, bounds, wire};
use proptest::prelude::*;
use world::Study;
use world::device::Device;
use world::hub::ModelHub;

fn world() -> (Study, ModelHub, Device, Device) {
    let study = Study::new(2);
    let hub = ModelHub::new(study.roster.clone(), study.scope);
    let mut tablet = Device::new(&study.tablets[0], &study.roster, study.scope, false);
    tablet.portion = 100;
    let evaluator = Device::new(&study.evaluator, &study.roster, study.scope, true);
    (study, hub, tablet, evaluator)
}

fn id(n: u64) -> EnvelopeId {
    EnvelopeId(*blake3::hash(&n.to_le_bytes()).as_bytes())
}

fn set(ids: impl Iterator<Item = u64>) -> IdSet {
    IdSet::new(ids.map(id).collect::<Vec<_>>().into_iter()).expect("not too many")
}

/// Compares two sets to the end: rounds, bytes both ways, what differs.
fn compare(here: IdSet, there: &IdSet) -> (usize, usize, Asking) {
    let (mut asking, message) = Asking::begin(here).expect("it begins");
    let (mut next, mut rounds, mut bytes) = (Some(message), 0, 0);
    while let Some(message) = next {
        let answer = there.answer(&message).expect("an honest message");
        assert!(message.len().max(answer.len()) <= bounds::RANGES_BYTES);
        (rounds, bytes) = (rounds + 1, bytes + message.len() + answer.len());
        assert!(rounds < 1_000, "it comes to no end");
        next = asking.hear(&answer).expect("an honest answer");
    }
    assert!(asking.fits(there.len()));
    (rounds, bytes, asking)
}

#[test]
fn equal_sets_cost_one_small_round_and_what_differs_about_a_kilobyte_each() {
    let all = || set(0..100_000);
    let (rounds, bytes, _) = compare(all(), &all());
    assert!(rounds == 1 && bytes < 400, "{rounds} rounds, {bytes} bytes");
    let (rounds, bytes, asking) = compare(all(), &set((0..100_000).filter(|n| n % 333 != 0)));
    assert_eq!(asking.differing().lacking_there.len(), 301);
    // They lie anywhere among 100,000: about a kilobyte for each.
    assert!(rounds <= 6 && bytes < 350_000, "{rounds} rounds, {bytes} bytes");
    let (rounds, bytes, asking) = compare(set(0..2_000), &set(0..1_970));
    assert_eq!(asking.differing().lacking_there, (1_970..2_000).map(id).collect());
    assert!(rounds <= 3 && bytes < 40_000, "{rounds} rounds, {bytes} bytes");
    println!("30 of 2,000: {rounds} rounds, {bytes} bytes");
}

#[test]
fn what_has_no_room_in_a_message_comes_with_the_next() {
    // As many differing as do not fit into one message.
    let (rounds, _, asking) = compare(set(0..12_000), &set(6_000..18_000));
    assert!(rounds > 2, "{rounds}");
    assert_eq!(asking.differing().lacking_there, (0..6_000).map(id).collect());
    assert_eq!(asking.differing().lacking_here, (12_000..18_000).map(id).collect());
}

#[test]
fn a_hub_put_back_to_a_backup_is_offered_exactly_what_it_lacks() {
    let (_, mut hub, mut tablet, mut evaluator) = world();
    (0..470).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    let backup = hub.clone();
    (0..30).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    hub.restore(&backup, 2);

    tablet.traffic = (0, 0, 0);
    let events = tablet.try_sync(&mut hub).expect("syncs");
    assert!(events.iter().any(|event| matches!(event, Event::HubLostData { .. })));
    assert_eq!(tablet.traffic.2, 30, "exactly these");
    assert_eq!((tablet.compared.len(), tablet.compared[0].0.len(), tablet.compared[0].1), (1, 30, 0));
    let pulled = events.iter().filter(|event| matches!(event, Event::Received { .. })).count();
    assert_eq!(pulled, 0);
    assert_eq!(hub.log.len(), 500);
    let exactly = tablet.traffic.0 + tablet.traffic.1;

    // The evaluator is told the same and pulls what came since, nothing else.
    evaluator.traffic = (0, 0, 0);
    evaluator.try_sync(&mut hub).expect("syncs");
    assert_eq!(evaluator.losses, 1);
    assert_eq!(evaluator.compared[0], (BTreeSet::new(), 0));
    let compared = evaluator.traffic.1;

    // Against a hub that does not compare, everything is offered and pulled.
    let (mut older, mut everything) =
        (backup.clone(), Device::new(&tablet.keys, &tablet.roster, hub.scope, false));
    std::mem::swap(&mut everything, &mut tablet);
    older.incarnation = Incarnation([3; 16]);
    older.log.iter_mut().for_each(|(_, mark)| mark.incarnation = Incarnation([3; 16]));
    older.compares = false;
    everything.traffic = (0, 0, 0);
    everything.try_sync(&mut older).expect("syncs");
    assert_eq!((everything.not_compared, everything.traffic.2), (1, 500));
    let all = everything.traffic.0 + everything.traffic.1;
    assert!(exactly * 5 < all, "{exactly} bytes against {all}");
    evaluator.traffic = (0, 0, 0);
    evaluator.try_sync(&mut older).expect("syncs");
    assert!(compared * 5 < evaluator.traffic.1, "{compared} bytes against {}", evaluator.traffic.1);
}

#[test]
fn what_others_brought_since_is_pulled_from_the_first_that_is_lacking() {
    let (study, mut hub, mut tablet, mut evaluator) = world();
    let mut other = Device::new(&study.tablets[1], &study.roster, study.scope, false);
    (0..20).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    let backup = hub.clone();
    (0..5).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    hub.restore(&backup, 2);
    // Somebody else writes into the log at the places that are known otherwise.
    (0..7).for_each(|_| other.collect());
    other.sync(&mut hub, &[]);
    let events = evaluator.try_sync(&mut hub).expect("syncs");
    let received: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Received { sequence, .. } => Some(*sequence),
            _ => None,
        })
        .collect();
    assert_eq!(received, (21..=27).collect::<Vec<_>>(), "from the first, and no more");
    assert_eq!(evaluator.compared[0].1, 7);
    assert_eq!(evaluator.compared[0].0.len(), 5, "which are for their own device to offer");
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    assert_eq!(evaluator.received.len(), 32);
    assert_eq!(hub.log.len(), 32);
}

#[test]
fn a_check_finds_what_no_mark_shows_and_costs_little_where_nothing_is_wrong() {
    let (_, mut hub, mut tablet, mut evaluator) = world();
    (0..200).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    (tablet.compare, evaluator.compare) = (true, true);
    for device in [&mut tablet, &mut evaluator] {
        device.traffic = (0, 0, 0);
        device.try_sync(&mut hub).expect("syncs");
        assert_eq!(device.compared, [(BTreeSet::new(), 0)]);
        assert!(device.traffic.0 + device.traffic.1 < 2_000, "{:?}", device.traffic);
    }
    // A hub that has put something else in the place of what it held, under the same marks.
    let lost = std::mem::replace(&mut hub.log[50].0, id(7));
    tablet.compare = true;
    tablet.try_sync(&mut hub).expect("syncs");
    assert_eq!(tablet.losses, 0, "no mark shows it");
    assert_eq!(tablet.compared[1].0, BTreeSet::from([lost]));
    assert_eq!(hub.log.iter().filter(|(id, _)| *id == lost).count(), 1, "and it is there again");
    // The next sync is none the larger for it.
    tablet.traffic = (0, 0, 0);
    tablet.try_sync(&mut hub).expect("syncs");
    assert_eq!(tablet.compared.len(), 2);
}

/// A tablet with a loss behind it and an evaluator that has everything, at a hub that lies in its answers about ranges.
fn lied_to(lie: impl Fn(&Ranges, Ranged) -> Response) -> (ModelHub, Device, Result<Vec<Event>, Failure>) {
    let (_, mut hub, mut tablet, _) = world();
    (0..40).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    let backup = hub.clone();
    (0..10).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    hub.restore(&backup, 2);
    let result = with_lies(&mut hub, &mut tablet, &lie);
    (hub, tablet, result)
}

fn with_lies(
    hub: &mut ModelHub,
    tablet: &mut Device,
    lie: &impl Fn(&Ranges, Ranged) -> Response,
) -> Result<Vec<Event>, Failure> {
    let path = wire::ranges_path(hub.roster.study(), hub.scope);
    let mut sent = 0;
    tablet.drive(|tag, request: &Request| {
        sent += 1;
        assert!(sent < 100, "it goes round in a circle");
        let answer = hub.answer(tag, request);
        match request.path == path && answer.status == 200 {
            true => lie(
                &Ranges::decode(&request.body).expect("a question"),
                Ranged::decode(&answer.body).expect("an answer"),
            ),
            false => answer,
        }
    })
}

fn ok(ranged: Ranged) -> Response {
    Response { status: 200, body: ranged.encode() }
}

#[test]
fn a_hub_that_lies_about_ranges_makes_a_device_lose_nothing() {
    let nothing_differs =
        |_: &Ranges, ranged: Ranged| ok(Ranged { told: RangesTold::Message(vec![0x61]), ..ranged });
    // It gives up half-way, and the number does not fit: everything is offered.
    let (hub, tablet, result) = lied_to(nothing_differs);
    result.expect("it syncs");
    assert_eq!((tablet.not_compared, hub.log.len()), (1, 50));
    // The number fits, too, and so does its log, as it says: what it answers next shows that it does not.
    let (hub, tablet, result) = lied_to(|_, ranged| {
        let up_to = Mark { sequence: 50, ..ranged.up_to };
        ok(Ranged { up_to, count: 50, told: RangesTold::Message(vec![0x61]), ..ranged })
    });
    result.expect("it syncs");
    assert_eq!((tablet.losses, tablet.not_compared, hub.log.len()), (2, 1, 50));
    assert!(tablet.outbox.iter().all(|placed| placed.bytes.is_some()));
    // It says that it lacks everything.
    let empty = set(0..0);
    let (hub, tablet, result) = lied_to(|asked, ranged| match &asked.asked {
        RangesAsked::Message(message) => {
            let told = RangesTold::Message(empty.answer(message).expect("an answer"));
            ok(Ranged { told, count: 0, up_to: Mark::start(ranged.up_to.incarnation), ..ranged })
        }
        RangesAsked::Place(_) => ok(ranged),
    });
    result.expect("it syncs");
    assert_eq!((tablet.compared.len(), hub.log.len()), (1, 50));
    // It names envelopes that it does not hold, and a place far ahead.
    let others = set(1_000..1_040);
    let (mut hub, mut tablet, result) = lied_to(|asked, ranged| match &asked.asked {
        RangesAsked::Message(message) => {
            let told = RangesTold::Message(others.answer(message).expect("an answer"));
            ok(Ranged { told, ..ranged })
        }
        RangesAsked::Place(_) => {
            let mark = Mark { sequence: ranged.up_to.sequence + 1, ..ranged.up_to };
            ok(Ranged { told: RangesTold::Before(mark), ..ranged })
        }
    });
    result.expect("it syncs");
    assert_eq!((tablet.not_compared, hub.log.len()), (1, 50));
    tablet.sync(&mut hub, &[]);
    // It is of another life in every answer.
    let (hub, tablet, result) = lied_to(|_, ranged| {
        let up_to = Mark { incarnation: Incarnation([9; 16]), ..ranged.up_to };
        ok(Ranged { up_to, ..ranged })
    });
    result.expect("it syncs");
    assert_eq!((tablet.not_compared, hub.log.len()), (1, 50));
    // It never comes to an end.
    let (hub, tablet, result) = lied_to(|asked, ranged| {
        let RangesAsked::Message(message) = &asked.asked else { return ok(ranged) };
        // Other fingerprints for the same ranges.
        let mut told = message.clone();
        told.iter_mut().skip(8).step_by(23).for_each(|byte| *byte ^= 1);
        ok(Ranged { told: RangesTold::Message(told), ..ranged })
    });
    result.expect("it syncs");
    assert_eq!((tablet.not_compared + tablet.compared.len(), hub.log.len()), (1, 50));
    // It answers nonsense, or refuses.
    for body in [Vec::new(), vec![0; 100], wire::Refusal::new(wire::Reason::NotGranted, "no").encode()] {
        let (hub, tablet, result) = lied_to(|_, _| Response { status: 200, body: body.clone() });
        result.expect("it syncs");
        assert_eq!((tablet.not_compared, hub.log.len()), (1, 50));
        let refused = Response { status: 403, body: body.clone() };
        let (hub, tablet, result) = lied_to(|_, _| refused.clone());
        result.expect("it syncs");
        assert_eq!((tablet.not_compared, hub.log.len()), (1, 50));
    }
}

#[test]
fn a_late_answer_is_not_taken_for_another() {
    let (_, mut hub, mut tablet, _) = world();
    (0..100).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    tablet.compare = true;
    let mut exchange = tablet.exchange();
    let Step::Send(greeting) = exchange.step() else { panic!("a greeting") };
    exchange.on_response(&hub.answer(tablet.keys.tag(), &greeting)).expect("greeted");
    let Step::NeedHeld { own: false, .. } = exchange.step() else { panic!("what is held") };
    exchange.supply_held(Some(tablet.placed().into_iter().collect())).expect("it was asked for");
    let Step::Send(asked) = exchange.step() else { panic!("a question") };
    let honest = hub.answer(tablet.keys.tag(), &asked);
    let ranged = Ranged::decode(&honest.body).expect("an answer");
    let late = Ranged { asked: wire::Begin([7; 8]), ..ranged };
    assert!(matches!(exchange.on_response(&ok(late)), Err(Failure::Unasked(_))));
    assert_eq!(exchange.step(), Step::Send(asked), "the same is asked again");
    exchange.on_response(&honest).expect("the answer to it");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_two_sets_are_what_differs_is_found(
        both in 0_u64..4_000, here in 0_u64..3_000, there in 0_u64..3_000,
    ) {
        let (mine, theirs) = (0..both + here, (0..both).chain(10_000..10_000 + there));
        let (_, _, asking) = compare(set(mine), &set(theirs));
        prop_assert_eq!(&asking.differing().lacking_there, &(both..both + here).map(id).collect());
        prop_assert_eq!(&asking.differing().lacking_here, &(10_000..10_000 + there).map(id).collect());
    }

    #[test]
    fn no_message_stops_either_side(
        noise in proptest::collection::vec(any::<u8>(), 0..2_000),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<proptest::sample::Index>(),
    ) {
        let there = set(0..600);
        let honest = || Asking::begin(set(300..900)).expect("it begins");
        // Nonsense, with and without the byte that begins every message.
        let with_version = [&[0x61][..], &noise].concat();
        for message in [&noise, &with_version] {
            for answer in there.answer(message).into_iter() {
                prop_assert!(answer.len() <= bounds::RANGES_BYTES);
            }
            let _ = honest().0.hear(message);
        }
        // Honest messages, altered on the way.
        let (mut asking, mut message) = honest();
        for (at, byte) in &flips {
            let at = at.index(message.len());
            message[at] ^= byte;
        }
        let answered = there.answer(&message);
        let _ = there.answer(&message[..cut.index(message.len() + 1)]);
        if let Ok(mut answer) = answered {
            for (at, byte) in &flips {
                let at = at.index(answer.len());
                answer[at] ^= byte;
            }
            let _ = asking.hear(&answer);
            prop_assert!(asking.differing().lacking_there.iter().all(|id| (300..900).any(|n| self::id(n) == *id)));
        }
    }
}
