//! Positions beside outcomes, and the claims of conflicts: all of them, none picked.

use std::io::Write;

use super::cell::safe;
use crate::table::Table;
use crate::{Case, Claim, FactConflict, Refused};

/// One line per position; decisions are numbered in the order of their content.
pub(super) fn positions<W: Write>(cases: &[Case], csv: &mut csv::Writer<W>) -> Result<(), Refused> {
    super::line(csv, ["provenance", "decision", "ward", "phase", "outcome", "voice", "role", "stance"])?;
    let mut decisions: Vec<Vec<[String; 7]>> = cases
        .iter()
        .map(|case| {
            let mut lines: Vec<[String; 7]> = case
                .positions
                .iter()
                .map(|position| {
                    [
                        case.provenance.code().to_owned(),
                        case.ward.clone().unwrap_or_default(),
                        case.phase.map_or(String::new(), |phase| phase.code().to_owned()),
                        case.outcomes.join(" / "),
                        position.voice.code().to_owned(),
                        position.role.clone(),
                        position.stances.join(" / "),
                    ]
                })
                .collect();
            lines.sort();
            lines
        })
        .collect();
    decisions.sort();
    for (number, lines) in decisions.into_iter().enumerate() {
        for [provenance, ward, phase, outcome, voice, role, stance] in lines {
            let decision = (number + 1).to_string();
            super::line(
                csv,
                [provenance, decision, ward, phase, outcome, voice, role, stance].map(|f| safe(&f)),
            )?;
        }
    }
    Ok(())
}

/// One line per claim, and one for the settlement.
pub(super) fn conflicts<W: Write>(
    tables: &[Table],
    conflicts: &[FactConflict],
    csv: &mut csv::Writer<W>,
) -> Result<(), Refused> {
    super::line(
        csv,
        ["provenance", "conflict", "form", "column", "ward", "part", "role", "device", "value"],
    )?;
    let mut all: Vec<Vec<[String; 8]>> = conflicts
        .iter()
        .map(|conflict| {
            let table = tables.iter().find(|table| table.form_id == conflict.form_id);
            let column = table.and_then(|table| table.column(&conflict.cell.item));
            let line = |part: &str, claim: &Claim| {
                let value =
                    claim.value.missing().map_or_else(|| claim.value.to_text(), |m| m.code().to_owned());
                [
                    conflict.provenance.code().to_owned(),
                    conflict.form_id.clone(),
                    column.map_or(String::new(), |column| column.name.clone()),
                    conflict.ward.clone().unwrap_or_default(),
                    part.to_owned(),
                    claim.role.clone(),
                    claim.device.clone(),
                    value,
                ]
            };
            let mut lines: Vec<[String; 8]> =
                conflict.claims.iter().map(|claim| line("claimed", claim)).collect();
            lines.sort();
            lines.extend(conflict.settled.iter().map(|claim| line("settled", claim)));
            lines
        })
        .collect();
    all.sort();
    for (number, lines) in all.into_iter().enumerate() {
        for [provenance, form, column, ward, part, role, device, value] in lines {
            let conflict = (number + 1).to_string();
            let fields = [provenance, conflict, form, column, ward, part, role, device, value];
            super::line(csv, fields.map(|field| safe(&field)))?;
        }
    }
    Ok(())
}
