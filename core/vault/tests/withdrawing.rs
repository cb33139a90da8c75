//! Withdrawal: what was said leaves every page, in any order of arrival, and does not come back.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use common::*;
use nightjar_form::Value;
use nightjar_record::{Identity, Meta, Nature, Origin, Query};
use nightjar_seal::{DeviceTag, Envelope, Receipt, RecordTag, RosterHead, Stub, Withdrawal};
use nightjar_vault::{Readable, State, VaultError};
use proptest::prelude::*;

const CANARY: &str = "CANARY-7731 I never slept before three";

fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

/// A response that commits to a receipt, and the marker that takes it out.
fn receipted(device: &Device) -> (Meta, Vec<u8>) {
    let receipt = Receipt::generate(&mut entropy);
    let mut random = [0; 16];
    entropy(&mut random);
    let key = receipt.withdrawal();
    let origin = nightjar_seal::Origin {
        withdrawal: Some(key),
        creator: DeviceTag(device.keys.tag().0),
        salt: random,
    };
    let marker = Withdrawal::new(&receipt, STUDY, origin).unwrap().encode();
    let identity = Identity::Given(Origin { withdrawal: Some(key.0), creator: device.keys.tag().0, random });
    let mut meta = meta("patient-core", Nature::Response, identity);
    meta.role = "patient".into();
    (meta, marker)
}

fn said() -> [(nightjar_form::CellKey, Value); 1] {
    [(cell("why"), Value::Text(CANARY.into()))]
}

/// Words of an index of many pages: they stand between the pages as well as in them.
#[test]
fn no_word_of_what_is_withdrawn_stays_between_the_pages_of_the_index() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let number = |n: u32| format!("077{:08}", n.wrapping_mul(2_654_435_761) % 100_000_000);
    let mut gone = Vec::new();
    for n in 0..400 {
        let words: Vec<String> = (0..12).map(|at| number(n * 12 + at)).collect();
        let said = [(cell("why"), Value::Text(words.join(" ")))];
        let (meta, marker) = receipted(&tablet);
        tablet.give(&meta, &said, Readable::Elsewhere, &[&evaluator]);
        if n % 20 == 0 {
            gone.push((marker, words));
        }
    }
    evaluator.receive(tablet.send().values());
    let before = decrypted(&evaluator.home.path, [1; 32]);
    for (marker, words) in &gone {
        assert!(holds(&before, words[0].as_bytes()), "the scan is not blind");
        evaluator.vault.withdraw(marker, &STUDY).unwrap();
    }
    let after = decrypted(&evaluator.home.path, [1; 32]);
    let left: Vec<&String> =
        gone.iter().flat_map(|(_, words)| words).filter(|w| holds(&after, w.as_bytes())).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_withdrawn_is_in_no_page_of_the_evaluator_s_vault() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let (meta, marker) = receipted(&tablet);
    let id = tablet.give(&meta, &said(), Readable::Elsewhere, &[&evaluator]).record;
    let sent = tablet.send();
    evaluator.receive(sent.values());
    assert!(evaluator.vault.query(&Query::default()).unwrap().rows.iter().any(|row| row.record == id));
    assert!(holds(&decrypted(&evaluator.home.path, [1; 32]), CANARY.as_bytes()), "the scan is not blind");
    assert!(holds(&decrypted(&evaluator.home.path, [1; 32]), b"canary"), "nor for words of the index");

    let done = evaluator.vault.withdraw(&marker, &STUDY).unwrap();
    assert_eq!((done.new, done.record, done.envelopes), (true, Some(id), 1));
    for word in ["CANARY", "canary", "7731", "slept"] {
        assert!(!holds(&decrypted(&evaluator.home.path, [1; 32]), word.as_bytes()), "{word}");
    }
    assert!(evaluator.vault.query(&Query::default()).unwrap().rows.is_empty());
    assert!(matches!(evaluator.vault.record(&id, evaluator.reading()), Err(VaultError::NoRecord)));
    for (id, bytes) in &sent {
        assert_eq!(evaluator.vault.state(id).unwrap(), Some(State::Erased));
        assert_eq!(evaluator.vault.envelope(id).unwrap(), Some(Vec::new()));
        assert!(!holds(&decrypted(&evaluator.home.path, [1; 32]), &bytes[bytes.len() - 32..]));
    }
    let again = evaluator.vault.withdraw(&marker, &STUDY).unwrap();
    assert_eq!((again.new, again.record, again.envelopes), (false, None, 0));
    assert_eq!(evaluator.vault.withdrawals().unwrap(), [marker]);
}

/// Of what has its place in the chain the name goes on, so that nobody waits for it.
#[test]
fn a_tablet_sends_nothing_of_what_was_withdrawn_but_its_name_and_the_chain_adds_up() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let (meta, marker) = receipted(&tablet);
    tablet.give(&meta, &said(), Readable::Elsewhere, &[&evaluator]);
    tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    assert_eq!(tablet.send().len(), 2, "chained, not yet acknowledged");
    assert_eq!(tablet.vault.withdraw(&marker, &STUDY).unwrap().envelopes, 1);
    let left = tablet.send();
    let stubs: Vec<Stub> = left.values().filter_map(|bytes| Stub::decode(bytes).ok()).collect();
    assert_eq!((left.len(), stubs.len()), (2, 1));
    assert_eq!(tablet.vault.outbox().unwrap().waiting, 2);
    tablet.vault.acknowledge(&left.keys().copied().collect::<Vec<_>>()).unwrap();
    assert!(tablet.send().is_empty());
    tablet.vault.offer_again(&SCOPE).unwrap();
    assert_eq!(tablet.send(), left, "a hub that lost it is told the same");

    let whole: Vec<_> =
        left.into_iter().filter(|(id, _)| stubs[0].id() != *id).map(|(_, bytes)| bytes).collect();
    evaluator.receive(&whole);
    evaluator.vault.note_erased(&stubs).unwrap();
    evaluator.follow(&tablet);
    let chain = &evaluator.vault.received().unwrap()[0];
    assert_eq!(
        (chain.expected, chain.applied),
        (2, 1),
        "what nobody with a receipt has said does not count as here"
    );
    evaluator.vault.withdraw(&marker, &STUDY).unwrap();
    let chain = &evaluator.vault.received().unwrap()[0];
    assert_eq!((chain.expected, chain.applied, chain.applied_to), (2, 2, 2));
    for device in [&tablet, &evaluator] {
        assert!(device.vault.verify(device.reading()).unwrap().astray.is_empty());
        assert!(!holds(&decrypted(&device.home.path, [1; 32]), b"CANARY"));
    }
}

#[test]
fn only_the_receipt_of_the_response_takes_it_out() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let (meta, marker) = receipted(&tablet);
    tablet.give(&meta, &said(), Readable::Elsewhere, &[&evaluator]);
    evaluator.receive(tablet.send().values());
    let other = nightjar_seal::StudyTag([9; 16]);
    assert!(matches!(evaluator.vault.withdraw(&marker, &other), Err(VaultError::Seal(_))));
    for at in 0..marker.len() {
        let mut forged = marker.clone();
        forged[at] ^= 4;
        assert!(matches!(evaluator.vault.withdraw(&forged, &STUDY), Err(VaultError::Seal(_))), "byte {at}");
    }
    assert_eq!(evaluator.vault.query(&Query::default()).unwrap().rows.len(), 1);
    assert!(evaluator.vault.withdrawals().unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Change, key and marker in any order, any of them twice, a restart in between: the same end.
    #[test]
    fn withdrawal_wins_in_any_order(order in Just(vec![0, 1, 2, 0, 1, 2]).prop_shuffle(), reopen in 0..6_usize) {
        let (tablet, mut evaluator) = (Device::new(), Device::new());
        let (meta, marker) = receipted(&tablet);
        let done = tablet.give(&meta, &said(), Readable::Here, &[]);
        let change = tablet.vault.envelope(&done.envelope).unwrap().unwrap();
        let sent = [change.clone(), tablet.keys_later(&change, &[&evaluator])];
        tablet.send();
        for (at, what) in order.into_iter().enumerate() {
            match what {
                2 => drop(evaluator.vault.withdraw(&marker, &STUDY).unwrap()),
                envelope => drop(evaluator.receive([&sent[envelope]])),
            }
            if at == reopen {
                evaluator.vault = nightjar_vault::Vault::open(&evaluator.home.path, &key(1)).unwrap();
            }
        }
        evaluator.follow(&tablet);
        evaluator.retry();
        let held = evaluator.vault.held().unwrap();
        prop_assert_eq!((held.all, held.erased), (2, 2));
        prop_assert!(evaluator.vault.query(&Query::default()).unwrap().rows.is_empty());
        let chain = &evaluator.vault.received().unwrap()[0];
        prop_assert_eq!((chain.expected, chain.applied_to), (1, 1));
        prop_assert!(evaluator.vault.verify(evaluator.reading()).unwrap().astray.is_empty());
        prop_assert!(!holds(&decrypted(&evaluator.home.path, [1; 32]), b"CANARY"));
    }
}

/// A hub says what it likes; a withdrawal proves it.
#[test]
fn what_only_a_hub_says_was_taken_out_counts_as_missing_until_a_withdrawal_comes() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let (meta, marker) = receipted(&tablet);
    tablet.give(&meta, &said(), Readable::Elsewhere, &[&evaluator]);
    let sent = tablet.send();
    let stubs: Vec<Stub> = sent.values().map(|bytes| Stub::of(&Envelope::decode(bytes).unwrap())).collect();
    assert_eq!(evaluator.vault.note_erased(&stubs).unwrap(), stubs.len() as u64);
    assert_eq!(evaluator.vault.note_erased(&stubs).unwrap(), 0, "known");
    let held = evaluator.vault.held().unwrap();
    assert_eq!((held.said_erased, held.erased, held.applied), (stubs.len() as u64, 0, 0));
    for stub in &stubs {
        assert_eq!(evaluator.vault.state(&stub.id()).unwrap(), Some(State::SaidErased));
    }
    // Proven, in whatever order the two came.
    evaluator.vault.withdraw(&marker, &STUDY).unwrap();
    let held = evaluator.vault.held().unwrap();
    assert_eq!((held.said_erased, held.erased), (0, stubs.len() as u64));
    let late = Device::new();
    late.vault.withdraw(&marker, &STUDY).unwrap();
    assert_eq!(late.vault.note_erased(&stubs).unwrap(), 0);
    assert_eq!(late.vault.held().unwrap().erased, stubs.len() as u64);
}

#[test]
fn what_a_hub_falsely_says_was_taken_out_counts_once_it_comes_another_way() {
    let (tablet, first, second) = (Device::new(), Device::new(), Device::new());
    let (meta, _) = receipted(&tablet);
    tablet.give(&meta, &said(), Readable::Elsewhere, &[&first, &second]);
    let sent = tablet.send();
    let stubs: Vec<Stub> = sent.values().map(|bytes| Stub::of(&Envelope::decode(bytes).unwrap())).collect();
    // The stub before the envelope, and after it: the same in the end.
    first.vault.note_erased(&stubs).unwrap();
    assert_eq!(first.receive(sent.values()).new, 1);
    second.receive(sent.values());
    second.vault.note_erased(&stubs).unwrap();
    for evaluator in [&first, &second] {
        assert_eq!(evaluator.vault.held().unwrap().applied, 1);
        assert_eq!(evaluator.vault.query(&Query::default()).unwrap().rows.len(), 1);
        assert!(evaluator.vault.verify(evaluator.reading()).unwrap().astray.is_empty());
    }
}

/// What a device confirms to others: never more than it has, whatever came first.
#[test]
fn what_is_obeyed_ends_where_something_is_missing() {
    let (tablet, mut evaluator) = (Device::new(), Device::new());
    let (meta, marker) = receipted(&tablet);
    tablet.give(&meta, &said(), Readable::Elsewhere, &[&evaluator]);
    let before = tablet.send();
    assert!(!tablet.vault.anything_withdrawn().unwrap());
    let withdrawal = Withdrawal::decode(&marker).unwrap();
    let tells = withdrawal.envelope(SCOPE, tablet.keys.tag(), RosterHead([0; 32])).unwrap();
    let other = receipted(&tablet).1;
    let other =
        Withdrawal::decode(&other).unwrap().envelope(SCOPE, tablet.keys.tag(), RosterHead([0; 32])).unwrap();
    let two = [tells.clone(), other];
    assert!(
        matches!(tablet.vault.withdraw_and_tell(&two, &STUDY), Err(VaultError::Seal(_))),
        "of one record"
    );
    assert!(matches!(tablet.vault.withdraw_and_tell(&[], &STUDY), Err(VaultError::Seal(_))));
    assert!(tablet.vault.withdraw_and_tell(std::slice::from_ref(&tells), &STUDY).unwrap().new);
    let record = RecordTag(withdrawal.record().0);
    assert_eq!(tablet.vault.withdrawals_of(&SCOPE, &record).unwrap(), [], "it has no place yet");
    assert_eq!(tablet.vault.withdrawn_in(&SCOPE).unwrap().len(), 1);
    tablet.send();
    let places = tablet.vault.withdrawals_of(&SCOPE, &record).unwrap();
    assert_eq!(places, [(tablet.strand(), 2)]);
    assert_eq!(tablet.vault.obeyed(&SCOPE).unwrap(), [(tablet.strand(), 2)]);

    evaluator.follow(&tablet);
    assert_eq!(evaluator.vault.obeyed(&SCOPE).unwrap(), [], "nothing of it is here");
    // While its device is not known it is not obeyed.
    evaluator.roster.0.insert(tablet.keys.tag());
    evaluator.receive([&tells.encode()]);
    assert_eq!(evaluator.vault.obeyed(&SCOPE).unwrap(), []);
    evaluator.roster.0.clear();
    assert_eq!(evaluator.retry().withdrawn, 1);
    assert_eq!(
        evaluator.vault.obeyed(&SCOPE).unwrap(),
        [(tablet.strand(), 0)],
        "what stands before it is missing"
    );
    evaluator.receive(before.values());
    assert_eq!(evaluator.vault.obeyed(&SCOPE).unwrap(), [(tablet.strand(), 2)]);
    assert_eq!(evaluator.vault.withdrawals_of(&SCOPE, &record).unwrap(), places);
    assert_eq!(evaluator.vault.withdrawals_of(&SCOPE, &RecordTag([0; 16])).unwrap(), []);
}
