//! A small world in memory: a hub that keeps a plain list, and devices that store what a sync tells them.

#![allow(dead_code, reason = "every test binary uses its own part of the world")]

pub(crate) mod device;
pub(crate) mod hub;

use nightjar_seal::{Act, DeviceKeys, DocumentHash, Membership, RootKeys, Roster, ScopeTag};

/// Reproducible bytes instead of randomness: BLAKE3 of a counter.
pub(crate) fn entropy(seed: u64) -> impl FnMut(&mut [u8]) {
    let mut reader = blake3::Hasher::new().update(&seed.to_be_bytes()).finalize_xof();
    move |bytes| reader.fill(bytes)
}

/// A study with an evaluator device and some tablets.
pub(crate) struct Study {
    pub(crate) root: RootKeys,
    pub(crate) roster: Roster,
    pub(crate) evaluator: DeviceKeys,
    pub(crate) tablets: Vec<DeviceKeys>,
    pub(crate) scope: ScopeTag,
}

impl Study {
    pub(crate) fn new(tablets: usize) -> Self {
        let mut entropy = entropy(1);
        let root = RootKeys::generate(&mut entropy);
        let mut roster = Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy)
            .expect("the study is founded");
        let evaluator = DeviceKeys::generate(&mut entropy);
        let tablets: Vec<_> = (0..tablets).map(|_| DeviceKeys::generate(&mut entropy)).collect();
        roster
            .append(admit(&evaluator, "evaluator", Membership::Evaluator), &root)
            .expect("the evaluator is admitted");
        for (i, keys) in tablets.iter().enumerate() {
            let label = format!("tablet {i}");
            roster.append(admit(keys, &label, Membership::Tablet), &root).expect("the tablet is admitted");
        }
        let scope = ScopeTag::of(&roster.study(), "ward");
        Self { root, roster, evaluator, tablets, scope }
    }
}

pub(crate) fn admit(keys: &DeviceKeys, label: &str, membership: Membership) -> Act {
    Act::Admit {
        device: keys.public(),
        label: label.to_owned(),
        membership,
        grants: Vec::new(),
        epochs: Vec::new(),
    }
}
