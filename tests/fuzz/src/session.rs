//! Somebody answering one of our own forms. Whatever is done, replaying the journal gives the same session.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use arbitrary::Arbitrary;
use include_dir::{Dir, include_dir};
use nightjar_form::{Attachments, Entry, Instrument, ItemKind, Opening, Question, Session, Value};

use crate::now;

static FORMS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../conformance/forms");
/// Entries of one sitting.
const MOST: usize = 60;

/// Which form, and what is done to it.
#[derive(Debug, Arbitrary)]
pub struct Sitting {
    form: u8,
    seed: u64,
    acts: Vec<Act>,
}

/// What a person, or a program that goes wrong, does next.
#[derive(Debug, Arbitrary)]
enum Act {
    /// Answers a question of the page with something of its kind.
    Fitting { question: u8, pick: u8 },
    /// Answers it with something else.
    Text { question: u8, text: String },
    Number { question: u8, number: f64 },
    Codes { question: u8, picks: Vec<u8> },
    Clear { question: u8 },
    Next,
    Back,
    Add,
    Remove { instance: u8 },
    Language(u8),
    GoTo(String),
    ToCheck,
}

/// Answers, then replays what was entered, and holds the two to be the same.
pub fn answer(sitting: &Sitting) {
    let Some(instrument) = instrument(sitting.form) else { return };
    let open = || {
        let opening = Opening { language: None, now: now().clone(), seed: sitting.seed };
        Session::open(instrument.clone(), opening).ok()
    };
    let Some(mut session) = open() else { return };
    let mut journal = Vec::new();
    for act in sitting.acts.iter().take(MOST) {
        let Some(entry) = entry(act, &session) else { continue };
        if session.apply(&entry, now()).is_ok() {
            journal.push(entry);
        }
    }
    // The journal is what a vault keeps, so it goes through what is written there.
    let saved = serde_json::to_string(&journal).expect("a journal is written");
    let journal: Vec<Entry> = serde_json::from_str(&saved).expect("a journal is read");
    let mut replayed = open().expect("what opened once opens again");
    for entry in &journal {
        replayed.apply(entry, now()).expect("what was taken once is taken again");
    }
    assert_eq!(everything(&replayed), everything(&session), "a draft is its journal");
}

fn everything(session: &Session) -> String {
    let problems = |problems: Vec<nightjar_form::Problem>| format!("{problems:?}");
    let finish = session.finish().map_err(problems);
    serde_json::to_string(&(session.page(), finish, session.stop())).expect("answers are written")
}

/// The form of a number. Each is read once.
fn instrument(number: u8) -> Option<Arc<Instrument>> {
    thread_local!(static READ: RefCell<BTreeMap<usize, Option<Arc<Instrument>>>> = RefCell::default());
    let at = usize::from(number) % FORMS.files().count().max(1);
    READ.with_borrow_mut(|read| read.entry(at).or_insert_with(|| own_form(at)).clone())
}

fn own_form(at: usize) -> Option<Arc<Instrument>> {
    let file = FORMS.files().nth(at)?;
    Instrument::read("form.md", file.contents(), &Attachments::default()).ok().map(Arc::new)
}

fn entry(act: &Act, session: &Session) -> Option<Entry> {
    let page = session.page();
    let question = |at: &u8| page.questions.get(usize::from(*at) % page.questions.len().max(1));
    let given = |at: &u8, value: Option<Value>| Some(Entry::Answer { path: question(at)?.path.clone(), value });
    match act {
        Act::Fitting { question: at, pick } => given(at, fitting(question(at)?, *pick)),
        Act::Text { question: at, text } => given(at, Some(Value::Text(text.clone()))),
        Act::Number { question: at, number } if number.fract() == 0.0 && number.abs() < 1e15 => {
            given(at, Some(Value::Integer(*number as i64)))
        }
        Act::Number { question: at, number } => given(at, Some(Value::Decimal(*number))),
        Act::Codes { question: at, picks } => {
            let choices = &question(at)?.choices;
            let codes = picks.iter().filter_map(|pick| choices.get(usize::from(*pick) % choices.len().max(1)));
            given(at, Some(Value::Many(codes.map(|choice| choice.code.clone()).collect())))
        }
        Act::Clear { question: at } => given(at, None),
        Act::Next => Some(Entry::Next),
        Act::Back => Some(Entry::Back),
        Act::Add => page.repeat.map(|repeat| Entry::AddRepeat { path: repeat.path }),
        Act::Remove { instance } => {
            let repeat = page.repeat?;
            let path = format!("{}[{}]", repeat.path, usize::from(*instance) % (repeat.count + 2));
            Some(Entry::RemoveRepeat { path })
        }
        Act::Language(at) => {
            let languages = session.instrument().languages();
            languages.get(usize::from(*at) % languages.len().max(1)).cloned().map(Entry::Language)
        }
        Act::GoTo(path) => Some(Entry::GoTo(path.clone())),
        Act::ToCheck => Some(Entry::GoTo(String::new())),
    }
}

/// An answer of the question's kind.
fn fitting(question: &Question, pick: u8) -> Option<Value> {
    let pick_from = |count: usize| usize::from(pick) % count.max(1);
    let codes = || question.choices.iter().map(|choice| choice.code.clone());
    let date = ["1969-12-31", "2000-02-29", "2024-03-05"][pick_from(3)];
    let time = ["00:00", "06:30", "23:59:59"][pick_from(3)];
    match question.kind {
        ItemKind::Text => Some(Value::Text(format!("word {pick}"))),
        ItemKind::Integer => Some(Value::Integer(i64::from(pick) - 20)),
        ItemKind::Decimal => Some(Value::Decimal(f64::from(pick) / 4.0)),
        ItemKind::Range => {
            let scale = question.scale.as_ref()?;
            Some(Value::Decimal(scale.start + scale.step * f64::from(pick % 8)))
        }
        ItemKind::Date => date.parse().ok().map(Value::Date),
        ItemKind::Time => time.parse().ok().map(Value::Time),
        ItemKind::DateTime => format!("{date}T{time}").parse().ok().map(Value::DateTime),
        ItemKind::SelectOne | ItemKind::Acknowledge => codes().nth(pick_from(question.choices.len())).map(Value::One),
        ItemKind::SelectMultiple => Some(Value::Many(codes().skip(pick_from(question.choices.len())).collect())),
        ItemKind::Rank => {
            let mut codes: Vec<_> = codes().collect();
            codes.rotate_left(pick_from(question.choices.len()));
            Some(Value::Many(codes))
        }
        _ => None,
    }
}
