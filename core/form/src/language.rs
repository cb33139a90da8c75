//! A language of an instrument, named as the workbook names it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language as the workbook writes it, for example `English (en)` or `Easy read (en-x-easyread)`.
///
/// Easy read is a language like any other: same questions, same codes, other words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// The language of a workbook that names none (`label` without `::Language`).
    pub const UNNAMED: &'static str = "default";

    /// Takes the name as written; surrounding space is dropped.
    #[must_use]
    pub fn new(name: &str) -> Language {
        Language(name.trim().to_owned())
    }

    /// The whole name as written: `English (en)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The BCP 47 code in the trailing parentheses (`en`); the name itself when there are none, and `und`
    /// (undetermined) for [`Language::UNNAMED`].
    #[must_use]
    pub fn code(&self) -> &str {
        if self.0 == Language::UNNAMED {
            return "und";
        }
        match (self.0.rfind('('), self.0.strip_suffix(')')) {
            (Some(open), Some(inner)) if open < inner.len() => inner[open + 1..].trim(),
            _ => &self.0,
        }
    }

    /// The name without its code: `English`.
    #[must_use]
    pub fn words(&self) -> &str {
        match self.0.rfind('(') {
            Some(open) if open > 0 && self.0.ends_with(')') => self.0[..open].trim(),
            _ => &self.0,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
