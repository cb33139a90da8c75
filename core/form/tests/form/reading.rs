//! Every fault of a workbook is listed with sheet, row and column; the traps of spreadsheets do not spring.

use expect_test::expect;
use nightjar_form::{Instrument, ItemKind, Missing, Severity};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use crate::fixture::{form, open, read, workbook};

#[test]
fn all_faults_are_reported_at_once_with_their_cells() {
    let survey = "
    | type | name | label | relevant | constraint | default | trigger | parameters | nightjar::id |
    | select_one missing | a | A | | | | | | |
    | osm | place | Where? | | | | | | |
    | deviceid | device | | | | | | | |
    | frobnicate | f | F | | | | | | |
    | text | 1st | First | | | | | | |
    | integer | n | N | ${nobody} = 1 | . >  | x | ${a} | | |
    | begin group | g | G | | | | | | |
    | text | same | S | | | | | | |
    | end repeat | | | | | | | | |
    | text | same | S | | | | | | |
    | range | r | R | | | | | start=1 end=1e9 step=0 | |
    | text | | no name | | | | | | |
    |  | only_name | | | | | | | |
    | text | x | X | | | | | | same-id |
    | text | y | Y | | | | | | same-id |";
    let choices = "
    | list_name | name | label | nightjar::missing |
    | yn | yes | Yes | |
    | yn | yes | Yes again | |
    | yn | dk | Don't know | unknown |
    | yn | | Nameless | |";
    expect![[r#"
        test.xlsx, sheet survey, row 2, column A "type": error: The choices sheet has no list `missing`. Add its choices, or correct the name.
        test.xlsx, sheet survey, row 3, column A "type": error: The type `osm` is not supported. Ask in words, or take the row out.
        test.xlsx, sheet survey, row 4, column A "type": warning: `deviceid` is not kept. It would tie answers to a person or device, so it stays empty.
        test.xlsx, sheet survey, row 5, column A "type": error: There is no type `frobnicate`. Check the spelling of the type.
        test.xlsx, sheet survey, row 6, column B "name": error: `1st` cannot be a name. Begin with a letter, go on with letters, digits, `_`, `-` or `.`.
        test.xlsx, sheet survey, row 7, column D "relevant": error: There is no question named `nobody`. Check the spelling against the name column.
        test.xlsx, sheet survey, row 7, column E "constraint": error: The expression cannot be read at its end. Check brackets, quotes, commas and operators there.
        test.xlsx, sheet survey, row 7, column F "default": warning: The default is not an answer of type integer, so there is none. Correct or clear the cell.
        test.xlsx, sheet survey, row 8, column A "type": error: What begins here never ends. Add the matching end row.
        test.xlsx, sheet survey, row 10, column A "type": error: The row ends something else than row 8 began. Match each begin with an end of its kind.
        test.xlsx, sheet survey, row 11, column B "name": error: Row 9, in the same group, has the same name: `same`. Rename one of the two.
        test.xlsx, sheet survey, row 12, column H "parameters": error: The parameter `end` must be a number. Write a number, as 0.5.
        test.xlsx, sheet survey, row 12, column H "parameters": error: The parameter `step` must not be 0. Write the distance between two values.
        test.xlsx, sheet survey, row 13, column B "name": error: The row has no name. Give it a name.
        test.xlsx, sheet survey, row 14, column A "type": error: The row has no type. Give it a type, or clear the row.
        test.xlsx, sheet survey, row 16, column I "nightjar::id": error: Two rows are `same-id`, so their answers could not be told apart. Rename one, or give each an identity of its own in a column nightjar::id.
        test.xlsx, sheet choices, row 3, column B "name": error: The list `yn` has `yes` twice. Rename one, or set allow_choice_duplicates to yes on the settings sheet.
        test.xlsx, sheet choices, row 4, column D "nightjar::missing": error: `unknown` is not a reason for having no answer. Write declined, dont_know or not_applicable.
        test.xlsx, sheet choices, row 5, column B "name": error: The cell is empty. Give the choice a name."#]]
    .assert_eq(&read(survey, choices).unwrap_err());
}

#[test]
fn what_is_ignored_is_said() {
    let instrument = form(
        "
        | type | name | label | label::Polski (pl) | note to self | parameters |
        | text | a | A | A po polsku | x | rows=5 |
        | text | b | B | | | |
        | text | c | C | | | |",
        "",
    );
    let warnings: Vec<String> = instrument.warnings().iter().map(ToString::to_string).collect();
    expect![[r#"
        test.xlsx, sheet survey, row 1, column E "note to self": warning: The column has no effect. Check its heading, or leave it.
        test.xlsx, sheet survey, row 3: warning: 2 rows, from this one, have no label in "Polski (pl)". They are shown in "default"; add the words."#]]
    .assert_eq(&warnings.join("\n"));
    assert!(instrument.warnings().iter().all(|w| w.severity == Severity::Warning));
}

#[test]
fn files_that_are_no_workbook_give_one_clear_error() {
    let truncated = {
        let whole = workbook(&[("survey", "| type | name |")]);
        whole[..whole.len() / 2].to_vec()
    };
    for bytes in [Vec::new(), b"not a zip".to_vec(), truncated, vec![0; 9 << 20]] {
        let found = Instrument::from_workbook("x.xlsx", &bytes).unwrap_err();
        assert_eq!(found.all().len(), 1, "{found}");
    }
    let no_survey = Instrument::from_workbook("x.xlsx", &workbook(&[("choices", "| name |")])).unwrap_err();
    assert!(no_survey.to_string().contains("has no sheet \"survey\""), "{no_survey}");
}

#[test]
fn a_zip_bomb_is_refused_without_unpacking_it() {
    use std::io::Write;
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    bomb.start_file("xl/workbook.xml", options).unwrap();
    for _ in 0..80 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bytes = bomb.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    let found = Instrument::from_workbook("bomb.xlsx", &bytes).unwrap_err();
    assert!(found.to_string().contains("too big"), "{found}");
}

#[test]
fn a_cell_at_the_far_corner_is_reported_and_costs_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("survey").unwrap();
    for (column, heading) in ["type", "name", "label"].iter().enumerate() {
        sheet.write_string(0, column as u16, *heading).unwrap();
    }
    sheet.write_string(1_048_575, 16_383, "far").unwrap();
    let found = Instrument::from_workbook("x.xlsx", &book.save_to_buffer().unwrap()).unwrap_err();
    assert!(found.to_string().contains("row 1048576, column XFD"), "{found}");
}

#[test]
fn cell_types_and_spellings_of_spreadsheets_are_understood() {
    let mut book = Workbook::new();
    let survey = book.add_worksheet().set_name(" Survey ").unwrap();
    let rows = [
        ["Type", "NAME", "Label::English (en)", "Required", "default", "Relevance", "disabled"],
        ["select_one  scale", "how", "How\u{a0} is   it? ", "", "", "", ""],
        ["Begin_Group", "g", "", "", "", "", ""],
        ["date", "day", "Day", "", "", "${ how } = \u{2018}1\u{2019}", ""],
        ["text", "gone", "Gone", "", "", "", "yes"],
        ["end group", "", "", "", "", "", ""],
        ["integer", "n", "N", "", "", "", ""],
        ["", "", "  ", "", "", "", ""],
        ["dateTime", "at", "At", "no", "", "", ""],
    ];
    for (r, row) in rows.iter().enumerate() {
        for (c, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            survey.write_string(r as u32, c as u16, *cell).unwrap();
        }
    }
    let date = Format::new().set_num_format("yyyy-mm-dd");
    survey.write_boolean(1, 3, true).unwrap();
    survey.write_datetime_with_format(3, 4, ExcelDateTime::from_ymd(2026, 2, 28).unwrap(), &date).unwrap();
    survey.write_number(6, 4, 12.0).unwrap();
    let choices = book.add_worksheet().set_name("CHOICES").unwrap();
    for (c, heading) in ["list name", "Value", "label::English (en)", "weight"].iter().enumerate() {
        choices.write_string(0, c as u16, *heading).unwrap();
    }
    for (r, code) in [(1, 1.0), (2, 2.0)] {
        choices.write_string(r, 0, "scale").unwrap();
        choices.write_number(r, 1, code).unwrap();
        choices.write_string(r, 2, "Words").unwrap();
        choices.write_number(r, 3, code / 2.0).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let instrument = Instrument::from_workbook("dir/my form.xlsx", &bytes).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(instrument.form_id(), "my form");
    assert_eq!(instrument.languages()[0].code(), "en");
    assert_eq!(instrument.hash(), *blake3::hash(&bytes).as_bytes());
    let names: Vec<&str> = instrument.items().iter().map(|item| item.name()).collect();
    assert_eq!(names, ["how", "day", "n", "at"]);
    let how = instrument.item_named("how").unwrap();
    assert_eq!(how.label(&instrument.languages()[0]), "How is it?");
    assert_eq!(how.choices()[0].code(), "1");
    assert_eq!(how.choices()[1].extra("weight"), Some("1"));
    assert_eq!(how.kind(), ItemKind::SelectOne);
    let session = open(&std::sync::Arc::new(instrument));
    assert!(session.page().questions[0].required);
    assert!(!session.is_relevant("day"), "nothing chosen yet");
    assert_eq!(session.value("day").unwrap().to_text(), "2026-02-28", "a default stays while not relevant");
    assert_eq!(session.value("n").unwrap().to_text(), "12");
}

#[test]
fn own_columns_settings_and_missing_codes_are_kept() {
    let bytes = workbook(&[
        (
            "survey",
            "
            | type | name | label | nightjar::id | nightjar::risk_disclosure_plan | guidance_hint | hint | appearance |
            | text | better | What would help? | nights/better | named nurse, 3 days | Read it out | Any words | multiline w1 |
            | select_one yn | safe | Safe? | | | | | |",
        ),
        ("choices", "| list_name | name | label | nightjar::missing |\n| yn | yes | Yes | |\n| yn | dk | ? | dont_know |"),
        (
            "settings",
            "| form_title | form_title::Polski (pl) | form_id | version | nightjar::wording_status |
             | Nights | Noce | patient-core | 2026-01 | reviewed by nobody yet |",
        ),
    ]);
    let instrument = Instrument::from_workbook("a.xlsx", &bytes).unwrap();
    let language = instrument.default_language();
    assert_eq!((instrument.form_id(), instrument.version()), ("patient-core", "2026-01"));
    assert_eq!(instrument.title(language), "Nights");
    assert_eq!(instrument.setting("nightjar::wording_status"), Some("reviewed by nobody yet"));
    let better = instrument.item_named("better").unwrap();
    assert_eq!(better.key(), nightjar_form::ItemKey::of("nights/better"));
    assert_eq!(better.extra("nightjar::risk_disclosure_plan"), Some("named nurse, 3 days"));
    assert_eq!((better.hint(language), better.guidance(language)), ("Any words", "Read it out"));
    assert_eq!(better.appearance(), "multiline w1");
    let safe = instrument.item_named("safe").unwrap();
    assert_eq!(safe.key(), nightjar_form::ItemKey::of("safe"));
    assert_eq!(safe.choice("dk").unwrap().missing(), Some(Missing::DontKnow));
}

#[test]
fn rows_of_one_name_in_different_groups_are_told_apart_by_their_groups() {
    let survey = |first: &str, second: &str| {
        format!(
            "| type | name | label | nightjar::id | calculation |
             | begin group | g | G | | |
             | text | q | Q | {first} | |
             | end group | | | | |
             | begin group | h | H | | |
             | text | q | Q | {second} | |
             | calculate | c | | | ${{only}} |
             | end group | | | | |
             | text | only | O | | |"
        )
    };
    let keys = |instrument: &Instrument| instrument.items().iter().map(|item| item.key()).collect::<Vec<_>>();
    let by_group = form(&survey("", ""), "");
    let paths: Vec<&str> = by_group.items().iter().map(|item| item.path()).collect();
    assert_eq!(paths, ["g/q", "h/q", "c", "only"]);
    assert_eq!(keys(&by_group), ["q", "h/q", "c", "only"].map(nightjar_form::ItemKey::of));
    let warned: Vec<u32> = by_group.warnings().iter().filter_map(|found| found.row).collect();
    assert_eq!(warned, [6], "moving such a row makes it another question");
    let after = form(
        "| type | name | label |\n| begin group | g | G |\n| text | q | Q |\n| end group | | |\n| text | q | Q |",
        "",
    );
    assert_eq!(
        keys(&after),
        ["g/q", "q"].map(nightjar_form::ItemKey::of),
        "the one in no group keeps the bare name"
    );
    let named = form(&survey("first", "second"), "");
    assert_eq!(keys(&named)[..2], ["first", "second"].map(nightjar_form::ItemKey::of));
    assert!(named.warnings().is_empty());
}

#[test]
fn debug_and_display_never_show_an_answer() {
    use crate::fixture::Act;
    let instrument = form("| type | name | label |\n| text | t | ${t2} T |\n| text | t2 | T2 |", "");
    let mut session = open(&instrument);
    session.type_in("t2", "canary");
    let value = session.value("t2");
    let (page, answers) = (session.page(), session.stop());
    let entry = nightjar_form::Entry::Answer { path: "t2".to_owned(), value: value.cloned() };
    let shown = format!("{session:?} {page:?} {answers:?} {value:?} {entry:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(page.questions[0].label.contains("canary"));
}
