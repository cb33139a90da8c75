//! Importing: any order, any number of times, whatever is among them.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use nightjar_form::Value;
use nightjar_record::{Conflict, Dissensus, Query, Row};
use nightjar_seal::{Dictionary, Envelope, EnvelopeId, Holder};
use nightjar_vault::{Arrived, Held, Readable, SetApart, State};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Everything that somebody can see in a vault.
fn seen(device: &Device) -> (Vec<Row>, Vec<Conflict>, Vec<Dissensus>, Held) {
    let vault = &device.vault;
    (
        vault.query(&Query::default()).unwrap().rows,
        vault.conflicts(100).unwrap(),
        vault.dissensus(None).unwrap(),
        vault.held().unwrap(),
    )
}

#[test]
fn a_conflict_and_a_dissensus_go_round() {
    let evaluator = Device::new();
    let (tablets, all) = collected(&evaluator);
    let done = evaluator.receive(all.values());
    assert_eq!(done.new as usize, all.len());
    assert!(done.set_aside.is_empty());
    assert_eq!(evaluator.vault.held().unwrap().applied as usize, all.len());

    let conflicts = evaluator.vault.conflicts(10).unwrap();
    assert_eq!(conflicts.len(), 1);
    let values: Vec<_> =
        conflicts[0].values.iter().map(|h| (&h.value, h.from.0, h.hand.role.as_str())).collect();
    let (a, b) = (tablets[0].keys.tag().0, tablets[1].keys.tag().0);
    assert_eq!(values, [(&Value::Integer(16), a, "night lead"), (&Value::Integer(18), b, "nurse")]);
    let asked = Query { conflict: Some(true), ..Query::default() };
    assert_eq!(evaluator.vault.query(&asked).unwrap().rows.len(), 1);

    let cases = evaluator.vault.dissensus(Some("case 7")).unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].positions.len(), cases[0].outcomes.len(), cases[0].held), (3, 1, true));
    assert!(evaluator.vault.dissensus(Some("case 8")).unwrap().is_empty());

    // The tablets exchange too; one settles, and everybody sees the settlement and what it closed.
    tablets[0].receive(all.values());
    tablets[0].settle(&conflicts[0].record, cell("beds"), Value::Integer(17), &[&evaluator, &tablets[1]]);
    let settled = tablets[0].send();
    evaluator.receive(settled.values());
    assert!(evaluator.vault.conflicts(10).unwrap().is_empty());
    let record = evaluator.record(&conflicts[0].record);
    assert_eq!(record.settlements()[0].settled.len(), 2);
    assert_eq!(record.settlements()[0].reason, "counted");
    assert_eq!(
        evaluator.vault.dissensus(None).unwrap()[0].positions.len(),
        3,
        "nobody's position was settled"
    );
}

#[test]
fn what_is_seen_never_depends_on_the_order_or_number_of_arrivals() {
    let evaluator = Device::new();
    let (_tablets, all) = collected(&evaluator);
    let envelopes: Vec<Vec<u8>> = all.into_values().collect();
    evaluator.receive(&envelopes);
    let expected = seen(&evaluator);
    assert_eq!((expected.0.len(), expected.1.len(), expected.2.len()), (8, 1, 1));
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() });
    let order = Just((0..envelopes.len()).collect::<Vec<_>>()).prop_shuffle();
    runner
        .run(&(order, 1usize..5, any::<bool>()), |(order, batch, ahead)| {
            let mut other = Device::new();
            other.keys = clone_keys(&evaluator);
            let parts = order.chunks(batch);
            let mut parts: Vec<Vec<_>> =
                parts.map(|part| part.iter().map(|i| envelopes[*i].clone()).collect()).collect();
            // Of several parts what came is worked out before the first of them is written.
            for parts in parts.chunks_mut(if ahead { 3 } else { 0 }.max(1)) {
                let arrived: Vec<_> = parts.iter().map(|part| worked_out(&other, part, usize::MAX)).collect();
                for (part, arrived) in parts.iter().zip(arrived) {
                    if ahead {
                        let holder = Holder { device: Some(&other.keys), ..Holder::default() };
                        other.vault.import_arrived(arrived, &holder, other.reading()).unwrap();
                    } else {
                        other.receive(part);
                    }
                    other.receive(&part[..1]);
                }
            }
            prop_assert!(seen(&other) == expected);
            other.vault.repair(other.reading()).unwrap();
            prop_assert!(seen(&other) == expected, "rebuilt from the changes it is the same");
            Ok(())
        })
        .unwrap();
}

/// Envelopes of which was worked out what can be, before anything is written.
fn worked_out(device: &Device, envelopes: &[Vec<u8>], room: usize) -> Vec<Arrived> {
    let holder = Holder { device: Some(&device.keys), ..Holder::default() };
    let envelopes = envelopes.iter().map(|bytes| Envelope::decode(bytes).unwrap());
    let mut arrived: Vec<_> = envelopes.map(Arrived::new).collect();
    let (new, beforehand) = device.vault.to_work_out(&mut arrived).unwrap();
    let room = std::sync::atomic::AtomicUsize::new(room);
    new.into_iter().for_each(|one| one.work_out(&holder, device.reading(), &beforehand, &room));
    arrived
}

fn clone_keys(device: &Device) -> nightjar_seal::DeviceKeys {
    nightjar_seal::DeviceKeys::from_bytes(&device.keys.to_bytes()).unwrap()
}

#[test]
fn what_cannot_be_read_is_set_aside_and_its_siblings_go_on() {
    let evaluator = Device::new();
    let (_tablets, all) = collected(&evaluator);
    let mut envelopes: Vec<Vec<u8>> = all.into_values().collect();
    let whole = envelopes.len();
    envelopes.push(b"not an envelope".to_vec());
    envelopes.push(envelopes[0][..40].to_vec());
    let done = evaluator.receive(&envelopes);
    assert_eq!(done.set_aside.len(), 2);
    assert!(done.set_aside.iter().all(|(id, reason)| id.is_none() && !reason.is_empty()));
    let held = evaluator.vault.held().unwrap();
    assert_eq!((held.applied as usize, held.set_aside), (whole, 2));

    // An altered body is an envelope of another name that does not open.
    let mut altered = envelopes[0].clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    evaluator.receive([&altered]);
    let held = evaluator.vault.held().unwrap();
    assert_eq!((held.applied as usize, held.set_aside), (whole, 3));
    let open = evaluator.vault.open_envelopes(10).unwrap();
    assert!(matches!(&open[0].state, State::SetAside(reason) if !reason.is_empty()));
    assert_eq!(evaluator.vault.envelope(&open[0].id).unwrap(), Some(altered), "its bytes are kept");
}

/// A tablet relays what was wrapped for others; it does not wait for a key that never comes.
#[test]
fn what_is_for_others_is_kept_not_waited_for() {
    let (tablet, other, evaluator) = (Device::new(), Device::new(), Device::new());
    tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    let sent: Vec<Vec<u8>> = tablet.send().into_values().collect();
    other.receive(&sent);
    let held = other.vault.held().unwrap();
    assert_eq!((held.kept, held.waiting, held.applied), (1, 0, 0));
    // Its own comes back to the tablet: known.
    assert_eq!(tablet.receive(&sent).known, 1);
}

/// A key that is handed out later, in an envelope of its own, opens the change for those it is for, in either order.
#[test]
fn a_key_that_comes_later_opens_what_waits_for_it() {
    let tablet = Device::new();
    let done = tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Here, &[]);
    let change = tablet.vault.envelope(&done.envelope).unwrap().unwrap();
    for order in [[0, 1], [1, 0]] {
        let (other, evaluator) = (Device::new(), Device::new());
        let both = [change.clone(), tablet.keys_later(&change, &[&evaluator])];
        for part in order {
            other.receive([&both[part]]);
            evaluator.receive([&both[part]]);
            if order == [0, 1] && part == 0 {
                assert_eq!(evaluator.vault.held().unwrap().waiting, 1);
            }
        }
        let held = other.vault.held().unwrap();
        assert_eq!((held.kept, held.waiting, held.applied), (2, 0, 0));
        assert_eq!(evaluator.vault.held().unwrap().applied, 2);
        assert_eq!(evaluator.vault.query(&Query::default()).unwrap().rows.len(), 1);
    }
}

/// Sealed with the dictionary of a form that is not here yet, a change waits for it and is named; then it is read.
#[test]
fn a_change_waits_for_the_form_it_was_written_with() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let dictionary = Dictionary::new(b"slept well badly".to_vec()).unwrap();
    let done = tablet.give_with(
        &response(&tablet),
        &[(cell("slept"), one("well"))],
        Readable::Here,
        &[&evaluator],
        Some(&dictionary),
    );
    assert_eq!(tablet.vault.query(&Query::default()).unwrap().rows.len(), 1, "what it wrote it reads");
    evaluator.receive(tablet.send().values());
    evaluator.follow(&tablet);
    assert_eq!(evaluator.vault.state(&done.envelope).unwrap(), Some(State::WaitsForForm));
    assert_eq!(evaluator.vault.open_envelopes(10).unwrap().len(), 1);
    let received = |device: &Device| {
        let chain = &device.vault.received().unwrap()[0];
        (chain.received, chain.applied)
    };
    assert_eq!(received(&evaluator), (1, 0), "nobody signs for what they cannot read");
    let other = Dictionary::new(b"another form".to_vec()).unwrap();
    evaluator.vault.keep_dictionaries(&[other]).unwrap();
    evaluator.retry();
    assert_eq!(evaluator.vault.state(&done.envelope).unwrap(), Some(State::WaitsForForm));
    evaluator.vault.keep_dictionaries(&[dictionary]).unwrap();
    assert_eq!(evaluator.retry().records, [done.record]);
    assert_eq!(received(&evaluator), (1, 1));
    assert_eq!(
        evaluator.vault.query(&Query::default()).unwrap().rows,
        tablet.vault.query(&Query::default()).unwrap().rows
    );
    assert!(evaluator.vault.verify(evaluator.reading()).unwrap().astray.is_empty());
}

#[test]
fn an_envelope_of_an_unknown_device_waits_for_the_roster() {
    let mut evaluator = Device::new();
    let tablet = Device::new();
    tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    evaluator.roster.0.insert(tablet.keys.tag());
    evaluator.receive(tablet.send().values());
    assert_eq!(evaluator.vault.held().unwrap().waiting, 1);
    assert!(evaluator.vault.query(&Query::default()).unwrap().rows.is_empty());
    evaluator.roster.0.clear();
    let done = evaluator.retry();
    assert_eq!(done.records.len(), 1);
    assert_eq!(evaluator.vault.held().unwrap().applied, 1);
}

#[test]
fn n_of_n_received_is_told_from_the_signed_chain() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    for n in 0..3 {
        let mut meta = night();
        meta.identity = nightjar_record::Identity::Once(format!("maple/{n}"));
        tablet.give(&meta, &[(cell("beds"), Value::Integer(n))], Readable::Here, &[&evaluator]);
    }
    let sent = tablet.send();
    evaluator.follow(&tablet);
    evaluator.follow(&tablet);
    let told = |device: &Device| {
        let received = device.vault.received().unwrap();
        (received[0].received, received[0].applied, received[0].expected, received[0].applied_to)
    };
    assert_eq!(told(&evaluator), (0, 0, 3, 0));
    let pending = tablet.vault.pending(&SCOPE, None, usize::MAX).unwrap();
    evaluator.receive(pending[..1].iter().map(|p| &p.bytes));
    let some = told(&evaluator);
    assert_eq!((some.0, some.2), (1, 3));
    evaluator.receive(sent.values());
    assert_eq!(told(&evaluator), (3, 3, 3, 3));
    // A chain that forks is refused and changes nothing.
    let mut links = tablet.vault.links(&tablet.strand(), &SCOPE, 0, 100).unwrap();
    let head = tablet.vault.head(&tablet.strand(), &SCOPE).unwrap().unwrap();
    assert_eq!(evaluator.vault.forked(&links, &head, None).unwrap(), [], "the chain that is followed");
    let last = links[2].envelope;
    links[2].envelope = EnvelopeId([0; 32]);
    assert!(evaluator.vault.follow(&links, &head, &tablet.keys.public()).is_err());
    assert_eq!(told(&evaluator), (3, 3, 3, 3));
    // What stands on the other end of it is named, from the first link that differs, and what comes after a gap is not.
    assert_eq!(evaluator.vault.forked(&links, &head, None).unwrap(), [EnvelopeId([0; 32])]);
    let mut other_start = links.clone();
    other_start[1].prev = links[0].prev;
    assert_eq!(evaluator.vault.forked(&other_start, &head, None).unwrap(), [EnvelopeId([0; 32])]);
    let beyond = |seq, prev| nightjar_seal::Link { seq, prev, ..links[2] };
    let next = beyond(4, nightjar_seal::LinkHash([9; 32]));
    assert_eq!(evaluator.vault.forked(&[next], &head, None).unwrap(), [EnvelopeId([0; 32])]);
    let real = nightjar_seal::Link { envelope: last, ..links[2] };
    assert_eq!(evaluator.vault.forked(&[beyond(4, real.hash())], &head, None).unwrap(), []);
    let far = beyond(6, nightjar_seal::LinkHash([8; 32]));
    assert_eq!(evaluator.vault.forked(&[far], &head, None).unwrap(), []);
    // Unless it rests on what was found to be another end before.
    let other_end = Some(&[8; 32][..]);
    assert_eq!(evaluator.vault.forked(&[far], &head, other_end).unwrap(), [EnvelopeId([0; 32])]);
    // What a chain that is followed names is sound wherever else it stands.
    let known = nightjar_seal::Link { envelope: last, ..far };
    assert_eq!(evaluator.vault.forked(&[known], &head, other_end).unwrap(), []);
}

#[test]
fn a_query_pages_through_everything_once() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    for n in 0..7 {
        let mut meta = night();
        meta.identity = nightjar_record::Identity::Once(format!("maple/{n}"));
        meta.ward = if n % 2 == 0 { "maple".into() } else { "oak'; DROP TABLE record; --".into() };
        tablet.give(&meta, &[(cell("beds"), Value::Integer(n))], Readable::Here, &[&evaluator]);
    }
    let mut query = Query { limit: 3, ..Query::default() };
    let mut rows = Vec::new();
    loop {
        let mut batch = tablet.vault.query(&query).unwrap();
        rows.append(&mut batch.rows);
        match batch.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(rows.len(), 7);
    assert!(rows.windows(2).all(|pair| pair[0].record < pair[1].record));
    let of = |query: Query| tablet.vault.query(&query).unwrap().rows.len();
    assert_eq!(of(Query { wards: vec!["oak'; DROP TABLE record; --".into()], ..Query::default() }), 3);
    assert_eq!(of(Query { roles: vec!["doctor".into()], ..Query::default() }), 0);
    assert_eq!(of(Query { kinds: vec!["ward-night".into(), "x".into()], ..Query::default() }), 7);
    assert_eq!(of(Query { records: vec![rows[2].record], ..Query::default() }), 1);
    assert_eq!(tablet.vault.counts().unwrap().iter().map(|c| c.records).sum::<u64>(), 7);
}

/// Threads may unwrap and open before anything is written; what comes of it is the same.
#[test]
fn what_was_worked_out_before_comes_to_the_same() {
    let evaluator = Device::new();
    let (_, sent) = collected(&evaluator);
    let sent: Vec<Vec<u8>> = sent.into_values().collect();
    let nobody = Device::new();
    for reader in [&evaluator, &nobody] {
        let (mut ahead, mut plain) = (Device::new(), Device::new());
        (ahead.keys, plain.keys) = (clone_keys(reader), clone_keys(reader));
        // Room for some of them: the others are opened when they are written.
        let arrived = worked_out(&ahead, &sent, 1_000);
        let holder = Holder { device: Some(&ahead.keys), ..Holder::default() };
        let done = ahead.vault.import_arrived(arrived, &holder, ahead.reading()).unwrap();
        assert_eq!(done, plain.receive(&sent));
        assert_eq!(done.records.is_empty(), reader.keys.tag() == nobody.keys.tag());
        for bytes in &sent {
            let id = Envelope::decode(bytes).unwrap().id();
            assert_eq!(ahead.vault.state(&id).unwrap(), plain.vault.state(&id).unwrap());
        }
        assert_eq!(seen(&ahead), seen(&plain));
        let mut again: Vec<_> =
            sent.iter().map(|bytes| Arrived::new(Envelope::decode(bytes).unwrap())).collect();
        assert!(ahead.vault.to_work_out(&mut again).unwrap().0.is_empty(), "they are here");
        let empty = Device::new();
        assert_eq!(empty.vault.to_work_out(&mut again).unwrap().0.len(), 0, "nothing is looked at twice");
    }
}

/// A roster may have become another one meanwhile: then it is judged anew.
#[test]
fn what_was_judged_by_another_roster_is_judged_again() {
    let evaluator = Device::new();
    let (tablets, sent) = collected(&evaluator);
    let sent: Vec<Vec<u8>> = sent.into_values().collect();
    let (mut ahead, mut plain) = (Device::new(), Device::new());
    (ahead.keys, plain.keys) = (clone_keys(&evaluator), clone_keys(&evaluator));
    let mut arrived = worked_out(&ahead, &sent, usize::MAX);
    for device in [&mut ahead, &mut plain] {
        device.roster.0.insert(tablets[0].keys.tag());
    }
    arrived.iter_mut().for_each(Arrived::judge_anew);
    let holder = Holder { device: Some(&ahead.keys), ..Holder::default() };
    let done = ahead.vault.import_arrived(arrived, &holder, ahead.reading()).unwrap();
    assert_eq!(done, plain.receive(&sent));
    assert!(done.records.len() < 8);
    assert_eq!(seen(&ahead), seen(&plain));
}

/// What came after a gap and stands on another end of a chain is taken back, and its bytes stay.
#[test]
fn what_is_set_apart_counts_no_more() {
    let evaluator = Device::new();
    let (_, sent) = collected(&evaluator);
    let ids: Vec<EnvelopeId> = sent.keys().copied().collect();
    let sent: Vec<Vec<u8>> = sent.into_values().collect();
    evaluator.receive(&sent);
    let all = seen(&evaluator);
    let set = evaluator.vault.set_apart(&ids[..3], "forked", evaluator.reading()).unwrap();
    assert_eq!((set.envelopes, set.records.is_empty()), (3, false));
    assert_eq!(ids.iter().filter(|id| evaluator.vault.state(id).unwrap().is_none()).count(), 3);
    assert_eq!(evaluator.vault.held().unwrap().set_aside, 3);
    let again = evaluator.vault.set_apart(&ids[..3], "forked", evaluator.reading()).unwrap();
    assert_eq!(again, SetApart::default(), "once");
    let mut plain = Device::new();
    plain.keys = clone_keys(&evaluator);
    plain.receive(&sent[3..]);
    assert_eq!(seen(&evaluator).0, seen(&plain).0);
    // Another chain may name them after all.
    evaluator.receive(&sent[..3]);
    assert_eq!(seen(&evaluator).0, all.0);
}
