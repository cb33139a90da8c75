//! Gathers diagnostics while a workbook is read.

use std::collections::HashSet;

use crate::{Diagnostic, Diagnostics, Severity};

/// Most errors kept, and most warnings; a form with more is not worth listing further.
const MAX: usize = 500;

/// A cell or row: its number from 1, and the column's letter and heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) row: u32,
    pub(crate) column: Option<String>,
}

impl Place {
    pub(crate) fn row(row: u32) -> Place {
        Place { row, column: None }
    }
}

/// The diagnostics so far.
#[derive(Debug)]
pub(crate) struct Findings {
    file: String,
    found: Vec<Diagnostic>,
    /// What was found already: one fault may be met on several ways.
    seen: HashSet<Diagnostic>,
    errors: usize,
    left_out: usize,
}

impl Findings {
    pub(crate) fn new(file: &str) -> Findings {
        Findings { file: file.to_owned(), found: Vec::new(), seen: HashSet::new(), errors: 0, left_out: 0 }
    }

    pub(crate) fn error(
        &mut self,
        sheet: &str,
        place: Option<Place>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Error, Some(sheet), place, problem.into(), remedy.into());
    }

    pub(crate) fn warning(
        &mut self,
        sheet: &str,
        place: Option<Place>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(Severity::Warning, Some(sheet), place, problem.into(), remedy.into());
    }

    pub(crate) fn error_in_file(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.add(Severity::Error, None, None, problem.into(), remedy.into());
    }

    fn add(
        &mut self,
        severity: Severity,
        sheet: Option<&str>,
        place: Option<Place>,
        problem: String,
        remedy: String,
    ) {
        let (row, column) = place.map_or((None, None), |place| (Some(place.row), place.column));
        let sheet = sheet.filter(|sheet| !sheet.is_empty()).map(str::to_owned);
        let new = Diagnostic { file: self.file.clone(), sheet, row, column, severity, problem, remedy };
        let kept = match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.found.len() - self.errors,
        };
        if kept >= MAX {
            self.left_out += 1;
        } else if self.seen.insert(new.clone()) {
            self.errors += usize::from(severity == Severity::Error);
            self.found.push(new);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether an error was found on a sheet.
    pub(crate) fn is_faulty(&self, sheet: &str) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error && d.sheet.as_deref() == Some(sheet))
    }

    /// In order of sheet, row and column.
    pub(crate) fn into_diagnostics(mut self) -> Diagnostics {
        let rank = |sheet: &Option<String>| match sheet.as_deref() {
            None => 0,
            Some("survey") => 1,
            Some("choices") => 2,
            Some("settings") => 3,
            Some("entities") => 4,
            Some(_) => 5,
        };
        let letters = |column: &Option<String>| {
            let letters = column.as_deref().and_then(|c| c.split(' ').next()).unwrap_or_default();
            (letters.len(), letters.to_owned())
        };
        self.found.sort_by_key(|d| (rank(&d.sheet), d.row, letters(&d.column)));
        if self.left_out > 0 {
            self.found.push(Diagnostic {
                file: self.file,
                sheet: None,
                row: None,
                column: None,
                severity: Severity::Warning,
                problem: format!("{} more findings are not listed.", self.left_out),
                remedy: "Mend those above and read the form again.".to_owned(),
            });
        }
        Diagnostics(self.found)
    }
}
