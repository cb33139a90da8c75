//! `nightjar evaluate …`

use nightjar::Evaluator;

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
            Ok(())
        }
        EvaluateCommand::Run(asked) => line_protocol::run_evaluator(asked, screen),
    }
}

fn open(device: &VaultArgs) -> Result<Evaluator, Trouble> {
    Ok(Evaluator::open(&device.vault, &key::open(&device.vault, &device.key)?, options())?)
}
