//! From the clock to what records keep of it: a week and a part of the day, or a local time to the minute.

use jiff::Zoned;
use nightjar_seal::{IsoWeek, PartOfDay, Period};

/// Week and part of day: as fine as a confidential response may say.
pub(crate) fn period(now: &Zoned) -> Period {
    let week = now.date().iso_week_date();
    Period {
        week: IsoWeek {
            year: u16::try_from(week.year()).unwrap_or_default(),
            week: u8::try_from(week.week()).unwrap_or_default(),
        },
        part: PartOfDay::of_hour(u8::try_from(now.hour()).unwrap_or_default()),
    }
}

/// `2026-W09`.
pub(crate) fn week_text(period: &Period) -> String {
    format!("{:04}-W{:02}", period.week.year, period.week.week)
}

/// `2026-W09`, of a day.
pub(crate) fn week_of(day: jiff::civil::Date) -> String {
    let week = day.iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// `night`, `morning`, `afternoon` or `evening`.
pub(crate) fn part_text(period: &Period) -> &'static str {
    match period.part {
        PartOfDay::Night => "night",
        PartOfDay::Morning => "morning",
        PartOfDay::Afternoon => "afternoon",
        PartOfDay::Evening => "evening",
    }
}

/// Local date and time to the minute, `2026-03-02T14:05`, for ward records only.
pub(crate) fn minute_text(now: &Zoned) -> String {
    now.datetime().strftime("%Y-%m-%dT%H:%M").to_string()
}
