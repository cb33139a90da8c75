//! The parameters column: `start=0 end=10 step=1`.

use super::findings::Findings;
use super::sheet::{Row, Sheet};
use crate::expr::number;
use crate::{ItemKind, Scale};

/// Most steps of a scale.
const MAX_STEPS: f64 = 10_000.0;

fn pairs(sheet: &Sheet, row: &Row) -> Vec<(String, String)> {
    let cell = sheet.get(row, "parameters").unwrap_or_default().replace([',', ';'], " ");
    let tight = cell.split('=').map(str::trim).collect::<Vec<_>>().join("=");
    tight
        .split_whitespace()
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_lowercase(), value.to_owned())
        })
        .collect()
}

/// Names the parameters that nothing here looks at.
pub(crate) fn check(sheet: &Sheet, row: &Row, kind: ItemKind, findings: &mut Findings) {
    for (name, _) in pairs(sheet, row) {
        if kind == ItemKind::Range && ["start", "end", "step"].contains(&name.as_str()) {
            continue;
        }
        let place = Some(sheet.place(row.number, "parameters"));
        let problem = format!("The parameter `{name}` has no effect.");
        findings.warning("survey", place, problem, "Check its spelling, or take it out.");
    }
}

/// The scale of a range; ODK's defaults are 1 to 10 in steps of 1.
pub(crate) fn scale(sheet: &Sheet, row: &Row, findings: &mut Findings) -> Scale {
    let mut scale = Scale { start: 1.0, end: 10.0, step: 1.0 };
    let mut sound = true;
    for (name, value) in pairs(sheet, row) {
        match (name.as_str(), number::from_text(&value)) {
            ("start", Some(number)) => scale.start = number,
            ("end", Some(number)) => scale.end = number,
            ("step", Some(number)) => scale.step = number.abs(),
            ("start" | "end" | "step", None) => sound = false,
            _ => {}
        }
    }
    let steps = (scale.end - scale.start).abs() / scale.step;
    if !sound || scale.step <= 0.0 || !steps.is_finite() || steps > MAX_STEPS {
        let place = Some(sheet.place(row.number, "parameters"));
        findings.error("survey", place, "The scale cannot be used.", "Write start=0 end=10 step=1.");
    }
    scale
}
