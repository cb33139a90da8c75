//! Forms written as Markdown tables: the first cell of a row names the sheet, and is empty in the rows below.
//!
//! ```text
//! | survey |      |      |         |
//! |        | type | name | label   |
//! |        | text | why  | And why |
//! ```

use std::borrow::Cow;

use super::findings::Findings;
use super::grid::{Book, Grid, MAX_COLUMNS, SHEETS};

/// Whether a text looks like Markdown tables: its first line that is not blank and no comment begins with `|`.
pub(crate) fn is_markdown(text: &str) -> bool {
    text.lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with('|'))
}

/// The sheets of a text. Lines without a table and rows without a cell count for nothing, rows not either.
pub(crate) fn book(text: &str, findings: &mut Findings) -> Book {
    let mut book = Book::default();
    let mut open: Option<(Grid, u32)> = None;
    for line in text.lines() {
        let Some(row) = inside(line) else { continue };
        // One column more than there may be, so that too many are noticed.
        let cells: Vec<Cow<'_, str>> = split(row).take(MAX_COLUMNS as usize + 2).collect();
        if is_rule(&cells) {
            continue;
        }
        let mut cells = cells.into_iter();
        let first = cells.next().unwrap_or_default();
        if !first.is_empty() {
            close(&mut book, open.take());
            open = begin(&mut book, &first, findings);
        }
        let Some((grid, rows)) = &mut open else { continue };
        if cells.as_slice().iter().all(|cell| cell.is_empty()) {
            continue;
        }
        if !grid.put_all(*rows, cells, findings) {
            break;
        }
        *rows += 1;
    }
    close(&mut book, open);
    only_survey(&mut book);
    book
}

/// A sheet to read, or a nameless one if this is the first of a file that may have no other.
fn begin(book: &mut Book, name: &str, findings: &mut Findings) -> Option<(Grid, u32)> {
    match book.wants(name, findings) {
        Some(name) => Some((Grid::new(&name), 0)),
        None if book.names.len() == 1 => Some((Grid::new(""), 0)),
        None => None,
    }
}

fn close(book: &mut Book, grid: Option<(Grid, u32)>) {
    book.grids.extend(grid.map(|(grid, _)| grid));
}

/// A file of one table is a survey, whatever it calls it.
pub(crate) fn only_survey(book: &mut Book) {
    if book.names.len() == 1
        && let [grid] = book.grids.as_mut_slice()
        && grid.name.is_empty()
    {
        grid.name = "survey".to_owned();
    }
    book.grids.retain(|grid| SHEETS.contains(&grid.name.as_str()));
}

/// What stands between the first and the last `|` of a line; what comes after is a remark.
fn inside(line: &str) -> Option<&str> {
    let row = line.trim_start().strip_prefix('|')?;
    Some(&row[..row.rfind('|')?])
}

/// Cells between `|`; `\|` is a `|` in a cell.
fn split(row: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(row);
    std::iter::from_fn(move || {
        let text = rest?;
        let bytes = text.as_bytes();
        let end = (0..bytes.len()).find(|&i| bytes[i] == b'|' && (i == 0 || bytes[i - 1] != b'\\'));
        let cell = text[..end.unwrap_or(text.len())].trim();
        rest = end.map(|end| &text[end + 1..]);
        Some(if cell.contains("\\|") { cell.replace("\\|", "|").into() } else { cell.into() })
    })
}

/// The line between the headings and the rows of a Markdown table.
fn is_rule(cells: &[Cow<'_, str>]) -> bool {
    cells.iter().any(|cell| cell.contains("--"))
        && cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_sheets() {
        let text = "
            # a comment
            | survey |      |       |
            |        | type | label |  and another remark
            | ------ | ---- | ----- |
            |        |      |       |
            |        | text | a\\|b |
            | notes  |
            |        | mine |
            | Choices | list_name | name |";
        assert!(is_markdown(text));
        let mut findings = Findings::new("x");
        let book = book(text, &mut findings);
        let found: Vec<_> = book.grids.iter().map(|grid| (grid.name.as_str(), &grid.lines)).collect();
        let cell = |column, text: &str| (column, text.to_owned());
        let survey =
            vec![(1, vec![cell(0, "type"), cell(1, "label")]), (2, vec![cell(0, "text"), cell(1, "a|b")])];
        let choices = vec![(1, vec![cell(0, "list_name"), cell(1, "name")])];
        assert_eq!(found, [("survey", &survey), ("choices", &choices)]);
        assert_eq!(book.names, ["survey", "notes", "Choices"]);
    }
}
