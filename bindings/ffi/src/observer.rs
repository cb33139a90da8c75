//! Observing: a Reset first, then which records changed.

use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;

/// What an observer is told. Ids only: read what is on display again.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Observed {
    /// Read everything again: comes first, and after the vault was opened again.
    Reset,
    /// These records changed.
    Changed {
        /// Their ids.
        records: Vec<String>,
    },
}

/// Told about changes, on one thread of Nightjar's, one batch after the other.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// Takes one batch. What it throws is dropped.
    ///
    /// # Errors
    /// Whatever the app's code throws.
    fn observed(&self, batch: Observed) -> Result<(), Failure>;
}

/// Ends observing when it is cancelled or dropped.
#[derive(uniffi::Object)]
pub struct Subscription(Mutex<Option<nightjar::Subscription>>);

#[uniffi::export]
impl Subscription {
    /// Ends it; a batch that is under way is still delivered.
    pub fn cancel(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl From<nightjar::Subscription> for Subscription {
    fn from(subscription: nightjar::Subscription) -> Self {
        Self(Mutex::new(Some(subscription)))
    }
}

/// An app's observer as the facade sees it.
pub(crate) struct Foreign(pub(crate) Arc<dyn Observer>);

impl nightjar::Observer for Foreign {
    fn observed(&self, batch: nightjar::Observed) {
        let batch = match batch {
            nightjar::Observed::Reset => Observed::Reset,
            nightjar::Observed::Changed(records) => Observed::Changed { records },
        };
        // An app's own fault harms neither the vault nor the other observers.
        let _ = self.0.observed(batch);
    }
}
