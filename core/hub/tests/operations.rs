//! Promise: whoever runs a hub can look at it, copy it, put a copy back and set limits, and no acknowledged envelope is lost for it.

mod ward;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use nightjar_hub::{At, Config, Failure, Hub, Limits, Rate, Tls, backup, overview, restore};
use nightjar_sync::wire::{Outcome, Reason};
use nightjar_sync::{Event, Failure as Refused, Patience, Transport};
use tokio::net::TcpListener;
use ward::{Device, Running, Study};

/// What a bare request to a path is answered with.
fn get(address: &str, path: &str) -> String {
    let host = address.strip_prefix("http://").expect("plain").to_owned();
    let mut stream = TcpStream::connect(&host).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_hub_put_back_to_a_backup_is_noticed_and_offered_what_it_lacks() {
    let data = tempfile::tempdir().expect("a folder");
    let copy = data.path().join("copy");
    let hub = Running::start(data.path()).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "responses");
    let mut evaluator = Device::new(&study.evaluator, &study, "responses");
    tablet.pull = false;
    let mut made = vec![tablet.collect(b"before")];
    tablet.sync(&hub.transport()).await.expect("syncs");
    backup(data.path(), &copy).expect("a running hub is copied");
    assert!(matches!(backup(data.path(), &copy), Err(Failure::Exists { .. })), "and no copy is written over");
    // Kept, as custody asks: what was acknowledged is offered again when the hub lost it.
    let custody = tablet.chain;
    let after = tablet.seal(b"after");
    let link = tablet.chain.next(after.id());
    made.push(after.id());
    tablet.open.push((link, Some(after.encode())));
    tablet.sync(&hub.transport()).await.expect("syncs");
    evaluator.sync(&hub.transport()).await.expect("syncs");
    assert_eq!(evaluator.received.len(), 2);
    assert!(matches!(restore(data.path(), &copy), Err(Failure::InUse { .. })), "not while it runs");
    hub.stop().await;

    assert!(matches!(restore(data.path(), &data.path().join("none")), Err(Failure::NotAHub { .. })));
    let restored = restore(data.path(), &copy).expect("put back");
    assert!(restored.aside.expect("moved aside").exists());
    let hub = Running::start(data.path()).await;
    for device in [&mut tablet, &mut evaluator] {
        device.events.clear();
    }
    assert_eq!(custody.seq + 1, link.seq);
    tablet.open.push((link, Some(after.encode())));
    tablet.sync(&hub.transport()).await.expect("syncs");
    evaluator.received.clear();
    evaluator.sync(&hub.transport()).await.expect("syncs");
    for device in [&tablet, &evaluator] {
        let told = device.events.iter().any(|event| matches!(event, Event::HubLostData { .. }));
        assert!(told, "the loss is noticed");
    }
    made.sort();
    assert!(evaluator.received.keys().eq(&made), "everything is there again");
    hub.stop().await;
}

#[tokio::test]
async fn an_overview_and_counters_tell_what_there_is_and_name_nobody() {
    let data = tempfile::tempdir().expect("a folder");
    let hub = Hub::open(&Config::new(data.path())).expect("the hub opens");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let counters = format!("http://{}", listener.local_addr().expect("bound"));
    let metrics = tokio::spawn(hub.metrics(listener));
    let code = hub.setup_code().map(str::to_owned);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let serving = tokio::spawn(hub.serve(listener, std::future::pending()));
    let running = Running::at(address.clone(), code);
    let study = Study::new();
    study.found_at(&running).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    for _ in 0..3 {
        tablet.collect(b"x");
    }
    tablet.sync(&running.transport().believing(0)).await.expect("syncs");

    let seen = overview(&At::Folder(data.path().into())).expect("a running hub");
    assert_eq!((seen.len(), seen[0].title.as_str(), seen[0].devices, seen[0].put_out), (1, "A study", 3, 0));
    assert_eq!((seen[0].scopes.len(), seen[0].scopes[0].name.as_str()), (1, "ward"));
    assert_eq!((seen[0].scopes[0].envelopes, seen[0].scopes[0].taken_out), (3, 0));
    let text = tokio::task::spawn_blocking(move || {
        assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));
        assert!(get(&address, "/metrics").starts_with("HTTP/1.1 404"), "not where devices connect");
        get(&counters, "/metrics")
    });
    let text = text.await.expect("answers");
    assert!(text.contains("nightjar_hub_stored_envelopes_total 3"), "{text}");
    assert!(text.contains("nightjar_hub_requests_total{request=\"push\",outcome=\"ok\"} 1"), "{text}");
    // The device believed that it was 1970.
    assert!(text.contains("{request=\"greet\",outcome=\"stale_time\"}"), "{text}");
    let tags = [study.roster.study().to_string(), tablet.tag().to_string(), tablet.scope.to_string()];
    assert!(tags.iter().all(|tag| !text.contains(tag)), "{text}");
    serving.abort();
    metrics.abort();
}

#[tokio::test]
async fn a_study_that_is_full_and_a_device_in_a_hurry_are_told_so_and_stop_nobody_else() {
    let data = tempfile::tempdir().expect("a folder");
    let rate = Rate { burst: 6.0, per_second: 0.001 };
    let limits = Limits { study: Some(120_000), requests_rate: rate, ..Limits::default() };
    let hub = Running::start_with(Config { limits, ..Config::new(data.path()) }).await;
    let (study, other) = (Study::new(), Study::new());
    study.found_at(&hub).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    let mut noise = vec![0; 50_000];
    for _ in 0..3 {
        getrandom::fill(&mut noise).expect("randomness");
        tablet.collect(&noise);
    }
    tablet.sync(&hub.transport()).await.expect("what does not fit hinders nothing else");
    let outcomes: Vec<_> = tablet.outcomes.iter().map(|judged| judged.outcome).collect();
    assert_eq!(outcomes, [Outcome::Stored, Outcome::Stored, Outcome::NoRoom]);
    assert_eq!(tablet.received.len(), 0, "and it has pulled what there is, which is its own");
    // It asks again and again, and has to wait.
    let hurried = loop {
        match tablet.sync(&hub.transport()).await {
            Ok(()) => {}
            other => break other,
        }
    };
    assert!(matches!(&hurried, Err(Refused::Refused(why)) if why.reason == Reason::Busy), "{hurried:?}");
    let mut second = Device::new(&study.tablets[1], &study, "ward");
    second.collect(b"small");
    second.sync(&hub.transport()).await.expect("another device has its own rate");
    assert_eq!(second.stored(), 1);
    drop(other);
    hub.stop().await;
}

#[tokio::test]
async fn whoever_trickles_is_cut_off_and_the_others_are_answered() {
    let data = tempfile::tempdir().expect("a folder");
    let limits = Limits { head: Duration::from_millis(300), connections: 8, ..Limits::default() };
    let hub = Running::start_with(Config { limits, ..Config::new(data.path()) }).await;
    let host = hub.address.strip_prefix("http://").expect("plain").to_owned();
    // As many as there is room for, each with the beginning of a request and nothing after it.
    let slow: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect(&host).expect("it listens");
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").expect("sent");
            stream
        })
        .collect();
    let address = hub.address.clone();
    let answer = tokio::task::spawn_blocking(move || get(&address, "/healthz")).await.expect("answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for mut stream in slow {
        let mut rest = Vec::new();
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
        // Cut off: closed or reset, with or without a word.
        let _ = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    hub.stop().await;
}

#[tokio::test]
async fn whoever_sends_half_a_request_holds_nobody_up() {
    let data = tempfile::tempdir().expect("a folder");
    let limits = Limits { requests: 2, head: Duration::from_millis(700), ..Limits::default() };
    let hub = Running::start_with(Config { limits, ..Config::new(data.path()) }).await;
    let study = Study::new();
    study.found_at(&hub).await;
    let host = hub.address.strip_prefix("http://").expect("plain").to_owned();
    let half = format!(
        "POST /v1/studies HTTP/1.1\r\nHost: {host}\r\nContent-Type: {}\r\nContent-Length: 1000\r\n\r\nhalf",
        nightjar_sync::CONTENT_TYPE
    );
    // More than are worked on at once.
    let stalled: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(&host).expect("it listens");
            stream.write_all(half.as_bytes()).expect("sent");
            stream
        })
        .collect();
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.collect(b"x");
    let patience = Patience { whole: Duration::from_millis(600), ..Patience::default() };
    let transport = Transport::new(&hub.address, patience).expect("an address");
    tablet.sync(&transport).await.expect("answered while they are silent");
    assert_eq!(tablet.stored(), 1);
    let ends = tokio::task::spawn_blocking(move || {
        for mut stream in stalled {
            let mut rest = Vec::new();
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
            let _ = stream.read_to_end(&mut rest);
            let told = String::from_utf8_lossy(&rest);
            assert!(told.starts_with("HTTP/1.1 408"), "told, and cut off: {told}");
        }
    });
    ends.await.expect("each is told");
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_with_a_certificate_speaks_tls_and_nothing_else() {
    let data = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let tls = Tls { certificate: data.path().join("cert.pem"), key: data.path().join("key.pem") };
    std::fs::write(&tls.certificate, made.cert.pem()).expect("written");
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).expect("written");
    let hub = data.path().join("hub");
    let running = Running::start_with(Config { tls: Some(tls.clone()), ..Config::new(&hub) }).await;
    let host = running.address.strip_prefix("http://").expect("an address").to_owned();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let client =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
    let answer = tokio::task::spawn_blocking(move || {
        let name = "localhost".try_into().expect("a name");
        let mut session = rustls::ClientConnection::new(Arc::new(client), name).expect("a session");
        let mut plain = TcpStream::connect(&host).expect("it listens");
        let mut stream = rustls::Stream::new(&mut session, &mut plain);
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .expect("sent");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let mut bare = TcpStream::connect(&host).expect("it listens");
        write!(bare, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
        let mut refused = Vec::new();
        let _ = bare.read_to_end(&mut refused);
        (answer, refused)
    });
    let (answer, refused) = answer.await.expect("answers");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    assert!(!refused.starts_with(b"HTTP"), "plain HTTP is not answered");
    running.stop().await;

    std::fs::write(&tls.key, "no key").expect("written");
    let broken = Hub::open(&Config { tls: Some(tls), ..Config::new(&hub) });
    assert!(matches!(broken, Err(Failure::Certificate { .. })));
}

#[tokio::test]
async fn a_hub_is_known_by_its_pin_and_by_nothing_else_of_its_certificate() {
    let data = tempfile::tempdir().expect("a folder");
    let own = Tls::own(data.path()).expect("a certificate");
    let pin = own.pin().expect("its pin");
    assert_eq!(Tls::own(data.path()).expect("the same").pin().expect("its pin"), pin, "it is kept");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&own.key).expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "the key is its owner's alone");
    }
    let study = Study::new();
    let mut hub = Running::start_with(Config { tls: Some(own), ..Config::new(data.path()) }).await;
    let bare = hub.address.replace("http", "https");
    hub.address = pin.behind(&bare);
    study.found_at(&hub).await;
    let mut tablet = Device::new(&study.tablets[0], &study, "ward");
    tablet.sync(&hub.transport()).await.expect("the pinned hub is trusted");

    // Another key, or none: a certificate that nobody signed is not trusted.
    let other = tempfile::tempdir().expect("a folder");
    let wrong = Tls::own(other.path()).expect("a certificate").pin().expect("its pin");
    for address in [wrong.behind(&bare), bare.clone()] {
        let transport = Transport::new(&address, Patience::default()).expect("an address");
        let failure = tablet.sync(&transport).await.expect_err("not this hub");
        assert!(matches!(failure, nightjar_sync::Failure::Unreachable(_)), "{failure:?}");
    }
    hub.stop().await;

    // Long out of date and for another name: the key is the same, so is the trust.
    let key = rcgen::KeyPair::from_pem(&std::fs::read_to_string(data.path().join("key.pem")).expect("a key"));
    let mut old = rcgen::CertificateParams::new(vec!["elsewhere.example".to_owned()]).expect("parameters");
    old.not_before = rcgen::date_time_ymd(1999, 1, 1);
    old.not_after = rcgen::date_time_ymd(1999, 12, 31);
    let old = old.self_signed(&key.expect("readable")).expect("signed");
    std::fs::write(data.path().join("certificate.pem"), old.pem()).expect("written");
    let own = Tls::own(data.path()).expect("a certificate");
    assert_eq!(own.pin().expect("its pin"), pin);
    let mut hub = Running::start_with(Config { tls: Some(own), ..Config::new(data.path()) }).await;
    hub.address = pin.behind(&hub.address.replace("http", "https"));
    tablet.sync(&hub.transport()).await.expect("dates and names are not judged");
    // Whatever the tablet believes the time to be.
    for believed in [0, 4_070_908_800] {
        let transport = hub.transport().believing(believed);
        tablet.sync(&transport).await.expect("the hub tells its time");
        assert!(transport.hub_time().is_some_and(|time| time.abs_diff(believed) > 1_000_000_000));
        assert_eq!(transport.traffic().requests, 2, "one to learn the time, one to greet");
    }
    hub.stop().await;
}
