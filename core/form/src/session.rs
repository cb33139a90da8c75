//! One person answering an instrument.

mod answers;
mod entry;
mod page;
mod refusal;

use std::sync::Arc;

use jiff::Zoned;

pub use answers::{Answers, Instance};
pub use entry::Entry;
pub use page::{Cause, ChoiceView, Page, Problem, Question, RepeatEnd};
pub use refusal::Refusal;

use crate::{Instrument, Language, Value};

/// What a session starts from.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The language to start in; `None` for the instrument's default.
    pub language: Option<Language>,
    /// The clock at opening, in the ward's time zone.
    pub now: Zoned,
    /// Fixes `random()`, `uuid()` and the keys of repeat instances. Take a fresh random one for each response.
    pub seed: u64,
}

/// What an entry did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Paths of the questions whose value or relevance changed, in document order.
    pub changed: Vec<String>,
    /// What is wrong with the answer given, or keeps `Next` on the page.
    pub problems: Vec<Problem>,
}

/// One person answering one instrument: pure, a function of its opening and its entries.
#[derive(Debug, Clone)]
pub struct Session {
    instrument: Arc<Instrument>,
    language: Language,
}

impl Session {
    /// Opens a session: static and dynamic defaults are set, everything is calculated, the first page is on display.
    pub fn open(instrument: Arc<Instrument>, opening: Opening) -> Result<Session, Refusal> {
        let language = opening.language.unwrap_or_else(|| instrument.default_language().clone());
        Ok(Session { instrument, language })
    }

    /// Takes one entry. Refused entries change nothing.
    pub fn apply(&mut self, entry: &Entry, now: &Zoned) -> Result<Outcome, Refusal> {
        let _ = (entry, now);
        Ok(Outcome::default())
    }

    /// What is on display.
    #[must_use]
    pub fn page(&self) -> Page {
        Page { number: 1, of: None, heading: String::new(), questions: vec![], repeat: None, check: true }
    }

    /// The instrument.
    #[must_use]
    pub fn instrument(&self) -> &Arc<Instrument> {
        &self.instrument
    }

    /// The language on display.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// The value now at a path, whether relevant or not.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Value> {
        let _ = path;
        None
    }

    /// The whole response, or everything that blocks it.
    pub fn finish(&self) -> Result<Answers, Vec<Problem>> {
        Ok(Answers::default())
    }

    /// Keeps what is there when the person stops: nothing blocks.
    #[must_use]
    pub fn stop(&self) -> Answers {
        Answers::default()
    }
}
