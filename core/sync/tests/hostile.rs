//! Promise: a hub that lies, forges or holds back is noticed, and never makes a device lose or take what is not so.

mod world;

use nightjar_seal::{
    Act, DeviceKeys, Entry, Envelope, Erasure, Extent, LastGood, LinkHash, Membership, RecordTag, Stub,
};
use nightjar_sync::wire::{Mark, Message, Outcome, Pulled, Segment};
use nightjar_sync::{Event, Failure, Response, SetAside, Step};
use world::device::Device;
use world::hub::ModelHub;
use world::{Study, admit, entropy};

fn world() -> (Study, ModelHub, Device, Device) {
    let study = Study::new(2);
    let hub = ModelHub::new(study.roster.clone(), study.scope);
    let tablet = Device::new(&study.tablets[0], &study.roster, study.scope, false);
    let evaluator = Device::new(&study.evaluator, &study.roster, study.scope, true);
    (study, hub, tablet, evaluator)
}

#[test]
fn an_altered_envelope_is_refused_while_its_siblings_go_through() {
    let (_, mut hub, mut tablet, mut evaluator) = world();
    (0..3).for_each(|_| tablet.collect());
    tablet.portion = 10;
    tablet.sync(&mut hub, &[]);
    tablet.collect();
    tablet.collect();
    // One byte of what waits changes on the device's own disk after it was placed.
    let mut exchange = tablet.exchange();
    let Step::Send(greeting) = exchange.step() else { panic!("a sync opens with a greeting") };
    exchange.on_response(&hub.answer(tablet.keys.tag(), &greeting)).expect("greeted");
    tablet.sync(&mut hub, &[]);
    assert_eq!(hub.log.len(), 5);

    tablet.collect();
    tablet.collect();
    let broken = tablet.waiting[0].id();
    let mut placed = tablet.waiting.clone();
    let mut chain = tablet.chain;
    let links: Vec<_> = placed.iter().map(|envelope| chain.next(envelope.id())).collect();
    let mut altered = placed.remove(0).encode();
    *altered.last_mut().expect("it has bytes") ^= 1;
    let head = chain.sign(&tablet.keys).expect("its own chain");
    let outbox = nightjar_sync::Outbox {
        links: vec![(links[0], Some(altered)), (links[1], Some(placed.remove(0).encode()))],
        head,
    };
    let mut exchange = tablet.exchange();
    let outcomes = loop {
        match exchange.step() {
            Step::Send(request) => {
                let events =
                    exchange.on_response(&hub.answer(tablet.keys.tag(), &request)).expect("an answer");
                if let Some(Event::Acknowledged { outcomes, .. }) = events.into_iter().next() {
                    break outcomes;
                }
            }
            Step::NeedOutbox { .. } => exchange.supply_outbox(Some(outbox.clone())).expect("it can be sent"),
            step => panic!("unexpected {step:?}"),
        }
    };
    assert_eq!(outcomes.len(), 2);
    assert!(matches!(outcomes[0].outcome, Outcome::Refused(_)) && outcomes[0].envelope == broken);
    assert_eq!(outcomes[1].outcome, Outcome::Stored);
    evaluator.sync(&mut hub, &[]);
    assert_eq!(evaluator.received.len(), 6);
    assert_eq!(
        evaluator.memory.chains[&world::device::strand(&tablet.keys.tag())].seq,
        7,
        "6 of 7 received: the gap shows"
    );
}

/// Pulls after something was done to the hub's log, and gives why each envelope was set aside.
fn pull_after(change: impl FnOnce(&Study, &mut ModelHub)) -> (Device, Result<Vec<Event>, Failure>) {
    let (study, mut hub, mut tablet, mut evaluator) = world();
    (0..2).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    change(&study, &mut hub);
    let result = evaluator.try_sync(&mut hub);
    (evaluator, result)
}

#[test]
fn bytes_the_hub_changed_are_set_aside_and_nothing_waits_for_them() {
    let (evaluator, result) = pull_after(|_, hub| *hub.pushes[0].1[0].bytes.last_mut().expect("bytes") ^= 1);
    result.expect("the sync goes on");
    assert_eq!(evaluator.set_aside, [SetAside::Altered]);
    assert_eq!(evaluator.received.len(), 1);

    let (evaluator, result) = pull_after(|_, hub| hub.pushes[0].1[0].bytes = b"no envelope".to_vec());
    result.expect("the sync goes on");
    assert_eq!(evaluator.set_aside, [SetAside::Unreadable]);
}

#[test]
fn a_stub_says_which_envelope_it_was_and_is_no_envelope() {
    let stub_of = |hub: &ModelHub, at: usize| {
        let envelope = Envelope::decode(&hub.pushes[0].1[at].bytes).expect("an envelope");
        Stub::of(&envelope).encode()
    };
    let (evaluator, result) = pull_after(|_, hub| hub.pushes[0].1[0].bytes = stub_of(hub, 0));
    result.expect("the sync goes on");
    assert_eq!((evaluator.erased.len(), evaluator.received.len()), (1, 1), "it is told from what came whole");
    // The stub of another envelope is nothing.
    let (evaluator, result) = pull_after(|_, hub| hub.pushes[0].1[0].bytes = stub_of(hub, 1));
    result.expect("the sync goes on");
    assert_eq!((evaluator.erased.len(), evaluator.set_aside.as_slice()), (0, &[SetAside::Unreadable][..]));
}

#[test]
fn a_chain_the_device_did_not_sign_is_set_aside() {
    let (evaluator, result) = pull_after(|study, hub| {
        let links = hub.pushes[0].0.links();
        let mut head = hub.pushes[0].0.head();
        head.signature = study.tablets[1].sign("something else", b"entirely");
        hub.pushes[0].0 = Segment::new(&links, &head).expect("a segment");
    });
    result.expect("the sync goes on");
    assert_eq!(evaluator.set_aside, [SetAside::Forged, SetAside::Forged]);
    assert!(evaluator.received.is_empty() && evaluator.memory.chains.is_empty());
}

#[test]
fn a_device_outside_the_roster_waits() {
    let study = Study::new(1);
    let stranger = DeviceKeys::generate(&mut entropy(99));
    let mut larger = study.roster.clone();
    larger.append(admit(&stranger, "stranger", Membership::Tablet), &study.root).expect("admitted");
    let mut hub = ModelHub::new(larger.clone(), study.scope);
    let mut tablet = Device::new(&stranger, &larger, study.scope, false);
    tablet.collect();
    tablet.sync(&mut hub, &[]);
    hub.roster = study.roster.clone();
    let mut evaluator = Device::new(&study.evaluator, &study.roster, study.scope, true);
    evaluator.sync(&mut hub, &[]);
    assert_eq!(evaluator.set_aside, [SetAside::UnknownDevice]);
}

#[test]
fn what_a_device_sent_after_its_last_good_place_is_set_aside() {
    let (evaluator, result) = pull_after(|study, hub| {
        let first = hub.chains[&study.tablets[0].tag()][0];
        let last_good =
            vec![LastGood { scope: study.scope, line: world::device::LINE, place: 1, hash: first.hash() }];
        let act = Act::Revoke { device: study.tablets[0].tag(), last_good };
        hub.roster.append(act, &study.root).expect("revoked");
    });
    let events = result.expect("the sync goes on");
    assert!(events.iter().any(|event| matches!(event, Event::RosterGrew(_))), "the roster comes first");
    assert_eq!(evaluator.set_aside, [SetAside::Revoked]);
    assert_eq!(evaluator.received.len(), 1);
}

/// Whoever found a tablet can sign another past of it, with as many places.
#[test]
fn another_chain_of_a_device_that_was_put_out_does_not_count_though_its_places_do() {
    let (evaluator, result) = pull_after(|study, hub| {
        let good =
            LastGood { scope: study.scope, line: world::device::LINE, place: 2, hash: LinkHash([9; 32]) };
        let act = Act::Revoke { device: study.tablets[0].tag(), last_good: vec![good] };
        hub.roster.append(act, &study.root).expect("revoked");
    });
    result.expect("the sync goes on");
    assert_eq!(evaluator.set_aside, [SetAside::Forged, SetAside::Forged]);
    assert_eq!(evaluator.received.len(), 0);
}

/// Whoever found a tablet has its keys, and puts under its name what another is said to have written.
#[test]
fn a_device_that_was_put_out_writes_in_nobody_elses_name() {
    let (evaluator, result) = pull_after(|study, hub| {
        let last_good = Vec::new();
        let act = Act::Revoke { device: study.tablets[0].tag(), last_good };
        hub.roster.append(act, &study.root).expect("revoked");
        // Of another device than the chain's, or other bytes than the link's.
        let mut other = Device::new(&study.evaluator, &study.roster, study.scope, false);
        other.collect();
        let foreign = other.waiting[0].encode();
        let bodies: Vec<_> = hub.pushes.iter_mut().flat_map(|(_, bodies)| bodies).collect();
        for body in bodies {
            body.bytes.clone_from(&foreign);
        }
    });
    result.expect("the sync goes on");
    assert_eq!(
        evaluator.set_aside,
        [SetAside::Altered, SetAside::Altered],
        "whose it is comes before whether it counts"
    );
    assert_eq!(evaluator.received.len(), 0);
}

/// A hub and the founder's key together: the entry that one steward may not sign alone is refused by every device, and told to people.
#[test]
fn mass_erase_by_one_steward_is_refused_by_a_device_whoever_passes_it_on() {
    for what in [Extent::Scope, Extent::records((0..21).map(|n| RecordTag([n; 16])))] {
        let (evaluator, result) = pull_after(|study, hub| {
            let erasure = Erasure { scope: study.scope, what, stamp: None, consents: Vec::new() };
            let (seq, head) = (hub.roster.entries().len() as u64, hub.roster.head());
            let entry = Entry::signed(seq, head, Act::Erase { erasure }, &study.root).expect("it is written");
            hub.beyond = Some(entry);
        });
        let refused = result.expect_err("the sync stops");
        assert!(refused.to_string().contains("needs a second steward"), "{refused}");
        assert_eq!(evaluator.received.len(), 0, "and nothing more is taken from such a hub");
        assert!(!evaluator.roster.is_taken_out(&evaluator.scope, &RecordTag([1; 16])));
    }
}

#[test]
fn a_second_chain_of_one_device_is_set_aside() {
    let (_, mut hub, mut tablet, mut evaluator) = world();
    tablet.collect();
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    // The hub shows another first envelope of the same device, as a clone of the tablet would have sent it.
    let mut clone = Device::new(&tablet.keys, &tablet.roster, tablet.scope, false);
    clone.collect();
    clone.collect();
    clone.waiting.remove(0);
    hub.chains.clear();
    clone.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    assert_eq!(evaluator.set_aside, [SetAside::Forked]);
    assert_eq!(evaluator.received.len(), 1);
}

#[test]
fn a_log_rewritten_behind_the_cursor_is_noticed_though_the_hub_says_all_is_well() {
    let (_, mut hub, mut tablet, mut evaluator) = world();
    (0..3).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    tablet.collect();
    tablet.sync(&mut hub, &[]);
    let Some((id, mark)) = hub.log.pop() else { panic!("the log has envelopes") };
    hub.log.push((id, Mark { hash: [9; 32], ..mark }));
    // The lie holds only as long as nothing is pulled: the hash over the log does not follow from the cursor.
    let events = evaluator.try_sync(&mut hub).expect_err("a past that changes twice ends the sync");
    assert!(matches!(events, Failure::Malformed { .. }), "{events}");
    assert_eq!(evaluator.losses, 1);
}

#[test]
fn another_roster_entry_at_the_same_place_stops_the_sync() {
    let (study, mut hub, mut tablet, _) = world();
    let newcomer = |seed| admit(&DeviceKeys::generate(&mut entropy(seed)), "newcomer", Membership::Tablet);
    hub.roster.append(newcomer(50), &study.root).expect("the hub's");
    tablet.roster.append(newcomer(51), &study.root).expect("the tablet's");
    let failure = tablet.try_sync(&mut hub).expect_err("two rosters");
    assert!(matches!(failure, Failure::RosterForked { number: 4 }), "{failure}");
}

#[test]
fn a_device_brings_the_entry_that_lets_it_in() {
    let (study, mut hub, _, _) = world();
    let newcomer = DeviceKeys::generate(&mut entropy(60));
    let mut roster = study.roster.clone();
    roster.append(admit(&newcomer, "newcomer", Membership::Tablet), &study.root).expect("admitted");
    let mut device = Device::new(&newcomer, &roster, study.scope, false);
    device.collect();
    device.try_sync(&mut hub).expect("the hub takes it in");
    assert_eq!((hub.roster.entries().len(), hub.log.len()), (5, 1));
}

#[test]
fn a_device_nobody_let_in_is_told_so() {
    let (study, mut hub, _, _) = world();
    let stranger = DeviceKeys::generate(&mut entropy(61));
    let mut device = Device::new(&stranger, &study.roster, study.scope, false);
    let failure = device.try_sync(&mut hub).expect_err("refused");
    assert!(matches!(failure, Failure::Refused(_)), "{failure}");
}

#[test]
fn tablets_learn_what_the_evaluator_has_applied() {
    let (_, mut hub, mut tablet, mut evaluator) = world();
    (0..3).for_each(|_| tablet.collect());
    tablet.sync(&mut hub, &[]);
    evaluator.sync(&mut hub, &[]);
    tablet.sync(&mut hub, &[]);
    let reach = &tablet.applied_by[&evaluator.keys.tag()];
    assert_eq!(
        reach.iter().map(|reach| (reach.device, reach.seq)).collect::<Vec<_>>(),
        [(tablet.keys.tag(), 3)]
    );
}

#[test]
fn an_answer_that_was_not_asked_for_changes_nothing() {
    let (_, hub, tablet, _) = world();
    let mut exchange = tablet.exchange();
    let answer = Response {
        status: 200,
        body: Pulled { after: None, head: hub.head(), batches: Vec::new() }.encode(),
    };
    assert!(matches!(exchange.on_response(&answer), Err(Failure::Unasked(_))));
    let Step::Send(greeting) = exchange.step() else { panic!("a greeting") };
    assert!(exchange.on_response(&answer).is_err());
    assert_eq!(exchange.step(), Step::Send(greeting));
}

#[test]
fn a_hub_cannot_claim_more_than_it_shows() {
    let (_, mut hub, mut tablet, evaluator) = world();
    tablet.collect();
    tablet.sync(&mut hub, &[]);
    let mut exchange = evaluator.exchange();
    let mut pulls = 0;
    while pulls == 0 {
        match exchange.step() {
            Step::Send(request) if request.path.ends_with("/pull") => {
                let empty = Pulled { after: None, head: hub.head(), batches: Vec::new() }.encode();
                let failure =
                    exchange.on_response(&Response { status: 200, body: empty }).expect_err("held back");
                assert!(matches!(failure, Failure::Malformed { .. }));
                pulls += 1;
            }
            Step::Send(request) => {
                exchange.on_response(&hub.answer(evaluator.keys.tag(), &request)).expect("honest");
            }
            Step::NeedOutbox { .. } => exchange.supply_outbox(None).expect("nothing to push"),
            step => panic!("unexpected {step:?}"),
        }
    }
}
