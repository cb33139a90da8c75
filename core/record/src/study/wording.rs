//! The texts around the forms, per language.

use serde::{Deserialize, Serialize};

/// What is shown around the questions in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// Code as in the workbooks: "en", "en-x-easyread", "pl".
    pub language: String,
    /// The language's own name.
    pub name: String,
    /// Who wrote or translated it, and who has reviewed it.
    pub status: String,
    /// First-page notice that the wording is a draft; none once it has been reviewed.
    pub draft_notice: Option<String>,
    /// Shown before the first question.
    pub information: Information,
    /// Label of the button on every page.
    pub talk_button: String,
    /// Shown when it is pressed, in place of the answers.
    pub talk_message: String,
    /// Shown above every free-text box.
    pub free_text_notice: String,
    /// Shown on each page of decisions and positions.
    pub not_the_care_record: String,
}

/// The information page: title, paragraphs, and three answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Information {
    /// Heading.
    pub title: String,
    /// Paragraphs, with the day answers can be taken out until filled in.
    pub paragraphs: Vec<String>,
    /// Goes on to the questions.
    pub yes: String,
    /// Ends for today; may be asked again.
    pub not_now: String,
    /// Ends.
    pub no: String,
}
