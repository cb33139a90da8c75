//! The choices sheet, and the sheet of external choices: lists of codes and words.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::findings::{Findings, Place};
use super::languages::Languages;
use super::outputs;
use super::settings::Settings;
use super::sheet::{Row, Sheet};
use crate::attachments::is_file_name;
use crate::item::Translated;
use crate::{Choice, Missing};

/// Longest code, in bytes.
const MAX_CODE: usize = 200;

/// The lists of a sheet by name, and the columns a choice filter may use.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) by_name: HashMap<String, Arc<[Choice]>>,
    /// Names of the lists in order of the sheet.
    pub(crate) names: Vec<String>,
    pub(crate) columns: Arc<BTreeSet<String>>,
    /// Columns of the author's own as they are headed, by their name here.
    pub(crate) headings: HashMap<String, String>,
    /// By list: its first code with a space in it.
    pub(crate) spaced: HashMap<String, String>,
    /// Whether the sheet has any row.
    pub(crate) is_filled: bool,
}

/// Columns of a choice that are no data of the author's.
const WORDS: [&str; 6] = ["label", "image", "big-image", "audio", "video", "disabled"];

struct Reader<'a> {
    sheet: &'a Sheet,
    languages: &'a Languages,
    duplicates: bool,
    findings: &'a mut Findings,
}

pub(crate) fn read(
    sheet: &Sheet,
    languages: &Languages,
    settings: &Settings,
    findings: &mut Findings,
) -> Lists {
    for needed in ["list_name", "name"] {
        if !sheet.rows.is_empty() && !sheet.has(needed) {
            findings.error(
                &sheet.name,
                None,
                format!("The sheet has no column \"{needed}\"."),
                "Add the column.",
            );
            return Lists::default();
        }
    }
    // A list of places is a file for other programs, where codes may come twice.
    let duplicates = settings.allow_choice_duplicates || sheet.name != "choices";
    let mut lists: HashMap<&str, (Vec<Choice>, HashSet<&str>)> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    let mut reader = Reader { sheet, languages, duplicates, findings };
    for row in &sheet.rows {
        let Some((list, code)) = reader.key(row) else { continue };
        let (choices, codes) = lists.entry(list).or_insert_with(|| {
            names.push(list);
            Default::default()
        });
        if !codes.insert(code) && !reader.duplicates {
            let problem = format!("The list `{list}` has `{code}` twice.");
            let remedy = "Rename one, or set allow_choice_duplicates to yes on the settings sheet.";
            reader.error(row, "name", &problem, remedy);
            continue;
        }
        choices.push(reader.choice(row, code));
    }
    let findings = reader.findings;
    let spaced = |choices: &[Choice]| {
        let found = choices.iter().find(|choice| choice.code.contains(char::is_whitespace));
        found.map(|choice| choice.code.clone())
    };
    if sheet.name == "choices" {
        languages.warn_untranslated(sheet, findings);
        languages.warn_missing_columns(sheet, findings);
        warn_headings(sheet, findings);
    }
    Lists {
        spaced: lists
            .iter()
            .filter_map(|(name, (list, _))| Some(((*name).to_owned(), spaced(list)?)))
            .collect(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        by_name: lists.into_iter().map(|(name, (list, _))| (name.to_owned(), list.into())).collect(),
        columns: Arc::new(sheet.columns.iter().map(|column| column.name.clone()).collect()),
        headings: sheet.columns.iter().map(|column| (column.name.clone(), column.heading.clone())).collect(),
        is_filled: !sheet.rows.is_empty(),
    }
}

impl<'a> Reader<'a> {
    fn error(&mut self, row: &Row, column: &str, problem: &str, remedy: &str) {
        let place = Some(self.sheet.place(row.number, column));
        self.findings.error(&self.sheet.name, place, problem, remedy);
    }

    /// List and code of a row; a row that has neither is a remark of the author's.
    fn key(&mut self, row: &'a Row) -> Option<(&'a str, &'a str)> {
        let sheet = self.sheet;
        match (sheet.get(row, "list_name"), sheet.get(row, "name")) {
            (Some(_), Some(code)) if code.len() > MAX_CODE => {
                self.error(row, "name", "The name is too long.", "Use 200 characters at most.");
                None
            }
            (Some(list), Some(code)) => Some((list, code)),
            (None, None) => None,
            (None, Some(_)) => {
                let place = Some(sheet.place(row.number, "list_name"));
                let problem = "The choice is in no list, and is not read.";
                self.findings.warning(&sheet.name, place, problem, "Give it a list, or clear the row.");
                None
            }
            (Some(_), None) => {
                self.error(row, "name", "The cell is empty.", "Give the choice a name.");
                None
            }
        }
    }

    fn choice(&mut self, row: &Row, code: &str) -> Choice {
        let sheet = self.sheet;
        let missing = sheet.get(row, "nightjar::missing").and_then(|cell| {
            let missing = Missing::from_code(cell).filter(|missing| missing.is_chosen());
            if missing.is_none() {
                let problem = format!("`{cell}` is not a reason for having no answer.");
                let remedy = "Write declined, dont_know or not_applicable.";
                self.error(row, "nightjar::missing", &problem, remedy);
            }
            missing
        });
        let label = self.languages.words(sheet, row, "label");
        let is_computed = label.0.iter().any(|(_, text)| outputs::is_computed(text));
        let image = self.languages.words(sheet, row, "image");
        let place = if image.is_empty() { None } else { Some(sheet.place(row.number, "image")) };
        let computed = is_computed.then(|| Box::new(label.clone()));
        Choice {
            code: code.to_owned(),
            label,
            image: file_names(image, &sheet.name, place, self.findings),
            missing,
            columns: sheet.others(row, &WORDS),
            computed,
        }
    }
}

fn warn_headings(sheet: &Sheet, findings: &mut Findings) {
    for column in &sheet.columns {
        let known = ["list_name", "name"].contains(&column.name.as_str()) || column.words;
        if known || column.name.starts_with("nightjar::") {
            continue;
        }
        let place = || Some(Place { row: 1, column: Some(column.title()) });
        if column.heading.contains(' ') {
            let remedy = "Write it without space, so that a choice filter can name it.";
            findings.warning(
                "choices",
                place(),
                "A heading with a space cannot be used in a filter.",
                remedy,
            );
        }
    }
}

/// Names of pictures and recordings must stay in the folder beside the form.
pub(crate) fn file_names(
    words: Translated,
    sheet: &str,
    place: Option<Place>,
    findings: &mut Findings,
) -> Translated {
    if words.0.iter().any(|(_, name)| !is_file_name(name)) {
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
