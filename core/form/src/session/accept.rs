//! Checks an answer's type, codes and bounds before it is stored.

use super::state::ScopeId;
use super::{Refusal, Session};
use crate::node::NodeId;
use crate::reading::{TICK, is_geo, on_scale};
use crate::{Attached, Item, ItemKind, Scale, Value};

/// Longest text answer, in characters.
pub(crate) const MAX_TEXT: usize = 4_000;
/// Longest line of places, in bytes.
const MAX_GEO: usize = 200_000;

impl Session {
    /// The value as it is stored, or why it is not.
    pub(crate) fn accepted(
        &self,
        scope: ScopeId,
        id: NodeId,
        item: &Item,
        path: &str,
        value: &Value,
    ) -> Result<Option<Value>, Refusal> {
        let wrong = || Refusal::WrongType { path: path.to_owned(), expected: item.kind() };
        if let Value::Missing(missing) = value {
            return match missing.is_chosen() && item.kind().is_asked() {
                true => Ok(Some(value.clone())),
                false => Err(Refusal::NotAChoice(path.to_owned())),
            };
        }
        let known = |code: &String| {
            let offered = self.offers(scope, id, code);
            if offered { Ok(()) } else { Err(Refusal::UnknownCode(path.to_owned())) }
        };
        match (item.kind(), value) {
            (ItemKind::Text | ItemKind::Hidden, Value::Text(text)) => {
                if text.chars().nth(MAX_TEXT).is_some() {
                    return Err(Refusal::TooLong { path: path.to_owned(), max: MAX_TEXT });
                }
                Ok(Some(value.clone()).filter(|_| !text.is_empty()))
            }
            (ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape, Value::Text(text)) => {
                if is_geo(item.kind(), text) && text.len() <= MAX_GEO {
                    Ok(Some(value.clone()))
                } else {
                    Err(wrong())
                }
            }
            (ItemKind::Image | ItemKind::Audio | ItemKind::Video | ItemKind::File, Value::Text(name)) => {
                // What names an attachment names one of the sort that is asked for, and nothing else begins so.
                if Attached::claims(name) {
                    let attached = name.parse::<Attached>();
                    let fits = attached.is_ok_and(|attached| attached.media.kind() == item.kind());
                    return if fits { Ok(Some(value.clone())) } else { Err(wrong()) };
                }
                let plain = !name.is_empty() && name.len() <= 255 && !name.contains(['/', '\\', '\0']);
                if plain { Ok(Some(value.clone())) } else { Err(wrong()) }
            }
            (ItemKind::Integer, Value::Integer(_))
            | (ItemKind::Date, Value::Date(_))
            | (ItemKind::Time, Value::Time(_))
            | (ItemKind::DateTime, Value::DateTime(_))
            | (ItemKind::Hidden, Value::Integer(_) | Value::Date(_)) => Ok(Some(value.clone())),
            (ItemKind::Decimal, Value::Decimal(n)) if n.is_finite() => Ok(Some(value.clone())),
            #[expect(clippy::cast_precision_loss, reason = "a decimal question holds a double")]
            (ItemKind::Decimal, Value::Integer(n)) => Ok(Some(Value::Decimal(*n as f64))),
            (ItemKind::Range, Value::Integer(_) | Value::Decimal(_)) => {
                #[expect(clippy::cast_precision_loss, reason = "a scale's numbers are small")]
                let number = match value {
                    Value::Integer(n) => *n as f64,
                    Value::Decimal(n) => *n,
                    _ => f64::NAN,
                };
                let scale = item.scale().filter(|scale| is_step(*scale, number));
                let scale = scale.ok_or_else(|| Refusal::OffScale(path.to_owned()))?;
                Ok(Some(on_scale(scale, number)))
            }
            (ItemKind::SelectOne, Value::One(code)) => {
                known(code)?;
                Ok(Some(value.clone()))
            }
            (ItemKind::SelectMultiple | ItemKind::Rank, Value::Many(codes)) => {
                codes.iter().try_for_each(known)?;
                let twice = codes.iter().enumerate().any(|(i, code)| codes[..i].contains(code));
                if twice {
                    return Err(Refusal::UnknownCode(path.to_owned()));
                }
                let mut codes = codes.clone();
                if item.kind() == ItemKind::SelectMultiple {
                    codes.sort_by_key(|code| item.choices().iter().position(|choice| choice.code() == code));
                }
                Ok(Some(Value::Many(codes)).filter(|_| !matches!(value, Value::Many(c) if c.is_empty())))
            }
            (ItemKind::Acknowledge, Value::One(code)) => {
                if code == TICK {
                    Ok(Some(value.clone()))
                } else {
                    Err(Refusal::UnknownCode(path.to_owned()))
                }
            }
            (ItemKind::Note | ItemKind::Calculate | ItemKind::Metadata, _) => {
                Err(Refusal::NotAQuestion(path.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

fn is_step(scale: Scale, number: f64) -> bool {
    let (low, high) = (scale.start.min(scale.end), scale.start.max(scale.end));
    let steps = (number - scale.start) / scale.step;
    number.is_finite() && low <= number && number <= high && (steps - steps.round()).abs() < 1e-6
}
