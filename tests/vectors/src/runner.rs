//! Reads a scenario and does its steps.

mod collecting;
mod reading;
mod study;
mod watching;

use std::collections::BTreeMap;
use std::path::PathBuf;

use nightjar::{Evaluator, Failure, Sitting, StudyPack, Tablet, VaultKey};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::canonical;
use crate::expectation::differences;
use crate::fields::Fields;
use crate::names::Names;
use watching::Watch;

/// The hub that a scenario founds its study at.
pub struct Hub {
    /// Its address.
    pub address: String,
    /// The code that founds a study there.
    pub setup_code: String,
}

/// Runs a scenario and gives its transcript.
///
/// # Errors
/// The number of the step that did not go as expected, and every difference.
pub fn run(scenario: &str, pack: StudyPack, hub: Hub) -> Result<Json, String> {
    let scenario = serde_json::from_str(scenario).map_err(|problem| problem.to_string())?;
    let mut scenario = Fields::of("the scenario", scenario)?;
    let name: String = scenario.read("scenario")?;
    let _about: String = scenario.read("about")?;
    let canary: String = scenario.read("canary")?;
    let steps: Vec<Json> = scenario.read("steps")?;
    scenario.end()?;
    let mut runner = Runner {
        pack,
        hub,
        canary,
        folder: tempfile::tempdir().map_err(|problem| problem.to_string())?,
        devices: BTreeMap::new(),
        sittings: BTreeMap::new(),
        watches: BTreeMap::new(),
        invitations: BTreeMap::new(),
        names: Names::default(),
    };
    let mut transcript = Vec::new();
    for (at, step) in steps.into_iter().enumerate() {
        let told = runner.step(step).map_err(|problem| format!("{name}, step {}: {problem}", at + 1))?;
        transcript.push(told);
    }
    Ok(Json::Array(transcript))
}

/// A device and what opens it again.
struct Device {
    path: PathBuf,
    key: VaultKey,
    handle: Handle,
}

#[derive(Clone)]
enum Handle {
    Tablet(Tablet),
    Evaluator(Evaluator),
}

struct Runner {
    pack: StudyPack,
    hub: Hub,
    canary: String,
    folder: TempDir,
    devices: BTreeMap<String, Device>,
    sittings: BTreeMap<String, Sitting>,
    watches: BTreeMap<String, Watch>,
    invitations: BTreeMap<String, String>,
    names: Names,
}

/// Why a step gave nothing: the call said no, or the scenario makes no sense.
enum Stop {
    Failed(Failure),
    Senseless(String),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<String> for Stop {
    fn from(problem: String) -> Self {
        Self::Senseless(problem)
    }
}

/// One step while it is done.
struct Step {
    on: Option<String>,
    made: Option<String>,
    with: Fields,
}

impl Step {
    /// What is acted on.
    fn on(&mut self) -> Result<String, String> {
        self.on.take().ok_or_else(|| "the step has no \"on\"".to_owned())
    }

    /// The name for what is made.
    fn made(&mut self) -> Result<String, String> {
        self.made.take().ok_or_else(|| "the step has no \"as\"".to_owned())
    }
}

impl Runner {
    fn step(&mut self, step: Json) -> Result<Json, String> {
        let mut fields = Fields::of("the step", step)?;
        let what: String = fields.read("do")?;
        let _note: Option<String> = fields.read_if_there("note")?;
        let on: Option<String> = fields.read_if_there("on")?;
        let made: Option<String> = fields.read_if_there("as")?;
        let with = match fields.take("with") {
            Some(with) => Fields::of("\"with\"", with)?,
            None => Fields::empty("\"with\""),
        };
        let expected = fields.take("expect").unwrap_or_else(|| json!({}));
        fields.end()?;
        let mut told = json!({ "do": what, "on": on, "as": made });

        let mut step = Step { on, made, with };
        let result = match self.act(&what, &mut step) {
            Ok(result) => result,
            Err(Stop::Failed(failure)) => {
                self.check_text(&what, &failure)?;
                if expected.get("failed").is_none() {
                    return Err(format!("{what}: {failure}"));
                }
                canonical::failed(&failure)
            }
            Err(Stop::Senseless(problem)) => return Err(format!("{what}: {problem}")),
        };
        if result.get("failed").is_none() {
            if step.on.is_some() || step.made.is_some() {
                return Err(format!("{what} has an \"on\" or \"as\" that it does not use"));
            }
            step.with.end()?;
        }
        let found = differences(&expected, &result);
        if !found.is_empty() {
            return Err(format!("{what}:\n  {}", found.join("\n  ")));
        }
        told["result"] = result;
        Ok(told)
    }

    fn act(&mut self, what: &str, step: &mut Step) -> Result<Json, Stop> {
        match what {
            "create_tablet" | "create_evaluator" => self.create(what, step),
            "reopen" => self.reopen(step),
            "open_with_wrong_key" => self.open_with_wrong_key(step),
            "found" => self.found(step),
            "add_recovery" => self.add_recovery(step),
            "admit_tablet" | "admit_evaluator" => self.admit(what, step),
            "join" => self.join(step),
            "status" => self.status(step),
            "form" => self.form(step),
            "information" => self.information(step),
            "talk_to_someone" => self.talk_to_someone(step),
            "sync" => self.sync(step),
            "begin" => self.begin(step),
            "resume" => self.resume(step),
            "drafts" => self.drafts(step),
            "page" | "back" => self.turn(what, step),
            "next" => self.next(step),
            "language" => self.language(step),
            "answer" => self.answer(step),
            "finish" | "stop_keeping" => self.finish(what, step),
            "throw_away" => self.throw_away(step),
            "records" => self.records(step),
            "amend" => self.amend(step),
            "conflicts" => self.conflicts(step),
            "settle" => self.settle(step),
            "dissensus" => self.dissensus(step),
            "received" => self.received(step),
            "export" => self.export(step),
            "observe" => self.observe(step),
            "told" => self.told(step),
            "stop_observing" => self.stop_observing(step),
            _ => Err(format!("there is no such thing to do as \"{what}\"").into()),
        }
    }

    /// No text of a failure is empty or holds an answer.
    fn check_text(&self, what: &str, failure: &Failure) -> Result<(), String> {
        let texts = [failure.to_string(), format!("{failure:?}")];
        if texts.iter().any(|text| text.trim().is_empty() || text.contains(&self.canary)) {
            return Err(format!("{what}: the text of a failure is empty or holds an answer"));
        }
        Ok(())
    }

    fn device(&self, name: &str) -> Result<Handle, String> {
        let device = self.devices.get(name).ok_or_else(|| format!("there is no device \"{name}\""))?;
        Ok(device.handle.clone())
    }

    fn tablet(&self, step: &mut Step) -> Result<Tablet, String> {
        let name = step.on()?;
        match self.device(&name)? {
            Handle::Tablet(tablet) => Ok(tablet),
            Handle::Evaluator(_) => Err(format!("\"{name}\" is no tablet")),
        }
    }

    fn evaluator(&self, step: &mut Step) -> Result<Evaluator, String> {
        let name = step.on()?;
        match self.device(&name)? {
            Handle::Evaluator(evaluator) => Ok(evaluator),
            Handle::Tablet(_) => Err(format!("\"{name}\" is no evaluator")),
        }
    }

    fn sitting(&self, step: &mut Step) -> Result<Sitting, String> {
        let name = step.on()?;
        self.sittings.get(&name).cloned().ok_or_else(|| format!("there is no sitting \"{name}\""))
    }
}
