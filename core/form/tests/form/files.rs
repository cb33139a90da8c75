//! Choices and data from files beside the form, from other sheets, and from answers.

use expect_test::expect;
use nightjar_form::Instrument;

use crate::fixture::{Act, faults, open, read_with, warnings};

fn choices(instrument: &Instrument, name: &str) -> Vec<String> {
    let language = instrument.default_language();
    let item = instrument.item_named(name).unwrap_or_else(|| panic!("no item {name}"));
    item.choices().iter().map(|choice| format!("{}: {}", choice.code(), choice.label(language))).collect()
}

/// What a question offers now.
fn offered(session: &nightjar_form::Session, path: &str) -> Vec<String> {
    let page = session.page();
    let question = page.questions.iter().find(|question| question.path == path);
    let question = question.unwrap_or_else(|| panic!("{path} is not shown"));
    question.choices.iter().map(|choice| choice.code.clone()).collect()
}

#[test]
fn choices_come_from_files_of_each_kind() {
    let form = "
        | survey |
        | | type | name | label | parameters |
        | | select_one_from_file wards.csv | a | A | value=code label=title |
        | | select_multiple_from_file sites.xml | b | B | |
        | | select one from file doors.geojson | c | C | |
        | | select_one wards2.csv | d | D | |";
    let files = [
        ("wards.csv", "code,title,beds\na,Ward A,12\nb,\"Ward B, upstairs\",8\n"),
        ("sites.xml", "<root><item><name>x</name><label>Ward X</label></item></root>"),
        (
            "doors.geojson",
            r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "id": "d1", "properties": {"title": "Door"}, "geometry": {"type": "Point", "coordinates": [10, 51]}}]}"#,
        ),
        ("wards2.csv", "name;label\nq;Ward Q\n"),
    ];
    let instrument = read_with(&files, form).unwrap();
    assert_eq!(choices(&instrument, "a"), ["a: Ward A", "b: Ward B, upstairs"]);
    assert_eq!(choices(&instrument, "b"), ["x: Ward X"]);
    assert_eq!(choices(&instrument, "c"), ["d1: Door"]);
    assert_eq!(choices(&instrument, "d"), ["q: Ward Q"]);
    assert_eq!(instrument.item_named("a").unwrap().choices()[0].extra("beds"), Some("12"));
}

#[test]
fn a_file_that_is_missing_is_said_and_read_as_empty() {
    let form = "
        | survey |
        | | type | name | label | choice_filter | calculation |
        | | select_one_from_file wards.csv | a | A | site = 'x' | |
        | | csv-external | beds | | | |
        | | calculate | n | | | instance('beds')/root/item[ward = ${a}]/n |
        | | calculate | m | | | pulldata('staff', 'name', 'ward', ${a}) |";
    let instrument = read_with(&[], form).unwrap();
    expect![[r#"
        test.md, sheet survey, row 2, column A "type": warning: The file `wards.csv` is missing; it is read as empty. Give it with the form.
        test.md, sheet survey, row 3, column B "name": warning: The file `beds.csv` is missing; it is read as empty. Give it with the form.
        test.md, sheet survey, row 5, column E "calculation": warning: The file `staff.csv` is missing; it is read as empty. Give it with the form."#]]
    .assert_eq(&warnings(&instrument));
    assert_eq!(open(&instrument).text("n"), "");

    let files = [
        ("wards.csv", "name,label,site\na,A,x\nb,B,y\n"),
        ("beds.csv", "ward,n\nb,7\na,12\n"),
        ("staff.csv", "ward,name\na,Ola\n"),
    ];
    let instrument = read_with(&files, form).unwrap();
    assert_eq!(warnings(&instrument), "");
    let mut session = open(&instrument);
    assert_eq!(offered(&session, "a"), ["a"]);
    session.one("a", "a");
    assert_eq!((session.text("n").as_str(), session.text("m").as_str()), ("12", "Ola"));

    let broken = read_with(&[("wards.csv", "\u{0}"), ("beds.csv", "n\n1"), ("staff.csv", "ward\n")], form);
    assert!(broken.is_ok(), "a column that is not there is blank");
    let form = "| survey |\n| | type | name | label |\n| | select_one_from_file w.xml | a | A |";
    let refused = read_with(&[("w.xml", "<root><item>")], form).unwrap_err();
    assert!(
        refused.contains("row 2, column A \"type\": error: The file `w.xml` cannot be read"),
        "{refused}"
    );
}

#[test]
fn a_name_stands_for_one_list_or_file() {
    let form = "
        | survey |
        | | type | name | label | calculation |
        | | xml-external | beds | | |
        | | select_one_from_file wards.csv | a | A | |
        | | calculate | c | | pulldata('beds', 'n', 'ward', 'a') |
        | | select_one wards | b | B | |
        | choices |
        | | list_name | name | label |
        | | wards | a | A |";
    let found = faults(form);
    let errors: Vec<&str> = found.lines().filter(|line| line.contains("error")).collect();
    expect![[r#"
        test.md, sheet survey, row 4, column D "calculation": error: The name `beds` stands for two things: the file `beds.xml` and the file `beds.csv`. Give each a name of its own.
        test.md, sheet choices: error: The name `wards` stands for two things: the file `wards.csv` and the list `wards` of the choices sheet. Give each a name of its own."#]]
    .assert_eq(&errors.join("\n"));
}

#[test]
fn a_list_of_the_choices_sheet_can_be_looked_things_up_in() {
    let form = "
        | survey |
        | | type | name | label | calculation |
        | | select_one wards | w | W | |
        | | calculate | beds | | instance('wards')/root/item[name = ${w}]/Beds |
        | choices |
        | | list_name | name | label | Beds |
        | | wards | a | A | 12 |
        | | wards | b | B | 7 |";
    let mut session = open(&read_with(&[], form).unwrap());
    session.one("w", "b");
    assert_eq!(session.text("beds"), "7");
}

#[test]
fn words_may_hold_what_is_looked_up() {
    let form = "
        | survey |
        | | type | name | label | appearance |
        | | begin_group | g | G | field-list |
        | | select_one wards | w | W |
        | | note | said | ${w} has instance('wards')/root/item[name = ${w}]/beds. Is that right? |
        | | end_group | | |
        | choices |
        | | list_name | name | label | beds |
        | | wards | a | A | 12 |";
    let mut session = open(&read_with(&[], form).unwrap());
    session.one("w", "a");
    let page = session.page();
    let said = page.questions.iter().find(|question| question.path == "said").unwrap();
    assert_eq!(said.label, "a has 12. Is that right?");
}

#[test]
fn external_choices_and_search_offer_what_their_filters_let_pass() {
    let form = "
        | survey |
        | | type | name | label | choice_filter | appearance |
        | | begin_group | g | | | field-list |
        | | select_one site | site | Site | | |
        | | select_one_external ward | ward | Ward | site = ${site} | |
        | | select_one nurses | nurse | Nurse | | minimal search('nurses', 'matches', 'site', ${site}) |
        | | end_group | | | | |
        | choices |
        | | list_name | name | label |
        | | site | n | North |
        | | site | s | South |
        | | nurses | code | title |
        | external_choices |
        | | list_name | name | label | site |
        | | ward | a | A | n |
        | | ward | b | B | s |";
    let files = [("nurses.csv", "code,title,site\n1,Ola,s\n2,Ada,n\n")];
    let mut session = open(&read_with(&files, form).unwrap());
    session.one("site", "s");
    assert_eq!(offered(&session, "ward"), ["b"]);
    assert_eq!(offered(&session, "nurse"), ["1"]);
    session.one("site", "n");
    assert_eq!(offered(&session, "nurse"), ["2"]);

    let form = "| survey |\n| | type | name | label |\n| | select_one_external l | a | A |";
    expect![[r#"
        test.md, sheet survey, row 2: warning: select_one_external is meant for choices with a filter. Write select_one, with the list on the choices sheet.
        test.md, sheet survey, row 2, column A "type": error: There is no external_choices sheet. Add it, with columns list_name and name."#]]
    .assert_eq(&faults(form));
}

#[test]
fn answers_in_a_repeat_can_be_chosen_from() {
    let form = "
        | survey |
        | | type | name | label | choice_filter |
        | | begin_repeat | people | People | |
        | | text | who | Who? | |
        | | integer | age | Age | |
        | | end_repeat | | | |
        | | select_one ${who} | carer | Who cares? | ${age} > 17 |";
    let mut session = open(&read_with(&[], form).unwrap());
    session.type_in("people[1]/who", "Ola");
    session.type_in("people[1]/age", "40");
    for _ in 0..3 {
        session.next();
    }
    assert_eq!(session.display(), "carer");
    assert_eq!(offered(&session, "carer"), ["Ola"]);

    let refused =
        faults("| survey |\n| | type | name | label |\n| | text | a | A |\n| | select_one ${a} | b | B |");
    assert!(refused.contains("row 3, column A \"type\": error: `a` is no question in a repeat"), "{refused}");
}
