//! Promise: what the hub acknowledged it keeps and hands on, and it refuses everything else by itself, clearly.

mod ward;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use nightjar_hub::{Config, Failure, Hub, Limits};
use nightjar_seal::{
    Act, Chain, DeviceKeys, Entry, Envelope, Line, Membership, RequestSignature, Roster, Strand,
};
use nightjar_sync::wire::{self, Applied, Message, Objection, Outcome, Push, Reach, Reason};
use nightjar_sync::{CONTENT_TYPE, Event, METHOD, Patience, Request, Transport};
use ward::{Device, Running, Study, admit, entropy, reason};

#[tokio::test]
async fn what_tablets_push_the_evaluator_pulls_after_a_restart_too() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut tablets: Vec<_> =
        study.tablets.iter().map(|keys| Device::new(keys, &study, "responses")).collect();
    let mut made = Vec::new();
    for tablet in &mut tablets {
        tablet.pull = false;
        for i in 0..30_u32 {
            made.push(tablet.collect(&i.to_be_bytes()));
        }
        tablet.sync(&hub.transport()).await.expect("the tablet syncs");
        assert_eq!((tablet.stored(), tablet.open.len()), (30, 0));
    }
    hub.stop().await;

    let hub = Running::start(data.path()).await;
    assert_eq!(hub.setup_code, None, "a hub with a study says no new code");
    let mut evaluator = Device::new(&study.evaluator, &study, "responses");
    let transport = hub.transport();
    evaluator.sync(&transport).await.expect("the evaluator syncs");
    made.sort();
    assert!(evaluator.received.keys().eq(&made), "everything, once");
    let mut sequences: Vec<_> = evaluator.received.values().map(|(sequence, _)| *sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=60).collect::<Vec<_>>(), "no sequence is skipped");
    for tablet in &tablets {
        assert_eq!(evaluator.memory.chains[&ward::strand(&tablet.tag())].seq, 30, "30 of 30 received");
    }

    let before = transport.traffic();
    evaluator.sync(&transport).await.expect("nothing new");
    let after = transport.traffic();
    assert_eq!(after.requests - before.requests, 1, "nothing new is one request");
    let bytes = after.sent + after.received - before.sent - before.received;
    assert!(bytes <= 500, "{bytes} bytes to learn that nothing is new");
    hub.stop().await;
}

#[tokio::test]
async fn a_push_repeated_after_a_lost_answer_is_known_and_not_doubled() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    (0..5).for_each(|_| {
        tablet.collect(b"x");
    });
    let push = tablet.push_request(&transport).await;
    for expected in [Outcome::Stored, Outcome::Known] {
        let response = transport.send(&push, &tablet.keys, &mut entropy()).await.expect("an answer");
        let pushed = wire::Pushed::decode(&response.body).expect("outcomes");
        assert_eq!(pushed.mark.sequence, 5);
        assert!(pushed.outcomes.iter().all(|outcome| *outcome == expected));
    }
    tablet.without = None;
    tablet.sync(&transport).await.expect("goes on");
    assert_eq!((tablet.outcomes.len(), tablet.stored(), tablet.received.len()), (5, 0, 5));
    hub.stop().await;
}

#[tokio::test]
async fn an_altered_a_foreign_and_an_oversized_envelope_are_refused_while_siblings_go_through() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    (0..5).for_each(|_| {
        tablet.collect(b"an answer");
    });
    let last_byte = tablet.open[0].1.as_mut().and_then(|bytes| bytes.last_mut()).expect("it has bytes");
    *last_byte ^= 1;
    tablet.open[1].1.as_mut().expect("it has bytes").truncate(40);
    tablet.open[2].1 = Some(vec![0; 70_000]);
    // One more that names another device, put into the tablet's own chain.
    let foreign = Device::new(&study.tablets[1], &study, "ward").seal(b"somebody else's");
    let link = tablet.chain.next(foreign.id());
    tablet.open.push((link, Some(foreign.encode())));
    tablet.sync(&transport).await.expect("the sync goes on");
    let outcomes: Vec<_> = tablet.outcomes.iter().map(|judged| judged.outcome).collect();
    let refused = [Objection::Altered, Objection::Malformed, Objection::TooLarge].map(Outcome::Refused);
    assert_eq!(outcomes[..3], refused);
    assert_eq!(outcomes[3..], [Outcome::Stored, Outcome::Stored, Outcome::Refused(Objection::Foreign)]);
    assert_eq!(tablet.open.len(), 0, "refused ones do not hold up the outbox");
    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    evaluator.sync(&transport).await.expect("pulls");
    assert_eq!(evaluator.received.len(), 2);
    assert_eq!(evaluator.memory.chains[&ward::strand(&tablet.tag())].seq, 6, "2 of 6 received");
    hub.stop().await;
}

#[tokio::test]
async fn a_request_counts_once_and_only_from_devices_of_the_roster() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.collect(b"x");
    let push = tablet.push_request(&transport).await;

    let stranger = DeviceKeys::generate(&mut entropy());
    let refused = transport.send(&push, &stranger, &mut entropy()).await.expect("an answer");
    assert_eq!(reason(&refused), Some(Reason::UnknownDevice));
    let other_tablet = transport.send(&push, &study.tablets[1], &mut entropy()).await.expect("an answer");
    assert_eq!(reason(&other_tablet), Some(Reason::Forged), "nobody writes another device's chain");
    // Without a signature, what stands in its place names nobody, or is too short to.
    for (body, expected) in [(push.body.clone(), Reason::UnknownDevice), (vec![0; 50], Reason::BadSignature)]
    {
        let unsigned = Request { signed: false, body, ..push.clone() };
        let refused = transport.send(&unsigned, &tablet.keys, &mut entropy()).await.expect("an answer");
        assert_eq!(reason(&refused), Some(expected));
    }

    let time = transport.hub_time().expect("learnt from replies");
    let signature =
        RequestSignature::sign(&tablet.keys, METHOD, &push.path, &push.body, time, &mut entropy());
    let recorded = [&signature.encode()[..], &push.body].concat();
    let send = |address: String, path: String| {
        let headers = format!("content-type: {CONTENT_TYPE}\r\n");
        bare(address, "POST", path, headers, recorded.clone())
    };
    assert_eq!(send(hub.address.clone(), push.path.clone()).await, 200);
    assert_eq!(send(hub.address.clone(), push.path.clone()).await, Reason::Replayed.status(), "replayed");
    let elsewhere = push.path.replace("push", "pull");
    assert_eq!(send(hub.address.clone(), elsewhere).await, Reason::BadSignature.status());
    hub.stop().await;

    // The nonces are gone after a restart; the old signature is refused all the same.
    tokio::time::timeout(std::time::Duration::from_secs(5), next_second(time)).await.expect("time passes");
    let hub = Running::start(data.path()).await;
    assert_eq!(send(hub.address.clone(), push.path.clone()).await, Reason::StaleTime.status());
    hub.stop().await;
}

/// A request by hand; gives the status.
async fn bare(address: String, method: &'static str, path: String, headers: String, body: Vec<u8>) -> u16 {
    let exchange = move || {
        let mut stream = TcpStream::connect(address.trim_start_matches("http://")).expect("the hub listens");
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n{headers}")
            .expect("sent");
        write!(stream, "content-length: {length}\r\n\r\n").expect("sent");
        stream.write_all(&body).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let line = String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned();
        line.rsplit(' ').next().and_then(|status| status.parse().ok()).expect("a status line")
    };
    tokio::task::spawn_blocking(exchange).await.expect("an exchange")
}

async fn next_second(since: u64) {
    while std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()
        <= since
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_device_that_was_put_out_is_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let mut study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.sync(&transport).await.expect("a member");
    let act = Act::Revoke { device: tablet.tag(), last_good: Vec::new() };
    let entry = study.roster.append(act, &study.root).expect("revoked").clone();
    let response =
        transport.send(&nightjar_sync::append(&study.roster, &entry), &tablet.keys, &mut entropy()).await;
    nightjar_sync::appended(&response.expect("an answer")).expect("appended");
    let failure = tablet.sync(&transport).await.expect_err("no longer a member");
    assert!(
        matches!(failure, nightjar_sync::Failure::Refused(refusal) if refusal.reason == Reason::UnknownDevice)
    );
    hub.stop().await;
}

#[tokio::test]
async fn only_evaluators_pull_responses_and_say_what_they_applied() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let [mut other, mut tablet] =
        [1, 0].map(|i| Device::new(&study.tablets[i], &study, nightjar_hub::RESPONSES));
    other.collect(b"y");
    other.sync(&transport).await.expect("what it pushed needs no pull");
    assert!(!other.events.iter().any(|event| matches!(event, Event::ScopeRefused { .. })));
    tablet.collect(b"x");
    tablet.sync(&transport).await.expect("the rest of the sync goes on");
    assert!(tablet.events.iter().any(|event| matches!(event, Event::ScopeRefused { refusal, .. }
        if refusal.reason == Reason::NotGranted)));
    assert_eq!((tablet.stored(), tablet.received.len()), (1, 0));

    let reach = || vec![Reach { device: study.tablets[0].tag(), line: ward::LINE, seq: 1 }];
    for (keys, expected) in [(&study.tablets[0], Some(Reason::NotGranted)), (&study.evaluator, None)] {
        let applied = Applied::sign(tablet.scope, reach(), keys).expect("small");
        let path = wire::applied_path(study.roster.study(), tablet.scope);
        let request = Request { path, body: applied.encode(), signed: true };
        let response = transport.send(&request, keys, &mut entropy()).await.expect("an answer");
        assert_eq!(reason(&response), expected);
    }
    tablet.events.clear();
    tablet.sync(&transport).await.expect("learns");
    let learnt = tablet.events.iter().find_map(|event| match event {
        Event::Applied(applied) => Some((applied.by(), applied.vector().to_vec())),
        _ => None,
    });
    assert_eq!(learnt, Some((study.evaluator.tag(), reach())));
    hub.stop().await;
}

#[tokio::test]
async fn founding_needs_the_setup_code_and_a_roster_has_one_entry_a_place() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    let transport = hub.transport();
    let keys = &study.evaluator;
    let wrong = nightjar_sync::found(&study.roster, "AAAA-BBBB-CCCC-DDDD-EEEE").expect("a short code");
    let response = transport.send(&wrong, keys, &mut entropy()).await.expect("an answer");
    assert_eq!(reason(&response), Some(Reason::WrongSetupCode));
    let entry = &study.roster.entries()[1];
    let response = transport.send(&nightjar_sync::append(&study.roster, entry), keys, &mut entropy()).await;
    assert_eq!(reason(&response.expect("an answer")), Some(Reason::UnknownStudy));
    study.found_at(&hub).await;
    study.found_at(&hub).await; // again is harmless

    let newcomer = |label: &str| {
        let mut roster = study.roster.clone();
        let act = admit(&DeviceKeys::generate(&mut entropy()), label, Membership::Tablet);
        let entry = roster.append(act, &study.root).expect("admitted").clone();
        (roster, entry)
    };
    let append = async |roster: &Roster, entry: &Entry| {
        let request = nightjar_sync::append(roster, entry);
        reason(&transport.send(&request, keys, &mut entropy()).await.expect("an answer"))
    };
    let (first, second) = (newcomer("one"), newcomer("two"));
    assert_eq!(append(&first.0, &first.1).await, None);
    assert_eq!(append(&first.0, &first.1).await, None, "again is harmless");
    assert_eq!(append(&second.0, &second.1).await, Some(Reason::PlaceTaken));

    // Signed by somebody else's root key.
    let other = Study::new();
    let forged = Request {
        path: wire::roster_path(study.roster.study()),
        body: wire::Entry(other.roster.entries()[1].encode()).encode(),
        signed: false,
    };
    let response = transport.send(&forged, keys, &mut entropy()).await.expect("an answer");
    assert!(matches!(reason(&response), Some(Reason::Forged | Reason::PlaceTaken)));

    let request = nightjar_sync::fetch_roster(study.roster.study(), 0);
    let response = transport.send(&request, keys, &mut entropy()).await.expect("an answer");
    let (entries, _, count) = nightjar_sync::fetched_roster(&response).expect("the roster");
    assert_eq!((count, entries.as_slice()), (5, first.0.entries()));
    hub.stop().await;
}

#[tokio::test]
async fn a_clone_and_a_gap_in_the_chain_are_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.collect(b"one");
    tablet.sync(&transport).await.expect("pushes");
    let mut clone = Device::new(&study.tablets[0], &study, "ward");
    clone.collect(b"another one");
    clone.sync(&transport).await.expect("the sync goes on");
    assert!(clone.events.iter().any(|event| matches!(event, Event::ScopeRefused { refusal, .. }
        if refusal.reason == Reason::ChainForked)));

    tablet.collect(b"two");
    tablet.collect(b"three");
    tablet.open.remove(0);
    let push = tablet.push_request(&transport).await;
    let response = transport.send(&push, &tablet.keys, &mut entropy()).await.expect("an answer");
    assert_eq!(reason(&response), Some(Reason::ChainGap));
    hub.stop().await;
}

#[tokio::test]
async fn an_envelope_that_is_linked_twice_or_on_two_lines_is_stored_once() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let again = |device: &mut Device, envelope: &Envelope| {
        let link = device.chain.next(envelope.id());
        device.open.push((link, Some(envelope.encode())));
    };
    let (first, second) = (tablet.seal(b"first"), tablet.seal(b"second"));
    again(&mut tablet, &first);
    tablet.sync(&transport).await.expect("the tablet syncs");
    // A chain that names one envelope at two places: all links are new, and nothing holds up what is new beside it.
    for envelope in [&first, &second, &second] {
        again(&mut tablet, envelope);
    }
    tablet.sync(&transport).await.expect("the tablet syncs");
    // A copy of the vault begins another line, and offers what the original had sent.
    let mut copy = Device::new(&study.tablets[0], &study, "ward");
    copy.chain = Chain::new(Strand { device: copy.tag(), line: Line([2; 8]) }, copy.scope);
    let third = copy.seal(b"third");
    for envelope in [&first, &third] {
        again(&mut copy, envelope);
    }
    copy.sync(&transport).await.expect("the copy syncs");
    let outcomes = |device: &Device| device.outcomes.iter().map(|judged| judged.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes(&tablet), [Outcome::Stored, Outcome::Known, Outcome::Stored, Outcome::Known]);
    assert_eq!(outcomes(&copy), [Outcome::Known, Outcome::Stored]);

    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    evaluator.sync(&transport).await.expect("pulls");
    let mut made = [first.id(), second.id(), third.id()];
    made.sort();
    assert!(evaluator.received.keys().eq(&made), "everything, once");
    assert_eq!(evaluator.memory.chains[&ward::strand(&tablet.tag())].seq, 4, "all links of the chain");
    hub.stop().await;
}

#[tokio::test]
async fn a_part_of_a_chain_that_was_refused_is_handed_on_with_what_follows() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let mut kept = Vec::new();
    for round in 0..4 {
        // Of every second push nothing is kept, and yet its links are part of the chain.
        for _ in 0..3 {
            let id = tablet.collect(b"an answer");
            match round % 2 {
                0 => kept.push(id),
                _ => tablet.open.last_mut().expect("just made").1 = Some(vec![0; 100]),
            }
        }
        tablet.sync(&transport).await.expect("the tablet syncs");
    }
    tablet.open.clear();
    kept.push(tablet.collect(b"the last"));
    tablet.sync(&transport).await.expect("the tablet syncs");
    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    evaluator.sync(&transport).await.expect("pulls");
    kept.sort();
    assert!(evaluator.received.keys().eq(&kept));
    assert_eq!(evaluator.memory.chains[&ward::strand(&tablet.tag())].seq, 13);
    let links: Vec<_> = evaluator
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ChainSeen { links, .. } => Some(links.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    let places: Vec<_> = links.iter().map(|link| link.seq).collect();
    assert_eq!(places, (1..=13).collect::<Vec<_>>(), "every link, once");
    hub.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_or_makes_no_sense_is_refused_and_the_hub_goes_on() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let path = wire::push_path(study.roster.study(), study.scope("ward"));
    let send = async |path: &str, body: Vec<u8>| {
        let request = Request { path: path.to_owned(), body, signed: true };
        reason(&transport.send(&request, &study.evaluator, &mut entropy()).await.expect("an answer"))
    };
    assert_eq!(send(&path, vec![0; 3 << 20]).await, Some(Reason::TooLarge));
    assert_eq!(send(&path, vec![0; 1 << 20]).await, Some(Reason::Malformed));
    assert_eq!(send(&path, Vec::new()).await, Some(Reason::Malformed));
    assert_eq!(send("/v1/studies/zz/greet", Vec::new()).await, Some(Reason::NoSuchPath));
    assert_eq!(send("/v2/studies", Vec::new()).await, Some(Reason::NoSuchPath));
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.collect(b"x");
    tablet.sync(&transport).await.expect("the hub goes on");
    let health = bare(hub.address.clone(), "GET", "/healthz".to_owned(), String::new(), Vec::new()).await;
    assert_eq!(health, 200);
    hub.stop().await;
}

#[tokio::test]
async fn a_full_hub_says_so_acknowledges_nothing_and_keeps_what_it_had() {
    let data = tempfile::tempdir().expect("a folder");
    let limits = Limits { database: Some(400 << 10), ..Limits::default() };
    let hub = Running::start_with(Config { limits, ..Config::new(data.path()) }).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let mut noise = vec![0; 50_000];
    let mut acknowledged = 0;
    let failure = loop {
        getrandom::fill(&mut noise).expect("randomness");
        tablet.collect(&noise);
        match tablet.sync(&transport).await {
            Ok(()) => acknowledged = tablet.stored(),
            Err(failure) => break failure,
        }
        assert!(acknowledged < 20, "the limit does not hold");
    };
    assert!(
        matches!(failure, nightjar_sync::Failure::Refused(refusal) if refusal.reason == Reason::StorageFull)
    );
    assert_eq!((tablet.stored(), tablet.open.len()), (acknowledged, 1), "nothing of it was acknowledged");
    hub.stop().await;

    let hub = Running::start(data.path()).await;
    let transport = hub.transport();
    tablet.sync(&transport).await.expect("with room it goes on");
    assert_eq!(tablet.stored(), acknowledged + 1);
    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    evaluator.sync(&transport).await.expect("pulls");
    assert_eq!(evaluator.received.len(), acknowledged + 1);
    hub.stop().await;
}

#[tokio::test]
async fn large_pulls_come_in_bounded_replies() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let mut noise = vec![0; 30_000];
    for _ in 0..100 {
        getrandom::fill(&mut noise).expect("randomness");
        tablet.collect(&noise);
    }
    tablet.sync(&transport).await.expect("pushes");
    assert_eq!(tablet.stored(), 100);
    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    let before = transport.traffic().requests;
    evaluator.sync(&transport).await.expect("pulls");
    assert_eq!(evaluator.received.len(), 100);
    let requests = transport.traffic().requests - before;
    assert!((4..=6).contains(&requests), "3 MB came in {requests} requests");
    hub.stop().await;
}

#[tokio::test]
async fn a_cursor_inside_a_push_brings_the_rest_of_it() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let transport = hub.transport();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let made: Vec<_> = (0..5_u8).map(|i| tablet.collect(&[i])).collect();
    tablet.sync(&transport).await.expect("pushes");
    let incarnation = tablet.memory.pushed.expect("acknowledged").incarnation;
    let mut evaluator = Device::new(&study.evaluator, &study, "ward");
    evaluator.memory.pulled = Some(wire::Mark::start(incarnation).after(made[0]).after(made[1]));
    evaluator.sync(&transport).await.expect("pulls");
    assert!(!evaluator.events.iter().any(|event| matches!(event, Event::HubLostData { .. })));
    let sequences: Vec<_> = made[2..].iter().map(|id| evaluator.received[id].0).collect();
    assert_eq!(sequences, [3, 4, 5]);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_not_a_hub_or_not_there_is_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let portal = axum::Router::new().fallback(|| async { "<html>Welcome to the hospital's network</html>" });
    let served = tokio::spawn(async { axum::serve(listener, portal).await });
    let study = Study::new();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let transport = Transport::new(&address, Patience::default()).expect("loopback");
    let failure = tablet.sync(&transport).await.expect_err("a captive portal");
    assert!(matches!(failure, nightjar_sync::Failure::NotAHub { status: 200, .. }), "{failure:?}");
    served.abort();
    let _ = served.await;
    let failure = tablet.sync(&Transport::new(&address, Patience::default()).expect("loopback")).await;
    assert!(matches!(failure, Err(nightjar_sync::Failure::Unreachable(_))), "{failure:?}");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", silent.local_addr().expect("it is bound"));
    let short = std::time::Duration::from_millis(100);
    let patience = Patience { connect: short, silence: short, whole: short };
    let failure = tablet.sync(&Transport::new(&address, patience).expect("loopback")).await;
    assert!(matches!(failure, Err(nightjar_sync::Failure::TimedOut)), "{failure:?}");
}

#[test]
fn a_folder_serves_one_hub_and_only_a_hubs_database() {
    let data = tempfile::tempdir().expect("a folder");
    let config = Config::new(data.path().join("hub"));
    let hub = Hub::open(&config).expect("opens");
    assert!(matches!(Hub::open(&config), Err(Failure::InUse { .. })));
    let first = hub.setup_code().map(str::to_owned);
    drop(hub);
    let hub = Hub::open(&config).expect("opens again");
    assert!(hub.setup_code().is_some() && hub.setup_code() != first.as_deref(), "an unused code is renewed");
    drop(hub);

    let file = config.data.join("hub.sqlite3");
    std::fs::write(&file, b"no database at all, but long enough to be looked at".repeat(100))
        .expect("written");
    assert!(matches!(Hub::open(&config), Err(Failure::Database { .. } | Failure::NotAHub { .. })));
    std::fs::remove_file(&file).expect("removed");
    let other = rusqlite::Connection::open(&file).expect("opens");
    other.execute_batch("CREATE TABLE something (x); PRAGMA user_version = 9").expect("another program's");
    drop(other);
    assert!(matches!(Hub::open(&config), Err(Failure::NotAHub { .. })));
}

/// A push is read once, whatever its shape; this keeps the type in use beside the requests made by an exchange.
#[test]
fn a_push_of_a_whole_outbox_stays_below_the_limit() {
    let study = Study::new();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    for _ in 0..20 {
        tablet.collect(&[7; 1000]);
    }
    let links: Vec<_> = tablet.open.iter().map(|(link, _)| *link).collect();
    let head = tablet.chain.sign(&tablet.keys).expect("its own chain");
    let segment = wire::Segment::new(&links, &head).expect("consecutive");
    let bodies = (0..)
        .zip(&tablet.open)
        .filter_map(|(place, (_, bytes))| Some(wire::Body { place, bytes: bytes.clone()? }));
    let bytes: usize = tablet.open.iter().filter_map(|(_, bytes)| bytes.as_ref().map(Vec::len)).sum();
    let push = Push { segment, bodies: bodies.collect() }.encode();
    assert!(push.len() < bytes + 20 * nightjar_sync::bounds::LINK_BYTES + nightjar_sync::bounds::PUSH_FRAME);
}
