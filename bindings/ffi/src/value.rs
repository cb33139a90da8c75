//! Answers as they cross to Kotlin, Swift and Python.

use nightjar::form;

use crate::failure::Failure;

/// One answer. Dates and times are ISO 8601 texts without an offset, as the person's clock shows them.
#[derive(Clone, PartialEq, uniffi::Enum)]
pub enum Value {
    /// Free text.
    Text {
        /// The text; never empty.
        text: String,
    },
    /// A whole number.
    Integer {
        /// The number.
        number: i64,
    },
    /// A finite number.
    Decimal {
        /// The number.
        number: f64,
    },
    /// A calendar date, `2026-01-31`.
    Date {
        /// The date.
        date: String,
    },
    /// A local time of day, `07:30:00`.
    Time {
        /// The time.
        time: String,
    },
    /// A local date and time, `2026-01-31T07:30:00`.
    DateTime {
        /// The moment as the clock shows it.
        moment: String,
    },
    /// One choice.
    One {
        /// Its code.
        code: String,
    },
    /// Several choices, or several in an order.
    Many {
        /// Their codes.
        codes: Vec<String>,
    },
    /// No answer, and why.
    Missing {
        /// `declined`, `dont_know` or `not_applicable` where a person says so; others are observed.
        reason: String,
    },
}

impl From<form::Value> for Value {
    fn from(value: form::Value) -> Self {
        match value {
            form::Value::Text(text) => Self::Text { text },
            form::Value::Integer(number) => Self::Integer { number },
            form::Value::Decimal(number) => Self::Decimal { number },
            form::Value::Date(date) => Self::Date { date: date.to_string() },
            form::Value::Time(time) => Self::Time { time: time.to_string() },
            form::Value::DateTime(moment) => Self::DateTime { moment: moment.to_string() },
            form::Value::One(code) => Self::One { code },
            form::Value::Many(codes) => Self::Many { codes },
            form::Value::Missing(reason) => Self::Missing { reason: reason.code().to_owned() },
        }
    }
}

impl TryFrom<Value> for form::Value {
    type Error = Failure;

    fn try_from(value: Value) -> Result<Self, Failure> {
        let unreadable = |what: &str| Failure::Invalid { reason: format!("this is not {what}") };
        Ok(match value {
            Value::Text { text } => Self::Text(text),
            Value::Integer { number } => Self::Integer(number),
            Value::Decimal { number } if number.is_finite() => Self::Decimal(number),
            Value::Decimal { .. } => return Err(unreadable("a finite number")),
            Value::Date { date } => Self::Date(date.parse().map_err(|_| unreadable("a date"))?),
            Value::Time { time } => Self::Time(time.parse().map_err(|_| unreadable("a time"))?),
            Value::DateTime { moment } => {
                Self::DateTime(moment.parse().map_err(|_| unreadable("a date and time"))?)
            }
            Value::One { code } => Self::One(code),
            Value::Many { codes } => Self::Many(codes),
            Value::Missing { reason } => Self::Missing(
                form::Missing::from_code(&reason).ok_or_else(|| unreadable("a reason for no answer"))?,
            ),
        })
    }
}
