//! `nightjar demo`: the whole way, twice with the same seed, and once more with another study.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nightjar_e2e::{Ran, holds, run};
use nightjar_test_support::sleepwell;
use tempfile::TempDir;

const CANARY: &[u8] = b"the moon over the river is green tonight";

struct Shown {
    folder: TempDir,
    ran: Ran,
}

impl Shown {
    fn run(study: Option<&Path>) -> Shown {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("demo");
        let mut arguments: Vec<&std::ffi::OsStr> = vec!["demo".as_ref(), "--seed".as_ref(), "7".as_ref()];
        arguments.extend::<[&std::ffi::OsStr; 4]>([
            "--responses".as_ref(),
            "60".as_ref(),
            "--out".as_ref(),
            out.as_ref(),
        ]);
        if let Some(study) = study {
            arguments.extend::<[&std::ffi::OsStr; 2]>(["--study".as_ref(), study.as_ref()]);
        }
        let ran = run(arguments, "");
        assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
        Shown { folder, ran }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("demo").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// The same seed, twice.
fn shown() -> &'static [Shown; 2] {
    static SHOWN: OnceLock<[Shown; 2]> = OnceLock::new();
    SHOWN.get_or_init(|| [Shown::run(None), Shown::run(None)])
}

#[test]
fn it_goes_the_whole_way_and_says_so_in_plain_words() {
    let [shown, _] = shown();
    let out = &shown.ran.out;
    for said in [
        "everything stays on the tablet",
        "acknowledged answers there",
        "Dissensus on case",
        "Conflict on every tablet",
        "settled on all three tablets",
        "tablet 1: ",
        "It is on all 3 tablets now",
        "it was taken out on tablet 2",
        "5 of 5 devices have signed that nothing of it is left",
        "tablet 3 was lost and put out",
        "wall time",
        "bytes over the wire",
    ] {
        assert!(out.contains(said), "\"{said}\" is not in\n{out}");
    }
    for number in 1..=3 {
        let line = out.lines().find(|line| line.starts_with(&format!("tablet {number}: "))).unwrap();
        let counts: Vec<&str> = line.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
        assert!(matches!(counts.as_slice(), [received, of] if received == of), "{line}");
    }
    let killed = out.lines().find(|line| line.contains("SIGKILL")).unwrap();
    let counts: Vec<u64> =
        killed.split_whitespace().filter_map(|word| word.parse().ok()).filter(|n| *n > 2).collect();
    assert!(matches!(counts.as_slice(), [there, of] if there == of), "{killed}");
}

#[test]
fn the_report_prints_the_published_figures() {
    let [shown, _] = shown();
    let report = shown.read("report.html");
    for figure in ["46.4", "49.8", "24.3", "simulated"] {
        assert!(report.contains(figure), "{figure} is not in the report");
    }
    assert!(shown.path("export/figures.csv").is_file());
}

#[test]
fn the_same_seed_gives_the_same_figures_and_other_keys_and_ids() {
    let [first, second] = shown();
    assert_eq!(first.read("export/figures.csv"), second.read("export/figures.csv"));
    for vault in ["tablets/tablet-1.vault", "tablets/tablet-3.vault", "evaluators/evaluator-1.vault"] {
        assert_ne!(fs::read(first.path(vault)).unwrap(), fs::read(second.path(vault)).unwrap(), "{vault}");
    }
    assert_ne!(hub_bytes(first), hub_bytes(second));
}

fn hub_bytes(shown: &Shown) -> Vec<u8> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(shown.path("hub")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().filter(|path| path.is_file()).flat_map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn what_a_patient_wrote_stands_in_no_file_and_no_vault_opens_without_its_key() {
    let [shown, _] = shown();
    assert_eq!(holds(&shown.path(""), CANARY), None);
    for vault in ["tablets/tablet-1.vault", "tablets/tablet-2.vault", "evaluators/evaluator-1.vault"] {
        let plain = rusqlite::Connection::open(shown.path(vault)).unwrap();
        let read = plain.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0));
        assert!(read.is_err(), "{vault} opens as a plain database");
    }
}

#[test]
fn no_process_outlives_it() {
    if !Path::new("/proc").is_dir() {
        return;
    }
    let [shown, _] = shown();
    let folder = shown.folder.path().to_string_lossy().into_owned();
    let left = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = fs::read(entry.unwrap().path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).into_owned()).filter(|line| line.contains(&folder))
    });
    assert_eq!(left.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn another_published_figure_changes_the_report() {
    let study = tempfile::tempdir().unwrap();
    copy(&sleepwell(), study.path());
    let file = published(study.path());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(",125,56"), "the published ward with 56 of 125 is in {}", file.display());
    fs::write(&file, text.replace(",125,56", ",125,66")).unwrap();
    let report = Shown::run(Some(study.path())).read("report.html");
    assert!(report.contains("50.4") && report.contains("51.4"), "the report follows the published data set");
}

fn published(study: &Path) -> PathBuf {
    let mut files = fs::read_dir(study.join("published")).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("125"))).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.odt"), "years of work").unwrap();
    let ran = run(["demo".as_ref(), "--out".as_ref(), folder.path().as_os_str()], "");
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("choose another folder"), "{}", ran.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
