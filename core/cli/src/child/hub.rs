//! `nightjar hub serve` in a process of its own.

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ChildStdin;

use serde::Deserialize;

use super::Guarded;
use crate::trouble::Trouble;

/// A running hub.
pub(crate) struct HubProcess {
    process: Guarded,
    /// Held open: the hub ends when it closes, even if this program is killed.
    lifeline: ChildStdin,
    /// Its address.
    pub(crate) url: String,
    /// What founding a study needs; none once it has one.
    pub(crate) setup_code: Option<String>,
}

#[derive(Deserialize)]
struct Listening {
    listening: String,
    setup_code: Option<String>,
}

impl HubProcess {
    /// Starts it; `listen` is where it was before, or port 0.
    pub(crate) fn start(data: &Path, listen: SocketAddr) -> Result<HubProcess, Trouble> {
        let listen = listen.to_string();
        let mut process = Guarded::spawn(&[
            "hub".as_ref(),
            "serve".as_ref(),
            "--until-stdin-closes".as_ref(),
            "--data".as_ref(),
            data.as_os_str(),
            "--listen".as_ref(),
            listen.as_ref(),
        ])?;
        let lifeline = process.stdin()?;
        let mut line = String::new();
        process.stdout()?.read_line(&mut line)?;
        let said: Listening = serde_json::from_str(&line)
            .map_err(|_| Trouble::Gone { device: "the hub".into(), why: "it did not start".into() })?;
        Ok(HubProcess { process, lifeline, url: said.listening, setup_code: said.setup_code })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr, Trouble> {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        address.parse().map_err(|_| Trouble::Gone {
            device: "the hub".into(),
            why: "it does not say where it listens".into(),
        })
    }

    /// Stops it in order; what it held at most, in bytes.
    pub(crate) fn stop(self) -> Option<u64> {
        let HubProcess { mut process, lifeline, .. } = self;
        process.look();
        drop(lifeline);
        // Dropping the process would kill it; it is given the time to close its log first.
        drop(process.wait());
        process.peak()
    }
}
