//! A sheet with headings, its cells found by the name of their column.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::findings::{Findings, Place};
use super::grid::{Grid, letters};
use super::heading::{Column, tidy};
use super::row::{Places, SurveyRow};

/// One row that holds something.
#[derive(Debug)]
pub(crate) struct Row {
    /// From 1, as a spreadsheet program numbers it.
    pub(crate) number: u32,
    /// By index of the column.
    cells: Vec<(usize, String)>,
}

/// A sheet whose first row names the columns. Rows with `disabled` set are left out.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Indices of the columns of a name.
    by_name: HashMap<String, Vec<usize>>,
}

impl Sheet {
    /// A sheet that is not in the workbook.
    pub(crate) fn empty(name: &str) -> Sheet {
        Sheet { name: name.to_owned(), columns: Vec::new(), rows: Vec::new(), by_name: HashMap::new() }
    }

    /// Reads the headings and tidies the cells; with `clean`, runs of space in words become one.
    pub(crate) fn new(grid: Grid, clean: bool, findings: &mut Findings) -> Sheet {
        let mut lines = grid.lines.into_iter();
        let mut sheet = Sheet::empty(&grid.name);
        let Some((first, headings)) = lines.next() else { return sheet };
        let mut by_position: HashMap<u32, usize> = HashMap::new();
        for (position, heading) in headings {
            let new = Column::new(&grid.name, letters(position), &heading);
            let twins = sheet.by_name.entry(new.name.clone()).or_default();
            if let Some(twin) = twins.iter().find(|i| sheet.columns[**i].language == new.language) {
                let place = Place { row: first, column: Some(new.title()) };
                let problem = format!("The column means the same as {}.", sheet.columns[*twin].title());
                findings.error(&sheet.name, Some(place), problem, "Remove or rename one of the two.");
                continue;
            }
            twins.push(sheet.columns.len());
            by_position.insert(position, sheet.columns.len());
            sheet.columns.push(new);
        }
        let mut nameless: HashSet<u32> = HashSet::new();
        for (number, cells) in lines {
            let mut row = Row { number, cells: Vec::with_capacity(cells.len()) };
            for (position, cell) in cells {
                let Some(index) = by_position.get(&position) else {
                    if nameless.insert(position) {
                        let place = Place { row: number, column: Some(letters(position)) };
                        let problem = "The cell is in a column without heading, and is not read.";
                        findings.warning(&sheet.name, Some(place), problem, "Give the column a heading.");
                    }
                    continue;
                };
                let cell = sheet.columns[*index].tidied(cell, clean);
                if !cell.is_empty() {
                    row.cells.push((*index, cell));
                }
            }
            let disabled = sheet.get(&row, "disabled").is_some_and(|cell| truth(cell) == Some(true));
            if !disabled && !row.cells.is_empty() {
                sheet.rows.push(row);
            }
        }
        sheet
    }

    fn indices(&self, name: &str) -> &[usize] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The cell of a column without language.
    pub(crate) fn get<'a>(&self, row: &'a Row, name: &str) -> Option<&'a str> {
        row.cell(*self.indices(name).first()?)
    }

    /// The cells of a column of words, with the heading's language.
    pub(crate) fn words<'a>(
        &'a self,
        row: &'a Row,
        name: &str,
    ) -> impl Iterator<Item = (&'a Column, &'a str)> + use<'a> {
        let indices: &'a [usize] = self.indices(name);
        indices.iter().filter_map(|index| row.cell(*index).map(|cell| (&self.columns[*index], cell)))
    }

    /// The filled cells of a row, each with the index of its column.
    pub(crate) fn indexed<'a>(&self, row: &'a Row) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        row.cells.iter().map(|(index, cell)| (*index, cell.as_str()))
    }

    /// The filled cells of a row, each with its column.
    pub(crate) fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Column, &'a str)> {
        row.cells.iter().map(|(index, cell)| (&self.columns[*index], cell.as_str()))
    }

    /// The filled cells whose column is none of those given.
    pub(crate) fn others(&self, row: &Row, known: &[&str]) -> BTreeMap<String, String> {
        self.cells(row)
            .filter(|(column, _)| !known.contains(&column.name.as_str()))
            .map(|(column, cell)| (column.name.clone(), cell.to_owned()))
            .collect()
    }

    /// Where a cell is, for a diagnostic.
    pub(crate) fn place(&self, row: u32, name: &str) -> Place {
        let column = self.indices(name).first().map(|index| self.columns[*index].title());
        Place { row, column }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.indices(name).is_empty()
    }

    /// The columns of a name.
    pub(crate) fn named(&self, name: &str) -> impl Iterator<Item = &Column> {
        self.indices(name).iter().map(|index| &self.columns[*index])
    }
}

impl Row {
    fn cell(&self, index: usize) -> Option<&str> {
        self.cells.iter().find(|(i, _)| *i == index).map(|(_, cell)| cell.as_str())
    }
}

impl Column {
    fn tidied(&self, cell: String, clean: bool) -> String {
        if self.words || self.name == "default" {
            return if clean { tidy(&cell) } else { cell.trim().to_owned() };
        }
        straight(cell)
    }
}

impl Places for Sheet {
    fn sheet(&self) -> &str {
        &self.name
    }

    fn place(&self, row: &SurveyRow, column: &str) -> Option<Place> {
        Some(Sheet::place(self, row.number, column))
    }
}

/// Typed quotes and spaces where a spreadsheet program made others; only for cells that are code or names.
fn straight(text: String) -> String {
    let odd = |c: char| matches!(c, '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{a0}');
    if !text.contains(odd) {
        return if text.trim().len() == text.len() { text } else { text.trim().to_owned() };
    }
    let typed = |c| match c {
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{a0}' => ' ',
        other => other,
    };
    text.trim().chars().map(typed).collect()
}

/// Yes and no in the spellings of XLSForm; `None` for anything else, such as an expression.
pub(crate) fn truth(cell: &str) -> Option<bool> {
    let cell = cell.trim();
    let is = |words: &[&str]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if is(&["yes", "true", "true()", "1"]) {
        Some(true)
    } else if is(&["no", "false", "false()", "0"]) {
        Some(false)
    } else {
        None
    }
}
