//! Messages of a comparison by ranges, on both sides.

use std::sync::OnceLock;

use nightjar_seal::EnvelopeId;
use nightjar_sync::bounds::RANGES_BYTES;
use nightjar_sync::ranges::{Asking, IdSet};

/// Ids that lie side by side, so that whatever bounds a message names something lies there.
fn set(from: u16, to: u16) -> IdSet {
    let id = |n: u16| {
        let mut id = [n as u8; 32];
        id[..2].copy_from_slice(&n.wrapping_mul(97).to_be_bytes());
        EnvelopeId(id)
    };
    IdSet::new((from..to).map(id).collect::<Vec<_>>().into_iter()).expect("few")
}

/// Takes bytes as a question, and as an answer to one that was asked; goes on with an honest other side.
pub fn compare(bytes: &[u8]) {
    static SETS: OnceLock<(IdSet, IdSet)> = OnceLock::new();
    let (here, there) = SETS.get_or_init(|| (set(0, 700), set(300, 1_000)));
    if let Ok(answer) = there.answer(bytes) {
        assert!(answer.len() <= RANGES_BYTES);
    }
    let (mut asking, _) = Asking::begin(here.clone()).expect("it begins");
    let mut next = asking.hear(bytes);
    for _ in 0..8 {
        let Ok(Some(question)) = next else { break };
        assert!(question.len() <= RANGES_BYTES);
        let answer = there.answer(&question).expect("what was asked can be answered");
        next = asking.hear(&answer);
    }
    assert!(asking.differing().lacking_there.len() as u64 <= here.len());
}
