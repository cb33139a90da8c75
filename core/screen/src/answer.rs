//! From the fields of a page to an answer, and what to say when it is none.

use jiff::civil::{Date, DateTime, Time};
use nightjar_form::{ItemKind, Missing, Question, Scale, Value};

use crate::posted::Posted;
use crate::texts::{Texts, filled};

/// The one tick of an acknowledgement.
const TICK: &str = "OK";
/// Most numbers of a scale that are shown as choices.
pub(crate) const SHOWN_SCALE: usize = 11;

/// What was found in the fields of a question.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// The page said nothing about it.
    Nothing,
    /// The answer that stands there; `None` for an empty field.
    Answer(Option<Value>),
    /// What stands there is no answer; in the person's language why.
    Wrong(String),
}

/// What stood in the fields of a question when its page last handed something in: what was written, and the tick that there is
/// none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stood {
    typed: Option<String>,
    ticked: Option<String>,
}

impl Stood {
    /// What stands there now.
    pub(crate) fn now(at: usize, posted: &Posted) -> Self {
        let names = ["", "d", "m", "y", "h", "i"].map(|part| posted.one(&format!("q{at}{part}")));
        let typed = names.iter().any(Option::is_some);
        let typed = typed.then(|| names.into_iter().flatten().collect::<Vec<_>>().join("\n"));
        Self { typed, ticked: posted.one(&format!("x{at}")) }
    }
}

/// The answer to the question that was drawn as number `at` of its page. `before`: what stood there when the page handed in last.
pub(crate) fn read(
    question: &Question,
    at: usize,
    posted: &Posted,
    texts: &Texts,
    before: Option<&Stood>,
) -> Found {
    let or_none = |typed: Option<String>, read: &dyn Fn(&str) -> Result<Value, String>| {
        or_none(question, at, posted, texts, before, typed, read)
    };
    let field = format!("q{at}");
    let part = |letter: char| posted.one(&format!("{field}{letter}"));
    match question.kind {
        _ if question.read_only || !question.kind.is_asked() => Found::Nothing,
        ItemKind::SelectOne => choice(question, posted.one(&field), texts),
        ItemKind::SelectMultiple => several(question, posted, &field, texts),
        ItemKind::Rank => ranked(question, posted, &field, texts),
        ItemKind::Acknowledge => match posted.one(&field).as_deref() {
            Some(TICK) => Found::Answer(Some(Value::One(TICK.to_owned()))),
            // A page that shows the box says so, since an empty box hands in nothing.
            _ if posted.one(&format!("s{at}")).is_some() => Found::Answer(None),
            _ => Found::Nothing,
        },
        ItemKind::Text | ItemKind::Integer | ItemKind::Decimal => {
            or_none(posted.one(&field), &|text| match question.kind {
                ItemKind::Text => Ok(Value::Text(text.to_owned())),
                ItemKind::Integer => {
                    text.trim().parse().map(Value::Integer).map_err(|_| texts.error_number.clone())
                }
                _ => decimal(text).map(Value::Decimal).ok_or_else(|| texts.error_decimal.clone()),
            })
        }
        ItemKind::Range => {
            let wrong = || {
                let (from, to) = question.scale.map_or_else(Default::default, |scale| ends(&scale));
                filled(&texts.error_scale, &[("from", &from), ("to", &to)])
            };
            let within = |number: &f64| {
                question.scale.is_none_or(|scale| {
                    (scale.start.min(scale.end)..=scale.start.max(scale.end)).contains(number)
                })
            };
            or_none(posted.one(&field), &|text| decimal(text).filter(within).map(on_scale).ok_or_else(wrong))
        }
        ItemKind::Date => {
            let parts = [part('d'), part('m'), part('y')];
            or_none(joined(&parts), &|_| {
                date(&parts).map(Value::Date).ok_or_else(|| texts.error_date.clone())
            })
        }
        ItemKind::Time => {
            let parts = [part('h'), part('i')];
            or_none(joined(&parts), &|_| {
                time(&parts).map(Value::Time).ok_or_else(|| texts.error_time.clone())
            })
        }
        ItemKind::DateTime => {
            let (day, hour) = ([part('d'), part('m'), part('y')], [part('h'), part('i')]);
            let all: Vec<Option<String>> = day.iter().chain(&hour).cloned().collect();
            or_none(joined(&all), &|_| {
                let day = date(&day).ok_or_else(|| texts.error_date.clone())?;
                let hour = time(&hour).ok_or_else(|| texts.error_time.clone())?;
                Ok(Value::DateTime(DateTime::from_parts(day, hour)))
            })
        }
        _ => Found::Nothing,
    }
}

/// A typed answer, or in its place a tick that says why there is none.
fn or_none(
    question: &Question,
    at: usize,
    posted: &Posted,
    texts: &Texts,
    before: Option<&Stood>,
    typed: Option<String>,
    read: &dyn Fn(&str) -> Result<Value, String>,
) -> Found {
    let ticked = posted.one(&format!("x{at}")).and_then(|code| match code.as_str() {
        "dont_know" => Some(Missing::DontKnow),
        "declined" => Some(Missing::Declined),
        _ => None,
    });
    // Of a text and a tick that stand there together that one counts which is new: since the page last handed in, else since it was drawn.
    let (text_is_new, tick_is_new) = match before {
        Some(before) => {
            let now = Stood::now(at, posted);
            (before.typed != now.typed, before.ticked != now.ticked)
        }
        None => {
            let was_ticked = matches!(question.value, Some(Value::Missing(_)));
            (question.value.is_none() || was_ticked, !was_ticked)
        }
    };
    match (typed, ticked) {
        (Some(typed), None) if typed.trim().is_empty() => Found::Answer(None),
        (Some(typed), Some(_)) if !typed.trim().is_empty() && text_is_new => match tick_is_new {
            true => Found::Wrong(texts.error_both.clone()),
            false => read(&typed).map_or_else(Found::Wrong, |value| Found::Answer(Some(value))),
        },
        // Nothing is new: what counted counts.
        (Some(typed), Some(_)) if !typed.trim().is_empty() && !tick_is_new => Found::Nothing,
        (_, Some(why)) => Found::Answer(Some(Value::Missing(why))),
        (Some(typed), None) => read(&typed).map_or_else(Found::Wrong, |value| Found::Answer(Some(value))),
        (None, None) => Found::Nothing,
    }
}

/// What is typed in several fields, to see whether there is anything; `None` when the page has none of them.
fn joined(parts: &[Option<String>]) -> Option<String> {
    parts.iter().any(Option::is_some).then(|| parts.iter().flatten().cloned().collect())
}

fn number<T: std::str::FromStr>(part: &Option<String>) -> Option<T> {
    part.as_deref()?.trim().parse().ok()
}

fn date([day, month, year]: &[Option<String>; 3]) -> Option<Date> {
    let year = number(year).filter(|year: &i16| (1900..=2999).contains(year))?;
    Date::new(year, number(month)?, number(day)?).ok()
}

fn time([hour, minute]: &[Option<String>; 2]) -> Option<Time> {
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

fn decimal(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite())
}

fn on_scale(number: f64) -> Value {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => Value::Integer(number as i64),
        false => Value::Decimal(number),
    }
}

/// The ends of a scale as they are written.
pub(crate) fn ends(scale: &Scale) -> (String, String) {
    (scale.start.to_string(), scale.end.to_string())
}

/// The numbers of a scale, where they are few enough to be shown as choices.
pub(crate) fn steps(scale: &Scale) -> Option<Vec<f64>> {
    let count = ((scale.end - scale.start) / scale.step + 1e-6).abs().floor();
    let step = scale.step.copysign(scale.end - scale.start);
    let few = count < SHOWN_SCALE as f64;
    few.then(|| {
        (0..=count as u32).map(|at| ((scale.start + step * f64::from(at)) * 1e6).round() / 1e6).collect()
    })
}

fn offers(question: &Question, code: &str) -> bool {
    question.choices.iter().any(|choice| choice.code == code)
}

fn choice(question: &Question, code: Option<String>, texts: &Texts) -> Found {
    match code {
        None => Found::Nothing,
        Some(code) if offers(question, &code) => Found::Answer(Some(Value::One(code))),
        Some(_) => Found::Wrong(texts.error_choice.clone()),
    }
}

fn several(question: &Question, posted: &Posted, field: &str, texts: &Texts) -> Found {
    let codes = posted.all(field);
    if codes.is_empty() {
        let shown = posted.one(&field.replace('q', "s")).is_some();
        return if shown { Found::Answer(None) } else { Found::Nothing };
    }
    if codes.iter().any(|code| !offers(question, code)) {
        return Found::Wrong(texts.error_choice.clone());
    }
    // In the order in which they are offered, each once.
    let chosen = question.choices.iter().filter(|choice| codes.contains(&choice.code));
    Found::Answer(Some(Value::Many(chosen.map(|choice| choice.code.clone()).collect())))
}

fn ranked(question: &Question, posted: &Posted, field: &str, texts: &Texts) -> Found {
    let places: Vec<Option<String>> =
        (0..question.choices.len()).map(|at| posted.one(&format!("{field}r{at}"))).collect();
    match joined(&places) {
        None => return Found::Nothing,
        Some(typed) if typed.trim().is_empty() => return Found::Answer(None),
        Some(_) => {}
    }
    let mut order: Vec<(usize, &str)> = Vec::new();
    for (place, choice) in places.iter().zip(&question.choices) {
        match number::<usize>(place).filter(|place| (1..=question.choices.len()).contains(place)) {
            Some(place) if order.iter().all(|(other, _)| *other != place) => {
                order.push((place, &choice.code))
            }
            _ => return Found::Wrong(texts.error_rank.clone()),
        }
    }
    order.sort_unstable();
    Found::Answer(Some(Value::Many(order.into_iter().map(|(_, code)| code.to_owned()).collect())))
}
