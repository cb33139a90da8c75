//! `nightjar bundle …`

use nightjar::BundleView;

use crate::command::BundleCommand;
use crate::device::{Opened, opened};
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(crate) fn run(asked: &BundleCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        BundleCommand::Export { device, to, answering } => {
            let answering = answering.as_deref();
            let written = match opened(device)? {
                Opened::Tablet(tablet) => tablet.export_bundle(to, answering)?,
                Opened::Evaluator(evaluator) => evaluator.export_bundle(to, answering)?,
            };
            screen.line(format_args!(
                "{}: {} sealed envelopes and {} roster entries, {} bytes",
                to.display(),
                written.envelopes,
                written.roster_entries,
                written.bytes
            ))
        }
        BundleCommand::Import { device, file } => {
            let taken = match opened(device)? {
                Opened::Tablet(tablet) => tablet.import_bundle(file)?,
                Opened::Evaluator(evaluator) => evaluator.import_bundle(file)?,
            };
            print_taken(&taken, screen)?;
            as_far_as_it_goes(taken)
        }
        BundleCommand::Inspect { file } => {
            let view = nightjar::inspect_bundle(file)?;
            screen.line(format_args!(
                "made by {}: {} sealed envelopes and {} roster entries, {} bytes{}",
                view.made_by,
                view.envelopes,
                view.roster_entries,
                view.bytes,
                if view.whole { "; whole" } else { "" }
            ))?;
            as_far_as_it_goes(view)
        }
    }
}

/// What was taken from a bundle, in words.
fn print_taken(taken: &BundleView, screen: &mut Screen) -> Result<(), Trouble> {
    let by = if taken.vouched {
        "made by"
    } else {
        "not signed by a device of this study; it says it was made by"
    };
    screen.line(format_args!(
        "{by} {}: {} new, {} here already, {} not for this device",
        taken.made_by, taken.new, taken.known, taken.passed_over
    ))?;
    if taken.of_strangers > 0 {
        screen.line(format_args!(
            "{} by devices that the roster here does not name yet: take the bundle in again when it does",
            taken.of_strangers
        ))?;
    }
    if taken.missing_before > 0 {
        screen.line(format_args!(
            "of {} devices something from before this bundle is missing here: take in an earlier bundle, then this one again",
            taken.missing_before
        ))?;
    }
    for aside in &taken.set_aside {
        screen.line(format_args!("kept as it came, because it cannot be read: {aside}"))?;
    }
    Ok(())
}

/// A bundle that was not read to its end ends the command with its reason.
fn as_far_as_it_goes(view: BundleView) -> Result<(), Trouble> {
    match view.trouble {
        Some(trouble) => Err(Trouble::Given(format!("{trouble}; what came before that holds"))),
        None => Ok(()),
    }
}
