//! One form in each way that a form may be written is one instrument.

use std::sync::Arc;

use expect_test::expect;
use nightjar_form::{Attachments, Instrument, ItemKind};

use crate::fixture::{faults, open, read_with, workbook};

const SURVEY: &str = "
    | type | name | label::English (en) | relevant |
    | select_one slept | how | How did you sleep? | |
    | text | why | What, or who, kept you awake? | ${how} = 'badly' |";
const CHOICES: &str = "
    | list_name | name | label::English (en) |
    | slept | well | Well |
    | slept | badly | Badly |";
const SETTINGS: &str = "
    | form_id | version | name |
    | night | 3 | night |";

/// What a form asks, in a line each.
fn shown(instrument: &Instrument) -> Vec<String> {
    let language = instrument.default_language();
    let items = instrument.items().iter().map(|item| {
        let codes: Vec<&str> = item.choices().iter().map(|choice| choice.code()).collect();
        format!("{} {} {} {codes:?}", item.kind(), item.path(), item.label(language))
    });
    [format!("{} {} {language}", instrument.form_id(), instrument.version())]
        .into_iter()
        .chain(items)
        .collect()
}

fn csv(table: &str, indent: &str) -> String {
    let row = |line: &str| {
        let cells: Vec<String> =
            line.trim().trim_matches('|').split('|').map(|cell| format!("\"{}\"", cell.trim())).collect();
        format!("{indent}{}\r\n", cells.join(","))
    };
    table.trim().lines().map(row).collect()
}

#[test]
fn a_workbook_tables_and_comma_separated_values_give_the_same_form() {
    let sheets = [("survey", SURVEY), ("choices", CHOICES), ("settings", SETTINGS)];
    let book = Instrument::from_workbook("night.xlsx", &workbook(&sheets)).unwrap();

    let table = |(name, table): &(&str, &str)| {
        let rows: String = table.trim().lines().map(|line| format!("| {}\n", line.trim())).collect();
        format!("| {name} |\n{rows}\n")
    };
    let markdown: String = sheets.iter().map(table).collect();
    let markdown = read_with(&[], &markdown).unwrap();

    let one: String = sheets.iter().map(|(name, table)| format!("{name}\r\n{}", csv(table, ","))).collect();
    let one = read_with(&[], &one).unwrap();

    let (choices, settings) = (csv(CHOICES, ""), csv(SETTINGS, ""));
    let several = [("choices.csv", choices.as_str()), ("settings.csv", settings.as_str())];
    let several = read_with(&several, &format!("\u{feff}{}", csv(SURVEY, ""))).unwrap();

    for other in [&markdown, &one, &several] {
        assert_eq!(shown(other), shown(&book));
        assert_eq!(other.items()[1].key(), book.items()[1].key());
    }
    assert_eq!(shown(&book)[0], "night 3 English (en)");
}

#[test]
fn rows_are_counted_in_their_sheet_as_a_spreadsheet_shows_them() {
    let table = "
        | survey |
        | | type | name | label | after this, a remark
        | | text | a    | A     |

        | | text | 1b   | B     | and another
        | choices |
        | | list_name | name |
        | | l | |";
    expect![[r#"
        test.md, sheet survey, row 3, column B "name": error: `1b` cannot be a name. Begin with a letter, go on with letters, digits, `_`, `-` or `.`.
        test.md, sheet choices, row 2, column B "name": error: The cell is empty. Give the choice a name."#]]
    .assert_eq(&faults(table));
    let blank_line = "type,name,label\ntext,a,A\n\ntext,1b,B\n";
    assert!(faults(blank_line).contains("row 4, column B"), "{}", faults(blank_line));
}

#[test]
fn what_is_no_form_is_refused() {
    let none = Attachments::new();
    for bytes in [
        &b""[..],
        b"  \n",
        b"\x00\x01",
        b"\xff\xfe",
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"just words",
    ] {
        let found = Instrument::read("x", bytes, &none).unwrap_err();
        assert_eq!(found.errors().count(), 1, "{found}");
    }
    let mut many = "| survey |\n| | type | name | label |\n".to_owned();
    many += &"| | note | n | N |\n".repeat(20_001);
    assert!(Instrument::read("x", many.as_bytes(), &none).unwrap_err().to_string().contains("too big"));
    let huge = vec![b'a'; (8 << 20) + 1];
    assert!(Instrument::read("x", &huge, &none).is_err());
}

#[test]
fn sheets_of_nearly_the_right_name_are_pointed_out() {
    let misspelt = "| sruvey |\n| | type | name |\n| choices |\n| | list_name | name |\n| | l | a |";
    assert!(faults(misspelt).contains("Did you mean it by the sheet `sruvey`?"), "{}", faults(misspelt));
    let one_table = "| my form |\n| | type | name | label |\n| | text | a | A |";
    assert_eq!(faults(one_table), "", "a file of one table is the survey, whatever it calls it");
    let list = "| survey |\n| | type | name | label |\n| | select_one l | a | A |\n| choice |\n| | list_name | name |\n| | l | a |";
    assert!(faults(list).contains("by the sheet `choice`?"), "{}", faults(list));
    let settings = "| survey |\n| | type | name | label |\n| | text | a | A |\n| setting |\n| | form_id |\n| _settings |\n| | x |";
    expect![[r#"test.md, sheet settings: warning: There is no sheet "settings". Did you mean it by the sheet `setting`? Rename the sheet, or begin its name with `_`."#]]
        .assert_eq(&faults(settings));
}

#[test]
fn metadata_of_a_person_or_device_is_accepted_and_stays_empty() {
    let text = "
        | survey |
        | | type | name | label | trigger |
        | | deviceid | device | | |
        | | audit | | | |
        | | background-audio | heard | | |
        | | start-geopoint | where | | |
        | | barcode | code | Code | |
        | | geopoint | place | Where? | |
        | | background-geopoint | then | | ${place} |
        | | start | began | | |";
    let instrument = read_with(&[], text).unwrap();
    expect![[r#"
        test.md, sheet survey, row 2, column A "type": warning: `deviceid` is not kept. It would tie answers to a person or device, so it stays empty.
        test.md, sheet survey, row 3, column A "type": warning: An audit is not kept. How a person fills in a form is their own; take the row out.
        test.md, sheet survey, row 4, column A "type": warning: `background-audio` is not kept. It would record without being seen, so it stays empty.
        test.md, sheet survey, row 5, column A "type": warning: `start-geopoint` is not kept. It would record without being seen, so it stays empty.
        test.md, sheet survey, row 6, column A "type": warning: A barcode is asked for as text. Have it typed in.
        test.md, sheet survey, row 7, column A "type": warning: The ward screen does not ask for `geopoint` yet. Ask for words, or use the form elsewhere.
        test.md, sheet survey, row 8, column A "type": warning: `background-geopoint` is not kept. It would record without being seen, so it stays empty."#]]
    .assert_eq(&crate::fixture::warnings(&instrument));
    let session = open(&instrument);
    for name in ["device", "heard", "where", "then"] {
        assert_eq!(instrument.item_named(name).unwrap().kind(), ItemKind::Metadata);
        assert_eq!(session.value(name), None, "{name}");
    }
    assert!(session.value("began").is_some());
}

#[test]
fn a_form_is_written_under_its_name_and_attributes() {
    let text = "
        | survey |
        | | type | name | label | default |
        | | text | a | A | x |
        | settings |
        | | name | form_id | version | attribute::ex:study | namespaces | prefix |
        | | night | n1 | 7 | ward | ex=\"http://example.org/x\" | J1! |";
    let instrument = read_with(&[], text).unwrap();
    let submission = open(&instrument).submission();
    for part in [
        "<night ",
        "id=\"n1\"",
        "version=\"7\"",
        "ex:study=\"ward\"",
        "xmlns:ex=\"http://example.org/x\"",
        "odk:prefix=\"J1!\"",
        "<a>x</a>",
    ] {
        assert!(submission.contains(part), "{part}: {submission}");
    }
    let fault = faults(
        "| survey |\n| | type | name | label |\n| | text | a | A |\n| settings |\n| | name | namespaces |\n| | 1st | ex |",
    );
    expect![[r#"
        test.md, sheet settings, row 2, column A "name": error: `1st` cannot be a name. Begin with a letter, go on with letters, digits, `_`, `-` or `.`.
        test.md, sheet settings, row 2, column B "namespaces": error: The namespaces cannot be read. Write prefix="address", with a space between several."#]]
    .assert_eq(&fault);
}

#[test]
fn a_loop_asks_its_rows_for_each_choice() {
    let text = "
        | survey |
        | | type | name | label |
        | | begin_loop over wards | by_ward | Wards |
        | | integer | beds | Beds in %(label)s, built in %(year)s |
        | | end_loop | | |
        | choices |
        | | list_name | name | label | year |
        | | wards | a | Ward A | 1911 |
        | | wards | b | Ward B | 2001 |";
    let instrument: Arc<Instrument> = read_with(&[], text).unwrap();
    expect![[r#"
        [
            "test  default",
            "integer by_ward/a/beds Beds in Ward A, built in 1911 []",
            "integer by_ward/b/beds Beds in Ward B, built in 2001 []",
        ]"#]]
    .assert_eq(&format!("{:#?}", shown(&instrument)));
    let endless = text.replace("| | end_loop | | |\n", "");
    assert!(faults(&endless).contains("row 2, column A \"type\": error: What begins here never ends."));
    let unknown = text.replace("over wards", "over beds");
    assert!(faults(&unknown).contains("has no list `beds`"));
}
