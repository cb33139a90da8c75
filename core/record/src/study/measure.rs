//! What is measured, and over which days; fixed before the first live night.

use serde::{Deserialize, Serialize};

use super::place::Days;

/// A measure of the study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Short code.
    pub id: String,
    /// The question it answers.
    pub title: String,
    /// Whether it is a primary measure.
    pub primary: bool,
    /// Ids of the instruments it is made from.
    pub instruments: Vec<String>,
    /// Its unit, such as "per 1,000 occupied bed nights".
    pub unit: String,
    /// What it is out of.
    pub denominator: String,
    /// Which way is better.
    pub better: Direction,
    /// What it is compared with.
    pub comparators: Vec<Comparator>,
    /// Calendar windows of its own, instead of the phases of each ward.
    pub windows: Vec<MeasureWindow>,
}

/// Which way a measure should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither; it is only described.
    Neither,
}

/// What a measure is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparator {
    /// The ward's own phases.
    Phases,
    /// The same months a year before.
    YearBefore,
    /// Daytime on the same wards.
    Daytime,
    /// Wards not yet live.
    WardsNotYetLive,
}

/// A named window of days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureWindow {
    /// "before", "after" and the like.
    pub label: String,
    /// Its days.
    pub days: Days,
}
