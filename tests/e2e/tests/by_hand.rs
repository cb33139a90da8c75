//! A study set up and run by hand, command by command, with keys through a file descriptor.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nightjar_e2e::random_key;
use nightjar_test_support::{HubProcess, program};
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

    /// Runs a command for a device; its vault and key are `DEVICE.vault` and `DEVICE.key`.
    fn run(&self, device: &str, command: &str, typed: &Path) -> String {
        let script = format!("exec \"$0\" {command} --vault {device}.vault --key-fd 3 3<{device}.key");
        let typed = std::fs::File::open(typed).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(program()).current_dir(self.folder.path()).stdin(Stdio::from(typed));
        let out = shell.output().unwrap();
        let (said, complained) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{command}: {said}{complained}");
        said.into_owned()
    }

    fn must(&self, device: &str, command: &str) -> String {
        self.run(device, command, Path::new("/dev/null"))
    }

    /// Makes a device and lets it in.
    fn let_in(&self, device: &str, face: &str, admission: &str) {
        self.write(
            &format!("{device}.request"),
            self.must(device, &format!("{face} create --label '{device}'")),
        );
        let invitation = self.must("steward", &format!("study admit --request {device}.request {admission}"));
        self.write(&format!("{device}.invitation"), invitation);
        let joined = self.must(device, &format!("{face} join --invitation {device}.invitation"));
        assert!(joined.contains("joined: SleepWell"), "{joined}");
    }
}

#[test]
fn a_study_can_be_set_up_collected_and_reported_by_hand() {
    let hands = Hands { folder: tempfile::tempdir().unwrap() };
    for device in ["steward", "second", "tablet"] {
        hands.write(&format!("{device}.key"), random_key());
    }
    let hub = HubProcess::start(&program(), &hands.path("hub"));
    hands.write("setup-code", &hub.setup_code);
    hands.must("steward", "evaluate create --label Steward");
    hands.must("steward", &format!("study found --hub {} --setup-code setup-code", hub.address));
    let words = hands.must("steward", "study recovery");
    assert!(words.contains("on paper"), "{words}");
    hands.let_in("second", "evaluate", "--evaluator");
    hands.let_in("tablet", "tablet", "");

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
    }
}
