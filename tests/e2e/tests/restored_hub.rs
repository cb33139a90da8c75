//! Promise: a hub that was put back to a backup is offered what it lacks and no more, and nobody fetches what they have; and every thirty days a
//! loss is found that nothing else shows.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;
use std::process::{Command, Stdio};

use jiff::ToSpan;
use nightjar::form::Value;
use nightjar::{Evaluator, Tablet};
use nightjar_e2e::study::{Founded, begin, night};
use nightjar_test_support::{HubProcess, program};
use rusqlite::{Connection, params};

const ENOUGH: &str =
    "the lights went on at three and nobody said why; I was awake until the trolley came with the tea";

fn respond(tablet: &Tablet, how_many: usize) {
    for n in 0..how_many {
        let sitting = begin(tablet, "patient-core", "patient");
        sitting.answer("slept", Some(Value::One("badly".into()))).unwrap();
        sitting.answer("better", Some(Value::Text(format!("{n}: {ENOUGH}")))).unwrap();
        sitting.finish().unwrap();
    }
}

fn hub(arguments: &[&str], data: &Path, how: &str, file: &Path) {
    let mut command = Command::new(program());
    command.arg("hub").args(arguments).arg(data).arg(how).arg(file).stdout(Stdio::null());
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

/// How many of how many envelopes an evaluator has.
fn received(evaluator: &Evaluator) -> (u64, u64) {
    let all = evaluator.received().unwrap();
    (all.iter().map(|one| one.received).sum(), all.iter().map(|one| one.expected).sum())
}

fn later(study: &Founded, days: i64) {
    let begun: jiff::Zoned = "2026-03-02T10:00[Europe/London]".parse().unwrap();
    study.clock.set(begun.checked_add(days.days()).unwrap());
}

#[test]
fn a_restored_hub_is_offered_what_it_lacks_and_gives_nobody_what_they_have() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("hub"), folder.path().join("copy"));
    let mut running = HubProcess::start(&program(), &data);
    let study = Founded::at_address(&running.address, &running.setup_code);
    let (tablet, other) = (study.tablet("One"), study.tablet("Other"));
    respond(&tablet, 120);
    night(&tablet, "2026-02-24", 12);
    night(&other, "2026-02-25", 9);
    let first = tablet.sync().unwrap();
    assert_eq!((first.pushed, first.waiting), (121, 0));
    other.sync().unwrap();
    let all = study.steward.sync().unwrap();
    assert_eq!(received(&study.steward), (122, 122));
    hub(&["backup", "--data"], &data, "--to", &copy);

    respond(&tablet, 9);
    night(&tablet, "2026-02-26", 11);
    tablet.sync().unwrap();
    study.steward.sync().unwrap();
    other.sync().unwrap();
    let listen = format!("127.0.0.1:{}", running.port());
    running.kill();
    hub(&["restore", "--data"], &data, "--from", &copy);
    running = HubProcess::start_at(&program(), &data, &listen);
    // Another tablet was there before, with something new.
    night(&other, "2026-02-27", 8);
    let others = other.sync().unwrap();
    assert_eq!((others.pushed, others.hub_lost_data), (1, true), "all else of it was in the backup");

    let again = tablet.sync().unwrap();
    assert!(again.hub_lost_data);
    assert_eq!((again.pushed, again.waiting, again.at_hub), (10, 0, 131), "ten, and not 131");
    assert!(
        again.bytes_sent * 4 < first.bytes_sent,
        "{} bytes against {}",
        again.bytes_sent,
        first.bytes_sent
    );
    assert_eq!(again.pulled, 1, "what the other wrote since");
    let knows = study.steward.sync().unwrap();
    assert!(knows.hub_lost_data);
    assert_eq!((knows.pulled, received(&study.steward)), (1, (133 - 1 + 1, 133)));
    assert!(
        knows.bytes_received * 4 < all.bytes_received,
        "{} bytes against {}",
        knows.bytes_received,
        all.bytes_received
    );
    // And that was it.
    for synced in [tablet.sync().unwrap(), study.steward.sync().unwrap()] {
        assert!(!synced.hub_lost_data && synced.pulled == 0 && synced.pushed == 0);
    }
    assert_eq!(tablet.sync().unwrap().requests, 1);
    drop(running);
}

#[test]
fn every_thirty_days_a_loss_is_found_that_no_mark_shows() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("hub");
    let mut running = HubProcess::start(&program(), &data);
    let study = Founded::at_address(&running.address, &running.setup_code);
    let tablet = study.tablet("One");
    respond(&tablet, 20);
    night(&tablet, "2026-02-24", 12);
    tablet.sync().unwrap();
    assert_eq!(tablet.sync().unwrap().requests, 1);
    // What the hub holds of one response is another's from now on, under the same marks.
    let listen = format!("127.0.0.1:{}", running.port());
    running.kill();
    let database = Connection::open(data.join("hub.sqlite3")).unwrap();
    let sql = "UPDATE log SET envelope = ?1 WHERE at = (SELECT min(at) + 7 FROM log WHERE scope =
                 (SELECT scope FROM log GROUP BY scope ORDER BY count(*) DESC LIMIT 1))";
    assert_eq!(database.execute(sql, params![[7_u8; 32]]).unwrap(), 1);
    drop(database);
    let _running = HubProcess::start_at(&program(), &data, &listen);
    assert_eq!(tablet.sync().unwrap().requests, 1, "nothing shows it");

    // Thirty days, and as many as 29 more before the first time.
    later(&study, 59);
    let checked = tablet.sync().unwrap();
    assert!(checked.hub_lost_data, "it says so");
    assert_eq!((checked.pushed, checked.waiting), (1, 0), "and is offered this one");
    // From then on nothing is compared for as long.
    assert_eq!(tablet.sync().unwrap().requests, 1);
    later(&study, 88);
    assert_eq!(tablet.sync().unwrap().requests, 1);
    later(&study, 90);
    let checked = tablet.sync().unwrap();
    assert!(!checked.hub_lost_data && checked.pushed == 0 && checked.requests > 1, "nothing is missing");
}
