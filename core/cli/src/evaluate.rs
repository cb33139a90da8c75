//! `nightjar evaluate …`

use nightjar::{Evaluator, ExportedView};

use crate::command::{EvaluateCommand, VaultArgs};
use crate::device::{self, options};
use crate::terminal::Screen;
use crate::trouble::Trouble;
use crate::{key, line_protocol, pack};

pub(crate) fn run(asked: &EvaluateCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        EvaluateCommand::Create { device, label } => {
            let evaluator = Evaluator::create(
                &device.vault,
                &key::create(&device.vault, &device.key)?,
                label,
                options(),
            )?;
            screen.line(evaluator.enrolment_request()?)
        }
        EvaluateCommand::Join { device, invitation, bundle, study } => {
            let (invitation, pack) = (device::text(invitation)?, pack::load(study.as_deref())?);
            let evaluator = open(device)?;
            match bundle {
                Some(file) => drop(evaluator.join_with_bundle(&invitation, &pack, file)?),
                None => evaluator.join(&invitation, pack)?,
            }
            screen.line(format_args!("joined: {}", evaluator.status()?.study.unwrap_or_default()))
        }
        EvaluateCommand::HandOver { device, to } => {
            let handed = open(device)?.hand_over(to)?;
            screen.line(format_args!(
                "{} responses handed on to {}; they go up with the next sync",
                handed.responses, handed.to
            ))
        }
        EvaluateCommand::Retire { device, to } => {
            open(device)?.retire(to)?;
            screen.line("this evaluator's keys and vault are destroyed; the steward can put it out now")
        }
        EvaluateCommand::Sync { device, tries } => {
            let evaluator = open(device)?;
            device::print_sync(&evaluator.sync_with(&device::patient(*tries))?, screen)?;
            device::print_newer(&evaluator.status()?, "nightjar evaluate update", screen)
        }
        EvaluateCommand::Update { device, study } => {
            let evaluator = open(device)?;
            let pack = pack::load(Some(study))?;
            evaluator.update(&pack)?;
            device::print_version(&evaluator.status()?, Some(&pack), screen)
        }
        EvaluateCommand::Received { device } => {
            for received in open(device)?.received()? {
                screen.line(format_args!(
                    "{}: {} of {} received",
                    received.tablet, received.received, received.expected
                ))?;
            }
            Ok(())
        }
        EvaluateCommand::Report { device, out } => {
            let export = open(device)?.export(out)?;
            screen.line(format_args!("{} responses", export.responses))?;
            if export.unknown_versions > 0 {
                screen.line(format_args!(
                    "warning: {} of them were made with a version of the study that this device was not given; what only \
                     that version asks is missing. Take it with `nightjar evaluate update`",
                    export.unknown_versions
                ))?;
            }
            for file in &export.files {
                screen.line(out.join(file).display())?;
            }
            if let Some(held_back) = export.held_back {
                screen.line(format_args!(
                    "figures.csv and report.html are held back: {} responses are other than in the last ones, and their difference \
                     would be theirs; it takes {}",
                    held_back.changed, held_back.needed
                ))?;
            }
            for earlier in &export.destroy {
                destroy(earlier, screen)?;
            }
            Ok(())
        }
        EvaluateCommand::Exports { device, destroyed: Some(id) } => {
            open(device)?.export_destroyed(id)?;
            screen.line("noted: the files of this export are destroyed")
        }
        EvaluateCommand::Exports { device, destroyed: None } => {
            let exports = open(device)?.exports()?;
            if exports.is_empty() {
                screen.line("no exports were made by this device")?;
            }
            for export in &exports {
                let sort = if export.published { "figures and rows" } else { "rows only" };
                let whole = if export.whole { "" } else { ", broken off" };
                screen.line(format_args!(
                    "{}  {}  {} records, {sort}{whole}  {}",
                    &export.id[..12],
                    export.made,
                    export.records,
                    export.folder
                ))?;
                match (&export.destroyed, export.destroy) {
                    (Some(day), _) => screen.line(format_args!("  destroyed {day}"))?,
                    (None, true) => destroy(export, screen)?,
                    (None, false) => {}
                }
            }
            Ok(())
        }
        EvaluateCommand::Run(asked) => line_protocol::run_evaluator(asked, screen),
    }
}

/// Names the files of an export that have to be destroyed.
fn destroy(export: &ExportedView, screen: &mut Screen) -> Result<(), Trouble> {
    screen.line(format_args!(
        "  DESTROY every copy of these files of export {} of {}: {} of its records were taken out since",
        &export.id[..12],
        export.made,
        export.taken_out
    ))?;
    for file in export.files.iter().filter(|file| file.row_level) {
        screen.line(format_args!("    {}  {}", file.blake3, file.name))?;
    }
    screen.line(format_args!("  and then: nightjar evaluate exports --destroyed {}", &export.id[..12]))
}

fn open(device: &VaultArgs) -> Result<Evaluator, Trouble> {
    Ok(Evaluator::open(&device.vault, &key::open(&device.vault, &device.key)?, options())?)
}
