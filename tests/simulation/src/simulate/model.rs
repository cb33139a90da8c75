//! What the judge knows of what was written: by whom, on top of what, and what got lost with the only disk that held it.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{DeviceTag, EnvelopeId, RecordTag};

/// One value that was written.
#[derive(Clone, Debug)]
pub(super) struct Put {
    pub(super) value: String,
    /// Writes whose values of this cell it takes the place of.
    pub(super) covers: BTreeSet<EnvelopeId>,
}

/// One envelope as it was meant. What was written once goes by the name of the envelope that it was sealed in first: an envelope may carry
/// it along and take the place of that one, as long as it was not sent.
#[derive(Clone, Debug)]
pub(super) struct Wrote {
    pub(super) device: DeviceTag,
    pub(super) record: RecordTag,
    pub(super) confidential: bool,
    pub(super) withdraws: bool,
    /// What it carries along from envelopes that made way for it.
    pub(super) carries: BTreeSet<EnvelopeId>,
    /// By the name of the item, without what it carries along.
    pub(super) puts: BTreeMap<&'static str, Put>,
    /// Writes to the record that counted on its device when it was written, also such as it carries along.
    pub(super) rests: BTreeSet<EnvelopeId>,
    /// Whether it begins the record, or may.
    pub(super) founds: bool,
}

/// What becomes of an envelope by the set of all that is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Applied,
    Waits,
    Quarantined,
    Erased,
}

/// Somebody's words.
#[derive(Clone)]
pub(super) struct Words {
    pub(super) words: String,
    pub(super) record: RecordTag,
    pub(super) reads: bool,
    /// On which device it was given.
    pub(super) unit: usize,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) wrote: BTreeMap<EnvelopeId, Wrote>,
    /// Writes that were on one disk alone, which was put back to an older copy.
    pub(super) lost: BTreeSet<EnvelopeId>,
    /// By the id that the facade shows.
    pub(super) tags: BTreeMap<String, RecordTag>,
    pub(super) words: Vec<Words>,
    /// Records beyond what a record may hold, of which some changes are set aside: the same everywhere, whichever they are.
    pub(super) bounded: BTreeSet<RecordTag>,
}

impl Model {
    /// What was written in these envelopes.
    pub(super) fn carried<'a>(
        &self,
        envelopes: impl IntoIterator<Item = &'a EnvelopeId>,
    ) -> BTreeSet<EnvelopeId> {
        let mut writes = BTreeSet::new();
        for id in envelopes {
            writes.insert(*id);
            writes.extend(self.wrote.get(id).into_iter().flat_map(|wrote| wrote.carries.iter().copied()));
        }
        writes
    }

    /// The writes in these envelopes that count: that stand on nothing which is not there. Of those that travel together each does or not.
    pub(super) fn counting<'a>(
        &self,
        envelopes: impl IntoIterator<Item = &'a EnvelopeId>,
    ) -> BTreeSet<EnvelopeId> {
        let mut writes = self.carried(envelopes);
        loop {
            let lacks = |id: &&EnvelopeId| {
                let wrote = self.wrote.get(*id);
                wrote.is_some_and(|wrote| !wrote.withdraws && !wrote.rests.is_subset(&writes))
            };
            let waits: Vec<_> = writes.iter().filter(lacks).copied().collect();
            if waits.is_empty() {
                return writes;
            }
            writes.retain(|id| !waits.contains(id));
        }
    }

    /// The values of a cell that nothing has taken the place of, among writes that count, by the write.
    pub(super) fn heads(
        &self,
        record: &RecordTag,
        cell: &str,
        counts: &BTreeSet<EnvelopeId>,
    ) -> BTreeMap<EnvelopeId, String> {
        let of_record = || {
            let here =
                self.wrote.iter().filter(|(id, wrote)| wrote.record == *record && counts.contains(*id));
            here.filter_map(|(id, wrote)| Some((*id, wrote.puts.get(cell)?)))
        };
        let covered: BTreeSet<_> = of_record().flat_map(|(_, put)| put.covers.iter().copied()).collect();
        of_record().filter(|(id, _)| !covered.contains(id)).map(|(id, put)| (id, put.value.clone())).collect()
    }

    /// Those of these writes that put something into a cell.
    pub(super) fn written(&self, cell: &str, among: &BTreeSet<EnvelopeId>) -> BTreeSet<EnvelopeId> {
        let has = |id: &&EnvelopeId| self.wrote.get(id).is_some_and(|wrote| wrote.puts.contains_key(cell));
        among.iter().filter(has).copied().collect()
    }

    /// What becomes of every envelope of a set. `good`: whether one of a device that was put out lies before its last good place.
    pub(super) fn verdicts(
        &self,
        there: &BTreeSet<EnvelopeId>,
        withdrawn: &BTreeSet<RecordTag>,
        good: &impl Fn(&EnvelopeId, &DeviceTag) -> bool,
    ) -> BTreeMap<EnvelopeId, Verdict> {
        let mut verdicts = BTreeMap::new();
        for id in there {
            let Some(wrote) = self.wrote.get(id) else { continue };
            let verdict = match (wrote.withdraws, withdrawn.contains(&wrote.record)) {
                (false, true) => Verdict::Erased,
                (true, _) => Verdict::Applied,
                (false, false) if !good(id, &wrote.device) => Verdict::Quarantined,
                (false, false) => Verdict::Applied,
            };
            verdicts.insert(*id, verdict);
        }
        let applied = verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Applied);
        let counts = self.counting(applied.map(|(id, _)| id));
        for (id, verdict) in &mut verdicts {
            if *verdict == Verdict::Applied && !self.carried([id]).is_subset(&counts) {
                *verdict = Verdict::Waits;
            }
        }
        verdicts
    }
}
