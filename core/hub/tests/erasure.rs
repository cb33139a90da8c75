//! Promise: what a receipt takes out leaves the hub, whatever came first, and nothing else takes anything out.

mod ward;

use nightjar_seal::{Envelope, Header, Kind, Origin, Receipt, RecordKey, RecordTag, Withdrawal, seal};
use nightjar_sync::Event;
use nightjar_sync::wire::{Objection, Outcome};
use ward::{Device, Running, Study, entropy};

/// A response that commits to a receipt, as its device seals it.
fn response(device: &Device, receipt: &Receipt, payload: &[u8]) -> Envelope {
    let key = RecordKey::generate(&mut entropy());
    let origin: Origin = receipt.origin(device.tag());
    let (study, head) = (device.roster.study(), device.roster.head());
    let mut header = Header::change(study, device.scope, origin.record(), device.tag(), head, &key);
    header.origin = Some(origin);
    seal(header, payload, &key, &mut entropy()).expect("it seals")
}

fn withdrawal(device: &Device, receipt: &Receipt) -> Envelope {
    let study = device.roster.study();
    let marker = Withdrawal::new(receipt, study, receipt.origin(device.tag())).expect("its receipt");
    marker.envelope(device.scope, device.tag(), device.roster.head()).expect("it is sealed")
}

fn place(device: &mut Device, envelope: &Envelope) {
    let link = device.chain.next(envelope.id());
    device.open.push((link, Some(envelope.encode())));
}

/// In which files of a folder bytes lie, and where.
fn lies(folder: &std::path::Path, bytes: &[u8]) -> Vec<(String, usize)> {
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let place = |file: std::fs::DirEntry| {
        let held = std::fs::read(file.path()).expect("a file");
        let place = held.windows(bytes.len()).position(|window| window == bytes)?;
        Some((file.file_name().to_string_lossy().into_owned(), place))
    };
    files.filter_map(place).collect()
}

#[tokio::test]
async fn a_withdrawal_overwrites_what_came_before_and_keeps_nothing_of_what_comes_after() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "responses");
    tablet.pull = false;
    let (receipt, other) = (Receipt::generate(&mut entropy()), Receipt::generate(&mut entropy()));
    let (first, kept) = (response(&tablet, &receipt, &[1; 900]), response(&tablet, &other, &[2; 900]));
    // The end of what is sealed: random bytes that lie nowhere else.
    let whole = first.encode();
    let sealed = whole[whole.len() - 40..].to_vec();
    for envelope in [&first, &kept] {
        place(&mut tablet, envelope);
    }
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert!(!lies(data.path(), &sealed).is_empty(), "what is looked for can be found");

    let (marker, late) = (withdrawal(&tablet, &receipt), response(&tablet, &receipt, &[3; 900]));
    for envelope in [&marker, &late] {
        place(&mut tablet, envelope);
    }
    tablet.sync(&hub.transport()).await.expect("the tablet syncs");
    assert_eq!(tablet.stored(), 4, "all have their place, so that chains add up");
    assert_eq!(lies(data.path(), &sealed), [], "nothing of it lies in any file, the log included");

    let mut evaluator = Device::new(&study.evaluator, &study, "responses");
    evaluator.sync(&hub.transport()).await.expect("the evaluator syncs");
    let erased = evaluator.events.iter().filter_map(|event| match event {
        Event::Erased { stub, .. } => Some(stub.id()),
        _ => None,
    });
    let erased: Vec<_> = erased.collect();
    assert_eq!(erased, [first.id(), late.id()]);
    let received: Vec<_> = evaluator.received.keys().copied().collect();
    let mut expected = [kept.id(), marker.id()];
    expected.sort();
    assert_eq!(received, expected);
    assert_eq!(evaluator.memory.chains[&ward::strand(&tablet.tag())].seq, 4, "4 of 4");

    // What is recalled by name is no more than that.
    let (tag, scope) = (first.header().record, tablet.scope);
    let study_tag = study.roster.study();
    let request = nightjar_sync::recall(study_tag, scope, vec![tag]).expect("one");
    let answer = hub.transport().send(&request, &tablet.keys, &mut entropy()).await.expect("an answer");
    let recalled = nightjar_sync::recalled(study_tag, scope, &[tag], &answer).expect("it fits");
    assert_eq!(
        recalled.iter().map(|envelope| envelope.header().kind).collect::<Vec<_>>(),
        [Kind::Withdrawal]
    );
    let request = nightjar_sync::recall(study_tag, scope, vec![RecordTag([0; 16])]).expect("one");
    let answer = hub.transport().send(&request, &tablet.keys, &mut entropy()).await.expect("an answer");
    assert_eq!(nightjar_sync::recalled(study_tag, scope, &[RecordTag([0; 16])], &answer).expect("none"), []);
    hub.stop().await;
}

#[tokio::test]
async fn only_the_receipt_of_a_response_takes_it_out() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut victim = Device::new(&study.tablets[0], &study, "responses");
    let mut attacker = Device::new(&study.tablets[1], &study, "responses");
    (victim.pull, attacker.pull) = (false, false);
    let (receipt, own) = (Receipt::generate(&mut entropy()), Receipt::generate(&mut entropy()));
    let target = response(&victim, &receipt, &[1; 900]);
    place(&mut victim, &target);
    victim.sync(&hub.transport()).await.expect("the tablet syncs");

    // A marker signed by another receipt, put under the header of the target.
    let foreign = withdrawal(&attacker, &own).into_parts();
    let mut parts = foreign.clone();
    parts.header.record = target.header().record;
    let forged = Envelope::of(parts).expect("it can be written");
    // And one whose body is nothing at all.
    let mut parts = foreign;
    parts.header.record = target.header().record;
    parts.body = vec![0; 200];
    let nonsense = Envelope::of(parts).expect("it can be written");
    for envelope in [&forged, &nonsense] {
        place(&mut attacker, envelope);
    }
    attacker.sync(&hub.transport()).await.expect("the attacker is heard");
    let outcomes: Vec<_> = attacker.outcomes.iter().map(|judged| judged.outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused(Objection::Malformed); 2]);
    let mut evaluator = Device::new(&study.evaluator, &study, "responses");
    evaluator.sync(&hub.transport()).await.expect("the evaluator syncs");
    assert!(evaluator.received.contains_key(&target.id()));
    hub.stop().await;
}

/// Whoever has seen a withdrawal has it for ever; it takes out what it was signed for, and nothing else, and no second time.
#[tokio::test]
async fn a_withdrawal_that_is_replayed_or_of_another_study_takes_nothing_else_out() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut victim = Device::new(&study.tablets[0], &study, "responses");
    let mut attacker = Device::new(&study.tablets[1], &study, "responses");
    (victim.pull, attacker.pull) = (false, false);
    let (receipt, other) = (Receipt::generate(&mut entropy()), Receipt::generate(&mut entropy()));
    let (out, kept) = (response(&victim, &receipt, &[1; 900]), response(&victim, &other, &[2; 900]));
    let marker = withdrawal(&victim, &receipt);
    for envelope in [&out, &kept, &marker] {
        place(&mut victim, envelope);
    }
    victim.sync(&hub.transport()).await.expect("the tablet syncs");

    // The same marker by another device; under the header of another record; of that record as another device or study would have it.
    let elsewhere = nightjar_seal::StudyTag([9; 16]);
    let (study_tag, head) = (study.roster.study(), study.roster.head());
    let carried = |record: RecordTag, study: nightjar_seal::StudyTag, body: Vec<u8>| {
        let mut parts = withdrawal(&attacker, &Receipt::generate(&mut entropy())).into_parts();
        (parts.header.record, parts.header.study, parts.body) = (record, study, body);
        Envelope::of(parts).expect("it can be written")
    };
    let again = Withdrawal::new(&receipt, study_tag, receipt.origin(victim.tag())).expect("its receipt");
    let (of_out, of_kept) = (out.header().record, kept.header().record);
    let there = Withdrawal::new(&other, elsewhere, other.origin(victim.tag())).expect("its receipt");
    let by_another = Withdrawal::new(&other, study_tag, other.origin(attacker.tag())).expect("its receipt");
    let replayed = again.envelope(attacker.scope, attacker.tag(), head).expect("it is sealed");
    let forged = [
        carried(of_kept, study_tag, again.encode()),
        carried(of_kept, study_tag, there.encode()),
        carried(of_kept, elsewhere, there.encode()),
        carried(of_kept, study_tag, by_another.encode()),
        carried(of_out, study_tag, by_another.encode()),
    ];
    for envelope in std::iter::once(&replayed).chain(&forged) {
        place(&mut attacker, envelope);
    }
    attacker.sync(&hub.transport()).await.expect("the attacker is heard");
    let outcomes: Vec<_> = attacker.outcomes.iter().map(|judged| judged.outcome).collect();
    let (malformed, foreign) = (Outcome::Refused(Objection::Malformed), Outcome::Refused(Objection::Foreign));
    assert_eq!(outcomes, [Outcome::Stored, malformed, malformed, foreign, malformed, malformed]);
    let mut evaluator = Device::new(&study.evaluator, &study, "responses");
    evaluator.sync(&hub.transport()).await.expect("the evaluator syncs");
    assert!(evaluator.received.contains_key(&kept.id()), "what it was not signed for is there");
    let erased = evaluator.events.iter().filter(|event| matches!(event, Event::Erased { .. })).count();
    assert_eq!((evaluator.received.len(), erased), (3, 1), "two that say so, and one that was kept");
    hub.stop().await;
}
