//! One person answering one form.

use std::sync::Arc;

use crate::failure::Failure;
use crate::page::PageView;
use crate::value::Value;
use crate::view::{FinishedView, OutcomeView, StaysView};

/// One person answering one form. Every answer is on disk when its call returns.
#[derive(uniffi::Object)]
pub struct Sitting(nightjar::Sitting);

impl From<nightjar::Sitting> for Sitting {
    fn from(sitting: nightjar::Sitting) -> Self {
        Self(sitting)
    }
}

impl Sitting {
    pub(crate) fn shared(sitting: nightjar::Sitting) -> Arc<Self> {
        Arc::new(sitting.into())
    }
}

#[uniffi::export]
impl Sitting {
    /// What `resume` takes if the app is killed.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.id()
    }

    /// What is on display.
    ///
    /// # Errors
    /// `Closed` once it was finished, thrown away or handed over.
    pub fn page(&self) -> Result<PageView, Failure> {
        Ok(self.0.page()?.into())
    }

    /// What was answered in an earlier version of the form and does not stand in this one.
    ///
    /// # Errors
    /// `Closed` once it was finished or thrown away.
    pub fn stays(&self) -> Result<Vec<StaysView>, Failure> {
        Ok(self.0.stays()?.into_iter().map(Into::into).collect())
    }

    /// Words that open this form again on this tablet after it was handed over, and nothing else does. Given once.
    ///
    /// # Errors
    /// `Closed` once it was finished or thrown away.
    pub fn take_words(&self) -> Result<String, Failure> {
        Ok(self.0.take_words()?)
    }

    /// Takes back what an earlier version asked: it is no part of what is handed in.
    ///
    /// # Errors
    /// `Invalid` when nothing is kept there.
    pub fn take_back(&self, path: String) -> Result<(), Failure> {
        Ok(self.0.take_back(&path)?)
    }

    /// Gives, changes or (without a value) clears an answer.
    ///
    /// # Errors
    /// `Invalid` when the question does not take it; `StorageFull` when it could not be saved.
    pub fn answer(&self, path: String, value: Option<Value>) -> Result<OutcomeView, Failure> {
        let value = value.map(TryInto::try_into).transpose()?;
        Ok(self.0.answer(&path, value)?.into())
    }

    /// Goes to the next page, unless something on this one stands in the way: then it stays and shows why.
    ///
    /// # Errors
    /// As `answer`.
    pub fn next(&self) -> Result<PageView, Failure> {
        Ok(self.0.next()?.into())
    }

    /// Goes to the page before.
    ///
    /// # Errors
    /// As `answer`.
    pub fn back(&self) -> Result<PageView, Failure> {
        Ok(self.0.back()?.into())
    }

    /// Goes on in another language; answers stay.
    ///
    /// # Errors
    /// `Invalid` when the form has no such language.
    pub fn language(&self, language: String) -> Result<PageView, Failure> {
        Ok(self.0.language(&language)?.into())
    }

    /// Goes to the page of a question, or with an empty path to the check page.
    ///
    /// # Errors
    /// As `answer`.
    pub fn go_to(&self, path: String) -> Result<PageView, Failure> {
        Ok(self.0.go_to(&path)?.into())
    }

    /// Adds an instance to a repeat.
    ///
    /// # Errors
    /// As `answer`.
    pub fn add_repeat(&self, path: String) -> Result<PageView, Failure> {
        Ok(self.0.add_repeat(&path)?.into())
    }

    /// Removes an instance of a repeat.
    ///
    /// # Errors
    /// As `answer`.
    pub fn remove_repeat(&self, path: String) -> Result<PageView, Failure> {
        Ok(self.0.remove_repeat(&path)?.into())
    }

    /// Seals the answers and destroys the draft.
    ///
    /// # Errors
    /// `Invalid` with what still blocks; then the draft is kept.
    pub fn finish(&self) -> Result<FinishedView, Failure> {
        Ok(self.0.finish()?.into())
    }

    /// Stop, and keep what was answered.
    ///
    /// # Errors
    /// As `finish`.
    pub fn stop_keeping(&self) -> Result<FinishedView, Failure> {
        Ok(self.0.stop_keeping()?.into())
    }

    /// Stop, and throw everything away: its key is destroyed.
    ///
    /// # Errors
    /// `Closed` when there is nothing left to throw away.
    pub fn throw_away(&self) -> Result<(), Failure> {
        Ok(self.0.throw_away()?)
    }
}
