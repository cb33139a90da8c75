//! What the simulation reads of a page: less than is shown, and nothing in words.

use nightjar_form::{ItemKind, Missing, Value};
use serde::Deserialize;

/// A page as the line protocol gives it.
#[derive(Clone, Deserialize)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) questions: Vec<Question>,
    pub(crate) check: bool,
}

/// A question on it.
#[derive(Clone, Deserialize)]
pub(crate) struct Question {
    pub(crate) path: String,
    pub(crate) kind: ItemKind,
    #[serde(default)]
    pub(crate) choices: Vec<Choice>,
    pub(crate) scale: Option<Scale>,
    pub(crate) value: Option<Value>,
    pub(crate) required: bool,
    pub(crate) read_only: bool,
    pub(crate) problem: Option<String>,
}

/// A choice offered.
#[derive(Clone, Deserialize)]
pub(crate) struct Choice {
    pub(crate) code: String,
    pub(crate) missing: Option<Missing>,
}

/// A range's numbers.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Scale {
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) step: f64,
}

impl Page {
    /// Whether going on led nowhere.
    pub(crate) fn is_same_as(&self, other: &Page) -> bool {
        let path = |page: &Page| page.questions.first().map(|question| question.path.clone());
        self.number == other.number && self.check == other.check && path(self) == path(other)
    }
}

impl Question {
    /// The item's name: the last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether a person can answer it.
    pub(crate) fn is_open(&self) -> bool {
        self.kind.is_asked() && !self.read_only
    }
}
