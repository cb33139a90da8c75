//! What is on display: a page of questions in the person's language.

use std::fmt;

use serde::Serialize;

use crate::{ItemKey, ItemKind, Missing, Scale, Value};

/// One page: one question, a field-list group, the end of a repeat, or the check-your-answers page.
/// `Debug` says which page it is: headings may repeat answers.
#[derive(Clone, PartialEq, Serialize)]
pub struct Page {
    /// Number of this page among the pages now relevant, from 1.
    pub number: usize,
    /// How many pages are now relevant, the check page included. Changes as answers change what is asked.
    pub of: Option<usize>,
    /// Labels of the groups and repeat instances around the questions, outermost first, joined by ` · `; may be empty.
    pub heading: String,
    /// What to show, in order. On the check page: every relevant question of the form.
    pub questions: Vec<Question>,
    /// At the end of a repeat that the person may extend.
    pub repeat: Option<RepeatEnd>,
    /// Whether this is the check-your-answers page. `Next` does nothing here.
    pub check: bool,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .field("of", &self.of)
            .field("questions", &self.questions)
            .field("repeat", &self.repeat)
            .field("check", &self.check)
            .finish_non_exhaustive()
    }
}

/// The page after the last instance of a repeat: one more, or go on. `Debug` leaves out its label.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct RepeatEnd {
    /// For [`Entry::AddRepeat`](crate::Entry::AddRepeat).
    pub path: String,
    /// The repeat's label.
    pub label: String,
    /// How many instances there are.
    pub count: usize,
}

impl fmt::Debug for RepeatEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RepeatEnd")
            .field("path", &self.path)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// One question or note as it is shown. `Debug` names place and kind only.
#[derive(Clone, PartialEq, Serialize)]
pub struct Question {
    /// For [`Entry::Answer`](crate::Entry::Answer).
    pub path: String,
    /// The item.
    pub item: ItemKey,
    /// What it asks for.
    pub kind: ItemKind,
    /// The words, with `${name}` replaced.
    pub label: String,
    /// The hint, with `${name}` replaced; may be empty.
    pub hint: String,
    /// Guidance for the person who asks, not for the one who answers; may be empty.
    pub guidance: String,
    /// The choices offered now.
    pub choices: Vec<ChoiceView>,
    /// Start, end and step of a range.
    pub scale: Option<Scale>,
    /// The answer so far.
    pub value: Option<Value>,
    /// The answer so far in words: choice labels, else as [`Value::to_text`]; empty without an answer.
    pub answer: String,
    /// Whether it must be answered before going on.
    pub required: bool,
    /// Whether it cannot be changed.
    pub read_only: bool,
    /// Why the answer cannot stand, in the person's language.
    pub problem: Option<String>,
    /// The appearance column; may be empty.
    pub appearance: String,
    /// File name of a picture.
    pub image: Option<String>,
    /// File name of a recording.
    pub audio: Option<String>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("path", &self.path).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// One choice as it is shown. `Debug` shows nothing of it: choices may be made of answers.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ChoiceView {
    /// What is stored.
    pub code: String,
    /// The words.
    pub label: String,
    /// Choosing it means that there is no answer, and why.
    pub missing: Option<Missing>,
    /// File name of a picture.
    pub image: Option<String>,
}

impl fmt::Debug for ChoiceView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChoiceView").field("missing", &self.missing).finish_non_exhaustive()
    }
}

/// Why a page cannot be left or a response finished. `Debug` names place and cause only.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The question.
    pub path: String,
    /// The cause.
    pub cause: Cause,
    /// The form's message in the person's language, or a plain English one where the form has none.
    pub message: String,
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("path", &self.path)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

/// The cause of a [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The question is required and has no answer.
    Required,
    /// The answer breaks the form's constraint.
    Constraint,
    /// "Don't know", "rather not say" or the like is chosen together with something else.
    Exclusive,
}
