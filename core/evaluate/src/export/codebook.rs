use std::io::Write;

use nightjar_form::{ItemKind, Missing};

use super::cell::{HELD_BACK, UNSETTLED, is_written, safe};
use super::rows::CONTEXT;
use crate::Refused;
use crate::table::{Column, Table};

const HEADER: [&str; 12] = [
    "instrument",
    "column",
    "item_key",
    "type",
    "versions",
    "language",
    "label",
    "code",
    "value_label",
    "missing_meaning",
    "risk_disclosure_plan",
    "wording_status",
];

/// One line for each column and language, one for each code of it.
pub(super) fn write<W: Write>(tables: &[Table], csv: &mut csv::Writer<W>) -> Result<(), Refused> {
    super::line(csv, HEADER)?;
    for table in tables {
        for (column, meaning) in CONTEXT {
            let line = Line { column, kind: "context", label: meaning, ..Line::of(table) };
            line.write(csv)?;
        }
        for column in table.columns.iter().filter(|column| is_written(column)) {
            one_column(table, column, csv)?;
        }
        let trace = "The record's own id, opaque; only to find it again. Not for publication.";
        Line { column: "trace", kind: "context", label: trace, ..Line::of(table) }.write(csv)?;
    }
    Ok(())
}

fn one_column<W: Write>(table: &Table, column: &Column, csv: &mut csv::Writer<W>) -> Result<(), Refused> {
    let (key, kind, versions) = (column.key.to_string(), column.kind.to_string(), column.versions.join(" "));
    let plan = column.risk_disclosure_plan.as_deref().unwrap_or("");
    let line =
        Line { column: &column.name, key: &key, kind: &kind, versions: &versions, plan, ..Line::of(table) };
    for (language, label) in &column.labels {
        Line { language, label, ..line.clone() }.write(csv)?;
    }
    for choice in &column.choices {
        let missing = choice.missing.map_or("", Missing::code);
        Line { code: &choice.code, value_label: &choice.label, missing, ..line.clone() }.write(csv)?;
    }
    let companion = format!("{}__missing", column.name);
    let (name, kind) = match column.is_categorical() {
        true => (column.name.as_str(), line.kind),
        false => (companion.as_str(), "reason"),
    };
    for missing in Missing::ALL {
        let known = column.choices.iter().any(|choice| choice.code == missing.code());
        if !known {
            let code = missing.code();
            Line { column: name, kind, code, value_label: meaning(missing), missing: code, ..line.clone() }
                .write(csv)?;
        }
    }
    let unsettled = "More than one value, and nobody has settled which";
    Line { column: name, kind, code: UNSETTLED, value_label: unsettled, missing: UNSETTLED, ..line.clone() }
        .write(csv)?;
    if matches!(column.kind, ItemKind::Text | ItemKind::Calculate | ItemKind::Hidden) {
        let held = "There is a text; it is held back until its first reading";
        Line { column: name, kind, code: HELD_BACK, value_label: held, missing: "", ..line }.write(csv)?;
    }
    Ok(())
}

fn meaning(missing: Missing) -> &'static str {
    match missing {
        Missing::Declined => "Would rather not say",
        Missing::DontKnow => "Does not know",
        Missing::NotApplicable => "Does not apply to the person",
        Missing::NotAnswered => "Shown and passed by without an answer",
        Missing::NotReached => "Never shown",
        Missing::Stopped => "On display when the person stopped",
    }
}

#[derive(Clone)]
struct Line<'a> {
    instrument: &'a str,
    column: &'a str,
    key: &'a str,
    kind: &'a str,
    versions: &'a str,
    language: &'a str,
    label: &'a str,
    code: &'a str,
    value_label: &'a str,
    missing: &'a str,
    plan: &'a str,
    wording: &'a str,
}

impl<'a> Line<'a> {
    fn of(table: &'a Table) -> Line<'a> {
        Line {
            instrument: &table.form_id,
            column: "",
            key: "",
            kind: "",
            versions: "",
            language: "",
            label: "",
            code: "",
            value_label: "",
            missing: "",
            plan: "",
            wording: &table.wording_status,
        }
    }

    fn write<W: Write>(&self, csv: &mut csv::Writer<W>) -> Result<(), Refused> {
        let fields = [
            self.instrument,
            self.column,
            self.key,
            self.kind,
            self.versions,
            self.language,
            self.label,
            self.code,
            self.value_label,
            self.missing,
            self.plan,
            self.wording,
        ];
        super::line(csv, fields.map(safe))
    }
}
