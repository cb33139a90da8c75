//! A change of a record, as it comes out of an envelope.

use nightjar_record::{admit as admitted, admit_all};

/// What is admitted loads in automerge; how long and how large that may be is the fuzzer's limit.
pub fn admit(bytes: &[u8]) {
    if admitted(bytes).is_ok() {
        let change = automerge::Change::from_bytes(bytes.to_vec()).expect("what is admitted is a change");
        let mut document = automerge::AutoCommit::new();
        document.apply_changes([change]).expect("what is admitted applies");
    }
    // Several that travel together are each admitted, and nothing of the bytes is left over.
    if let Ok(all) = admit_all(bytes) {
        let whole: Vec<u8> = all.iter().flat_map(|change| change.bytes().to_vec()).collect();
        assert_eq!(whole, bytes);
    }
}
