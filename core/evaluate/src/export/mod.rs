//! Files an evaluator takes away: row-level CSV (internal), the codebook and the figures.

mod cell;
mod codebook;
mod disagreement;
mod figures;
mod rows;
mod texts;

use std::io::Write;

use crate::findings::Findings;
use crate::output::unwritable;
use crate::{FreeText, Options, Output, Published, Refused, Source};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Names of the files, in the order they were written.
    pub files: Vec<String>,
    /// Records written to row-level files.
    pub records: u64,
    /// Of these, records made with a version of their form that the source does not have: columns that only that version
    /// asks are not written.
    pub unknown_versions: u64,
    /// Figures in `export/figures.csv`.
    pub figures: u64,
    /// Of these, figures the policy keeps back.
    pub suppressed: u64,
}

/// Writes `export/`:
///
/// - `figures.csv`: every figure of the report, through the disclosure policy. No record ids, keys or times; the same
///   answers give the same bytes.
/// - `codebook.csv`: every column of every form, with question, type, codes, labels, missing codes and wording status.
/// - `<form>.internal.csv`: one line per record, `<form>-repeats.internal.csv` one line per value inside a repeat.
///   **Row-level: for the evaluators, not for publication**, and named so. What people wrote is held back; whatever
///   ties a record to a minute is never written. Lines are in an order of their content, not of record ids.
/// - `positions.internal.csv` and `conflicts.internal.csv`: every voice and every claim, none picked.
/// - `first-reading.internal.csv`: only with [`FreeText::ForFirstReader`].
/// - `READ-ME-FIRST.txt`: the same in plain words.
///
/// # Errors
/// See [`Refused`]. Files appear whole or not at all.
pub fn export(
    source: &dyn Source,
    published: &Published,
    options: &Options,
    out: &mut dyn Output,
) -> Result<Summary, Refused> {
    let findings = Findings::of(source, published, options)?;
    let figures = findings.figures();
    let mut summary = Summary {
        figures: figures.len() as u64,
        suppressed: figures.iter().filter(|figure| figure.is_suppressed()).count() as u64,
        ..Summary::default()
    };
    let mut files = Files { out, summary: &mut summary };
    files.csv("figures.csv", &mut |csv| figures::write(&figures, csv))?;
    files.csv("codebook.csv", &mut |csv| codebook::write(&findings.tables, csv))?;
    for table in &findings.tables {
        let (mut records, mut unknown) = (0, 0);
        files.raw(&format!("{}.internal.csv", file_name(&table.form_id)), &mut |to| {
            (records, unknown) = rows::write(source, table, to)?;
            Ok(())
        })?;
        files.summary.records += records;
        files.summary.unknown_versions += unknown;
        if table.columns.iter().any(|column| column.in_repeat) {
            files.raw(&format!("{}-repeats.internal.csv", file_name(&table.form_id)), &mut |to| {
                rows::write_repeats(source, table, to)
            })?;
        }
    }
    files.csv("positions.internal.csv", &mut |csv| disagreement::positions(&source.cases()?, csv))?;
    files.csv("conflicts.internal.csv", &mut |csv| {
        disagreement::conflicts(&findings.tables, &source.conflicts()?, csv)
    })?;
    if options.free_text == FreeText::ForFirstReader {
        files.raw("first-reading.internal.csv", &mut |to| texts::write(source, &findings.tables, to))?;
    }
    files.raw("READ-ME-FIRST.txt", &mut |to| {
        to.write_all(READ_ME.as_bytes()).map_err(|e| unwritable("READ-ME-FIRST.txt", e))
    })?;
    Ok(summary)
}

const READ_ME: &str = "\
figures.csv   every figure of the report, after the disclosure policy: * and \"suppressed\" stay as they are.
codebook.csv  what each column means: question, type, codes, labels, reasons for missing answers, wording status.

Files that end in .internal.csv have one line per record. INTERNAL: for the evaluators named in the study only. They are
not protected against recognising a person; do not publish, share or put them on a shared drive. Tables for others are
in figures.csv and in the report.

The column \"provenance\" says whether an answer is \"own\" (a person gave it) or \"simulated\". Never mix the two.
What people wrote is held back from these files until its first reading; the column <question>__missing says held_back.
A cell that says \"unsettled\" has more than one value: see conflicts.internal.csv. Nothing was picked for you.
All files are UTF-8. Text that a spreadsheet program would take for a formula begins with an apostrophe.
";

/// Form ids become file names.
fn file_name(form: &str) -> String {
    let name: String = form
        .chars()
        .take(80)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .collect();
    if name.is_empty() { "form".to_owned() } else { name }
}

type Csv<'a> = csv::Writer<&'a mut dyn Write>;

struct Files<'a> {
    out: &'a mut dyn Output,
    summary: &'a mut Summary,
}

impl Files<'_> {
    fn raw(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut dyn Write) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let name = format!("export/{name}");
        self.out.file(&name, fill)?;
        self.summary.files.push(name);
        Ok(())
    }

    fn csv(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut Csv<'_>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        self.raw(name, &mut |to| {
            let mut csv = csv::Writer::from_writer(to);
            fill(&mut csv)?;
            csv.flush().map_err(|e| unwritable(name, e))
        })
    }
}

/// Writes one record, naming the kind of file in what goes wrong.
fn line<W: Write, I>(csv: &mut csv::Writer<W>, fields: I) -> Result<(), Refused>
where
    I: IntoIterator,
    I::Item: AsRef<[u8]>,
{
    csv.write_record(fields).map_err(|e| {
        let source = match e.into_kind() {
            csv::ErrorKind::Io(source) => source,
            _ => std::io::Error::from(std::io::ErrorKind::InvalidData),
        };
        unwritable("a CSV file", source)
    })
}
