//! When and where people are asked: the study's wards, their phases and its ask window.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use nightjar::StudyPack;
use rand::{Rng, RngExt};

/// The days a study covers, and what each ward is in on them.
pub(crate) struct Calendar {
    zone: TimeZone,
    ask: (Time, Time),
    first: Date,
    days: u32,
    wards: Vec<Ward>,
}

struct Ward {
    code: String,
    beds: u32,
    phases: Vec<Days>,
}

struct Days {
    first: Date,
    last: Date,
    after: bool,
}

/// A ward on a day that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The ward's code.
    pub(crate) ward: String,
    /// Beds on it.
    pub(crate) beds: u32,
    /// Whether the new practice has gone live there.
    pub(crate) after: bool,
}

impl Calendar {
    /// From the study's document. Phases that enter no comparison (preparation) are left out.
    pub(crate) fn of(pack: &StudyPack) -> Calendar {
        let study = pack.study();
        let wards: Vec<Ward> = study
            .wards
            .iter()
            .map(|ward| Ward {
                code: ward.code.clone(),
                beds: ward.beds.first().map_or(1, |beds| beds.beds.max(1)),
                phases: (ward.phases.iter())
                    .filter(|dates| dates.phase.counts())
                    .map(|dates| {
                        let after = ward.go_live().is_some_and(|live| live <= dates.first);
                        Days { first: dates.first, last: dates.last, after }
                    })
                    .collect(),
            })
            .collect();
        let days = || wards.iter().flat_map(|ward| &ward.phases);
        let first = days().map(|days| days.first).min().unwrap_or(Date::constant(2026, 1, 1));
        let last = days().map(|days| days.last).max().unwrap_or(first);
        let span = first.until(last).map_or(0, |span| span.get_days());
        let ask = (study.ask_window.from, study.ask_window.until);
        Calendar { zone: study.zone().clone(), ask, first, days: u32::try_from(span).unwrap_or(0) + 1, wards }
    }

    /// Days from the first to the last.
    pub(crate) fn days(&self) -> u32 {
        self.days
    }

    /// Out of all wards on all days, how many are in a counting phase: above 0, at most 1.
    pub(crate) fn open(&self) -> f64 {
        let span = |days: &Days| days.first.until(days.last).map_or(0, |span| span.get_days()) + 1;
        let open: i32 = self.wards.iter().flat_map(|ward| &ward.phases).map(span).sum();
        let all = f64::from(self.days) * self.wards.len() as f64;
        (f64::from(open) / all.max(1.0)).clamp(0.01, 1.0)
    }

    /// Ward codes in the order of the document.
    pub(crate) fn ward_codes(&self) -> impl Iterator<Item = &str> {
        self.wards.iter().map(|ward| ward.code.as_str())
    }

    /// The date of a day counted from the first.
    pub(crate) fn date(&self, day: u32) -> Date {
        self.first.saturating_add(i64::from(day).days())
    }

    /// Noon of a day counted from the first; days before the study are negative.
    pub(crate) fn noon(&self, day: i64) -> Zoned {
        self.zoned(self.first.saturating_add(day.days()), Time::constant(12, 0, 0, 0))
    }

    /// A moment inside the ask window: `fraction` (0 to 1) of the way through the study, so that later visits have
    /// later moments.
    pub(crate) fn asking(&self, fraction: f64) -> Zoned {
        let at = fraction.clamp(0.0, 1.0) * f64::from(self.days);
        let day = (at as u32).min(self.days - 1);
        let from = seconds(self.ask.0);
        let until = seconds(self.ask.1).max(from + 60);
        let second = from + ((at - f64::from(day)).clamp(0.0, 0.999) * f64::from(until - from)) as i32;
        self.zoned(self.date(day), of_second(second))
    }

    /// The morning after a night, when its figures are written down.
    pub(crate) fn morning_after(&self, night: Date) -> Zoned {
        self.zoned(night.saturating_add(1.day()), Time::constant(6, 40, 0, 0))
    }

    /// A ward that is in a counting phase on that day, by its beds; `None` when none is.
    pub(crate) fn somewhere(&self, date: Date, numbers: &mut impl Rng) -> Option<Place> {
        let open: Vec<Place> = (0..self.wards.len()).filter_map(|ward| self.place(ward, date)).collect();
        let beds: u32 = open.iter().map(|place| place.beds).sum();
        let mut left = numbers.random_range(0..beds.max(1));
        open.into_iter().find(|place| {
            let here = left < place.beds;
            left = left.saturating_sub(place.beds);
            here
        })
    }

    /// A given ward on that day, if it is in a counting phase.
    pub(crate) fn place(&self, ward: usize, date: Date) -> Option<Place> {
        let ward = self.wards.get(ward)?;
        let phase = ward.phases.iter().find(|days| days.first <= date && date <= days.last)?;
        Some(Place { ward: ward.code.clone(), beds: ward.beds, after: phase.after })
    }

    fn zoned(&self, date: Date, time: Time) -> Zoned {
        self.zone.to_ambiguous_zoned(date.to_datetime(time)).compatible().unwrap_or_default()
    }
}

fn seconds(time: Time) -> i32 {
    i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second())
}

fn of_second(second: i32) -> Time {
    let part = |n: i32| i8::try_from(n).unwrap_or(0);
    Time::new(part(second / 3600 % 24), part(second / 60 % 60), part(second % 60), 0).unwrap_or_default()
}
