//! Every scenario over the facade, each with a hub process of its own.

use std::path::{Path, PathBuf};

use nightjar::StudyPack;
use nightjar_test_support::{HubProcess, program, sleepwell};
use nightjar_vectors::{Hub, run};

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

fn write(scenario: &Path, transcript: &serde_json::Value) {
    let Some(folder) = std::env::var_os("NIGHTJAR_TRANSCRIPTS") else { return };
    let name = scenario.file_stem().expect("a file name").to_string_lossy();
    let text = serde_json::to_string_pretty(transcript).expect("JSON");
    std::fs::write(Path::new(&folder).join(format!("{name}.rust.json")), text)
        .expect("the transcript is written");
}
