//! `nightjar form show`: a form's questions and choices in every language.

use std::path::Path;

use nightjar_form::{Instrument, Item, Language};

use super::read;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(file: &Path, screen: &mut Screen) -> Result<(), Trouble> {
    let name = file.display().to_string();
    let form = Instrument::from_workbook(&name, &read(file)?)
        .map_err(|diagnostics| Trouble::Given(format!("the form has errors:\n{diagnostics}")))?;
    screen.line(format_args!(
        "{} ({}, version {})",
        form.title(form.default_language()),
        form.form_id(),
        form.version()
    ))?;
    if let Some(status) = form.setting("nightjar::wording_status") {
        screen.line(format_args!("Wording: {status}"))?;
    }
    let languages = form.languages();
    for item in form.items().iter().filter(|item| item.kind().is_shown()) {
        show(item, languages, screen)?;
    }
    Ok(())
}

fn show(item: &Item, languages: &[Language], screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading(format_args!("{}  [{}]", item.name(), item.kind()))?;
    for language in languages {
        screen.line(format_args!("  {:<18} {}", language.code(), item.label(language)))?;
    }
    for choice in item.choices() {
        let words: Vec<&str> = languages.iter().map(|language| choice.label(language)).collect();
        let missing = choice.missing().map(|missing| format!("  ({})", missing.code())).unwrap_or_default();
        screen.line(format_args!("    {:<20} {}{missing}", choice.code(), words.join(" | ")))?;
    }
    Ok(())
}
