//! After finishing only the receipt that a response commits to changes it, whatever device carries the change.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use nightjar_record::{Actor, Hand, Identity, Nature, Options, Origin, Query};
use nightjar_seal::{
    Envelope, Header, Receipt, Recipient, RecordKey, RosterHead, Sealing, Signature, seal_with,
};
use nightjar_vault::{State, tag_of};

fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

/// What a device reads in one cell of its only record.
fn reads(device: &Device, name: &str) -> Vec<nightjar_form::Value> {
    let rows = device.vault.query(&Query::default()).unwrap().rows;
    let found = rows[0].cells.iter().find(|held| held.key == cell(name)).unwrap();
    found.values().into_iter().cloned().collect()
}

#[test]
fn only_the_receipt_that_a_response_commits_to_changes_it() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let (receipt, other) = (Receipt::generate(&mut entropy), Receipt::generate(&mut entropy));
    let origin = receipt.origin(tablet.keys.tag());
    let given = Origin {
        withdrawal: origin.withdrawal.map(|key| key.0),
        creator: origin.creator.0,
        random: origin.salt,
    };
    let meta = meta("patient-core", Nature::Response, Identity::Given(given));
    let tag = tag_of(&meta, &IDENTITY);
    assert_eq!(tag, origin.record(), "the words and the device alone find it again");
    // Its first header says where it comes from.
    let written = tablet.written(&meta, &[(cell("slept"), one("badly"))]);
    let sealed = |written: &nightjar_record::Written, change: &dyn Fn(&mut Header)| -> Envelope {
        let key = RecordKey::generate(&mut entropy);
        let mut header = Header::change(STUDY, SCOPE, tag, tablet.keys.tag(), RosterHead([0; 32]), &key);
        change(&mut header);
        let (public, reading) = (evaluator.keys.public(), receipt.reading());
        let recipients = [Recipient::Device(&public), Recipient::Receipt(&reading)];
        let sealing = Sealing { recipients: Some(&recipients), dictionary: None };
        seal_with(header, &written.bytes, &key, sealing, &mut entropy).unwrap()
    };
    let first = sealed(&written, &|header| header.origin = Some(origin.clone()));
    evaluator.receive([&first.encode()]);
    assert_eq!(reads(&evaluator, "slept"), [one("badly")]);

    let record = evaluator.record(&written.record);
    let hand = Hand { role: "patient".into(), at: None };
    let fresh = |n: u8| Actor::fresh(&tablet.keys.tag().0, written.record, [n; 16]);
    let correct =
        |n| record.correct(&[(cell("slept"), one("well"))], &Options::new(), &hand, fresh(n)).unwrap();
    let corrected = correct(1);
    let proof = |receipt: &Receipt, bytes: &[u8]| receipt.sign_correction(&STUDY, &tag, bytes);
    let forged: [Option<Signature>; 3] =
        [None, Some(proof(&other, &corrected.bytes)), Some(proof(&receipt, &correct(2).bytes))];
    for forged in forged {
        let envelope = sealed(&corrected, &|header| header.proof = forged);
        let done = evaluator.receive([&envelope.encode()]);
        assert_eq!(done.set_aside.len(), 1, "nobody else changes it");
        assert_eq!(reads(&evaluator, "slept"), [one("badly")]);
    }
    let signed = sealed(&corrected, &|header| header.proof = Some(proof(&receipt, &corrected.bytes)));
    assert!(evaluator.receive([&signed.encode()]).set_aside.is_empty());
    assert_eq!(reads(&evaluator, "slept"), [one("well")]);
    let state = evaluator.vault.state(&signed.id()).unwrap();
    assert_eq!(state, Some(State::Applied));
    assert!(evaluator.vault.verify(evaluator.reading()).unwrap().astray.is_empty());
}
