use std::io::Write;

use nightjar_form::{ItemKind, Value};

use super::cell::safe;
use super::rows::{Run, context};
use crate::table::Table;
use crate::{Refused, Source, Stop};

/// What people wrote, for the first reader: apart from the other answers, with the consent to quote where it was asked.
///
/// The consent is the question that follows the text and has the same name with `_quote` behind it.
pub(super) fn write(source: &dyn Source, tables: &[Table], to: &mut dyn Write) -> Result<(), Refused> {
    let header = [
        "risk_disclosure_plan",
        "form",
        "column",
        "provenance",
        "ward",
        "phase",
        "week",
        "language",
        "consent_to_quote",
        "text",
    ];
    let mut run = Run::starting(to, &header)?;
    for table in tables {
        for column in table.columns.iter().filter(|column| column.kind == ItemKind::Text) {
            let consent = table.columns.iter().find(|other| other.name == format!("{}_quote", column.name));
            source.rows(&table.form_id, &mut |row| {
                let [provenance, ward, phase, week, _, _, language, _, _] = context(table, &row);
                let given =
                    |key| row.cells.iter().filter(move |(cell, _)| cell.item == key).flat_map(|(_, v)| v);
                let consented: Vec<String> =
                    consent.iter().flat_map(|consent| given(consent.key)).map(Value::to_text).collect();
                for text in given(column.key) {
                    let Value::Text(text) = text else { continue };
                    let plan = column.risk_disclosure_plan.as_deref().unwrap_or("none named");
                    let consent =
                        if consented.is_empty() { "not asked".to_owned() } else { consented.join(" / ") };
                    let fields = [
                        safe(plan),
                        safe(&table.form_id),
                        safe(&column.name),
                        provenance.clone(),
                        ward.clone(),
                        phase.clone(),
                        week.clone(),
                        language.clone(),
                        safe(&consent),
                        safe(text),
                    ];
                    run.push(&fields).map_err(Stop)?;
                }
                Ok(())
            })?;
        }
    }
    run.finish()
}
