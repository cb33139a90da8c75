//! The choices sheet: lists of codes and words.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::findings::{Findings, Place};
use super::settings::{Languages, Settings};
use super::sheet::Sheet;
use crate::item::Translated;
use crate::{Choice, Missing};

/// Longest code, in bytes.
const MAX_CODE: usize = 200;

/// The lists by name, and the columns a choice filter may use.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) by_name: HashMap<String, Arc<[Choice]>>,
    pub(crate) columns: BTreeSet<String>,
}

pub(crate) fn read(
    sheet: &Sheet,
    languages: &Languages,
    settings: &Settings,
    findings: &mut Findings,
) -> Lists {
    let mut lists: HashMap<String, Vec<Choice>> = HashMap::new();
    for needed in ["list_name", "name"] {
        if !sheet.rows.is_empty() && !sheet.has(needed) {
            findings.error(
                "choices",
                None,
                format!("The sheet has no column \"{needed}\"."),
                "Add the column.",
            );
            return Lists::default();
        }
    }
    for row in &sheet.rows {
        let (list, code) = (sheet.get(row, "list_name"), sheet.get(row, "name"));
        let (list, code) = match (list, code) {
            (Some(list), Some(code)) => (list, code),
            (None, None) => continue,
            (list, _) => {
                let column = if list.is_none() { "list_name" } else { "name" };
                let place = Some(sheet.place(row.number, column));
                findings.error("choices", place, "The cell is empty.", "Give the choice a list and a name.");
                continue;
            }
        };
        let place = |column| Some(sheet.place(row.number, column));
        if code.len() > MAX_CODE {
            findings.error("choices", place("name"), "The name is too long.", "Use 200 characters at most.");
            continue;
        }
        let known = lists.entry(list.to_owned()).or_default();
        if known.iter().any(|choice| choice.code == code) && !settings.allow_choice_duplicates {
            findings.error(
                "choices",
                place("name"),
                format!("The list `{list}` has `{code}` twice."),
                "Rename one, or set allow_choice_duplicates to yes on the settings sheet.",
            );
            continue;
        }
        let missing = sheet.get(row, "nightjar::missing").and_then(|cell| {
            let missing = Missing::from_code(cell).filter(|missing| missing.is_chosen());
            if missing.is_none() {
                findings.error(
                    "choices",
                    place("nightjar::missing"),
                    format!("`{cell}` is not a reason for having no answer."),
                    "Write declined, dont_know or not_applicable.",
                );
            }
            missing
        });
        let label = languages.words(sheet, row, "label");
        if label.0.iter().any(|(_, text)| text.contains("${")) {
            let remedy = "Ask with the question's label instead.";
            findings.warning(
                "choices",
                place("label"),
                "References in choice labels stay as written.",
                remedy,
            );
        }
        known.push(Choice {
            code: code.to_owned(),
            label,
            image: file_names(languages.words(sheet, row, "image"), "choices", place("image"), findings),
            missing,
            columns: sheet.others(row, &["label", "image", "audio", "disabled"]),
        });
    }
    warn_untranslated(sheet, languages, findings);
    let columns = sheet.columns.values().map(|column| column.name.clone()).collect();
    Lists { by_name: lists.into_iter().map(|(name, list)| (name, list.into())).collect(), columns }
}

/// Names of pictures and recordings must stay in the folder beside the form.
pub(crate) fn file_names(
    words: Translated,
    sheet: &str,
    place: Option<Place>,
    findings: &mut Findings,
) -> Translated {
    let outside =
        |name: &str| name.contains(['/', '\\', '\0']) || name.contains("..") || name.starts_with('.');
    if words.0.iter().any(|(_, name)| outside(name)) {
        findings.error(
            sheet,
            place,
            "The cell must name a file, without a folder.",
            "Write a name like door.png.",
        );
        return Translated::default();
    }
    words
}

/// One warning for each language in which some rows have a label and others none.
pub(crate) fn warn_untranslated(sheet: &Sheet, languages: &Languages, findings: &mut Findings) {
    let labels: Vec<_> = sheet.columns.values().filter(|column| column.name == "label").collect();
    if labels.len() < 2 {
        return;
    }
    for language in &languages.all {
        let without: Vec<u32> = sheet
            .rows
            .iter()
            .filter(|row| {
                let words = languages.words(sheet, row, "label");
                !words.is_empty() && words.exact(language).is_none()
            })
            .map(|row| row.number)
            .collect();
        if let Some(first) = without.first() {
            findings.warning(
                &sheet.name,
                Some(Place::row(*first)),
                format!("{} rows, from this one, have no label in \"{language}\".", without.len()),
                format!("They are shown in \"{}\"; add the words.", languages.all[0]),
            );
        }
    }
}
