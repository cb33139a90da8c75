//! Promise: whoever has all envelopes, the rota and the asking list can tell who gave which response no better than by drawing it
//! among those that were sent together.
//!
//! The attacker here runs the hub, and knows of every respondent when they were asked and when they finished. The answers are of one
//! length, since padding says no more than that. What is drawn once at random is right for one of a batch in the mean, whatever
//! its size, with a variance of one: the bounds below are six standard deviations away.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use jiff::ToSpan;
use nightjar::form::Value;
use nightjar::{RecordsRequest, Tablet};
use nightjar_e2e::study::{Founded, begin};
use nightjar_seal::{Envelope, Period};
use nightjar_test_support::{HubProcess, program};
use rusqlite::{Connection, OpenFlags};

/// People whose responses go up together.
const BATCH: usize = 8;
/// How many batches.
const BATCHES: usize = 40;

/// What the attacker sees of one response.
struct Seen {
    record: String,
    id: [u8; 32],
    period: Option<Period>,
    bytes: usize,
}

/// Somebody answers, at a minute that the asking list names.
fn respond(study: &Founded, tablet: &Tablet, person: usize) {
    assert!(study.clock.set(study.clock.now().checked_add(3.minutes()).unwrap()));
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("better", Some(Value::Text(format!("person {person:05}")))).unwrap();
    sitting.finish().unwrap();
}

/// The log of responses as the hub holds it, in its order.
fn log(hub: &Path) -> Vec<Seen> {
    let database =
        Connection::open_with_flags(hub.join("hub.sqlite3"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = database.prepare("SELECT bytes FROM log ORDER BY at").unwrap();
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let envelopes = rows.map(|bytes| {
        let bytes = bytes.unwrap();
        let envelope = Envelope::decode(&bytes).unwrap();
        let header = envelope.header();
        let (record, period) = (header.record.to_string(), header.period);
        Seen { record, id: envelope.id().0, period, bytes: bytes.len() }
    });
    envelopes.collect()
}

/// Who gave which response, by its record: known to the evaluator alone.
fn truth(study: &Founded) -> BTreeMap<String, usize> {
    study.steward.sync().unwrap();
    let mut found = BTreeMap::new();
    let mut after = None;
    loop {
        let request = RecordsRequest {
            form_id: Some("patient-core".into()),
            after,
            limit: Some(200),
            ..Default::default()
        };
        let records = study.steward.records(request).unwrap();
        after = records.last().map(|record| record.id.clone());
        for record in &records {
            let said = record.cells.iter().flat_map(|cell| &cell.values).find_map(|held| {
                held.text.strip_prefix("person ").and_then(|number| number.parse::<usize>().ok())
            });
            found.insert(record.id.clone(), said.unwrap());
        }
        if records.is_empty() {
            return found;
        }
    }
}

/// For how many the guess is right that the order of `batch` is that in which people were asked.
fn right(batch: &[&Seen], first: usize, truth: &BTreeMap<String, usize>) -> usize {
    batch.iter().enumerate().filter(|(place, seen)| truth.get(&seen.record) == Some(&(first + place))).count()
}

#[test]
fn whoever_has_every_envelope_the_rota_and_the_asking_list_can_only_draw() {
    let folder = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(&program(), &folder.path().join("hub"));
    let study = Founded::at_address(&hub.address, &hub.setup_code);
    let tablet = study.tablet("One");
    for batch in 0..BATCHES {
        // Each batch on a morning of its own, so that the part of the day is the same for all of it.
        let day = "2026-03-03T08:00[Europe/London]".parse::<jiff::Zoned>().unwrap();
        assert!(study.clock.set(day.checked_add((batch as i64).days()).unwrap()));
        for person in 0..BATCH {
            respond(&study, &tablet, batch * BATCH + person);
        }
        tablet.sync().unwrap();
    }
    let (seen, truth) = (log(&folder.path().join("hub")), truth(&study));
    assert_eq!((seen.len(), truth.len()), (BATCH * BATCHES, BATCH * BATCHES));

    let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, batch) in seen.chunks(BATCH).enumerate() {
        let periods: Vec<_> = batch.iter().map(|seen| seen.period).collect();
        assert!(periods.iter().all(|period| *period == periods[0]), "nothing finer than a part of a day");
        assert!(batch.iter().all(|seen| seen.bytes == batch[0].bytes), "sizes say nothing");
        let inside: Vec<_> = batch.iter().filter_map(|seen| truth.get(&seen.record)).collect();
        assert!(inside.iter().all(|person| **person / BATCH == number), "the batch itself is no secret");
        // In the order of the log, backwards, by the record's name and by the envelope's.
        let mut order: Vec<&Seen> = batch.iter().collect();
        let mut guess = |name, order: &[&Seen]| {
            *hits.entry(name).or_default() += right(order, number * BATCH, &truth);
        };
        guess("log", &order);
        order.reverse();
        guess("log backwards", &order);
        order.sort_by(|a, b| a.record.cmp(&b.record));
        guess("record", &order);
        order.sort_by_key(|seen| seen.id);
        guess("envelope", &order);
    }
    let bound = BATCHES + 6 * BATCHES.isqrt() + 6;
    for (by, hits) in &hits {
        assert!(*hits <= bound, "{hits} of {} guessed right by {by}; drawing gives {BATCHES}", seen.len());
    }

    // One alone is a batch of one, and guessed: the attack works where there is nothing to be among.
    let alone = BATCH * BATCHES;
    respond(&study, &tablet, alone);
    tablet.sync().unwrap();
    let (seen, truth) = (log(&folder.path().join("hub")), self::truth(&study));
    assert_eq!(right(&[seen.last().unwrap()], alone, &truth), 1);
}
