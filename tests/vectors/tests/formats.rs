//! What version 1 wrote reads as it did when it was written.

use nightjar_test_support::program;
use nightjar_vectors::formats::{look, v1};
use serde_json::Value as Json;

#[test]
fn what_version_1_wrote_reads_as_it_did() {
    let wanted = std::fs::read(v1().join("expected.json")).expect("what was read in it");
    let wanted: Json = serde_json::from_slice(&wanted).expect("it is JSON");
    let read = look(&v1(), &program());
    for (part, wanted) in wanted.as_object().expect("parts") {
        assert_eq!(&read[part], wanted, "{part}");
    }
    assert_eq!(read.as_object().map(|parts| parts.len()), wanted.as_object().map(|parts| parts.len()));
}

/// A fixture that holds nothing would read as it did, too.
#[test]
fn it_holds_something_of_everything() {
    let read = look(&v1(), &program());
    for path in [
        "/tablet/records/0",
        "/tablet/history/0/2",
        "/tablet/conflicts/0",
        "/tablet/dissensus/0",
        "/tablet/drafts/0",
        "/tablet/tallies/0",
        "/tablet/own/answers/0",
        "/tablet/publications/0/pages/0/themes/0",
        "/chunks/1",
        "/evaluator/records/3",
        "/evaluator/erased/devices/0",
        "/bundle/records/3",
        "/hub/1",
        "/roster/members/4",
    ] {
        assert!(read.pointer(path).is_some(), "{path}");
    }
    let envelopes = read["envelopes"].as_array().expect("envelopes");
    for kind in ["Change", "Withdrawal"] {
        assert!(envelopes.iter().any(|envelope| envelope["kind"] == kind), "{kind}");
    }
    assert!(
        envelopes.iter().any(|envelope| envelope["left_of"].is_string()),
        "what is left of something taken out"
    );
    assert!(envelopes.iter().any(|envelope| envelope["proof"] == true), "a correction by a receipt");
    assert!(
        read["roster"]["members"].as_array().expect("members").iter().any(|member| member["put_out"] == true)
    );
    for which in ["tablet", "evaluator"] {
        let verified = &read[which]["verified"];
        assert_eq!(
            (&verified["damaged"], &verified["envelopes_astray"]),
            (&0.into(), &0.into()),
            "{verified}"
        );
    }
}
