//! A small study on real processes: a hub, two evaluators, some tablets.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::device::{Device, Face};
use crate::hub::HubProcess;
use crate::program::sleepwell;

/// A study that may be collected for.
pub struct Ward {
    /// The folder everything is in: `hub`, `evaluator.vault`, `second.vault`, `tablet-N.vault`.
    pub folder: PathBuf,
    /// The hub.
    pub hub: HubProcess,
    /// The device that founded the study.
    pub evaluator: Device,
    /// Enrolled tablets.
    pub tablets: Vec<Device>,
}

impl Ward {
    /// Founds the sleepwell study in an empty folder and enrols tablets for all wards. `key` gives a fresh vault key.
    ///
    /// # Panics
    /// When any step fails.
    #[must_use]
    pub fn found(program: &Path, folder: &Path, tablets: usize, key: &mut dyn FnMut() -> [u8; 32]) -> Self {
        let hub = HubProcess::start(program, &folder.join("hub"));
        let address = hub.address.clone();
        Self::found_at(program, folder, tablets, key, hub, &address)
    }

    /// The same at a hub that runs already, which devices know by this address.
    ///
    /// # Panics
    /// When any step fails.
    #[must_use]
    pub fn found_at(
        program: &Path,
        folder: &Path,
        tablets: usize,
        key: &mut dyn FnMut() -> [u8; 32],
        hub: HubProcess,
        address: &str,
    ) -> Self {
        let study = sleepwell();
        let vault = |name: &str| folder.join(format!("{name}.vault"));
        let mut evaluator = Device::create(program, Face::Evaluator, &vault("evaluator"), key(), "Evaluator");
        evaluator.must("found", json!({ "hub": address, "setup_code": hub.setup_code, "study": study }));
        evaluator.must("add_recovery", json!({}));
        let mut second =
            Device::create(program, Face::Evaluator, &vault("second"), key(), "Second evaluator");
        enrol(&mut evaluator, &mut second, json!({}), &study);
        second.close();
        let tablets = (1..=tablets)
            .map(|n| {
                let mut tablet = Device::create(
                    program,
                    Face::Tablet,
                    &vault(&format!("tablet-{n}")),
                    key(),
                    &format!("Tablet {n}"),
                );
                enrol(&mut evaluator, &mut tablet, json!({ "wards": [] }), &study);
                tablet
            })
            .collect();
        Self { folder: folder.to_owned(), hub, evaluator, tablets }
    }
}

fn enrol(steward: &mut Device, device: &mut Device, mut how: Value, study: &Path) {
    how["request"] = device.must("enrolment_request", json!({}));
    let invitation = steward.must("admit", how);
    device.must("join", json!({ "invitation": invitation, "study": study }));
}
