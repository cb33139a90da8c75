//! Repeats: counted by the form or by the person, nested, summed up, removed.

use expect_test::expect;
use nightjar_form::{Entry, Refusal, Session};

use crate::fixture::{Act, form, open};

const VISITS: &str = "
| type | name | label | calculation | relevant | repeat_count |
| text | who | Who | | | |
| begin_repeat | visits | Visit | | | |
| integer | minutes | Minutes | | | |
| calculate | number | | position(..) | | |
| begin_repeat | doses | Dose | | | |
| text | drug | Drug | | | |
| calculate | place | | concat(position(../..), '.', position(..), ' ', ${minutes}) | | |
| end_repeat | | | | | |
| end_repeat | | | | | |
| calculate | total | | sum(${minutes}) | | |
| calculate | count | | count(${visits}) | | |
| calculate | drugs | | join(', ', ${drug}) | | |
| calculate | second | | indexed-repeat(${minutes}, ${visits}, 2) | | |
";

fn add(session: &mut Session, path: &str) {
    session.act(Entry::AddRepeat { path: path.to_owned() });
}

fn remove(session: &mut Session, path: &str) {
    session.act(Entry::RemoveRepeat { path: path.to_owned() });
}

fn sums(session: &Session) -> String {
    ["total", "count", "drugs", "second"].map(|path| format!("{path} {}", session.text(path))).join(", ")
}

#[test]
fn one_visit_at_first_and_sums_follow_what_is_added_and_removed() {
    let mut session = open(&form(VISITS, ""));
    assert_eq!(sums(&session), "total 0, count 1, drugs , second ");
    session.type_in("visits[1]/minutes", "10");
    session.type_in("visits[1]/doses[1]/drug", "a");
    add(&mut session, "visits");
    session.type_in("visits[2]/minutes", "5");
    add(&mut session, "visits[2]/doses");
    add(&mut session, "visits[2]/doses");
    session.type_in("visits[2]/doses[2]/drug", "b");
    assert_eq!(sums(&session), "total 15, count 2, drugs a, , b, second 5");
    assert_eq!(session.text("visits[2]/doses[2]/place"), "2.2 5");
    let before = session.stop();
    remove(&mut session, "visits[1]");
    assert_eq!(sums(&session), "total 5, count 1, drugs , b, second ");
    assert_eq!(session.text("visits[1]/number"), "1");
    assert_eq!(session.text("visits[1]/doses[2]/place"), "1.2 5");
    let after = session.stop();
    assert_eq!(after.instances.len(), 3);
    assert_eq!(
        after.instances[0].key, before.instances[2].key,
        "an instance keeps its identity when it moves up"
    );
    assert_eq!(after.instances[1].parent, Some(after.instances[0].key));
    assert_eq!((after.instances[2].position, before.instances[2].position), (2, 2));
}

#[test]
fn the_way_leads_through_instances_and_asks_for_more() {
    let mut session = open(&form(VISITS, ""));
    let mut way = Vec::new();
    for _ in 0..6 {
        way.push(session.display());
        session.next();
    }
    expect![
        "who → visits[1]/minutes → visits[1]/doses[1]/drug → repeat visits[1]/doses → repeat visits → check"
    ]
    .assert_eq(&way.join(" → "));
    session.back();
    add(&mut session, "visits");
    session.act(Entry::GoTo("visits[2]/minutes".to_owned()));
    assert_eq!(session.page().heading, "Visit 2");
    session.next();
    assert_eq!(session.display(), "repeat visits[2]/doses", "a new visit begins without doses");
    session.back();
    session.back();
    assert_eq!(session.display(), "repeat visits[1]/doses");
    session.act(Entry::GoTo("visits[2]/minutes".to_owned()));
    remove(&mut session, "visits[2]");
    assert_eq!(session.display(), "repeat visits");
    assert_eq!(session.page().repeat.map(|end| (end.label, end.count)), Some(("Visit".to_owned(), 1)));
}

#[test]
fn a_counted_repeat_follows_its_count_and_keeps_what_was_answered() {
    let survey = "
    | type | name | label | repeat_count | calculation |
    | integer | n | N | | |
    | begin_repeat | fall | Fall | ${n} | |
    | text | where | Where | | |
    | end_repeat | | | | |
    | calculate | falls | | | count(${fall}) |";
    let mut session = open(&form(survey, ""));
    assert_eq!(session.text("falls"), "0", "a blank count gives none");
    session.type_in("n", "3");
    assert_eq!(session.text("falls"), "3");
    session.type_in("fall[2]/where", "stairs");
    session.type_in("n", "1");
    assert_eq!(session.text("falls"), "2", "what was answered stays");
    session.type_in("n", "-4");
    assert_eq!(session.text("falls"), "2");
    session.type_in("n", "1000000");
    assert_eq!(session.text("falls"), "500", "a form cannot count without bound");
    let add = session.apply(&Entry::AddRepeat { path: "fall".into() }, &crate::fixture::now());
    assert_eq!(add, Err(Refusal::CountedRepeat("fall".into())));
}

#[test]
fn instances_are_bounded_and_wrong_paths_refused() {
    let mut session = open(&form(VISITS, ""));
    let try_add = |session: &mut Session, path: &str| {
        session.apply(&Entry::AddRepeat { path: path.into() }, &crate::fixture::now()).map(|_| ())
    };
    for path in [
        "who",
        "visits[1]",
        "visits[9]/doses",
        "doses",
        "visits/doses",
        "visits[0]/doses",
        "visits[-1]/doses",
    ] {
        assert_eq!(try_add(&mut session, path), Err(Refusal::UnknownRepeat(path.into())), "{path}");
    }
    let refused = (0..3_000).find_map(|_| try_add(&mut session, "visits[1]/doses").err());
    assert!(matches!(refused, Some(Refusal::TooManyInstances { .. })));
}

#[test]
fn relevance_inside_and_around_a_repeat_reaches_sums_outside() {
    let survey = "
    | type | name | label | relevant | calculation |
    | integer | limit | L | | |
    | begin_repeat | r | R | ${limit} != 0 | |
    | integer | x | X | | |
    | integer | y | Y | ${x} > ${limit} | |
    | end_repeat | | | | |
    | calculate | ys | | | sum(${y}) |
    | calculate | rs | | | count(${r}) |";
    let mut session = open(&form(survey, ""));
    session.type_in("limit", "1");
    add(&mut session, "r");
    for (path, text) in [("r[1]/x", "5"), ("r[2]/x", "3"), ("r[1]/y", "10"), ("r[2]/y", "20")] {
        session.type_in(path, text);
    }
    assert_eq!(session.text("ys"), "30");
    assert_eq!(session.type_in("limit", "3").changed, ["limit", "r[2]/y", "ys"]);
    assert_eq!(session.text("ys"), "10");
    session.type_in("limit", "0");
    assert_eq!((session.text("ys"), session.text("rs")), ("0".to_owned(), "0".to_owned()));
    assert_eq!(session.finish().unwrap().instances, []);
}
