//! Opens a workbook as hostile bytes: bounded before the spreadsheet library sees it, cell by cell after that.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, Xlsb, Xlsx};
use zip::ZipArchive;

use super::findings::{Findings, Place};
use super::grid::{Book, Grid, letters};

/// Largest workbook, in bytes.
pub(crate) const MAX_FILE: usize = 8 << 20;
/// Most bytes all parts of a workbook may unpack to.
const MAX_UNPACKED: u64 = 64 << 20;
/// Most parts in a workbook.
const MAX_PARTS: usize = 2_000;

/// Whether the bytes are a workbook of some kind: a zip archive, or the compound file of old `.xls`.
pub(crate) fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") || bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

/// The sheets an XLSForm may have, or `None` after reporting why the file cannot be read at all.
pub(crate) fn book(bytes: &[u8], findings: &mut Findings) -> Option<Book> {
    let kind = match bounded(bytes) {
        Ok(kind) => kind,
        Err((problem, remedy)) => {
            findings.error_in_file(problem, remedy);
            return None;
        }
    };
    // The spreadsheet library is not ours: a panic in it is a fault of the file, not of the tablet.
    let read = catch_unwind(AssertUnwindSafe(|| match kind {
        Kind::Xlsx => xlsx(bytes, findings),
        Kind::Xlsb => xlsb(bytes, findings),
    }));
    if let Ok(Some(book)) = read {
        return Some(book);
    }
    findings.error_in_file(
        "The file is not a workbook that can be read.",
        "Open it in a spreadsheet program and save it as .xlsx.",
    );
    None
}

/// The kinds of workbook that can be read cell by cell. The library lays out the sheets of `.xls` and `.ods` whole,
/// empty cells too, so that a few bytes could cost gigabytes.
enum Kind {
    Xlsx,
    Xlsb,
}

type Refusal = (&'static str, &'static str);

const DAMAGED: Refusal = ("The file is not an .xlsx workbook, or it is damaged.", "Save the form as .xlsx.");
const TOO_BIG: Refusal =
    ("The workbook is too big.", "Remove pictures and sheets that the form does not need.");
const OLD: Refusal = ("Workbooks of the kinds .xls and .ods are not read.", "Save the form as .xlsx.");

/// Unpacks every part once, counting: what a part says of its own size is not believed.
fn bounded(bytes: &[u8]) -> Result<Kind, Refusal> {
    if bytes.len() > MAX_FILE {
        return Err(TOO_BIG);
    }
    if !bytes.starts_with(b"PK") {
        return Err(if is_workbook(bytes) { OLD } else { DAMAGED });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| DAMAGED)?;
    if archive.len() > MAX_PARTS {
        return Err(TOO_BIG);
    }
    let mut left = MAX_UNPACKED;
    for i in 0..archive.len() {
        let part = archive.by_index(i).map_err(|_| DAMAGED)?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| DAMAGED)?;
        left = left.checked_sub(unpacked).ok_or(TOO_BIG)?;
    }
    let has = |name| archive.index_for_name(name).is_some();
    match (has("xl/workbook.bin"), has("content.xml")) {
        (true, _) => Ok(Kind::Xlsb),
        (_, true) => Err(OLD),
        _ => Ok(Kind::Xlsx),
    }
}

fn xlsx(bytes: &[u8], findings: &mut Findings) -> Option<Book> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).ok()?;
    let mut book = Book::default();
    for sheet in workbook.sheet_names() {
        let Some(name) = book.wants(&sheet, findings) else { continue };
        let mut reader = workbook.worksheet_cells_reader(&sheet).ok()?;
        let mut grid = Grid::new(&name);
        while let Some(cell) = reader.next_cell().ok()? {
            if !put(&mut grid, cell.get_position(), cell.get_value(), findings) {
                break;
            }
        }
        book.grids.push(grid.in_order());
    }
    Some(book)
}

fn xlsb(bytes: &[u8], findings: &mut Findings) -> Option<Book> {
    let mut workbook = Xlsb::new(Cursor::new(bytes)).ok()?;
    let mut book = Book::default();
    for sheet in workbook.sheet_names() {
        let Some(name) = book.wants(&sheet, findings) else { continue };
        let mut reader = workbook.worksheet_cells_reader(&sheet).ok()?;
        let mut grid = Grid::new(&name);
        while let Some(cell) = reader.next_cell().ok()? {
            if !put(&mut grid, cell.get_position(), cell.get_value(), findings) {
                break;
            }
        }
        book.grids.push(grid.in_order());
    }
    Some(book)
}

fn put(grid: &mut Grid, (row, column): (u32, u32), value: &DataRef<'_>, findings: &mut Findings) -> bool {
    match text(value) {
        Ok(text) => grid.put(row, column, text, findings),
        Err(fault) => {
            let place = Place { row: row.saturating_add(1), column: Some(letters(column)) };
            findings.error(&grid.name, Some(place), fault, "Mend or clear the cell.");
            true
        }
    }
}

/// What a person sees in the cell, as far as a form cares: whole numbers without point, dates as ISO 8601.
fn text(value: &DataRef<'_>) -> Result<String, String> {
    Ok(match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => n.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(yes) => if *yes { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            let days = at.as_f64();
            if days.fract() == 0.0 {
                format!("{year:04}-{month:02}-{day:02}")
            } else if days < 1.0 {
                format!("{hour:02}:{minute:02}:{second:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::Error(fault) => return Err(format!("The cell holds the spreadsheet error {fault}.")),
        DataRef::Empty => String::new(),
    })
}
