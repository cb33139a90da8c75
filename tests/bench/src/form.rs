//! The measurements of forms. Each prints its own table.

mod answering;
mod growth;
mod loading;
mod reading;

use std::path::Path;

use nightjar_conformance::batch::{self, Job, Outcome};
use nightjar_conformance::peers::{Conversion, Peers};

use crate::shape::Shape;
use crate::trouble::Trouble;

/// How often things are repeated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Runs before anything counts: the peers are measured warm.
    pub(crate) warm: usize,
    /// Runs that count.
    pub(crate) rounds: usize,
    /// Forms to load.
    pub(crate) forms: usize,
    /// Answers in the chains.
    pub(crate) answers: usize,
    /// Rows of the large form.
    pub(crate) rows: usize,
}

const FULL: Effort = Effort { warm: 5, rounds: 7, forms: 130, answers: 200, rows: 6_700 };
const QUICK: Effort = Effort { warm: 1, rounds: 2, forms: 20, answers: 30, rows: 1_000 };

/// Everything, ours beside the peers.
pub(crate) fn run(quick: bool, peers: Option<&Path>) -> Result<(), Trouble> {
    let effort = if quick { QUICK } else { FULL };
    let peers = peers.map(Peers::at).transpose()?;
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    // What needs no peer comes first, so that it is there whatever becomes of them.
    growth::items(effort)?;
    growth::instances(effort)?;
    reading::run(effort, peers.as_ref(), folder)?;
    let Some(peers) = peers else {
        println!(
            "\nLoading and answering are measured on XForms that pyxform converts, so not without the peers."
        );
        return Ok(());
    };
    loading::run(effort, &peers, folder)?;
    answering::run(effort, &peers, folder)
}

/// A form as pyxform converts it.
struct Converted {
    name: String,
    xml: String,
}

/// Converts shapes, in one process.
fn convert(peers: &Peers, shapes: &[Shape], folder: &Path) -> Result<Vec<Converted>, Trouble> {
    let mut conversions = Vec::new();
    for shape in shapes {
        conversions.push(Conversion { id: shape.name.clone(), form: shape.markdown_file(folder)?, times: 1 });
    }
    let converted = peers.convert(&conversions)?;
    let convert = |one: nightjar_conformance::peers::Converted| match one.xml {
        Some(xml) => Ok(Converted { name: one.id, xml }),
        None => Err(Trouble::refused(&one.id, one.error.unwrap_or_default())),
    };
    converted.into_iter().map(convert).collect()
}

/// Runs jobs in one process of a peer, in order. A job or a step that fails is trouble: its time would mean nothing.
fn run_peer(command: &mut std::process::Command, jobs: &[Job]) -> Result<Vec<Outcome>, Trouble> {
    let outcomes: Vec<Outcome> = batch::exchange(command, jobs)?;
    for outcome in &outcomes {
        let of_step = outcome.steps.iter().find_map(|step| step.error.as_ref());
        if let Some(why) = outcome.error.as_ref().or(of_step) {
            return Err(Trouble::refused(&outcome.id, why));
        }
    }
    Ok(outcomes)
}
