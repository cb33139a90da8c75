//! Workbooks and sessions for tests.

#![allow(clippy::unwrap_used, reason = "a fixture that cannot be made fails the test")]

use std::sync::Arc;

use nightjar_form::{Attachments, Entry, Instrument, Opening, Outcome, Refusal, Session, Value};
use rust_xlsxwriter::Workbook;

/// A workbook of sheets given as tables: one line a row, cells between `|`; the first line holds the headings.
pub(crate) fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, table) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, line) in table.trim().lines().enumerate() {
            for (column, cell) in line.trim().trim_matches('|').split('|').enumerate() {
                let cell = cell.trim();
                if !cell.is_empty() {
                    sheet.write_string(row as u32, column as u16, cell).unwrap();
                }
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// A form of a survey and a choices table, or its diagnostics, one a line.
pub(crate) fn read(survey: &str, choices: &str) -> Result<Instrument, String> {
    let bytes = workbook(&[("survey", survey), ("choices", choices)]);
    Instrument::from_workbook("test.xlsx", &bytes).map_err(|found| found.to_string())
}

/// A form in Markdown, with files beside it, or its diagnostics, one a line.
pub(crate) fn read_with(files: &[(&str, &str)], text: &str) -> Result<Arc<Instrument>, String> {
    let mut attachments = Attachments::new();
    for (name, text) in files {
        assert!(attachments.insert(name, text.as_bytes().to_vec()));
    }
    let read = Instrument::read("test.md", text.as_bytes(), &attachments);
    read.map(Arc::new).map_err(|found| found.to_string())
}

/// What is wrong with a form in Markdown, one fault a line; an empty text for a sound one without warnings.
pub(crate) fn faults(text: &str) -> String {
    match read_with(&[], text) {
        Ok(instrument) => warnings(&instrument),
        Err(found) => found,
    }
}

/// The warnings of a form, one a line.
pub(crate) fn warnings(instrument: &Instrument) -> String {
    instrument.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A form that must be sound.
pub(crate) fn form(survey: &str, choices: &str) -> Arc<Instrument> {
    Arc::new(read(survey, choices).unwrap_or_else(|found| panic!("{found}")))
}

/// The clock of the tests: an early morning in winter.
pub(crate) fn now() -> jiff::Zoned {
    "2026-01-15T02:30:00+00:00[Europe/London]".parse().unwrap()
}

pub(crate) fn open(instrument: &Arc<Instrument>) -> Session {
    Session::open(instrument.clone(), Opening { language: None, now: now(), seed: 7 }).unwrap()
}

/// What tests do to a session.
pub(crate) trait Act {
    fn try_say(&mut self, path: &str, value: Value) -> Result<Outcome, Refusal>;
    fn say(&mut self, path: &str, value: Value) -> Outcome;
    fn one(&mut self, path: &str, code: &str) -> Outcome;
    fn type_in(&mut self, path: &str, text: &str) -> Outcome;
    fn clear(&mut self, path: &str) -> Outcome;
    fn act(&mut self, entry: Entry) -> Outcome;
    fn next(&mut self) -> Outcome;
    fn back(&mut self);
    fn text(&self, path: &str) -> String;
    /// Paths on display, or `repeat PATH`, or `check`.
    fn display(&self) -> String;
}

impl Act for Session {
    fn try_say(&mut self, path: &str, value: Value) -> Result<Outcome, Refusal> {
        self.apply(&Entry::Answer { path: path.to_owned(), value: Some(value) }, &now())
    }

    fn say(&mut self, path: &str, value: Value) -> Outcome {
        self.try_say(path, value).unwrap()
    }

    fn one(&mut self, path: &str, code: &str) -> Outcome {
        self.say(path, Value::One(code.to_owned()))
    }

    fn type_in(&mut self, path: &str, text: &str) -> Outcome {
        let mut template = String::new();
        let mut inside = false;
        for c in path.chars() {
            inside = (inside || c == '[') && c != ']';
            if !inside && c != ']' {
                template.push(c);
            }
        }
        let item = self.instrument().items().iter().find(|item| item.path() == template).unwrap();
        let value = item.read(text).unwrap();
        self.act(Entry::Answer { path: path.to_owned(), value })
    }

    fn clear(&mut self, path: &str) -> Outcome {
        self.act(Entry::Answer { path: path.to_owned(), value: None })
    }

    fn act(&mut self, entry: Entry) -> Outcome {
        self.apply(&entry, &now()).unwrap()
    }

    fn next(&mut self) -> Outcome {
        self.act(Entry::Next)
    }

    fn back(&mut self) {
        self.act(Entry::Back);
    }

    fn text(&self, path: &str) -> String {
        self.value(path).map(Value::to_text).unwrap_or_default()
    }

    fn display(&self) -> String {
        let page = self.page();
        match (&page.repeat, page.check) {
            (_, true) => "check".to_owned(),
            (Some(repeat), _) => format!("repeat {}", repeat.path),
            _ => page.questions.iter().map(|q| q.path.as_str()).collect::<Vec<_>>().join(" "),
        }
    }
}
