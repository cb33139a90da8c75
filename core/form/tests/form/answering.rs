//! What a session does with answers: relevance, checks, defaults, pages, and what it leaves behind.

use expect_test::expect;
use nightjar_form::{Answers, Cause, Entry, Instrument, Missing, Refusal, Value};

use crate::fixture::{Act, form, open};

const CORE: &str = "
| type | name | label | relevant | required | required_message | constraint | constraint_message | calculation | default |
| note | hello | Hello | | | | | | | |
| select_one slept | slept | How did you sleep here last night? | | yes | Please choose | | | | |
| begin_group | why | Why | ${slept} = 'badly' | | | | | | |
| select_multiple woke | woke | What woke you? | | | | | | | |
| text | other | What else? | selected(${woke}, 'other') | | | | | | |
| end_group | | | | | | | | | |
| integer | good | How many of ${nights} nights were good? | | | | . >= 0 and . <= ${nights} | Between 0 and ${nights} | | |
| integer | nights | Nights here | | | | | | | 7 |
| calculate | share | | | | | | | ${good} div ${nights} | |
| hidden | ward | | | | | | | | A1 |
";
const LISTS: &str = "
| list_name | name | label | nightjar::missing |
| slept | well | Well | |
| slept | badly | Badly | |
| slept | no | Rather not say | declined |
| woke | noise | Noise | |
| woke | light | Light | |
| woke | other | Something else | |
| woke | dk | Don't know | dont_know |
";

fn lines(instrument: &Instrument, answers: &Answers) -> String {
    let name = |key| instrument.item(key).map_or("?", |item| item.name());
    let show = |value: &Value| match value {
        Value::Missing(missing) => format!("({})", missing.code()),
        value => value.to_text(),
    };
    answers.cells.iter().map(|(key, value)| format!("{} = {}\n", name(&key.item), show(value))).collect()
}

#[test]
fn one_question_a_page_over_what_is_relevant_and_a_check_page_at_the_end() {
    let mut session = open(&form(CORE, LISTS));
    let mut way = vec![session.display()];
    session.next();
    session.one("slept", "badly");
    for _ in 0..6 {
        way.push(session.display());
        session.next();
    }
    assert_eq!(way, ["hello", "slept", "woke", "good", "nights", "check", "check"]);
    session.back();
    assert_eq!(session.display(), "nights");
    session.act(Entry::GoTo("slept".to_owned()));
    // What is asked still depends on answers: no total is shown that might turn out wrong.
    assert_eq!((session.page().number, session.page().of), (2, None));
    session.one("slept", "well");
    assert_eq!((session.page().number, session.page().of), (2, None));
    session.next();
    assert_eq!(session.display(), "good");
    session.back();
    assert_eq!((session.display(), session.page().number), ("slept".to_owned(), 2));
    session.act(Entry::GoTo(String::new()));
    let check = session.page();
    assert!(check.check);
    let shown: Vec<String> = check.questions.iter().map(|q| format!("{}: {}", q.path, q.answer)).collect();
    assert_eq!(shown, ["slept: Well", "good: ", "nights: 7"]);
}

#[test]
fn groups_pass_relevance_on_and_values_out_of_sight_come_back() {
    let mut session = open(&form(CORE, LISTS));
    session.one("slept", "badly");
    let outcome = session.say("woke", Value::Many(vec!["other".into(), "noise".into()]));
    assert_eq!(outcome.changed, ["woke", "other"]);
    session.type_in("other", "a door");
    let outcome = session.one("slept", "well");
    assert_eq!(outcome.changed, ["slept", "woke", "other"]);
    assert!(!session.is_relevant("other"));
    let refused = session.try_say("other", Value::Text("x".into()));
    assert_eq!(refused, Err(Refusal::NotRelevant("other".into())));
    let left = lines(session.instrument(), &session.finish().unwrap());
    assert!(!left.contains("woke") && !left.contains("other"), "{left}");
    session.one("slept", "badly");
    assert_eq!(session.text("other"), "a door");
    assert_eq!(session.text("woke"), "noise other", "in the order of the list");
}

#[test]
fn a_violating_answer_is_kept_flagged_and_blocks() {
    let mut session = open(&form(CORE, LISTS));
    session.next();
    assert_eq!(session.page().questions[0].problem, None, "nobody is scolded before trying");
    let outcome = session.next();
    assert_eq!(outcome.problems[0].cause, Cause::Required);
    assert_eq!(session.page().questions[0].problem.as_deref(), Some("Please choose"));
    session.one("slept", "well");
    session.next();
    let outcome = session.type_in("good", "9");
    assert_eq!(outcome.problems[0].message, "Between 0 and 7");
    assert_eq!(session.text("good"), "9");
    assert_eq!(session.next().problems.len(), 1);
    assert_eq!(session.display(), "good");
    assert_eq!(session.finish().unwrap_err()[0].path, "good");
    assert!(!session.stop().cells.is_empty(), "stopping is never blocked");
    session.type_in("nights", "10");
    assert!(session.finish().is_ok(), "a constraint is looked at again when what it refers to changes");
    assert_eq!(session.text("share"), "0.9");
    session.clear("nights");
    assert_eq!(session.problems()[0].cause, Cause::Constraint, "a comparison with blank does not hold");
}

#[test]
fn labels_take_in_answers_and_choices_that_mean_no_answer_stand_alone() {
    let mut session = open(&form(CORE, LISTS));
    session.type_in("nights", "3");
    session.act(Entry::GoTo("good".to_owned()));
    assert_eq!(session.page().questions[0].label, "How many of 3 nights were good?");
    session.one("slept", "badly");
    let outcome = session.say("woke", Value::Many(vec!["dk".into(), "noise".into()]));
    assert_eq!(outcome.problems[0].cause, Cause::Exclusive);
    assert!(session.say("woke", Value::Many(vec!["dk".into()])).problems.is_empty());
    assert_eq!(session.page().questions[0].problem, None);
}

#[test]
fn what_is_missing_is_told_apart_by_what_happened() {
    let mut session = open(&form(CORE, LISTS));
    session.next();
    session.one("slept", "no");
    session.next();
    expect![[r#"
        slept = (declined)
        good = (stopped)
        nights = 7
        ward = A1
    "#]]
    .assert_eq(&lines(session.instrument(), &session.stop()));
    expect![[r#"
        slept = (declined)
        good = (not_answered)
        nights = 7
        ward = A1
    "#]]
    .assert_eq(&lines(session.instrument(), &session.finish().unwrap()));
    session.one("slept", "badly");
    session.say("woke", Value::Many(vec!["dk".into()]));
    session.say("good", Value::Missing(Missing::DontKnow));
    session.clear("nights");
    expect![[r#"
        slept = badly
        woke = (dont_know)
        good = (dont_know)
        nights = (not_reached)
        ward = A1
    "#]]
    .assert_eq(&lines(session.instrument(), &session.finish().unwrap()));
}

#[test]
fn answers_that_do_not_fit_are_refused_and_change_nothing() {
    let survey = "
    | type | name | label | read_only | parameters | calculation |
    | text | t | T | | | |
    | integer | n | N | | | |
    | select_one woke | one | One | | | |
    | select_multiple woke | many | Many | | | |
    | range | r | R | | start=0 end=10 step=5 | |
    | text | locked | L | yes | | |
    | acknowledge | ok | OK? | | | |
    | calculate | c | | | | 1 |
    | note | note | Note | | | |
    | date | d | D | | | |";
    let mut session = open(&form(survey, LISTS));
    let before = session.stop();
    let text = |text: &str| Value::Text(text.to_owned());
    let one = |code: &str| Value::One(code.to_owned());
    let shown =
        |path: &str, value: Value| format!("{path}: {:?}", session.clone().try_say(path, value).unwrap_err());
    let refusals = [
        shown("t", text(&"ä".repeat(4_001))),
        shown("t", Value::Integer(1)),
        shown("n", text("1")),
        shown("one", one("sun")),
        shown("many", Value::Many(vec!["noise".into(), "noise".into()])),
        shown("many", one("noise")),
        shown("r", Value::Integer(7)),
        shown("r", Value::Decimal(f64::NAN)),
        shown("locked", text("x")),
        shown("ok", one("yes")),
        shown("c", Value::Integer(1)),
        shown("note", text("x")),
        shown("n", Value::Missing(Missing::NotReached)),
        shown("d", text("2026-01-01")),
        shown("nowhere", text("x")),
        shown("t[1]", text("x")),
        shown("t/", text("x")),
        shown("", text("x")),
        shown(&"t/".repeat(5_000), text("x")),
    ];
    let refusals = refusals.iter().map(|line| line.chars().take(100).collect::<String>());
    expect![[r#"
        t: TooLong { path: "t", max: 4000 }
        t: WrongType { path: "t", expected: Text }
        n: WrongType { path: "n", expected: Integer }
        one: UnknownCode("one")
        many: UnknownCode("many")
        many: WrongType { path: "many", expected: SelectMultiple }
        r: OffScale("r")
        r: OffScale("r")
        locked: ReadOnly("locked")
        ok: UnknownCode("ok")
        c: NotAQuestion("c")
        note: NotAQuestion("note")
        n: NotAChoice("n")
        d: WrongType { path: "d", expected: Date }
        nowhere: UnknownPath("nowhere")
        t[1]: UnknownPath("t[1]")
        t/: UnknownPath("t/")
        : UnknownPath("")
        t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/t/"#]]
    .assert_eq(&refusals.collect::<Vec<_>>().join("\n"));
    assert_eq!(session.stop(), before);
    session.say("t", text(&"ä".repeat(4_000)));
    session.say("r", Value::Decimal(5.0));
    assert_eq!(session.value("r"), Some(&Value::Integer(5)));
    session.one("ok", "OK");
}

#[test]
fn defaults_are_set_once_and_calculated_questions_stand_until_recalculated() {
    let survey = "
    | type | name | label | default | calculation | relevant |
    | date | day | Day | today() | | |
    | integer | a | A | 2 | | |
    | integer | b | B | ${a} + 1 | | |
    | integer | e | E | 2 * 4 | | |
    | integer | c | C | | ${a} * 10 | |
    | text | hid | H | kept | | ${a} = 99 |
    | text | odd | O | round (3) is a text | | |
    | today | today | | | | |
    | start | start | | | | |
    | end | end | | | | |";
    let mut session = open(&form(survey, ""));
    let all = |session: &nightjar_form::Session| {
        ["day", "a", "b", "e", "c", "hid", "odd", "today", "start"].map(|path| session.text(path)).join(" | ")
    };
    expect!["2026-01-15 | 2 | 3 | 8 | 20 | kept | round (3) is a text | 2026-01-15 | 2026-01-15T02:30:00"]
        .assert_eq(&all(&session));
    session.type_in("c", "5");
    assert_eq!(session.text("c"), "5");
    session.type_in("day", "2020-01-01");
    assert_eq!(session.text("c"), "5", "an edit stands while nothing it is calculated from changes");
    session.type_in("a", "3");
    assert_eq!((session.text("c"), session.text("b")), ("30".to_owned(), "3".to_owned()));
    let later = "2026-01-15T06:00:00+00:00[Europe/London]".parse().unwrap();
    session.apply(&Entry::Next, &later).unwrap();
    let answers = session.finish().unwrap();
    let end = session.instrument().item_named("end").unwrap().key();
    assert_eq!(answers.get(end).unwrap().to_text(), "2026-01-15T06:00:00");
}

#[test]
fn a_choice_filter_hides_choices_and_brings_answers_back() {
    let survey = "
    | type | name | label | choice_filter | calculation |
    | select_one region | region | Region | | |
    | select_one ward | ward | Ward | region = ${region} and beds > 5 | |
    | select_multiple ward | wards | Wards | region = current()/../region | |
    | calculate | seen | | | concat(${ward}, '/', ${wards}) |";
    let choices = "
    | list_name | name | label | region | beds |
    | region | north | North | | |
    | region | south | South | | |
    | ward | n1 | N1 | north | 10 |
    | ward | n2 | N2 | north | 2 |
    | ward | s1 | S1 | south | 10 |";
    let mut session = open(&form(survey, choices));
    session.one("region", "north");
    session.act(Entry::GoTo("ward".to_owned()));
    let offered: Vec<String> = session.page().questions[0].choices.iter().map(|c| c.code.clone()).collect();
    assert_eq!(offered, ["n1"]);
    assert!(session.try_say("ward", Value::One("s1".into())).is_err());
    session.one("ward", "n1");
    session.say("wards", Value::Many(vec!["n2".into(), "n1".into()]));
    assert_eq!(session.text("seen"), "n1/n1 n2");
    let outcome = session.one("region", "south");
    assert_eq!(outcome.changed, ["region", "ward", "wards", "seen"]);
    assert_eq!((session.text("ward"), session.text("seen")), (String::new(), "/".to_owned()));
    assert_eq!(session.finish().unwrap().cells.len(), 4);
    session.one("region", "north");
    assert_eq!(session.text("seen"), "n1/n1 n2");
}

#[test]
fn a_field_list_is_one_page_and_or_other_asks_which() {
    let survey = "
    | type | name | label | appearance | relevant |
    | begin_group | both | Both | field-list | |
    | select_one woke or_other | a | A | | |
    | text | b | B | | ${a} = 'noise' |
    | end_group | | | | |
    | text | z | Z | | |";
    let mut session = open(&form(survey, LISTS));
    assert_eq!((session.display(), session.page().heading), ("a".to_owned(), "Both".to_owned()));
    session.one("a", "noise");
    assert_eq!(session.display(), "a b");
    session.one("a", "other");
    assert_eq!(session.display(), "a a_other");
    assert_eq!(session.page().questions[1].label, "Specify other.");
    session.next();
    assert_eq!(session.display(), "z");
    session.act(Entry::GoTo("a_other".to_owned()));
    assert_eq!(session.display(), "a a_other");
}

#[test]
fn an_outcome_lists_what_to_draw_again_and_nothing_else() {
    let mut session = open(&form(
        "| type | name | label | required | constraint | choice_filter | hint |
         | integer | nights | Nights | | | | |
         | text | words | After ${nights} nights? | | | | |
         | integer | calls | Calls | ${nights} > 1 | . >= 0 | | |
         | select_one wards | ward | Ward | | | beds > ${nights} | |
         | text | apart | Apart | | | | See ${words} |",
        "| list_name | name | label | beds |
         | wards | a | A | 2 |
         | wards | b | B | 9 |",
    ));
    let changed = |outcome: nightjar_form::Outcome| outcome.changed.iter().collect::<Vec<_>>().join(" ");
    assert_eq!(changed(session.type_in("nights", "3")), "nights words calls ward");
    assert_eq!(changed(session.type_in("words", "quiet")), "words apart");
    assert_eq!(changed(session.type_in("apart", "x")), "apart");
}

#[test]
fn words_of_choices_say_what_they_refer_to() {
    let mut session = open(&form(
        "| type | name | label |
         | text | who | Who is your nurse? |
         | select_one s | ask | Whom may we ask? |",
        "| list_name | name | label |
         | s | nurse | ${who} |
         | s | nobody | Nobody |",
    ));
    assert_eq!(session.type_in("who", "Sam").changed, ["who", "ask"]);
    session.next();
    let labels = |session: &nightjar_form::Session| -> Vec<String> {
        session.page().questions[0].choices.iter().map(|choice| choice.label.clone()).collect()
    };
    assert_eq!(labels(&session), ["Sam", "Nobody"]);
    session.one("ask", "nurse");
    assert_eq!(session.page().questions[0].answer, "Sam");
}
