//! A bundle that somebody else made.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use nightjar_seal::{DocumentHash, RootKeys, Roster, ScopeTag};
use nightjar_sync::bundle::Unpacking;

static ROSTER: LazyLock<Roster> = LazyLock::new(|| {
    let mut next = 0_u8;
    let mut entropy = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(1);
            *byte = next;
        }
    };
    let root = RootKeys::generate(&mut entropy);
    Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).expect("founded")
});

/// Takes parts until one is refused. Nothing in them is signed, so that nothing of them may count.
pub fn unpack(parts: &[Vec<u8>]) {
    let scope = ScopeTag::of(&ROSTER.study(), "ward");
    let me = nightjar_seal::DeviceTag([1; 16]);
    let mut unpacking = Unpacking::new(ROSTER.clone(), me, BTreeMap::from([(scope, BTreeMap::new())]));
    for part in parts {
        match unpacking.take(part) {
            Ok(events) => {
                let counts = |event: &nightjar_sync::Event| {
                    matches!(event, nightjar_sync::Event::Received { .. } | nightjar_sync::Event::RosterGrew(_))
                };
                assert!(!events.iter().any(counts), "what nobody signed counts");
            }
            Err(_) => break,
        }
    }
    assert!(!unpacking.summary().vouched);
}
