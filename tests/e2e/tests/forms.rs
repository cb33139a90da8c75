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

#[test]
fn two_versions_are_compared_and_a_script_learns_whether_that_breaks_something() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    workbook(&file("1.xlsx"), &[["integer", "n", "How often?", ""]]);
    workbook(&file("2.xlsx"), &[["integer", "n", "How many times?", ""], ["text", "why", "Why?", ""]]);
    workbook(&file("3.xlsx"), &[["text", "n", "How often?", ""]]);
    let diff = |old: &str, new: &str, more: &[&str]| {
        let (old, new) = (file(old), file(new));
        let mut arguments = vec!["form".as_ref(), "diff".as_ref(), old.as_os_str(), new.as_os_str()];
        arguments.extend(more.iter().map(std::ffi::OsStr::new));
        run(arguments, "")
    };
    let wider = diff("1.xlsx", "2.xlsx", &[]);
    assert_eq!(wider.code, 0, "{wider:?}");
    assert!(
        wider.out.contains("widens  why: added") && wider.out.contains("safe    n: label"),
        "{}",
        wider.out
    );
    let broken = diff("1.xlsx", "3.xlsx", &["--json"]);
    assert_eq!(broken.code, 3, "{broken:?}");
    let json: serde_json::Value = serde_json::from_str(&broken.out).unwrap();
    assert_eq!(
        (&json["changes"][0]["change"], &json["changes"][0]["effect"]),
        (&"type".into(), &"breaks".into())
    );
}

#[test]
fn a_form_is_printed_and_written_for_others_with_what_that_loses() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    workbook(
        &file("night.xlsx"),
        &[
            ["integer", "n", "How often?", ""],
            ["text", "why", "Why?", "${n} > 2"],
            ["text", "odd", "Odd?", "${n} mod 2 = 1"],
        ],
    );
    let form = file("night.xlsx");
    let page = file("night.html");
    let ran = run(["form".as_ref(), "paper".as_ref(), form.as_os_str(), "-o".as_ref(), page.as_os_str()], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Answer this only if “How often?” (question 1) is more than 2."), "{page}");

    let ran = run(["form".as_ref(), "fhir".as_ref(), form.as_os_str()], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["item"][1]["enableWhen"][0]["operator"], ">");
    assert!(ran.err.contains("odd: lost when it is asked: ${n} mod 2 = 1"), "{}", ran.err);
}

#[test]
fn advice_is_given_and_only_errors_fail_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let form = folder.path().join("f.xlsx");
    workbook(&form, &[["text", "who", "What is your full name?", ""]]);
    let ran = run(["form".as_ref(), "check".as_ref(), form.as_os_str()], "");
    assert_eq!(ran.code, 0, "{ran:?}");
    for topic in ["[identifying]", "[free_text]", "bytes at most"] {
        assert!(ran.out.contains(topic), "{topic} is not in\n{}", ran.out);
    }
}

#[test]
fn a_study_with_free_text_that_nobody_reads_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    };
    let pack = nightjar_test_support::sleepwell();
    for part in ["", "forms", "forms/media", "published"] {
        copy(&pack.join(part), &folder.path().join(part));
    }
    let study = folder.path().join("study.toml");
    let text = std::fs::read_to_string(&study).unwrap();
    std::fs::write(&study, text.replace("name = \"staff-text\"", "name = \"other-text\"")).unwrap();
    let ran = run(["study".as_ref(), "check".as_ref(), folder.path().as_os_str()], "");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(
        ran.out.contains("change names no risk_disclosure_plan of the study: \"staff-text\""),
        "{}",
        ran.out
    );
}
