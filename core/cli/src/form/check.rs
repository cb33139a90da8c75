//! `nightjar form check`: everything wrong with forms, at once.

use std::path::PathBuf;

use nightjar_form::Instrument;

use super::read;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(files: &[PathBuf], screen: &mut Screen) -> Result<(), Trouble> {
    let mut errors = 0;
    let mut broken = 0;
    for file in files {
        let name = file.display().to_string();
        match read(file).map(|bytes| Instrument::from_workbook(&name, &bytes)) {
            Ok(Ok(form)) => {
                for warning in form.warnings() {
                    screen.line(warning)?;
                }
                let questions = form.items().iter().filter(|item| item.kind().is_asked()).count();
                let languages = form.languages().len();
                screen.line(format_args!(
                    "{name}: sound; {}, version {}, {questions} questions in {languages} {}",
                    form.form_id(),
                    form.version(),
                    if languages == 1 { "language" } else { "languages" }
                ))?;
            }
            Ok(Err(diagnostics)) => {
                broken += 1;
                errors += diagnostics.errors().count();
                screen.line(diagnostics)?;
            }
            Err(trouble) => {
                broken += 1;
                errors += 1;
                screen.line(trouble)?;
            }
        }
    }
    if broken == 0 {
        return Ok(());
    }
    Err(Trouble::Given(format!(
        "{errors} {} in {broken} of {} {}, listed above; correct them and check again",
        if errors == 1 { "error" } else { "errors" },
        files.len(),
        if files.len() == 1 { "form" } else { "forms" }
    )))
}
