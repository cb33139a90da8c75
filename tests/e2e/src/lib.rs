//! Drives the program from outside, as a person at a terminal or another program would.
//!
//! The program must have been built: `cargo xtask test` does, or `cargo build --package nightjar-cli` by hand.

mod founded;

pub use founded::{Founded, Station};

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use data_encoding::HEXLOWER;
use nightjar_test_support::program;
use serde_json::{Value as Json, json};

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

/// A device driven by lines of JSON.
pub struct Driven {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    asked: u64,
}

/// Why a device said no: kind and text.
pub type Failed = (String, String);

impl Driven {
    /// Starts `nightjar tablet run` or `nightjar evaluate run`; the vault is made if it is not there.
    ///
    /// # Errors
    /// What the device said when its vault does not open.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn start(face: &str, vault: &Path, key: &[u8; 32], simulated: bool) -> Result<Driven, Failed> {
        let mut command = Command::new(program());
        command.args([face, "run", "--vault"]).arg(vault);
        if !vault.exists() {
            let label = vault.file_stem().expect("a file name").to_string_lossy().into_owned();
            command.args(["--create", &label]);
        }
        if simulated {
            command.arg("--simulated-clock");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut driven = Driven { child, stdin, stdout, asked: 0 };
        driven.write(&format!("{}\n", HEXLOWER.encode(key)));
        driven.read().map(|_| driven)
    }

    /// Asks one thing and gives the answer.
    ///
    /// # Errors
    /// What the device said.
    ///
    /// # Panics
    /// When it stopped answering.
    pub fn ask(&mut self, what: &str, with: Json) -> Result<Json, Failed> {
        self.send(what, with);
        self.read()
    }

    /// Asks one thing that must be granted.
    ///
    /// # Panics
    /// When it is refused.
    pub fn must(&mut self, what: &str, with: Json) -> Json {
        self.ask(what, with).unwrap_or_else(|(kind, text)| panic!("{what}: {kind}: {text}"))
    }

    /// Asks without waiting for the answer.
    pub fn send(&mut self, what: &str, mut with: Json) {
        self.asked += 1;
        with["id"] = json!(self.asked);
        with["do"] = json!(what);
        self.write(&format!("{with}\n"));
    }

    /// Waits for the next answer.
    ///
    /// # Errors
    /// What the device said.
    ///
    /// # Panics
    /// When it stopped answering.
    pub fn read(&mut self) -> Result<Json, Failed> {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        let mut reply: Json = serde_json::from_str(&line).expect("the device answers in JSON");
        assert_eq!(reply["id"], json!(self.asked), "{line}");
        match reply.get("failed") {
            Some(failed) => {
                let text = |name: &str| failed[name].as_str().unwrap_or_default().to_owned();
                Err((text("kind"), text("text")))
            }
            None => Ok(reply["ok"].take()),
        }
    }

    /// Ends it with SIGKILL.
    pub fn kill(mut self) {
        self.end();
    }

    /// Closes its input and waits until it has ended.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn close(mut self) {
        self.stdin = None;
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }

    fn write(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().expect("it is open");
        // A device that has ended says so when its answer is read.
        drop(stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush()));
    }

    pub(crate) fn end(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.end();
    }
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
