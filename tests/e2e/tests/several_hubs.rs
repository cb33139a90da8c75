//! Promise: several hubs over one PostgreSQL database are one hub, whichever of them a device reaches; a database that falls over in the
//! middle of a commit loses nothing and doubles nothing; whoever reads on from where they were skips nothing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::ToSpan;
use nightjar::{Evaluator, Failure, RecordsRequest, Tablet, TakeOutRequest, TakeOutView, TakeOutWhat};
use nightjar_e2e::study::{Founded, night};
use nightjar_seal::{
    Act, Chain, DeviceKeys, DocumentHash, Header, Membership, RecordKey, RecordTag, RequestSignature,
    RootKeys, Roster, ScopeTag, Strand, seal,
};
use nightjar_sync::wire::{Body, Message as _, Outcome, Push, Pushed, Reason, Refusal, Segment, push_path};
use nightjar_sync::{CONTENT_TYPE, METHOD, Patience, Request, Transport};
use nightjar_test_support::{HubProcess, Line, Postgres, program};
use postgres::{Client, NoTls};

/// A hub over this database.
fn hub(postgres: &Postgres, data: &Path) -> HubProcess {
    HubProcess::start_with(&program(), data, "127.0.0.1:0", &["--database", &postgres.url()])
}

/// Two hubs over one database, and a study at the end of a line that leads to the first.
fn two_hubs(postgres: &Postgres, folder: &Path) -> (HubProcess, HubProcess, Line, Founded) {
    let first = hub(postgres, &folder.join("first"));
    let second = hub(postgres, &folder.join("second"));
    let line = Line::to(first.port());
    // The code that was shown last is the one that counts, at whichever hub.
    let study = Founded::at_address(&format!("http://{}", line.near), &second.setup_code);
    (first, second, line, study)
}

/// How many of how many envelopes of all tablets the evaluator has.
fn received(evaluator: &Evaluator) -> (u64, u64) {
    let all = evaluator.received().expect("chains");
    (all.iter().map(|one| one.received).sum(), all.iter().map(|one| one.expected).sum())
}

#[test]
fn two_hubs_are_one_whichever_a_device_reaches() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second, line, study) = two_hubs(&postgres, folder.path());
    let (one, other) = (study.tablet("One"), study.tablet("Other"));
    for (tablet, hub, date) in
        [(&one, &first, "2026-02-24"), (&other, &second, "2026-02-25"), (&one, &second, "2026-02-26")]
    {
        line.lead_to(hub.port());
        night(tablet, date, 12);
        let synced = tablet.sync().expect("synced");
        assert_eq!((synced.waiting, synced.hub_lost_data), (0, false));
    }
    line.lead_to(first.port());
    let synced = study.steward.sync().expect("synced");
    assert!(!synced.hub_lost_data);
    assert_eq!(received(&study.steward), (3, 3));

    // What a steward takes out at one hub the other gives to nobody, whether it was there or comes now.
    let record = study.steward.records(RecordsRequest::default()).expect("records").remove(0).id;
    let what = TakeOutRequest { what: TakeOutWhat::Records(vec![record]), consents: Vec::new() };
    assert_eq!(
        study.steward.take_out(&what).expect("taken out"),
        TakeOutView::Done { here: 1, exports: 0, counted: None }
    );
    line.lead_to(second.port());
    for tablet in [&one, &other] {
        tablet.sync().expect("synced");
        assert_eq!(tablet.records(RecordsRequest::default()).expect("records").len(), 2);
    }
    let (evaluator, invitation) = &study.second;
    evaluator.join(invitation, study.pack.clone()).expect("joined");
    evaluator.sync().expect("synced");
    assert_eq!(evaluator.records(RecordsRequest::default()).expect("records").len(), 2);
    assert_eq!(received(evaluator), (3, 3));
    line.lead_to(first.port());

    // What one hub puts out the other refuses with the next request.
    study.steward.put_out("Other").expect("put out at the first hub");
    line.lead_to(second.port());
    night(&other, "2026-02-27", 9);
    let refused = other.sync().expect_err("put out");
    assert!(matches!(refused, Failure::Rejected(_)), "{refused}");
}

#[test]
fn what_is_held_is_compared_with_either_and_what_is_missing_found() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (_first, second, line, study) = two_hubs(&postgres, folder.path());
    let tablet = study.tablet("One");
    for (date, in_bed) in [("2026-02-24", 12), ("2026-02-25", 11), ("2026-02-26", 9)] {
        night(&tablet, date, in_bed);
    }
    tablet.sync().expect("synced");
    let later = |days: i64| {
        let begun: jiff::Zoned = "2026-03-02T10:00[Europe/London]".parse().expect("a time");
        study.clock.set(begun.checked_add(days.days()).expect("a day"));
    };
    // Thirty days, and as many as 29 more before the first time.
    later(59);
    let checked = tablet.sync().expect("compared at the first");
    assert!(checked.requests > 1 && checked.pushed == 0 && !checked.hub_lost_data, "{checked:?}");
    let mut database = Client::connect(&postgres.url(), NoTls).expect("connected");
    let sql = "UPDATE nightjar_hub.log SET envelope = sha256(envelope) WHERE sequence = 2";
    assert_eq!(database.execute(sql, &[]).expect("the log"), 1);
    line.lead_to(second.port());
    line.hang_up();
    later(90);
    let checked = tablet.sync().expect("compared at the second");
    assert!(checked.hub_lost_data && checked.pushed == 1 && checked.waiting == 0, "{checked:?}");
}

#[tokio::test]
async fn a_request_that_one_hub_has_seen_the_other_does_not_take_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(postgres) = Postgres::start() else { return };
    let (first, second) =
        (hub(&postgres, &folder.path().join("first")), hub(&postgres, &folder.path().join("second")));
    let mut entropy = |bytes: &mut [u8]| getrandom::fill(bytes).expect("randomness");
    let (root, keys) = (RootKeys::generate(&mut entropy), DeviceKeys::generate(&mut entropy));
    let mut roster = Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).expect("founds");
    let (device, label) = (keys.public(), "one".to_owned());
    let membership = Membership::Evaluator;
    roster
        .append(Act::Admit { device, label, membership, grants: Vec::new(), epochs: Vec::new() }, &root)
        .expect("let in");
    let transport = Transport::new(&first.address, Patience::default()).expect("an address");
    let found = nightjar_sync::found(&roster, &second.setup_code).expect("a short code");
    nightjar_sync::founded(&roster, &transport.send(&found, &keys, &mut entropy).await.expect("an answer"))
        .expect("founded");
    let append = nightjar_sync::append(&roster, &roster.entries()[1]);
    nightjar_sync::appended(&transport.send(&append, &keys, &mut entropy).await.expect("an answer"))
        .expect("appended");

    let path = nightjar_sync::wire::greet_path(roster.study());
    let now = transport.hub_time().expect("the hub has said it");
    let signature = RequestSignature::sign(&keys, METHOD, &path, b"nothing", now, &mut entropy);
    let body = [&signature.encode()[..], b"nothing"].concat();
    let mut reasons = Vec::new();
    for hub in [&first, &second] {
        let (host, length) = (hub.address.replace("http://", ""), body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {CONTENT_TYPE}\r\nConnection: close\r\n\
             Content-Length: {length}\r\n\r\n"
        );
        let request = [head.as_bytes(), &body].concat();
        let mut stream = TcpStream::connect(host).expect("it listens");
        stream.write_all(&request).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let body = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
        reasons.push(Refusal::decode(&answer[body..]).expect("a refusal").reason);
    }
    assert_eq!(reasons, [Reason::Malformed, Reason::Replayed], "the first hub has read it");
}

#[tokio::test]
async fn an_envelope_that_a_chain_names_twice_is_stored_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(postgres) = Postgres::start() else { return };
    let hub = hub(&postgres, folder.path());
    let mut entropy = |bytes: &mut [u8]| getrandom::fill(bytes).expect("randomness");
    let (root, keys) = (RootKeys::generate(&mut entropy), DeviceKeys::generate(&mut entropy));
    let mut roster = Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).expect("founds");
    let (device, label, membership) = (keys.public(), "one".to_owned(), Membership::Evaluator);
    let act = Act::Admit { device, label, membership, grants: Vec::new(), epochs: Vec::new() };
    roster.append(act, &root).expect("let in");
    let transport = Transport::new(&hub.address, Patience::default()).expect("an address");
    let found = nightjar_sync::found(&roster, &hub.setup_code).expect("a short code");
    nightjar_sync::founded(&roster, &transport.send(&found, &keys, &mut entropy).await.expect("an answer"))
        .expect("founded");
    let append = nightjar_sync::append(&roster, &roster.entries()[1]);
    nightjar_sync::appended(&transport.send(&append, &keys, &mut entropy).await.expect("an answer"))
        .expect("appended");

    let (study, head) = (roster.study(), roster.head());
    let scope = ScopeTag::of(&study, "ward");
    let mut sealed = |payload: &[u8]| {
        let key = RecordKey::generate(&mut entropy);
        let header = Header::change(study, scope, RecordTag([7; 16]), keys.tag(), head, &key);
        seal(header, payload, &key, &mut entropy).expect("it seals")
    };
    let (first, second) = (sealed(b"first"), sealed(b"second"));
    let mut chain = Chain::new(Strand { device: keys.tag(), line: nightjar_seal::Line([1; 8]) }, scope);
    let mut said = Vec::new();
    for envelopes in [vec![&first], vec![&first, &second, &second]] {
        let links: Vec<_> = envelopes.iter().map(|envelope| chain.next(envelope.id())).collect();
        let segment = Segment::new(&links, &chain.sign(&keys).expect("its own")).expect("consecutive");
        let bodies = (0..).zip(&envelopes).map(|(place, envelope)| Body { place, bytes: envelope.encode() });
        let body = Push { segment, bodies: bodies.collect() }.encode();
        let push = Request { path: push_path(study, scope), body, signed: true };
        let response = transport.send(&push, &keys, &mut entropy).await.expect("an answer");
        let pushed = Pushed::decode(&response.body).expect("outcomes");
        said.extend(pushed.outcomes);
    }
    assert_eq!(said, [Outcome::Stored, Outcome::Known, Outcome::Stored, Outcome::Known]);
}

#[test]
fn a_database_that_falls_over_loses_nothing_and_doubles_nothing() {
    let Some(mut postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second, line, study) = two_hubs(&postgres, folder.path());
    let tablets: Vec<Tablet> = (0..3).map(|n| study.tablet(&format!("Tablet {n}"))).collect();
    let (nights, ends) = (12, AtomicBool::new(false));
    let failed = std::thread::scope(|scope| {
        let writing: Vec<_> = tablets
            .iter()
            .zip(["2025-12", "2026-01", "2026-02"])
            .map(|(tablet, month)| {
                scope.spawn(move || {
                    let mut failed = 0;
                    for day in 1..=nights {
                        night(tablet, &format!("{month}-{day:02}"), day);
                        failed += usize::from(tablet.sync().is_err());
                    }
                    failed
                })
            })
            .collect();
        let crashing = scope.spawn(|| {
            let mut crashes = 0;
            while !ends.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(150));
                postgres.crash_and_restart();
                crashes += 1;
                // Every other time devices reach the other hub.
                line.lead_to(if crashes % 2 == 0 { first.port() } else { second.port() });
            }
            crashes
        });
        let written: Vec<_> = writing.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        ends.store(true, Ordering::Relaxed);
        let failed: usize = written.into_iter().map(|one| one.expect("it writes on")).sum();
        assert!(crashing.join().expect("it starts again") > 0);
        failed
    });
    for tablet in &tablets {
        let synced = tablet.sync().expect("synced in the end");
        assert_eq!((synced.waiting, synced.hub_lost_data), (0, false), "after {failed} that failed");
    }
    study.steward.sync().expect("synced");
    let wanted = 3 * u64::try_from(nights).expect("few");
    assert_eq!(received(&study.steward), (wanted, wanted));
    let mut client = Client::connect(&postgres.url(), NoTls).expect("the database");
    let row = client
        .query_one("SELECT count(*), count(DISTINCT envelope), max(sequence) FROM nightjar_hub.log", &[])
        .expect("counted");
    let [all, different, last]: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
    assert_eq!((all, different, last), (wanted as i64, wanted as i64, wanted as i64), "none twice, no gap");
}

#[test]
fn beside_a_slow_writer_the_cursor_skips_nothing() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (_first, _second, _line, study) = two_hubs(&postgres, folder.path());
    let (slow, quick) = (study.tablet("Slow"), study.tablet("Quick"));
    night(&slow, "2026-02-24", 1);
    slow.sync().expect("the scope is there");
    night(&slow, "2026-02-25", 2);
    night(&quick, "2026-02-26", 3);

    // A push that is held up between its lock and its commit, as by a disk: whoever comes next waits for it.
    let mut holding = Client::connect(&postgres.url(), NoTls).expect("the database");
    let mut held = holding.transaction().expect("a transaction");
    held.execute("SELECT 1 FROM nightjar_hub.scope FOR NO KEY UPDATE", &[]).expect("locked");
    std::thread::scope(|scope| {
        let pushing: Vec<_> = [&slow, &quick].map(|tablet| scope.spawn(|| tablet.sync())).into();
        std::thread::sleep(Duration::from_millis(300));
        study.steward.sync().expect("reading waits for nobody");
        assert_eq!(received(&study.steward).0, 1, "nothing of what is on its way");
        held.commit().expect("goes on");
        for one in pushing {
            one.join().expect("runs").expect("synced");
        }
    });
    study.steward.sync().expect("synced");
    assert_eq!(received(&study.steward), (3, 3), "nothing was skipped");

    // With a sequence of the database it would be: the first number is given before the second, and committed after it.
    let (mut one, mut two) = (holding, Client::connect(&postgres.url(), NoTls).expect("the database"));
    one.batch_execute("CREATE TABLE counted (n bigserial PRIMARY KEY)").expect("made");
    let mut first = one.transaction().expect("a transaction");
    first.execute("INSERT INTO counted DEFAULT VALUES", &[]).expect("takes 1");
    two.execute("INSERT INTO counted DEFAULT VALUES", &[]).expect("takes 2 and commits");
    let mut after = |cursor: i64| -> Vec<i64> {
        let rows = two.query("SELECT n FROM counted WHERE n > $1 ORDER BY n", &[&cursor]).expect("read");
        rows.iter().map(|row| row.get(0)).collect()
    };
    let seen = after(0);
    first.commit().expect("commits 1");
    let later = after(*seen.last().expect("2"));
    assert_eq!((seen, later), (vec![2], vec![]), "1 is never seen");
}
