//! A tablet killed at random: no acknowledged answer is ever lost.

use std::time::{Duration, Instant};

use nightjar_e2e::{Founded, Station};
use serde_json::{Value as Json, json};

/// How many kills; `NIGHTJAR_KILLS` sets another number, as a soak does.
fn kills() -> u32 {
    std::env::var("NIGHTJAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

/// The first question with two choices that mean something.
fn open(tablet: &mut Station) -> (String, String, Vec<Json>) {
    let status = tablet.device.must("status", json!({}));
    let forms = tablet.device.must("forms", json!({}));
    let form = forms.as_array().unwrap().iter().find(|form| form["kind"] == "response").unwrap();
    let request = json!({ "form_id": form["form_id"], "role": form["roles"][0], "ward": status["wards"][0], "language": null });
    let opened = tablet.device.must("begin", request);
    let sitting = opened["sitting"].as_str().unwrap().to_owned();
    let mut page = opened["page"].clone();
    loop {
        for question in page["questions"].as_array().unwrap() {
            let choices = question["choices"].as_array().unwrap();
            if question["kind"] == "select_one" && choices.len() > 1 {
                let codes = choices.iter().map(|choice| json!({ "one": choice["code"] })).collect();
                return (sitting, question["path"].as_str().unwrap().to_owned(), codes);
            }
        }
        page = tablet.device.must("next", json!({ "sitting": sitting }));
    }
}

fn held(tablet: &mut Station, path: &str) -> (String, Json) {
    let drafts = tablet.device.must("drafts", json!({}));
    let [draft] = drafts.as_array().unwrap().as_slice() else { panic!("one draft, not {drafts}") };
    let opened = tablet.device.must("resume", json!({ "draft": draft["id"] }));
    let sitting = opened["sitting"].as_str().unwrap().to_owned();
    let page = tablet.device.must("go_to", json!({ "sitting": sitting, "path": path }));
    let question =
        page["questions"].as_array().unwrap().iter().find(|question| question["path"] == path).unwrap();
    (sitting, question["value"].clone())
}

#[test]
fn no_kill_loses_an_acknowledged_answer() {
    let mut founded = Founded::with_tablets(1);
    let tablet = &mut founded.tablets[0];
    let (mut sitting, path, values) = open(tablet);
    let mut acknowledged = values[0].clone();
    tablet.device.must("answer", json!({ "sitting": sitting, "path": path, "value": acknowledged }));
    let mut between = 0;
    for kill in 0..kills() {
        let under_way = values[1 + kill as usize % (values.len() - 1)].clone();
        let under_way = if under_way == acknowledged { values[0].clone() } else { under_way };
        tablet.device.send("answer", json!({ "sitting": sitting, "path": path, "value": under_way }));
        // From at once to some milliseconds later: before, while and after it is written.
        let random =
            u64::from(u16::from_le_bytes([nightjar_e2e::random_key()[0], nightjar_e2e::random_key()[0]]));
        let until = Instant::now() + Duration::from_micros(random % 6_000);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        tablet.kill_and_restart();
        let value;
        (sitting, value) = held(tablet, &path);
        if value == under_way {
            // Written, but the process was killed before anyone read that it was.
            between += 1;
            acknowledged = under_way;
        }
        assert_eq!(value, acknowledged, "after kill {kill}");
    }
    println!(
        "{} kills, 0 acknowledged answers lost; {between} fell after the write and before it was acknowledged",
        kills()
    );
}

#[test]
fn a_tablet_goes_on_collecting_without_its_hub_and_loses_nothing() {
    let mut founded = Founded::with_tablets(1);
    let port = founded.hub.port();
    founded.hub.kill();
    let tablet = &mut founded.tablets[0];
    let (sitting, path, values) = open(tablet);
    tablet.device.must("answer", json!({ "sitting": sitting, "path": path, "value": values[0] }));
    tablet.device.must("stop_keeping", json!({ "sitting": sitting }));
    let (kind, text) = tablet.device.ask("sync", json!({})).unwrap_err();
    assert_eq!(kind, "offline", "{text}");
    let waiting = tablet.device.must("status", json!({}))["waiting"].as_u64().unwrap();
    assert!(waiting > 0);

    let hub = nightjar_test_support::HubProcess::start_at(
        &founded.folder.path().join("hub"),
        &format!("127.0.0.1:{port}"),
    );
    let synced = tablet.device.must("sync", json!({}));
    assert_eq!((synced["pushed"].as_u64(), synced["waiting"].as_u64()), (Some(waiting), Some(0)));
    drop(hub);
}
