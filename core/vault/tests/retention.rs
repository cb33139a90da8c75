//! Custody and retention: sealed bytes stay until others have them for certain, and some days more.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use nightjar_form::Value;
use nightjar_vault::{Custody, KEEP_DAYS, Readable, State};

/// The last day of a week, so that what is noted from here on is noted a week later.
const DAY: i32 = 2_857 * 7;
const KEEP: i32 = KEEP_DAYS.cast_signed();

#[test]
fn bytes_leave_some_days_after_custody_and_never_before() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    tablet.give(&night(), &[(cell("beds"), Value::Integer(17))], Readable::Here, &[&evaluator]);
    let custody = |day| tablet.vault.custody(day, KEEP_DAYS).unwrap();
    let note = |applied, day| tablet.vault.note_custody(&tablet.strand(), &SCOPE, applied, day).unwrap();

    let sent = tablet.send();
    note(0, DAY);
    assert_eq!(custody(DAY), Custody { unsent: 2, ..Custody::default() });
    assert_eq!(custody(DAY + KEEP).late, 0, "a week is kept, not the day");
    assert_eq!(custody(DAY + 7 + KEEP + 1).late, 2, "what waits long is shown");
    tablet.vault.acknowledge(&sent.keys().copied().collect::<Vec<_>>()).unwrap();
    note(0, DAY + 1);
    assert_eq!(custody(DAY + 1), Custody { unapplied: 2, ..Custody::default() });
    assert_eq!(tablet.vault.release(DAY + 1_000, 0).unwrap(), 0, "the hub alone is not enough, however long");
    // An evaluator that has applied a part has custody of that part.
    note(1, DAY + 2);
    assert_eq!((custody(DAY + 2).in_custody, custody(DAY + 2).unapplied), (1, 1));
    note(2, DAY + 10);
    assert_eq!(custody(DAY + 10).in_custody, 2);
    // Counted from when each was in custody, and never from less than the days that are always kept.
    assert_eq!(tablet.vault.release(DAY + 6 + KEEP, 0).unwrap(), 0);
    assert_eq!(tablet.vault.release(DAY + 7 + KEEP, 0).unwrap(), first_one(&tablet, &sent));
    tablet.vault.release(DAY + 14 + KEEP, 0).unwrap();
    assert_eq!(custody(DAY + 14 + KEEP), Custody { in_custody: 2, released: 1, ..Custody::default() });

    let mut left = 0;
    for (id, bytes) in &sent {
        let kept = tablet.vault.envelope(id).unwrap().unwrap();
        match tablet.vault.state(id).unwrap().unwrap() {
            State::Released => {
                assert!(kept.is_empty());
                left += 1;
            }
            state => {
                assert_eq!(state, State::Applied, "what this device reads itself stays");
                assert_eq!(&kept, bytes);
            }
        }
    }
    assert_eq!((left, tablet.vault.held().unwrap().released), (1, 1));
    // With the bytes goes what the header said of when and from what it came.
    let tables = rusqlite::Connection::open(&tablet.home.path).unwrap();
    tables.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "01".repeat(32))).unwrap();
    let known = "SELECT count(*) FROM envelope WHERE state = 7 AND (more IS NOT NULL OR keys IS NOT NULL)";
    assert_eq!(tables.query_row(known, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    assert!(tablet.vault.verify(tablet.reading()).unwrap().astray.is_empty());

    // A hub that lost everything is offered what is still here; nothing comes back by being received again.
    assert_eq!(tablet.vault.offer_again(&SCOPE).unwrap(), 1);
    assert_eq!(tablet.receive(sent.values()).new, 0);
    assert_eq!(tablet.vault.held().unwrap().released, 1);
}

/// How many of the first place of the chain are of what the tablet cannot read.
fn first_one(tablet: &Device, sent: &std::collections::BTreeMap<nightjar_seal::EnvelopeId, Vec<u8>>) -> u64 {
    let links = tablet.vault.links(&tablet.strand(), &SCOPE, 0, 1).unwrap();
    let first = links.iter().filter(|link| sent.contains_key(&link.envelope));
    let gone = first.filter(|link| tablet.vault.envelope(&link.envelope).unwrap().unwrap().is_empty());
    gone.count() as u64
}

#[test]
fn a_rule_of_more_days_is_kept_to() {
    let (tablet, evaluator) = (Device::new(), Device::new());
    tablet.give(&response(&tablet), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[&evaluator]);
    let sent = tablet.send();
    tablet.vault.acknowledge(&sent.keys().copied().collect::<Vec<_>>()).unwrap();
    tablet.vault.note_custody(&tablet.strand(), &SCOPE, 1, DAY).unwrap();
    assert_eq!(tablet.vault.release(DAY + 7 + 89, 90).unwrap(), 0);
    assert_eq!(tablet.vault.release(DAY + 7 + 90, 90).unwrap(), 1);
    // A clock that jumps back lets nothing go that is not there any more, and takes nothing back.
    assert_eq!(tablet.vault.release(0, 90).unwrap(), 0);
}
