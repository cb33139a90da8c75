//! Pages and questions as they cross to Kotlin, Swift and Python.

use crate::value::Value;

/// What is on display.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct PageView {
    /// Number of this page among the pages now relevant, from 1.
    pub number: u64,
    /// How many pages are now relevant, where that is known.
    pub of: Option<u64>,
    /// Labels of the groups around the questions; may be empty.
    pub heading: String,
    /// What to show, in order.
    pub questions: Vec<QuestionView>,
    /// At the end of a repeat that the person may extend.
    pub repeat: Option<RepeatEndView>,
    /// Whether this is the check-your-answers page.
    pub check: bool,
}

/// The page after the last instance of a repeat: one more, or go on.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct RepeatEndView {
    /// For `add_repeat`.
    pub path: String,
    /// The repeat's label.
    pub label: String,
    /// How many instances there are.
    pub count: u64,
}

/// One question or note as it is shown.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct QuestionView {
    /// For `answer`.
    pub path: String,
    /// What it asks for, such as `select_one`.
    pub kind: String,
    /// The words.
    pub label: String,
    /// The hint; may be empty.
    pub hint: String,
    /// The choices offered now.
    pub choices: Vec<ChoiceView>,
    /// The answer so far.
    pub value: Option<Value>,
    /// The answer so far in words.
    pub answer: String,
    /// Whether it must be answered before going on.
    pub required: bool,
    /// Whether it cannot be changed.
    pub read_only: bool,
    /// Why the answer cannot stand.
    pub problem: Option<String>,
    /// The form's wish for how it looks; may be empty.
    pub appearance: String,
    /// File name of a picture.
    pub image: Option<String>,
    /// File name of a recording.
    pub audio: Option<String>,
}

/// One choice as it is shown.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ChoiceView {
    /// What is stored.
    pub code: String,
    /// The words.
    pub label: String,
    /// Choosing it means that there is no answer: `declined`, `dont_know`, `not_applicable`.
    pub missing: Option<String>,
    /// File name of a picture.
    pub image: Option<String>,
}

impl From<nightjar::form::Page> for PageView {
    fn from(page: nightjar::form::Page) -> Self {
        Self {
            number: page.number as u64,
            of: page.of.map(|of| of as u64),
            heading: page.heading,
            questions: page.questions.into_iter().map(Into::into).collect(),
            repeat: page.repeat.map(Into::into),
            check: page.check,
        }
    }
}

impl From<nightjar::form::RepeatEnd> for RepeatEndView {
    fn from(end: nightjar::form::RepeatEnd) -> Self {
        Self { path: end.path, label: end.label, count: end.count as u64 }
    }
}

impl From<nightjar::form::Question> for QuestionView {
    fn from(question: nightjar::form::Question) -> Self {
        Self {
            path: question.path,
            kind: question.kind.to_string(),
            label: question.label,
            hint: question.hint,
            choices: question.choices.into_iter().map(Into::into).collect(),
            value: question.value.map(Into::into),
            answer: question.answer,
            required: question.required,
            read_only: question.read_only,
            problem: question.problem,
            appearance: question.appearance,
            image: question.image,
            audio: question.audio,
        }
    }
}

impl From<nightjar::form::ChoiceView> for ChoiceView {
    fn from(choice: nightjar::form::ChoiceView) -> Self {
        Self {
            code: choice.code,
            label: choice.label,
            missing: choice.missing.map(|missing| missing.code().to_owned()),
            image: choice.image,
        }
    }
}
