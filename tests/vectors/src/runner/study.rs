//! Devices and their study: made, let in, opened again, synced.

use nightjar::{Admission, Evaluator, FoundRequest, Options, Tablet, VaultKey};
use serde_json::{Value as Json, json};

use super::{Device, Handle, Runner, Step, Stop};
use crate::canonical;

impl Runner {
    pub(super) fn create(&mut self, what: &str, step: &mut Step) -> Result<Json, Stop> {
        let name = step.made()?;
        let label: String = step.with.read("label")?;
        let path = self.folder.path().join(format!("{name}.vault"));
        let key = VaultKey::random()?;
        let handle = match what {
            "create_tablet" => Handle::Tablet(Tablet::create(&path, &key, &label, Options::default())?),
            _ => Handle::Evaluator(Evaluator::create(&path, &key, &label, Options::default())?),
        };
        self.devices.insert(name, Device { path, key, handle });
        Ok(json!({}))
    }

    pub(super) fn reopen(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let name = step.on()?;
        let Device { path, key, handle } =
            self.devices.remove(&name).ok_or_else(|| format!("there is no device \"{name}\""))?;
        let handle = match handle {
            Handle::Tablet(tablet) => {
                tablet.pause()?;
                drop(tablet);
                Handle::Tablet(Tablet::open(&path, &key, Options::default())?)
            }
            Handle::Evaluator(evaluator) => {
                drop(evaluator);
                Handle::Evaluator(Evaluator::open(&path, &key, Options::default())?)
            }
        };
        self.devices.insert(name, Device { path, key, handle });
        Ok(json!({}))
    }

    pub(super) fn open_with_wrong_key(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let name = step.on()?;
        let device = self.devices.get(&name).ok_or_else(|| format!("there is no device \"{name}\""))?;
        let wrong = VaultKey::random()?;
        match &device.handle {
            Handle::Tablet(_) => drop(Tablet::open(&device.path, &wrong, Options::default())?),
            Handle::Evaluator(_) => drop(Evaluator::open(&device.path, &wrong, Options::default())?),
        }
        Ok(json!({}))
    }

    pub(super) fn found(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let evaluator = self.evaluator(step)?;
        evaluator.found(FoundRequest {
            pack: self.pack.clone(),
            hub: Some(self.hub.address.clone()),
            setup_code: self.hub.setup_code.clone(),
        })?;
        Ok(json!({}))
    }

    pub(super) fn add_recovery(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let words = self.evaluator(step)?.add_recovery()?;
        Ok(json!({ "given": !words.is_empty() }))
    }

    pub(super) fn admit(&mut self, what: &str, step: &mut Step) -> Result<Json, Stop> {
        let (steward, made) = (self.evaluator(step)?, step.made()?);
        let device: String = step.with.read("device")?;
        let request = match self.device(&device)? {
            Handle::Tablet(tablet) => tablet.enrolment_request()?,
            Handle::Evaluator(evaluator) => evaluator.enrolment_request()?,
        };
        let admission = match what {
            "admit_tablet" => Admission::Tablet { wards: step.with.read("wards")? },
            _ => Admission::Evaluator,
        };
        self.invitations.insert(made, steward.admit(&request, admission)?);
        Ok(json!({}))
    }

    pub(super) fn join(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let device = self.device(&step.on()?)?;
        let name: String = step.with.read("invitation")?;
        let invitation =
            self.invitations.get(&name).ok_or_else(|| format!("there is no invitation \"{name}\""))?;
        match device {
            Handle::Tablet(tablet) => tablet.join(invitation, self.pack.clone())?,
            Handle::Evaluator(evaluator) => evaluator.join(invitation, self.pack.clone())?,
        }
        Ok(json!({}))
    }

    pub(super) fn status(&mut self, step: &mut Step) -> Result<Json, Stop> {
        Ok(canonical::status(&self.tablet(step)?.status()?))
    }

    pub(super) fn form(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let tablet = self.tablet(step)?;
        let form_id: String = step.with.read("form_id")?;
        let forms = tablet.forms()?;
        let form = forms.iter().find(|form| form.form_id == form_id);
        Ok(canonical::form(form.ok_or_else(|| format!("the study has no form \"{form_id}\""))?))
    }

    pub(super) fn information(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let tablet = self.tablet(step)?;
        let view = tablet.information(&step.with.read::<String>("language")?)?;
        Ok(serde_json::to_value(view).map_err(|problem| problem.to_string())?)
    }

    pub(super) fn talk_to_someone(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let tablet = self.tablet(step)?;
        Ok(json!({ "count": tablet.talk_to_someone(&step.with.read::<String>("ward")?)? }))
    }

    pub(super) fn sync(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let view = match self.device(&step.on()?)? {
            Handle::Tablet(tablet) => tablet.sync()?,
            Handle::Evaluator(evaluator) => evaluator.sync()?,
        };
        Ok(canonical::sync(&view))
    }
}
