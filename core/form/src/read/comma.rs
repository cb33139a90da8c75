//! Forms as comma-separated values: one file whose first column names the sheet, or one file a sheet.

use std::borrow::Cow;

use super::findings::Findings;
use super::grid::{Book, Grid, SHEETS};
use super::markdown::only_survey;
use crate::Attachments;

/// The sheets of a text, and of the files beside it that are named after sheets.
pub(crate) fn book(text: &str, attachments: &Attachments, findings: &mut Findings) -> Book {
    let mut book = Book::default();
    if !is_one_sheet(text) {
        sheets(text, &mut book, findings);
        return book;
    }
    sheet("survey", text, &mut book, findings);
    for name in SHEETS.iter().filter(|name| **name != "survey") {
        let Some(bytes) = attachments.get(&format!("{name}.csv")) else { continue };
        match super::text(bytes) {
            Some(text) => sheet(name, text, &mut book, findings),
            None => {
                findings.error(name, None, "The file is not in UTF-8.", "Save it with the encoding UTF-8.")
            }
        }
    }
    book
}

/// Whether the first row holds headings: a file of several sheets begins with the name of one.
fn is_one_sheet(text: &str) -> bool {
    let Some(row) = rows(text).next() else { return false };
    let first = row.get(0).unwrap_or_default().trim().to_lowercase();
    let headed = row.iter().any(|cell| {
        let cell = cell.trim();
        cell.eq_ignore_ascii_case("type") || cell.eq_ignore_ascii_case("command")
    });
    headed && !first.is_empty() && !SHEETS.contains(&first.as_str())
}

fn rows(text: &str) -> impl Iterator<Item = csv::StringRecord> {
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader.into_records().map_while(Result::ok)
}

/// A file of one sheet; blank lines count as rows, as a spreadsheet program shows them.
fn sheet(name: &str, text: &str, book: &mut Book, findings: &mut Findings) {
    book.names.push(name.to_owned());
    let mut grid = Grid::new(name);
    let mut row = 0_u32;
    for record in rows(text) {
        // The reader passes over blank lines after it has noted where the record begins.
        let start = record.position().and_then(|position| usize::try_from(position.byte()).ok());
        let blank = start.and_then(|start| text.get(start..)).unwrap_or_default();
        let blank = blank.chars().take_while(|c| matches!(c, '\r' | '\n')).filter(|c| *c == '\n').count();
        row = row.saturating_add(u32::try_from(blank).unwrap_or(u32::MAX));
        if !grid.put_all(row, record.iter().map(Cow::from), findings) {
            break;
        }
        row = row.saturating_add(1);
    }
    book.grids.push(grid);
}

/// A file of several sheets. Rows are counted in their sheet, from its headings.
fn sheets(text: &str, book: &mut Book, findings: &mut Findings) {
    let mut open: Option<(Grid, u32)> = None;
    for record in rows(text) {
        let first = record.get(0).map(str::trim).unwrap_or_default();
        if !first.is_empty() {
            book.grids.extend(open.take().map(|(grid, _)| grid));
            open = match book.wants(first, findings) {
                Some(name) => Some((Grid::new(&name), 0)),
                None if book.names.len() == 1 => Some((Grid::new(""), 0)),
                None => None,
            };
        }
        let Some((grid, count)) = &mut open else { continue };
        if record.iter().skip(1).all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if !grid.put_all(*count, record.iter().skip(1).map(Cow::from), findings) {
            break;
        }
        *count += 1;
    }
    book.grids.extend(open.map(|(grid, _)| grid));
    only_survey(book);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_numbers_past_blank_lines_and_cells_of_several_lines() {
        let mut attachments = Attachments::new();
        assert!(attachments.insert("choices.csv", b"list_name,name\nl,a\n".to_vec()));
        let mut findings = Findings::new("x");
        let text = "type,name,label\n\ntext,a,\"two\nlines\"\ntext,b,B\n";
        let book = book(text, &attachments, &mut findings);
        let numbers: Vec<u32> = book.grids[0].lines.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 4]);
        assert_eq!(book.names, ["survey", "choices"]);
    }

    #[test]
    fn one_file_may_hold_all_sheets() {
        let text = "survey,,\n,type,name\n,text,a\nnotes,\n,mine\nchoices\n,list_name,name\n";
        let mut findings = Findings::new("x");
        let book = book(text, &Attachments::new(), &mut findings);
        let found: Vec<_> = book.grids.iter().map(|grid| (grid.name.as_str(), grid.lines.len())).collect();
        assert_eq!(found, [("survey", 2), ("choices", 1)]);
    }
}
