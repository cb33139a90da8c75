//! What is wrong with a workbook, where, and what to do about it.

use std::fmt;

use serde::Serialize;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The form runs, but something in it is ignored or likely to be a mistake.
    Warning,
    /// The form does not run.
    Error,
}

/// One thing wrong in a workbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Diagnostic {
    /// The workbook's name as the caller gave it.
    pub file: String,
    /// The sheet, if the fault is in one.
    pub sheet: Option<String>,
    /// The row as a spreadsheet program numbers it, from 1.
    pub row: Option<u32>,
    /// The column's letter and heading, as in `F "relevant"`.
    pub column: Option<String>,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet {sheet}")?;
        }
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, ": {severity}: {} {}", self.problem, self.remedy)
    }
}

/// Everything wrong with a workbook that cannot be run: at least one error, warnings beside it, in order of place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(pub(crate) Vec<Diagnostic>);

impl Diagnostics {
    /// The diagnostics in order of sheet, row and column.
    #[must_use]
    pub fn all(&self) -> &[Diagnostic] {
        &self.0
    }

    /// Only the errors.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter().filter(|d| d.severity == Severity::Error)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
