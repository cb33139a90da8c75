use std::collections::HashMap;
use std::io::Write;

use nightjar_form::{ItemKey, ItemKind, Value};

use super::cell::{cell, is_written, safe};
use crate::output::unwritable;
use crate::table::{Table, Version};
use crate::{Refused, Row, Source, Stop};

/// Columns before the items, with what they mean.
pub(super) const CONTEXT: [(&str, &str); 9] = [
    ("provenance", "own: a person gave it; simulated: the simulation did. Never mix the two."),
    ("ward", "Code of the ward"),
    ("phase", "Phase the ward was in"),
    ("week", "The week; nothing finer is kept"),
    ("part_of_day", "The part of the day; nothing finer is kept"),
    ("role", "Role as claimed at hand-over, never a person"),
    ("language", "Language or variant it was answered in"),
    ("version", "Version of the form"),
    ("version_hash", "BLAKE3 of the form's workbook"),
];

/// Lines are sorted in runs of this many bytes or records, so memory is bounded whatever the number of records. Up to
/// one run, the order is that of the content alone.
const RUN_BYTES: usize = 64 << 20;
const RUN_RECORDS: usize = 100_000;

/// Writes one line per record, and says how many, and how many of them in a version of the form that is not at hand.
pub(super) fn write(source: &dyn Source, table: &Table, to: &mut dyn Write) -> Result<(u64, u64), Refused> {
    let columns: Vec<_> = table.columns.iter().filter(|c| is_written(c) && !c.in_repeat).collect();
    let mut header: Vec<String> = CONTEXT.iter().map(|(name, _)| (*name).to_owned()).collect();
    for column in &columns {
        header.push(safe(&column.name));
        if !column.is_categorical() {
            header.push(safe(&format!("{}__missing", column.name)));
        }
    }
    header.push("trace".to_owned());
    let asks_text = asks_text(table);
    let mut run = Run::starting(to, &header)?;
    let mut fields: Vec<String> = Vec::with_capacity(header.len());
    let (mut records, mut unknown) = (0, 0);
    source.rows(&table.form_id, &mut |row| {
        fields.clear();
        unknown += u64::from(version_of(table, &row).is_none());
        fields.extend(context(table, &row));
        let values: HashMap<ItemKey, &[Value]> = row
            .cells
            .iter()
            .filter(|(key, _)| key.instance.is_none())
            .map(|(key, values)| (key.item, values.as_slice()))
            .collect();
        for column in &columns {
            let cell = cell(column, values.get(&column.key).copied(), asks_text);
            fields.push(cell.value);
            if !column.is_categorical() {
                fields.push(cell.missing.to_owned());
            }
        }
        fields.push(safe(&row.trace));
        records += 1;
        run.push(&fields).map_err(Stop)
    })?;
    run.finish()?;
    Ok((records, unknown))
}

/// Writes one line per value inside a repeat.
pub(super) fn write_repeats(source: &dyn Source, table: &Table, to: &mut dyn Write) -> Result<(), Refused> {
    let mut header: Vec<&str> = CONTEXT.iter().map(|(name, _)| *name).collect();
    header.extend(["instance", "column", "value", "missing", "trace"]);
    let asks_text = asks_text(table);
    let mut run = Run::starting(to, &header)?;
    source.rows(&table.form_id, &mut |row| {
        // Instances are numbered in their order of appearance; their keys stay inside.
        let mut instances: Vec<_> = Vec::new();
        for (key, values) in &row.cells {
            let Some(instance) = key.instance else { continue };
            let Some(column) = table.column(&key.item).filter(|column| is_written(column)) else { continue };
            let number = instances.iter().position(|known| *known == instance).unwrap_or_else(|| {
                instances.push(instance);
                instances.len() - 1
            });
            let cell = cell(column, Some(values), asks_text);
            let mut fields: Vec<String> = context(table, &row).into();
            fields.extend([
                (number + 1).to_string(),
                safe(&column.name),
                cell.value,
                cell.missing.to_owned(),
            ]);
            fields.push(safe(&row.trace));
            run.push(&fields).map_err(Stop)?;
        }
        Ok(())
    })?;
    run.finish()
}

fn asks_text(table: &Table) -> bool {
    table
        .columns
        .iter()
        .any(|column| column.kind == ItemKind::Text || column.kind.is_geo() || column.kind.is_media())
}

fn version_of<'a>(table: &'a Table, row: &Row) -> Option<&'a Version> {
    let hash = crate::table::hex(&row.version);
    table.versions.iter().find(|version| version.hash == hash)
}

/// The context of a record, in the order of [`CONTEXT`].
pub(super) fn context(table: &Table, row: &Row) -> [String; 9] {
    let (hash, version) = (crate::table::hex(&row.version), version_of(table, row));
    let text = |value: &Option<String>| value.as_deref().map_or(String::new(), safe);
    [
        row.provenance.code().to_owned(),
        text(&row.ward),
        row.phase.map_or(String::new(), |phase| phase.code().to_owned()),
        text(&row.week),
        text(&row.part_of_day),
        text(&row.role),
        text(&row.language),
        version.map_or("not known".to_owned(), |version| safe(&version.name)),
        hash,
    ]
}

/// Lines held until they can be written in order.
pub(super) struct Run<'a> {
    to: &'a mut dyn Write,
    lines: Vec<Vec<u8>>,
    bytes: usize,
}

impl<'a> Run<'a> {
    pub(super) fn starting<F: AsRef<[u8]>>(to: &'a mut dyn Write, header: &[F]) -> Result<Run<'a>, Refused> {
        let mut run = Run { to, lines: Vec::new(), bytes: 0 };
        run.push(header)?;
        run.flush()?;
        Ok(run)
    }

    pub(super) fn push<F: AsRef<[u8]>>(&mut self, fields: &[F]) -> Result<(), Refused> {
        let mut line = Vec::new();
        let mut csv = csv::Writer::from_writer(&mut line);
        super::line(&mut csv, fields)?;
        csv.flush().map_err(|e| unwritable("a CSV file", e))?;
        drop(csv);
        self.bytes += line.len();
        self.lines.push(line);
        if self.lines.len() >= RUN_RECORDS || self.bytes >= RUN_BYTES { self.flush() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> Result<(), Refused> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Refused> {
        self.lines.sort_unstable();
        for line in self.lines.drain(..) {
            self.to.write_all(&line).map_err(|e| unwritable("a CSV file", e))?;
        }
        self.bytes = 0;
        Ok(())
    }
}
