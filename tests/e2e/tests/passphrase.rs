//! A vault under a passphrase, typed at a terminal: made, opened, copied, and given another.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nightjar_test_support::program;

const OLD: &str = "seven herons stand still";
const NEW: &str = "nine otters swim at night";

/// Runs the program at a terminal and types each answer when it is asked for one. Whether it ended well, and what stood on
/// the screen.
fn at_a_terminal(arguments: &[&str], vault: &Path, answers: &[&str]) -> (bool, String) {
    let quoted = |text: &str| format!("'{text}'");
    let mut line = quoted(program().to_str().unwrap());
    for argument in arguments.iter().chain(&["--vault", vault.to_str().unwrap()]) {
        line += &format!(" {}", quoted(argument));
    }
    // `script` gives it a terminal of its own.
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` of util-linux starts");
    let (mut typing, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (send, shown) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 1024];
        while let Ok(read @ 1..) = screen.read(&mut bytes) {
            if send.send(String::from_utf8_lossy(&bytes[..read]).into_owned()).is_err() {
                return;
            }
        }
    });
    let (mut all, mut answers) = (String::new(), answers.iter());
    let mut asked = 0;
    while let Ok(more) = shown.recv_timeout(Duration::from_secs(60)) {
        all += &more;
        let prompts = all.matches(": ").count();
        while asked < prompts && all.trim_end_matches(' ').ends_with(':') {
            asked = prompts;
            let Some(answer) = answers.next() else { break };
            // Nobody types in the moment between the question and the terminal's echo being off.
            std::thread::sleep(Duration::from_millis(500));
            typing.write_all(format!("{answer}\n").as_bytes()).unwrap();
        }
    }
    drop(typing);
    (child.wait().unwrap().success(), all)
}

#[test]
fn a_passphrase_opens_the_vault_and_its_copy_until_there_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("tablet.vault");
    let copy = folder.path().join("copy.vault");
    let check =
        |vault: &Path, answer: &str| at_a_terminal(&["vault", "check", "--passphrase"], vault, &[answer]);

    let create = ["tablet", "create", "--label", "Ward tablet", "--passphrase"];
    let (done, said) = at_a_terminal(&create, &vault, &[OLD, OLD]);
    assert!(done, "{said}");
    assert!(!said.contains("herons"), "what is typed is not shown");
    assert!(check(&vault, OLD).0);
    assert!(!check(&vault, NEW).0, "another passphrase does not open it");

    let back_up = ["vault", "backup", "--passphrase", "--to", copy.to_str().unwrap()];
    assert!(at_a_terminal(&back_up, &vault, &[OLD]).0);
    let (done, said) = check(&copy, OLD);
    assert!(done, "the copy has its salt beside it: {said}");

    let rekey = ["vault", "rekey", "--passphrase", "--new-passphrase"];
    let (done, said) = at_a_terminal(&rekey, &vault, &[OLD, NEW, "nine otters"]);
    assert!(!done && said.contains("differ"), "{said}");
    assert!(check(&vault, OLD).0, "nothing has changed");
    let (done, said) = at_a_terminal(&rekey, &vault, &[OLD, NEW, NEW]);
    assert!(done, "{said}");
    assert!(check(&vault, NEW).0);
    assert!(!check(&vault, OLD).0);
    assert!(check(&copy, OLD).0, "the copy is as it was");
}

#[test]
fn when_the_program_ends_between_the_new_key_and_its_salt_the_vault_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("tablet.vault");
    let beside = |ending: &str| folder.path().join(format!("tablet.vault{ending}"));
    let create = ["tablet", "create", "--label", "Ward tablet", "--passphrase"];
    assert!(at_a_terminal(&create, &vault, &[OLD, OLD]).0);
    let old = std::fs::read(beside(".salt")).unwrap();
    let rekey = ["vault", "rekey", "--passphrase", "--new-passphrase"];
    assert!(at_a_terminal(&rekey, &vault, &[OLD, NEW, NEW]).0);
    // As it was before the last step: the new salt waits beside the old one.
    std::fs::rename(beside(".salt"), beside(".salt.next")).unwrap();
    std::fs::write(beside(".salt"), old).unwrap();
    let check = |answer: &str| at_a_terminal(&["vault", "check", "--passphrase"], &vault, &[answer]).0;
    assert!(check(NEW));
    assert!(!beside(".salt.next").exists(), "it has taken its place");
    assert!(check(NEW));
    // And as before the step in between: a salt waits for a key that is not in force.
    let waits = std::fs::read_to_string(beside(".salt")).unwrap();
    let (head, tail) = waits.split_once("salt = \"").unwrap();
    std::fs::write(beside(".salt.next"), format!("{head}salt = \"{}\"\n", "0".repeat(32))).unwrap();
    assert!(!tail.starts_with(&"0".repeat(32)));
    assert!(check(NEW), "the old one is in force");
    // Or only a part of it was written.
    std::fs::write(beside(".salt.next"), "function = ").unwrap();
    assert!(check(NEW));
}
