//! From what a person typed or a cell holds to a value of the item's type.

use crate::expr::{calendar, geo, number};
use crate::{Item, ItemKind, Scale, Value};

/// The code of a tick.
pub(crate) const TICK: &str = "OK";

/// A text that is not an answer of the item's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an answer of type {0}")]
pub struct Unreadable(pub ItemKind);

impl Item {
    /// Reads a typed text: `007` is the integer 7, `1e3` the decimal 1000, choices are codes separated by spaces, dates
    /// and times are ISO 8601. Blank gives `None`. Codes are not looked up; the session does that.
    ///
    /// ```
    /// # use nightjar_form::*;
    /// # fn show(item: &Item) -> Result<(), Unreadable> {
    /// // For an integer question:
    /// assert_eq!(item.read(" 007 ")?, Some(Value::Integer(7)));
    /// assert_eq!(item.read("")?, None);
    /// assert!(item.read("seven").is_err());
    /// # Ok(()) }
    /// ```
    pub fn read(&self, text: &str) -> Result<Option<Value>, Unreadable> {
        self.read_as(self.kind, text).ok_or(Unreadable(self.kind))
    }

    /// The outer `None`: not of that type; the inner: blank.
    fn read_as(&self, kind: ItemKind, text: &str) -> Option<Option<Value>> {
        let trimmed = text.trim();
        if text.is_empty() || (trimmed.is_empty() && kind != ItemKind::Text) {
            return Some(None);
        }
        let value = match kind {
            ItemKind::Text | ItemKind::Hidden | ItemKind::Calculate => Some(Value::Text(text.to_owned())),
            ItemKind::Integer => integer(trimmed).map(Value::Integer),
            ItemKind::Decimal => decimal(trimmed).map(Value::Decimal),
            ItemKind::Range => decimal(trimmed).and_then(|n| self.scale.map(|scale| on_scale(scale, n))),
            ItemKind::Date => calendar::parse_date(trimmed).map(Value::Date),
            ItemKind::Time => calendar::parse_time(trimmed).map(Value::Time),
            ItemKind::DateTime => calendar::parse_date_time(trimmed).map(Value::DateTime),
            ItemKind::SelectOne => Some(Value::One(trimmed.to_owned())),
            ItemKind::Acknowledge => (trimmed == TICK).then(|| Value::One(TICK.to_owned())),
            ItemKind::SelectMultiple | ItemKind::Rank => {
                Some(Value::Many(trimmed.split_whitespace().map(str::to_owned).collect()))
            }
            ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape => {
                is_geo(kind, trimmed).then(|| Value::Text(trimmed.to_owned()))
            }
            ItemKind::Image | ItemKind::Audio | ItemKind::Video | ItemKind::File => {
                Some(Value::Text(trimmed.to_owned()))
            }
            ItemKind::Note | ItemKind::Metadata => None,
        };
        value.map(Some)
    }
}

/// Whether a text is a place, or places, as ODK writes them.
pub(crate) fn is_geo(kind: ItemKind, text: &str) -> bool {
    match kind {
        ItemKind::Geopoint => geo::place(text).is_some(),
        ItemKind::Geotrace => geo::line(text).is_some_and(|line| line.len() >= 2),
        ItemKind::Geoshape => geo::line(text).is_some_and(|line| line.len() >= 3),
        _ => false,
    }
}

fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn decimal(text: &str) -> Option<f64> {
    let plausible = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E'));
    if plausible { text.parse().ok().filter(|n: &f64| n.is_finite()) } else { None }
}

/// A number on a scale: whole where the scale is.
pub(crate) fn on_scale(scale: Scale, number: f64) -> Value {
    if scale.is_whole() { whole_or_decimal(number) } else { Value::Decimal(number) }
}

/// An integer where the number is one that an `i64` and a double both hold.
pub(crate) fn whole_or_decimal(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "compared with what it was")]
    let whole = number as i64;
    #[expect(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "below 2^53 it is the same or no whole number"
    )]
    if whole as f64 == number && number.abs() < 9_007_199_254_740_992.0 {
        Value::Integer(whole)
    } else {
        Value::Decimal(number)
    }
}

/// A text made to fit a type, blank where it does not: what calculations and dynamic defaults store.
pub(crate) fn coerced(item: &Item, kind: ItemKind, text: &str) -> Option<Value> {
    let value = item.read_as(kind, text).flatten();
    if value.is_none() && kind == ItemKind::Integer {
        // 2.7 calculated into an integer is blank, 3.0 is 3.
        return number::from_text(text).filter(|n| n.fract() == 0.0).map(whole_or_decimal);
    }
    value
}
