//! Founding: a hub, two evaluator devices, recovery words, three tablets.

use serde_json::{Value as Json, json};

use super::station::Station;
use super::{Demo, TABLETS};
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("1. Founding the study")?;
    let hub = demo.start_hub()?;
    let (url, setup_code) = (hub.url.clone(), hub.setup_code.clone());
    screen.line("A hub listens on this machine. It keeps sealed envelopes and has no key to open one.")?;

    let mut steward = Station::make("evaluate", "evaluator 1".into(), demo.folder.evaluator(1))?;
    let mut second = Station::make("evaluate", "evaluator 2".into(), demo.folder.evaluator(2))?;
    let start = demo.calendar.noon(-14).to_string();
    let study = demo.study.clone();
    for station in [&mut steward, &mut second] {
        station.device()?.tell("set_time", json!({ "now": start }))?;
    }
    steward.device()?.tell("found", json!({ "hub": url, "setup_code": setup_code, "study": study }))?;
    // The words are dropped unread: in life they are printed on paper, once.
    steward.device()?.tell("add_recovery", json!({}))?;
    admit(&mut steward, &mut second, &Json::Null, &study)?;
    screen.line("An evaluator founded the study and a second evaluator's device joined.")?;
    screen.line("Recovery words were made; in life they are printed on paper and locked away. Here they are forgotten.")?;

    let wards: Vec<&str> = demo.calendar.ward_codes().collect();
    for number in 1..=TABLETS {
        let mut tablet = Station::make("tablet", format!("tablet {number}"), demo.folder.tablet(number))?;
        tablet.device()?.tell("set_time", json!({ "now": start }))?;
        admit(&mut steward, &mut tablet, &json!(wards), &study)?;
        demo.tablets.push(tablet);
    }
    screen.line(format_args!(
        "{TABLETS} tablets joined, each with an encrypted vault of its own. Their keys went through pipes; none is on disk."
    ))?;
    demo.evaluators = vec![steward, second];
    for station in demo.evaluators.iter_mut().chain(&mut demo.tablets) {
        station.sync()?;
    }
    Ok(())
}

/// The new device asks, the steward invites and tells the hub, the device joins. `wards` is null for an evaluator's.
fn admit(
    steward: &mut Station,
    device: &mut Station,
    wards: &Json,
    study: &Option<std::path::PathBuf>,
) -> Result<(), Trouble> {
    let request: String = device.device()?.ask("enrolment_request", json!({}))?;
    let invitation: String = steward.device()?.ask("admit", json!({ "request": request, "wards": wards }))?;
    steward.sync()?;
    device.device()?.tell("join", json!({ "invitation": invitation, "study": study }))
}
