//! How often what happens in a schedule, and which safeguard is taken away.

use super::blind::Without;
use super::found::Invariant;
use super::steps::{KINDS, Step};

/// What a schedule is drawn from.
#[derive(Clone)]
pub(super) struct Plan {
    /// Its number.
    pub(super) number: u64,
    pub(super) steps: u64,
    /// How many different ward records there are: the fewer, the more often devices meet.
    pub(super) records: i64,
    /// Of so many acts four end in a crash and one meets a full disk.
    pub(super) calm_acts: u32,
    pub(super) kinds: Vec<(&'static str, u32, Step)>,
    /// Whether a hub that is put back says so.
    pub(super) renews: bool,
    /// Whether the hub is put back in the end to a copy from before evaluators told it what they applied.
    pub(super) forgets_applied: bool,
    /// What takes a safeguard away in every vault, and in the hub.
    pub(super) vault_without: Option<&'static str>,
    pub(super) hub_without: Option<&'static str>,
    /// What ends it when it does not hold.
    pub(super) stops_at: &'static [Invariant],
    /// Whether a record is brought to its bound, in the larger study.
    pub(super) bounds: bool,
    /// Whether it is told step by step.
    pub(super) tells: bool,
}

impl Plan {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number,
            steps: 50,
            records: 4,
            calm_acts: 60,
            kinds: KINDS.to_vec(),
            renews: true,
            forgets_applied: false,
            vault_without: None,
            hub_without: None,
            stops_at: &[],
            bounds: false,
            tells: false,
        }
    }

    /// Now and then a schedule with a record at its bound.
    pub(super) fn of(number: u64, one_in: u64) -> Self {
        let mut plan = Self::new(number);
        if one_in > 0 && number % one_in == one_in - 1 {
            plan.bounds = true;
            let bound = plan.kinds.iter_mut().filter(|(name, ..)| *name == "record at its bound");
            bound.for_each(|(_, often, _)| *often = 30);
        }
        plan
    }

    /// A schedule with more of what a safeguard is against, with it or without.
    pub(super) fn around(number: u64, without: &Without, is_there: bool) -> Self {
        let mut plan = Self::new(number);
        for (name, often, _) in &mut plan.kinds {
            match without.more.iter().find(|(kind, _)| kind == name) {
                Some((_, more)) => *often = *more,
                // Of everything else less: faults must be there, and leave room.
                None if without.rest_is_rare => *often = (*often / 4).min(4),
                None => {}
            }
        }
        if !is_there {
            plan.vault_without = without.vault;
            plan.hub_without = without.hub;
            plan.renews = without.renews;
        }
        plan.records = without.records;
        plan.forgets_applied = !without.renews;
        plan.stops_at = without.notices;
        plan.calm_acts = without.calm_acts;
        plan
    }
}
