//! Rows of the session: relevance, constraints, calculations, repeats, choices, types.

use nightjar_form::{Cause, Entry, Missing, Refusal, Value};

use crate::fixture::{Act, form, open, read};

fn add(path: &str) -> Entry {
    Entry::AddRepeat { path: path.to_owned() }
}

#[test]
fn what_is_not_relevant_reads_as_blank_and_comes_back() {
    let mut session = open(&form(
        "| type | name | label | relevant | calculation | default | required |
         | select_one yn | ask | Ask | | | | |
         | begin_group | g | G | ${ask} = 'y' | | | |
         | text | inner | I | | | kept | yes |
         | end_group | | | | | | |
         | calculate | seen | | | concat('[', ${inner}, ']') | | |",
        "| list_name | name | label |
         | yn | y | Yes |
         | yn | n | No |",
    ));
    session.one("ask", "n");
    assert_eq!(session.text("seen"), "[]");
    assert!(session.problems().is_empty(), "what is not asked is not required");
    assert_eq!(session.stop().cells.len(), 2, "nor is it kept in the response");
    session.one("ask", "y");
    assert_eq!(session.text("seen"), "[kept]", "a static default survives");
}

#[test]
fn a_violating_answer_is_stored_and_flagged() {
    let mut session = open(&form(
        "| type | name | label | constraint |
         | integer | least | Least | |
         | integer | n | N | . > ${least} |",
        "",
    ));
    session.type_in("n", "3");
    assert_eq!(session.problems()[0].cause, Cause::Constraint, ". > blank is false");
    session.type_in("least", "1");
    assert!(session.problems().is_empty(), "judged again when what it refers to changes");
    session.type_in("least", "5");
    assert_eq!(session.text("n"), "3");
    assert!(session.finish().is_err());
    session.clear("n");
    assert!(session.finish().is_ok(), "a blank breaks no constraint");
}

#[test]
fn required_means_not_empty_and_stops_at_a_note() {
    let mut session = open(&form(
        "| type | name | label | required |
         | text | t | T | yes |
         | note | stop | Stop | ${t} = 'x' |",
        "",
    ));
    assert_eq!(session.problems().len(), 1);
    session.type_in("t", " ");
    assert!(session.problems().is_empty(), "space is an answer");
    session.type_in("t", "x");
    assert_eq!(session.problems()[0].path, "stop");
}

#[test]
fn an_edited_calculation_stands_until_what_it_depends_on_changes() {
    let mut session = open(&form(
        "| type | name | label | calculation |
         | integer | n | N | |
         | integer | twice | Twice | ${n} * 2 |",
        "",
    ));
    session.type_in("n", "2");
    session.type_in("twice", "5");
    assert_eq!(session.text("twice"), "5");
    session.type_in("n", "3");
    assert_eq!(session.text("twice"), "6");
}

#[test]
fn cycles_are_refused_with_their_path() {
    let refused = read(
        "| type | name | label | calculation |
         | calculate | a | | ${b} + 1 |
         | calculate | b | | ${a} + 1 |",
        "",
    );
    assert!(refused.unwrap_err().contains("`a` (calculation) → `b` (calculation) → `a` (calculation)"));
}

#[test]
fn a_trigger_runs_when_the_answer_changes_and_not_before() {
    let mut session = open(&form(
        "| type | name | label | calculation | trigger |
         | integer | n | N | | |
         | integer | other | O | | |
         | text | note | Note | concat('n was ', ${n}, ' of ', ${other}) | ${n} |",
        "",
    ));
    assert_eq!(session.text("note"), "", "not at load");
    session.type_in("other", "9");
    assert_eq!(session.text("note"), "", "not for what it only refers to");
    session.type_in("n", "1");
    assert_eq!(session.text("note"), "n was 1 of 9");
    session.type_in("note", "mine");
    session.type_in("other", "8");
    assert_eq!(session.text("note"), "mine", "an edit stands until the next change");
    session.type_in("n", "2");
    assert_eq!(session.text("note"), "n was 2 of 8");
}

#[test]
fn a_dynamic_default_runs_once() {
    let mut session = open(&form(
        "| type | name | label | default |
         | text | x | X | |
         | begin_repeat | r | R | |
         | text | y | Y | concat('x is ', ${x}) |
         | end_repeat | | | |",
        "",
    ));
    assert_eq!(session.text("r[1]/y"), "x is ", "the first instance is there at load");
    session.type_in("x", "1");
    assert_eq!(session.text("r[1]/y"), "x is ");
    session.act(add("r"));
    assert_eq!(session.text("r[2]/y"), "x is 1");
}

#[test]
fn a_new_outer_instance_has_no_inner_ones() {
    let mut session = open(&form(
        "| type | name | label |
         | begin_repeat | outer | O |
         | begin_repeat | inner | I |
         | text | t | T |
         | end_repeat | | |
         | end_repeat | | |",
        "",
    ));
    assert!(session.try_say("outer[1]/inner[1]/t", Value::Text("a".into())).is_ok());
    session.act(add("outer"));
    let unknown = session.try_say("outer[2]/inner[1]/t", Value::Text("a".into()));
    assert_eq!(unknown, Err(Refusal::UnknownPath("outer[2]/inner[1]/t".into())));
}

#[test]
fn a_smaller_count_loses_no_answer() {
    let mut session = open(&form(
        "| type | name | label | repeat_count |
         | integer | n | N | |
         | begin_repeat | r | R | ${n} |
         | text | t | T | |
         | end_repeat | | | |",
        "",
    ));
    let mut count = |n: &str| {
        session.type_in("n", n);
        let made = session.stop().instances.len();
        if made == 3 {
            session.type_in("r[2]/t", "kept");
        }
        made
    };
    assert_eq!([count(""), count("-1"), count("3"), count("1")], [0, 0, 3, 2]);
}

#[test]
fn one_value_of_many_is_refused() {
    let refused = read(
        "| type | name | label | relevant |
         | begin_repeat | r | R | |
         | text | t | T | |
         | end_repeat | | | |
         | text | after | A | ${t} = 'x' |",
        "",
    );
    assert!(refused.unwrap_err().contains("`t` is in the repeat `r` and may have many values here."));
}

#[test]
fn a_choice_no_longer_offered_is_blank_and_comes_back() {
    let mut session = open(&form(
        "| type | name | label | choice_filter |
         | select_one wards | ward | Ward | |
         | select_multiple rooms | room | Room | ward = ${ward} |",
        "| list_name | name | label | ward |
         | wards | a | A | |
         | wards | b | B | |
         | rooms | a1 | A1 | a |
         | rooms | a2 | A2 | a |
         | rooms | b1 | B1 | b |",
    ));
    session.one("ward", "a");
    session.say("room", Value::Many(vec!["a2".into(), "a1".into()]));
    assert_eq!(session.text("room"), "a1 a2", "in the order of the list");
    session.one("ward", "b");
    assert_eq!(session.text("room"), "");
    session.one("ward", "a");
    assert_eq!(session.text("room"), "a1 a2");
}

#[test]
fn dots_mean_the_node_and_its_parent() {
    let mut session = open(&form(
        "| type | name | label | constraint | calculation |
         | begin_group | g | G | | |
         | integer | n | N | . < 10 and ../least < . | |
         | integer | least | Least | | |
         | end_group | | | | |
         | calculate | c | | | ./../g/n + 1 |",
        "",
    ));
    session.type_in("g/n".rsplit('/').next().unwrap(), "5");
    assert_eq!(session.problems().len(), 1);
    session.type_in("least", "1");
    assert!(session.problems().is_empty());
    assert_eq!(session.text("c"), "6");
}

#[test]
fn typed_input_is_read_as_the_engines_read_it() {
    let mut session = open(&form(
        "| type | name | label |
         | integer | i | I |
         | decimal | d | D |
         | time | t | T |",
        "",
    ));
    session.type_in("i", "007");
    session.type_in("d", "1e3");
    session.type_in("t", "07:05");
    assert_eq!([session.text("i"), session.text("d"), session.text("t")], ["7", "1000", "07:05:00"]);
    let item = session.instrument().item_named("i").unwrap().clone();
    assert!(item.read("2.7").is_err());
}

#[test]
fn read_only_takes_no_answer() {
    let mut session = open(&form("| type | name | label | read_only |\n| text | t | T | yes |", ""));
    let refused = session.try_say("t", Value::Text("a".into()));
    assert_eq!(refused, Err(Refusal::ReadOnly("t".into())));
}

#[test]
fn or_other_adds_a_choice_and_a_question() {
    let mut session = open(&form(
        "| type | name | label |\n| select_one s or_other | q | Q |",
        "| list_name | name | label |\n| s | a | A |",
    ));
    assert!(!session.is_relevant("q_other"));
    session.one("q", "other");
    assert!(session.is_relevant("q_other"));
}

#[test]
fn metadata_keeps_the_moment_of_opening_and_of_finishing() {
    let session = open(&form(
        "| type | name | label |
         | start | begun | |
         | end | ended | |
         | today | day | |
         | text | t | T |",
        "",
    ));
    let answers = session.finish().unwrap();
    let texts: Vec<String> = answers.cells.iter().map(|(_, value)| value.to_text()).collect();
    assert_eq!(texts[..3], ["2026-01-15T02:30:00", "2026-01-15T02:30:00", "2026-01-15"]);
    assert_eq!(answers.cells[3].1.missing(), Some(Missing::NotAnswered));
}
