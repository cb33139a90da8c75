//! Somebody takes out what they said, on another tablet than they said it on; a tablet is lost, and put out.

use serde_json::{Value as Json, json};

use super::Demo;
use super::heard::{Erased, Opened, Record, WithWords};
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Most records asked for at once.
const BATCH: usize = 500;

pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("10. Taken out, and put out")?;
    take_out(demo, screen)?;
    put_out(demo, screen)
}

fn take_out(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    let study = demo.pack.study();
    let forms = study.instruments.iter().find(|form| form.kind.code() == "response");
    let form = forms.ok_or_else(|| Trouble::NotHeld("the study asks people for their own answers".into()))?;
    let role = study.roles.iter().find(|role| role.may.contains(&form.id));
    let role = role.ok_or_else(|| Trouble::NotHeld("somebody may answer it".into()))?.code.clone();
    let form_id = form.id.clone();
    let ward = demo.calendar.ward_codes().next().unwrap_or_default().to_owned();
    let now = demo.calendar.asking(0.99).to_string();

    let tablet = demo.tablets[0].device()?;
    tablet.tell("set_time", json!({ "now": now }))?;
    let begin = json!({ "form_id": form_id, "role": role, "ward": ward, "language": null });
    let opened: Opened = tablet.ask("begin", begin)?;
    let given: WithWords = tablet.ask("stop_keeping_with_words", json!({ "sitting": opened.sitting }))?;
    demo.tablets[0].sync()?;
    demo.evaluators[0].sync()?;
    if !has(demo, &form_id, &given.record)? {
        return Err(Trouble::NotHeld("the evaluator reads what was said".into()));
    }
    screen.line("Somebody answered on tablet 1 and kept twelve words. The evaluator reads it.")?;

    let words = json!({ "words": given.words });
    let other = demo.tablets[1].device()?;
    other.tell("set_time", json!({ "now": now }))?;
    other.tell("fetch_own", words.clone())?;
    other.tell("take_out", words)?;
    for tablet in &mut demo.tablets {
        tablet.sync()?;
    }
    for evaluator in &mut demo.evaluators {
        evaluator.sync()?;
    }
    if has(demo, &form_id, &given.record)? {
        return Err(Trouble::NotHeld("what was taken out is gone".into()));
    }
    // Once more: what each has taken out is told with the sync after.
    for station in demo.tablets.iter_mut().chain(&mut demo.evaluators) {
        station.sync()?;
    }
    let erased: Erased = demo.evaluators[0].device()?.ask("erased", json!({}))?;
    let done = erased.devices.iter().filter(|device| device.confirmed == erased.taken_out).count();
    screen.line(format_args!(
        "With the words it was taken out on tablet 2: the evaluator reads it no more, the hub holds the stub of it, and {done} of {} devices have signed that nothing of it is left there.",
        erased.devices.len()
    ))?;
    screen.line(
        "The report above was written before: `nightjar evaluate exports` would name it as one to destroy.",
    )
}

/// Whether the first evaluator reads a record.
fn has(demo: &mut Demo, form_id: &str, record: &str) -> Result<bool, Trouble> {
    let mut after: Option<String> = None;
    loop {
        let request = json!({ "form_id": form_id, "limit": BATCH, "after": after });
        let records: Vec<Record> = demo.evaluators[0].device()?.ask("records", request)?;
        if records.iter().any(|there| there.id == record) {
            return Ok(true);
        }
        match records.last() {
            Some(last) if records.len() == BATCH => after = Some(last.id.clone()),
            _ => return Ok(false),
        }
    }
}

fn put_out(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    let Some(lost) = demo.tablets.last().map(|tablet| tablet.name.clone()) else { return Ok(()) };
    demo.evaluators[0].device()?.tell("put_out", json!({ "who": lost }))?;
    let refused = match demo.tablets.last_mut() {
        Some(tablet) => tablet.device()?.ask::<Json>("sync", json!({})).err(),
        None => None,
    };
    match refused {
        Some(_) => screen.line(format_args!(
            "{lost} was lost and put out: the hub takes nothing more of it and gives it nothing, and the ward's records have a new key. What it had sent counts."
        )),
        None => Err(Trouble::NotHeld("the hub refuses a tablet that was put out".into())),
    }
}
