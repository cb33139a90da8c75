//! History: what changed, when, from which to which value, by device and role. Each step says whether the chain that brought
//! it verifies, which is checked when it is read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use nightjar_record::{ChangeHash, RecordId, Step, admit_all};
use nightjar_seal::{Chain, DevicePublic, DeviceTag, EnvelopeId, RecordTag, ScopeTag};
use rusqlite::Connection;

use crate::chains;
use crate::envelopes;
use crate::error::VaultError;
use crate::keep::record_keys;
use crate::projection::{Reading, load, open_stored, tag_of_record};
use crate::vault::Vault;

/// How far a step is proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// Its envelope stands in the chain of the device that made it, from the first link to a head that the device signed.
    Chained,
    /// No chain that is known here names its envelope: made here and not sent yet, or its links have not come.
    NotChained,
    /// The chain of its device does not verify.
    Broken,
}

/// One step of a record's history, and how far it is proven.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// The step.
    pub step: Step,
    /// Whether its chain verifies.
    pub proof: Proof,
}

impl Vault {
    /// Everything that was ever written to a record, in an order in which each step follows what it rests on. `public` gives
    /// the key of a device in the roster.
    ///
    /// # Errors
    /// [`VaultError::NoRecord`] when this device does not hold it or cannot read it; storage errors.
    pub fn history(
        &self,
        id: &RecordId,
        reading: Reading<'_>,
        public: &dyn Fn(&DeviceTag) -> Option<DevicePublic>,
    ) -> Result<Vec<Told>, VaultError> {
        self.read(|c| {
            let tag = tag_of_record(c, id)?.ok_or(VaultError::NoRecord)?;
            let record = load(c, &tag, reading)?.0.ok_or(VaultError::NoRecord)?;
            let proofs = proofs(c, &tag, public)?;
            let told = |step: Step| {
                let proof = proofs.get(&step.change).copied().unwrap_or(Proof::NotChained);
                Told { step, proof }
            };
            Ok(record.history().into_iter().map(told).collect())
        })
    }
}

/// How far each change of a record is proven.
fn proofs(
    c: &Connection,
    tag: &RecordTag,
    public: &dyn Fn(&DeviceTag) -> Option<DevicePublic>,
) -> Result<BTreeMap<ChangeHash, Proof>, VaultError> {
    let mut chains: BTreeMap<(DeviceTag, ScopeTag), Option<BTreeSet<EnvelopeId>>> = BTreeMap::new();
    let mut found = BTreeMap::new();
    let keys = record_keys(c, tag)?;
    for envelope in envelopes::changes(c, tag)? {
        let header = envelope.header();
        let Some(key) = keys.get(&header.key) else { continue };
        let opened = open_stored(c, &envelope, key)?;
        let Some(Ok(changes)) = opened.ok().map(|payload| admit_all(&payload)) else { continue };
        let whose = (header.device, header.scope);
        let chain = match chains.entry(whose) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(verified(c, &whose.0, &whose.1, public)?),
        };
        let proof = match chain {
            None => Proof::Broken,
            Some(named) if named.contains(&envelope.id()) => Proof::Chained,
            Some(_) => Proof::NotChained,
        };
        // A change may come in several envelopes, alone and with others: the best proof of it counts.
        for change in &changes {
            let held = found.entry(change.hash()).or_insert(proof);
            if (*held, proof) == (Proof::Broken, Proof::NotChained) || proof == Proof::Chained {
                *held = proof;
            }
        }
    }
    Ok(found)
}

/// The envelopes that a device's chains name up to their signed heads; `None` when one does not verify.
fn verified(
    c: &Connection,
    device: &DeviceTag,
    scope: &ScopeTag,
    public: &dyn Fn(&DeviceTag) -> Option<DevicePublic>,
) -> Result<Option<BTreeSet<EnvelopeId>>, VaultError> {
    let mut named = BTreeSet::new();
    for strand in chains::strands(c, device, scope)? {
        let Some(head) = chains::head_of(c, &strand, scope)? else { continue };
        let Ok(mut links) = chains::links_after(c, &strand, scope, 0, i64::MAX) else { return Ok(None) };
        links.retain(|link| link.seq <= head.seq);
        let mut chain = Chain::new(strand, *scope);
        if public(device).is_none_or(|public| chain.follow(&links, &head, &public).is_err()) {
            return Ok(None);
        }
        named.extend(links.into_iter().map(|link| link.envelope));
    }
    Ok(Some(named))
}
