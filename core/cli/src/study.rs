//! `nightjar study …`: checking a pack, founding a study, letting devices in.

use nightjar::{Admission, Evaluator, FoundRequest};

use crate::command::{StudyCommand, VaultArgs};
use crate::device::{self, options};
use crate::terminal::Screen;
use crate::trouble::Trouble;
use crate::{key, pack};

pub(crate) fn run(asked: &StudyCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        StudyCommand::Check { study } => check(study, screen),
        StudyCommand::Found { device, study, hub, setup_code } => {
            let (pack, setup_code) = (pack::load(study.as_deref())?, device::text(setup_code)?);
            open(device)?.found(FoundRequest { pack, hub: Some(hub.clone()), setup_code })?;
            screen.line("The study is founded; this device is its steward.")?;
            screen.line("Before a tablet may collect it needs recovery words (`nightjar study recovery`)")?;
            screen.line("and a second evaluator device (`nightjar study admit --evaluator`).")
        }
        StudyCommand::Admit { device, request, ward, evaluator } => {
            let request = device::text(request)?;
            let steward = open(device)?;
            let admission =
                if *evaluator { Admission::Evaluator } else { Admission::Tablet { wards: ward.clone() } };
            screen.line(steward.admit(&request, admission)?)
        }
        StudyCommand::Recovery { device } => {
            let words = open(device)?.add_recovery()?;
            screen.line("Write these words on paper, now. They are shown this once and kept nowhere.")?;
            screen.heading(words)
        }
    }
}

fn open(device: &VaultArgs) -> Result<Evaluator, Trouble> {
    Ok(Evaluator::open(&device.vault, &key::open(&device.vault, &device.key)?, options())?)
}

fn check(folder: &std::path::Path, screen: &mut Screen) -> Result<(), Trouble> {
    let pack = match pack::load(Some(folder)) {
        Ok(pack) => pack,
        Err(Trouble::Facade(nightjar::Failure::Invalid(problems))) => {
            screen.line(&problems)?;
            let count = problems.lines().count();
            return Err(Trouble::Given(format!(
                "{count} {} in this study, listed above; correct them and check again",
                if count == 1 { "problem" } else { "problems" }
            )));
        }
        Err(trouble) => return Err(trouble),
    };
    let study = pack.study();
    for warning in study.warnings() {
        screen.line(format_args!("warning: {warning}"))?;
    }
    screen.line(format_args!("{} (version {}) is sound", study.title, study.version))?;
    let beds: u32 = study.wards.iter().filter_map(|ward| ward.beds.first()).map(|beds| beds.beds).sum();
    screen.line(format_args!(
        "{} wards with {beds} beds, {} forms",
        study.wards.len(),
        study.instruments.len()
    ))?;
    for form in &study.instruments {
        screen.line(format_args!("  {:<16} {:<10} {}", form.id, form.kind.code(), form.wording_status))?;
    }
    Ok(())
}
