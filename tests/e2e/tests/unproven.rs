//! What a hub cannot prove is never read: a hub that changes the signature over a tablet's chain adds nothing to what an
//! evaluator counts.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar_e2e::random_key;
use nightjar_test_support::{HubProcess, Ward, program};
use rusqlite::Connection;
use serde_json::json;

#[test]
fn a_batch_whose_signature_was_changed_is_set_aside_and_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = Ward::found(&program(), folder.path(), 1, &mut random_key);
    let tablet = &mut ward.tablets[0];
    let code = tablet.must("status", json!({}))["wards"][0].clone();
    let begin = json!({ "form_id": "patient-core", "role": "patient", "ward": code });
    for _ in 0..2 {
        let sitting = tablet.must("begin", begin.clone())["sitting"].clone();
        tablet.must("finish", json!({ "sitting": sitting }));
        // Each in a batch, and so under a signature, of its own.
        tablet.must("sync", json!({}));
    }
    let listen = format!("127.0.0.1:{}", ward.hub.port());
    ward.hub.kill();
    let database = Connection::open(ward.folder.join("hub/hub.sqlite3")).unwrap();
    let (push, mut segment): (i64, Vec<u8>) = database
        .query_row("SELECT id, segment FROM push ORDER BY id DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    // The signature stands last.
    *segment.last_mut().unwrap() ^= 1;
    database.execute("UPDATE push SET segment = ?1 WHERE id = ?2", (segment, push)).unwrap();
    drop(database);
    ward.hub = HubProcess::start_at(&program(), &ward.folder.join("hub"), &listen);

    let synced = ward.evaluator.must("sync", json!({}));
    assert!(synced["set_aside"].as_array().unwrap().iter().any(|why| why == "forged"), "{synced}");
    let read = ward.evaluator.must("records", json!({ "form_id": "patient-core" }));
    assert_eq!(read.as_array().unwrap().len(), 1, "the proven batch is read, the other is not");
}
