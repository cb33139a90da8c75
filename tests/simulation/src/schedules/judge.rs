//! In the end: whether every device holds what the model says.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_form::CellKey;
use nightjar_record::{ChangeHash, RecordId};
use nightjar_seal::EnvelopeId;

use super::found::Found;
use super::{Said, World};

impl World {
    pub(super) fn judge(&self, found: &mut Found) {
        let withdrawn = self.withdrawn();
        // What any device should still have, everybody must have now.
        let everywhere: BTreeSet<EnvelopeId> =
            self.devices.iter().flat_map(|device| &device.held.envelopes).copied().collect();
        let there: BTreeSet<ChangeHash> = self
            .said
            .iter()
            .filter(|said| everywhere.contains(&said.envelope) && everywhere.contains(&said.keys))
            .map(|said| said.change)
            .collect();
        // What counts: it is there, with all that it rests on; a restored device may have taken that with it.
        let counts: Vec<&Said> = self
            .said
            .iter()
            .filter(|said| there.contains(&said.change) && said.rests.iter().all(|rest| there.contains(rest)))
            .filter(|said| !withdrawn.contains(&said.record))
            .collect();
        let mut first: BTreeMap<bool, String> = BTreeMap::new();
        for (at, device) in self.devices.iter().enumerate() {
            let rows = device.store.rows();
            let evaluator = self.is_evaluator(at);
            let dump = format!("{rows:?}");
            if *first.entry(evaluator).or_insert_with(|| dump.clone()) != dump {
                found.divergences += 1;
            }
            let mut shown: BTreeSet<(RecordId, CellKey, ChangeHash)> = BTreeSet::new();
            for row in &rows {
                for cell in &row.cells {
                    shown.extend(cell.held.iter().map(|held| (row.record, cell.key, held.change)));
                }
            }
            let mut expected = BTreeSet::new();
            for said in counts.iter().filter(|said| evaluator || !said.confidential) {
                for (cell, _) in &said.puts {
                    expected.insert((said.record, *cell, said.change));
                }
            }
            for said in &counts {
                for (cell, follows) in &said.puts {
                    for change in follows {
                        expected.remove(&(said.record, *cell, *change));
                    }
                }
            }
            found.lost += expected.symmetric_difference(&shown).count() as u64;
            for id in &everywhere {
                let bytes = device.store.envelope(id);
                let of = self.said.iter().find(|said| said.envelope == *id);
                let gone = of.is_some_and(|said| withdrawn.contains(&said.record));
                if of.is_some() && bytes.is_none_or(|bytes| bytes.is_empty()) != gone {
                    found.revived += u64::from(gone);
                    found.lost += u64::from(!gone);
                }
            }
            found.revived += rows.iter().filter(|row| withdrawn.contains(&row.record)).count() as u64;
            for (draft, journal) in &device.held.drafts {
                found.drafts += u64::from(device.store.journal(draft).as_ref() != Some(journal));
            }
            found.unsound += u64::from(!device.store.is_sound());
        }
    }
}
