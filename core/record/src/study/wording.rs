//! The texts around the forms, per language.

use serde::{Deserialize, Serialize};

use super::Voice;

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

impl Information {
    /// The paragraphs for somebody of a voice.
    pub fn paragraphs_for(&self, voice: Voice) -> &[String] {
        let own = match voice {
            Voice::Carer => &self.carer,
            Voice::Staff => &self.staff,
            _ => &None,
        };
        own.as_deref().unwrap_or(&self.paragraphs)
    }
}

/// The information page: title, paragraphs, and three answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Information {
    /// Heading.
    pub title: String,
    /// Paragraphs, with the day answers can be taken out until filled in.
    pub paragraphs: Vec<String>,
    /// What is said in their place to family and friends, if anything: their care is not what saying no could touch.
    pub carer: Option<Vec<String>>,
    /// What is said in their place to people who work there, if anything.
    pub staff: Option<Vec<String>>,
    /// Goes on to the questions.
    pub yes: String,
    /// Ends for today; may be asked again.
    pub not_now: String,
    /// Ends.
    pub no: String,
}
