//! Promise: what an evaluator publishes is with every device after its next sync, whoever brought it; nothing new stays one request; what was replaced
//! or forged nobody is given.

mod ward;

use nightjar_seal::{Act, DeviceKeys, LastGood, MAX_PUBLICATIONS, Publication, PublicationId};
use nightjar_sync::wire::{self, Message, Published, PublishedAsk, Reason};
use nightjar_sync::{Event, Request, Response, Transport};
use ward::{Device, Running, Study, entropy, published, reason};

async fn send(transport: &Transport, by: &DeviceKeys, path: String, body: Vec<u8>) -> Response {
    let request = Request { path, body, signed: true };
    transport.send(&request, by, &mut entropy()).await.expect("an answer")
}

/// Brings a publication to the hub; why it was refused.
async fn bring(transport: &Transport, study: &Study, by: &DeviceKeys, page: &Publication) -> Option<Reason> {
    let body = wire::Publication(page.encode()).encode();
    reason(&send(transport, by, wire::publish_path(study.roster.study()), body).await)
}

/// What the hub gives of these.
async fn given(transport: &Transport, study: &Study, publications: Vec<PublicationId>) -> Vec<Publication> {
    let path = wire::published_path(study.roster.study());
    let response = send(transport, &study.tablets[0], path, PublishedAsk { publications }.encode()).await;
    let given = Published::decode(&response.body).expect("publications").publications;
    given.iter().map(|wire::Publication(bytes)| Publication::decode(bytes).expect("it reads")).collect()
}

#[tokio::test]
async fn what_is_published_is_with_everybody_after_one_sync_and_told_once() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    let [mut one, mut other] = [0, 1].map(|i| Device::new(&study.tablets[i], &study, "ward"));
    // Something in the log, so that there is a mark to show.
    one.collect(b"x");
    for device in [&mut one, &mut other, &mut evaluator] {
        device.sync(&transport).await.expect("syncs");
    }
    let first = published(&study, &study.evaluator, "First", &[]);
    evaluator.keep(first.clone());
    let requests = |transport: &Transport, before: u64| transport.traffic().requests - before;
    let before = transport.traffic().requests;
    evaluator.sync(&transport).await.expect("publishes");
    assert_eq!(requests(&transport, before), 2, "a greeting and the publication");
    for tablet in [&mut one, &mut other] {
        let before = transport.traffic().requests;
        tablet.sync(&transport).await.expect("syncs");
        assert_eq!(requests(&transport, before), 2, "a greeting and the question");
        assert_eq!(tablet.published, std::slice::from_ref(&first));
    }
    // Nothing new is one request and few bytes, with something published as without.
    for device in [&mut one, &mut other, &mut evaluator] {
        let before = transport.traffic();
        device.sync(&transport).await.expect("nothing new");
        let after = transport.traffic().since(&before);
        assert_eq!(after.requests, 1);
        assert!(after.sent + after.received <= 500, "{} bytes", after.sent + after.received);
    }
    // What takes its place, and a restart in between.
    hub.stop().await;
    let hub = Running::start(data.path()).await;
    let transport = hub.transport();
    let second = published(&study, &study.evaluator, "Second", &[first.id()]);
    evaluator.keep(second.clone());
    for device in [&mut evaluator, &mut one] {
        device.sync(&transport).await.expect("syncs");
        assert_eq!(device.published, std::slice::from_ref(&second));
    }
    assert_eq!(given(&transport, &study, vec![first.id(), second.id()]).await, std::slice::from_ref(&second));
    // The other still holds the first: what it brings is not kept, and it hears of the second.
    other.sync(&transport).await.expect("syncs");
    assert_eq!(other.published, std::slice::from_ref(&second));
    other.keep(first);
    assert_eq!(other.published, [second]);
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_that_lost_it_is_given_it_again_by_whoever_has_it() {
    let [data, fresh] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let study = Study::new();
    let page = published(&study, &study.evaluator, "What came of it", &[]);
    let hub = Running::start(data.path()).await;
    study.found_at(&hub).await;
    assert_eq!(bring(&hub.transport(), &study, &study.evaluator, &page).await, None);
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.sync(&hub.transport()).await.expect("syncs");
    assert_eq!(tablet.names(), [page.id()]);
    hub.stop().await;
    // Another hub, which has nothing but the roster: a tablet brings what it holds.
    let hub = Running::start(fresh.path()).await;
    study.found_at(&hub).await;
    tablet.sync(&hub.transport()).await.expect("syncs");
    assert_eq!(given(&hub.transport(), &study, vec![page.id()]).await, [page]);
    hub.stop().await;
}

#[tokio::test]
async fn what_was_forged_replayed_or_published_by_a_device_that_is_out_nobody_is_given() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let mut study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let tablet = &study.tablets[0];
    let [good, late] = ["Good", "Late"].map(|title| published(&study, &study.evaluator, title, &[]));
    let by_a_tablet = published(&study, tablet, "Forged", &[]);
    let elsewhere = published(&Study::new(), &study.evaluator, "Elsewhere", &[]);
    assert_eq!(bring(&transport, &study, tablet, &by_a_tablet).await, Some(Reason::NotGranted));
    assert_eq!(bring(&transport, &study, tablet, &elsewhere).await, Some(Reason::Forged));
    let path = wire::publish_path(study.roster.study());
    let mut altered = good.encode();
    *altered.last_mut().expect("bytes") ^= 1;
    let response = send(&transport, tablet, path.clone(), wire::Publication(altered).encode()).await;
    assert_eq!(reason(&response), Some(Reason::Forged));
    let large = [&[0x5a, 0, 1, 0, 1][..], &[0; (64 << 10) + 1]].concat();
    let response = send(&transport, tablet, path, large).await;
    assert_eq!(reason(&response), Some(Reason::Malformed));
    // Two evaluators' worth of one device: beyond the bound it is told, and what is held stays.
    assert_eq!(bring(&transport, &study, tablet, &good).await, None);
    // Somebody has the evaluator's keys; both are here when it is put out, and one of them was known.
    assert_eq!(bring(&transport, &study, &study.evaluator, &late).await, None);
    let mut reader = Device::new(&study.tablets[1], &study, "ward");
    reader.sync(&transport).await.expect("syncs");
    let mut both = [good.id(), late.id()];
    both.sort_unstable();
    assert_eq!(reader.names(), both);
    let last_good = vec![LastGood::of_publication(&study.roster.study(), &good.id())];
    let revoke = Act::Revoke { device: study.evaluator.tag(), last_good };
    study.roster.append(revoke, &study.root).expect("put out");
    let entry = study.roster.entries().last().expect("an entry");
    let response = transport
        .send(&nightjar_sync::append(&study.roster, entry), tablet, &mut entropy())
        .await
        .expect("an answer");
    nightjar_sync::appended(&response).expect("appended");
    assert_eq!(given(&transport, &study, both.to_vec()).await, std::slice::from_ref(&good));
    assert_eq!(bring(&transport, &study, tablet, &late).await, Some(Reason::NotGranted));
    // Whoever held it tells nobody, and nothing new is one request again.
    reader.sync(&transport).await.expect("syncs");
    let before = transport.traffic().requests;
    reader.events.clear();
    reader.sync(&transport).await.expect("syncs");
    assert_eq!(transport.traffic().requests - before, 1);
    assert!(!reader.events.iter().any(|event| matches!(event, Event::PublicationCame(_))));
    hub.stop().await;
}

#[tokio::test]
async fn one_device_does_not_fill_a_hub() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut refused = 0;
    let mut ids = Vec::new();
    for n in 0..MAX_PUBLICATIONS + 10 {
        let page = published(&study, &study.evaluator, &format!("Page {n}"), &[]);
        match bring(&transport, &study, &study.evaluator, &page).await {
            None => {}
            Some(Reason::QuotaReached) => refused += 1,
            other => panic!("{other:?}"),
        }
        ids.push(page.id());
    }
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.sync(&transport).await.expect("syncs");
    ids.sort_unstable();
    assert_eq!(tablet.names(), ids[..MAX_PUBLICATIONS], "those with the smallest names");
    assert!(refused < 10 + 1);
    hub.stop().await;
}
