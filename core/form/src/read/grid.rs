//! The cells of a sheet as text, whatever file they come from.

use super::findings::{Findings, Place};

/// Most rows of a sheet.
pub(crate) const MAX_ROWS: u32 = 20_000;
/// Most columns of a sheet.
pub(crate) const MAX_COLUMNS: u32 = 500;
/// Most cells of a sheet that hold something.
pub(crate) const MAX_CELLS: usize = 200_000;
/// Longest cell, in bytes. Excel's own limit is 32,767 characters.
const MAX_CELL: usize = 32_767;

/// Sheets that an XLSForm may have.
pub(crate) const SHEETS: [&str; 6] = ["survey", "choices", "settings", "entities", "external_choices", "osm"];

/// One row: its number from 1, and its filled cells by column from 0.
pub(crate) type Line = (u32, Vec<(u32, String)>);

/// The filled cells of one sheet, by row and column.
#[derive(Debug)]
pub(crate) struct Grid {
    /// Lower case, trimmed.
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    cells: usize,
}

/// The sheets of a form that mean something, and the names of all there are.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) grids: Vec<Grid>,
    /// As written.
    pub(crate) names: Vec<String>,
}

impl Grid {
    pub(crate) fn new(name: &str) -> Grid {
        Grid { name: name.to_owned(), lines: Vec::new(), cells: 0 }
    }

    /// Adds a cell, row and column from 0; `false` when the sheet is too big to go on.
    pub(crate) fn put(&mut self, row: u32, column: u32, text: String, findings: &mut Findings) -> bool {
        if text.trim().is_empty() {
            return true;
        }
        let place = || Some(Place { row: row.saturating_add(1), column: Some(letters(column)) });
        self.cells += 1;
        if row >= MAX_ROWS || column >= MAX_COLUMNS || self.cells > MAX_CELLS {
            let problem = format!(
                "The sheet is too big: {MAX_ROWS} rows, {MAX_COLUMNS} columns, {MAX_CELLS} cells at most."
            );
            findings.error(&self.name, place(), problem, "Clear what is beyond the form.");
            return false;
        }
        if text.len() > MAX_CELL {
            findings.error(&self.name, place(), "The cell is too long.", "Shorten it to 32,767 characters.");
            return true;
        }
        match self.lines.last_mut() {
            Some((number, cells)) if *number == row + 1 => cells.push((column, text)),
            _ => self.lines.push((row + 1, vec![(column, text)])),
        }
        true
    }

    /// Adds a row of a text file, row from 0.
    pub(crate) fn put_all<'a>(
        &mut self,
        row: u32,
        cells: impl Iterator<Item = std::borrow::Cow<'a, str>>,
        findings: &mut Findings,
    ) -> bool {
        (0..).zip(cells).all(|(column, cell)| self.put(row, column, cell.into_owned(), findings))
    }

    /// Puts rows and cells in order, which a file need not do; the last of two in one place counts.
    pub(crate) fn in_order(mut self) -> Grid {
        if !self.lines.is_sorted_by(|(a, _), (b, _)| a < b) {
            self.lines.sort_by_key(|(number, _)| *number);
            let mut merged: Vec<Line> = Vec::with_capacity(self.lines.len());
            for (number, cells) in self.lines {
                match merged.last_mut() {
                    Some((last, before)) if *last == number => before.extend(cells),
                    _ => merged.push((number, cells)),
                }
            }
            self.lines = merged;
        }
        for (_, cells) in &mut self.lines {
            if !cells.is_sorted_by(|(a, _), (b, _)| a < b) {
                cells.reverse();
                cells.sort_by_key(|(column, _)| *column);
                cells.dedup_by_key(|(column, _)| *column);
            }
        }
        self
    }
}

impl Book {
    /// Whether a sheet of this name is read; its name is kept either way. A second one of a name is an error.
    pub(crate) fn wants(&mut self, name: &str, findings: &mut Findings) -> Option<String> {
        let name = name.trim();
        self.names.push(name.to_owned());
        let lower = name.to_lowercase();
        if !SHEETS.contains(&lower.as_str()) {
            return None;
        }
        if self.grids.iter().any(|grid| grid.name == lower) {
            findings.error(&lower, None, "There are two sheets of this name.", "Remove one.");
            return None;
        }
        Some(lower)
    }
}

/// The name of a column from 0: `A`, `Z`, `AA`.
pub(crate) fn letters(mut column: u32) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            return name;
        }
        column = column / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_like_a_spreadsheet_does() {
        for (column, name) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
        {
            assert_eq!(letters(column), name);
        }
    }

    #[test]
    fn cells_out_of_order_are_put_in_order() {
        let mut findings = Findings::new("x");
        let mut grid = Grid::new("survey");
        for (row, column, text) in [(3, 1, "d"), (0, 1, "b"), (0, 0, "a"), (3, 0, "c"), (0, 1, "B")] {
            assert!(grid.put(row, column, text.to_owned(), &mut findings));
        }
        let cell = |column, text: &str| (column, text.to_owned());
        let expected = [(1, vec![cell(0, "a"), cell(1, "B")]), (4, vec![cell(0, "c"), cell(1, "d")])];
        assert_eq!(grid.in_order().lines, expected);
    }
}
