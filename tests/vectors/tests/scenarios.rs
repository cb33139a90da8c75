//! Every scenario over the facade, each with a hub process of its own.

use std::path::{Path, PathBuf};

use nightjar::StudyPack;
use nightjar_test_support::{HubProcess, program, sleepwell};
use nightjar_vectors::{Hub, run};
use serde_json::json;

#[test]
fn every_scenario_gives_what_it_says() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"))
        .expect("the folder of the scenarios")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no scenarios");
    let pack = StudyPack::from_dir(&sleepwell()).expect("the study pack reads");
    for file in files {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let process = HubProcess::start(&program(), &folder.path().join("hub"));
        let hub = Hub { address: process.address.clone(), setup_code: process.setup_code.clone() };
        let scenario = std::fs::read_to_string(&file).expect("a scenario");
        let transcript = run(&scenario, pack.clone(), hub).unwrap_or_else(|problem| panic!("{problem}"));
        write(&file, &transcript);
    }
}

#[test]
fn what_nobody_understands_is_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("senseless.json");
    let text = std::fs::read_to_string(path).expect("the senseless steps");
    let senseless: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let before = senseless["before"].as_array().expect("a list");
    let pack = StudyPack::from_dir(&sleepwell()).expect("the study pack reads");
    let run = |steps: Vec<serde_json::Value>| {
        let scenario = json!({ "scenario": "senseless", "about": "", "canary": "?", "steps": steps });
        let hub = Hub { address: "http://127.0.0.1:1".into(), setup_code: String::new() };
        run(&scenario.to_string(), pack.clone(), hub)
    };
    run(before.clone()).expect("the steps before make sense");
    for step in senseless["each_must_fail"].as_array().expect("a list") {
        let outcome = run(before.iter().chain([step]).cloned().collect());
        assert!(outcome.is_err(), "it was not refused: {step}");
    }
}

fn write(scenario: &Path, transcript: &serde_json::Value) {
    let Some(folder) = std::env::var_os("NIGHTJAR_TRANSCRIPTS") else { return };
    let name = scenario.file_stem().expect("a file name").to_string_lossy();
    let text = serde_json::to_string_pretty(transcript).expect("JSON");
    std::fs::write(Path::new(&folder).join(format!("{name}.rust.json")), text)
        .expect("the transcript is written");
}
