//! One simulated answer to one question.

use jiff::civil::{DateTime, Time};
use nightjar_form::{ItemKind, Value};
use rand::{Rng, RngExt};

use super::habits::Habits;
use super::question::{Choice, Question, Scale};
use super::visit::Visit;

/// What the person says; `None` passes the question by. `attempt` counts answers the form refused: each makes a
/// smaller number or another choice.
pub(super) fn draw(
    question: &Question,
    visit: &Visit,
    habits: &Habits,
    attempt: u32,
    numbers: &mut impl Rng,
) -> Option<Value> {
    let name = question.name();
    if let Some(given) = visit.given.get(name) {
        return Some(given.clone());
    }
    // The choice is drawn even when it is not used, so that a question made optional shifts no other answer.
    let skipped = numbers.random_bool(habits.skips);
    if skipped && !question.required && !visit.diligent {
        return None;
    }
    match question.kind {
        ItemKind::Text => text(question, visit, habits, numbers),
        ItemKind::Integer => {
            Some(Value::Integer(number(name, visit, habits, attempt, numbers).round() as i64))
        }
        ItemKind::Decimal => Some(Value::Decimal(number(name, visit, habits, attempt, numbers))),
        ItemKind::Date => Some(Value::Date(date(name, visit))),
        ItemKind::Time => Some(Value::Time(time(numbers))),
        ItemKind::DateTime => Some(Value::DateTime(DateTime::from_parts(visit.at.date(), time(numbers)))),
        ItemKind::SelectOne => one(question, visit, habits, numbers).map(Value::One),
        ItemKind::SelectMultiple => many(question, visit, habits, numbers),
        ItemKind::Rank => Some(Value::Many(sorted(question).map(|choice| choice.code.clone()).collect())),
        ItemKind::Range => question.scale.map(|scale| on_scale(scale, numbers)),
        ItemKind::Acknowledge => Some(Value::One("OK".into())),
        // Not asked, or not to be made up: places, pictures and recordings.
        _ => None,
    }
}

/// By code: a form that shuffles its choices must not shuffle the answers.
fn sorted(question: &Question) -> impl Iterator<Item = &Choice> {
    let mut choices: Vec<&Choice> = question.choices.iter().collect();
    choices.sort_by(|a, b| a.code.cmp(&b.code));
    choices.into_iter()
}

fn one(question: &Question, visit: &Visit, habits: &Habits, numbers: &mut impl Rng) -> Option<String> {
    let name = question.name();
    let wants_none = numbers.random_bool(habits.missing) && !visit.diligent;
    let (absent, present): (Vec<_>, Vec<_>) = sorted(question).partition(|choice| choice.missing.is_some());
    let offered = if (wants_none && !absent.is_empty()) || present.is_empty() { absent } else { present };
    let weights: Vec<f64> =
        offered.iter().map(|choice| habits.weight(name, &choice.code, visit.after)).collect();
    weighted(&weights, numbers).map(|at| offered[at].code.clone())
}

fn many(question: &Question, visit: &Visit, habits: &Habits, numbers: &mut impl Rng) -> Option<Value> {
    let name = question.name();
    let (absent, present): (Vec<_>, Vec<_>) = sorted(question).partition(|choice| choice.missing.is_some());
    let wants_none = numbers.random_bool(habits.missing) && !visit.diligent;
    if wants_none && !absent.is_empty() {
        return Some(Value::Many(vec![absent[0].code.clone()]));
    }
    // In the order of the list, as the session keeps them.
    let mut taken = Vec::new();
    for choice in present {
        let weight = habits.weight(name, &choice.code, visit.after);
        if numbers.random_bool((weight * 0.25).clamp(0.0, 0.95)) && !is_exclusive(&choice.code) {
            taken.push(choice.code.clone());
        }
    }
    let in_order = |taken: &[String]| {
        let kept = question.choices.iter().filter(|choice| taken.contains(&choice.code));
        kept.map(|choice| choice.code.clone()).collect::<Vec<_>>()
    };
    match taken.is_empty() {
        false => Some(Value::Many(in_order(&taken))),
        true => question.choices.iter().find(|choice| choice.missing.is_none()).map(|choice| {
            let nothing = question.choices.iter().find(|choice| is_exclusive(&choice.code));
            Value::Many(vec![nothing.unwrap_or(choice).code.clone()])
        }),
    }
}

/// "Nothing", "none of these": taken alone.
fn is_exclusive(code: &str) -> bool {
    matches!(code, "none" | "nothing" | "no_one" | "nobody" | "does_not_happen" | "doesnt_happen")
}

fn weighted(weights: &[f64], numbers: &mut impl Rng) -> Option<usize> {
    let total: f64 = weights.iter().sum();
    let mut left = numbers.random_range(0.0..1.0) * total;
    let found = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    found.or(weights.len().checked_sub(1))
}

fn number(name: &str, visit: &Visit, habits: &Habits, attempt: u32, numbers: &mut impl Rng) -> f64 {
    let (low, high) = habits.range(name, visit.after, visit.beds).unwrap_or((0.0, 7.0));
    let high = low + ((high - low) / f64::from(1 << attempt.min(20))).floor();
    let low = if attempt > 4 { 0.0 } else { low };
    numbers.random_range(low..=high.max(low)).round()
}

fn on_scale(scale: Scale, numbers: &mut impl Rng) -> Value {
    let steps = ((scale.end - scale.start) / scale.step).abs().floor().min(1e6) as u32;
    let direction = if scale.end < scale.start { -1.0 } else { 1.0 };
    let value = scale.start + direction * scale.step * f64::from(numbers.random_range(0..=steps));
    if value.fract() == 0.0 { Value::Integer(value as i64) } else { Value::Decimal(value) }
}

fn text(question: &Question, visit: &Visit, habits: &Habits, numbers: &mut impl Rng) -> Option<Value> {
    // Most people leave most boxes empty.
    let left_empty = numbers.random_bool(0.6);
    if left_empty && !visit.diligent && !question.required {
        return None;
    }
    let sentences = habits.sentences(question.name(), visit.after)?;
    let at = numbers.random_range(0..sentences.len().max(1));
    sentences.get(at).map(|sentence| Value::Text(sentence.clone()))
}

/// The day of the visit; a review is a week later.
fn date(name: &str, visit: &Visit) -> jiff::civil::Date {
    let ahead = if name.contains("review") { 7 } else { 0 };
    visit.at.date().saturating_add(jiff::Span::new().days(ahead))
}

fn time(numbers: &mut impl Rng) -> Time {
    let minute = numbers.random_range(0..24 * 12) * 5;
    Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).unwrap_or_default()
}
