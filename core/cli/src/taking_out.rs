//! `nightjar study take-out` and what goes with it.

use std::path::PathBuf;

use nightjar::{
    ActConsentView, AsksView, ConsentView, ErasedView, Evaluator, RuleRequest, TakeOutRequest, TakeOutView,
    TakeOutWhat,
};

use crate::command::TakingOutCommand;
use crate::device;
use crate::study::open;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(crate) fn run(asked: &TakingOutCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        TakingOutCommand::Steward { device, who, lived_experience } => {
            let steward = open(device)?.name_steward(who, *lived_experience)?;
            screen.line(format_args!("{} is asked where one steward alone may not", steward.label))
        }
        TakingOutCommand::Rule { device, evaluators, versions, lived_experience } => {
            let lived_experience = *lived_experience;
            let rule = RuleRequest { evaluators: *evaluators, documents: *versions, lived_experience };
            open(device)?.make_rule(&rule)?;
            screen.line("This is the rule of the study from now on, for everybody and for good.")
        }
        TakingOutCommand::TakeOut { device, record, all_responses, all_ward, consent } => {
            let what = match (all_responses, all_ward) {
                (true, _) => TakeOutWhat::Responses,
                (_, true) => TakeOutWhat::Ward,
                _ => TakeOutWhat::Records(record.clone()),
            };
            let consents = consent.iter().map(|file| handed_on(file)).collect::<Result<_, _>>()?;
            match open(device)?.take_out(&TakeOutRequest { what, consents })? {
                TakeOutView::Done { here, exports, counted } => {
                    screen.line(format_args!(
                        "{here} records are taken out here; the hub and the other devices do the"
                    ))?;
                    screen.line("same when they hear of it.")?;
                    if exports > 0 {
                        screen.line(format_args!(
                            "{exports} exports of this device hold what was taken out; `nightjar evaluate exports` names their files"
                        ))?;
                    }
                    match counted {
                        Some(day) => screen.line(format_args!(
                            "What is in the tables of {day} stays counted there, and in nothing later."
                        )),
                        None => Ok(()),
                    }
                }
                TakeOutView::Asks { request, stewards } => {
                    screen.line("Nothing is taken out yet: this is more than one steward may take out alone. Hand the text")?;
                    screen.line(format_args!(
                        "below to a second one ({}), who answers it with `nightjar study consent`; then",
                        stewards.join(", ")
                    ))?;
                    screen.line(
                        "give the answer with --consent. It is good as long as the roster does not grow.",
                    )?;
                    screen.line(request)
                }
            }
        }
        TakingOutCommand::Consent { device, request } => {
            let (steward, request) = (open(device)?, handed_on(request)?);
            match request.to_lowercase().starts_with("nightjar-act:") {
                true => consent_to_act(&steward.consent_to_act(&request)?, screen),
                false => consent(&steward.consent_to_take_out(&request)?, screen),
            }
        }
        TakingOutCommand::Erased { device } => erased(&open(device)?.erased()?, screen),
    }
}

/// What was taken out, and where.
fn erased(view: &ErasedView, screen: &mut Screen) -> Result<(), Trouble> {
    let here = || view.devices.iter().filter(|device| !device.put_out);
    let all = here().filter(|device| device.confirmed == view.taken_out).count();
    screen.line(format_args!("taken out: {} (of these {} whole sorts)", view.taken_out, view.scopes))?;
    screen.line(format_args!("erased on {all} of {} devices", here().count()))?;
    for device in &view.devices {
        let seen = match (&device.seen, device.here) {
            (_, true) => "this device".to_owned(),
            (Some(day), _) => format!("last seen {day}"),
            (None, _) => "not seen yet".to_owned(),
        };
        let out = if device.put_out { ", put out: nothing more is known of it" } else { "" };
        let confirmed = format_args!("{} of {}", device.confirmed, view.taken_out).to_string();
        screen.line(format_args!("  {confirmed:<12} {:<9} {}  ({seen}{out})", device.kind, device.label))?;
    }
    if !view.asked {
        screen.line("The hub was not asked: this is what was known.")?;
    }
    Ok(())
}

/// Before an act of which the study's rule says that stewards have to consent: keeps what they answered, or prints what to ask them. Whether
/// the act may be tried.
pub(crate) fn agreed(
    founder: &Evaluator,
    consents: &[PathBuf],
    asked: Option<AsksView>,
    screen: &mut Screen,
) -> Result<bool, Trouble> {
    for file in consents {
        founder.take_consent(&handed_on(file)?)?;
    }
    let Some(AsksView { request, needed, lived_experience, stewards }) =
        asked.filter(|_| consents.is_empty())
    else {
        return Ok(true);
    };
    screen.line(format_args!(
        "Nothing is done yet: by the rule of this study {needed} of its stewards have to consent ({}){}.",
        stewards.join(", "),
        if lived_experience { ", one of them in the seat of lived experience" } else { "" }
    ))?;
    screen.line(
        "Hand them the text below, which they answer with `nightjar study consent`; then give the answers",
    )?;
    screen.line("with --consent. They are good as long as the roster does not grow.")?;
    screen.line(request)?;
    Ok(false)
}

/// What a second steward consents to that the founder may not do alone, and then the consent.
fn consent_to_act(asked: &ActConsentView, screen: &mut Screen) -> Result<(), Trouble> {
    if let (Some(label), Some(fingerprint)) = (&asked.evaluator, &asked.fingerprint) {
        screen.line(format_args!(
            "The device \"{label}\" with the fingerprint {fingerprint} is let in as an evaluator's: it"
        ))?;
        screen.line("reads everything that is collected from then on.")?;
    }
    if let Some(document) = &asked.document {
        screen.line("Another version of the study is named, with which its forms, its purpose and what is published of it may change.")?;
        screen.line(format_args!("Its hash is {document}."))?;
    }
    screen.line("If that is right, hand this on to whoever asked:")?;
    screen.line(&asked.consent)
}

/// The last word of a file in which a command said more.
fn handed_on(file: &std::path::Path) -> Result<String, Trouble> {
    let text = device::text(file)?;
    Ok(text.lines().last().unwrap_or_default().trim().to_owned())
}

/// What a second steward consents to, in words, and then the consent.
fn consent(asked: &ConsentView, screen: &mut Screen) -> Result<(), Trouble> {
    let sort = if asked.responses { "what people said about themselves" } else { "what the wards wrote" };
    match asked.records {
        None => screen.line(format_args!(
            "Everything of {sort} is taken out for ever, and nothing more of it collected."
        ))?,
        Some(records) => screen.line(format_args!("{records} records of {sort} are taken out for ever."))?,
    }
    screen.line(format_args!("{} of them are on this device:", asked.here))?;
    for of in &asked.forms {
        screen.line(format_args!("  {:<16} {:<16} {}", of.form_id, of.ward, of.count))?;
    }
    screen.line("If that is right, hand this on to whoever asked:")?;
    screen.line(&asked.consent)
}
