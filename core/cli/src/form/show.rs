//! `nightjar form show`: a form's groups, questions, choices and logic in every language.

use std::path::Path;

use nightjar_form::{Item, Language, OutlineKind, OutlineLine};

use super::instrument;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(file: &Path, asked: Option<&str>, screen: &mut Screen) -> Result<(), Trouble> {
    let form = instrument(file)?;
    let chosen = asked.map(|asked| super::language(&form, asked)).transpose()?;
    let languages = match &chosen {
        Some(language) => std::slice::from_ref(language),
        None => form.languages(),
    };
    screen.line(format_args!(
        "{} ({}, version {})",
        directed(form.title(&languages[0]), &languages[0]),
        form.form_id(),
        form.version()
    ))?;
    if let Some(status) = form.setting("nightjar::wording_status") {
        screen.line(format_args!("Wording: {status}"))?;
    }
    for language in form.languages() {
        let status =
            form.translation_status(language).map(|status| format!("; {status}")).unwrap_or_default();
        let direction = if language.is_right_to_left() { ", right to left" } else { "" };
        screen.line(format_args!("Language: {language}{direction}{status}"))?;
    }
    for line in form.outline() {
        show(&line, languages, screen)?;
    }
    Ok(())
}

fn show(line: &OutlineLine<'_>, languages: &[Language], screen: &mut Screen) -> Result<(), Trouble> {
    let indent = "  ".repeat(line.depth);
    let kind = match line.kind {
        OutlineKind::Group if line.is_one_page() => "group, one page".to_owned(),
        OutlineKind::Group => "group".to_owned(),
        OutlineKind::Repeat => "repeat".to_owned(),
        OutlineKind::Item(item) => item.kind().to_string(),
    };
    screen.heading(format_args!("{indent}{}  [{kind}]", line.name()))?;
    for language in languages {
        words(&indent, language, "", &line.label(language), screen)?;
        words(&indent, language, "hint: ", &line.hint(language), screen)?;
        words(&indent, language, "guidance: ", &line.guidance(language), screen)?;
    }
    for (what, source) in line.logic() {
        let what = what.to_string();
        screen.line(format_args!("{indent}  {what:<18} {source}"))?;
    }
    if let OutlineKind::Item(item) = line.kind {
        answers(&indent, item, languages, screen)?;
    }
    Ok(())
}

fn words(
    indent: &str,
    language: &Language,
    what: &str,
    text: &str,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    for part in text.lines() {
        screen.line(format_args!("{indent}  {:<18} {what}{}", language.code(), directed(part, language)))?;
    }
    Ok(())
}

fn answers(indent: &str, item: &Item, languages: &[Language], screen: &mut Screen) -> Result<(), Trouble> {
    if let Some(scale) = item.scale() {
        screen.line(format_args!("{indent}  from {} to {} by {}", scale.start, scale.end, scale.step))?;
    }
    for choice in item.choices() {
        let words: Vec<String> =
            languages.iter().map(|language| directed(choice.label(language), language)).collect();
        let missing = choice.missing().map(|missing| format!("  ({})", missing.code())).unwrap_or_default();
        screen.line(format_args!("{indent}    {:<20} {}{missing}", choice.code(), words.join(" | ")))?;
    }
    Ok(())
}

/// Words kept apart from those around them, so that a terminal does not mix the directions (Unicode UAX #9: RLI, PDI).
/// Marks of direction inside the words stay.
fn directed(text: &str, language: &Language) -> String {
    if language.is_right_to_left() && !text.is_empty() {
        format!("\u{2067}{text}\u{2069}")
    } else {
        text.to_owned()
    }
}
