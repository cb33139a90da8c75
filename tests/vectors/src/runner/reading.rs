//! What is read back: records, conflicts, dissensus, figures.

use std::collections::BTreeMap;

use nightjar::form::Value;
use nightjar::{AmendRequest, RecordsRequest, SettleRequest};
use serde_json::{Value as Json, json};

use super::{Handle, Runner, Step, Stop};
use crate::canonical;

impl Runner {
    pub(super) fn records(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let device = self.device(&step.on()?)?;
        let request = RecordsRequest {
            form_id: step.with.read_if_there("form_id")?,
            ward: step.with.read_if_there("ward")?,
            in_conflict: step.with.read_if_there("in_conflict")?.unwrap_or_default(),
            text: step.with.read_if_there("text")?,
            limit: None,
            after: None,
        };
        let records = match device {
            Handle::Tablet(tablet) => tablet.records(request)?,
            Handle::Evaluator(evaluator) => evaluator.records(request)?,
        };
        Ok(canonical::records(&records, &self.names))
    }

    pub(super) fn amend(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let tablet = self.tablet(step)?;
        let changes: BTreeMap<String, Value> = step.with.read("changes")?;
        tablet.amend(AmendRequest {
            record: self.names.id(&step.with.read::<String>("record")?)?,
            role: step.with.read("role")?,
            changes: changes.into_iter().collect(),
        })?;
        Ok(json!({}))
    }

    pub(super) fn conflicts(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let conflicts = match self.device(&step.on()?)? {
            Handle::Tablet(tablet) => tablet.conflicts()?,
            Handle::Evaluator(evaluator) => evaluator.conflicts()?,
        };
        Ok(canonical::conflicts(&conflicts, &self.names))
    }

    pub(super) fn settle(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let tablet = self.tablet(step)?;
        tablet.settle(SettleRequest {
            record: self.names.id(&step.with.read::<String>("record")?)?,
            name: step.with.read("name")?,
            value: step.with.read("value")?,
            role: step.with.read("role")?,
        })?;
        Ok(json!({}))
    }

    pub(super) fn dissensus(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let cases = match self.device(&step.on()?)? {
            Handle::Tablet(tablet) => tablet.dissensus()?,
            Handle::Evaluator(evaluator) => evaluator.dissensus()?,
        };
        Ok(canonical::dissensus(&cases, &self.names))
    }

    pub(super) fn received(&mut self, step: &mut Step) -> Result<Json, Stop> {
        Ok(canonical::received(&self.evaluator(step)?.received()?))
    }

    pub(super) fn export(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let evaluator = self.evaluator(step)?;
        let folder = self.folder.path().join("export");
        std::fs::create_dir_all(&folder).map_err(|problem| problem.to_string())?;
        let view = evaluator.export(&folder)?;
        for file in &view.files {
            let length = std::fs::metadata(folder.join(file)).map_or(0, |found| found.len());
            if length == 0 {
                return Err(format!("{file} was not written").into());
            }
        }
        Ok(canonical::export(&view))
    }
}
