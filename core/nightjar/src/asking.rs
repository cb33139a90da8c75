//! The asking list of a ward: labels that the ward chose, and whether each was asked. It stays on this tablet, is never synced, ends
//! with the phase, and has no link to what anybody answered.

use nightjar_form::{Item, Value};
use nightjar_record::study::{InstrumentKind, Study};
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::failure::Failure;
use crate::leaving::phase;
use crate::sitting::Sitting;
use crate::view::{AskState, AskedView, BeginRequest, EncounterRequest};

/// Most labels of one ward.
const MOST: usize = 200;
/// Longest label in characters.
const LONGEST: usize = 40;
/// Before the code of the ward.
const NAME: &str = "asking/";

/// A ward's list as it is kept.
#[derive(Serialize, Deserialize, Default)]
struct List {
    /// The phase that it is of; empty for none.
    phase: String,
    people: Vec<Person>,
}

#[derive(Serialize, Deserialize)]
struct Person {
    label: String,
    state: AskState,
    /// Of who was not asked today: the day, so that they are to be asked again from the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<jiff::civil::Date>,
}

/// The list of a ward.
pub(crate) fn list(device: &Device, ward: &str) -> Result<Vec<AskedView>, Failure> {
    let today = device.now()?.date();
    let people = read(device, ward)?.people.into_iter();
    Ok(people
        .map(|person| AskedView {
            state: match person.state {
                AskState::NotToday if person.on != Some(today) => AskState::NotYet,
                state => state,
            },
            label: person.label,
        })
        .collect())
}

/// Puts a label on the list.
pub(crate) fn add(device: &Device, ward: &str, label: &str) -> Result<(), Failure> {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    if label.is_empty() || label.chars().count() > LONGEST || label.chars().any(char::is_control) {
        return Err(Failure::Invalid(format!("a label has 1 to {LONGEST} characters")));
    }
    // As the forms ask of the label of a decision: three digits are a room, a bed with a date, or a number of a person.
    if label.chars().filter(char::is_ascii_digit).count() >= 3 || label.contains(['/', '@']) {
        return Err(Failure::Invalid(
            "that looks like a number or address of a person; choose another label".into(),
        ));
    }
    let mut list = read(device, ward)?;
    if list.people.iter().any(|person| person.label.to_lowercase() == label.to_lowercase()) {
        return Err(Failure::Invalid("this label is on the list already".into()));
    }
    if list.people.len() == MOST {
        return Err(Failure::Invalid(format!("a list has at most {MOST} labels")));
    }
    list.people.push(Person { label, state: AskState::NotYet, on: None });
    keep(device, ward, &list)
}

/// Notes what came of asking.
pub(crate) fn mark(device: &Device, ward: &str, label: &str, state: AskState) -> Result<(), Failure> {
    let today = device.now()?.date();
    let mut list = read(device, ward)?;
    let person = list.people.iter_mut().find(|person| person.label == label).ok_or_else(gone)?;
    person.state = state;
    person.on = (state == AskState::NotToday).then_some(today);
    keep(device, ward, &list)
}

/// Takes a label off the list.
pub(crate) fn remove(device: &Device, ward: &str, label: &str) -> Result<(), Failure> {
    let mut list = read(device, ward)?;
    let before = list.people.len();
    list.people.retain(|person| person.label != label);
    match list.people.len() == before {
        true => Err(gone()),
        false if list.people.is_empty() => Ok(device.vault.forget_setting(&name(ward))?),
        false => keep(device, ward, &list),
    }
}

/// Wipes lists of phases that are over.
pub(crate) fn wipe_ended(device: &Device) -> Result<(), Failure> {
    for name in device.vault.settings(NAME)? {
        let ward = name.strip_prefix(NAME).unwrap_or_default();
        match read(device, ward) {
            // Of a ward that the study no longer has, or damaged: nothing is to be had of it.
            Err(Failure::Invalid(_) | Failure::Corrupt(_)) => device.vault.forget_setting(&name)?,
            read => drop(read?),
        }
    }
    Ok(())
}

fn name(ward: &str) -> String {
    format!("{NAME}{ward}")
}

fn gone() -> Failure {
    Failure::Invalid("this label is not on the list (any more)".into())
}

/// The list of the phase the ward is in; one of another phase is wiped.
fn read(device: &Device, ward: &str) -> Result<List, Failure> {
    let known = device.joined()?.study().ward(ward).is_some();
    let phase = if known { phase(device, ward)? } else { String::new() };
    if let Some(bytes) = device.vault.setting(&name(ward))? {
        let list: List =
            serde_json::from_slice(&bytes).map_err(|_| Failure::Corrupt("the asking list".into()))?;
        if known && list.phase == phase {
            return Ok(list);
        }
        device.vault.forget_setting(&name(ward))?;
    }
    match known {
        true => Ok(List { phase, people: Vec::new() }),
        false => Err(Failure::Invalid(format!("the study has no ward \"{ward}\""))),
    }
}

fn keep(device: &Device, ward: &str, list: &List) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(list).map_err(Failure::internal)?;
    // Beside a label that was changed the old one must not lie about.
    Ok(device.vault.replace_setting(&name(ward), &bytes)?)
}

/// The study's form for whom it asked and whom it did not, where a role fills it in.
pub(crate) fn form_of(study: &Study, role: &str) -> Option<String> {
    let is_it = |entry: &&nightjar_record::study::StudyInstrument| {
        entry.kind == InstrumentKind::Encounter && study.may(role, &entry.id)
    };
    study.instruments.iter().find(is_it).map(|entry| entry.id.clone())
}

/// Fills in that form: names of items and codes are those of the SleepWell pack, and a form that has others is opened instead.
pub(crate) fn encounter(
    begin: impl FnOnce(BeginRequest) -> Result<Sitting, Failure>,
    study: &Study,
    item: impl Fn(&str, &str) -> Option<Item>,
    request: &EncounterRequest,
) -> Result<(), Failure> {
    let EncounterRequest { ward, role, about, outcome, reason } = request;
    let form = form_of(study, role)
        .ok_or_else(|| Failure::Rejected(format!("the role \"{role}\" does not write down who was asked")))?;
    let asked_by = study.role(role).map(|known| match known.voice {
        nightjar_record::study::Voice::Staff => "ward_staff",
        _ => known.code.as_str(),
    });
    let wanted = [
        ("respondent", Some(about.as_str()), true),
        ("outcome", Some(outcome.as_str()), true),
        ("asked_by", asked_by.filter(|_| outcome != "not_asked"), false),
        ("reason", reason.as_deref(), reason.is_some()),
    ];
    let mut answers = Vec::new();
    for (name, code, needed) in wanted {
        let Some(code) = code else { continue };
        match item(&form, name).filter(|item| item.choice(code).is_some()) {
            Some(item) => answers.push((item.path().to_owned(), Value::One(code.to_owned()))),
            None if needed => {
                return Err(Failure::Incompatible(format!(
                    "\"{form}\" does not offer \"{code}\" at \"{name}\""
                )));
            }
            None => {}
        }
    }
    let request = BeginRequest { form_id: form, role: role.clone(), ward: ward.clone(), language: None };
    let sitting = begin(request)?;
    let done = answers
        .into_iter()
        .try_for_each(|(path, value)| sitting.answer(&path, Some(value)).map(drop))
        .and_then(|()| sitting.finish().map(drop));
    if done.is_err() {
        // Half of it says nothing.
        let _ = sitting.discard();
    }
    done
}
