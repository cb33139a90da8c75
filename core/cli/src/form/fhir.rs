//! `nightjar form fhir`: a form as a FHIR questionnaire, and what that loses.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::{beside, instrument};
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(file: &Path, out: Option<&Path>, screen: &mut Screen) -> Result<(), Trouble> {
    let fhir = instrument(file)?.fhir();
    let broken = |fault: serde_json::Error| Trouble::Stream(fault.into());
    match out {
        Some(out) => {
            let json = serde_json::to_vec_pretty(&fhir.questionnaire).map_err(broken)?;
            beside::not_over(file, out)?;
            fs::write(out, json).map_err(Trouble::file(out))?;
        }
        None => {
            serde_json::to_writer_pretty(screen.writer(), &fhir.questionnaire).map_err(broken)?;
            screen.line("")?;
        }
    }
    // Standard output may hold the questionnaire.
    let mut said = io::stderr().lock();
    for loss in &fhir.losses {
        writeln!(said, "{loss}")?;
    }
    if !fhir.losses.is_empty() {
        writeln!(said, "{} things are not in the questionnaire, listed above", fhir.losses.len())?;
    }
    Ok(())
}
