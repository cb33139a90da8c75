//! A sheet with headings: which column is which, whatever way they are written.

use std::collections::BTreeMap;

use super::findings::{Findings, Place};
use super::workbook::{Grid, letters};
use crate::Language;

/// A column's meaning: its name in this program, and the language of its words.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    letter: String,
    heading: String,
    /// Canonical name; for columns not known, the whole heading in lower case.
    pub(crate) name: String,
    /// `None` when the heading names no language.
    pub(crate) language: Option<Language>,
    /// Whether its cells are words in a language.
    pub(crate) words: bool,
}

/// One row that holds something.
#[derive(Debug)]
pub(crate) struct Row {
    /// From 1, as a spreadsheet program numbers it.
    pub(crate) number: u32,
    cells: BTreeMap<u32, String>,
}

/// A sheet whose first row names the columns. Rows with `disabled` set are left out.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) columns: BTreeMap<u32, Column>,
    pub(crate) rows: Vec<Row>,
}

/// Columns whose cells are words in a language.
const WORDS: [&str; 8] = [
    "label",
    "hint",
    "guidance_hint",
    "constraint_message",
    "required_message",
    "image",
    "audio",
    "form_title",
];

/// Spellings in use, by sheet kind, and the name they stand for.
const ALIASES: &[(&str, &str)] = &[
    ("bind::calculate", "calculation"),
    ("bind::calculation", "calculation"),
    ("bind::constraint", "constraint"),
    ("bind::jr:constraintmsg", "constraint_message"),
    ("bind::jr:requiredmsg", "required_message"),
    ("bind::readonly", "read_only"),
    ("bind::relevant", "relevant"),
    ("bind::required", "required"),
    ("bind::type", "bind_type"),
    ("body::appearance", "appearance"),
    ("calculate", "calculation"),
    ("caption", "label"),
    ("command", "type"),
    ("constraint_msg", "constraint_message"),
    ("constraintmsg", "constraint_message"),
    ("control::appearance", "appearance"),
    ("id_string", "form_id"),
    ("jr:count", "repeat_count"),
    ("bind::jr:count", "repeat_count"),
    ("body::jr:count", "repeat_count"),
    ("control::jr:count", "repeat_count"),
    ("list", "list_name"),
    ("media::audio", "audio"),
    ("media::image", "image"),
    ("media::video", "video"),
    ("read-only", "read_only"),
    ("readonly", "read_only"),
    ("relevance", "relevant"),
    ("required_msg", "required_message"),
    ("requiredmsg", "required_message"),
    ("title", "form_title"),
    ("value", "name"),
    ("variable", "name"),
];

/// Words that `::Language` may follow, or `:Language` in old forms.
fn canonical(base: &str) -> String {
    let lower = base.trim().to_lowercase();
    let tight: String = lower.split_whitespace().collect::<Vec<_>>().join("_");
    // pyxform takes no `::` in headings of the choices sheet, so that our own columns may be written with `_` too.
    if let Some(own) = tight.strip_prefix("nightjar_") {
        return format!("nightjar::{own}");
    }
    ALIASES.iter().find(|(alias, _)| *alias == tight).map_or(tight, |(_, name)| (*name).to_owned())
}

/// Collapses runs of space within lines, keeps line ends, trims.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Typed quotes where a spreadsheet program made curly ones; only for cells that are code or names.
fn straight_quotes(text: &str) -> String {
    text.replace(['\u{2018}', '\u{2019}'], "'").replace(['\u{201c}', '\u{201d}'], "\"")
}

fn column(letter: String, heading: &str) -> Column {
    let heading = tidy(heading);
    let parts: Vec<&str> = heading.split("::").map(str::trim).collect();
    let words = |name: &str| WORDS.contains(&name);
    let make = |name: String, language: Option<&str>| Column {
        letter: letter.clone(),
        heading: heading.clone(),
        words: words(&name),
        name,
        language: language.filter(|l| !l.is_empty()).map(Language::new),
    };
    let whole = canonical(&parts.join("::"));
    if words(&whole) {
        return make(whole, None);
    }
    // `media::image::Polski (pl)`, `label::Polski (pl)`; the language keeps its case.
    if let [base @ .., language] = parts.as_slice()
        && !base.is_empty()
    {
        let name = canonical(&base.join("::"));
        if words(&name) {
            return make(name, Some(language));
        }
    }
    // `label:Polski`, `media:image:Polski` in old forms; `jr:count` and the like are no languages.
    if parts.len() == 1
        && let Some((base, language)) = heading.rsplit_once(':')
    {
        let name = canonical(&base.replace(':', "::"));
        if words(&name) {
            return make(name, Some(language.trim()));
        }
    }
    make(whole, None)
}

impl Sheet {
    /// A sheet that is not in the workbook.
    pub(crate) fn empty(name: &str) -> Sheet {
        Sheet { name: name.to_owned(), columns: BTreeMap::new(), rows: Vec::new() }
    }

    pub(crate) fn new(grid: Grid, findings: &mut Findings) -> Sheet {
        let mut rows = grid.cells.into_iter();
        let mut sheet = Sheet::empty(&grid.name);
        let Some((first, headings)) = rows.next() else { return sheet };
        for (index, heading) in headings {
            let new = column(letters(index), &heading);
            let twin = sheet.columns.values().find(|c| c.name == new.name && c.language == new.language);
            if let Some(twin) = twin {
                let place = Place { row: first + 1, column: Some(new.title()) };
                let problem = format!("The column means the same as {}.", twin.title());
                findings.error(&sheet.name, Some(place), problem, "Remove or rename one of the two.");
                continue;
            }
            sheet.columns.insert(index, new);
        }
        for (number, cells) in rows {
            let row = Row { number: number + 1, cells: sheet.clean(cells) };
            let disabled = sheet.get(&row, "disabled").is_some_and(|cell| truth(cell) == Some(true));
            if !disabled && !row.cells.is_empty() {
                sheet.rows.push(row);
            }
        }
        sheet
    }

    /// Keeps the cells under a heading, tidied.
    fn clean(&self, cells: BTreeMap<u32, String>) -> BTreeMap<u32, String> {
        cells
            .into_iter()
            .filter_map(|(index, cell)| {
                let column = self.columns.get(&index)?;
                let cell = if column.words || column.name == "default" {
                    tidy(&cell)
                } else {
                    straight_quotes(cell.trim())
                };
                Some((index, cell))
            })
            .collect()
    }

    /// The cell of a column without language.
    pub(crate) fn get<'a>(&self, row: &'a Row, name: &str) -> Option<&'a str> {
        let (index, _) = self.columns.iter().find(|(_, column)| column.name == name)?;
        row.cells.get(index).map(String::as_str)
    }

    /// The cells of a column of words, with the heading's language.
    pub(crate) fn words<'a>(
        &'a self,
        row: &'a Row,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a Column, &'a str)> {
        let columns = self.columns.iter().filter(move |(_, column)| column.name == name);
        columns.filter_map(|(index, column)| row.cells.get(index).map(|cell| (column, cell.as_str())))
    }

    /// The filled cells whose column is none of those given.
    pub(crate) fn others(&self, row: &Row, known: &[&str]) -> BTreeMap<String, String> {
        row.cells
            .iter()
            .filter_map(|(index, cell)| self.columns.get(index).map(|column| (column, cell)))
            .filter(|(column, _)| !known.contains(&column.name.as_str()))
            .map(|(column, cell)| (column.name.clone(), cell.clone()))
            .collect()
    }

    /// Where a cell is, for a diagnostic.
    pub(crate) fn place(&self, row: u32, name: &str) -> Place {
        let column = self.columns.values().find(|column| column.name == name).map(Column::title);
        Place { row, column }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.columns.values().any(|column| column.name == name)
    }
}

impl Column {
    /// Letter and heading: `F "relevant"`.
    pub(crate) fn title(&self) -> String {
        format!("{} \"{}\"", self.letter, self.heading)
    }
}

/// Yes and no in the spellings of XLSForm; `None` for anything else, such as an expression.
pub(crate) fn truth(cell: &str) -> Option<bool> {
    match cell.trim().to_lowercase().as_str() {
        "yes" | "true" | "true()" | "1" => Some(true),
        "no" | "false" | "false()" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_all_their_spellings() {
        for (heading, name, language) in [
            ("Label", "label", None),
            ("label::English (en)", "label", Some("English (en)")),
            ("LABEL :: Easy read (en-x-easyread)", "label", Some("Easy read (en-x-easyread)")),
            ("label:Polski", "label", Some("Polski")),
            ("media::image::Polski (pl)", "image", Some("Polski (pl)")),
            ("media:image:Polski", "image", Some("Polski")),
            ("image", "image", None),
            ("Constraint Message::Polski (pl)", "constraint_message", Some("Polski (pl)")),
            ("bind::jr:constraintMsg", "constraint_message", None),
            ("jr:count", "repeat_count", None),
            ("relevance", "relevant", None),
            ("Read Only", "read_only", None),
            ("nightjar::id", "nightjar::id", None),
            ("bind::relevant", "relevant", None),
            ("List Name", "list_name", None),
        ] {
            let column = column("A".to_owned(), heading);
            let found = (column.name.as_str(), column.language.as_ref().map(Language::name));
            assert_eq!(found, (name, language), "{heading}");
        }
    }
}
