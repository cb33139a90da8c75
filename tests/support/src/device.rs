//! A tablet or evaluator in a process of its own, driven by lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Which face of the program a device shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// `nightjar tablet run`.
    Tablet,
    /// `nightjar evaluate run`.
    Evaluator,
}

/// A device that can be started, killed and started again.
pub struct Device {
    program: PathBuf,
    face: Face,
    /// Its vault.
    pub vault: PathBuf,
    key: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Device {
    /// Makes a vault and starts a device on it. The key goes through a pipe.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn create(program: &Path, face: Face, vault: &Path, key: [u8; 32], label: &str) -> Self {
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut device =
            Self { program: program.to_owned(), face, vault: vault.to_owned(), key, running: None };
        device.launch(&["--create", label]);
        device
    }

    /// Starts a device on a vault that is there.
    ///
    /// # Panics
    /// When the vault does not open.
    #[must_use]
    pub fn open(program: &Path, face: Face, vault: &Path, key: [u8; 32]) -> Self {
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut device =
            Self { program: program.to_owned(), face, vault: vault.to_owned(), key, running: None };
        device.launch(&[]);
        device
    }

    /// Its process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Starts the device again on its vault.
    ///
    /// # Panics
    /// When the vault does not open.
    pub fn start(&mut self) {
        self.launch(&[]);
    }

    fn launch(&mut self, more: &[&str]) {
        let face = match self.face {
            Face::Tablet => "tablet",
            Face::Evaluator => "evaluate",
        };
        let mut child = Command::new(&self.program)
            .args([face, "run", "--vault"])
            .arg(&self.vault)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = child.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        self.running = Some(Running { child, input, output, asked: 0 });
        let key = format!("{}\n", self.key);
        let running = self.running.as_mut().expect("just started");
        running.input.write_all(key.as_bytes()).expect("it takes its key");
        let opened = running.read().expect("it says whether its vault is open");
        assert!(opened.get("ok").is_some(), "the vault opens: {opened}");
    }

    /// Asks one thing and gives what came back.
    ///
    /// # Errors
    /// What the device said instead.
    ///
    /// # Panics
    /// When the device is gone.
    pub fn ask(&mut self, what: &str, with: Value) -> Result<Value, String> {
        self.send(what, with);
        self.answer().expect("the device answers")
    }

    /// Asks one thing that has to succeed.
    ///
    /// # Panics
    /// When it does not.
    pub fn must(&mut self, what: &str, with: Value) -> Value {
        match self.ask(what, with) {
            Ok(value) => value,
            Err(text) => panic!("{what}: {text}"),
        }
    }

    /// Sends a question without waiting for the answer.
    ///
    /// # Panics
    /// When the device is not running.
    pub fn send(&mut self, what: &str, mut with: Value) {
        let running = self.running.as_mut().expect("the device runs");
        running.asked += 1;
        with["id"] = json!(running.asked);
        with["do"] = json!(what);
        // A device that was killed takes nothing any more; that shows when its answer is missing.
        let _ = running.input.write_all(format!("{with}\n").as_bytes());
    }

    /// The next answer; `None` when the device is gone.
    pub fn answer(&mut self) -> Option<Result<Value, String>> {
        let line = self.running.as_mut()?.read()?;
        match line.get("failed") {
            Some(failed) => Some(Err(failed["text"].as_str().unwrap_or_default().to_owned())),
            None => Some(Ok(line.get("ok").cloned().unwrap_or(Value::Null))),
        }
    }

    /// The same vault elsewhere: a copy of its file, put to use as another device with the same keys.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn copied_to(&self, vault: &Path) -> Self {
        let (program, key) = (self.program.clone(), self.key.clone());
        let mut device = Self { program, face: self.face, vault: vault.to_owned(), key, running: None };
        device.launch(&[]);
        device
    }

    /// The vault's key, in hexadecimal.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Sends SIGKILL. Answers that it had written already can still be read.
    pub fn kill(&mut self) {
        if let Some(running) = &mut self.running {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Closes its input and waits until it has ended by itself.
    pub fn close(&mut self) {
        if let Some(Running { mut child, input, .. }) = self.running.take() {
            drop(input);
            let _ = child.wait();
        }
    }
}

impl Running {
    fn read(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(read) if read > 0 && line.ends_with('\n') => serde_json::from_str(&line).ok(),
            _ => None,
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        self.kill();
    }
}
