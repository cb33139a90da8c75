//! What a form may make a tablet do has an end, and what it shows of answers stays where it belongs.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use nightjar_form::{Attachments, Entry, Instrument, Opening, Session};

use crate::fixture::{Act, form, now, open};

fn xform(xml: &str) -> Session {
    let instrument = Instrument::read("a.xml", xml.as_bytes(), &Attachments::new());
    let instrument = instrument.unwrap_or_else(|found| panic!("{found}"));
    Session::open(instrument.into(), Opening { language: None, now: now(), seed: 7 }).unwrap()
}

#[test]
fn choices_that_ask_for_themselves_come_to_an_end() {
    let mut session = xform(
        "<h:html xmlns='http://www.w3.org/2002/xforms' xmlns:h='http://www.w3.org/1999/xhtml' \
            xmlns:jr='http://openrosa.org/javarosa'><h:head><h:title>t</h:title><model>\
            <instance><d id='d'><r><x>a</x></r><q/></d></instance></model></h:head><h:body>\
            <repeat nodeset='/d/r'><input ref='/d/r/x'/></repeat>\
            <select1 ref='/d/q'><itemset nodeset=\"/d/r[jr:choice-name(x,'/d/q')='']\"><value ref='x'/>\
            <label ref=\"jr:choice-name(x,'/d/q')\"/></itemset></select1></h:body></h:html>",
    );
    session.act(Entry::GoTo("q".to_owned()));
    assert_eq!(session.page().questions[0].choices.len(), 1);
    session.one("q", "a");
    assert_eq!(session.text("q"), "a");
}

#[test]
fn a_name_of_a_choice_follows_what_its_words_refer_to() {
    let mut session = open(&form(
        "| type | name | label | calculation |
         | text | who | Who? | |
         | select_one l | a | Which? | |
         | calculate | said | | jr:choice-name(${a}, '${a}') |
         | calculate | again | | concat(${said}, '!') |",
        "| list_name | name | label |
         | l | x | With ${who} |
         | l | y | Alone |",
    ));
    session.one("a", "x");
    let outcome = session.type_in("who", "Ann");
    assert!(outcome.changed.contains("said"), "{:?}", outcome.changed);
    assert_eq!((session.text("said"), session.text("again")), ("With Ann".into(), "With Ann!".into()));
    session.type_in("who", "Ben");
    assert_eq!(session.text("again"), "With Ben!");
}

/// A question whose only choice names the choice of each of some others, so many times.
fn naming(question: &str, others: &[String], times: usize) -> String {
    let name = |other: &String| format!("<output value=\"jr:choice-name(/d/{other},'/d/{other}')\"/>");
    let names: String = others.iter().map(name).collect::<String>().repeat(times);
    format!("<select1 ref='/d/{question}'><item><label>So {names}</label><value>x</value></item></select1>")
}

fn naming_form(fields: &str, body: &str) -> Session {
    xform(&format!(
        "<h:html xmlns='http://www.w3.org/2002/xforms' xmlns:h='http://www.w3.org/1999/xhtml' \
            xmlns:jr='http://openrosa.org/javarosa'><h:head><h:title>t</h:title><model>\
            <instance><d id='d'>{fields}</d></instance></model></h:head><h:body>{body}</h:body></h:html>"
    ))
}

#[test]
fn words_of_choices_that_name_each_other_come_to_an_end() {
    for (times, least) in [(1, "So So So"), (20, "So So So")] {
        let body = naming("a", &["b".into()], times) + &naming("b", &["a".into()], times);
        let mut session = naming_form("<a>x</a><b>x</b>", &body);
        session.act(Entry::GoTo("a".to_owned()));
        let label = session.page().questions[0].choices[0].label.clone();
        assert!(label.starts_with(least) && label.len() < 10_000_000, "{}", label.len());
    }
}

#[test]
fn a_long_way_of_names_costs_its_length() {
    let name = |at: usize| format!("q{at}");
    let (mut fields, mut body) = (String::new(), String::new());
    for at in 0..3_000 {
        fields += &format!("<q{at}>x</q{at}>");
        body += &naming(&name(at), &[name(at + 1)], 1);
    }
    let mut session = naming_form(&(fields + "<q3000>y</q3000>"), &(body + "<input ref='/d/q3000'/>"));
    session.act(Entry::GoTo("q0".to_owned()));
    assert!(session.page().questions[0].choices[0].label.starts_with("So So"));
}

/// A choice that is never offered may be worded by what hangs on the question it belongs to.
#[test]
fn a_name_that_its_own_words_use_is_no_cycle() {
    let mut session = open(&form(
        "| type | name | label | calculation | choice_filter |
         | select_one places | q | Where? | | kind != 'same' |
         | calculate | first | | jr:choice-name(${q}, '${q}') | |",
        "| list_name | name | label | kind |
         | places | ward | The ward | own |
         | places | same | Same as ${first} | same |",
    ));
    session.one("q", "ward");
    assert_eq!(session.text("first"), "The ward");
}

#[test]
fn names_of_choices_in_a_repeat_follow_their_own_instance() {
    let mut session = open(&form(
        "| type | name | label | calculation |
         | begin repeat | r | R | |
         | text | who | Who? | |
         | select_one l | a | Which? | |
         | calculate | said | | jr:choice-name(${a}, '${a}') |
         | end repeat | | | |",
        "| list_name | name | label |
         | l | x | With ${who} |
         | l | y | Alone |",
    ));
    session.act(Entry::AddRepeat { path: "r".to_owned() });
    for (instance, who) in [(1, "Ann"), (2, "Ben")] {
        session.one(&format!("r[{instance}]/a"), "x");
        session.type_in(&format!("r[{instance}]/who"), who);
    }
    assert_eq!(
        (session.text("r[1]/said"), session.text("r[2]/said")),
        ("With Ann".into(), "With Ben".into())
    );
    session.type_in("r[1]/who", "Cay");
    assert_eq!(
        (session.text("r[1]/said"), session.text("r[2]/said")),
        ("With Cay".into(), "With Ben".into())
    );
}

#[test]
fn a_text_that_grows_by_itself_is_cut_off() {
    let mut survey = "| type | name | label | calculation |\n| text | t | T | |\n".to_owned();
    survey += "| calculate | b0 | | concat(${t}, ${t}) |\n";
    for i in 1..30 {
        survey += &format!("| calculate | b{i} | | concat(${{b{}}}, 'é', ${{b{}}}) |\n", i - 1, i - 1);
    }
    let mut session = open(&form(&survey, ""));
    session.type_in("t", &"x".repeat(1_000));
    let longest = session.text("b29").len();
    assert!((99_990..=100_000).contains(&longest), "{longest}");
}

#[test]
fn actions_that_set_each_other_off_stop_and_leave_nothing_stale() {
    let mut session = open(&form(
        "| type | name | label | calculation | trigger |
         | integer | a | A | ${b} + 1 | ${b} |
         | integer | b | B | ${a} + 1 | ${a} |
         | calculate | twice | | ${a} * 2 | |",
        "",
    ));
    session.type_in("a", "1");
    let a: i64 = session.text("a").parse().unwrap();
    assert!(a > 1_000, "{a}");
    assert_eq!(session.text("twice"), (2 * a).to_string());
}

#[test]
fn each_throw_of_an_expression_is_another() {
    let session =
        open(&form("| type | name | label | calculation |\n| calculate | c | | uuid() = uuid() |", ""));
    assert_eq!(session.text("c"), "false");
}

#[test]
fn a_date_mistyped_is_no_other_date() {
    let session =
        open(&form("| type | name | label | calculation |\n| calculate | c | | date('20245-1-2') |", ""));
    assert_eq!(session.text("c"), "");
}

#[test]
fn a_bracket_in_a_pattern_closes_nothing_around_it() {
    let read = crate::fixture::read(
        "| type | name | label | constraint |\n| text | t | T | regex(., 'a)(?:b') |",
        "",
    );
    assert!(read.unwrap_err().contains("regular expression cannot be used"));
}

#[test]
fn a_path_has_one_spelling() {
    let session = open(&form(
        "| type | name | label |\n| begin_repeat | r | R |\n| text | t | T |\n| end_repeat | | |",
        "",
    ));
    assert!(session.is_relevant("r[1]/t"));
    assert!(!session.is_relevant("r/t[1]"));
}

#[test]
fn a_page_shows_no_answer_in_debug() {
    let mut session = open(&form(
        "| type | name | label |
         | text | who | Who |
         | begin_group | g | About ${who} |
         | text | t | T |
         | end_group | | |",
        "",
    ));
    session.type_in("who", "canary");
    session.act(Entry::GoTo("t".to_owned()));
    assert!(session.page().heading.contains("canary"));
    assert!(!format!("{:?}", session.page()).contains("canary"));
}
