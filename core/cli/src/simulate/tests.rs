//! The simulation against the real study and the real session engine, without processes or vaults.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Zoned;
use nightjar_form::{Answers, Entry, Language, Opening, Session, Value};

use super::{CANARY, Manner, Page, Sitting, Visit, Visits, walk};
use crate::trouble::Trouble;

/// A session that keeps what it was left with.
struct Bare {
    session: Session,
    now: Zoned,
    left: Option<Answers>,
}

impl Bare {
    fn apply(&mut self, entry: &Entry) -> Vec<String> {
        let outcome = self.session.apply(entry, &self.now).unwrap();
        outcome.problems.into_iter().map(|problem| problem.path).collect()
    }
}

impl Sitting for Bare {
    fn page(&mut self) -> Result<Page, Trouble> {
        Ok(serde_json::from_value(serde_json::to_value(self.session.page()).unwrap()).unwrap())
    }

    fn answer(&mut self, path: &str, value: Option<&Value>) -> Result<Vec<String>, Trouble> {
        Ok(self.apply(&Entry::Answer { path: path.to_owned(), value: value.cloned() }))
    }

    fn next(&mut self) -> Result<Page, Trouble> {
        self.apply(&Entry::Next);
        self.page()
    }

    fn end(&mut self, how: Manner) -> Result<Option<String>, Trouble> {
        self.left = match how {
            Manner::Finish => Some(self.session.finish().unwrap()),
            Manner::StopKeeping => Some(self.session.stop()),
            Manner::ThrowAway => None,
        };
        Ok(self.left.as_ref().map(|_| "a record".into()))
    }
}

fn plan(seed: u64, responses: u64) -> Visits {
    Visits::plan(&crate::pack::load(None).unwrap(), seed, responses, 3).unwrap()
}

/// The answers of every visit, with nothing that a session makes up for itself.
fn answered(seed: u64, responses: u64, session_seed: u64) -> Vec<(Visit, Option<Answers>)> {
    let pack = crate::pack::load(None).unwrap();
    let mut visits = plan(seed, responses);
    let mut answered = Vec::new();
    while let Some(visit) = visits.next() {
        let form = Arc::clone(pack.instrument(&visit.form_id).unwrap());
        let language = visit.language.as_deref().map(Language::new);
        let opening = Opening { language, now: visit.at.clone(), seed: session_seed };
        let session = Session::open(form, opening).unwrap();
        let mut sitting = Bare { session, now: visit.at.clone(), left: None };
        let mut numbers = visits.answers_of(&visit);
        walk(&mut sitting, &visit, visits.habits(), &mut numbers).unwrap();
        answered.push((visit, sitting.left));
    }
    answered
}

#[test]
fn everybody_finds_a_way_through_every_form() {
    let answered = answered(1, 400, 0);
    assert!((360..=440).contains(&answered.len()), "about as many as asked for, not {}", answered.len());
    let forms: BTreeSet<_> = answered.iter().map(|(visit, _)| visit.form_id.clone()).collect();
    let asked: BTreeSet<_> = super::Habits::read().unwrap().shares.into_keys().collect();
    assert_eq!(forms, asked);
}

/// What an encounter's record holds for an item, as text.
fn held(left: &Option<Answers>, item: &str) -> Option<String> {
    let pack = crate::pack::load(None).unwrap();
    let form = pack.instrument("encounter").unwrap();
    let item = form.items().iter().find(|asked| asked.name() == item).unwrap();
    left.as_ref()?.get(item.key()).map(Value::to_text)
}

#[test]
fn a_question_that_an_answer_adds_to_its_page_is_answered() {
    let answered = answered(4, 200, 0);
    let noes: Vec<_> = (answered.iter())
        .filter(|(visit, left)| {
            visit.form_id == "encounter" && held(left, "outcome").as_deref() == Some("no")
        })
        .collect();
    assert!(!noes.is_empty());
    for (_, left) in noes {
        assert!(held(left, "asked_by").is_some() && held(left, "reason").is_some(), "{left:?}");
    }
}

#[test]
fn nobody_answers_without_a_yes_having_been_written_down() {
    let mut open = std::collections::BTreeMap::<_, i64>::new();
    let (mut offers, mut responses) = (0, 0);
    for (visit, left) in answered(6, 300, 0) {
        let about = match visit.form_id.as_str() {
            "encounter" if held(&left, "outcome").as_deref() == Some("yes") => {
                offers += 1;
                *open.entry((visit.ward, held(&left, "respondent").unwrap())).or_default() += 1;
                continue;
            }
            "patient-core" => "patient",
            "carer" | "staff" => &visit.form_id,
            _ => continue,
        };
        responses += 1;
        let yes = open.entry((visit.ward, about.to_owned())).or_default();
        *yes -= 1;
        assert!(*yes >= 0, "{about}");
    }
    assert!(responses > 50 && offers >= responses, "{offers} {responses}");
}

#[test]
fn the_seed_alone_decides_what_is_said() {
    let said = |seed, session_seed| -> Vec<_> {
        answered(seed, 60, session_seed).into_iter().map(|(visit, left)| (visit.stream, left)).collect()
    };
    assert_eq!(said(7, 1), said(7, 2));
    assert_ne!(said(7, 1), said(8, 1));
}

#[test]
fn visits_come_in_the_order_of_time_and_respondents_are_asked_in_the_ask_window() {
    let pack = crate::pack::load(None).unwrap();
    let mut before: Option<Zoned> = None;
    for visit in plan(3, 500) {
        assert!(before.is_none_or(|before| before <= visit.at));
        assert!(visit.diligent || pack.study().in_ask_window(visit.at.time()), "{}", visit.at);
        let phase = pack.study().phase_at(&visit.ward, visit.at.date());
        assert!(visit.diligent || phase.is_some_and(|phase| phase.counts()), "{} {}", visit.ward, visit.at);
        before = Some(visit.at);
    }
}

#[test]
fn what_exists_once_is_written_down_once() {
    let pack = crate::pack::load(None).unwrap();
    let mut seen = BTreeSet::new();
    for visit in plan(5, 3_000) {
        let form = pack.study().instrument(&visit.form_id).unwrap();
        if form.kind.code() == "fact" {
            let given: Vec<_> =
                visit.given.iter().map(|(item, value)| (item.clone(), value.to_text())).collect();
            assert!(
                seen.insert((visit.form_id.clone(), visit.ward.clone(), given)),
                "{} twice",
                visit.form_id
            );
        }
    }
    assert!(seen.len() > 100);
}

#[test]
fn the_canary_is_said_once_and_not_for_quoting() {
    let answered = answered(2, 60, 0);
    let canary = Value::Text(CANARY.into());
    let said: Vec<_> = (answered.iter())
        .filter(|(_, left)| left.iter().any(|left| left.cells.iter().any(|(_, value)| *value == canary)))
        .collect();
    let [(visit, _)] = said.as_slice() else { panic!("{} people said it", said.len()) };
    let quote = visit.given.iter().find(|(item, _)| item.ends_with("_quote"));
    assert_eq!(quote.map(|(_, value)| value), Some(&Value::One("no".into())));
}
