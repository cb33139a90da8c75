//! Notes merge by character: nobody's words are lost, nothing is a conflict, and every device reads the same text.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::*;
use nightjar_form::{Attachments, CellKey, Instrument, ItemKey, Missing, Value};
use nightjar_record::{Action, Choices, Incoming, Options, Record, RecordError, create, options_of};
use proptest::prelude::*;

/// The note of a night is a note.
fn with_note() -> Options {
    [(ItemKey::of("note"), Choices { note: true, ..Choices::default() })].into()
}

fn note(text: &str) -> [(CellKey, Value); 1] {
    [(cell("note"), Value::Text(text.into()))]
}

fn begun(text: &str, n: u64) -> (Vec<Incoming>, Record) {
    let written = create(&night(), &note(text), &with_note(), &KEY, &hand("nurse"), actor(n)).unwrap();
    let changes = vec![incoming(&written, n as u8)];
    let record = merge(written.record, &changes);
    (changes, record)
}

fn edited(record: &Record, text: &str, n: u64) -> Incoming {
    incoming(&record.edit(&note(text), &with_note(), &hand("nurse"), actor(n)).unwrap(), n as u8)
}

fn read(record: &Record) -> String {
    let cells = record.cells();
    let held = &cells.iter().find(|c| c.key == cell("note")).unwrap().held;
    assert_eq!(held.len(), 1, "a note is one text");
    held[0].value.to_text()
}

#[test]
fn what_two_write_at_once_is_joined_and_is_no_conflict() {
    let (mut changes, first) = begun("A quiet night. One alarm.", 1);
    changes.push(edited(&first, "A quiet night, mostly. One alarm.", 2));
    changes.push(edited(&first, "A quiet night. One alarm at three.", 3));
    let record = merge(first.id(), &changes);
    assert_eq!(read(&record), "A quiet night, mostly. One alarm at three.");
    assert!(record.conflicts().is_empty() && record.row().unwrap().conflicts.is_empty());

    // Whoever edits it next goes on from the joined text, needs no right to settle, and settles nothing.
    let said = record.edit(&note(&read(&record)), &with_note(), &hand("nurse"), actor(4));
    assert!(matches!(said, Err(RecordError::Nothing)), "that is what it says");
    let next = edited(&record, "A quiet night, mostly. One alarm at four.", 4);
    changes.push(next);
    let only_edits = |need: &nightjar_record::Need, _| need.action != Action::Settle;
    let record = Record::merge(first.id(), &KEY, changes.clone(), only_edits).unwrap();
    assert!(record.refused().is_empty());
    assert_eq!(read(&record), "A quiet night, mostly. One alarm at four.");
    assert!(record.settlements().is_empty());
    let steps = record.history();
    assert!(steps.iter().all(|step| !step.settles));
    assert_eq!(steps.last().unwrap().before.len(), 2, "history says what each had written");

    // A late edit of the first text is joined with it.
    changes.push(edited(&first, "Ward full. A quiet night. One alarm.", 5));
    let record = merge(first.id(), &changes);
    assert_eq!(read(&record), "Ward full. A quiet night, mostly. One alarm at four.");
}

#[test]
fn notes_of_offline_twins_stand_below_each_other() {
    let (mut changes, a) = begun("One alarm.", 1);
    let (others, b) = begun("Two falls.", 2);
    assert_eq!(a.id(), b.id());
    changes.extend(others);
    let record = merge(a.id(), &changes);
    let both = read(&record);
    assert!(both == "One alarm.\nTwo falls." || both == "Two falls.\nOne alarm.", "{both}");
    assert!(record.conflicts().is_empty());
    // The next text that somebody writes is based on both.
    changes.push(edited(&record, &format!("{both}\nQuiet."), 3));
    changes.push(edited(&record, &format!("Night of the second.\n{both}"), 4));
    assert_eq!(read(&merge(a.id(), &changes)), format!("Night of the second.\n{both}\nQuiet."));
}

#[test]
fn clearing_a_note_against_an_edit_shows_both() {
    let (mut changes, first) = begun("One alarm.", 1);
    changes.push(edited(&first, "One alarm at three.", 2));
    let gone = [(cell("note"), Value::Missing(Missing::NotAnswered))];
    changes.push(incoming(&first.edit(&gone, &with_note(), &hand("nurse"), actor(3)).unwrap(), 3));
    let record = merge(first.id(), &changes);
    assert_eq!(record.conflicts().len(), 1);
    assert_eq!(record.conflicts()[0].values.len(), 2);
}

#[test]
fn a_text_that_is_no_note_is_a_conflict_as_before() {
    let (changes, _) = twins();
    let first = merge(night().record_id(&KEY), &changes[..1]);
    let edit = |text: &str, n| {
        incoming(&first.edit(&note(text), &options(), &hand("nurse"), actor(n)).unwrap(), n as u8)
    };
    let record = merge(first.id(), &[changes[0].clone(), edit("b", 3), edit("c", 4)]);
    assert_eq!(record.conflicts().len(), 1);
}

/// A device that may edit and not settle cannot make a conflict disappear by calling its sides notes.
#[test]
fn a_conflict_does_not_become_a_note() {
    let edits_only = |need: &nightjar_record::Need, _| need.action != Action::Settle;
    let plain = |text: &str, n| {
        incoming(&create(&night(), &note(text), &options(), &KEY, &hand("nurse"), actor(n)).unwrap(), n as u8)
    };
    let (a, b) = (plain("one", 1), plain("two", 2));
    let seen = |change: &Incoming| merge(night().record_id(&KEY), std::slice::from_ref(change));
    let mut changes = vec![a.clone(), b.clone(), edited(&seen(&a), "uno", 3), edited(&seen(&b), "due", 4)];
    let record = Record::merge(night().record_id(&KEY), &KEY, changes.clone(), edits_only).unwrap();
    assert_eq!(record.conflicts().len(), 1, "both sides are notes now, and it is a conflict still");
    let over = record.edit(&note("tre"), &with_note(), &hand("nurse"), actor(5));
    assert!(matches!(over, Err(RecordError::Unsettled(_))));
    // Nor by a settlement that such a device writes.
    let settles = record.conflicts()[0].values.iter().map(|held| held.change).collect();
    let settle = nightjar_record::Settle { cell: cell("note"), value: Value::Text("tre".into()), settles };
    let settled = record.settle(&[settle], "", &with_note(), &hand("nurse"), actor(6)).unwrap();
    changes.push(incoming(&settled, 6));
    let record = Record::merge(night().record_id(&KEY), &KEY, changes, edits_only).unwrap();
    assert_eq!((record.refused().len(), record.conflicts().len()), (1, 1));
}

#[test]
fn equal_notes_are_one_text_and_a_note_with_too_many_texts_is_a_conflict() {
    let (mut changes, first) = begun("colr", 1);
    changes.extend([edited(&first, "color", 2), edited(&first, "color", 3)]);
    let record = merge(first.id(), &changes);
    assert_eq!(record.cells()[0].settled(), Some(&Value::Text("color".into())));
    changes.extend((0..64).map(|n| edited(&first, &format!("colr {n}"), n + 10)));
    let record = merge(first.id(), &changes);
    assert_eq!(record.conflicts().len(), 1);
    assert!(matches!(
        record.edit(&note("x"), &with_note(), &hand("nurse"), actor(99)),
        Err(RecordError::Unsettled(_))
    ));
}

#[test]
fn a_form_says_which_of_its_texts_are_notes() {
    let form = "| survey |\n| | type | name | label | nightjar::purpose |\n| | text | note | Note | note |\n\
                | | text | why | Why | |\n| | integer | beds | Beds | note |\n";
    let form = Instrument::read("f.md", form.as_bytes(), &Attachments::default()).unwrap();
    let options = options_of(&form);
    assert_eq!(options.len(), 1);
    assert!(options[&ItemKey::of("note")].note);
}

proptest! {
    /// Any tablets edit what they have seen, in any order of arrival: one text, with every word that nobody took out.
    #[test]
    fn every_device_reads_the_same_text_and_every_word_is_in_it(
        steps in proptest::collection::vec((0..4_usize, 0..4_usize, any::<bool>()), 1..10),
        order in Just((0..11_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (changes, first) = begun("The night.", 1);
        let mut seen: Vec<Vec<Incoming>> = vec![changes; 4];
        let mut words = vec!["The night".to_owned()];
        for (n, (device, from, front)) in steps.into_iter().enumerate() {
            let theirs = seen[from].clone();
            for change in theirs {
                if !seen[device].iter().any(|known| known.change.hash() == change.change.hash()) {
                    seen[device].push(change);
                }
            }
            let record = merge(first.id(), &seen[device]);
            let word = format!("word{n}of{device}");
            let text = if front { format!("{word} {}", read(&record)) } else { format!("{} {word}", read(&record)) };
            seen[device].push(edited(&record, &text, n as u64 + 2));
            words.push(word);
        }
        let mut all: Vec<Incoming> = Vec::new();
        for change in seen.into_iter().flatten() {
            if !all.iter().any(|known| known.change.hash() == change.change.hash()) {
                all.push(change);
            }
        }
        let text = read(&merge(first.id(), &all));
        for word in words {
            prop_assert_eq!(text.matches(&word).count(), 1, "{} in {:?}", word, text);
        }
        let shuffled: Vec<Incoming> = order.iter().filter_map(|at| all.get(*at).cloned()).collect();
        prop_assert_eq!(shuffled.len(), all.len());
        prop_assert_eq!(read(&merge(first.id(), &shuffled)), text);
    }
}
