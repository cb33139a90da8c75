//! The expression cases in `expressions/`.

mod asked;

use std::collections::BTreeMap;
use std::fs;
use std::io;

use serde::Deserialize;

pub use asked::{Answer, NotAsked, Question};

/// A file of cases.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// What the cases of the file have in common.
    pub about: String,
    /// Documents by name, that several cases look at.
    #[serde(default)]
    pub documents: BTreeMap<String, String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// An expression and what it must come to.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// What is evaluated.
    pub expression: String,
    /// The document, by its name in the file.
    #[serde(default)]
    pub document: Option<String>,
    /// The context node, as a path of names with positions: `/data/night[2]/hours`.
    #[serde(default)]
    pub context: Option<String>,
    /// Where absolute paths begin, if not at the document: what holds the primary instance of an XForm.
    #[serde(default)]
    pub root: Option<String>,
    /// The clock, with its zone; [`NOW`] where none is given.
    #[serde(default)]
    pub now: Option<String>,
    /// The language that is shown.
    #[serde(default)]
    pub language: Option<String>,
    /// What it must come to.
    pub expected: Expected,
    /// Which rule says so.
    pub source: String,
}

/// The clock of cases that name none.
pub const NOW: &str = "2024-03-05T14:30:15.250+00:00[Europe/London]";

/// What an expression must come to. Numbers that JSON has none for are written as text.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Expected {
    /// A truth.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// The texts of nodes, in the order of the document.
    Nodes(Vec<String>),
    /// Refused or failed, in words that contain this.
    Error(String),
}

/// A number as the cases write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// Any that JSON has.
    Plain(f64),
    /// `NaN`, `Infinity`, `-Infinity`.
    Named(String),
}

impl Number {
    /// As a number.
    #[must_use]
    pub fn value(&self) -> f64 {
        match self {
            Number::Plain(value) => *value,
            Number::Named(name) => match name.as_str() {
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => f64::NAN,
            },
        }
    }

    /// Whether a value is this number, to the last digits that functions of the circle and of powers may differ in.
    #[must_use]
    pub fn is(&self, value: f64) -> bool {
        let wanted = self.value();
        wanted == value
            || (wanted.is_nan() && value.is_nan())
            || (wanted - value).abs() <= wanted.abs() * 1e-12
    }
}

/// Every file, by its name without the ending.
pub fn all() -> io::Result<BTreeMap<String, Group>> {
    let mut groups = BTreeMap::new();
    for entry in fs::read_dir(crate::own_forms::folder().join("expressions"))? {
        let path = entry?.path();
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let group = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|problem| io::Error::other(format!("{}: {problem}", path.display())))?;
        groups.insert(name, group);
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(Number::Named("NaN".into()).is(f64::NAN));
        assert!(Number::Named("-Infinity".into()).is(f64::NEG_INFINITY));
        assert!(Number::Plain(0.1).is(0.1 + 1e-17));
        assert!(!Number::Plain(0.1).is(0.2));
        assert!(!Number::Plain(0.0).is(1e-9));
    }
}
