//! One person answering one form.

use nightjar::form::{Page, Value};
use nightjar::{BeginRequest, Sitting};
use serde_json::{Value as Json, json};

use super::{Runner, Step, Stop};
use crate::canonical;

/// Pages that `next` turns at most until it finds what it looks for.
const MAX_PAGES: usize = 100;

impl Runner {
    pub(super) fn begin(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let (tablet, made) = (self.tablet(step)?, step.made()?);
        let request = BeginRequest {
            form_id: step.with.read("form_id")?,
            role: step.with.read("role")?,
            ward: step.with.read("ward")?,
            language: step.with.read_if_there("language")?,
        };
        let sitting = tablet.begin(request)?;
        self.sit(made, sitting)
    }

    pub(super) fn resume(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let (tablet, made) = (self.tablet(step)?, step.made()?);
        let draft = self.names.id(&step.with.read::<String>("draft")?)?;
        let sitting = tablet.resume(&draft)?;
        self.sit(made, sitting)
    }

    fn sit(&mut self, name: String, sitting: Sitting) -> Result<Json, Stop> {
        self.names.give(&name, &sitting.id());
        let page = sitting.page()?;
        self.sittings.insert(name, sitting);
        Ok(canonical::page(&page))
    }

    pub(super) fn drafts(&mut self, step: &mut Step) -> Result<Json, Stop> {
        Ok(canonical::drafts(&self.tablet(step)?.drafts()?, &self.names))
    }

    pub(super) fn turn(&mut self, what: &str, step: &mut Step) -> Result<Json, Stop> {
        let sitting = self.sitting(step)?;
        let page = if what == "back" { sitting.back()? } else { sitting.page()? };
        Ok(canonical::page(&page))
    }

    pub(super) fn next(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let sitting = self.sitting(step)?;
        let Some(until) = step.with.read_if_there::<String>("until")? else {
            return Ok(canonical::page(&sitting.next()?));
        };
        for _ in 0..MAX_PAGES {
            let page = sitting.next()?;
            if shows(&page, &until) {
                return Ok(canonical::page(&page));
            }
        }
        Err(format!("no page shows \"{until}\"").into())
    }

    pub(super) fn language(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let sitting = self.sitting(step)?;
        Ok(canonical::page(&sitting.language(&step.with.read::<String>("language")?)?))
    }

    pub(super) fn answer(&mut self, step: &mut Step) -> Result<Json, Stop> {
        let sitting = self.sitting(step)?;
        let path: String = step.with.read("path")?;
        let value: Option<Value> = step.with.read("value")?;
        Ok(canonical::outcome(&sitting.answer(&path, value)?))
    }

    pub(super) fn finish(&mut self, what: &str, step: &mut Step) -> Result<Json, Stop> {
        let (sitting, made) = (self.sitting(step)?, step.made()?);
        let view = if what == "finish" { sitting.finish()? } else { sitting.stop_keeping()? };
        self.names.give(&made, &view.record);
        Ok(canonical::finished(&view, &self.names))
    }

    pub(super) fn throw_away(&mut self, step: &mut Step) -> Result<Json, Stop> {
        self.sitting(step)?.throw_away()?;
        Ok(json!({}))
    }
}

fn shows(page: &Page, until: &str) -> bool {
    if until == "check" { page.check } else { page.questions.iter().any(|question| question.path == until) }
}
