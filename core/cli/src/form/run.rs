//! `nightjar form run`: answers a form by steps, as a person would, and prints what it would submit.

use std::io::{BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::Zoned;
use jiff::tz::TimeZone;
use nightjar_form::{Attachments, Entry, Instrument, Language, Opening, Refusal, Session};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use super::read;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Longest line of a batch, in bytes.
const MAX_LINE: u64 = 32 << 20;
/// Most steps of one job.
const MAX_STEPS: usize = 100_000;

/// Where time and randomness come from.
pub(super) struct Clock {
    pub(super) now: Option<String>,
    pub(super) tz: String,
    pub(super) seed: Option<u64>,
}

/// One line of a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Job {
    id: Json,
    form: Option<PathBuf>,
    xml: Option<String>,
    steps: Vec<Step>,
    attachments: Option<PathBuf>,
}

/// Something done to the form, with references as XForms write them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Step {
    Set {
        set: String,
        value: Option<Given>,
    },
    Add {
        #[serde(rename = "addRepeat")]
        add: String,
    },
    Remove {
        #[serde(rename = "removeRepeat")]
        remove: String,
    },
    Language {
        lang: String,
    },
    /// Looks at something, which the submission shows anyway.
    Get {
        #[expect(dead_code, reason = "a step of the protocol that changes nothing")]
        get: String,
    },
    /// Anything else: refused when its turn comes, so that the others still run.
    Unknown(IgnoredAny),
}

/// A value as JSON has it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Given {
    Text(String),
    Codes(Vec<String>),
    Truth(bool),
    Number(serde_json::Number),
}

impl Given {
    fn text(&self) -> String {
        match self {
            Given::Text(text) => text.clone(),
            Given::Codes(codes) => codes.join(" "),
            Given::Truth(yes) => yes.to_string(),
            Given::Number(number) => number.to_string(),
        }
    }
}

/// What came of a job.
struct Done {
    xml: String,
    load: f64,
    steps: Vec<f64>,
    /// What the session refused, with the number of the step from 1.
    refused: Vec<(usize, String)>,
    /// What was left blank because it is no answer of its question's type, with the number of the step.
    blanked: Vec<(usize, String)>,
    /// What keeps the response from being finished.
    problems: Vec<String>,
}

/// Runs one form and prints its submission.
pub(super) fn run(
    file: &Path,
    steps: Option<&Path>,
    attachments: Option<&Path>,
    clock: &Clock,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let steps = match steps {
        None => Vec::new(),
        Some(path) => {
            let bytes = if path == Path::new("-") { standard_input()? } else { read(path)? };
            serde_json::from_slice::<Vec<Step>>(&bytes)
                .map_err(|fault| Trouble::Given(format!("the steps cannot be read: {fault}")))?
        }
    };
    let name = file.display().to_string();
    let done = answer(&name, &read(file)?, &steps, attachments, clock).map_err(Trouble::Given)?;
    screen.line(&done.xml)?;
    let steps = done.refused.iter().chain(&done.blanked).map(|(number, why)| format!("step {number}: {why}"));
    let found: Vec<String> = steps.chain(done.problems).collect();
    if found.is_empty() {
        return Ok(());
    }
    Err(Trouble::Given(format!(
        "the response is not as its steps say, or not complete:\n{}",
        found.join("\n")
    )))
}

fn standard_input() -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_LINE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs a batch from standard input to standard output.
pub(super) fn run_batch(attachments: Option<&Path>, clock: &Clock) -> Result<(), Trouble> {
    let output = std::io::BufWriter::new(std::io::stdout().lock());
    batch(std::io::stdin().lock(), output, attachments, clock)
        .map_err(|fault| Trouble::Given(format!("the batch ended: {fault}")))
}

/// Answers each line with one line: `{id, xml, ms: {load, steps}}`, or `{id, error}`. A line that is no job, or a form
/// that makes the engine fail, gets an error and the batch goes on.
fn batch(
    mut input: impl BufRead,
    mut output: impl Write,
    attachments: Option<&Path>,
    clock: &Clock,
) -> std::io::Result<()> {
    loop {
        let mut line = Vec::new();
        (&mut input).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return output.flush();
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match serde_json::from_slice::<Job>(&line) {
            Ok(job) => {
                let done = catch_unwind(AssertUnwindSafe(|| one(&job, attachments, clock)));
                told(
                    &job.id,
                    done.unwrap_or_else(|_| Err("the engine failed; please report the form".to_owned())),
                )
            }
            Err(fault) => json!({ "id": null, "error": fault.to_string() }),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
}

fn told(id: &Json, done: Result<Done, String>) -> Json {
    match done {
        Ok(done) => {
            let mut told =
                json!({ "id": id, "xml": done.xml, "ms": { "load": done.load, "steps": done.steps } });
            if !done.refused.is_empty() {
                let refused = done.refused.iter().map(|(step, why)| json!({ "step": step, "why": why }));
                told["refused"] = refused.collect();
            }
            told
        }
        Err(error) => json!({ "id": id, "error": error }),
    }
}

fn one(job: &Job, attachments: Option<&Path>, clock: &Clock) -> Result<Done, String> {
    let attachments = job.attachments.as_deref().or(attachments);
    match (&job.xml, &job.form) {
        (Some(xml), _) => answer("form.xml", xml.as_bytes(), &job.steps, attachments, clock),
        (None, Some(path)) => {
            let bytes = read(path).map_err(|trouble| trouble.to_string())?;
            answer(&path.display().to_string(), &bytes, &job.steps, attachments, clock)
        }
        (None, None) => Err("the job has neither form nor xml".to_owned()),
    }
}

/// Reads the form, opens a session, takes the steps.
fn answer(
    name: &str,
    bytes: &[u8],
    steps: &[Step],
    attachments: Option<&Path>,
    clock: &Clock,
) -> Result<Done, String> {
    if steps.len() > MAX_STEPS {
        return Err("the job has more than 100,000 steps".to_owned());
    }
    let attachments = attachments.map(beside).transpose()?.unwrap_or_default();
    let now = clock.now()?;
    let seed = clock.seed.map_or_else(getrandom::u64, Ok).map_err(|fault| fault.to_string())?;
    let begun = Instant::now();
    let form = Instrument::read(name, bytes, &attachments).map_err(|diagnostics| diagnostics.to_string())?;
    let opening = Opening { language: None, now: now.clone(), seed };
    let mut session = Session::open(Arc::new(form), opening).map_err(|refusal| refusal.to_string())?;
    let load = milliseconds(begun);
    let mut done = Done {
        xml: String::new(),
        load,
        steps: Vec::with_capacity(steps.len()),
        refused: Vec::new(),
        blanked: Vec::new(),
        problems: Vec::new(),
    };
    for (step, number) in steps.iter().zip(1..) {
        let begun = Instant::now();
        let taken = take(&mut session, step, &now);
        done.steps.push(milliseconds(begun));
        match taken {
            Ok(None) => {}
            Ok(Some(blank)) => done.blanked.push((number, blank)),
            Err(why) => done.refused.push((number, why)),
        }
    }
    let told = |problem: &nightjar_form::Problem| format!("{}: {}", problem.path, problem.message);
    done.problems = session.problems().iter().map(told).collect();
    done.xml = session.submission();
    Ok(done)
}

/// Takes a step; tells what was left blank because it is no answer of its question's type.
fn take(session: &mut Session, step: &Step, now: &Zoned) -> Result<Option<String>, String> {
    let mut blank = None;
    let path = |reference: &str| {
        session.path_of(reference).ok_or_else(|| format!("there is nothing at {reference}"))
    };
    let entry = match step {
        Step::Set { set, value } => {
            let path = path(set)?;
            let text = value.as_ref().map(Given::text).unwrap_or_default();
            let item = session.item_of(&path).ok_or_else(|| format!("{set} is no question"))?;
            // What is no answer of the type is blank, as in the field's engines.
            let value = item.read(&text).unwrap_or_else(|unreadable| {
                blank = Some(format!("{path} was left blank: {unreadable}"));
                None
            });
            Entry::Answer { value, path }
        }
        Step::Add { add } => Entry::AddRepeat { path: path(add)? },
        Step::Remove { remove } => Entry::RemoveRepeat { path: path(remove)? },
        Step::Language { lang } => {
            let language = session.instrument().language(lang).cloned();
            Entry::Language(language.unwrap_or_else(|| Language::new(lang)))
        }
        Step::Get { .. } => return Ok(None),
        Step::Unknown(_) => {
            return Err("there is no such step; write set, addRepeat, removeRepeat or lang".to_owned());
        }
    };
    match (session.apply(&entry, now), entry) {
        (Ok(_), _) => Ok(blank),
        // A number off the scale, too, is blank.
        (Err(Refusal::OffScale(_)), Entry::Answer { path, .. }) => {
            let blank = Entry::Answer { path: path.clone(), value: None };
            let told = Some(format!("{path} was left blank: {}", Refusal::OffScale(path.clone())));
            session.apply(&blank, now).map(|_| told).map_err(|refusal| refusal.to_string())
        }
        (Err(refusal), _) => Err(refusal.to_string()),
    }
}

impl Clock {
    fn now(&self) -> Result<Zoned, String> {
        let zone = TimeZone::get(&self.tz).map_err(|fault| fault.to_string())?;
        Ok(match &self.now {
            Some(at) => at.parse::<jiff::Timestamp>().map_err(|fault| fault.to_string())?.to_zoned(zone),
            None => Zoned::now().with_time_zone(zone),
        })
    }
}

/// The files in a folder that a form can read from.
fn beside(folder: &Path) -> Result<Attachments, String> {
    let trouble = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    let mut attachments = Attachments::new();
    for entry in std::fs::read_dir(folder).map_err(trouble)? {
        let path = entry.map_err(trouble)?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| ["csv", "xml", "geojson"].contains(&extension.as_str())) {
            let bytes = read(&path).map_err(|trouble| trouble.to_string())?;
            if !attachments.insert(name, bytes) {
                return Err(format!("{}: too large, or one file too many", path.display()));
            }
        }
    }
    Ok(attachments)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = r#"<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head>
        <model><instance><data id="night"><hours/><woke><why/></woke></data></instance>
        <bind nodeset="/data/hours" type="int"/></model></h:head>
        <h:body><input ref="/data/hours"/><repeat nodeset="/data/woke"><input ref="/data/woke/why"/></repeat></h:body>
        </h:html>"#;

    fn answers(lines: &[&str]) -> Vec<Json> {
        let clock = Clock {
            now: Some("2026-01-15T08:30:00Z".to_owned()),
            tz: "Europe/London".to_owned(),
            seed: Some(1),
        };
        let mut output = Vec::new();
        batch(lines.join("\n").as_bytes(), &mut output, None, &clock).unwrap();
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_line_is_answered_by_one_line_whatever_it_holds() {
        let steps = json!([
            { "set": "/data/hours", "value": "07" },
            { "addRepeat": "/data/woke" },
            { "set": "/data/woke[2]/why", "value": "noise" },
            { "removeRepeat": "/data/woke[1]" },
            { "set": "/data/nothing", "value": "x" },
            { "dance": true },
        ]);
        let job = json!({ "id": 1, "xml": FORM, "steps": steps }).to_string();
        let broken = json!({ "id": "b", "xml": "<h:html" }).to_string();
        let told = answers(&["no json", &job, "", &broken, r#"{"id":3}"#]);
        assert_eq!(told.len(), 4);
        assert!(told[0]["error"].is_string());
        let xml = told[1]["xml"].as_str().unwrap();
        assert!(xml.contains("<hours>7</hours><woke><why>noise</why></woke><orx:meta>"), "{xml}");
        assert_eq!(told[1]["ms"]["steps"].as_array().unwrap().len(), 6);
        assert_eq!(told[1]["refused"][0]["step"], 5);
        assert_eq!(
            told[1]["refused"][1]["why"],
            "there is no such step; write set, addRepeat, removeRepeat or lang"
        );
        assert!(told[2]["error"].as_str().unwrap().contains("not well-formed"), "{}", told[2]);
        assert_eq!(told[3]["error"], "the job has neither form nor xml");
    }
}
