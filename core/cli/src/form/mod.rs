//! `nightjar form …`: reading forms, checking them, and writing them as something else.

mod beside;
mod check;
mod diff;
mod fhir;
mod paper;
mod run;
mod show;
mod xpath;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use nightjar_form::{Bounds, Instrument, Language};

use crate::command::FormCommand;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Largest workbook read, in bytes.
const LARGEST: u64 = 64 << 20;

pub(crate) fn run(asked: &FormCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        FormCommand::Check { files, reading_age, questions } => {
            let bounds = Bounds { reading_age: f64::from(*reading_age), questions: *questions };
            check::run(files, &bounds, screen)
        }
        FormCommand::Show { file, language } => show::run(file, language.as_deref(), screen),
        FormCommand::Diff { old, new, json } => diff::run(old, new, *json, screen),
        FormCommand::Paper { file, language, copies, out } => {
            paper::run(file, language.as_deref(), usize::from(*copies), out, screen)
        }
        FormCommand::Fhir { file, out } => fhir::run(file, out.as_deref(), screen),
        FormCommand::Run { file, steps, attachments, now, tz, seed, batch } => {
            let clock = run::Clock { now: now.clone(), tz: tz.clone(), seed: *seed };
            match file {
                Some(file) if !batch => {
                    run::run(file, steps.as_deref(), attachments.as_deref(), &clock, screen)
                }
                _ => run::run_batch(attachments.as_deref(), &clock),
            }
        }
        FormCommand::Xpath { batch: true, .. } => xpath::run_batch(),
        FormCommand::Xpath { expression, document, context, now, tz, .. } => {
            let job = xpath::Job {
                expression: expression.clone().unwrap_or_default(),
                xml: match document {
                    Some(path) => Some(String::from_utf8_lossy(&read(path)?).into_owned()),
                    None => None,
                },
                context: context.clone(),
                now: now.clone(),
                tz: Some(tz.clone()),
                ..xpath::Job::default()
            };
            let answer = xpath::answer(&job);
            match answer.get("type").and_then(serde_json::Value::as_str) {
                Some("error") => Err(Trouble::Given(
                    answer.get("value").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
                )),
                _ => screen.line(answer),
            }
        }
    }
}

/// A form that must be sound.
fn instrument(path: &Path) -> Result<Instrument, Trouble> {
    let name = path.display().to_string();
    Instrument::read(&name, &read(path)?, &beside::attachments(path)?)
        .map_err(|diagnostics| Trouble::Given(format!("the form has errors:\n{diagnostics}")))
}

/// One of a form's languages.
fn language(form: &Instrument, asked: &str) -> Result<Language, Trouble> {
    form.language(asked).cloned().ok_or_else(|| {
        let spoken: Vec<&str> = form.languages().iter().map(Language::name).collect();
        Trouble::Given(format!("the form does not speak \"{asked}\"; it speaks {}", spoken.join(", ")))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    if path.is_dir() {
        return Err(Trouble::Given(format!(
            "{}: a folder; give forms, or use `nightjar study check`",
            path.display()
        )));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Trouble::file(path))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Trouble::file(path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Trouble::Given(format!(
            "{}: larger than {} MiB, no form is",
            path.display(),
            LARGEST >> 20
        )));
    }
    Ok(bytes)
}
