//! A tablet or an evaluator in a process of its own, spoken to by lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout};

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use crate::child::Guarded;
use crate::trouble::Trouble;

/// A tablet or an evaluator in a process of its own.
pub(super) struct DeviceProcess {
    /// What the demonstration calls it.
    pub(super) name: String,
    process: Guarded,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    asked: u64,
}

/// What a device is started with. The key goes through a pipe.
pub(super) struct Start<'a> {
    /// `tablet` or `evaluate`.
    pub(super) face: &'a str,
    /// Its name; the vault is made when it is not there yet.
    pub(super) name: &'a str,
    /// Its vault.
    pub(super) vault: &'a Path,
    /// The vault's key.
    pub(super) key: &'a [u8; 32],
}

#[derive(Deserialize)]
struct Reply {
    id: u64,
    ok: Option<Json>,
    failed: Option<Failed>,
}

#[derive(Deserialize)]
struct Failed {
    kind: String,
    text: String,
}

impl DeviceProcess {
    /// Starts it and waits until its vault is open.
    pub(super) fn start(start: &Start<'_>) -> Result<DeviceProcess, Trouble> {
        let vault = start.vault.as_os_str();
        let mut arguments = vec![
            start.face.as_ref(),
            "run".as_ref(),
            "--simulated-clock".as_ref(),
            "--vault".as_ref(),
            vault,
        ];
        if !start.vault.exists() {
            arguments.extend::<[&std::ffi::OsStr; 2]>(["--create".as_ref(), start.name.as_ref()]);
        }
        let mut process = Guarded::spawn(&arguments)?;
        let (stdin, stdout) = (process.stdin()?, process.stdout()?);
        let name = start.name.to_owned();
        let mut device = DeviceProcess { name, process, stdin: Some(stdin), stdout, asked: 0 };
        let mut key = Zeroizing::new(HEXLOWER.encode(start.key));
        key.push('\n');
        device.send(key.as_bytes())?;
        device.receive()?;
        Ok(device)
    }

    /// Asks one thing without waiting for the answer; nothing can be asked after it.
    pub(super) fn begin_asking(&mut self, what: &str, mut with: Json) -> Result<(), Trouble> {
        self.asked += 1;
        with["id"] = json!(self.asked);
        with["do"] = json!(what);
        let mut line = with.to_string();
        line.push('\n');
        self.send(line.as_bytes())
    }

    /// Asks one thing and waits for the answer.
    pub(super) fn ask<T: DeserializeOwned>(&mut self, what: &str, with: Json) -> Result<T, Trouble> {
        self.begin_asking(what, with)?;
        let ok = self.receive()?;
        serde_json::from_value(ok)
            .map_err(|fault| gone(&self.name, format!("its answer to {what} is not understood: {fault}")))
    }

    /// Asks one thing whose answer does not matter.
    pub(super) fn tell(&mut self, what: &str, with: Json) -> Result<(), Trouble> {
        self.ask::<Json>(what, with).map(drop)
    }

    fn send(&mut self, line: &[u8]) -> Result<(), Trouble> {
        let stdin = self.stdin.as_mut().ok_or_else(|| gone(&self.name, "it is closed"))?;
        stdin.write_all(line).and_then(|()| stdin.flush()).map_err(|fault| gone(&self.name, fault))
    }

    fn receive(&mut self) -> Result<Json, Trouble> {
        let mut line = String::new();
        let read = self.stdout.read_line(&mut line).map_err(|fault| gone(&self.name, fault))?;
        if read == 0 {
            return Err(gone(&self.name, "the process ended"));
        }
        let reply: Reply = serde_json::from_str(&line).map_err(|fault| gone(&self.name, fault))?;
        match (reply.ok, reply.failed) {
            (_, Some(failed)) => {
                Err(Trouble::Reply { device: self.name.clone(), kind: failed.kind, text: failed.text })
            }
            (Some(ok), None) if reply.id == self.asked => Ok(ok),
            (None, None) if reply.id == self.asked => Ok(Json::Null),
            _ => Err(gone(&self.name, "it answered something else than it was asked")),
        }
    }

    /// Ends it with SIGKILL, as a flat battery would.
    pub(super) fn kill(mut self) -> Option<u64> {
        self.process.kill();
        self.process.peak()
    }

    /// Closes its input, lets it end by itself and says what it held at most, in bytes.
    pub(super) fn close(mut self) -> Result<Option<u64>, Trouble> {
        self.process.look();
        self.stdin = None;
        self.process.wait()?;
        Ok(self.process.peak())
    }
}

fn gone(device: &str, why: impl ToString) -> Trouble {
    Trouble::Gone { device: device.to_owned(), why: why.to_string() }
}
