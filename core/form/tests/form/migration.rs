//! A draft in a new version: what comes along is what was said, what does not is kept with its reason.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::sync::Arc;

use expect_test::{Expect, expect};
use nightjar_form::{
    Answers, Entry, Instrument, ItemKey, Language, LeftBehind, Migration, Missing, Opening, Reason, Session,
    Value,
};
use proptest::prelude::*;

use crate::fixture::{Act, form, now, open};
use crate::replay;

fn opening() -> Opening {
    Opening { language: None, now: now(), seed: 7 }
}

fn moved(old: &Session, new: &Arc<Instrument>) -> Migration {
    Migration::check(old, opening(), new.clone(), &[]).unwrap()
}

fn check(old: &Session, new: &Arc<Instrument>, expected: Expect) -> Session {
    let migration = moved(old, new);
    expected.assert_eq(&migration.to_string());
    // The report has places and reasons, never an answer.
    assert!(!format!("{migration:?}").contains("secret"));
    // The new draft is its journal.
    let mut replayed = Session::open(new.clone(), migration.opening().clone()).unwrap();
    for entry in migration.entries() {
        replayed.apply(entry, migration.at()).unwrap();
    }
    let session = migration.session();
    assert_eq!(replayed.stop(), session.stop());
    assert_eq!(replayed.page(), session.page());
    session
}

const CHOICES: &str = "
| list_name | name | label |
| l | x | Ex |
| l | y | Why |
| l | z | Zed |
";

#[test]
fn what_the_new_version_does_not_take_stays_behind_with_its_reason() {
    let old = form(
        "
| type | name | label | relevant |
| select_one l | a | A | |
| select_multiple l | b | B | |
| integer | n | N | |
| integer | age | Age | |
| text | gone | Gone | |
| text | only | Only | ${n} > 3 |
| begin_repeat | r | R | |
| text | t | T | |
| end_repeat | | | |
",
        CHOICES,
    );
    let new = form(
        "
| type | name | label | relevant | constraint | nightjar::renamed_from |
| text | word | Word | | | n |
| select_one l | a | A | | | |
| select_multiple l | b | B | | | |
| integer | age | Age | | . < 18 | |
| text | only | Only | ${a} = 'y' | | |
| text | t | T | | | |
",
        "
| list_name | name | label |
| l | y | Why |
| l | z | Zed |
",
    );
    let mut session = open(&old);
    session.one("a", "x");
    session.say("b", Value::Many(vec!["x".to_owned(), "z".to_owned()]));
    session.type_in("n", "5");
    session.type_in("age", "40");
    session.type_in("gone", "secret");
    session.type_in("only", "secret too");
    session.type_in("r[1]/t", "secret in a repeat");
    let session = check(
        &session,
        &new,
        expect![[r#"
            1 answers come along, 7 do not
            a: what was chosen is not offered
            b: what was chosen is not offered
            n: the type was integer, is text
            age: the new version does not accept the answer
            gone: the new version does not ask it
            only: it is not asked, given the other answers
            r[1]/t: the new version does not ask it"#]],
    );
    assert_eq!(session.text("b"), "z");
    assert_eq!(session.text("age"), "");
    // The first question differs: it is shown first.
    assert_eq!(session.display(), "word");
}

#[test]
fn answers_follow_renames_moves_and_the_questions_they_hang_on() {
    let old = form(
        "
| type | name | label | relevant |
| select_one l | a | A | |
| text | why | Why? | ${a} = 'y' |
| begin_repeat | visits | Visits | |
| text | who | Who? | |
| end_repeat | | | |
",
        CHOICES,
    );
    let new = form(
        "
| type | name | label | relevant | nightjar::renamed_from |
| text | reason | Why? | ${first} = 'y' | why |
| begin_group | g | G | | |
| select_one l | first | A | | a |
| end_group | | | | |
| begin_repeat | calls | Visits | | visits |
| text | who | Who? | | visits/who |
| end_repeat | | | | |
",
        CHOICES,
    );
    let mut session = open(&old);
    session.one("a", "y");
    session.type_in("why", "because");
    session.act(Entry::AddRepeat { path: "visits".to_owned() });
    session.type_in("visits[1]/who", "one");
    session.type_in("visits[2]/who", "two");
    let session = check(&session, &new, expect!["4 answers come along, 0 do not"]);
    assert_eq!(
        [session.text("reason"), session.text("first"), session.text("calls[2]/who")],
        ["because", "y", "two"]
    );
}

#[test]
fn the_page_is_the_old_one_or_the_first_question_that_differs_before_it() {
    let survey = "
| type | name | label |
| text | a | A |
| text | b | B |
| text | c | C |
";
    let old = form(survey, "");
    let mut session = open(&old);
    session.next();
    // Nothing differs before the second page.
    let later = form(&survey.replace("| C |", "| See? |"), "");
    assert_eq!(moved(&session, &later).session().display(), "b");
    let earlier = form(&survey.replace("| A |", "| Ah? |"), "");
    assert_eq!(moved(&session, &earlier).session().display(), "a");
    // The question on display is gone: the next one is shown.
    let gone = form(&survey.replace("| text | b | B |\n", ""), "");
    assert_eq!(moved(&session, &gone).session().display(), "c");
}

#[test]
fn the_language_on_display_stays_where_the_new_version_speaks_it() {
    let survey = "
| type | name | label::English (en) | label::Polski (pl) |
| text | a | A | Ą |
";
    let mut session = open(&form(survey, ""));
    session.act(Entry::Language(Language::new("Polski (pl)")));
    let same = moved(&session, &form(&survey.replace("| A |", "| Ah |"), ""));
    assert!(same.same_language());
    assert_eq!(same.session().language().code(), "pl");
    let other = moved(&session, &form("| type | name | label::English (en) |\n| text | a | A |", ""));
    assert!(!other.same_language() && other.is_whole());
}

/// The answers with instances named by their places: keys hang on how often instances were made and taken out.
fn placed(answers: &Answers, but: &[ItemKey], which: fn(&Value) -> bool) -> String {
    let place = |key| answers.instances.iter().position(|instance| instance.key == key);
    let kept = answers.cells.iter().filter(|(cell, value)| !but.contains(&cell.item) && which(value));
    let cells = kept.map(|(cell, value)| {
        let at = cell.instance.map(place);
        format!("{at:?}/{}={}{:?}", cell.item, value.to_text(), value.missing())
    });
    cells.collect::<Vec<_>>().join("\n")
}

/// Whether a person said it, or the form computed it.
fn is_said(value: &Value) -> bool {
    value.missing().is_none_or(Missing::is_chosen)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Moving to the same version changes nothing: every answer, every reason for having none, the page.
    #[test]
    fn moving_to_the_same_version_is_identity(entries in prop::collection::vec(replay::entry(), 0..40)) {
        let instrument = replay::instrument();
        let mut session = open(&instrument);
        for entry in &entries {
            let _ = session.apply(entry, &now());
        }
        let migration = moved(&session, &instrument);
        // Dice are thrown anew, and what they showed is kept; what is hidden or filtered away now is in no answers.
        let dice: Vec<ItemKey> = migration
            .left_behind()
            .iter()
            .filter(|left| !matches!(left.reason, Reason::NotRelevant | Reason::NotOffered))
            .inspect(|left| assert_eq!((left.path.as_str(), left.reason), ("dice", Reason::Recomputed)))
            .map(|left| left.cell.item)
            .collect();
        let there = migration.session();
        let (before, after) = (session.stop(), there.stop());
        prop_assert_eq!(placed(&before, &dice, is_said), placed(&after, &dice, is_said));
        // A count that was blanked keeps entries that nobody has answered; a response begun anew has no count yet to
        // make them by, and nothing of what was said is in them.
        if before.instances.len() != after.instances.len() {
            return Ok(());
        }
        prop_assert_eq!(placed(&before, &dice, |_| true), placed(&after, &dice, |_| true));
        let paths = |s: &Session| s.page().questions.iter().map(|q| q.path.clone()).collect::<Vec<_>>();
        prop_assert_eq!(paths(&session), paths(&there));
        prop_assert_eq!(session.language(), there.language());
    }
}

const VISITS: &str = "
| type | name | label | relevant |
| select_one l | a | A | |
| text | cups | Cups | ${a} = 'y' |
| begin_repeat | visits | Visits | |
| text | who | Who? | |
| text | kin | Kin | |
| end_repeat | | | |
| integer | n | N | |
";
const FEWER: &str = "
| type | name | label |
| select_one l | a | A |
| begin_repeat | visits | Visits |
| text | who | Who? |
| end_repeat | | |
| text | n | N |
";
const NONE: &str = "
| type | name | label |
| select_one l | a | A |
";

/// Two visits, of which another before them was taken out again.
fn visited() -> Session {
    let mut session = open(&form(VISITS, CHOICES));
    session.one("a", "y");
    session.type_in("cups", "7");
    for _ in 0..2 {
        session.act(Entry::AddRepeat { path: "visits".to_owned() });
    }
    session.act(Entry::RemoveRepeat { path: "visits[1]".to_owned() });
    for (number, who, kin) in [(1, "Ann", "sister"), (2, "Ben", "friend")] {
        session.type_in(&format!("visits[{number}]/who"), who);
        session.type_in(&format!("visits[{number}]/kin"), kin);
    }
    session.type_in("n", "3");
    session
}

/// The values of an item that a session would hand in, by instance.
fn handed_in(session: &Session, name: &str) -> Vec<(Option<nightjar_form::InstanceKey>, String)> {
    let key = session.instrument().item_named(name).unwrap().key();
    let cells = session.stop().cells.into_iter().filter(|(cell, _)| cell.item == key);
    cells.map(|(cell, value)| (cell.instance, value.to_text())).collect()
}

#[test]
fn what_is_asked_no_more_stays_with_the_instance_it_was_said_of() {
    let old = visited();
    let migration = moved(&old, &form(FEWER, CHOICES));
    let kept: Vec<LeftBehind> = migration.left_behind().to_vec();
    let mut session = migration.session();
    let part = |session: &Session, kept: &[LeftBehind]| -> Vec<_> {
        let part = kept.iter().filter(|left| left.is_part_of(session));
        part.map(|left| (left.cell.instance, left.value.to_text())).collect()
    };
    let who = handed_in(&session, "who");
    assert_eq!([who[0].1.as_str(), who[1].1.as_str()], ["Ann", "Ben"]);
    let said = [(None, "7"), (who[0].0, "sister"), (who[1].0, "friend")];
    assert_eq!(part(&session, &kept), said.map(|(instance, text)| (instance, text.to_owned())));
    // `n` is asked in another shape: it is theirs to answer again.
    assert!(kept.iter().any(|left| left.path == "n" && !left.is_part_of(&session)));

    // Taken out with its instance; the other keeps its own.
    session.act(Entry::RemoveRepeat { path: "visits[1]".to_owned() });
    assert_eq!(part(&session, &kept), [(None, "7".to_owned()), (who[1].0, "friend".to_owned())]);
    session.act(Entry::AddRepeat { path: "visits".to_owned() });
    assert_eq!(part(&session, &kept).len(), 2, "a new instance is nobody's");
}

#[test]
fn what_was_left_behind_comes_back_with_the_question() {
    for between in [FEWER, NONE] {
        let first = moved(&visited(), &form(between, CHOICES));
        let kept = first.left_behind().to_vec();
        let back = Migration::check(&first.session(), opening(), form(VISITS, CHOICES), &kept).unwrap();
        assert!(back.earlier().iter().all(Option::is_none), "{:?}", back.earlier());
        let session = back.session();
        assert_eq!(
            ["cups", "visits[1]/kin", "visits[2]/kin", "visits[2]/who", "n"].map(|path| session.text(path)),
            ["7", "sister", "friend", "Ben", "3"]
        );
    }
}

#[test]
fn what_the_old_version_would_not_have_handed_in_is_no_part_of_the_new_one() {
    let mut old = visited();
    old.one("a", "x");
    let migration = moved(&old, &form(FEWER, CHOICES));
    let cups = migration.left_behind().iter().find(|left| left.path == "cups").unwrap();
    assert!(!cups.asked && !cups.is_part_of(&migration.clone().session()));
}
