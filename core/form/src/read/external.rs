//! Files beside a workbook: lists of choices, and what expressions look things up in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::findings::{Findings, Place};
use super::names::is_name;
use crate::document::{Document, DocumentBuilder, QName};
use crate::item::Translated;
use crate::{Attachments, Choice, Language};

/// Most rows of a file, and most cells.
const MAX_ROWS: usize = 100_000;
const MAX_CELLS: usize = 400_000;

/// Most choices of all files together.
const MAX_CHOICES: usize = 400_000;

/// The endings of files that may hold choices.
pub(crate) const ENDINGS: [&str; 3] = ["csv", "xml", "geojson"];

/// The files that the form names, each read once.
pub(crate) struct Files<'a> {
    attachments: &'a Attachments,
    read: HashMap<String, Option<Document>>,
    /// By file and its two columns.
    choices: HashMap<[String; 3], FileChoices>,
    /// How many choices there are in those.
    laid_out: usize,
}

/// Choices from a file, and the columns that a filter may name.
type FileChoices = (Arc<[Choice]>, Arc<BTreeSet<String>>);

impl<'a> Files<'a> {
    pub(crate) fn new(attachments: &'a Attachments) -> Files<'a> {
        Files { attachments, read: HashMap::new(), choices: HashMap::new(), laid_out: 0 }
    }

    /// A file's rows as `root/item/column`; `None`, after saying so, where it is missing or cannot be read.
    pub(crate) fn open(&mut self, file: &str, place: Place, findings: &mut Findings) -> Option<&Document> {
        if !self.read.contains_key(file) {
            let document = self.attachments.get(file).map(|bytes| document(file, bytes));
            let document = match document {
                Some(Ok(document)) => Some(document),
                Some(Err(why)) => {
                    let problem = format!("The file `{file}` cannot be read: {why}.");
                    findings.error("survey", Some(place), problem, "Correct the file.");
                    None
                }
                None => {
                    let problem = format!("The file `{file}` is missing; it is read as empty.");
                    findings.warning("survey", Some(place), problem, "Give it with the form.");
                    None
                }
            };
            self.read.insert(file.to_owned(), document);
        }
        self.read.get(file)?.as_ref()
    }

    /// A file's rows as choices; each file is laid out once for all questions that ask for the same columns.
    pub(crate) fn choices(
        &mut self,
        file: &str,
        columns: &Columns<'_>,
        language: &Language,
        place: Place,
        findings: &mut Findings,
    ) -> Option<FileChoices> {
        let key = [file, columns.value, columns.label].map(str::to_owned);
        if let Some(known) = self.choices.get(&key) {
            return Some(known.clone());
        }
        if self.laid_out > MAX_CHOICES {
            let remedy = "Ask for fewer columns of large files.";
            findings.error("survey", Some(place), "The files have more than 400,000 choices.", remedy);
            return None;
        }
        let (found, names) = choices(self.open(file, place, findings)?, columns, language);
        self.laid_out += found.len();
        let made = (found, Arc::new(names));
        self.choices.insert(key, made.clone());
        Some(made)
    }

    /// Takes a file out that was opened before; an empty one where there was none.
    pub(crate) fn take(&mut self, file: &str) -> Document {
        self.read.remove(file).flatten().unwrap_or_else(|| {
            let mut empty = DocumentBuilder::new();
            empty.leaf("root", "");
            empty.finish()
        })
    }
}

/// Name and ending of a file: `wards`, `csv`.
pub(crate) fn split(file: &str) -> (&str, &str) {
    file.rsplit_once('.').unwrap_or((file, ""))
}

/// A file as rows or, of XML, as it is; by its ending.
pub(crate) fn document(file: &str, bytes: &[u8]) -> Result<Document, String> {
    match split(file).1 {
        "csv" => csv(bytes),
        "geojson" => super::geojson::document(bytes),
        _ => super::xform::xml(bytes),
    }
}

/// Rows under the names in the first line, apart by `,` or `;`.
pub(crate) fn csv(bytes: &[u8]) -> Result<Document, String> {
    let text = super::text(bytes).ok_or("it is not in UTF-8")?;
    let first = text.lines().next().unwrap_or_default();
    let semicolons = first.contains(';') && !first.contains(',');
    let delimiter = if semicolons { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|fault| fault.to_string())?;
    let names: Vec<String> = headings.iter().map(|name| name.trim().to_owned()).collect();
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record.map_err(|fault| fault.to_string())?;
        let cells = record.iter().chain(std::iter::repeat(""));
        rows.add(names.iter().map(String::as_str).zip(cells))?;
    }
    Ok(rows.finish())
}

/// Builds `root/item/column`, as long as a file may be.
pub(super) struct Rows {
    builder: DocumentBuilder,
    rows: usize,
    cells: usize,
}

impl Rows {
    pub(super) fn new() -> Rows {
        let mut builder = DocumentBuilder::new();
        builder.open(QName::local("root"));
        Rows { builder, rows: 0, cells: 0 }
    }

    pub(super) fn add<'a>(
        &mut self,
        columns: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), String> {
        self.rows += 1;
        self.builder.open(QName::local("item"));
        for (name, cell) in columns.filter(|(name, _)| !name.is_empty()) {
            self.cells += 1;
            self.builder.leaf(name, cell);
        }
        self.builder.close();
        if self.rows > MAX_ROWS || self.cells > MAX_CELLS {
            return Err("it has more than 100,000 rows or 400,000 cells".to_owned());
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Document {
        self.builder.close();
        self.builder.finish()
    }
}

/// Which columns of a file hold code and words.
pub(crate) struct Columns<'a> {
    pub(crate) value: &'a str,
    pub(crate) label: &'a str,
}

/// The items of a file as choices, and the columns that a filter may name. An item without a code is no choice.
fn choices(
    document: &Document,
    columns: &Columns<'_>,
    language: &Language,
) -> (Arc<[Choice]>, BTreeSet<String>) {
    let mut names = BTreeSet::new();
    let mut found = Vec::new();
    let items = document.root_element().into_iter().flat_map(|root| document.elements(root));
    for item in items {
        let mut cells: BTreeMap<String, String> = BTreeMap::new();
        let (mut code, mut words) = (String::new(), String::new());
        for cell in document.elements(item) {
            let (name, text) = (&*document.name(cell).local, document.text(cell));
            if name == columns.value {
                text.trim().clone_into(&mut code);
            }
            if name == columns.label {
                words = text.clone().into_owned();
            }
            names.insert(name.to_lowercase());
            cells.insert(name.to_lowercase(), text.into_owned());
        }
        if code.is_empty() {
            continue;
        }
        found.push(Choice {
            code,
            // A file speaks one language, which stands for all.
            label: Translated(if words.is_empty() { Vec::new() } else { vec![(language.clone(), words)] }),
            image: Translated::default(),
            missing: None,
            computed: None,
            columns: cells,
        });
    }
    (found.into(), names)
}

/// A list of the choices sheet as expressions look things up in it.
pub(crate) fn list(choices: &[Choice], headings: &HashMap<String, String>) -> Document {
    let mut builder = DocumentBuilder::new();
    builder.open(QName::local("root"));
    for choice in choices {
        builder.open(QName::local("item"));
        builder.leaf("name", &choice.code);
        if let Some((_, label)) = choice.label.0.first() {
            builder.leaf("label", label);
        }
        for (name, cell) in &choice.columns {
            let heading = headings.get(name).unwrap_or(name);
            if !["name", "list_name"].contains(&name.as_str()) && is_name(heading) {
                builder.leaf(heading, cell);
            }
        }
        builder.close();
    }
    builder.close();
    builder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_file_are_choices() {
        let document =
            document("w.csv", b"\xEF\xBB\xBFname;label;Beds\n a ;Ward A;12\n;nothing;1\nb;;").unwrap();
        let language = Language::new("English (en)");
        let (choices, columns) = choices(&document, &Columns { value: "name", label: "label" }, &language);
        let found: Vec<_> = choices.iter().map(|c| (c.code(), c.label(&language), c.extra("beds"))).collect();
        assert_eq!(found, [("a", "Ward A", Some("12")), ("b", "b", Some(""))]);
        assert_eq!(columns.into_iter().collect::<Vec<_>>(), ["beds", "label", "name"]);
    }

    #[test]
    fn a_file_is_bounded() {
        let long = format!("name\n{}", "a\n".repeat(MAX_ROWS + 1));
        assert!(document("w.csv", long.as_bytes()).is_err());
        assert!(document("w.csv", b"name\n\xff\n").is_err());
    }
}
