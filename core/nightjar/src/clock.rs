//! The only clock of the product: rooms below get time as an argument.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Zoned;

/// Where the facade takes the time from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The device's clock and zone.
    #[default]
    System,
    /// A time that stands still until it is set: demonstrations and tests.
    Simulated(Arc<Mutex<Zoned>>),
}

impl Clock {
    /// A simulated clock that shows `now` until it is set.
    #[must_use]
    pub fn simulated(now: Zoned) -> Self {
        Self::Simulated(Arc::new(Mutex::new(now)))
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> Zoned {
        match self {
            Self::System => Zoned::now(),
            Self::Simulated(now) => now.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Sets a simulated clock; the device's own clock is left alone. Returns whether it was set.
    pub fn set(&self, to: Zoned) -> bool {
        match self {
            Self::System => false,
            Self::Simulated(now) => {
                *now.lock().unwrap_or_else(PoisonError::into_inner) = to;
                true
            }
        }
    }
}
