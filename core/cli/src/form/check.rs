//! `nightjar form check`: everything wrong with forms, at once, and what a reviewer would ask about.

use std::path::PathBuf;

use nightjar_form::{Advice, Bounds, Instrument, Severity, Topic};

use super::{beside, read};
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// The settings column in which a variant names the form it is a variant of, by its id.
const VARIANT_OF: &str = "nightjar::variant_of";

pub(super) fn run(files: &[PathBuf], bounds: &Bounds, screen: &mut Screen) -> Result<(), Trouble> {
    let mut faults = Faults::default();
    let mut sound: Vec<(String, Instrument)> = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let bytes = read(file).and_then(|bytes| Ok((bytes, beside::attachments(file)?)));
        match bytes.map(|(bytes, attachments)| Instrument::read(&name, &bytes, &attachments)) {
            Ok(Ok(form)) => sound.push((name, form)),
            Ok(Err(diagnostics)) => {
                faults.in_file(diagnostics.errors().count());
                screen.line(diagnostics)?;
            }
            Err(trouble) => {
                faults.in_file(1);
                screen.line(trouble)?;
            }
        }
    }
    for (name, form) in &sound {
        let mut advice = form.advice(name, bounds);
        for (other, standard) in sound.iter().filter(|(other, _)| other != name) {
            advice.extend(compared(name, form, other, standard));
        }
        for warning in form.warnings() {
            screen.line(warning)?;
        }
        for advice in &advice {
            screen.line(advice)?;
        }
        faults.in_file(advice.iter().filter(|advice| advice.diagnostic.severity == Severity::Error).count());
        summary(name, form, screen)?;
    }
    faults.outcome(files.len())
}

/// What the comparison with another of the forms says: of the form that this one is a variant of, and of a version that
/// was named before this one.
fn compared(name: &str, form: &Instrument, other: &str, standard: &Instrument) -> Vec<Advice> {
    if form.setting(VARIANT_OF) == Some(standard.form_id()) {
        return form.variant_advice(name, standard);
    }
    let versions = form.form_id() == standard.form_id() && form.version() > standard.version();
    if !versions || other == name {
        return Vec::new();
    }
    // Versions may offer other choices; `form diff` says which.
    form.variant_advice(name, standard)
        .into_iter()
        .filter(|advice| advice.topic == Topic::OptionOrder)
        .collect()
}

fn summary(name: &str, form: &Instrument, screen: &mut Screen) -> Result<(), Trouble> {
    let questions = form.items().iter().filter(|item| item.kind().is_asked()).count();
    let languages = form.languages().len();
    screen.line(format_args!(
        "{name}: sound; {}, version {}, {questions} questions in {languages} {}",
        form.form_id(),
        form.version(),
        if languages == 1 { "language" } else { "languages" }
    ))?;
    let worst = form.worst_case();
    screen.line(format_args!(
        "{name}: an answer holds {} values and {} bytes at most, before compression{}{}",
        worst.cells,
        worst.bytes,
        if worst.instances > 0 {
            format!(", with {} entries in its repeats", worst.instances)
        } else {
            String::new()
        },
        if worst.attachments { ", and attachments on top" } else { "" }
    ))
}

#[derive(Default)]
struct Faults {
    errors: usize,
    broken: usize,
}

impl Faults {
    fn in_file(&mut self, errors: usize) {
        self.errors += errors;
        self.broken += usize::from(errors > 0);
    }

    fn outcome(&self, files: usize) -> Result<(), Trouble> {
        let Faults { errors, broken } = *self;
        if broken == 0 {
            return Ok(());
        }
        Err(Trouble::Given(format!(
            "{errors} {} in {broken} of {files} {}, listed above; correct them and check again",
            if errors == 1 { "error" } else { "errors" },
            if files == 1 { "form" } else { "forms" }
        )))
    }
}
