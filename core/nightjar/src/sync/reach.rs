//! How far an evaluator has applied each chain, and what it tells the hub of that: counted from where it was told last.

use std::collections::BTreeMap;

use nightjar_seal::{DeviceTag, Line, ScopeTag, Strand};
use nightjar_sync::wire::{Applied, Reach};

use super::intake::Intake;
use super::memory::TOLD;
use crate::failure::Failure;

impl Intake<'_> {
    /// What this evaluator has applied of every chain.
    ///
    /// `None` where the hub was told so already. Where nothing came since, that is two lookups a chain.
    pub(crate) fn applied_here(&mut self, scope: &ScopeTag) -> Result<Option<Applied>, Failure> {
        let told = self.device.vault.cursor(scope, TOLD)?.unwrap_or_default();
        let reach = self.reach(scope)?;
        let to =
            |(strand, seq): (&Strand, &u64)| Reach { device: strand.device, line: strand.line, seq: *seq };
        let vector: Vec<Reach> = reach.iter().map(to).collect();
        let telling = written(reach);
        if vector.is_empty() || telling == told {
            return Ok(None);
        }
        self.telling.insert(*scope, telling);
        Ok(Some(Applied::sign(*scope, vector, &self.device.keys)?))
    }

    /// How far each chain of a scope was applied here. What was told before is not counted again, nor what was counted in this sync.
    pub(super) fn reach(&mut self, scope: &ScopeTag) -> Result<&BTreeMap<Strand, u64>, Failure> {
        let before = match self.reach.remove(scope) {
            Some(reach) => reach,
            None => read(&self.device.vault.cursor(scope, TOLD)?.unwrap_or_default()),
        };
        let reach = self.device.vault.applied_to(scope, &before)?;
        Ok(self.reach.entry(*scope).or_insert(reach))
    }
}

/// How far each chain was applied, as it is kept.
fn written(reach: &BTreeMap<Strand, u64>) -> Vec<u8> {
    let each =
        reach.iter().map(|(strand, seq)| [&strand.device.0[..], &strand.line.0, &seq.to_le_bytes()].concat());
    each.collect::<Vec<_>>().concat()
}

/// The other way round. What does not read is as good as nothing.
fn read(written: &[u8]) -> BTreeMap<Strand, u64> {
    let mut reach = BTreeMap::new();
    for each in written.chunks_exact(32) {
        let (device, rest) = each.split_at(16);
        let (line, seq) = rest.split_at(8);
        if let (Ok(device), Ok(line), Ok(seq)) = (device.try_into(), line.try_into(), seq.try_into()) {
            reach.insert(Strand { device: DeviceTag(device), line: Line(line) }, u64::from_le_bytes(seq));
        }
    }
    reach
}
