//! Promise: what the roster takes out leaves every device that hears of it, in any order of arrival, and does not come back.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use common::*;
use nightjar_form::Value;
use nightjar_record::Query;
use nightjar_seal::{
    Act, ConsentRequest, DeviceKeys, DocumentHash, Envelope, Erasure, Extent, Grant, Membership, RecordTag,
    RootKeys, Roster as Log, ScopeTag, Stub,
};
use nightjar_vault::{Readable, State, VaultError, tag_of};
use proptest::prelude::*;

const CANARY: &str = "CANARY-7731 I never slept before three";

fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

/// A roster with a founder and a second steward.
struct Stewards {
    root: RootKeys,
    log: Log,
    second: DeviceKeys,
}

impl Stewards {
    fn new() -> Self {
        let root = RootKeys::generate(&mut entropy);
        let mut log = Log::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).unwrap();
        let (founder, second) = (DeviceKeys::generate(&mut entropy), DeviceKeys::generate(&mut entropy));
        for keys in [&founder, &second] {
            let act = Act::Admit {
                device: keys.public(),
                label: "evaluator".into(),
                membership: Membership::Evaluator,
                grants: vec![Grant::all(vec![])],
                epochs: vec![],
            };
            log.append(act, &root).unwrap();
        }
        log.append(Act::Steward { device: second.tag(), seat: None }, &root).unwrap();
        Self { root, log, second }
    }

    fn erase(&mut self, scope: ScopeTag, what: Extent) {
        let (study, head) = (self.log.study(), self.log.head());
        let request = ConsentRequest { study, head, scope, what: what.clone() };
        let consents = vec![request.consent(&self.second)];
        self.log
            .append(Act::Erase { erasure: Erasure { scope, what, stamp: None, consents } }, &self.root)
            .unwrap();
    }

    /// Brings a vault to the end of the roster; what left it.
    fn tell(&self, device: &Device) -> usize {
        let held = device.vault.roster().unwrap().len();
        let new: Vec<_> = self.log.entries()[held..].iter().map(|entry| entry.encode()).collect();
        device.vault.keep_roster(held, &new).unwrap().len()
    }
}

fn said() -> [(nightjar_form::CellKey, Value); 1] {
    [(cell("why"), Value::Text(CANARY.into()))]
}

fn rows(device: &Device) -> usize {
    device.vault.query(&Query::default()).unwrap().rows.len()
}

#[test]
fn what_the_roster_takes_out_is_in_no_page_and_its_siblings_stay() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let mut stewards = Stewards::new();
    assert_eq!(stewards.tell(&evaluator), 0);
    let meta = response(&tablet);
    let gone = tablet.give(&meta, &said(), Readable::Elsewhere, &[&evaluator]);
    tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    let sent = tablet.send();
    evaluator.receive(sent.values());
    evaluator.follow(&tablet);
    assert_eq!(rows(&evaluator), 2);
    for device in [&tablet, &evaluator] {
        let bytes = &sent[&gone.envelope];
        let held = decrypted(&device.home.path, [1; 32]);
        assert!(holds(&held, &bytes[bytes.len() - 32..]), "the scan is not blind");
    }
    stewards.erase(SCOPE, Extent::records([tag_of(&meta, &IDENTITY)]));
    assert_eq!((stewards.tell(&evaluator), stewards.tell(&tablet)), (1, 0), "what could be read");
    assert_eq!(rows(&evaluator), 1);
    for device in [&tablet, &evaluator] {
        let held = decrypted(&device.home.path, [1; 32]);
        let bytes = &sent[&gone.envelope];
        assert!(!holds(&held, b"canary") && !holds(&held, &bytes[bytes.len() - 32..]));
        assert!(device.vault.verify(device.reading()).unwrap().astray.is_empty());
        assert_eq!(device.vault.state(&gone.envelope).unwrap(), Some(State::Erased));
        assert_eq!(
            device.vault.withdrawals().unwrap(),
            Vec::<Vec<u8>>::new(),
            "the roster proves it, nothing else is passed on"
        );
    }
    let chain = &evaluator.vault.received().unwrap()[0];
    assert_eq!((chain.expected, chain.applied, chain.applied_to), (2, 2, 2));
    // The tablet goes on with its name.
    let left = tablet.send();
    assert_eq!(left.values().filter(|bytes| Stub::decode(bytes).is_ok()).count(), 1);
}

#[test]
fn a_ward_record_is_taken_out_for_everybody_and_whoever_goes_on_writing_it_is_told() {
    let (a, b) = (Device::new(), Device::new());
    let mut stewards = Stewards::new();
    let beds = |n| [(cell("beds"), Value::Integer(n))];
    let id = a.give(&night(), &beds(17), Readable::Here, &[&b]).record;
    b.receive(a.send().values());
    b.edit(&id, &beds(18), &[&a]);
    stewards.erase(SCOPE, Extent::records([tag_of(&night(), &IDENTITY)]));
    for device in [&a, &b] {
        assert_eq!(stewards.tell(device), 1);
        assert!(matches!(device.vault.record(&id, device.reading()), Err(VaultError::NoRecord)));
    }
    a.receive(b.send().values());
    assert_eq!((rows(&a), rows(&b)), (0, 0));
    let (checked, _) = a.check(&a.written(&night(), &beds(3)), &night(), &[&b], None);
    assert!(matches!(a.vault.amend(checked, a.reading()), Err(VaultError::NoRecord)));
}

#[test]
fn a_scope_that_was_taken_out_keeps_nothing_of_what_comes_later_and_another_goes_on() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let mut stewards = Stewards::new();
    for _ in 0..5 {
        tablet.give(&response(&tablet), &said(), Readable::Elsewhere, &[&evaluator]);
    }
    let before = tablet.send();
    evaluator.receive(before.values().take(3));
    let later = response(&tablet);
    tablet.give(&later, &said(), Readable::Elsewhere, &[&evaluator]);
    let after = tablet.send();
    stewards.erase(ScopeTag([9; 16]), Extent::Scope);
    stewards.tell(&evaluator);
    assert_eq!(rows(&evaluator), 3, "another scope");
    stewards.erase(SCOPE, Extent::Scope);
    assert_eq!(stewards.tell(&evaluator), 3);
    evaluator.receive(after.values());
    assert_eq!((rows(&evaluator), evaluator.vault.held().unwrap().erased), (0, 6));
    assert!(!holds(&decrypted(&evaluator.home.path, [1; 32]), b"canary"));
    // A stub that a hub gives out of it is proven.
    let stubs: Vec<Stub> = after.values().map(|bytes| Stub::of(&Envelope::decode(bytes).unwrap())).collect();
    let fresh = Device::new();
    stewards.tell(&fresh);
    assert_eq!(fresh.vault.note_erased(&stubs).unwrap(), 0);
    stewards.tell(&tablet);
    let draft = tablet.vault.begin(&draft_meta()).unwrap();
    let meta = response(&tablet);
    let (checked, _) = tablet.check(&tablet.written(&meta, &said()), &meta, &[&evaluator], None);
    let refused = tablet.vault.finish(&draft, checked, Readable::Elsewhere, tablet.reading());
    assert!(matches!(refused, Err(VaultError::NoRecord)));
    assert_eq!(tablet.vault.drafts().unwrap().len(), 1, "and what was begun is there");
}

#[test]
fn a_roster_entry_that_is_none_takes_nothing_out_and_is_not_kept() {
    let evaluator = Device::new();
    let mut stewards = Stewards::new();
    stewards.tell(&evaluator);
    stewards.erase(SCOPE, Extent::records([RecordTag([1; 16])]));
    let held = evaluator.vault.roster().unwrap().len();
    let entry = stewards.log.entries().last().unwrap().encode();
    for at in [0, 1, entry.len() / 2] {
        let cut = entry[..at].to_vec();
        assert!(matches!(evaluator.vault.keep_roster(held, &[cut]), Err(VaultError::Seal(_))));
    }
    assert_eq!(evaluator.vault.roster().unwrap().len(), held);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Change, key, the roster's word and a hub's stub in any order, any twice, a restart in between: the same end.
    #[test]
    fn what_the_roster_takes_out_is_out_in_any_order(
        order in Just(vec![0, 1, 2, 3, 0, 1, 3]).prop_shuffle(), reopen in 0..7_usize, whole in any::<bool>()
    ) {
        let (tablet, mut evaluator) = (Device::new(), Device::new());
        let mut stewards = Stewards::new();
        let meta = response(&tablet);
        let done = tablet.give(&meta, &said(), Readable::Here, &[]);
        let change = tablet.vault.envelope(&done.envelope).unwrap().unwrap();
        let stub = Stub::of(&Envelope::decode(&change).unwrap());
        let sent = [change.clone(), tablet.keys_later(&change, &[&evaluator])];
        tablet.send();
        let what = if whole { Extent::Scope } else { Extent::records([tag_of(&meta, &IDENTITY)]) };
        stewards.erase(SCOPE, what);
        for (at, what) in order.into_iter().enumerate() {
            match what {
                2 => drop(stewards.tell(&evaluator)),
                3 => drop(evaluator.vault.note_erased(std::slice::from_ref(&stub)).unwrap()),
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
        prop_assert_eq!(rows(&evaluator), 0);
        let chain = &evaluator.vault.received().unwrap()[0];
        prop_assert_eq!((chain.expected, chain.applied_to), (1, 1));
        prop_assert!(evaluator.vault.verify(evaluator.reading()).unwrap().astray.is_empty());
        prop_assert!(!holds(&decrypted(&evaluator.home.path, [1; 32]), b"canary"));
    }
}
