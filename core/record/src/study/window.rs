//! Windows of the local clock, and which evening a night is named by.

use jiff::civil::{Date, DateTime, Time, time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use serde::{Deserialize, Serialize};

/// A part of every day by the local clock: from the first minute to before the last, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First minute inside.
    pub from: Time,
    /// First minute no longer inside; at or before `from` means on the next day.
    pub until: Time,
}

impl Window {
    /// Whether a local time is inside; a window may go over midnight.
    #[must_use]
    pub fn contains(&self, time: Time) -> bool {
        if self.from < self.until {
            self.from <= time && time < self.until
        } else {
            self.from <= time || time < self.until
        }
    }

    /// The moments a night of this window begins and is over, when its evening was on `evening`. A time the clocks
    /// skip is taken as the moment they are put forward, one they repeat as its first occurrence.
    pub(super) fn night_span(&self, evening: Date, zone: &TimeZone) -> Result<(Zoned, Zoned), jiff::Error> {
        let morning = evening.checked_add(1.day())?;
        let first = if self.from < NOON { morning } else { evening };
        let last = if self.until <= NOON { morning } else { evening };
        let moment = |date: Date, time: Time| zone.to_ambiguous_zoned(date.to_datetime(time)).compatible();
        Ok((moment(first, self.from)?, moment(last, self.until)?))
    }
}

const NOON: Time = time(12, 0, 0, 0);

/// The evening a local date and time belongs to: nights run from noon to noon.
pub(super) fn night_of(local: &DateTime) -> Date {
    if local.time() < NOON { local.date().yesterday().unwrap_or(Date::MIN) } else { local.date() }
}
