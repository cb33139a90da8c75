//! Admission: hostile bytes are refused by the walk, before automerge sees them, in time and memory bounded by their length.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, ObjType, ROOT, ScalarValue};
use common::*;
use nightjar_form::Value;
use nightjar_record::{Admitted, RecordError, admit, admit_all, bounds};
use proptest::prelude::*;

/// An honest change to damage.
fn honest() -> Vec<u8> {
    found(&night(), &[(cell("beds"), Value::Integer(17)), (cell("why_broken"), many(&["noise"]))], 1).bytes
}

fn uleb(mut n: u64, out: &mut Vec<u8>) {
    loop {
        let byte = (n & 0x7f) as u8;
        n >>= 7;
        out.push(if n == 0 { byte } else { byte | 0x80 });
        if n == 0 {
            return;
        }
    }
}

fn sleb(mut n: i64, out: &mut Vec<u8>) {
    loop {
        let byte = (n & 0x7f) as u8;
        n >>= 7;
        let done = (n == 0 && byte & 0x40 == 0) || (n == -1 && byte & 0x40 != 0);
        out.push(if done { byte } else { byte | 0x80 });
        if done {
            return;
        }
    }
}

/// A change chunk by hand: `rows` puts of null into one register, run-length encoded.
fn chunk(kind: u8, start_op: u64, rows: i64) -> Vec<u8> {
    let mut columns: Vec<(u64, Vec<u8>)> = Vec::new();
    let run = |value: &[u8]| {
        let mut out = Vec::new();
        sleb(rows, &mut out);
        out.extend_from_slice(value);
        out
    };
    columns.push((21, run(b"\x01k")));
    let mut insert = Vec::new();
    uleb(rows as u64, &mut insert);
    columns.push((52, insert));
    columns.push((66, run(&[1])));
    columns.push((86, run(&[0])));
    columns.push((112, run(&[0])));
    let message = br#"{"v":0,"r":"nurse"}"#;
    let mut body = vec![0, 16];
    body.extend_from_slice(&[9; 16]);
    body.push(1);
    uleb(start_op, &mut body);
    body.push(0);
    uleb(message.len() as u64, &mut body);
    body.extend_from_slice(message);
    body.push(0);
    uleb(columns.len() as u64, &mut body);
    for (spec, column) in &columns {
        uleb(*spec, &mut body);
        uleb(column.len() as u64, &mut body);
    }
    for (_, column) in columns {
        body.extend_from_slice(&column);
    }
    let mut out = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, kind];
    uleb(body.len() as u64, &mut out);
    out.extend_from_slice(&body);
    out
}

/// The first bomb: a small deflated chunk that expands without end. Deflated chunks are never opened.
#[test]
fn a_deflated_change_is_refused_unopened() {
    let mut document = AutoCommit::new();
    document.put(ROOT, "k", "x".repeat(16_000)).unwrap();
    document.commit();
    let mut change = document.get_last_local_change().unwrap();
    let deflated = change.bytes().to_vec();
    assert!(deflated.len() < 1_000, "it is compressed");
    assert_eq!(admit(&deflated).unwrap_err(), RecordError::Malformed("it is compressed"));
    assert!(matches!(admit(&vec![0; 300_000]), Err(RecordError::TooLarge { .. })));
}

/// What travels together is taken apart by lengths that were not checked yet.
#[test]
fn changes_that_travel_together_are_admitted_all_or_none() {
    let first = found(&night(), &[(cell("beds"), Value::Integer(17))], 1);
    let record = merge(night().record_id(&KEY), &[incoming(&first, 1)]);
    let second =
        record.edit(&[(cell("beds"), Value::Integer(18))], &options(), &hand("nurse"), actor(2)).unwrap();
    let together = [&first.bytes[..], &second.bytes].concat();
    let hashes: Vec<_> = admit_all(&together).unwrap().iter().map(Admitted::hash).collect();
    assert_eq!(hashes, [first.hash, second.hash]);
    assert_eq!(admit_all(&first.bytes).unwrap().len(), 1);
    for cut in (1..together.len()).filter(|cut| *cut != first.bytes.len()) {
        assert!(admit_all(&together[..cut]).is_err(), "{cut}");
    }
    assert!(admit_all(b"").is_err());
    assert!(admit_all(&[&together[..], b"x"].concat()).is_err());
    // A length that reaches beyond what is there, or to the end of the world.
    let mut long = first.bytes.clone();
    long.splice(9..11, [0xff; 9].into_iter().chain([1]));
    assert!(admit_all(&long).is_err());
    assert_eq!(
        admit_all(&first.bytes.repeat(bounds::CHANGES_TOGETHER)).unwrap().len(),
        bounds::CHANGES_TOGETHER
    );
    let more = admit_all(&first.bytes.repeat(bounds::CHANGES_TOGETHER + 1));
    assert!(matches!(more, Err(RecordError::TooLarge { what: "changes that travel together", .. })));
}

/// The second bomb: under a hundred bytes that claim five million operations.
#[test]
fn a_run_of_five_million_operations_is_refused_uncounted() {
    let bomb = chunk(1, 1, 5_000_000);
    assert!(bomb.len() < 100, "{}", bomb.len());
    assert!(matches!(admit(&bomb), Err(RecordError::TooLarge { what: "operations of a change", .. })));
    assert!(matches!(admit(&chunk(1, 1, i64::MAX)), Err(RecordError::TooLarge { .. })));
}

/// The third bomb: a counter so high that it wins every conflict and makes the next honest edit panic.
#[test]
fn a_counter_at_the_end_of_its_range_is_refused() {
    for start in [u64::from(u32::MAX), 1_000_001, u64::MAX] {
        let bomb = chunk(1, start, 1);
        assert!(
            matches!(admit(&bomb), Err(RecordError::TooLarge { what: "operation counter", .. })),
            "{start}"
        );
    }
    // Below the bound it must still follow from what it rests on.
    assert!(admit(&chunk(1, 1_000, 1)).is_err());
}

#[test]
fn only_changes_are_admitted() {
    for kind in [0, 3, 4, 255] {
        assert!(matches!(admit(&chunk(kind, 1, 1)), Err(RecordError::Malformed(_))));
    }
    assert!(admit(&AutoCommit::new().save()).is_err());
    assert!(admit(b"").is_err());
}

/// Whatever else automerge can do is not ours.
#[test]
fn containers_deletions_counters_and_clock_times_are_refused() {
    type Act = fn(&mut AutoCommit);
    let changes: Vec<(&str, Act)> = vec![
        ("list", |d| drop(d.put_object(ROOT, "k", ObjType::List).unwrap())),
        ("text", |d| drop(d.put_object(ROOT, "k", ObjType::Text).unwrap())),
        ("null", |d| d.put(ROOT, "k", ()).unwrap()),
        ("boolean", |d| d.put(ROOT, "k", true).unwrap()),
        ("counter", |d| d.put(ROOT, "k", ScalarValue::counter(1)).unwrap()),
        ("timestamp", |d| d.put(ROOT, "k", ScalarValue::Timestamp(1)).unwrap()),
        ("bytes", |d| d.put(ROOT, "k", vec![1u8, 2]).unwrap()),
        ("unsigned", |d| d.put(ROOT, "k", 1u64).unwrap()),
        ("long text", |d| d.put(ROOT, "k", "x".repeat(17_000)).unwrap()),
        ("long key", |d| d.put(ROOT, "k".repeat(65), 1i64).unwrap()),
        ("deletion", |d| {
            d.put(ROOT, "k", 1i64).unwrap();
            d.delete(ROOT, "k").unwrap();
        }),
    ];
    for (name, act) in changes {
        let mut document = AutoCommit::new().with_actor(ActorId::from(vec![9; 16]));
        act(&mut document);
        document.commit_with(CommitOptions::default().with_message(r#"{"v":0,"r":"n"}"#).with_time(0));
        let bytes = document.get_last_local_change().unwrap().raw_bytes().to_vec();
        assert!(admit(&bytes).is_err(), "{name}");
    }
    let mut document = AutoCommit::new().with_actor(ActorId::from(vec![9; 16]));
    document.put(ROOT, cell("beds").to_string(), 1i64).unwrap();
    document.commit_with(CommitOptions::default().with_message(r#"{"v":0,"r":"n"}"#).with_time(5));
    let bytes = document.get_last_local_change().unwrap().raw_bytes().to_vec();
    assert_eq!(admit(&bytes).unwrap_err(), RecordError::Malformed("it carries a clock time"));
}

/// A hostile writer closes a conflict with a plain put: no settlement, no admission.
#[test]
fn closing_two_values_without_a_settlement_is_refused() {
    let (changes, _) = twins();
    let mut document = automerge::Automerge::new();
    let both = changes.iter().map(|c| automerge::Change::from_bytes(c.change.bytes().to_vec()).unwrap());
    document.apply_changes(both.collect::<Vec<_>>()).unwrap();
    let mut document = document.with_actor(ActorId::from(vec![9; 16]));
    let mut transaction = document.transaction();
    // Another value than both: to put the one that wins changes nothing.
    transaction.put(ROOT, cell("beds").to_string(), 99i64).unwrap();
    transaction.commit_with(CommitOptions::default().with_message(r#"{"v":0,"r":"n"}"#).with_time(0));
    let bytes = document.get_last_local_change().unwrap().raw_bytes().to_vec();
    assert!(matches!(admit(&bytes), Err(RecordError::Unsettled(_))));
}

proptest! {
    /// No bytes make admission panic, and what it passes automerge loads.
    #[test]
    fn damaged_changes_are_refused_or_load(flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = honest();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let same = bytes == honest();
        prop_assert_eq!(admit(&bytes).is_ok(), same, "the checksum binds every byte");
    }

    #[test]
    fn truncated_changes_are_refused(len in any::<prop::sample::Index>()) {
        let bytes = honest();
        prop_assert!(admit(&bytes[..len.index(bytes.len())]).is_err());
    }

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(admit(&bytes).is_err());
        let mut framed = chunk(1, 1, 1);
        framed.truncate(20);
        framed.extend_from_slice(&bytes);
        prop_assert!(admit(&framed).is_err());
    }
}
