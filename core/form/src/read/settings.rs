//! The settings sheet, and which languages the workbook speaks.

use std::collections::BTreeMap;

use super::findings::{Findings, Place};
use super::sheet::{Sheet, truth};
use crate::Language;
use crate::item::Translated;

/// The first row of the settings sheet.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) form_id: String,
    pub(crate) version: String,
    pub(crate) title: String,
    pub(crate) allow_choice_duplicates: bool,
    default_language: Option<String>,
    /// Every filled column by its name; translated titles as `form_title::language`.
    pub(crate) columns: BTreeMap<String, String>,
}

/// The languages of a workbook, the default first.
#[derive(Debug)]
pub(crate) struct Languages {
    pub(crate) all: Vec<Language>,
    /// What a heading without a language speaks.
    unnamed: Language,
}

impl Languages {
    /// The words of a row in a column, the default language first.
    pub(crate) fn words(&self, sheet: &Sheet, row: &super::sheet::Row, name: &str) -> Translated {
        let mut found: Vec<(Language, String)> = Vec::new();
        for (column, cell) in sheet.words(row, name) {
            let language = column.language.clone().unwrap_or_else(|| self.unnamed.clone());
            if !found.iter().any(|(known, _)| *known == language) {
                found.push((language, cell.to_owned()));
            }
        }
        found.sort_by_key(|(language, _)| self.all.iter().position(|known| known == language));
        Translated(found)
    }

    /// Words that this program adds, the same in each language.
    pub(crate) fn everywhere(&self, text: &str) -> Translated {
        Translated(self.all.iter().map(|language| (language.clone(), text.to_owned())).collect())
    }
}

pub(crate) fn read(sheet: &Sheet, file: &str, findings: &mut Findings) -> Settings {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = stem.strip_suffix(".xlsx").unwrap_or(stem).to_owned();
    let mut settings = Settings { form_id: stem.clone(), title: stem, ..Settings::default() };
    let Some(row) = sheet.rows.first() else { return settings };
    if let Some(second) = sheet.rows.get(1) {
        let place = Some(Place::row(second.number));
        findings.warning("settings", place, "Only the first row of settings counts.", "Remove the others.");
    }
    settings.columns = sheet.others(row, &["form_title"]);
    for (column, title) in sheet.words(row, "form_title") {
        let name = match &column.language {
            Some(language) => format!("form_title::{}", language.name().to_lowercase()),
            None => "form_title".to_owned(),
        };
        settings.columns.insert(name, title.to_owned());
    }
    let get = |name: &str| settings.columns.get(name).cloned();
    settings.allow_choice_duplicates =
        get("allow_choice_duplicates").is_some_and(|cell| truth(&cell) == Some(true));
    settings.default_language = get("default_language");
    settings.version = get("version").unwrap_or_default();
    if let Some(form_id) = get("form_id") {
        settings.form_id.clone_from(&form_id);
        settings.title = form_id;
    }
    if let Some(title) = get("form_title") {
        settings.title = title;
    }
    for refused in ["public_key", "submission_url"] {
        if settings.columns.contains_key(refused) {
            let place = Some(sheet.place(row.number, refused));
            findings.warning(
                "settings",
                place,
                "The setting is ignored.",
                "Encryption and sync are the study's.",
            );
        }
    }
    settings
}

/// Languages in order of first appearance, the default moved to the front.
pub(crate) fn languages(settings: &Settings, sheets: &[&Sheet], findings: &mut Findings) -> Languages {
    let columns = || sheets.iter().flat_map(|sheet| sheet.columns.values()).filter(|column| column.words);
    let mut named: Vec<Language> = Vec::new();
    for language in columns().filter_map(|column| column.language.clone()) {
        if !named.contains(&language) {
            named.push(language);
        }
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
