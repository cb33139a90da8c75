//! What an answer holds: a value, or the reason why there is none.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

/// Why a question has no answer. Never guessed: each is a fact about what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The person said that they would rather not say.
    Declined,
    /// The person said that they do not know.
    DontKnow,
    /// The person said that the question does not apply to them. (A question that the form itself skips is absent.)
    NotApplicable,
    /// The question was shown and passed by without an answer.
    NotAnswered,
    /// The question was never shown.
    NotReached,
    /// The question was on display when the person stopped.
    Stopped,
}

impl Missing {
    /// All kinds, in the order of the codebook.
    pub const ALL: [Missing; 6] = [
        Missing::Declined,
        Missing::DontKnow,
        Missing::NotApplicable,
        Missing::NotAnswered,
        Missing::NotReached,
        Missing::Stopped,
    ];

    /// The code in workbooks, exports and codebooks: `declined`, `dont_know`, `not_applicable`, `not_answered`,
    /// `not_reached`, `stopped`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Missing::Declined => "declined",
            Missing::DontKnow => "dont_know",
            Missing::NotApplicable => "not_applicable",
            Missing::NotAnswered => "not_answered",
            Missing::NotReached => "not_reached",
            Missing::Stopped => "stopped",
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Missing> {
        Missing::ALL.into_iter().find(|m| m.code() == code)
    }

    /// Whether a person can choose it; the others are what the session observed.
    #[must_use]
    pub fn is_chosen(self) -> bool {
        matches!(self, Missing::Declined | Missing::DontKnow | Missing::NotApplicable)
    }
}

/// One answer. `Debug` names the kind only: an answer never reaches a log.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// Free text; never empty.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Decimal(f64),
    /// A calendar date.
    Date(Date),
    /// A local time of day.
    Time(Time),
    /// A local date and time as the person's clock shows it; no offset is kept.
    DateTime(DateTime),
    /// The code of the one choice taken.
    One(String),
    /// The codes of the choices taken, in the order of the choice list (in the order given when ranking); never empty.
    Many(Vec<String>),
    /// There is no value, and this is why.
    Missing(Missing),
}

impl Value {
    /// The value as an expression reads it and as a table prints it: codes, ISO 8601 dates, numbers without exponent,
    /// choices separated by a space. A missing value is empty.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Value::Text(text) | Value::One(text) => text.clone(),
            Value::Integer(n) => n.to_string(),
            Value::Decimal(n) => crate::expr::number::to_text(*n),
            Value::Date(date) => date.to_string(),
            Value::Time(time) => time.to_string(),
            Value::DateTime(at) => at.to_string(),
            Value::Many(codes) => codes.join(" "),
            Value::Missing(_) => String::new(),
        }
    }

    /// The reason, if there is no value.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        match self {
            Value::Missing(missing) => Some(*missing),
            _ => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Value::Text(_) => "Text(…)",
            Value::Integer(_) => "Integer(…)",
            Value::Decimal(_) => "Decimal(…)",
            Value::Date(_) => "Date(…)",
            Value::Time(_) => "Time(…)",
            Value::DateTime(_) => "DateTime(…)",
            Value::One(_) => "One(…)",
            Value::Many(_) => "Many(…)",
            Value::Missing(missing) => return write!(f, "Missing({missing:?})"),
        })
    }
}
