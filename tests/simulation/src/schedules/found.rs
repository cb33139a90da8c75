//! What a run of schedules found.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// How often each thing was done, and what went wrong.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Schedules run.
    pub schedules: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// Devices of all of them, with copies.
    pub devices: u64,
    /// How often each kind of step was done; what had nothing to act on is not counted.
    pub done: BTreeMap<&'static str, u64>,
    /// Devices that ended with other rows than the first of their sort.
    pub divergences: u64,
    /// Values that nobody had overwritten or settled and that a device did not show, or shows though they were.
    pub lost: u64,
    /// Withdrawn records of which a device still held something.
    pub revived: u64,
    /// Drafts that did not hold what was answered.
    pub drafts: u64,
    /// Vaults whose rows differ from those rebuilt from the sealed changes.
    pub unsound: u64,
    /// Seeds of the schedules in which something of this was found.
    pub seeds: Vec<u64>,
}

impl Found {
    /// Whether nothing went wrong and every kind of step was done.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults() == 0 && super::KINDS.iter().all(|kind| self.done.contains_key(kind.0))
    }

    pub(super) fn faults(&self) -> u64 {
        self.divergences + self.lost + self.revived + self.drafts + self.unsound
    }
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Found) {
        self.schedules += other.schedules;
        self.steps += other.steps;
        self.devices += other.devices;
        for (kind, count) in other.done {
            *self.done.entry(kind).or_default() += count;
        }
        self.divergences += other.divergences;
        self.lost += other.lost;
        self.revived += other.revived;
        self.drafts += other.drafts;
        self.unsound += other.unsound;
        self.seeds.extend(other.seeds);
    }
}
