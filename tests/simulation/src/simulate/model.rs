//! What the judge knows of what was written: by whom, on top of what, and what got lost with the only disk that held it.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{DeviceTag, EnvelopeId, RecordTag};

/// One value that was written.
#[derive(Clone, Debug)]
pub(super) struct Put {
    pub(super) value: String,
    /// Envelopes whose values of this cell it takes the place of.
    pub(super) covers: BTreeSet<EnvelopeId>,
}

/// One envelope as it was meant.
#[derive(Clone, Debug)]
pub(super) struct Wrote {
    pub(super) device: DeviceTag,
    pub(super) record: RecordTag,
    pub(super) confidential: bool,
    pub(super) withdraws: bool,
    /// By the name of the item.
    pub(super) puts: BTreeMap<&'static str, Put>,
    /// Envelopes of the record that its device had applied.
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
    /// What was on one disk alone, which was put back to an older copy.
    pub(super) lost: BTreeSet<EnvelopeId>,
    /// By the id that the facade shows.
    pub(super) tags: BTreeMap<String, RecordTag>,
    pub(super) words: Vec<Words>,
    /// Records beyond what a record may hold, of which some changes are set aside: the same everywhere, whichever they are.
    pub(super) bounded: BTreeSet<RecordTag>,
}

impl Model {
    /// The values of a cell that nothing has taken the place of, among envelopes that count.
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

    /// What was written to a cell of a record, of these envelopes.
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
        loop {
            let rests_on_nothing = |wrote: &Wrote| {
                !wrote.withdraws
                    && wrote.rests.iter().any(|rest| verdicts.get(rest) != Some(&Verdict::Applied))
            };
            let waits: Vec<_> = verdicts
                .iter()
                .filter(|(id, verdict)| **verdict == Verdict::Applied && rests_on_nothing(&self.wrote[*id]))
                .map(|(id, _)| *id)
                .collect();
            if waits.is_empty() {
                return verdicts;
            }
            verdicts.extend(waits.into_iter().map(|id| (id, Verdict::Waits)));
        }
    }
}
