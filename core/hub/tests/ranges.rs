//! Promise: what a device and a real hub hold is compared at a cost that follows what differs, by members and within bounds.

mod ward;

use std::collections::BTreeSet;

use nightjar_hub::{Config, Limits, Rate, backup, restore};
use nightjar_seal::EnvelopeId;
use nightjar_sync::{Event, Failure, bounds};
use ward::{Device, Running, Study};

/// What a sync cost and did: bytes both ways, envelopes sent, envelopes received, what comparing said.
struct Cost {
    bytes: u64,
    sent: usize,
    received: usize,
    lacking: Option<(BTreeSet<EnvelopeId>, u64)>,
}

async fn sync(device: &mut Device, hub: &Running) -> Cost {
    let transport = hub.transport();
    device.events.clear();
    device.outcomes.clear();
    device.received.clear();
    device.sync(&transport).await.expect("syncs");
    let traffic = transport.traffic();
    let lacking = device.events.iter().find_map(|event| match event {
        Event::Compared { lacking_there, lacking_here, .. } => Some((lacking_there.clone(), *lacking_here)),
        _ => None,
    });
    let (sent, received) = (device.outcomes.len(), device.received.len());
    Cost { bytes: traffic.sent + traffic.received, sent, received, lacking }
}

/// As long as what people say, and no more alike.
fn said(n: u32) -> [u8; 400] {
    let mut said = [0; 400];
    blake3::Hasher::new().update(&n.to_le_bytes()).finalize_xof().fill(&mut said);
    said
}

/// Places of a device that a hub lacks, to be offered again with the links between them.
fn offer(device: &mut Device, all: &[(nightjar_seal::Link, Option<Vec<u8>>)], from: usize) {
    device.open = all[from..].to_vec();
}

#[tokio::test]
async fn of_two_thousand_envelopes_a_restored_hub_is_offered_the_thirty_that_it_lacks() {
    let data = tempfile::tempdir().expect("a folder");
    let copy = data.path().join("copy");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "responses");
    tablet.pull = false;
    let mut evaluator = Device::new(&study.evaluator, &study, "responses");
    let mut all = Vec::new();
    for n in 0..1_970_u32 {
        tablet.collect(&said(n));
    }
    all.extend(tablet.open.clone());
    sync(&mut tablet, &hub).await;
    sync(&mut evaluator, &hub).await;
    backup(data.path(), &copy).expect("copied");
    for n in 1_970..2_000_u32 {
        tablet.collect(&said(n));
    }
    all.extend(tablet.open.clone());
    let (last, before) = (sync(&mut tablet, &hub).await, tablet.memory.clone());
    assert_eq!(last.sent, 30);
    sync(&mut evaluator, &hub).await;
    hub.stop().await;
    restore(data.path(), &copy).expect("put back");
    let hub = Running::start(data.path()).await;

    // All that it ever sent is compared, and what the hub lacks is offered.
    tablet.held = Some(all.iter().map(|(link, _)| link.envelope).collect());
    offer(&mut tablet, &all, 1_970);
    let exactly = sync(&mut tablet, &hub).await;
    let missing: BTreeSet<_> = all[1_970..].iter().map(|(link, _)| link.envelope).collect();
    assert_eq!(exactly.lacking, Some((missing, 0)));
    assert_eq!(exactly.sent, 30);
    assert!(tablet.outcomes.iter().all(|judged| judged.outcome == nightjar_sync::wire::Outcome::Stored));
    // The evaluator has all of it, and pulls nothing again.
    evaluator.held = tablet.held.clone();
    let knows = sync(&mut evaluator, &hub).await;
    assert_eq!((knows.lacking, knows.received), (Some((BTreeSet::new(), 0)), 0));
    hub.stop().await;

    // The same without comparing.
    restore(data.path(), &copy).expect("put back");
    let hub = Running::start(data.path()).await;
    let mut without = Device::new(&study.tablets[0], &study, "responses");
    (without.pull, without.memory, without.chain) = (false, before, tablet.chain);
    offer(&mut without, &all, 0);
    let everything = sync(&mut without, &hub).await;
    assert_eq!((everything.sent, everything.lacking), (2_000, None));
    assert!(exactly.bytes * 20 < everything.bytes, "{} bytes against {}", exactly.bytes, everything.bytes);
    println!("offered what was missing: {} bytes; everything: {} bytes", exactly.bytes, everything.bytes);
    println!("an evaluator that has everything: {} bytes", knows.bytes);
    hub.stop().await;
}

#[tokio::test]
async fn tablets_compare_their_own_responses_and_all_of_the_ward() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    for scope in ["ward", "responses"] {
        let mut one = Device::new(&study.tablets[0], &study, scope);
        let mut other = Device::new(&study.tablets[1], &study, scope);
        let pulls = scope == "ward";
        (one.pull, other.pull) = (pulls, pulls);
        let mine: Vec<_> = (0..50_u8).map(|n| one.collect(&[n])).collect();
        let theirs: Vec<_> = (0..40_u8).map(|n| other.collect(&[n])).collect();
        sync(&mut one, &hub).await;
        sync(&mut other, &hub).await;
        sync(&mut one, &hub).await;
        // It believes that it sent one that it never sent, and knows nothing of the others' last ones.
        let never = EnvelopeId([9; 32]);
        let known = if pulls { &theirs[..38] } else { &[] };
        let mine = mine.iter().chain(known).copied().chain([never]);
        (one.held, one.compare) = (Some(mine.collect()), true);
        let compared = sync(&mut one, &hub).await;
        let here = if pulls { 2 } else { 0 };
        assert_eq!(compared.lacking, Some((BTreeSet::from([never]), here)));
        assert_eq!(compared.received, here as usize, "from the first that is lacking: {scope}");
        assert!(theirs.iter().all(|id| pulls || !one.received.contains_key(id)));
    }
    hub.stop().await;
}

#[tokio::test]
async fn who_compares_without_end_is_told_to_wait_and_stops_nobody_else() {
    let data = tempfile::tempdir().expect("a folder");
    let limits = Limits { ranges_rate: Rate { burst: 2.0, per_second: 0.001 }, ..Limits::default() };
    let hub = Running::start_with(Config { limits, ..Config::new(data.path()) }).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut one = Device::new(&study.tablets[0], &study, "ward");
    let only = one.collect(b"x");
    sync(&mut one, &hub).await;
    (one.compare, one.held) = (true, Some(vec![only]));
    for _ in 0..2 {
        sync(&mut one, &hub).await;
    }
    let third = one.sync(&hub.transport()).await;
    assert!(matches!(&third, Err(Failure::Refused(why)) if why.reason == nightjar_sync::wire::Reason::Busy));
    one.compare = false;
    one.sync(&hub.transport()).await.expect("everything else goes on");
    let mut other = Device::new(&study.tablets[1], &study, "ward");
    sync(&mut other, &hub).await;
    (other.compare, other.held) = (true, Some(Vec::new()));
    assert_eq!(sync(&mut other, &hub).await.lacking, Some((BTreeSet::new(), 1)));
    hub.stop().await;
    assert!(
        bounds::RANGES_ROUNDS * 2 + 2 <= Limits::default().ranges_rate.burst as usize,
        "an honest device has room"
    );
}
