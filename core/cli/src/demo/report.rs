//! Tables, codebook and report, written by the evaluator's process.

use std::fs;

use serde_json::json;

use super::Demo;
use super::heard::Exported;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// The report's name in an export.
const REPORT: &str = "report.html";

pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<Exported, Trouble> {
    screen.heading("8. Tables and report")?;
    let export = demo.folder.export();
    let dir = export.canonicalize().map_err(Trouble::file(&export))?;
    let exported: Exported =
        demo.evaluators[0].device()?.ask("export", json!({ "dir": dir, "provenance": "simulated" }))?;
    let (from, to) = (export.join(REPORT), demo.folder.report());
    fs::rename(&from, &to).map_err(Trouble::file(from))?;
    let files = exported.files.iter().filter(|file| *file != REPORT).count();
    screen.line(format_args!("{} responses in {files} files and a report, each marked as simulated.", exported.responses))?;
    Ok(exported)
}
