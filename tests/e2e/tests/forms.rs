//! `nightjar form check`: everything wrong with every form, at once, with its place.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar_e2e::run;
use rust_xlsxwriter::Workbook;

fn workbook(path: &std::path::Path, rows: &[[&str; 4]]) {
    let mut workbook = Workbook::new();
    let survey = workbook.add_worksheet().set_name("survey").unwrap();
    for (column, heading) in ["type", "name", "label", "relevant"].into_iter().enumerate() {
        survey.write(0, column as u16, heading).unwrap();
    }
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            survey.write(row as u32 + 1, column as u16, *cell).unwrap();
        }
    }
    workbook.save(path).unwrap();
}

#[test]
fn every_error_of_every_form_is_listed_with_sheet_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    workbook(&file("sound.xlsx"), &[["text", "a", "What?", ""]]);
    workbook(
        &file("broken.xlsx"),
        &[
            ["txet", "a", "What?", ""],
            ["text", "b", "And?", "${nothing} = 1"],
            ["select_one nowhere", "c", "Which?", ""],
        ],
    );
    std::fs::write(file("no-form.xlsx"), "hello").unwrap();
    let paths = ["sound.xlsx", "broken.xlsx", "no-form.xlsx", "missing.xlsx"].map(file);
    let mut arguments: Vec<&std::ffi::OsStr> = vec!["form".as_ref(), "check".as_ref()];
    arguments.extend(paths.iter().map(|path| path.as_os_str()));

    let ran = run(arguments, "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("sound.xlsx: sound"), "{}", ran.out);
    for (row, column) in [(2, 'A'), (3, 'D'), (4, 'A')] {
        let place = format!("sheet survey, row {row}, column {column}");
        assert!(ran.out.contains(&place), "{place} is not in\n{}", ran.out);
    }
    assert!(ran.out.contains("no-form.xlsx") && ran.out.contains("missing.xlsx"), "{}", ran.out);
    assert!(ran.err.contains("in 3 of 4 forms"), "{}", ran.err);
}

#[test]
fn the_studies_that_ship_are_sound() {
    let ran = run(["study".as_ref(), "check".as_ref(), nightjar_test_support::sleepwell().as_os_str()], "");
    assert_eq!(ran.code, 0, "{ran:?}");
}
