//! Opens an `.xlsx` as hostile bytes: bounded before the spreadsheet library sees it, cell by cell after that.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use super::findings::{Findings, Place};

/// Largest workbook, in bytes.
const MAX_FILE: usize = 8 << 20;
/// Most bytes all parts of a workbook may unpack to.
const MAX_UNPACKED: u64 = 64 << 20;
/// Most parts in a workbook.
const MAX_PARTS: usize = 2_000;
/// Most rows of a sheet; also the most sheets' worth of cells through [`MAX_CELLS`].
const MAX_ROWS: u32 = 20_000;
/// Most columns of a sheet.
const MAX_COLUMNS: u32 = 500;
/// Most cells of a sheet that hold something.
const MAX_CELLS: usize = 200_000;
/// Longest cell, in bytes. Excel's own limit is 32,767 characters.
const MAX_CELL: usize = 32_767;

/// The cells of one sheet as text, by row and column from 0. Blank cells are left out.
pub(crate) struct Grid {
    /// Lower case, trimmed.
    pub(crate) name: String,
    pub(crate) cells: BTreeMap<u32, BTreeMap<u32, String>>,
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

/// The sheets an XLSForm may have, or `None` after reporting why the file cannot be read at all.
pub(crate) fn grids(bytes: &[u8], findings: &mut Findings) -> Option<Vec<Grid>> {
    if let Err((problem, remedy)) = bounded(bytes) {
        findings.error_in_file(problem, remedy);
        return None;
    }
    // The spreadsheet library is not ours: a panic in it is a fault of the file, not of the tablet.
    let read = catch_unwind(AssertUnwindSafe(|| sheets(bytes, findings)));
    if let Ok(Some(grids)) = read {
        return Some(grids);
    }
    findings.error_in_file(
        "The file is not a workbook that can be read.",
        "Open it in a spreadsheet program and save it as .xlsx.",
    );
    None
}

/// Unpacks every part once, counting: what a part says of its own size is not believed.
fn bounded(bytes: &[u8]) -> Result<(), (&'static str, &'static str)> {
    let damaged = ("The file is not an .xlsx workbook, or it is damaged.", "Save the form as .xlsx.");
    let too_big = ("The workbook is too big.", "Remove pictures and sheets that the form does not need.");
    if bytes.len() > MAX_FILE {
        return Err(too_big);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged)?;
    if archive.len() > MAX_PARTS {
        return Err(too_big);
    }
    let mut left = MAX_UNPACKED;
    for i in 0..archive.len() {
        let part = archive.by_index(i).map_err(|_| damaged)?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| damaged)?;
        left = left.checked_sub(unpacked).ok_or(too_big)?;
    }
    Ok(())
}

fn sheets(bytes: &[u8], findings: &mut Findings) -> Option<Vec<Grid>> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).ok()?;
    let mut grids: Vec<Grid> = Vec::new();
    for sheet in workbook.sheet_names() {
        let name = sheet.trim().to_lowercase();
        let wanted = ["survey", "choices", "settings"].contains(&name.as_str())
            || super::REFUSED_SHEETS.contains(&name.as_str());
        if !wanted {
            continue;
        }
        if grids.iter().any(|grid| grid.name == name) {
            findings.error(&name, None, "There are two sheets of this name.", "Remove one.");
            continue;
        }
        let grid = cells(&mut workbook, &sheet, name, findings)?;
        grids.push(grid);
    }
    Some(grids)
}

fn cells(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    name: String,
    findings: &mut Findings,
) -> Option<Grid> {
    let mut reader = workbook.worksheet_cells_reader(sheet).ok()?;
    let mut grid = Grid { name, cells: BTreeMap::new() };
    let mut count = 0_usize;
    while let Some(cell) = reader.next_cell().ok()? {
        let (row, column) = cell.get_position();
        let place = || Some(Place { row: row.saturating_add(1), column: Some(letters(column)) });
        let text = match text(cell.get_value()) {
            Ok(text) => text,
            Err(fault) => {
                findings.error(&grid.name, place(), fault, "Mend or clear the cell.");
                continue;
            }
        };
        if text.trim().is_empty() {
            continue;
        }
        count += 1;
        if row >= MAX_ROWS || column >= MAX_COLUMNS || count > MAX_CELLS {
            findings.error(
                &grid.name,
                place(),
                format!(
                    "The sheet is too big: {MAX_ROWS} rows, {MAX_COLUMNS} columns, {MAX_CELLS} cells at most."
                ),
                "Clear what is beyond the form.",
            );
            break;
        }
        if text.len() > MAX_CELL {
            findings.error(&grid.name, place(), "The cell is too long.", "Shorten it to 32,767 characters.");
            continue;
        }
        grid.cells.entry(row).or_default().insert(column, text);
    }
    Some(grid)
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

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn columns_are_lettered_like_a_spreadsheet_does() {
        for (column, name) in
            [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
        {
            assert_eq!(letters(column), name);
        }
    }
}
