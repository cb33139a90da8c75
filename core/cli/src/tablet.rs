//! `nightjar tablet …`

use nightjar::{
    AmendRequest, DisputeRequest, DissensusView, RecordsRequest, SettleRequest, StepView, Tablet,
};

use crate::command::{TabletCommand, VaultArgs};
use crate::device::{self, options};
use crate::terminal::Screen;
use crate::trouble::Trouble;
use crate::{key, line_protocol, pack, picture};

pub(crate) fn run(asked: &TabletCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        TabletCommand::Create { device, label, qr } => {
            let tablet =
                Tablet::create(&device.vault, &key::create(&device.vault, &device.key)?, label, options())?;
            let request = tablet.enrolment_request()?;
            if *qr {
                picture::show(&request, screen)?;
                screen
                    .line(format_args!("The steward compares this fingerprint: {}", tablet.fingerprint()))?;
            }
            screen.line(request)
        }
        TabletCommand::Join { device, invitation, bundle, study } => {
            let (invitation, pack) = (device::text(invitation)?, pack::load(study.as_deref())?);
            let tablet = open(device)?;
            match bundle {
                Some(file) => drop(tablet.join_with_bundle(&invitation, &pack, file)?),
                None => tablet.join(&invitation, pack)?,
            }
            screen.line(format_args!("joined: {}", tablet.status()?.study.unwrap_or_default()))
        }
        TabletCommand::Pin { device, pin_fd } => {
            let tablet = open(device)?;
            tablet.set_pin(&key::pin(*pin_fd)?)?;
            screen.line("The PIN is set.")
        }
        TabletCommand::Sync { device, tries } => {
            let tablet = open(device)?;
            device::print_sync(&tablet.sync_with(&device::patient(*tries))?, screen)?;
            device::print_newer(&tablet.status()?, "nightjar tablet update", screen)
        }
        TabletCommand::Update { device, study } => {
            let tablet = open(device)?;
            let pack = pack::load(Some(study))?;
            tablet.update(&pack)?;
            device::print_version(&tablet.status()?, Some(&pack), screen)?;
            let others = tablet.drafts()?.into_iter().filter(|draft| draft.other_version).count();
            match others {
                0 => Ok(()),
                _ => screen.line(format_args!(
                    "{others} unfinished {} begun with an earlier version; `nightjar collect` offers to move {}",
                    if others == 1 { "form was" } else { "forms were" },
                    if others == 1 { "it" } else { "them" }
                )),
            }
        }
        TabletCommand::Records { device, ward, form, search } => {
            let request = RecordsRequest {
                form_id: form.clone(),
                ward: ward.clone(),
                text: search.clone(),
                limit: Some(200),
                ..RecordsRequest::default()
            };
            records(&open(device)?, request, screen)
        }
        TabletCommand::History { device, record } => history(&open(device)?.history(record)?, screen),
        TabletCommand::Conflicts { device } => device::print_conflicts(&open(device)?.conflicts()?, screen),
        TabletCommand::Dissensus { device } => dissensus(&open(device)?.dissensus()?, screen),
        TabletCommand::Correct { device, record, set, role } => {
            let tablet = open(device)?;
            let mut changes = Vec::new();
            for one in set {
                let (item, value) = one.split_once('=').ok_or_else(|| {
                    Trouble::Given(format!("--set takes an item and its value, as in kept=7, not \"{one}\""))
                })?;
                changes.push((item.to_owned(), tablet.read_value(record, item, value)?));
            }
            tablet.amend(AmendRequest { record: record.clone(), role: role.clone(), changes })?;
            screen.line("corrected; `nightjar tablet history` shows what it said before")
        }
        TabletCommand::Settle { device, record, item, value, role } => {
            settle(&open(device)?, record, item, value, role, screen)
        }
        TabletCommand::Dispute { device, record, item, value, role, why } => {
            let tablet = open(device)?;
            let request = DisputeRequest {
                record: record.clone(),
                name: item.clone(),
                value: tablet.read_value(record, item, value)?,
                role: role.clone(),
                reason: why.clone(),
            };
            tablet.dispute(request)?;
            screen.line("put beside what was settled; `nightjar tablet conflicts` shows both")
        }
        TabletCommand::Run(asked) => line_protocol::run_tablet(asked, screen),
    }
}

fn open(device: &VaultArgs) -> Result<Tablet, Trouble> {
    Ok(Tablet::open(&device.vault, &key::open(&device.vault, &device.key)?, options())?)
}

fn records(tablet: &Tablet, mut request: RecordsRequest, screen: &mut Screen) -> Result<(), Trouble> {
    loop {
        let records = tablet.records(request.clone())?;
        for record in &records {
            let about = record.natural_key.as_deref().unwrap_or(&record.id);
            screen.line(format_args!("{} {} {about} [{}]", record.form_id, record.ward, record.id))?;
            for cell in &record.cells {
                let values: Vec<String> =
                    cell.values.iter().map(|held| format!("{} ({})", held.text, device::who(held))).collect();
                let mark = if cell.in_conflict { "  ! differs" } else { "" };
                screen.line(format_args!("  {}: {}{mark}", cell.name, values.join(" | ")))?;
            }
        }
        match records.last() {
            None if request.after.is_none() => return screen.line("no such records here"),
            Some(last) if records.len() == 200 => request.after = Some(last.id.clone()),
            _ => return Ok(()),
        }
    }
}

fn history(steps: &[StepView], screen: &mut Screen) -> Result<(), Trouble> {
    for step in steps {
        let what = match (step.label.as_str(), &step.option) {
            ("", None) => step.name.clone(),
            (label, None) => label.to_owned(),
            (label, Some(option)) => format!("{label} [{option}]"),
        };
        let before = match step.before.as_slice() {
            [] => String::new(),
            before => format!("{} → ", before.join(" | ")),
        };
        let time = step.time.as_ref().map(|time| format!("{time} ")).unwrap_or_default();
        let settles = if step.settles { ", settles what differed" } else { "" };
        let proof = match step.proof.as_str() {
            "chained" => "",
            "broken" => ", THE CHAIN OF THIS TABLET DOES NOT VERIFY",
            _ => ", not in a signed chain yet",
        };
        let why = step.disputes.as_ref().map(|why| format!(", disputes what was settled: {why}"));
        screen.line(format_args!(
            "{time}{} in the role {}: {what}: {before}{}{settles}{}{proof}",
            step.tablet,
            step.role,
            step.after,
            why.unwrap_or_default()
        ))?;
    }
    Ok(())
}

fn dissensus(cases: &[DissensusView], screen: &mut Screen) -> Result<(), Trouble> {
    let cell = |record: &nightjar::RecordView| {
        let cells = record.cells.iter().filter(|cell| !cell.values.is_empty());
        let said = cells.map(|cell| {
            let mut texts: Vec<&str> = cell.values.iter().map(|held| held.text.as_str()).collect();
            texts.dedup();
            format!("{}: {}", cell.name, texts.join(" | "))
        });
        said.collect::<Vec<_>>().join("; ")
    };
    for case in cases {
        let held = if case.differs { ", the disagreement is held" } else { "" };
        screen.line(format_args!("{} on {}{held}", case.case, case.ward))?;
        match &case.outcome {
            Some(outcome) => screen.line(format_args!("  decided: {}", cell(outcome)))?,
            None => screen.line("  nothing is decided yet")?,
        }
        for position in &case.positions {
            screen.line(format_args!("  position: {}", cell(position)))?;
        }
    }
    match cases {
        [] => screen.line("no cases here"),
        _ => Ok(()),
    }
}

fn settle(
    tablet: &Tablet,
    record: &str,
    item: &str,
    value: &str,
    role: &str,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let conflicts = tablet.conflicts()?;
    let conflict = conflicts.iter().find(|conflict| conflict.record == record && conflict.name == item);
    let conflict = conflict.ok_or_else(|| {
        Trouble::Given("there is no such conflict here; list them with `nightjar tablet conflicts`".into())
    })?;
    // By what it says, never by its place: the list is in another order once something came.
    let held = conflict.values.iter().find(|held| held.text == value);
    let (value, text) = match held {
        Some(held) => (held.value.clone(), held.text.clone()),
        None => (tablet.read_value(record, item, value)?, value.to_owned()),
    };
    tablet.settle(SettleRequest {
        record: record.to_owned(),
        name: item.to_owned(),
        value,
        role: role.to_owned(),
    })?;
    screen.line(format_args!("settled: {} is {text}", conflict.label))
}
