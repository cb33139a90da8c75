//! When a scope is compared by ranges with what the hub holds: after a loss at the hub was noticed, and every so many days in any case.

use std::collections::BTreeSet;

use nightjar_seal::{EnvelopeId, ScopeTag};
use nightjar_sync::bounds::RANGES_ENVELOPES;

use crate::clock::Clock;
use crate::device::Device;
use crate::failure::Failure;

/// The last day on which the scope was compared, and how often that was tried since and came to no end.
const COMPARED: &str = "compared";
/// Days from one comparison to the next where nothing is suspected.
const EVERY: i32 = 30;
/// Tries in a row that may come to no end: something between this device and the hub may stand in the way of comparing, and of nothing else.
const TRIES: u8 = 3;

/// When a scope was compared last.
#[derive(Clone, Copy)]
struct Last {
    /// In days since 1970; `None` where a loss was noticed since.
    day: Option<i32>,
    tries: u8,
}

impl Last {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (day, tries) = bytes.split_first_chunk::<4>()?;
        let day = i32::from_le_bytes(*day);
        Some(Self { day: (day != i32::MIN).then_some(day), tries: *tries.first()? })
    }

    fn write(self) -> Vec<u8> {
        [&self.day.unwrap_or(i32::MIN).to_le_bytes()[..], &[self.tries]].concat()
    }
}

impl Device {
    /// Whether a scope is to be compared in this sync.
    pub(super) fn is_to_compare(&self, scope: &ScopeTag) -> Result<bool, Failure> {
        let Some(last) = self.last_compared(scope)? else { return Ok(false) };
        Ok(last.day.is_none_or(|day| self.study_day().saturating_sub(day) >= EVERY))
    }

    /// The envelopes to compare; `None` where it was tried too often and is left for the next time.
    pub(super) fn to_compare(
        &self,
        scope: &ScopeTag,
        own: bool,
    ) -> Result<Option<BTreeSet<EnvelopeId>>, Failure> {
        let Last { day, tries } = self.last_compared(scope)?.unwrap_or(Last { day: None, tries: 0 });
        let me = self.tag();
        let held = match tries < TRIES {
            true => self.vault.placed(scope, own.then_some(&me))?,
            false => Vec::new(),
        };
        if tries >= TRIES || held.len() as u64 > RANGES_ENVELOPES {
            self.note_compared(scope)?;
            return Ok(None);
        }
        self.keep_last(scope, Last { day, tries: tries + 1 })?;
        Ok(Some(held.into_iter().collect()))
    }

    /// A loss was noticed: the scope is compared until that has come to an end.
    pub(super) fn owe_comparison(&self, scope: &ScopeTag) -> Result<(), Failure> {
        self.keep_last(scope, Last { day: None, tries: 0 })
    }

    /// A comparison was done, or is given up.
    pub(super) fn note_compared(&self, scope: &ScopeTag) -> Result<(), Failure> {
        self.keep_last(scope, Last { day: Some(self.study_day()), tries: 0 })
    }

    /// Begins to count days with the first sync or some days later, another number for each device: not all of a study compare at once.
    pub(super) fn begin_comparing(&self, scope: &ScopeTag) -> Result<(), Failure> {
        if self.last_compared(scope)?.is_some() {
            return Ok(());
        }
        let later = self.tag().0.first().map_or(0, |byte| i32::from(*byte) % EVERY);
        self.keep_last(scope, Last { day: Some(self.study_day().saturating_add(later)), tries: 0 })
    }

    fn last_compared(&self, scope: &ScopeTag) -> Result<Option<Last>, Failure> {
        Ok(self.vault.cursor(scope, COMPARED)?.and_then(|bytes| Last::read(&bytes)))
    }

    fn keep_last(&self, scope: &ScopeTag, last: Last) -> Result<(), Failure> {
        Ok(self.vault.keep_cursor(scope, COMPARED, &last.write())?)
    }

    /// The day by the hub's time, as it was told last: a tablet may believe that it is 1970.
    fn study_day(&self) -> i32 {
        let of_hub = || Some(i32::try_from(self.study_time().ok()? / 86_400).unwrap_or(i32::MAX));
        match &self.clock {
            Clock::System => of_hub().unwrap_or(self.today()),
            Clock::Simulated(_) => self.today(),
        }
    }
}
