//! A hub process on loopback.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running hub. It is killed when this is dropped.
pub struct HubProcess {
    child: Child,
    /// Its address, such as `http://127.0.0.1:40123`.
    pub address: String,
    /// What founding a study at it needs; empty once it has one.
    pub setup_code: String,
}

impl HubProcess {
    /// Starts a hub that keeps its log in `data`, on a free port.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(program: &Path, data: &Path) -> Self {
        Self::start_at(program, data, "127.0.0.1:0")
    }

    /// Starts a hub at a given address, as when one is started again.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_at(program: &Path, data: &Path, listen: &str) -> Self {
        Self::start_with(program, data, listen, &[])
    }

    /// The same with more arguments of `nightjar hub serve`.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_with(program: &Path, data: &Path, listen: &str, more: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(["hub", "serve", "--until-stdin-closes", "--listen", listen, "--data"])
            .arg(data)
            .args(more)
            // Held open by `child`: the hub ends when the test does, even if that is killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the hub starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("the hub's output is a pipe");
        BufReader::new(out).read_line(&mut line).expect("the hub says where it listens");
        let said: serde_json::Value = serde_json::from_str(&line).expect("the hub speaks JSON");
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        Self { child, address: text("listening"), setup_code: text("setup_code") }
    }

    /// The port it listens on.
    ///
    /// # Panics
    /// When the address has none.
    #[must_use]
    pub fn port(&self) -> u16 {
        let (address, _pin) = self.address.split_once('#').unwrap_or((&self.address, ""));
        address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address ends with its port")
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
