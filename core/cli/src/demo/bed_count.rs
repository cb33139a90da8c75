//! One ward night's bed count, edited on two tablets at once: a conflict of fact.

use std::collections::BTreeMap;

use nightjar_form::{ItemKind, Value};
use rand::RngExt;
use serde_json::json;

use super::heard::Record;
use super::{Chance, Demo};
use crate::simulate::{Habits, Manner, Visit, numbers, walk};
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// The ward night in question.
pub(super) struct BedCount {
    /// Its form.
    pub(super) form_id: String,
    /// Its record.
    pub(super) record: String,
    /// The item that counts beds.
    pub(super) item: String,
    /// The role that may write it.
    pub(super) role: String,
    /// Its ward's code.
    pub(super) ward: String,
    night_item: String,
    night: Value,
    beds: u32,
}

impl BedCount {
    /// Whether a simulated visit is about the same night of the same ward.
    pub(super) fn is_same_thing(&self, visit: &Visit) -> bool {
        visit.form_id == self.form_id
            && visit.ward == self.ward
            && visit.given.get(&self.night_item) == Some(&self.night)
    }
}

/// Finds the form that counts beds by night.
fn form(demo: &Demo) -> Option<(String, String, String)> {
    let facts = demo.pack.study().instruments.iter().filter(|form| form.kind.code() == "fact");
    facts.into_iter().find_map(|form| {
        let instrument = demo.pack.instrument(&form.id)?;
        let night = form
            .natural_key
            .iter()
            .find(|name| instrument.item_named(name).is_some_and(|item| item.kind() == ItemKind::Date))?;
        let counts = || instrument.items().iter().filter(|item| item.kind() == ItemKind::Integer);
        let beds = counts().find(|item| item.name().starts_with("beds")).or_else(|| counts().next())?;
        Some((form.id.clone(), night.clone(), beds.name().to_owned()))
    })
}

/// While everything is still online, tablet 1 writes the night down and every tablet receives it.
pub(super) fn enter(demo: &mut Demo, screen: &mut Screen) -> Result<BedCount, Trouble> {
    let none = || {
        Trouble::Given("the study has no form that counts beds by night; the demonstration needs one".into())
    };
    let (form_id, night_item, item) = form(demo).ok_or_else(none)?;
    let mut chance = demo.chance(Chance::BedCount);
    let date = demo.calendar.date(0);
    let place = demo.calendar.somewhere(date, &mut chance).ok_or_else(none)?;
    let roles = || demo.pack.study().roles.iter().filter(|role| role.may.contains(&form_id));
    let role = roles()
        .find(|role| role.code.contains("night"))
        .or_else(|| roles().next())
        .ok_or_else(none)?
        .code
        .clone();
    let night = Value::Date(date);
    let visit = Visit {
        stream: Chance::BedCount as u64,
        tablet: 0,
        form_id: form_id.clone(),
        role: role.clone(),
        ward: place.ward.clone(),
        beds: place.beds,
        after: place.after,
        at: demo.calendar.morning_after(date),
        language: None,
        manner: Manner::Finish,
        stops_at: None,
        diligent: true,
        given: BTreeMap::from([
            (night_item.clone(), night.clone()),
            (item.clone(), Value::Integer(i64::from(place.beds))),
        ]),
    };
    let mut form = demo.tablets[0].begin(&visit)?;
    let walked = walk(&mut form, &visit, &Habits::read()?, &mut numbers(demo.seed, visit.stream))?;
    let record = walked.record.ok_or_else(none)?;
    demo.tally.add(&form_id, 1);
    for tablet in &mut demo.tablets {
        tablet.sync()?;
    }
    for tablet in &mut demo.tablets {
        let name = tablet.name.clone();
        let records: Vec<Record> = tablet.device()?.ask("records", json!({ "form_id": form_id }))?;
        if !records.iter().any(|known| known.id == record) {
            return Err(Trouble::NotHeld(format!("{name} has the ward night that tablet 1 wrote down")));
        }
    }
    screen.line(format_args!(
        "tablet 1 wrote down the night of {date} on {}; every tablet has it.",
        place.ward
    ))?;
    Ok(BedCount { form_id, record, item, role, ward: place.ward, night_item, night, beds: place.beds })
}

/// Still offline, tablets 1 and 2 each correct the number of beds, differently.
pub(super) fn edit_twice(demo: &mut Demo, bed_count: &BedCount, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("5. One bed count, edited on two tablets at once")?;
    let mut counts = [i64::from(bed_count.beds) + 1, i64::from(bed_count.beds) - 1];
    if demo.chance(Chance::BedCount).random_bool(0.5) {
        counts.reverse();
    }
    let at = demo.calendar.asking(0.9999).to_string();
    for (tablet, count) in demo.tablets.iter_mut().zip(counts) {
        tablet.device()?.tell("set_time", json!({ "now": at }))?;
        tablet.device()?.tell(
            "amend",
            json!({
                "record": bed_count.record,
                "role": bed_count.role,
                "changes": [[bed_count.item, Value::Integer(count)]],
            }),
        )?;
        screen.line(format_args!(
            "{}, offline, corrects the count on {} to {count}.",
            tablet.name, bed_count.ward
        ))?;
    }
    Ok(())
}
