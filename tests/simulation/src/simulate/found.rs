//! What was done in schedules, and what did not hold.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// What has to hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Invariant {
    /// What was acknowledged to a person is there after the device ended without warning.
    Durable,
    /// Nothing that was acknowledged is missing while anybody still holds it.
    NothingMissing,
    /// No envelope is twice in a hub's log or a vault, and no response is shown twice.
    NothingDoubled,
    /// The same set of envelopes gives the same records everywhere.
    SameState,
    /// What people write is in no message and in no file of the hub.
    NoCanary,
    /// Of what was taken out no key, no bytes and no row are left, or come back, where that was heard of.
    StaysErased,
    /// What a device wrote beyond its last good place counts nowhere.
    RevokedAddsNothing,
    /// Every value that nobody has put another in the place of is shown; where several are, that is said to be a conflict.
    ConflictsShown,
    /// Every envelope is in the state that the envelopes, the chains and the roster say.
    Accounted,
    /// Everything up to a device's cursor is in its vault.
    CursorSkipsNothing,
    /// After faults have ended everybody syncs, and nothing waits any more.
    Settles,
    /// Who wrote something hears that an evaluator has it.
    CustodyHeard,
}

/// Counts of what schedules did and found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Schedules that ended.
    pub schedules: u64,
    /// How often each kind of operation, fault and check happened.
    pub done: BTreeMap<&'static str, u64>,
    /// How often each invariant did not hold.
    pub broken: BTreeMap<Invariant, u64>,
    /// The schedules in which any did not, with what was seen first.
    pub schedules_broken: BTreeMap<u64, String>,
    /// What happened, step by step, in a schedule that was asked for alone.
    pub story: Vec<String>,
}

impl Found {
    pub(super) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    pub(super) fn add(&mut self, what: &'static str, count: u64) {
        *self.done.entry(what).or_default() += count;
    }

    /// Whether everything held.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken.is_empty()
    }

    /// How often something happened.
    #[must_use]
    pub fn times(&self, what: &str) -> u64 {
        self.done.get(what).copied().unwrap_or_default()
    }
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        self.schedules += other.schedules;
        for (what, count) in other.done {
            *self.done.entry(what).or_default() += count;
        }
        for (what, count) in other.broken {
            *self.broken.entry(what).or_default() += count;
        }
        self.schedules_broken.extend(other.schedules_broken);
        self.story.extend(other.story);
    }
}
