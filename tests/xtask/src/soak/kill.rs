//! `cargo xtask soak kill`: the middle of three tablets is killed in mid-form, again and again; no acknowledged answer
//! may be missing when it starts again.
//!
//! Answers are sent without waiting, so that the tablet is always at work when SIGKILL comes; how many acknowledgements
//! are read before it comes is drawn. What the tablet had acknowledged until it died is in the pipe and counts.

use std::collections::BTreeMap;

use nightjar_test_support::{Device, Ward};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::{build, fresh_key};
use crate::checkout::Checkout;
use crate::failure::{At, Failure};

/// Answers sent in one go.
const BURST: usize = 40;

/// What the soak found.
#[derive(Default)]
struct Found {
    acknowledged: u64,
    lost: u64,
    /// Kills after an answer was on disk and before its acknowledgement came out.
    between: u64,
    /// Vaults that did not open again would have ended the soak.
    opened: u64,
}

/// Kills a tablet so many times. Whether nothing was lost.
pub(crate) fn kill(checkout: &Checkout, times: u32, seed: u64) -> Result<bool, Failure> {
    build(checkout, &[])?;
    let folder = tempfile::tempdir().at("making", std::env::temp_dir())?;
    let mut ward = Ward::found(&checkout.program(), folder.path(), 3, &mut fresh_key);
    let tablet = &mut ward.tablets[1];
    let mut random = StdRng::seed_from_u64(seed);
    let mut found = Found::default();
    for round in 0..times {
        one_round(tablet, round, &mut random, &mut found);
    }
    println!(
        "{times} kills: {} answers acknowledged, {} lost; {} kills fell between the journal's write and the \
         acknowledgement; the vault opened again {} times",
        found.acknowledged, found.lost, found.between, found.opened
    );
    Ok(found.lost == 0 && found.opened == u64::from(times))
}

fn one_round(tablet: &mut Device, round: u32, random: &mut StdRng, found: &mut Found) {
    let begin = json!({ "form_id": "patient-core", "role": "patient", "ward": first_ward(tablet) });
    let sitting = tablet.must("begin", begin)["sitting"].as_str().expect("a sitting has an id").to_owned();
    let page = tablet.must("go_to", json!({ "sitting": sitting, "path": "" }));
    // Free texts and the first choice question: asked whatever else is answered.
    let texts = paths(&page, "text");
    let paths: Vec<String> = texts.into_iter().collect();
    assert!(paths.len() >= 2, "patient-core has free texts");

    let acts: Vec<(String, String)> = (0..BURST)
        .map(|n| (paths[random.random_range(0..paths.len())].clone(), format!("answer {round}.{n}")))
        .collect();
    for (path, text) in &acts {
        tablet.send("answer", json!({ "sitting": sitting, "path": path, "value": { "text": text } }));
    }
    let mut acknowledged = 0;
    for _ in 0..random.random_range(0..BURST) {
        match tablet.answer() {
            Some(Ok(_)) => acknowledged += 1,
            Some(Err(text)) => panic!("an answer was refused: {text}"),
            None => panic!("the tablet ended by itself"),
        }
    }
    tablet.kill();
    // What it had acknowledged before it died.
    while let Some(Ok(_)) = tablet.answer() {
        acknowledged += 1;
    }

    tablet.start();
    found.opened += 1;
    found.acknowledged += acknowledged as u64;
    tablet.must("resume", json!({ "draft": sitting }));
    let page = tablet.must("go_to", json!({ "sitting": sitting, "path": "" }));
    let there = answers(&page, &paths);
    // The state must be the one after some number of acts, not fewer than were acknowledged.
    match (0..=BURST).rev().find(|done| after(&acts[..*done]) == there) {
        Some(done) if done >= acknowledged => found.between += u64::from(done > acknowledged),
        Some(done) => found.lost += (acknowledged - done) as u64,
        None => found.lost += acknowledged as u64,
    }
    tablet.must("throw_away", json!({ "sitting": sitting }));
}

fn first_ward(tablet: &mut Device) -> Value {
    tablet.must("status", json!({}))["wards"][0].clone()
}

/// Paths of the check page's questions of a kind.
fn paths(page: &Value, kind: &str) -> Vec<String> {
    let questions = page["questions"].as_array().expect("a page has questions");
    questions
        .iter()
        .filter(|question| question["kind"] == kind)
        .map(|question| question["path"].as_str().expect("a question has a path").to_owned())
        .collect()
}

/// What stands at these paths.
fn answers(page: &Value, paths: &[String]) -> BTreeMap<String, String> {
    let questions = page["questions"].as_array().expect("a page has questions");
    questions
        .iter()
        .filter_map(|question| {
            let path = question["path"].as_str()?;
            let text = question["value"]["text"].as_str()?;
            paths.iter().any(|known| known == path).then(|| (path.to_owned(), text.to_owned()))
        })
        .collect()
}

/// What these acts leave.
fn after(acts: &[(String, String)]) -> BTreeMap<String, String> {
    acts.iter().cloned().collect()
}
