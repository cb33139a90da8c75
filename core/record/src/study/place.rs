//! Sites, wards, their beds and the phases each goes through on its own dates.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A hospital or building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Short code.
    pub code: String,
    /// What people call it.
    pub name: String,
}

/// Wards reported together, so that a small one is not recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WardGroup {
    /// Short code.
    pub code: String,
    /// What the report calls it.
    pub label: String,
}

/// A run of days, both ends in it; an open end goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// First day.
    pub first: Date,
    /// Last day, in it.
    pub last: Option<Date>,
}

impl Days {
    /// Whether a day is among them.
    #[must_use]
    pub fn contains(&self, date: Date) -> bool {
        self.first <= date && self.last.is_none_or(|last| date <= last)
    }

    /// How many days; none for an open end.
    #[must_use]
    pub fn count(&self) -> Option<i64> {
        let span = self.first.until(self.last?).ok()?;
        Some(i64::from(span.get_days()) + 1)
    }
}

/// How many beds a ward had, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beds {
    /// Beds, open or not occupied.
    pub beds: u32,
    /// While this was so.
    pub days: Days,
}

/// What a ward goes through, always in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before anything changed.
    Baseline,
    /// Training and fitting out; left out of every comparison.
    Preparation,
    /// The first weeks of the new practice.
    Live,
    /// Whether it lasted.
    KeptUp,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Phase; 4] = [Phase::Baseline, Phase::Preparation, Phase::Live, Phase::KeptUp];

    /// The word used in documents and tables.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Phase::Baseline => "baseline",
            Phase::Preparation => "preparation",
            Phase::Live => "live",
            Phase::KeptUp => "kept_up",
        }
    }

    /// The words the report prints.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Phase::Baseline => "Baseline",
            Phase::Preparation => "Preparation",
            Phase::Live => "Live",
            Phase::KeptUp => "Kept up",
        }
    }

    /// Whether its records enter comparisons.
    #[must_use]
    pub fn counts(self) -> bool {
        self != Phase::Preparation
    }
}

/// When one ward is in one phase. Nights are counted to the evening they began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseDates {
    /// Which phase.
    pub phase: Phase,
    /// First day.
    pub first: Date,
    /// Last day, in it.
    pub last: Date,
}

/// A ward. Codes are local: a ward that moves or merges gets a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ward {
    /// Local code, at most 12 characters as in MHSDS.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// Code of its [`WardGroup`].
    pub group: String,
    /// Code of its [`Site`].
    pub site: String,
    /// Beds over time, without overlap.
    pub beds: Vec<Beds>,
    /// Phases in order, without overlap.
    pub phases: Vec<PhaseDates>,
    /// What a reader of its figures should know.
    pub note: Option<String>,
}

impl Ward {
    /// Beds on a day.
    #[must_use]
    pub fn beds_at(&self, date: Date) -> Option<u32> {
        self.beds.iter().find(|beds| beds.days.contains(date)).map(|beds| beds.beds)
    }

    /// Phase on a day, or on the evening a night began.
    #[must_use]
    pub fn phase_at(&self, date: Date) -> Option<Phase> {
        self.phases.iter().find(|dates| dates.first <= date && date <= dates.last).map(|dates| dates.phase)
    }

    /// Dates of a phase.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<&PhaseDates> {
        self.phases.iter().find(|dates| dates.phase == phase)
    }

    /// First day of the live phase.
    #[must_use]
    pub fn go_live(&self) -> Option<Date> {
        self.phase(Phase::Live).map(|dates| dates.first)
    }
}
