//! A study founded at a hub process, with two evaluators, recovery words and some tablets, each a process of its own.

use std::path::PathBuf;

use nightjar_test_support::HubProcess;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::{Driven, random_key};

/// A device with what it takes to start it again.
pub struct Station {
    /// `tablet` or `evaluate`.
    pub face: &'static str,
    /// Its vault.
    pub vault: PathBuf,
    /// The vault's key.
    pub key: [u8; 32],
    /// Its process.
    pub device: Driven,
}

impl Station {
    fn make(face: &'static str, vault: PathBuf) -> Station {
        let key = random_key();
        let device = Driven::start(face, &vault, &key, false).expect("a new vault opens");
        Station { face, vault, key, device }
    }

    /// Kills its process and starts it again.
    ///
    /// # Panics
    /// When the vault does not open again.
    pub fn kill_and_restart(&mut self) {
        self.device.end();
        self.device = Driven::start(self.face, &self.vault, &self.key, false).expect("the vault opens again");
    }
}

/// A founded study.
pub struct Founded {
    /// Where everything lies: `hub`, `*.vault`.
    pub folder: TempDir,
    /// The hub.
    pub hub: HubProcess,
    /// The evaluators; the first is the steward.
    pub evaluators: Vec<Station>,
    /// The tablets, admitted to every ward.
    pub tablets: Vec<Station>,
}

impl Founded {
    /// Founds the sleepwell study with so many tablets.
    ///
    /// # Panics
    /// When any of it is refused.
    #[must_use]
    pub fn with_tablets(count: usize) -> Founded {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let hub = HubProcess::start(&folder.path().join("hub"));
        let vault = |name: String| folder.path().join(format!("{name}.vault"));
        let mut steward = Station::make("evaluate", vault("evaluator 1".into()));
        steward.device.must("found", json!({ "hub": hub.address, "setup_code": hub.setup_code }));
        steward.device.must("add_recovery", json!({}));
        let mut second = Station::make("evaluate", vault("evaluator 2".into()));
        admit(&mut steward, &mut second, &Json::Null);
        let wards = json!([]);
        let mut tablets = Vec::new();
        for number in 1..=count {
            let mut tablet = Station::make("tablet", vault(format!("tablet {number}")));
            admit(&mut steward, &mut tablet, &wards);
            tablets.push(tablet);
        }
        let mut founded = Founded { folder, hub, evaluators: vec![steward, second], tablets };
        for station in founded.evaluators.iter_mut().chain(&mut founded.tablets) {
            station.device.must("sync", json!({}));
        }
        founded
    }
}

fn admit(steward: &mut Station, device: &mut Station, wards: &Json) {
    let request = device.device.must("enrolment_request", json!({}));
    let invitation = steward.device.must("admit", json!({ "request": request, "wards": wards }));
    steward.device.must("sync", json!({}));
    device.device.must("join", json!({ "invitation": invitation }));
}
