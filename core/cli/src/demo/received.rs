//! The evaluator pulls, and says how much of what each tablet sent is there.

use nightjar_form::Value;
use serde_json::json;

use super::Demo;
use super::heard::{Received, Record};
use crate::simulate::CANARY;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Most records asked for at once.
const BATCH: usize = 500;

/// Whether the canary's free text was among the evaluator's records.
pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<bool, Trouble> {
    screen.heading("7. The evaluator receives")?;
    for evaluator in &mut demo.evaluators {
        evaluator.sync()?;
    }
    let received: Vec<Received> = demo.evaluators[0].device()?.ask("received", json!({}))?;
    for tablet in &received {
        screen
            .line(format_args!("{}: {} of {} received", tablet.tablet, tablet.received, tablet.expected))?;
    }
    for tablet in &demo.tablets {
        if !received.iter().any(|known| known.tablet == tablet.name && known.received == known.expected) {
            return Err(Trouble::NotHeld(format!("everything {} sent is received", tablet.name)));
        }
    }
    compare(demo)
}

/// What the tablets acknowledged against what the evaluator reads, form by form.
fn compare(demo: &mut Demo) -> Result<bool, Trouble> {
    let mut canary = false;
    for (form_id, expected) in &demo.tally.records {
        let mut there = 0;
        let mut after: Option<String> = None;
        loop {
            let request = json!({ "form_id": form_id, "limit": BATCH, "after": after });
            let records: Vec<Record> = demo.evaluators[0].device()?.ask("records", request)?;
            there += records.len() as u64;
            canary |= records.iter().any(has_canary);
            match records.last() {
                Some(last) if records.len() == BATCH => after = Some(last.id.clone()),
                _ => break,
            }
        }
        if there != *expected {
            return Err(Trouble::NotHeld(format!(
                "of {expected} records of {form_id} that tablets acknowledged, the evaluator reads {there}"
            )));
        }
    }
    Ok(canary)
}

fn has_canary(record: &Record) -> bool {
    let mut values = record.cells.iter().flat_map(|cell| &cell.values);
    values.any(|held| matches!(&held.value, Value::Text(text) if text.contains(CANARY)))
}
