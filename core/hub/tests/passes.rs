//! Promise: a hub takes a steward's pass that counts and comes in time, by its own clock, and no other; what it took is there after a
//! restart.

mod ward;

use nightjar_seal::{Act, DeviceKeys, LetIn, Membership, Pass, PassStanding, Roster, Terms};
use nightjar_sync::wire::{self, Message, Reason};
use nightjar_sync::{Event, Request};
use ward::{Device, Running, Study, entropy, reason};

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("a clock after 1970").as_secs()
}

/// A study whose first tablet is a steward for so many devices, founded at the hub.
async fn study(hub: &Running, devices: u32) -> Study {
    let mut study = Study::new();
    let until = now() + 100_000;
    let terms = Terms { devices, evaluators: false, wards: Vec::new(), scopes: Vec::new(), until };
    let act = Act::Delegate { steward: study.tablets[0].tag(), terms: Some(terms) };
    study.roster.append(act, &study.root).expect("a steward");
    study.found_at(hub).await;
    study
}

fn pass(study: &Study, number: u32, until: u64, device: &DeviceKeys, steward: &DeviceKeys) -> Pass {
    let (device, label, membership) = (device.public(), "new".to_owned(), Membership::Tablet);
    let let_in = LetIn { device, label, membership, grants: Vec::new(), epochs: Vec::new() };
    Pass::sign(study.roster.study(), number, until, let_in, steward).expect("it signs")
}

async fn bring(hub: &Running, study: &Study, pass: &Pass) -> Option<Reason> {
    let request = nightjar_sync::bring(study.roster.study(), pass);
    let stranger = DeviceKeys::generate(&mut entropy());
    reason(&hub.transport().send(&request, &stranger, &mut entropy()).await.expect("an answer"))
}

/// The roster as a device gets it that asks as `keys`.
async fn roster(hub: &Running, study: &Study, keys: &DeviceKeys) -> Result<Roster, Reason> {
    let request = nightjar_sync::fetch_roster(study.roster.study(), 0);
    let response = hub.transport().send(&request, keys, &mut entropy()).await.expect("an answer");
    if let Some(reason) = reason(&response) {
        return Err(reason);
    }
    let (entries, passes, all) = nightjar_sync::fetched_roster(&response).expect("the roster");
    assert_eq!(entries.len() as u64, all);
    let log: Vec<_> = entries.iter().map(nightjar_seal::Entry::encode).collect();
    let mut roster = Roster::read(log.iter().map(Vec::as_slice)).expect("it verifies");
    passes.into_iter().for_each(|pass| drop(roster.take(pass)));
    Ok(roster)
}

#[tokio::test]
async fn a_device_is_in_once_its_pass_is_at_the_hub_after_a_restart_too() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = study(&hub, 2).await;
    let (one, other) = (DeviceKeys::generate(&mut entropy()), DeviceKeys::generate(&mut entropy()));
    assert_eq!(roster(&hub, &study, &one).await.map(|_| ()), Err(Reason::UnknownDevice));
    let given = pass(&study, 1, now() + 60, &one, &study.tablets[0]);
    assert_eq!(bring(&hub, &study, &given).await, None);
    assert_eq!(bring(&hub, &study, &given).await, None, "again is harmless");
    let seen = roster(&hub, &study, &one).await.expect("it is in");
    assert!(seen.member(&one.tag()).is_some_and(|member| member.since.is_none()));
    hub.stop().await;
    let hub = Running::start(data.path()).await;
    assert_eq!(roster(&hub, &study, &one).await.expect("still in").members(), seen.members());
    // Two at once, neither is lost.
    let second = pass(&study, 2, now() + 60, &other, &study.tablets[0]);
    let (a, b) = tokio::join!(bring(&hub, &study, &second), bring(&hub, &study, &given));
    assert_eq!((a, b), (None, None));

    // The founder gives one of them its place: it waits no more, the other does.
    let mut grown = study.roster.clone();
    let act = Act::Enter { at: now(), passes: vec![given.clone()] };
    let entry = grown.append(act, &study.root).expect("a steward's").clone();
    let request = nightjar_sync::append(&grown, &entry);
    let response = hub.transport().send(&request, &one, &mut entropy()).await.expect("an answer");
    assert_eq!(reason(&response), None);
    hub.stop().await;
    let hub = Running::start(data.path()).await;
    let seen = roster(&hub, &study, &other).await.expect("in by its pass");
    assert_eq!(seen.passes().map(Pass::id).collect::<Vec<_>>(), [second.id()]);
    assert!(seen.member(&one.tag()).is_some_and(|member| member.since.is_some()));
    assert_eq!(bring(&hub, &study, &given).await, None, "it is in, and nothing waits for it");
    hub.stop().await;
}

#[tokio::test]
async fn a_pass_that_the_hub_refused_is_brought_once_and_is_no_news_from_then_on() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = study(&hub, 2).await;
    let mut holder = Device::new(&study.tablets[1], &study, "ward");
    holder.collect(b"x");
    holder.sync(&hub.transport()).await.expect("syncs");
    // It counts here, and comes too late for the hub.
    let late = pass(&study, 1, now() - 60, &DeviceKeys::generate(&mut entropy()), &study.tablets[0]);
    assert_eq!(holder.roster.take(late.clone()), Ok(PassStanding::Counts));
    let requests = async |holder: &mut Device| {
        let transport = hub.transport();
        holder.events.clear();
        holder.sync(&transport).await.expect("syncs");
        transport.traffic().requests
    };
    assert!(requests(&mut holder).await > 1);
    assert!(
        matches!(&holder.events[..], [Event::PassRefused { pass, expired: true, .. }] if *pass == late.id())
    );
    holder.refused.insert(late.id());
    assert_eq!(requests(&mut holder).await, 1);
    assert!(holder.events.is_empty());
    // Another one is news, and is brought.
    let good = pass(&study, 2, now() + 60, &DeviceKeys::generate(&mut entropy()), &study.tablets[0]);
    assert_eq!(holder.roster.take(good), Ok(PassStanding::Counts));
    assert_eq!(requests(&mut holder).await, 2);
    assert_eq!(requests(&mut holder).await, 1);
    hub.stop().await;
}

#[tokio::test]
async fn what_lets_nobody_in_is_refused_with_its_reason() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let mut study = study(&hub, 1).await;
    let keys: Vec<_> = (0..3).map(|_| DeviceKeys::generate(&mut entropy())).collect();
    let steward = &study.tablets[0];
    // By nobody's leave, by a member who is no steward, too late, for longer than the steward is one.
    let by_stranger = pass(&study, 1, now() + 60, &keys[0], &keys[1]);
    let by_member = pass(&study, 1, now() + 60, &keys[0], &study.tablets[1]);
    let late = pass(&study, 1, now() - 60, &keys[0], steward);
    let long = pass(&study, 1, now() + 200_000, &keys[0], steward);
    for (pass, why) in [
        (&by_stranger, Reason::Denied),
        (&by_member, Reason::Denied),
        (&late, Reason::Expired),
        (&long, Reason::Denied),
    ] {
        assert_eq!(bring(&hub, &study, pass).await, Some(why));
    }
    // Altered anywhere, and what is no pass.
    let good = pass(&study, 1, now() + 60, &keys[0], steward);
    let path = wire::pass_path(study.roster.study());
    for at in (0..good.encode().len()).step_by(3) {
        let mut bytes = good.encode();
        bytes[at] ^= 1;
        let request = Request { path: path.clone(), body: wire::Pass(bytes).encode(), signed: false };
        let response = hub.transport().send(&request, &keys[0], &mut entropy()).await.expect("an answer");
        assert!(reason(&response).is_some(), "byte {at}");
    }
    assert_eq!(roster(&hub, &study, &keys[0]).await.map(|_| ()), Err(Reason::UnknownDevice));
    // One more than the steward may: who came first stays.
    assert_eq!(bring(&hub, &study, &good).await, None);
    for number in [1, 2] {
        let more = pass(&study, number, now() + 60, &keys[1], steward);
        assert_eq!(bring(&hub, &study, &more).await, Some(Reason::Denied));
    }
    assert!(roster(&hub, &study, &keys[0]).await.is_ok());
    assert_eq!(roster(&hub, &study, &keys[1]).await.map(|_| ()), Err(Reason::UnknownDevice));
    // The steward ends: what was not entered goes with them.
    let act = Act::Delegate { steward: steward.tag(), terms: None };
    let entry = study.roster.append(act, &study.root).expect("it ends").clone();
    let request = nightjar_sync::append(&study.roster, &entry);
    hub.transport().send(&request, &keys[0], &mut entropy()).await.expect("an answer");
    assert_eq!(roster(&hub, &study, &keys[0]).await.map(|_| ()), Err(Reason::UnknownDevice));
    let after = pass(&study, 1, now() + 60, &keys[2], &study.tablets[0]);
    assert_eq!(bring(&hub, &study, &after).await, Some(Reason::Denied));
    hub.stop().await;
}
