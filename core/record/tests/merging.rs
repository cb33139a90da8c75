//! Merging keeps every voice: conflicts of facts, settlements, and the order of arrival that never matters.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::*;
use nightjar_form::{Missing, Value};
use nightjar_record::{Action, Dispute, Incoming, Nature, Record, RecordError, Settle};
use proptest::prelude::*;

fn beds(record: &Record) -> Vec<Value> {
    let cells = record.cells();
    let found = cells.iter().find(|c| c.key == cell("beds")).unwrap();
    found.values().into_iter().cloned().collect()
}

#[test]
fn a_first_change_says_everything_about_its_record() {
    let cells = [
        (cell("slept"), one("well")),
        (cell("woke"), many(&["light", "a choice with blanks, and longer than twenty-four bytes"])),
        (cell("better"), Value::Text("Fewer checks, please.".into())),
        (cell("nights"), Value::Integer(-3)),
        (cell("hours"), Value::Decimal(6.5)),
        (cell("age"), Value::Missing(Missing::Declined)),
        (cell("day"), Value::Date(jiff::civil::date(2025, 3, 2))),
    ];
    let written = found(&response(1), &cells, 1);
    let record = merge(written.record, &[incoming(&written, 1)]);
    assert_eq!(record.meta(), Some(&response(1)));
    for (key, value) in cells {
        let found = record.cells().into_iter().find(|c| c.key == key).unwrap();
        assert_eq!(found.settled(), Some(&value), "{key}");
    }
    assert!(record.conflicts().is_empty());
}

#[test]
fn different_values_of_a_fact_are_all_shown_with_who_wrote_them() {
    let (_, record) = twins();
    assert_eq!(beds(&record), [Value::Integer(17), Value::Integer(18)]);
    let conflicts = record.conflicts();
    assert_eq!(conflicts.len(), 1, "equal notes are no conflict");
    let who: Vec<_> = conflicts[0].values.iter().map(|h| (h.value.clone(), h.from)).collect();
    assert_eq!(who, [(Value::Integer(17), from(1)), (Value::Integer(18), from(2))]);
}

#[test]
fn a_plain_edit_never_closes_a_conflict() {
    let (_, record) = twins();
    for value in [17, 18, 19] {
        let edit =
            record.edit(&[(cell("beds"), Value::Integer(value))], &options(), &hand("nurse"), actor(3));
        assert!(matches!(edit, Err(RecordError::Unsettled(_))), "{value}");
    }
}

#[test]
fn a_settlement_names_what_it_settles_and_can_be_disputed() {
    let (mut changes, record) = twins();
    let seen: Vec<_> = record.conflicts()[0].values.iter().map(|h| h.change).collect();
    let settle = |settles: Vec<_>, n| {
        let settle = Settle { cell: cell("beds"), value: Value::Integer(17), settles };
        record.settle(&[settle], "counted again", &options(), &hand("lead"), actor(n))
    };
    assert!(matches!(settle(seen[..1].to_vec(), 3), Err(RecordError::SettlesOther(_))));
    let settled = settle(seen, 3).unwrap();
    // Meanwhile a third tablet, which never saw the settlement, edits its own value.
    let alone = merge(record.id(), &changes[1..]);
    let edit =
        alone.edit(&[(cell("beds"), Value::Integer(20))], &options(), &hand("nurse"), actor(4)).unwrap();

    changes.push(incoming(&settled, 3));
    let record = merge(record.id(), &changes);
    assert_eq!(beds(&record), [Value::Integer(17)]);
    assert!(record.conflicts().is_empty());
    let settlements = record.settlements();
    assert_eq!(settlements.len(), 1);
    assert_eq!(settlements[0].reason, "counted again");
    assert_eq!(settlements[0].settled.len(), 2);

    changes.push(incoming(&edit, 2));
    let record = merge(record.id(), &changes);
    assert_eq!(
        beds(&record),
        [Value::Integer(17), Value::Integer(20)],
        "the settlement is disputed, not undone"
    );
}

#[test]
fn a_settlement_that_was_seen_is_disputed_with_a_reason_and_settled_anew() {
    let (mut changes, record) = twins();
    let seen: Vec<_> = record.conflicts()[0].values.iter().map(|h| h.change).collect();
    let settle = Settle { cell: cell("beds"), value: Value::Integer(17), settles: seen };
    let settled = record.settle(&[settle], "counted", &options(), &hand("lead"), actor(3)).unwrap();
    changes.push(incoming(&settled, 1));
    let record = merge(record.id(), &changes);
    let dispute = |name: &str, value, why: &str| {
        let dispute = Dispute { cell: cell(name), value: Value::Integer(value) };
        record.dispute(&[dispute], why, &options(), &hand("nurse"), actor(4))
    };
    assert_eq!(dispute("beds", 18, " "), Err(RecordError::NeedsReason));
    assert_eq!(dispute("beds", 17, "it is right"), Err(RecordError::Nothing));
    assert!(matches!(dispute("note", 18, "no"), Err(RecordError::DisputesOther(_))));
    let disputed = dispute("beds", 18, "bed 4 is back").unwrap();
    changes.push(incoming(&disputed, 2));

    let record = merge(record.id(), &changes);
    assert_eq!(beds(&record), [Value::Integer(17), Value::Integer(18)]);
    let conflict = &record.conflicts()[0];
    let whys: Vec<_> = conflict.values.iter().map(|held| held.disputes.as_deref()).collect();
    assert_eq!(whys, [None, Some("bed 4 is back")]);
    let settlement = &record.settlements()[0];
    assert_eq!((settlement.disputed.len(), &settlement.disputed[0].value), (1, &Value::Integer(18)));
    assert_eq!(settlement.settled.len(), 2, "what it closed stays closed");

    let seen = conflict.values.iter().map(|h| h.change).collect();
    let again = Settle { cell: cell("beds"), value: Value::Integer(18), settles: seen };
    let again = record.settle(&[again], "seen it", &options(), &hand("lead"), actor(5)).unwrap();
    changes.push(incoming(&again, 1));
    let record = merge(record.id(), &changes);
    assert_eq!((beds(&record), record.conflicts().len()), (vec![Value::Integer(18)], 0));
    assert_eq!(record.settlements().len(), 2);
}

#[test]
fn a_settlement_of_options_can_be_disputed() {
    let write = |codes: &[&str], n| found(&night(), &[(cell("why_broken"), many(codes))], n);
    let (a, b) = (write(&["noise", "checks"], 1), write(&["noise"], 2));
    let mut changes = vec![incoming(&a, 1), incoming(&b, 2)];
    let record = merge(a.record, &changes);
    let seen = record.conflicts()[0].values.iter().map(|h| h.change).collect();
    let settle = Settle { cell: cell("why_broken"), value: many(&["noise"]), settles: seen };
    let settled = record.settle(&[settle], "", &options(), &hand("lead"), actor(3)).unwrap();
    changes.push(incoming(&settled, 1));
    let record = merge(a.record, &changes);
    let dispute = Dispute { cell: cell("why_broken"), value: many(&["noise", "checks"]) };
    let disputed = record.dispute(&[dispute], "they woke him", &options(), &hand("n"), actor(4)).unwrap();
    changes.push(incoming(&disputed, 2));
    let record = merge(a.record, &changes);
    let conflict = &record.conflicts()[0];
    assert_eq!((conflict.option.as_deref(), conflict.values.len()), (Some("checks"), 2));
}

#[test]
fn what_one_tablet_chose_and_the_other_did_not_is_a_conflict() {
    let write = |codes: &[&str], n| found(&night(), &[(cell("why_broken"), many(codes))], n);
    let (a, b) = (write(&["noise", "checks"], 1), write(&["noise"], 2));
    let changes = [incoming(&a, 1), incoming(&b, 2)];
    let record = merge(a.record, &changes);
    let conflicts = record.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].option.as_deref(), Some("checks"));
    let seen = conflicts[0].values.iter().map(|h| h.change).collect();
    let settle = Settle { cell: cell("why_broken"), value: many(&["noise", "light"]), settles: seen };
    let settled = record.settle(&[settle], "", &options(), &hand("lead"), actor(3)).unwrap();
    let record = merge(a.record, &[changes.to_vec(), vec![incoming(&settled, 1)]].concat());
    assert!(record.conflicts().is_empty());
    assert_eq!(record.cells()[0].settled(), Some(&many(&["noise", "light"])));
}

#[test]
fn a_missing_code_beside_an_answer_is_a_conflict_too() {
    let a = found(&night(), &[(cell("why_broken"), many(&["noise"]))], 1);
    let record = merge(a.record, &[incoming(&a, 1)]);
    let more =
        record.edit(&[(cell("why_broken"), many(&["noise", "light"]))], &options(), &hand("n"), actor(2));
    let none = Value::Missing(Missing::DontKnow);
    let none = record.edit(&[(cell("why_broken"), none)], &options(), &hand("n"), actor(3));
    let changes = [incoming(&a, 1), incoming(&more.unwrap(), 1), incoming(&none.unwrap(), 2)];
    let record = merge(a.record, &changes);
    assert_eq!(record.conflicts().len(), 1);
    assert_eq!(record.cells()[0].values(), [&many(&["noise", "light"]), &Value::Missing(Missing::DontKnow)]);
}

#[test]
fn after_finishing_nobody_else_changes_a_response() {
    let written = found(&response(1), &[(cell("slept"), one("well"))], 1);
    let record = merge(written.record, &[incoming(&written, 1)]);
    let edit = record.edit(&[(cell("slept"), one("badly"))], &options(), &hand("nurse"), actor(2));
    assert_eq!(edit, Err(RecordError::ResponseFinished));
}

#[test]
fn history_shows_from_which_value_to_which() {
    let a = found(&night(), &[(cell("beds"), Value::Integer(17))], 1);
    let record = merge(a.record, &[incoming(&a, 1)]);
    let edit =
        record.edit(&[(cell("beds"), Value::Integer(16))], &options(), &hand("lead"), actor(2)).unwrap();
    let record = merge(a.record, &[incoming(&a, 1), incoming(&edit, 2)]);
    let steps: Vec<_> =
        record.history().into_iter().map(|s| (s.hand.role, s.before, s.after, s.from)).collect();
    assert_eq!(
        steps,
        [
            ("nurse".to_owned(), vec![], Value::Integer(17), from(1)),
            ("lead".to_owned(), vec![Value::Integer(17)], Value::Integer(16), from(2)),
        ]
    );
}

#[test]
fn what_was_not_granted_does_not_count_nor_what_rests_on_it() {
    let a = found(&night(), &[(cell("beds"), Value::Integer(17))], 1);
    let record = merge(a.record, &[incoming(&a, 1)]);
    let edit = record.edit(&[(cell("beds"), Value::Integer(16))], &options(), &hand("x"), actor(2)).unwrap();
    let edited = merge(a.record, &[incoming(&a, 1), incoming(&edit, 2)]);
    let later = edited.edit(&[(cell("beds"), Value::Integer(15))], &options(), &hand("x"), actor(3)).unwrap();
    let all = [incoming(&a, 1), incoming(&edit, 2), incoming(&later, 1)];
    let record = Record::merge(a.record, &KEY, all, |need, device| {
        assert_eq!((need.kind.as_str(), need.ward.as_str()), ("ward-night", "maple"));
        device == from(1) || need.action == Action::Create
    })
    .unwrap();
    assert_eq!(beds(&record), [Value::Integer(17)]);
    assert_eq!(record.refused().get(&edit.hash), Some(&RecordError::NotGranted));
    assert_eq!(record.refused().get(&later.hash), Some(&RecordError::RestsOnRefused));
}

#[test]
fn another_records_change_is_refused() {
    let a = found(&night(), &[(cell("beds"), Value::Integer(17))], 1);
    let b = found(&response(1), &[(cell("slept"), one("well"))], 2);
    let record = merge(a.record, &[incoming(&a, 1), incoming(&b, 1)]);
    assert_eq!(record.refused().get(&b.hash), Some(&RecordError::OtherRecord));
}

#[test]
fn beyond_its_bounds_the_largest_contributor_is_set_aside_and_nobody_else() {
    let honest = found(&night(), &[(cell("beds"), Value::Integer(17))], 1);
    let mut changes = vec![incoming(&honest, 1)];
    for n in 0..513 {
        changes.push(incoming(&found(&night(), &[(cell("beds"), Value::Integer(n))], n as u64 + 10), 9));
    }
    let record = merge(honest.record, &changes);
    assert_eq!(beds(&record), [Value::Integer(17)]);
    assert_eq!(record.refused().len(), 513);
}

/// A device that reads a record can seal what another gave once more, under its own name.
#[test]
fn sealing_what_another_gave_once_more_takes_nothing_out() {
    let honest = found(&night(), &[(cell("beds"), Value::Integer(17))], 1);
    let mut changes = vec![incoming(&honest, 5), incoming(&honest, 1)];
    let record = Record::merge(honest.record, &KEY, changes.clone(), |_, device| device == from(5)).unwrap();
    assert_eq!(beds(&record), [Value::Integer(17)], "one of the two may write it");
    let record = Record::merge(honest.record, &KEY, changes.clone(), |_, _| false).unwrap();
    assert_eq!(record.refused().get(&honest.hash), Some(&RecordError::NotGranted));
    for n in 0..513 {
        changes.push(incoming(&found(&night(), &[(cell("beds"), Value::Integer(n))], n as u64 + 10), 1));
    }
    for turned in [false, true] {
        if turned {
            changes.reverse();
        }
        let record = merge(honest.record, &changes);
        assert_eq!(beds(&record), [Value::Integer(17)]);
        assert_eq!(record.refused().len(), 513);
    }
}

/// A step of a random history: which of the changes so far its writer had seen, and what they did.
#[derive(Clone, Debug)]
struct Act {
    seen: u64,
    register: u8,
    value: i64,
}

fn play(acts: &[Act], nature: Nature) -> Vec<Incoming> {
    let mut meta = night();
    meta.nature = nature;
    let mut changes = Vec::<Incoming>::new();
    for (n, act) in acts.iter().enumerate() {
        let target = cell(["beds", "offered", "kept"][act.register as usize % 3]);
        let value = Value::Integer(act.value);
        let seen: Vec<Incoming> = (changes.iter().enumerate())
            .filter(|(i, _)| act.seen >> (i % 64) & 1 == 1)
            .map(|(_, c)| c.clone())
            .collect();
        let id = meta.record_id(&KEY);
        let view = merge(id, &seen);
        let n = n as u64;
        let written = if view.meta().is_none() {
            Ok(found(&meta, &[(target, value)], n))
        } else {
            match view.conflicts().into_iter().find(|c| c.cell == target) {
                Some(conflict) => {
                    let settles = conflict.values.iter().map(|h| h.change).collect();
                    let settle = Settle { cell: target, value, settles };
                    view.settle(&[settle], "", &options(), &hand("lead"), actor(n))
                }
                None => view.edit(&[(target, value)], &options(), &hand("nurse"), actor(n)),
            }
        };
        match written {
            Ok(written) => changes.push(incoming(&written, (n % 3) as u8)),
            Err(RecordError::Nothing) => {}
            Err(other) => panic!("{other}"),
        }
    }
    changes
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act =
        (any::<u64>(), 0u8..3, 0i64..4).prop_map(|(seen, register, value)| Act { seen, register, value });
    proptest::collection::vec(act, 1..9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_repetition_gives_the_same_record(
        acts in acts(),
        shuffle in proptest::collection::vec(any::<prop::sample::Index>(), 0..24),
    ) {
        let changes = play(&acts, Nature::Fact);
        prop_assume!(!changes.is_empty());
        let id = night().record_id(&KEY);
        let one = merge(id, &changes);
        let mut other: Vec<Incoming> = shuffle.iter().map(|i| i.get(&changes).clone()).collect();
        other.extend(changes.iter().rev().cloned());
        let two = merge(id, &other);
        prop_assert!(one.refused().is_empty() && one.waiting().is_empty());
        prop_assert_eq!(one.row(), two.row());
        prop_assert_eq!(one.settlements().len(), two.settlements().len());
    }

    #[test]
    fn a_part_of_the_changes_never_shows_what_nobody_wrote(acts in acts(), drop in any::<prop::sample::Index>()) {
        let changes = play(&acts, Nature::Fact);
        prop_assume!(changes.len() > 1);
        let id = night().record_id(&KEY);
        let mut part = changes.clone();
        part.remove(drop.index(part.len()));
        let record = merge(id, &part);
        prop_assert!(record.refused().is_empty());
        prop_assert_eq!(record.counted().count() + record.waiting().len(), part.len());
        for held in record.cells().iter().flat_map(|c| c.held.clone()) {
            prop_assert!(part.iter().any(|c| c.change.hash() == held.change));
        }
    }

    /// No last-writer-wins: a value leaves the record only when a change that saw it replaced it.
    #[test]
    fn no_value_is_lost_to_another(acts in acts()) {
        let changes = play(&acts, Nature::Fact);
        prop_assume!(!changes.is_empty());
        let record = merge(night().record_id(&KEY), &changes);
        let history = record.history();
        let held: Vec<_> = record.cells().into_iter().flat_map(|c| c.held.into_iter().map(move |h| (c.key, h.change))).collect();
        for step in &history {
            let replaced = history.iter().any(|later| {
                later.cell == step.cell && later.change != step.change && later.before.contains(&step.after)
            });
            prop_assert!(replaced || held.contains(&(step.cell, step.change)));
        }
    }
}
