//! A session is a function of its opening and its entries, whatever they are.

use std::sync::Arc;

use nightjar_form::{Entry, Instrument, Language, Missing, Session, Value};
use proptest::prelude::*;

use crate::fixture::{form, now, open};

const SURVEY: &str = "
| type | name | label::English (en) | label::Polski (pl) | relevant | constraint | required | calculation | choice_filter | repeat_count | appearance |
| select_one l | a | A ${b} | A | | | yes | | | | |
| select_multiple l | b | B | B | | | | | kind = ${a} or ${a} = '' | | |
| begin_group | g | G | G | ${a} != 'y' | | | | | | field-list |
| integer | n | N | N | | . < 5 | | | | | |
| integer | m | M | M | ${n} > 1 | | ${n} = 3 | ${n} * 2 | | | |
| end_group | | | | | | | | | | |
| begin_repeat | r | R | R | ${n} != 0 | | | | | | |
| integer | x | X | X | | | | | | | |
| text | t | T | T | ${x} > 1 | | | | | | |
| calculate | p | | | | | | position(..) + ${x} + ${n} | | | |
| begin_repeat | s | S | S | | | | | | ${x} | |
| integer | y | Y | Y | | | | | | | |
| end_repeat | | | | | | | | | | |
| end_repeat | | | | | | | | | | |
| calculate | total | | | | | | sum(${p}) + sum(${y}) + count(${r}) | | | |
| calculate | words | | | | | | concat(jr:choice-name(${a}, '${a}'), ${total}) | | | |
| calculate | dice | | | | | | if(${n} > 0, random(), uuid()) | | | |
";
const CHOICES: &str = "
| list_name | name | label::English (en) | label::Polski (pl) | kind | nightjar::missing |
| l | x | Ex | Iks | x | |
| l | y | Why | Igrek | y | |
| l | z | Zed | Zet | x | declined |
";

fn path() -> impl Strategy<Value = String> {
    let repeat = prop::sample::select(vec!["r[1]", "r[2]", "r[3]", "r[0]"]);
    prop_oneof![
        prop::sample::select(vec!["a", "b", "n", "m", "total", "", "nowhere"]).prop_map(str::to_owned),
        (repeat.clone(), prop::sample::select(vec!["x", "t", "p", "s[1]/y", "s[2]/y"]))
            .prop_map(|(repeat, item)| format!("{repeat}/{item}")),
        repeat.prop_map(str::to_owned),
        Just("r".to_owned()),
    ]
}

fn value() -> impl Strategy<Value = Option<Value>> {
    let code = || prop::sample::select(vec!["x", "y", "z", "q"]).prop_map(str::to_owned);
    prop_oneof![
        2 => Just(None),
        6 => (-1..5_i64).prop_map(|n| Some(Value::Integer(n))),
        4 => code().prop_map(|code| Some(Value::One(code))),
        4 => prop::collection::vec(code(), 0..3).prop_map(|codes| Some(Value::Many(codes))),
        2 => "[a-z]{0,3}".prop_map(|text| Some(Value::Text(text))),
        1 => Just(Some(Value::Missing(Missing::Declined))),
    ]
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        8 => (path(), value()).prop_map(|(path, value)| Entry::Answer { path, value }),
        2 => path().prop_map(|path| Entry::AddRepeat { path }),
        1 => path().prop_map(|path| Entry::RemoveRepeat { path }),
        1 => prop::sample::select(vec!["English (en)", "Polski (pl)"]).prop_map(|l| Entry::Language(Language::new(l))),
        3 => Just(Entry::Next),
        2 => Just(Entry::Back),
        1 => path().prop_map(Entry::GoTo),
    ]
}

fn everything(session: &Session) -> String {
    let finish =
        session.finish().map_err(|problems| problems.into_iter().map(|p| p.message).collect::<Vec<_>>());
    serde_json::to_string(&(session.page(), finish, session.stop())).expect("answers serialise")
}

pub(crate) fn instrument() -> Arc<Instrument> {
    form(SURVEY, CHOICES)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Replaying the entries a draft holds gives the session that was live, in every word.
    #[test]
    fn replaying_the_journal_gives_the_live_session(entries in prop::collection::vec(entry(), 0..40)) {
        let instrument = instrument();
        let mut live = open(&instrument);
        let mut journal = Vec::new();
        for entry in &entries {
            let before = everything(&live);
            match live.apply(entry, &now()) {
                Ok(_) => journal.push(serde_json::to_string(entry).unwrap()),
                Err(_) => prop_assert_eq!(before, everything(&live), "a refused entry changes nothing"),
            }
        }
        let mut replayed = open(&instrument);
        for line in &journal {
            replayed.apply(&serde_json::from_str(line).unwrap(), &now()).unwrap();
        }
        prop_assert_eq!(everything(&live), everything(&replayed));
    }

    /// From any page, going on and back again comes to the same page; the number of pages is what a walk counts.
    #[test]
    fn next_and_back_are_inverse_and_pages_are_counted(entries in prop::collection::vec(entry(), 0..40)) {
        let mut session = open(&instrument());
        for entry in &entries {
            let _ = session.apply(entry, &now());
        }
        let here = session.page();
        prop_assert!(here.of.is_none_or(|of| here.number <= of));
        let mut on = session.clone();
        on.apply(&Entry::Next, &now()).unwrap();
        if on.page().number == here.number + 1 {
            on.apply(&Entry::Back, &now()).unwrap();
            let (there, here) = (on.page(), session.page());
            prop_assert_eq!(
                there.questions.iter().map(|q| &q.path).collect::<Vec<_>>(),
                here.questions.iter().map(|q| &q.path).collect::<Vec<_>>()
            );
        }
        let mut walk = session.clone();
        while walk.page().number > 1 {
            let before = walk.page().number;
            walk.apply(&Entry::Back, &now()).unwrap();
            prop_assert_eq!(walk.page().number, before - 1);
        }
    }
}

/// The end of a repeat without instances is a page, too: it goes when the repeat is no longer relevant.
#[test]
fn pages_are_counted_anew_when_an_empty_repeat_goes() {
    let mut live = open(&instrument());
    let of = |session: &Session| (session.page().number, session.page().of);
    for (entry, counted) in [
        (Entry::GoTo(String::new()), 6),
        (Entry::RemoveRepeat { path: "r[1]".into() }, 5),
        (Entry::Answer { path: "n".into(), value: Some(Value::Integer(0)) }, 4),
        (Entry::Answer { path: "n".into(), value: Some(Value::Integer(1)) }, 5),
    ] {
        live.apply(&entry, &now()).unwrap();
        assert_eq!(of(&live), (counted, Some(counted)));
    }
}
