//! Verifying and repairing: what is shown against what the sealed changes come to.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::world::*;
use nightjar_form::Value;
use nightjar_record::{Query, RecordId};
use nightjar_seal::EnvelopeId;
use nightjar_vault::{Astray, Proof, Readable};
use rusqlite::{Connection, params};

/// Somebody with the key, at the tables.
fn at_the_tables(device: &Device) -> Connection {
    let connection = Connection::open(&device.home.path).unwrap();
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "01".repeat(32))).unwrap();
    connection
}

/// An id of its two columns.
fn joined<const N: usize>(row: &rusqlite::Row<'_>) -> rusqlite::Result<[u8; N]> {
    let begin = row.get::<_, i64>(0)?.cast_unsigned() ^ (1 << 63);
    Ok([&begin.to_be_bytes()[..], &row.get::<_, Vec<u8>>(1)?].concat().try_into().unwrap())
}

fn first_record(tables: &Connection) -> RecordId {
    let sql = "SELECT begin, rest FROM record ORDER BY begin, rest LIMIT 1";
    RecordId(tables.query_row(sql, [], joined).unwrap())
}

#[test]
fn a_vault_in_use_is_as_its_changes_say() {
    let evaluator = Device::new();
    let (tablets, all) = collected(&evaluator);
    evaluator.receive(all.values());
    for device in tablets.iter().chain([&evaluator]) {
        let verified = device.vault.verify(device.reading()).unwrap();
        assert_eq!(verified.astray, []);
    }
    let verified = evaluator.vault.verify(evaluator.reading()).unwrap();
    assert_eq!(verified.records, 8);
    assert!(verified.changes >= 8);
    // The tablets can be written to afterwards: nothing holds a lock.
    let tablet = &tablets[2];
    tablet.give(&response(tablet), &[(cell("slept"), one("badly"))], Readable::Elsewhere, &[&evaluator]);
}

#[test]
fn every_column_and_state_that_strays_is_named_and_mended() {
    let evaluator = Device::new();
    let (_tablets, all) = collected(&evaluator);
    evaluator.receive(all.values());
    let shown = evaluator.vault.query(&Query::default()).unwrap();
    let tables = at_the_tables(&evaluator);
    let id = first_record(&tables);
    for column in
        ["kind", "nature", "instrument", "ward", "role", "phase", "case_label", "conflict", "packed"]
    {
        tables.execute(&format!("UPDATE record SET {column} = 'x' WHERE rest = ?1"), [&id.0[8..]]).unwrap();
        // A text where bytes belong is damage of its own sort.
        if column != "packed" {
            let found = evaluator.vault.verify(evaluator.reading()).unwrap().astray;
            assert_eq!(found, [Astray::Differs(id)], "{column}");
        }
        evaluator.vault.repair(evaluator.reading()).unwrap();
        assert_eq!(evaluator.vault.verify(evaluator.reading()).unwrap().astray, [], "{column}");
    }
    tables.execute("DELETE FROM record WHERE rest = ?1", [&id.0[8..]]).unwrap();
    let sql = "SELECT begin, rest FROM envelope WHERE kind = 0 LIMIT 1";
    let envelope: [u8; 32] = tables.query_row(sql, [], joined).unwrap();
    tables.execute("UPDATE envelope SET state = 5, reason = 'no' WHERE rest = ?1", [&envelope[8..]]).unwrap();
    let found = evaluator.vault.verify(evaluator.reading()).unwrap().astray;
    assert!(found.contains(&Astray::Missing(id)) && found.contains(&Astray::Envelope(EnvelopeId(envelope))));
    assert_eq!(found.len(), 2);
    let repaired = evaluator.vault.repair(evaluator.reading()).unwrap();
    assert_eq!((repaired.records, repaired.set_aside), (8, 0));
    assert_eq!(evaluator.vault.query(&Query::default()).unwrap(), shown);
}

#[test]
fn a_damaged_envelope_is_named_kept_as_bytes_and_its_siblings_go_on() {
    let evaluator = Device::new();
    let (_tablets, all) = collected(&evaluator);
    evaluator.receive(all.values());
    let before = evaluator.vault.held().unwrap();
    let tables = at_the_tables(&evaluator);
    let of = "FROM envelope JOIN record ON record.rest = envelope.record_rest
              WHERE record.nature = (SELECT n FROM shared WHERE value = 'response') ORDER BY record.n LIMIT 1";
    let named = |table: &str| format!("SELECT {table}.begin, {table}.rest {of}");
    let envelope: [u8; 32] = tables.query_row(&named("envelope"), [], joined).unwrap();
    let record: [u8; 16] = tables.query_row(&named("record"), [], joined).unwrap();
    tables
        .execute("UPDATE envelope SET body = ?2 WHERE rest = ?1", params![&envelope[8..], b"torn"])
        .unwrap();

    let verified = evaluator.vault.verify(evaluator.reading()).unwrap();
    assert_eq!(verified.astray, [Astray::Damaged(EnvelopeId(envelope))]);
    let repaired = evaluator.vault.repair(evaluator.reading()).unwrap();
    assert_eq!((repaired.records, repaired.set_aside), (7, 1));
    assert_eq!(evaluator.vault.verify(evaluator.reading()).unwrap().astray, []);
    let held = evaluator.vault.held().unwrap();
    assert_eq!((held.all, held.set_aside), (before.all, before.set_aside + 1), "nothing is deleted");
    assert!(evaluator.vault.record(&RecordId(record), evaluator.reading()).is_err());

    // The envelope comes again from the hub, and the record is as it was.
    evaluator.receive(all.values());
    assert_eq!(evaluator.vault.verify(evaluator.reading()).unwrap().records, 8);
    assert!(evaluator.vault.record(&RecordId(record), evaluator.reading()).is_ok());
}

/// A step is proven by the chain of the device that made it; a link changed in the file breaks the proof, not the record.
#[test]
fn history_says_how_far_each_step_is_proven() {
    let (a, b) = (Device::new(), Device::new());
    let beds = |n| [(cell("beds"), Value::Integer(n))];
    let id = a.give(&night(), &beds(17), Readable::Here, &[&b]).record;
    a.edit(&id, &beds(18), &[&b]);
    let publics = [a.keys.public(), b.keys.public()];
    let public = |tag: &nightjar_seal::DeviceTag| publics.iter().find(|public| public.tag() == *tag).copied();
    let told = |device: &Device| device.vault.history(&id, device.reading(), &public).unwrap();
    let proofs = |device: &Device| told(device).iter().map(|told| told.proof).collect::<Vec<_>>();
    assert_eq!(proofs(&a), [Proof::NotChained; 2], "not sent yet");
    let sent = a.send();
    assert_eq!(proofs(&a), [Proof::Chained; 2]);
    b.receive(sent.values());
    assert_eq!(proofs(&b), [Proof::NotChained; 2], "the links have not come");
    b.follow(&a);
    let steps = told(&b);
    assert!(steps.iter().all(|told| told.proof == Proof::Chained && told.step.from.0 == a.keys.tag().0));
    assert_eq!(
        (&steps[1].step.before, &steps[1].step.after),
        (&vec![Value::Integer(17)], &Value::Integer(18))
    );

    let raw = at_the_tables(&b);
    // Two links in each other's place: what each says is signed for another.
    raw.execute_batch(
        "CREATE TEMP TABLE two AS SELECT seq, rest FROM link WHERE seq IN (1, 2);
         UPDATE link SET rest = (SELECT rest FROM two WHERE two.seq = 3 - link.seq) WHERE seq IN (1, 2);",
    )
    .unwrap();
    assert_eq!(proofs(&b), [Proof::Broken; 2]);
    assert_eq!(b.record(&id).history().len(), 2, "the record is still read");
}
