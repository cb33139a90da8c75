//! Drives the program from outside, as a person at a terminal or another program would.
//!
//! The program must have been built: `cargo xtask test` does, or `cargo build --package nightjar-cli` by hand.

pub mod study;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::HEXLOWER;
use nightjar_test_support::program;
use serde_json::Value as Json;

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs the program with arguments and something typed.
///
/// # Panics
/// When it cannot be started.
pub fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>, typed: &str) -> Ran {
    let mut child = Command::new(program())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let typed = typed.to_owned();
    // A program that stops early closes its end; that is its answer, not a fault of the test.
    let typing = std::thread::spawn(move || drop(stdin.write_all(typed.as_bytes())));
    let out = child.wait_with_output().expect("the program ends");
    typing.join().expect("typing ends");
    Ran {
        code: out.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&out.stdout).into_owned(),
        err: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

/// Runs `nightjar tablet run` on a vault with a key and gives the first line it says about itself.
///
/// # Panics
/// When it cannot be started or says something else than JSON.
#[must_use]
pub fn open_vault(vault: &Path, key: &[u8; 32]) -> Json {
    let arguments: [&OsStr; 4] = ["tablet".as_ref(), "run".as_ref(), "--vault".as_ref(), vault.as_os_str()];
    let ran = run(arguments, &format!("{}\n", HEXLOWER.encode(key)));
    let line = ran.out.lines().next().expect("it says whether the vault is open");
    let mut said: Json = serde_json::from_str(line).expect("it speaks JSON");
    said["code"] = ran.code.into();
    said
}

/// A fresh random key.
///
/// # Panics
/// When the system gives no random numbers.
#[must_use]
pub fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("random numbers");
    key
}

/// The first file below a folder that holds these bytes.
///
/// # Panics
/// When a file cannot be read.
#[must_use]
pub fn holds(folder: &Path, wanted: &[u8]) -> Option<std::path::PathBuf> {
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()),
            );
        } else if std::fs::read(&path).expect("a file").windows(wanted.len()).any(|window| window == wanted) {
            return Some(path);
        }
    }
    None
}
