//! Which languages a workbook speaks, its words in each of them, and where words are missing.

use std::collections::HashSet;

use super::findings::{Findings, Place};
use super::settings::Settings;
use super::sheet::{Row, Sheet};
use crate::Language;
use crate::item::Translated;

/// Most languages of a form.
const MAX_LANGUAGES: usize = 100;

/// Whether a text can be a code of a language: `en`, `pt-BR`, `en-x-easyread`.
fn is_code(text: &str) -> bool {
    let mut parts = text.split('-');
    let good = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    parts.next().is_some_and(|first| matches!(first.len(), 2..=3) && good(first)) && parts.all(good)
}

/// The languages of a workbook, the default first.
#[derive(Debug)]
pub(crate) struct Languages {
    pub(crate) all: Vec<Language>,
    /// What a heading without a language speaks.
    unnamed: Language,
}

impl Languages {
    /// Languages in order of first appearance, the default moved to the front.
    pub(crate) fn new(settings: &Settings, sheets: &[&Sheet], findings: &mut Findings) -> Languages {
        let columns = || sheets.iter().flat_map(|sheet| &sheet.columns).filter(|column| column.words);
        let mut named: Vec<Language> = Vec::new();
        let mut seen: HashSet<&Language> = HashSet::new();
        for language in columns().filter_map(|column| column.language.as_ref()) {
            if seen.insert(language) {
                named.push(language.clone());
            }
        }
        if named.len() > MAX_LANGUAGES {
            let problem = format!("The form has more than {MAX_LANGUAGES} languages.");
            findings.error("survey", None, problem, "Take some of the columns out.");
            named.truncate(MAX_LANGUAGES);
        }
        // A language is told from another by its code, which screens and readers of text aloud go by.
        for language in named.iter().filter(|language| !is_code(language.code())) {
            let problem = format!("The language \"{language}\" has no code.");
            let remedy = "Write it in brackets, as English (en).";
            findings.warning("survey", Some(Place::row(1)), problem, remedy);
        }
        let bare = columns().any(|column| column.language.is_none());
        let wanted = settings.default_language.as_deref();
        let default = wanted.map(|wanted| {
            let found = named.iter().find(|l| l.name() == wanted || l.code().eq_ignore_ascii_case(wanted));
            found.cloned().unwrap_or_else(|| Language::new(wanted))
        });
        let unnamed = default.clone().unwrap_or_else(|| Language::new(Language::UNNAMED));
        if bare && !named.contains(&unnamed) {
            named.insert(0, unnamed.clone());
        }
        match default {
            Some(default) if named.contains(&default) => {
                named.retain(|language| *language != default);
                named.insert(0, default);
            }
            Some(default) if !named.is_empty() => {
                findings.warning(
                    "settings",
                    None,
                    format!("No column is in the default language \"{default}\"."),
                    format!("The form opens in \"{}\"; write default_language as in the headings.", named[0]),
                );
            }
            _ => {}
        }
        if named.is_empty() {
            named.push(unnamed.clone());
        }
        Languages { all: named, unnamed }
    }

    /// The words of a row in a column, the default language first. A column that names the default language wins over
    /// one that names none.
    pub(crate) fn words(&self, sheet: &Sheet, row: &Row, name: &str) -> Translated {
        let mut found: Vec<(Language, String)> = Vec::new();
        for (column, cell) in sheet.words(row, name) {
            let language = column.language.as_ref().unwrap_or(&self.unnamed);
            match found.iter_mut().find(|(known, _)| known == language) {
                Some((_, words)) if column.language.is_some() => cell.clone_into(words),
                Some(_) => {}
                None => found.push((language.clone(), cell.to_owned())),
            }
        }
        if found.len() > 1 {
            found.sort_by_key(|(language, _)| self.all.iter().position(|known| known == language));
        }
        Translated(found)
    }

    /// Words that this program adds, the same in each language.
    pub(crate) fn everywhere(&self, text: &str) -> Translated {
        Translated(self.all.iter().map(|language| (language.clone(), text.to_owned())).collect())
    }

    /// One warning for each language in which some rows have a label and others none.
    pub(crate) fn warn_untranslated(&self, sheet: &Sheet, findings: &mut Findings) {
        if sheet.named("label").count() < 2 {
            return;
        }
        let mut without: Vec<(u32, usize)> = vec![(0, 0); self.all.len()];
        for row in &sheet.rows {
            let here: Vec<&Language> = sheet
                .words(row, "label")
                .map(|(column, _)| column.language.as_ref().unwrap_or(&self.unnamed))
                .collect();
            if here.is_empty() {
                continue;
            }
            for (language, (first, count)) in self.all.iter().zip(&mut without) {
                if !here.contains(&language) {
                    *first = if *count == 0 { row.number } else { *first };
                    *count += 1;
                }
            }
        }
        for (language, (first, count)) in self.all.iter().zip(without) {
            if count > 0 {
                findings.warning(
                    &sheet.name,
                    Some(Place::row(first)),
                    format!("{count} rows, from this one, have no label in \"{language}\"."),
                    format!("They are shown in \"{}\"; add the words.", self.all[0]),
                );
            }
        }
    }

    /// One warning for each column of words that is there in some language and not in another of the form.
    pub(crate) fn warn_missing_columns(&self, sheet: &Sheet, findings: &mut Findings) {
        let mut seen: HashSet<&str> = HashSet::new();
        for column in sheet.columns.iter().filter(|column| column.words && column.name != "label") {
            if !seen.insert(&column.name) {
                continue;
            }
            let here: Vec<&Language> =
                sheet.named(&column.name).map(|c| c.language.as_ref().unwrap_or(&self.unnamed)).collect();
            let missing: Vec<&str> =
                self.all.iter().filter(|l| !here.contains(l)).map(Language::name).collect();
            // Pictures belong to easy read; that other words do without them is no oversight.
            let is_easy_only = column.name == "image" && here.iter().all(|language| language.is_easy_read());
            if !missing.is_empty() && self.all.len() > 1 && !is_easy_only {
                let place = Place { row: 1, column: Some(column.title()) };
                let problem = format!("The column `{}` is missing in: {}.", column.name, missing.join(", "));
                findings.warning(
                    &sheet.name,
                    Some(place),
                    problem,
                    "Add the columns, or leave it: what there is is shown.",
                );
            }
        }
    }
}
