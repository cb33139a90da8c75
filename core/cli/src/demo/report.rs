//! Tables, codebook and report, written by the evaluator's process.

use serde_json::json;

use super::Demo;
use super::heard::Exported;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("8. Tables and report")?;
    let dir = demo.folder.root().canonicalize().map_err(Trouble::file(demo.folder.root()))?;
    let exported: Exported = demo.evaluators[0].device()?.ask("export", json!({ "dir": dir }))?;
    screen.line(format_args!("{} files, every figure in them marked as simulated.", exported.files.len()))
}
