//! Dissensus: positions stand beside the outcome for ever, however they were given.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::*;
use nightjar_form::{Missing, Value};
use nightjar_record::{Incoming, Record, RecordError, Row, Settle, admit, create, dissensus};

/// A well-formed change that names and closes what both changes put into their first register.
fn forge_settlement(both: &[Incoming]) -> Vec<u8> {
    let both: Vec<automerge::ExpandedChange> = both
        .iter()
        .map(|i| automerge::Change::from_bytes(i.change.bytes().to_vec()).unwrap().decode())
        .collect();
    let mut forged = both[0].clone();
    let key = &both[0].operations[0].key;
    let ops: Vec<(u64, automerge::ActorId)> =
        both.iter().map(|c| (c.start_op.get(), c.actor_id.clone())).collect();
    let names: Vec<String> = ops
        .iter()
        .map(|(n, actor)| format!("{n}@{}", data_encoding::BASE64URL_NOPAD.encode(actor.to_bytes())))
        .collect();
    let automerge::legacy::Key::Map(name) = key else { panic!("a map key") };
    forged.message = Some(format!(r#"{{"v":0,"r":"n","s":{{"{name}":["{}"]}}}}"#, names.join("\",\"")));
    forged.operations.truncate(1);
    forged.operations[0].pred = ops.into_iter().map(|(n, actor)| automerge::legacy::OpId(n, actor)).collect();
    forged.actor_id = automerge::ActorId::from(vec![9; 16]);
    forged.start_op = forged.start_op.saturating_add(1);
    let mut deps: Vec<_> = both.iter().map(|c| c.hash.unwrap()).collect();
    deps.sort();
    forged.deps = deps;
    automerge::Change::from(forged).raw_bytes().to_vec()
}

fn row(written: &nightjar_record::Written) -> Row {
    merge(written.record, &[incoming(written, 1)]).row().unwrap()
}

fn say(n: u8, voice: &str, stance: &str) -> Row {
    let cells = [(cell("voice"), one(voice)), (cell("stance"), one(stance))];
    row(&found(&position(n, "case 7"), &cells, n.into()))
}

#[test]
fn opposing_positions_stay_beside_the_outcome() {
    let outcome = found(&outcome("case 7"), &[(cell("outcome"), one("balanced"))], 9);
    let rows =
        [say(1, "patient", "for"), say(2, "nurse", "against"), say(3, "doctor", "unsure"), row(&outcome)];
    let found = dissensus(&rows);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].positions.len(), 3);
    assert_eq!(found[0].outcomes.len(), 1);
    assert!(found[0].held);
    let agreeing = [say(1, "patient", "for"), say(2, "nurse", "for")];
    assert!(!dissensus(&agreeing)[0].held);
}

#[test]
fn an_outcome_against_a_view_needs_reasons_and_to_whom_they_were_explained() {
    let against = (cell("outcome"), one("against_view"));
    let reasons = (cell("reasons"), Value::Text("Two falls this week.".into()));
    let explained = (cell("explained_to"), Value::Many(vec!["patient".into(), "carer".into()]));
    let write = |cells: &[_]| create(&outcome("case 7"), cells, &options(), &KEY, &hand("doctor"), actor(1));
    assert_eq!(write(std::slice::from_ref(&against)), Err(RecordError::OutcomeNeeds("reasons")));
    let none = (cell("explained_to"), Value::Missing(Missing::NotAnswered));
    let needs = RecordError::OutcomeNeeds("to whom they were explained");
    assert_eq!(write(&[against.clone(), reasons.clone(), none]), Err(needs.clone()));
    let nobody = (cell("explained_to"), Value::Many(Vec::new()));
    assert_eq!(write(&[against.clone(), reasons.clone(), nobody]), Err(needs));
    let written = write(&[against.clone(), reasons, explained]).unwrap();
    assert!(dissensus(&[row(&written)])[0].held);

    let agreed = found(&outcome("case 8"), &[(cell("outcome"), one("agreed"))], 2);
    let record = merge(agreed.record, &[incoming(&agreed, 1)]);
    let edit = record.edit(&[against], &options(), &hand("doctor"), actor(3));
    assert_eq!(edit, Err(RecordError::OutcomeNeeds("reasons")));
}

#[test]
fn a_position_is_never_settled_away() {
    let first = found(&position(1, "case 7"), &[(cell("stance"), one("for"))], 1);
    let record = merge(first.record, &[incoming(&first, 1)]);
    let edit = |stance, n| {
        record.edit(&[(cell("stance"), one(stance))], &options(), &hand("nurse"), actor(n)).unwrap()
    };
    let changes = [incoming(&first, 1), incoming(&edit("against", 2), 1), incoming(&edit("unsure", 3), 2)];
    let record = merge(first.record, &changes);
    let both = record.conflicts();
    assert_eq!(both[0].values.len(), 2);
    let settles: Vec<_> = both[0].values.iter().map(|h| h.change).collect();
    let settle = Settle { cell: cell("stance"), value: one("for"), settles };
    assert_eq!(
        record.settle(std::slice::from_ref(&settle), "", &options(), &hand("lead"), actor(4)),
        Err(RecordError::Voice)
    );
    // A device that settles all the same is refused by every receiver.
    let forged = forge_settlement(&changes[1..]);
    let forged = Incoming::new(admit(&forged).unwrap(), from(3));
    let hash = forged.change.hash();
    let record = merge(first.record, &[changes.to_vec(), vec![forged]].concat());
    assert_eq!(record.refused().get(&hash), Some(&RecordError::Voice));
    let rows = record.row().unwrap();
    assert_eq!(dissensus(&[rows])[0].positions[0].stance.len(), 2);
}

#[test]
fn a_record_without_its_first_change_waits() {
    let first = found(&night(), &[(cell("beds"), Value::Integer(1))], 1);
    let record = merge(first.record, &[incoming(&first, 1)]);
    let edit = record.edit(&[(cell("beds"), Value::Integer(2))], &options(), &hand("n"), actor(2)).unwrap();
    let record: Record = merge(first.record, &[incoming(&edit, 1)]);
    assert!(record.meta().is_none());
    assert_eq!(record.waiting().iter().copied().collect::<Vec<_>>(), [edit.hash]);
}
