//! The forms that are measured: tables of text, written as Markdown or as a workbook.

mod made;
mod own;

pub(crate) use made::{chain, flat, large, repeated, sums, varied};
pub(crate) use own::own;

use std::path::{Path, PathBuf};

use rust_xlsxwriter::Workbook;

use crate::trouble::Trouble;

/// A form as sheets of rows, the first row of each being its head.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) sheets: Vec<(String, Vec<Vec<String>>)>,
}

impl Shape {
    fn new(name: impl Into<String>, survey: Vec<Vec<String>>, choices: Vec<Vec<String>>) -> Shape {
        let name = name.into();
        let head = ["form_title", "form_id"].map(str::to_owned).to_vec();
        let settings = vec![head, vec![name.clone(), name.replace('-', "_")]];
        let mut sheets = vec![("survey".to_owned(), survey)];
        if choices.len() > 1 {
            sheets.push(("choices".to_owned(), choices));
        }
        sheets.push(("settings".to_owned(), settings));
        Shape { name, sheets }
    }

    /// As Markdown tables.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for (name, rows) in &self.sheets {
            text += &format!("| {name} |\n");
            for row in rows {
                let cells: Vec<_> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
                text += &format!("| | {} |\n", cells.join(" | "));
            }
        }
        text
    }

    /// Writes it as a workbook.
    pub(crate) fn workbook(&self, folder: &Path) -> Result<PathBuf, Trouble> {
        let mut workbook = Workbook::new();
        for (name, rows) in &self.sheets {
            let sheet = workbook.add_worksheet().set_name(name)?;
            for (row, cells) in (0..).zip(rows) {
                for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                    sheet.write_string(row, column, cell)?;
                }
            }
        }
        let path = folder.join(format!("{}.xlsx", self.name));
        workbook.save(&path)?;
        Ok(path)
    }

    /// Writes it as Markdown.
    pub(crate) fn markdown_file(&self, folder: &Path) -> Result<PathBuf, Trouble> {
        let path = folder.join(format!("{}.md", self.name));
        std::fs::write(&path, self.markdown())?;
        Ok(path)
    }
}
