//! Coming together: the hub is back, every tablet syncs, voices are shown as dissensus and the bed count as a conflict,
//! a person settles the count, and it is settled everywhere.

use nightjar_form::Value;
use rand::seq::SliceRandom;
use serde_json::json;

use super::bed_count::BedCount;
use super::heard::{Conflict, Dissensus, Record};
use super::voices::Case;
use super::{Chance, Demo};
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(
    demo: &mut Demo,
    case: &Case,
    bed_count: &BedCount,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    screen.heading("6. Together")?;
    demo.start_hub()?;
    let mut order: Vec<usize> = (0..demo.tablets.len()).collect();
    order.shuffle(&mut demo.chance(Chance::SyncOrder));
    for tablet in &order {
        let tablet = &mut demo.tablets[*tablet];
        let synced = tablet.sync()?;
        screen.line(format_args!(
            "{} syncs: {} sent, {} received.",
            tablet.name, synced.pushed, synced.pulled
        ))?;
        if synced.waiting > 0 {
            return Err(Trouble::NotHeld(format!("{} has sent everything", tablet.name)));
        }
    }
    // Who synced first has not seen yet what the others sent.
    everyone(demo)?;
    dissensus(demo, case, screen)?;
    let conflict = conflict(demo, bed_count, screen)?;
    settle(demo, bed_count, &conflict, screen)
}

fn everyone(demo: &mut Demo) -> Result<(), Trouble> {
    demo.tablets.iter_mut().try_for_each(|tablet| tablet.sync().map(drop))
}

/// Every tablet shows every voice beside the outcome.
fn dissensus(demo: &mut Demo, case: &Case, screen: &mut Screen) -> Result<(), Trouble> {
    for number in 0..demo.tablets.len() {
        let tablet = &mut demo.tablets[number];
        let cases: Vec<Dissensus> = tablet.device()?.ask("dissensus", json!({}))?;
        let missing =
            || Trouble::NotHeld(format!("every voice is shown on every tablet, {} included", tablet.name));
        let held = cases.iter().find(|held| held.case == case.label).ok_or_else(missing)?;
        let outcome = held.outcome.as_ref().ok_or_else(missing)?;
        if held.positions.len() != 3 || !held.differs {
            return Err(missing());
        }
        if number > 0 {
            continue;
        }
        screen.line(format_args!(
            "Dissensus on case \"{}\" ({}), on every tablet:",
            case.label, outcome.ward
        ))?;
        for position in &held.positions {
            let [voice, stance, why] = case.voice.each_ref().map(|item| position.text(item));
            let who = position.who().unwrap_or_default();
            screen.line(format_args!("  {voice}: {stance}. {why}  [{who}]"))?;
        }
        let who = outcome.who().unwrap_or_default();
        screen.line(format_args!("  Outcome: {}  [{who}]", outcome.text(&case.outcome)))?;
    }
    Ok(())
}

/// Every tablet shows both counts; nobody's was overwritten.
fn conflict(demo: &mut Demo, bed_count: &BedCount, screen: &mut Screen) -> Result<Conflict, Trouble> {
    let mut shown = None;
    for tablet in &mut demo.tablets {
        let conflicts: Vec<Conflict> = tablet.device()?.ask("conflicts", json!({}))?;
        let [conflict] = <[Conflict; 1]>::try_from(conflicts).map_err(|all| {
            Trouble::NotHeld(format!("{} shows one conflict, not {}", tablet.name, all.len()))
        })?;
        if conflict.record != bed_count.record
            || conflict.name != bed_count.item
            || conflict.values.len() != 2
        {
            return Err(Trouble::NotHeld(format!("{} shows both bed counts", tablet.name)));
        }
        shown = Some(conflict);
    }
    let conflict = shown.ok_or_else(|| Trouble::NotHeld("there are tablets".into()))?;
    screen.line(format_args!("Conflict on every tablet: {}", conflict.label))?;
    for held in &conflict.values {
        screen.line(format_args!("  {}  [{}]", held.text, held.who()))?;
    }
    Ok(conflict)
}

/// A person settles it on tablet 3; after another sync it is settled everywhere.
fn settle(
    demo: &mut Demo,
    bed_count: &BedCount,
    conflict: &Conflict,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let number = |value: &Value| if let Value::Integer(number) = value { *number } else { 0 };
    let chosen = conflict.values.iter().max_by_key(|held| number(&held.value));
    let chosen = chosen.ok_or_else(|| Trouble::NotHeld("a conflict has values".into()))?;
    let settler = demo.tablets.last_mut().ok_or_else(|| Trouble::NotHeld("there are tablets".into()))?;
    settler.device()?.tell(
        "settle",
        json!({ "record": conflict.record, "name": conflict.name, "value": chosen.value, "role": bed_count.role }),
    )?;
    screen.line(format_args!("Settled by {} on {}: {}.", bed_count.role, settler.name, chosen.text))?;
    settler.sync()?;
    everyone(demo)?;
    for tablet in &mut demo.tablets {
        let left: Vec<Conflict> = tablet.device()?.ask("conflicts", json!({}))?;
        let records: Vec<Record> = tablet
            .device()?
            .ask("records", json!({ "form_id": bed_count.form_id, "ward": bed_count.ward, "limit": 1000 }))?;
        let record = records.iter().find(|record| record.id == bed_count.record);
        let held = record.and_then(|record| record.cell(&bed_count.item)).map(|cell| cell.values.as_slice());
        let settled = matches!(held, Some([only]) if only.value == chosen.value);
        if !left.is_empty() || !settled {
            return Err(Trouble::NotHeld(format!("the settled bed count is settled on {}", tablet.name)));
        }
    }
    screen.line("After one more sync it is settled on all three tablets.")
}
