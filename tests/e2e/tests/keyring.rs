//! A vault whose key the keyring of the system keeps: a real Secret Service, unlocked for this test alone.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::Path;
use std::process::Command;

use nightjar_test_support::{program, skip};

fn works(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|ran| ran.status.success())
}

/// Runs lines of a shell with a session bus and an unlocked keyring of their own, kept in a folder. Each line must succeed, or
/// fail where it begins with `!`.
fn with_a_keyring(home: &Path, lines: &[String]) -> (bool, String) {
    let mut script = String::from(
        "set -eu\nprintf 'a test' | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1\n",
    );
    for line in lines {
        script += line;
        script.push('\n');
    }
    let ran = Command::new("dbus-run-session")
        .args(["--", "bash", "-c", &script])
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_RUNTIME_DIR", home)
        .output()
        .expect("a session bus starts");
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    (ran.status.success(), said)
}

#[test]
fn the_keyring_keeps_the_key_of_a_vault_and_of_its_copy_and_a_new_one() {
    if !works("gnome-keyring-daemon") || !works("dbus-run-session") {
        return skip("no Secret Service here; install gnome-keyring and dbus-daemon");
    }
    let folder = tempfile::tempdir().unwrap();
    let nightjar = program();
    let run = |asked: &str, vault: &str| {
        let path = folder.path().join(vault);
        format!("'{}' {asked} --keyring --vault '{}'", nightjar.display(), path.display())
    };
    let moved = folder.path().join("elsewhere.vault");
    let copy = folder.path().join("copy.vault");
    let (done, said) = with_a_keyring(
        folder.path(),
        &[
            run("tablet create --label 'Ward tablet'", "tablet.vault"),
            run("vault check", "tablet.vault"),
            // What is not in the keyring opens nothing, though it is the same file.
            format!("cp '{}' '{}'", folder.path().join("tablet.vault").display(), moved.display()),
            format!("! {}", run("vault check", "elsewhere.vault")),
            run(&format!("vault backup --to '{}'", copy.display()), "tablet.vault"),
            run("vault check", "copy.vault"),
            run("vault rekey --new-keyring", "tablet.vault"),
            run("vault check", "tablet.vault"),
            run("vault check", "copy.vault"),
        ],
    );
    assert!(done, "{said}");
    assert!(said.contains("holds no key for this vault"), "{said}");
    // Nothing beside the vault opens it.
    let vault = folder.path().join("tablet.vault");
    let ran = Command::new("dbus-run-session")
        .arg("--")
        .arg(&nightjar)
        .args(["vault", "check", "--keyring", "--vault"])
        .arg(&vault)
        .env("HOME", folder.path().join("nobody"))
        .env("XDG_RUNTIME_DIR", folder.path().join("nobody"))
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(4), "{}", String::from_utf8_lossy(&ran.stderr));
}
