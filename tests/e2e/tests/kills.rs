//! A tablet killed in the middle of a form, and a tablet without its hub: nothing acknowledged is lost.
//! (`cargo xtask soak kill` does the first some hundred times.)

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar_e2e::random_key;
use nightjar_test_support::{Device, HubProcess, Ward, program};
use serde_json::{Value as Json, json};

fn ward(folder: &tempfile::TempDir) -> Ward {
    Ward::found(&program(), folder.path(), 1, &mut random_key)
}

/// A form for a patient, on its check page.
fn begin(tablet: &mut Device) -> (String, Json) {
    let ward = tablet.must("status", json!({}))["wards"][0].clone();
    let opened = tablet.must("begin", json!({ "form_id": "patient-core", "role": "patient", "ward": ward }));
    let sitting = opened["sitting"].as_str().unwrap().to_owned();
    let page = tablet.must("go_to", json!({ "sitting": sitting, "path": "" }));
    (sitting, page)
}

/// The first question of a kind, and a value for it.
fn first<'a>(page: &'a Json, kind: &str) -> &'a Json {
    page["questions"].as_array().unwrap().iter().find(|question| question["kind"] == kind).unwrap()
}

#[test]
fn a_killed_tablet_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = ward(&folder);
    let tablet = &mut ward.tablets[0];
    let (sitting, page) = begin(tablet);
    let mut acknowledged = Vec::new();
    for question in
        page["questions"].as_array().unwrap().iter().filter(|question| question["kind"] == "select_one")
    {
        let value = json!({ "one": question["choices"][0]["code"] });
        tablet.must("answer", json!({ "sitting": sitting, "path": question["path"], "value": value }));
        acknowledged.push((question["path"].clone(), value));
    }
    let text = first(&page, "text")["path"].clone();
    tablet.send("answer", json!({ "sitting": sitting, "path": text, "value": { "text": "under way" } }));
    tablet.kill();
    tablet.start();

    let drafts = tablet.must("drafts", json!({}));
    assert_eq!(drafts.as_array().map(Vec::len), Some(1), "{drafts}");
    tablet.must("resume", json!({ "draft": drafts[0]["id"] }));
    let page = tablet.must("go_to", json!({ "sitting": sitting, "path": "" }));
    assert!(acknowledged.len() > 5);
    for (path, value) in acknowledged {
        let question =
            page["questions"].as_array().unwrap().iter().find(|question| question["path"] == path).unwrap();
        assert_eq!(question["value"], value, "{path}");
    }
    tablet.must("finish", json!({ "sitting": sitting }));
}

#[test]
fn a_tablet_goes_on_collecting_without_its_hub_and_sends_everything_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut ward = ward(&folder);
    let (port, data) = (ward.hub.port(), ward.folder.join("hub"));
    ward.tablets[0].must("sync", json!({}));
    ward.hub.kill();
    let tablet = &mut ward.tablets[0];
    let (sitting, page) = begin(tablet);
    let text = first(&page, "text")["path"].clone();
    tablet.must("answer", json!({ "sitting": sitting, "path": text, "value": { "text": "quieter doors" } }));
    tablet.must("stop_keeping", json!({ "sitting": sitting }));
    let said = tablet.ask("sync", json!({})).unwrap_err();
    assert!(said.contains("everything stays on this device"), "{said}");
    let waiting = tablet.must("status", json!({}))["waiting"].as_u64().unwrap();
    assert!(waiting > 0);

    let hub = HubProcess::start_at(&program(), &data, &format!("127.0.0.1:{port}"));
    let synced = tablet.must("sync", json!({}));
    assert_eq!((synced["pushed"].as_u64(), synced["waiting"].as_u64()), (Some(waiting), Some(0)));
    drop(hub);
}
