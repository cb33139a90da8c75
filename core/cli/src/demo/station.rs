//! A device of the demonstration with what it takes to start it again: its vault's path and, in memory only, its key.

use std::path::PathBuf;

use nightjar_form::Value;
use serde_json::json;
use zeroize::Zeroizing;

use super::device_process::{DeviceProcess, Start};
use super::heard::{Finished, Opened, Outcome, Synced};
use crate::simulate::{Manner, Page, Sitting, Visit};
use crate::trouble::Trouble;

/// A tablet or an evaluator's device.
pub(super) struct Station {
    face: &'static str,
    /// What people call it.
    pub(super) name: String,
    vault: PathBuf,
    key: Zeroizing<[u8; 32]>,
    device: Option<DeviceProcess>,
    /// Most memory any of its processes held, in bytes.
    pub(super) peak: Option<u64>,
    /// Bytes it sent and received in all its syncs.
    pub(super) wire: u64,
}

impl Station {
    /// Makes its vault under a new random key.
    pub(super) fn make(face: &'static str, name: String, vault: PathBuf) -> Result<Station, Trouble> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(|_| Trouble::Key("this system gives no random numbers"))?;
        let mut station = Station { face, name, vault, key, device: None, peak: None, wire: 0 };
        station.start()?;
        Ok(station)
    }

    /// Starts its process, if it does not run.
    pub(super) fn start(&mut self) -> Result<(), Trouble> {
        if self.device.is_none() {
            let start = Start { face: self.face, name: &self.name, vault: &self.vault, key: &self.key };
            self.device = Some(DeviceProcess::start(&start)?);
        }
        Ok(())
    }

    /// Its process.
    pub(super) fn device(&mut self) -> Result<&mut DeviceProcess, Trouble> {
        let gone = || Trouble::Gone { device: self.name.clone(), why: "it is not running".into() };
        self.device.as_mut().ok_or_else(gone)
    }

    /// Ends its process with SIGKILL.
    pub(super) fn kill(&mut self) {
        if let Some(device) = self.device.take() {
            self.peak = self.peak.max(device.kill());
        }
    }

    /// Ends its process in order.
    pub(super) fn close(&mut self) -> Result<(), Trouble> {
        if let Some(device) = self.device.take() {
            self.peak = self.peak.max(device.close()?);
        }
        Ok(())
    }

    /// Exchanges what is new with the hub, and counts the bytes.
    pub(super) fn sync(&mut self) -> Result<Synced, Trouble> {
        let synced: Synced = self.device()?.ask("sync", json!({}))?;
        self.wire += synced.bytes_sent + synced.bytes_received;
        if let Some(why) = synced.refused.first().or(synced.set_aside.first()) {
            return Err(Trouble::NotHeld(format!(
                "everything {} sends and receives is taken: {why}",
                self.name
            )));
        }
        Ok(synced)
    }

    /// Opens a form for a visit.
    pub(super) fn begin(&mut self, visit: &Visit) -> Result<OpenForm<'_>, Trouble> {
        let device = self.device()?;
        device.tell("set_time", json!({ "now": visit.at.to_string() }))?;
        let opened: Opened = device.ask(
            "begin",
            json!({ "form_id": visit.form_id, "role": visit.role, "ward": visit.ward, "language": visit.language }),
        )?;
        Ok(OpenForm { device, sitting: opened.sitting, page: Some(opened.page) })
    }

    /// Goes on with a draft.
    pub(super) fn resume(&mut self, draft: &str) -> Result<OpenForm<'_>, Trouble> {
        let device = self.device()?;
        let opened: Opened = device.ask("resume", json!({ "draft": draft }))?;
        Ok(OpenForm { device, sitting: opened.sitting, page: Some(opened.page) })
    }
}

/// A form open on a device.
pub(super) struct OpenForm<'a> {
    pub(super) device: &'a mut DeviceProcess,
    pub(super) sitting: String,
    page: Option<Page>,
}

impl OpenForm<'_> {
    /// Goes to the page of a question.
    pub(super) fn go_to(&mut self, path: &str) -> Result<Page, Trouble> {
        self.device.ask("go_to", json!({ "sitting": self.sitting, "path": path }))
    }
}

impl Sitting for OpenForm<'_> {
    fn page(&mut self) -> Result<Page, Trouble> {
        match self.page.take() {
            Some(page) => Ok(page),
            None => self.device.ask("page", json!({ "sitting": self.sitting })),
        }
    }

    fn answer(&mut self, path: &str, value: Option<&Value>) -> Result<Vec<String>, Trouble> {
        let outcome: Outcome =
            self.device.ask("answer", json!({ "sitting": self.sitting, "path": path, "value": value }))?;
        Ok(outcome.problems.into_iter().map(|problem| problem.path).collect())
    }

    fn next(&mut self) -> Result<Page, Trouble> {
        self.device.ask("next", json!({ "sitting": self.sitting }))
    }

    fn end(&mut self, how: Manner) -> Result<Option<String>, Trouble> {
        let sitting = json!({ "sitting": self.sitting });
        Ok(match how {
            Manner::Finish => Some(self.device.ask::<Finished>("finish", sitting)?.record),
            Manner::StopKeeping => Some(self.device.ask::<Finished>("stop_keeping", sitting)?.record),
            Manner::ThrowAway => {
                self.device.tell("throw_away", sitting)?;
                None
            }
        })
    }
}
