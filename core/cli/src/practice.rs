//! A study to try things out with: made in a temporary folder, thrown away with it. Every promise of a real one holds:
//! a hub, two evaluator devices and recovery words are there before the tablet collects.

use std::net::SocketAddr;

use nightjar::{Admission, Evaluator, FoundRequest, StudyPack, Tablet, VaultKey};
use tempfile::TempDir;

use crate::child::HubProcess;
use crate::device::options;
use crate::trouble::Trouble;

/// A tablet in a study of its own. Its keys are in memory only.
pub(crate) struct Practice {
    tablet: Tablet,
    /// Removed when this is dropped; declared after the tablet, whose vault lies in it.
    _folder: TempDir,
}

impl Practice {
    /// Founds the study and lets one tablet in. The hub has done its work then and is stopped.
    pub(crate) fn begin(pack: &StudyPack) -> Result<Practice, Trouble> {
        let folder = tempfile::tempdir()?;
        let hub = HubProcess::start(&folder.path().join("hub"), SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let evaluator = |number: usize| -> Result<Evaluator, Trouble> {
            let path = folder.path().join(format!("evaluator-{number}.vault"));
            Ok(Evaluator::create(&path, &VaultKey::random()?, &format!("evaluator {number}"), options())?)
        };
        let (steward, second) = (evaluator(1)?, evaluator(2)?);
        let setup_code = hub.setup_code.clone().unwrap_or_default();
        steward.found(FoundRequest { pack: pack.clone(), hub: Some(hub.url.clone()), setup_code })?;
        steward.add_recovery()?;
        let to_second = steward.admit(&second.enrolment_request()?, Admission::Evaluator)?;
        let path = folder.path().join("tablet.vault");
        let tablet = Tablet::create(&path, &VaultKey::random()?, "practice tablet", options())?;
        let to_tablet =
            steward.admit(&tablet.enrolment_request()?, Admission::Tablet { wards: Vec::new() })?;
        steward.sync()?;
        second.join(&to_second, pack.clone())?;
        tablet.join(&to_tablet, pack.clone())?;
        hub.stop();
        Ok(Practice { tablet, _folder: folder })
    }

    /// The tablet.
    pub(crate) fn tablet(&self) -> &Tablet {
        &self.tablet
    }
}
