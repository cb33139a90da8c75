//! Opposing positions on one case: a patient and a nurse in turn on one tablet, a doctor on another, and what was
//! decided. All of it offline.

use std::collections::BTreeMap;

use nightjar_form::{Instrument, Item, ItemKind, Value};

use super::Demo;
use crate::simulate::{Habits, Manner, Visit, numbers, walk};
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// A case with the items that matter in it.
pub(super) struct Case {
    /// Its label.
    pub(super) label: &'static str,
    /// In a position: whose voice, for or against, and why.
    pub(super) voice: [String; 3],
    /// In the outcome: what came out.
    pub(super) outcome: String,
}

/// The label the ward keeps on paper: no name, no room, no number of a person.
const CASE: &str = "Owl 3";

/// Who says what, and on which tablet (from 0).
const VOICES: [(&str, &str, &str, usize); 3] = [
    ("patient", "against", "I sleep better when I know that someone looks in.", 0),
    ("nurse", "for", "The checks wake them every hour, and nothing was found in weeks.", 0),
    ("doctor", "against", "The new medicine needs watching for a few more nights.", 2),
];

/// Writes down the positions and the outcome.
pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<Case, Trouble> {
    screen.heading("4. Three voices on one decision")?;
    let none = || {
        Trouble::Given(
            "the study has no forms for positions and outcomes; the demonstration needs both".into(),
        )
    };
    let of_kind = |kind: &str| {
        let form = demo.pack.study().instruments.iter().find(|form| form.kind.code() == kind)?;
        Some((form.id.clone(), demo.pack.instrument(&form.id)?.clone()))
    };
    let (position, positions) = of_kind("position").ok_or_else(none)?;
    let (outcome, outcomes) = of_kind("outcome").ok_or_else(none)?;
    for (number, (voice, stance, why, tablet)) in VOICES.into_iter().enumerate() {
        let mut given = case_of(demo, &position, &positions);
        let told = [
            ("voice", voice),
            ("stance", stance),
            ("why", why),
            ("said_by", "themselves"),
            ("occasion", "at_72"),
        ];
        for (purpose, said) in told {
            say(&positions, purpose, said, &mut given);
        }
        write_down(demo, &position, voice, tablet, number as u64, given)?;
        screen.line(format_args!("{voice} on {}: {stance}.", demo.tablets[tablet].name))?;
    }
    let mut given = case_of(demo, &outcome, &outcomes);
    say(&outcomes, "outcome", "balanced", &mut given);
    say(
        &outcomes,
        "reasons",
        "Two views are held; checks stay for three nights, then we look again.",
        &mut given,
    );
    say(&outcomes, "explained_to", "patient", &mut given);
    say(&outcomes, "occasion", "at_72", &mut given);
    write_down(demo, &outcome, "doctor", 2, VOICES.len() as u64, given)?;
    screen.line(format_args!("Outcome on {}: balanced, disagreement held.", demo.tablets[2].name))?;
    let name = |form: &Instrument, purpose: &str| {
        item(form, purpose).map(|item| item.name().to_owned()).ok_or_else(none)
    };
    let voice = [name(&positions, "voice")?, name(&positions, "stance")?, name(&positions, "why")?];
    Ok(Case { label: CASE, voice, outcome: name(&outcomes, "outcome")? })
}

/// The item with this purpose or, failing that, this name.
fn item<'a>(instrument: &'a Instrument, purpose: &str) -> Option<&'a Item> {
    let meant = instrument.items().iter().find(|item| item.extra("nightjar::purpose") == Some(purpose));
    meant.or_else(|| instrument.item_named(purpose))
}

/// The items that say which case it is about.
fn case_of(demo: &Demo, form_id: &str, instrument: &Instrument) -> BTreeMap<String, Value> {
    let form = demo.pack.study().instrument(form_id);
    let key = form.map(|form| form.natural_key.as_slice()).unwrap_or_default();
    let items = key.iter().filter_map(|name| instrument.item_named(name));
    let texts = items.filter(|item| item.kind() == ItemKind::Text);
    texts.map(|item| (item.name().to_owned(), Value::Text(CASE.into()))).collect()
}

/// What an item shall hold: the choice whose code begins with what was said, or the words.
fn say(instrument: &Instrument, purpose: &str, said: &str, given: &mut BTreeMap<String, Value>) {
    let Some(item) = item(instrument, purpose) else { return };
    let code = || item.choices().iter().map(|choice| choice.code()).find(|code| code.starts_with(said));
    let value = match item.kind() {
        ItemKind::Text => Some(Value::Text(said.to_owned())),
        ItemKind::SelectMultiple => code().map(|code| Value::Many(vec![code.to_owned()])),
        _ => code().map(|code| Value::One(code.to_owned())),
    };
    if let Some(value) = value {
        given.insert(item.name().to_owned(), value);
    }
}

fn write_down(
    demo: &mut Demo,
    form_id: &str,
    voice: &str,
    tablet: usize,
    number: u64,
    given: BTreeMap<String, Value>,
) -> Result<(), Trouble> {
    let none = || Trouble::Given(format!("nobody may fill in {form_id} in this study"));
    let mut numbers = numbers(demo.seed, 1_000 + number);
    let at = demo.calendar.asking(0.9995);
    let place = demo
        .calendar
        .somewhere(at.date(), &mut crate::simulate::numbers(demo.seed, 1_000))
        .ok_or_else(none)?;
    let roles = || demo.pack.study().roles.iter().filter(|role| role.may.iter().any(|form| form == form_id));
    let role = roles()
        .find(|role| role.code.contains(voice))
        .or_else(|| roles().next())
        .ok_or_else(none)?
        .code
        .clone();
    let visit = Visit {
        stream: 1_000 + number,
        tablet,
        form_id: form_id.to_owned(),
        role,
        ward: place.ward,
        beds: place.beds,
        after: place.after,
        at,
        language: None,
        manner: Manner::Finish,
        stops_at: None,
        diligent: true,
        given,
    };
    let mut form = demo.tablets[tablet].begin(&visit)?;
    walk(&mut form, &visit, &Habits::read()?, &mut numbers)?;
    demo.tally.add(form_id, 1);
    Ok(())
}
