//! Reads TOML tables key by key, noting every problem with its line instead of stopping at the first.

use std::cell::RefCell;
use std::ops::Range;

use jiff::civil::{Date, Time};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::Days;
use super::problem::{Problem, StudyProblem, StudyProblems};
use super::window::Window;

/// Longest code, label, paragraph (characters), and the most entries of any list.
pub(super) const CODE: usize = 32;
pub(super) const LABEL: usize = 200;
pub(super) const PARAGRAPH: usize = 2000;
pub(super) const ENTRIES: usize = 200;
const PROBLEMS: usize = 100;

/// The problems of one document.
pub(super) struct Notes<'a> {
    file: &'a str,
    text: &'a str,
    found: RefCell<Vec<(usize, StudyProblem)>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Notes { file, text, found: RefCell::new(Vec::new()) }
    }

    /// Notes a problem at a byte offset, or about the whole file.
    pub(super) fn note(&self, at: Option<usize>, place: &str, problem: Problem) {
        let line = at.map(|at| {
            self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|b| **b == b'\n').count() + 1
        });
        let problem = StudyProblem { file: self.file.to_owned(), line, place: place.to_owned(), problem };
        self.found.borrow_mut().push((at.unwrap_or(0), problem));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// All that was noted, by line, at most a hundred.
    pub(super) fn into_problems(self) -> StudyProblems {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(at, _)| *at);
        let mut problems: Vec<StudyProblem> = found.into_iter().map(|(_, problem)| problem).collect();
        if problems.len() > PROBLEMS {
            let more = problems.len() - PROBLEMS;
            problems.truncate(PROBLEMS);
            let place = String::new();
            problems.push(StudyProblem {
                file: self.file.to_owned(),
                line: None,
                place,
                problem: Problem::More(more),
            });
        }
        StudyProblems(problems)
    }
}

/// One table of the document. Keys nobody asked for are noted when it is dropped.
pub(super) struct Section<'d> {
    notes: &'d Notes<'d>,
    table: &'d DeTable<'d>,
    at: usize,
    place: String,
    asked: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    pub(super) fn new(notes: &'d Notes<'d>, table: &'d DeTable<'d>, at: usize, place: String) -> Self {
        Section { notes, table, at, place, asked: RefCell::new(Vec::new()) }
    }

    /// Notes a problem about a key of this table, or about the table.
    pub(super) fn note(&self, key: &str, problem: Problem) {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        self.notes.note(Some(at), &self.path(key), problem);
    }

    fn path(&self, key: &str) -> String {
        let key: String = key.chars().take(CODE).collect();
        match (self.place.is_empty(), key.is_empty()) {
            (true, _) => key,
            (_, true) => self.place.clone(),
            _ => format!("{}.{key}", self.place),
        }
    }

    fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    fn required(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        let value = self.value(key);
        if value.is_none() {
            self.note("", Problem::Missing(key));
        }
        value
    }

    fn mismatch(&self, key: &str, expected: &'static str, found: &DeValue<'_>) {
        self.note(key, Problem::WrongType { expected, found: found.type_str() });
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Text that must be there, not empty, at most `most` characters.
    pub(super) fn text(&self, key: &'static str, most: usize) -> Option<String> {
        self.check_text(key, self.required(key)?, most)
    }

    /// Text that may be left out.
    pub(super) fn maybe_text(&self, key: &'static str, most: usize) -> Option<String> {
        self.check_text(key, self.value(key)?, most)
    }

    fn check_text(&self, key: &str, value: &Spanned<DeValue<'_>>, most: usize) -> Option<String> {
        let DeValue::String(text) = value.get_ref() else {
            self.mismatch(key, "text", value.get_ref());
            return None;
        };
        let text = text.trim();
        let chars = text.chars().count();
        let at = Some(value.span().start);
        if chars == 0 {
            self.notes.note(at, &self.path(key), Problem::Empty);
        } else if chars > most {
            self.notes.note(at, &self.path(key), Problem::TooLong { chars, most });
        } else {
            return Some(text.to_owned());
        }
        None
    }

    /// A code that must be there.
    pub(super) fn code(&self, key: &'static str) -> Option<String> {
        let code = self.text(key, PARAGRAPH)?;
        let good = code.len() <= CODE
            && code.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        if !good {
            self.note(key, Problem::BadCode { most: CODE });
        }
        good.then_some(code)
    }

    /// A list of texts; `least` one entry unless zero.
    pub(super) fn texts(&self, key: &'static str, least: usize, most: usize) -> Option<Vec<String>> {
        let value = if least > 0 { self.required(key)? } else { self.value(key)? };
        let DeValue::Array(array) = value.get_ref() else {
            self.mismatch(key, "a list of texts", value.get_ref());
            return None;
        };
        if array.len() < least {
            self.note(key, Problem::Empty);
        }
        if array.len() > ENTRIES {
            self.note(key, Problem::TooMany { count: array.len(), most: ENTRIES });
            return None;
        }
        array.iter().map(|value| self.check_text(key, value, most)).collect()
    }

    /// A whole number from `least` to `most`.
    pub(super) fn count(&self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let value = self.required(key)?;
        let Some(number) = value.get_ref().as_integer() else {
            self.mismatch(key, "a whole number", value.get_ref());
            return None;
        };
        let number =
            i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|n| u32::try_from(n).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.note(key, Problem::OutOfRange { least, most });
        }
        number
    }

    /// `true` or `false`, or nothing.
    pub(super) fn maybe_flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.mismatch(key, "true or false", value.get_ref());
        }
        flag
    }

    /// A date without time.
    pub(super) fn date(&self, key: &'static str) -> Option<Date> {
        self.check_date(key, self.required(key)?)
    }

    fn check_date(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Date> {
        let date = value
            .get_ref()
            .as_datetime()
            .filter(|moment| moment.time.is_none())
            .and_then(|moment| moment.date);
        let date = date.and_then(|d| {
            Date::new(i16::try_from(d.year).ok()?, i8::try_from(d.month).ok()?, i8::try_from(d.day).ok()?)
                .ok()
        });
        if date.is_none() {
            self.mismatch(key, "a date such as 2026-01-05, without quotes", value.get_ref());
        }
        date
    }

    /// `first` and `last` of this table; `last` may be left out when `open`.
    pub(super) fn days(&self, open: bool) -> Option<Days> {
        let first = self.date("first");
        let last = if open {
            self.value("last").map(|value| self.check_date("last", value))
        } else {
            self.required("last").map(|value| self.check_date("last", value))
        };
        let (first, last) = (
            first?,
            match last {
                None if open => None,
                last => Some(last??),
            },
        );
        if last.is_some_and(|last| last < first) {
            self.note("last", Problem::DaysReversed);
            return None;
        }
        Some(Days { first, last })
    }

    fn time(&self, key: &'static str) -> Option<Time> {
        let text = self.text(key, LABEL)?;
        let time = text.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2).and_then(|(h, m)| {
            let digits = |text: &str| {
                text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i8>().ok()).flatten()
            };
            Time::new(digits(h)?, digits(m)?, 0, 0).ok()
        });
        if time.is_none() {
            self.note(key, Problem::BadTime);
        }
        time
    }

    /// `from` and `until` of this table, as local times.
    pub(super) fn window(&self) -> Option<Window> {
        let (from, until) = (self.time("from"), self.time("until"));
        let window = Window { from: from?, until: until? };
        if window.from == window.until {
            self.note("until", Problem::EmptyWindow);
            return None;
        }
        Some(window)
    }

    /// One word of a closed list.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key, LABEL)?;
        self.check_word(key, &text, words)
    }

    /// Some words of a closed list.
    pub(super) fn words<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<Vec<T>> {
        let texts = self.texts(key, 0, LABEL)?;
        texts.iter().map(|text| self.check_word(key, text, words)).collect()
    }

    fn check_word<T: Copy>(&self, key: &str, text: &str, words: &[(&'static str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let allowed = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            self.note(key, Problem::NotOneOf { allowed });
        }
        found
    }

    /// A file in this folder with one of these endings, divided by " or ".
    pub(super) fn path_to(&self, key: &'static str, ending: &'static str) -> Option<String> {
        let path = self.text(key, LABEL)?;
        let part = |part: &str| {
            !part.starts_with('.')
                && !part.is_empty()
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let good = ending.split(" or ").any(|ending| path.ends_with(ending)) && path.split('/').all(part);
        if !good {
            self.note(key, Problem::BadPath { ending });
        }
        good.then_some(path)
    }

    /// A table that must be there.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'d>> {
        let value = self.required(key)?;
        self.as_section(value, self.path(key))
    }

    /// A table that may be left out.
    pub(super) fn maybe_section(&self, key: &'static str) -> Option<Section<'d>> {
        let value = self.value(key)?;
        self.as_section(value, self.path(key))
    }

    /// A list of tables, at least one if `needed`; nothing when it is wrong.
    pub(super) fn sections(&self, key: &'static str, needed: bool) -> Option<Vec<Section<'d>>> {
        let value = if needed { Some(self.required(key)?) } else { self.value(key) };
        let Some(value) = value else { return Some(Vec::new()) };
        let DeValue::Array(array) = value.get_ref() else {
            self.mismatch(key, "a list of tables", value.get_ref());
            return None;
        };
        if needed && array.is_empty() {
            self.note(key, Problem::Empty);
            return None;
        }
        if array.len() > ENTRIES {
            self.note(key, Problem::TooMany { count: array.len(), most: ENTRIES });
            return None;
        }
        let place = self.path(key);
        let sections = array.iter().enumerate();
        Some(
            sections.filter_map(|(i, value)| self.as_section(value, format!("{place}[{}]", i + 1))).collect(),
        )
    }

    fn as_section(&self, value: &'d Spanned<DeValue<'d>>, place: String) -> Option<Section<'d>> {
        let Range { start, .. } = value.span();
        let Some(table) = value.get_ref().as_table() else {
            let problem = Problem::WrongType { expected: "a table", found: value.get_ref().type_str() };
            self.notes.note(Some(start), &place, problem);
            return None;
        };
        Some(Section::new(self.notes, table, start, place))
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for key in self.table.keys() {
            if !asked.iter().any(|known| *known == key.get_ref().as_ref()) {
                let place = self.path(key.get_ref());
                self.notes.note(Some(key.span().start), &place, Problem::UnknownKey);
            }
        }
    }
}
