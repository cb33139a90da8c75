//! `nightjar form diff`: what differs between two versions of a form, and what it means for the answers to both.

use std::path::Path;

use nightjar_form::{Difference, Effect};

use super::instrument;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(old: &Path, new: &Path, json: bool, screen: &mut Screen) -> Result<(), Trouble> {
    let difference = Difference::between(&instrument(old)?, &instrument(new)?);
    if json {
        serde_json::to_writer_pretty(screen.writer(), &difference)
            .map_err(|fault| Trouble::Stream(fault.into()))?;
        screen.line("")?;
    } else {
        words(&difference, screen)?;
    }
    let breaks = difference.changes.iter().filter(|changed| changed.effect == Effect::Breaks).count();
    if breaks == 0 {
        return Ok(());
    }
    Err(Trouble::Given(format!(
        "{breaks} {} what the answers to both versions can be used for together, marked BREAKS above",
        if breaks == 1 { "change limits" } else { "changes limit" }
    )))
}

fn words(difference: &Difference, screen: &mut Screen) -> Result<(), Trouble> {
    if difference.is_empty() {
        return screen.line("The two versions ask the same in the same words.");
    }
    for changed in &difference.changes {
        screen.line(changed)?;
    }
    for (languages, what) in
        [(&difference.languages_added, "added"), (&difference.languages_removed, "removed")]
    {
        for language in languages {
            screen.line(format_args!("safe    language \"{language}\" {what}"))?;
        }
    }
    Ok(())
}
