//! What was written to a record before it left its device travels in one envelope.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use nightjar_form::Value;
use nightjar_record::{Hand, Options, RecordId, Written, create};
use nightjar_seal::{Chain, DeviceKeys, Dictionary, Header, Line, Recipient, Sealing, Strand, seal_with};
use nightjar_vault::{Checked, Proof, Readable, State, Unsent, VaultError};

fn correction(device: &Device, id: &RecordId, beds: i64) -> Written {
    let hand = Hand { role: "night lead".into(), at: None };
    let cells = [(cell("beds"), Value::Integer(beds))];
    device.record(id).edit(&cells, &Options::new(), &hand, device.actor(*id)).unwrap()
}

/// Seals a correction together with what is unsent.
fn joined(device: &Device, unsent: &Unsent, written: &Written, readers: &[&Device]) -> Checked {
    let key = device.vault.own_record_key(&unsent.header().record).unwrap().unwrap();
    let publics: Vec<_> = readers.iter().map(|d| d.keys.public()).collect();
    let recipients: Vec<_> = publics.iter().map(Recipient::Device).collect();
    let recipients = unsent.hands_out().then_some(&recipients[..]);
    let sealing = Sealing { recipients, dictionary: None::<&Dictionary> };
    let payload = unsent.with(&written.bytes);
    let change = seal_with(unsent.header().clone(), &payload, &key, sealing, &mut entropy).unwrap();
    Checked::open_after(Some(unsent), written, change, None, key, device.reading()).unwrap()
}

fn tag(device: &Device, id: &RecordId) -> nightjar_seal::RecordTag {
    let meta = device.record(id).meta().unwrap().clone();
    nightjar_vault::tag_of(&meta, &IDENTITY)
}

fn unsent(device: &Device, id: &RecordId) -> Option<Unsent> {
    device.vault.unsent(&tag(device, id), &device.keys.tag(), 1_000).unwrap()
}

fn held(device: &Device, id: &RecordId) -> Option<Value> {
    let record = device.record(id);
    record.cells().into_iter().find(|c| c.key == cell("beds")).and_then(|c| c.settled().cloned())
}

#[test]
fn a_correction_travels_with_what_is_unsent_and_each_step_is_told() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    for beds in [18, 19] {
        let before = unsent(&tablet, &done.record).unwrap();
        let written = correction(&tablet, &done.record, beds);
        let checked = joined(&tablet, &before, &written, &[&evaluator]);
        tablet.vault.amend(checked, tablet.reading()).unwrap();
        assert_eq!(tablet.vault.outbox().unwrap().waiting, 1, "one envelope, whatever is in it");
    }
    assert_eq!(tablet.vault.state(&done.envelope).unwrap(), None, "the first has made way");
    let sent = tablet.send();
    assert_eq!(sent.len(), 1);
    assert!(unsent(&tablet, &done.record).is_none(), "what has its place is not touched any more");

    evaluator.follow(&tablet);
    let done_there = evaluator.receive(sent.values());
    assert_eq!((done_there.new, &done_there.set_aside[..]), (1, &[][..]));
    assert_eq!(held(&evaluator, &done.record), Some(Value::Integer(19)));
    let public = |_: &_| Some(tablet.keys.public());
    for device in [&tablet, &evaluator] {
        let told = device.vault.history(&done.record, device.reading(), &public).unwrap();
        assert!(told.len() >= 3, "{}", told.len());
        assert!(told.iter().all(|step| step.proof == Proof::Chained));
    }
}

#[test]
fn what_got_its_place_meanwhile_is_not_replaced() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    let before = unsent(&tablet, &done.record).unwrap();
    let checked = joined(&tablet, &before, &correction(&tablet, &done.record, 18), &[&evaluator]);
    let sent = tablet.send();
    let late = tablet.vault.amend(checked, tablet.reading());
    assert!(matches!(late, Err(VaultError::WrongOrder)));
    assert_eq!(held(&tablet, &done.record), Some(Value::Integer(17)));
    assert!(sent.contains_key(&done.envelope));
    assert!(tablet.vault.envelope(&done.envelope).unwrap().is_some());
}

#[test]
fn together_and_alone_are_the_same_record() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    let alone = tablet.vault.envelope(&done.envelope).unwrap().unwrap();
    let before = unsent(&tablet, &done.record).unwrap();
    let checked = joined(&tablet, &before, &correction(&tablet, &done.record, 18), &[&evaluator]);
    tablet.vault.amend(checked, tablet.reading()).unwrap();
    let together = tablet.send();
    // A copy of the tablet from before sends the first change once more.
    for order in [[&alone, together.values().next().unwrap()], [together.values().next().unwrap(), &alone]] {
        let mut other = Device::new();
        other.keys = DeviceKeys::from_bytes(&evaluator.keys.to_bytes()).unwrap();
        other.receive(order);
        assert_eq!(held(&other, &done.record), Some(Value::Integer(18)));
        let states: Vec<_> =
            together.keys().chain([&done.envelope]).map(|id| other.vault.state(id).unwrap()).collect();
        assert_eq!(states, [Some(State::Applied), Some(State::Applied)]);
    }
}

#[test]
fn what_a_respondent_gave_is_never_joined() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let meta = response(&tablet);
    tablet.give(&meta, &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    let record = nightjar_vault::tag_of(&meta, &IDENTITY);
    assert!(tablet.vault.unsent(&record, &tablet.keys.tag(), 10).unwrap().is_none());
}

#[test]
fn only_a_like_envelope_comes_in_the_place_of_another() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    let before = unsent(&tablet, &done.record).unwrap();
    let written = correction(&tablet, &done.record, 18);
    let key = tablet.vault.own_record_key(&before.header().record).unwrap().unwrap();
    let public = evaluator.keys.public();
    let recipients = [Recipient::Device(&public)];
    let seal = |header: Header, payload: &[u8]| {
        let sealing = Sealing { recipients: Some(&recipients), dictionary: None };
        let change = seal_with(header, payload, &key, sealing, &mut entropy).unwrap();
        Checked::open_after(Some(&before), &written, change, None, key.clone(), tablet.reading()).err()
    };
    let whole = before.with(&written.bytes);
    assert!(seal(before.header().clone(), &whole).is_none());
    let other = Header { scope: nightjar_seal::ScopeTag([9; 16]), ..before.header().clone() };
    assert!(matches!(seal(other, &whole), Some(VaultError::SealedWrong)));
    // Without what was there it would be lost.
    assert!(matches!(seal(before.header().clone(), &written.bytes), Some(VaultError::SealedWrong)));
}

#[test]
fn what_is_large_travels_alone() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let meta = night();
    let written = create(
        &meta,
        &[(cell("note"), Value::Text("a ".repeat(7_000)))],
        &Options::new(),
        &IDENTITY,
        &Hand { role: meta.role.clone(), at: None },
        tablet.actor(meta.record_id(&IDENTITY)),
    )
    .unwrap();
    let (checked, _) = tablet.check(&written, &meta, &[&evaluator], None);
    let done = tablet.vault.amend(checked, tablet.reading()).unwrap();
    assert!(unsent(&tablet, &done.record).is_some());
    let record = tag(&tablet, &done.record);
    assert!(tablet.vault.unsent(&record, &tablet.keys.tag(), 3_000).unwrap().is_none());
}

/// What does not count may come right or not: a correction does not wait for it.
#[test]
fn what_does_not_count_is_not_joined() {
    let (mut tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    let record = tag(&tablet, &done.record);
    assert!(unsent(&tablet, &done.record).is_some());
    // The roster does not know this device any more.
    let me = tablet.keys.tag();
    tablet.roster.0.insert(me);
    tablet.vault.judge_again(&[me], tablet.reading()).unwrap();
    assert!(tablet.vault.unsent(&record, &me, 1_000).unwrap().is_none());
    tablet.roster.0.remove(&me);
    tablet.vault.judge_again(&[me], tablet.reading()).unwrap();
    assert!(tablet.vault.unsent(&record, &me, 1_000).unwrap().is_some());
}

/// What a copy of the tablet sent may be with others, who are not asked for it again if it made way here.
#[test]
fn what_a_copy_gave_a_place_is_not_replaced() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    let before = unsent(&tablet, &done.record).unwrap();
    let checked = joined(&tablet, &before, &correction(&tablet, &done.record, 18), &[&evaluator]);
    let mut of_copy = Chain::new(Strand { device: tablet.keys.tag(), line: Line([7; 8]) }, SCOPE);
    let link = of_copy.next(done.envelope);
    let head = of_copy.sign(&tablet.keys).unwrap();
    tablet.vault.follow(&[link], &head, &tablet.keys.public()).unwrap();
    assert!(unsent(&tablet, &done.record).is_none());
    assert!(matches!(tablet.vault.amend(checked, tablet.reading()), Err(VaultError::WrongOrder)));
    assert!(tablet.vault.envelope(&done.envelope).unwrap().is_some());
}
