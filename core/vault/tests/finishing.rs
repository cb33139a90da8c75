//! Finishing: one transaction from draft to outbox, and nothing of a confidential response stays readable.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use common::*;
use nightjar_form::Value;
use nightjar_record::{Hand, Options, Query, create};
use nightjar_seal::{Envelope, Header, RecordKey, RosterHead, seal};
use nightjar_vault::{Checked, Order, Pending, Readable, State, VaultError};

const CANARY: &str = "BLACKBIRD-7731 sings at four";

#[test]
fn a_ward_record_is_readable_where_it_was_entered() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let done = tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    assert!(tablet.vault.drafts().unwrap().is_empty());
    let batch = tablet.vault.query(&Query::default()).unwrap();
    assert_eq!(batch.rows.len(), 1);
    assert_eq!(batch.rows[0].record, done.record);
    assert_eq!(batch.rows[0].cells[0].settled(), Some(&Value::Integer(17)));
    assert_eq!(batch.rows[0].meta, night());
    assert_eq!(
        batch.rows[0],
        tablet.record(&done.record).row().unwrap(),
        "the projection says what the record says"
    );
    assert!(tablet.vault.own_record_key(&tag(&tablet, &done.envelope)).unwrap().is_some());
    assert_eq!(tablet.vault.outbox().unwrap().unchained, 1);
}

/// Records are named in two crates that do not know each other; the names must agree.
#[test]
fn a_responses_id_is_its_tag_in_the_header() {
    let withdrawal = Some([3; 32]);
    let record = nightjar_record::Origin { withdrawal, creator: [1; 16], random: [2; 16] };
    let sealed = nightjar_seal::Origin {
        withdrawal: withdrawal.map(nightjar_seal::WithdrawalPublic),
        creator: nightjar_seal::DeviceTag([1; 16]),
        salt: [2; 16],
    };
    assert_eq!(nightjar_record::RecordId::of_response(&record).0, sealed.record().0);
}

fn tag(device: &Device, id: &nightjar_seal::EnvelopeId) -> nightjar_seal::RecordTag {
    Envelope::decode(&device.vault.envelope(id).unwrap().unwrap()).unwrap().header().record
}

#[test]
fn of_a_confidential_response_only_a_count_stays() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let mut finished = Vec::new();
    for _ in 0..3 {
        let cells = [(cell("slept"), one("badly")), (cell("better"), Value::Text(CANARY.into()))];
        finished.push(tablet.give(&response(&tablet), &cells, Readable::Elsewhere, &[&evaluator]));
    }
    assert!(tablet.vault.query(&Query::default()).unwrap().rows.is_empty());
    let counts = tablet.vault.counts().unwrap();
    assert_eq!(counts.len(), 1);
    assert_eq!((counts[0].role.as_str(), counts[0].records), ("patient", 3));
    let error = tablet.vault.record(&finished[0].record, tablet.reading()).unwrap_err();
    assert!(matches!(error, VaultError::NoRecord), "{error:?}");
    // With the database key in hand, every page and log frame is searched.
    let pages = decrypted(&tablet.home.path, [1; 32]);
    assert!(holds(&pages, b"patient"), "the scan is not blind");
    for secret in [CANARY.as_bytes(), b"BLACKBIRD", b"badly", b"an entry"] {
        assert!(!holds(&pages, secret));
    }
    for (path, bytes) in files(&tablet.home.path) {
        assert!(!holds(&bytes, b"BLACKBIRD"), "{}", path.display());
    }
    // Only the evaluator reads them.
    let sent = tablet.send();
    evaluator.receive(sent.values());
    assert_eq!(evaluator.vault.query(&Query::default()).unwrap().rows.len(), 3);
    assert!(holds(&evaluator_text(&evaluator), CANARY.as_bytes()));
}

fn evaluator_text(device: &Device) -> Vec<u8> {
    let rows = device.vault.query(&Query::default()).unwrap().rows;
    let held = rows.iter().flat_map(|r| &r.cells).flat_map(|c| &c.held);
    held.map(|h| h.value.to_text()).collect::<Vec<_>>().join("\n").into_bytes()
}

#[test]
fn a_full_disk_leaves_the_draft_as_it_was() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let draft = tablet.vault.begin(&draft_meta()).unwrap();
    tablet.vault.append(&draft, b"one").unwrap();
    tablet.vault.limit_pages(1).unwrap();
    let meta = night();
    let cells: Vec<_> = (0..10).map(|n| (cell(&format!("note{n}")), Value::Text(noise(n, 1_000)))).collect();
    let hand = Hand { role: "nurse".into(), at: None };
    let written = create(&meta, &cells, &Options::new(), &IDENTITY, &hand, actor()).unwrap();
    for readable in [Readable::Here, Readable::Elsewhere] {
        let (checked, id) = tablet.check(&written, &meta, &[&evaluator], None);
        let error = tablet.vault.finish(&draft, checked, readable, tablet.reading()).unwrap_err();
        assert!(matches!(error, VaultError::StorageFull), "{error:?}");
        assert_eq!(tablet.vault.draft(&draft).unwrap().1.len(), 1);
        assert_eq!(tablet.vault.outbox().unwrap().waiting, 0);
        assert_eq!(tablet.vault.state(&id).unwrap(), None);
        assert!(tablet.vault.counts().unwrap().is_empty());
    }
    tablet.vault.limit_pages(10_000).unwrap();
    let (checked, _) = tablet.check(&written, &meta, &[&evaluator], None);
    tablet.vault.finish(&draft, checked, Readable::Elsewhere, tablet.reading()).unwrap();
    assert!(tablet.vault.drafts().unwrap().is_empty());
}

/// Text that does not compress, so that what is sealed is long.
fn noise(seed: u8, hashes: u16) -> String {
    let hash = |n: u16| blake3::hash(&[&[seed][..], &n.to_le_bytes()].concat()).to_hex()[..8].to_owned();
    (0..hashes).map(hash).collect()
}

fn actor() -> nightjar_record::Actor {
    nightjar_record::Actor([9; 16])
}

/// What does not open to what was written is never finished: the draft stays.
#[test]
fn what_was_sealed_wrongly_cannot_be_finished() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let hand = Hand { role: "nurse".into(), at: None };
    let meta = night();
    let write = |n, actor| {
        let cells = [(cell("beds"), Value::Integer(n))];
        create(&meta, &cells, &Options::new(), &IDENTITY, &hand, nightjar_record::Actor([actor; 16])).unwrap()
    };
    let (right, wrong) = (write(17, 1), write(18, 2));
    let seal_as = |bytes: &[u8], tag, key: &RecordKey| {
        let header = Header::change(STUDY, SCOPE, tag, tablet.keys.tag(), RosterHead([0; 32]), key);
        seal(header, bytes, key, &mut |b: &mut [u8]| getrandom::fill(b).unwrap()).unwrap()
    };
    let fresh = || RecordKey::generate(&mut |b: &mut [u8]| getrandom::fill(b).unwrap());
    let tag = nightjar_vault::tag_of(&meta, &IDENTITY);
    let open = |change, key| Checked::open(&right, change, None, key, tablet.reading()).map(|_| ());

    let key = fresh();
    let error = open(seal_as(&wrong.bytes, tag, &key), key).unwrap_err();
    assert!(matches!(error, VaultError::SealedWrong), "{error:?}");
    let (key, other) = (fresh(), fresh());
    assert!(matches!(open(seal_as(&right.bytes, tag, &key), other), Err(VaultError::Seal(_))));
    let key = fresh();
    let elsewhere = nightjar_seal::RecordTag([0; 16]);
    assert!(matches!(open(seal_as(&right.bytes, elsewhere, &key), key), Err(VaultError::Record(_))));
    let key = fresh();
    open(seal_as(&right.bytes, tag, &key), key).unwrap();
    drop(evaluator);
}

#[test]
fn a_device_outside_the_roster_keeps_its_draft() {
    let (mut tablet, evaluator) = (Device::new(), Device::new());
    tablet.roster.0.insert(tablet.keys.tag());
    let draft = tablet.vault.begin(&draft_meta()).unwrap();
    let hand = Hand { role: "nurse".into(), at: None };
    let cells = [(cell("beds"), Value::Integer(1))];
    let written = create(&night(), &cells, &Options::new(), &IDENTITY, &hand, actor()).unwrap();
    let (checked, _) = tablet.check(&written, &night(), &[&evaluator], None);
    assert!(tablet.vault.finish(&draft, checked, Readable::Here, tablet.reading()).is_err());
    assert_eq!(tablet.vault.drafts().unwrap().len(), 1);
    assert_eq!(tablet.vault.outbox().unwrap().waiting, 0);
}

#[test]
fn places_in_the_chain_are_given_at_the_next_sync_in_the_order_drawn() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    for _ in 0..8 {
        tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    }
    assert!(tablet.vault.strand(&tablet.keys.tag()).unwrap().is_none(), "nothing has a place yet");
    let mut order = tablet.vault.unchained(&SCOPE).unwrap();
    assert_eq!(order.len(), 8);
    let short = tablet.vault.chain_outbox(&SCOPE, &tablet.keys, Order::Drawn(&order[1..]));
    assert!(matches!(short, Err(VaultError::WrongOrder)));
    order.rotate_left(3);
    let head = tablet.vault.chain_outbox(&SCOPE, &tablet.keys, Order::Drawn(&order)).unwrap().unwrap();
    head.verify(&tablet.keys.public()).unwrap();
    assert_eq!(head.seq, 8);
    let pending = tablet.vault.pending(&SCOPE, None, usize::MAX).unwrap();
    assert_eq!(pending.iter().map(|p| p.id).collect::<Vec<_>>(), order);
    assert_eq!(tablet.vault.pending(&SCOPE, None, 1).unwrap().len(), 1);

    tablet.vault.acknowledge(&order[..6]).unwrap();
    tablet.vault.refuse(&order[6], "quota").unwrap();
    let outbox = tablet.vault.outbox().unwrap();
    assert_eq!((outbox.waiting, outbox.acknowledged), (1, 6));
    assert_eq!(outbox.refused, [(order[6], "quota".to_owned())]);
    assert_eq!(tablet.vault.pending(&SCOPE, None, usize::MAX).unwrap().len(), 1);
    assert_eq!(tablet.vault.offer_again(&SCOPE).unwrap(), 7);
    assert_eq!(tablet.vault.pending(&SCOPE, None, usize::MAX).unwrap().len(), 8);
    assert!(matches!(tablet.vault.state(&order[0]).unwrap(), Some(State::Kept)));
}

#[test]
fn what_is_placed_by_its_number_stays_where_it_is_in_an_order_that_tells_nothing() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    let vault = &tablet.vault;
    let mut given = Vec::new();
    let give = |many: usize| {
        let before: std::collections::BTreeSet<_> = vault.unchained(&SCOPE).unwrap().into_iter().collect();
        let mut known = before;
        let mut order = Vec::new();
        for _ in 0..many {
            tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Here, &[&evaluator]);
            let now = vault.unchained(&SCOPE).unwrap();
            let new = now.into_iter().find(|id| known.insert(*id)).unwrap();
            order.push(new);
        }
        order
    };
    let place = || {
        let head = vault.chain_outbox(&SCOPE, &tablet.keys, Order::Numbered).unwrap().unwrap();
        head.verify(&tablet.keys.public()).unwrap();
        let pending = vault.pending(&SCOPE, None, usize::MAX).unwrap();
        assert!(
            pending.iter().map(|one| one.seq).eq(1..=pending.len() as u64),
            "read in the order of the chain"
        );
        let rest = vault.pending(&SCOPE, Some((pending[6].line, pending[6].seq)), usize::MAX).unwrap();
        let ids = |of: &[Pending]| of.iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(ids(&rest), ids(&pending[7..]), "what follows a place");
        pending.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        let new = give(40);
        let earlier = given.len();
        given = place();
        assert_eq!(given.len(), earlier + 40);
        assert!(given[earlier..].iter().all(|id| new.contains(id)), "after all that have a place");
        assert_ne!(given[earlier..], new[..], "not as they were finished");
        assert_ne!(given[earlier..].iter().rev().collect::<Vec<_>>(), new.iter().collect::<Vec<_>>());
    }
    // What loses its place with its line is mixed with what comes later.
    vault.begin_line().unwrap();
    let new = give(40);
    let mixed = place();
    assert_eq!(mixed.len(), 160);
    let late = mixed.iter().position(|id| new.contains(id)).unwrap();
    assert!(late < 120, "{late} of the earlier come first");
    assert!(vault.verify(tablet.reading()).unwrap().astray.is_empty());
}
