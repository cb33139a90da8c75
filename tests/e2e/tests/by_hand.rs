//! A study set up and run by hand, command by command, with keys through a file descriptor.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use nightjar_e2e::random_key;
use nightjar_test_support::{HubProcess, program, sleepwell};
use tempfile::TempDir;

struct Hands {
    folder: TempDir,
}

impl Hands {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command that works.
    fn run(&self, device: &str, command: &str, typed: &Path) -> String {
        let (status, said) = self.spawn(device, command, typed);
        assert!(status.success(), "{command}: {said}");
        said
    }

    /// Runs a command for a device; its vault and key are `DEVICE.vault` and `DEVICE.key`. Gives all it said.
    fn spawn(&self, device: &str, command: &str, typed: &Path) -> (ExitStatus, String) {
        let script = format!("exec \"$0\" {command} --vault {device}.vault --key-fd 3 3<{device}.key");
        let typed = std::fs::File::open(typed).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(program()).current_dir(self.folder.path()).stdin(Stdio::from(typed));
        let out = shell.output().unwrap();
        let (said, complained) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        (out.status, format!("{said}{complained}"))
    }

    /// Runs a command that is refused, and gives what it complains of.
    fn fails(&self, device: &str, command: &str) -> String {
        let (out, said) = self.spawn(device, command, Path::new("/dev/null"));
        assert!(!out.success(), "{command}: {said}");
        said
    }

    fn must(&self, device: &str, command: &str) -> String {
        self.run(device, command, Path::new("/dev/null"))
    }

    /// A folder with a key for each device.
    fn new(devices: &[&str]) -> Self {
        let hands = Self { folder: tempfile::tempdir().unwrap() };
        for device in devices {
            hands.write(&format!("{device}.key"), random_key());
        }
        hands
    }

    /// The steward founds a study at a hub, which runs until it is dropped; nobody else is in it yet.
    fn found(&self, more: &str) -> HubProcess {
        let hub = HubProcess::start(&program(), &self.path("hub"));
        self.write("setup-code", &hub.setup_code);
        self.must("steward", "evaluate create --label Steward");
        self.must("steward", &format!("study found --hub {} --setup-code setup-code {more}", hub.address));
        hub
    }

    /// Makes a device and lets it in.
    fn let_in(&self, device: &str, face: &str, admission: &str, more: &str) {
        self.write(
            &format!("{device}.request"),
            self.must(device, &format!("{face} create --label '{device}'")),
        );
        let invitation = self.must("steward", &format!("study admit --request {device}.request {admission}"));
        self.write(&format!("{device}.invitation"), invitation);
        let joined = self.must(device, &format!("{face} join --invitation {device}.invitation {more}"));
        assert!(joined.contains("joined: SleepWell"), "{joined}");
    }
}

/// The sleepwell pack with another form for carers, in a folder of its own.
fn pack(folder: &Path, version: &str, form: &str) {
    let copy = |from: &Path, to: &Path| std::fs::copy(from, to).map(drop).unwrap();
    for part in ["forms", "published"] {
        std::fs::create_dir_all(folder.join(part)).unwrap();
        for file in std::fs::read_dir(sleepwell().join(part)).unwrap().map(Result::unwrap) {
            if file.file_type().unwrap().is_file() {
                copy(&file.path(), &folder.join(part).join(file.file_name()));
            }
        }
    }
    let study = std::fs::read_to_string(sleepwell().join("study.toml")).unwrap();
    let study = study.replace("2026.1", version).replace("forms/carer.xlsx", "forms/carer.md");
    std::fs::write(folder.join("study.toml"), study).unwrap();
    std::fs::write(folder.join("forms/carer.md"), form).unwrap();
}

/// Version, cups and how often of each carer, from the table of rows.
fn carers(report: &Path) -> Vec<[String; 3]> {
    let mut reader = csv::Reader::from_path(report.join("carer.internal.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let places = ["version", "cups", "calls"].map(at);
    reader.records().map(|row| places.map(|at| row.as_ref().unwrap()[at].to_owned())).collect()
}

#[test]
fn a_study_can_be_set_up_collected_and_reported_by_hand() {
    let hands = Hands::new(&["steward", "second", "tablet"]);
    let _hub = hands.found("");
    let words = hands.must("steward", "study recovery");
    assert!(words.contains("on paper"), "{words}");
    hands.let_in("second", "evaluate", "--evaluator", "");
    hands.let_in("tablet", "tablet", "", "");

    // The first ward, English, yes; one answer; stop and keep it; leave.
    hands.write("typed", "2\n1\n1\n1\n1\nstop\n1\nb\n");
    let said = hands.run("tablet", "collect", &hands.path("typed"));
    assert!(said.contains("kept and sealed"), "{said}");
    let said = hands.must("tablet", "tablet sync");
    assert!(said.contains("waiting 0"), "{said}");
    hands.must("steward", "evaluate sync");
    let received = hands.must("steward", "evaluate received");
    let counts: Vec<&str> = received.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert!(matches!(counts.as_slice(), [received, of] if received == of && *of != "0"), "{received}");
    hands.must("steward", "evaluate report --out report");
    assert!(hands.path("report/report.html").is_file());
    assert!(hands.must("tablet", "tablet conflicts").contains("no conflicts"));
    for device in ["steward", "tablet"] {
        assert!(hands.must(device, "vault check").contains("sound"));
        assert!(hands.must(device, "vault verify").contains("sealed changes come to"));
        assert!(hands.must(device, "vault repair").contains(" 0 damaged envelopes"));
        // The study's title is there to be found; nobody said the other thing.
        hands.write("phrases", "SleepWell: better nights\n");
        assert!(hands.fails(device, "vault audit --canary phrases").contains("phrase 1: "));
        hands.write("phrases", "nobody said this\n");
        assert!(hands.must(device, "vault audit --canary phrases").contains("1 phrases sought in "));
    }
}

#[test]
fn two_stewards_take_everything_out_by_hand() {
    let hands = Hands::new(&["steward", "second", "tablet"]);
    let _hub = hands.found("");
    hands.must("steward", "study recovery");
    hands.let_in("second", "evaluate", "--evaluator", "");
    hands.must("steward", "study steward --who second");
    assert!(hands.must("steward", "study devices").contains("second  second steward"));
    hands.let_in("tablet", "tablet", "", "");
    assert!(hands.fails("steward", "study steward --who second").contains("before the first tablet"));
    hands.write("typed", "2\n1\n1\n1\n1\nstop\n1\nb\n");
    hands.run("tablet", "collect", &hands.path("typed"));
    for device in ["tablet", "steward", "second"] {
        hands.must(device, if device == "tablet" { "tablet sync" } else { "evaluate sync" });
    }
    // What leaves as a file is listed, and named when it holds what was taken out.
    assert!(hands.must("second", "evaluate exports").contains("no exports"));
    hands.must("second", "evaluate report --out before");
    hands.write("asked", hands.must("steward", "study take-out --all-responses"));
    let said = hands.must("second", "study consent --request asked");
    assert!(said.contains("1 of them are on this device") && said.contains("for ever"), "{said}");
    hands.write("answer", said);
    let said = hands.must("steward", "study take-out --all-responses --consent answer");
    assert!(said.contains("1 records are taken out here"), "{said}");
    hands.must("second", "evaluate sync");
    hands.must("second", "evaluate report --out report");
    let rows = std::fs::read_dir(hands.path("report/export")).unwrap().map(|file| file.unwrap().path());
    let core = rows.into_iter().find(|file| file.ends_with("patient-core.internal.csv")).unwrap();
    assert_eq!(csv::Reader::from_path(core).unwrap().records().count(), 0);
    let listed = hands.must("second", "evaluate exports");
    let id = listed.split_whitespace().next().unwrap().to_owned();
    let hash = blake3::hash(&std::fs::read(hands.path("before/export/patient-core.internal.csv")).unwrap());
    assert!(listed.contains("DESTROY") && listed.contains(hash.to_hex().as_str()), "{listed}");
    hands.must("second", &format!("evaluate exports --destroyed {id}"));
    assert!(!hands.must("second", "evaluate exports").contains("DESTROY"));
    let said = hands.must("steward", "study erased");
    assert!(
        said.contains("erased on 2 of 3 devices") && said.contains("tablet    tablet  (last seen 20"),
        "{said}"
    );
}

#[test]
fn unfinished_answers_move_to_a_new_version_of_the_study_and_nothing_said_is_lost() {
    let choices = "| choices |\n| | list_name | name | label |\n| | often | never | Never |\n| | often | daily | Every day |\n";
    let form = |version: u8, calls: &str| {
        let cups = if version == 1 { "| | integer | cups | How many cups of tea? |\n" } else { "" };
        format!(
            "| survey |\n| | type | name | label |\n| | integer | nights | How many nights? |\n{cups}{calls}\
             | | integer | visits | How many visits? |\n{choices}\
             | settings |\n| | form_id | version |\n| | carer | {version} |\n"
        )
    };
    let hands = Hands::new(&["steward", "second", "tablet"]);
    pack(&hands.path("v1"), "2026.1", &form(1, "| | integer | calls | How many calls? |\n"));
    pack(&hands.path("v2"), "2026.2", &form(2, "| | select_one often | calls | How often did you call? |\n"));
    let _hub = hands.found("--study v1");
    hands.must("steward", "study recovery");
    hands.let_in("second", "evaluate", "--evaluator", "--study v1");
    hands.let_in("tablet", "tablet", "", "--study v1");

    // Two carers begin with version 1: the form, the ward, yes, three answers. The first hands the tablet over and takes
    // words; the battery dies on the second.
    let begin = |typed: &str| {
        hands.write("typed", format!("3\n1\n1\n{typed}"));
        hands.run("tablet", "collect", &hands.path("typed"))
    };
    let said = begin("4\n7\n12\nhand over\n1\n\nb\n");
    let is_words = |line: &&str| {
        line.split(' ').count() == 8 && line.chars().all(|c| c == ' ' || c.is_ascii_lowercase())
    };
    let words = said.lines().map(str::trim).find(is_words).unwrap().to_uppercase();
    begin("5\n8\n13\n");

    // Files that the roster does not name are refused; then the steward names them.
    let refused = hands.fails("tablet", "tablet update --study v2");
    assert!(refused.contains("not the study's forms"), "{refused}");
    let said = hands.must("steward", "study update --study v2");
    assert!(said.contains("carer: 3 changes, 2 of them break a column"), "{said}");
    assert!(said.contains("goes by version 2026.2"), "{said}");

    // Until the tablet gets the files it goes on as it is, and says that there is a newer version.
    hands.must("tablet", "tablet sync");
    let said = hands.must("tablet", "tablet update --study v1");
    assert!(said.contains("goes by version 2026.1") && said.contains("newer version"), "{said}");
    let said = hands.must("tablet", "tablet update --study v2");
    assert!(
        said.contains("2026.2") && said.contains("2 unfinished forms were begun with an earlier"),
        "{said}"
    );

    // The second says "yes, it is still me" and goes on as begun: visits; check; done. The first has the words, not quite as
    // they were written, and moves: what is asked no more is kept; the first question that differs is shown, then visits;
    // check; done.
    hands.write("typed", format!("1\n2\n6\n\n11\n{}\n1\n1\n2\n3\n\nb\n", words));
    let said = hands.run("tablet", "collect", &hands.path("typed"));
    for words in [
        "1 of your answers come along",
        "Not \"How many cups of tea?\": the new version does not ask it; it is kept with your answers.",
        "Not \"How many calls?\": the type was integer, is select_one; you can answer again.",
        "How often did you call?",
    ] {
        assert!(said.contains(words), "{words} is not in\n{said}");
    }
    assert_eq!(said.matches("Your answers are sealed").count(), 2, "{said}");

    // What is set out by version lines up: cups has a column, with what both said.
    let said = hands.must("tablet", "tablet sync");
    assert!(said.contains("waiting 0"), "{said}");
    hands.must("steward", "evaluate sync");
    hands.must("steward", "evaluate report --out report");
    let mut rows = carers(&hands.path("report/export"));
    rows.sort_by(|a, b| a[1].cmp(&b[1]));
    // Asked anew in another shape, and as it was.
    let calls: BTreeSet<&str> = rows.iter().map(|row| row[2].as_str()).collect();
    assert!(calls == ["12", "daily"].into() || calls == ["13", "daily"].into(), "{rows:?}");
    let cups: Vec<&str> = rows.iter().map(|row| row[1].as_str()).collect();
    assert!(cups == ["7", "8"], "{rows:?}");
    let versions: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert!(versions == ["1", "2"] || versions == ["2", "1"], "{rows:?}");
}

#[test]
fn a_steward_on_a_ward_lets_a_tablet_in_by_what_both_show() {
    let hands = Hands::new(&["steward", "ward", "new"]);
    let _hub = hands.found("");
    hands.let_in("ward", "tablet", "", "");
    let refused = hands.fails("ward", "study delegate --who ward --devices 1");
    assert!(refused.contains("not of a"), "a tablet's vault founds nothing: {refused}");
    hands.must("steward", "study delegate --who ward --devices 1 --ward acute-male --days 7");
    hands.must("ward", "tablet sync");

    // The tablet shows its request as a picture, with its fingerprint and as text.
    let shown = hands.must("new", "tablet create --label new --qr");
    assert!(shown.contains('▀') && shown.contains("compares this fingerprint: "), "{shown}");
    let fingerprint = shown.split("compares this fingerprint: ").nth(1).unwrap().lines().next().unwrap();
    hands.write("new.request", shown.lines().last().unwrap());
    let refused = hands.fails("ward", "study admit --request new.request --fingerprint AAAA-BBBB-CCCC");
    assert!(refused.contains(fingerprint) && refused.contains("nothing was signed"), "{refused}");
    let refused = hands.fails("ward", "study admit --request new.request --evaluator");
    assert!(refused.contains("tablets only"), "{refused}");
    let admit = format!("study admit --request new.request --fingerprint {fingerprint} --qr");
    let shown = hands.must("ward", &admit);
    assert!(shown.contains('▀'));
    hands.write("new.invitation", shown.lines().last().unwrap());
    hands.must("new", "tablet join --invitation new.invitation");
    let listed = hands.must("new", "study devices");
    assert!(listed.contains("let in by ward  waits for its place"), "{listed}");
    assert!(listed.contains("steward: has let in 1 of 1"), "{listed}");
    hands.must("steward", "evaluate sync");
    hands.must("steward", "study delegate --who ward --end");
    let listed = hands.must("steward", "study devices");
    assert!(listed.contains("let in by ward") && !listed.contains("waits"), "{listed}");
    hands.must("new", "tablet sync");
    hands.must("ward", "tablet sync");
    let refused = hands.fails("ward", "study admit --request new.request --ward acute-male");
    assert!(refused.contains("only a steward"), "{refused}");
}

#[test]
fn the_recovery_key_stands_on_papers_and_is_read_back_from_enough_of_them() {
    let hands = Hands { folder: tempfile::tempdir().unwrap() };
    for device in ["steward", "other"] {
        hands.write(&format!("{device}.key"), random_key());
        hands.must(device, &format!("evaluate create --label {device}"));
        hands.must(device, "study found");
    }
    assert!(hands.fails("steward", "study recovery --shares 3 --needed 4").contains("2 to 16"));
    let said = hands.must("steward", "study recovery --shares 3 --needed 2");
    let papers: Vec<&str> =
        said.lines().filter(|line| line.len() > 60 && line.contains('-') && !line.contains(' ')).collect();
    assert_eq!(papers.len(), 3, "{said}");
    for (at, paper) in papers.iter().enumerate() {
        hands.write(&format!("paper-{at}"), paper);
        assert_eq!(papers.iter().filter(|other| *other == paper).count(), 1);
    }
    assert!(hands.fails("steward", "study recovery").contains("already"));
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        let said =
            hands.must("steward", &format!("study recovery --check paper-{one} --check paper-{other}"));
        assert!(said.contains("the study's recovery key"), "{said}");
    }
    assert!(hands.fails("steward", "study recovery --check paper-1").contains("it takes 2"));
    assert!(hands.fails("steward", "study recovery --check paper-1 --check paper-1").contains("it takes 2"));
    // One key for one paper, as before; of another study.
    let words = hands.must("other", "study recovery");
    let words = words.lines().last().unwrap();
    hands.write("words", words.to_lowercase().replace('-', " "));
    hands.must("other", "study recovery --check words");
    assert!(hands.fails("steward", "study recovery --check words").contains("another study"));
    assert!(hands.fails("other", "study recovery --check paper-0 --check paper-2").contains("another study"));
    assert!(
        hands.fails("steward", "study recovery --check paper-0 --check words").contains("recovery share")
    );
}
