//! One row that asks, says or calculates something.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arrange::{NO_KEY, node};
use super::choices::file_names;
use super::kinds::{self, RowKind};
use super::parameters::{Parameters, Report};
use super::references::triggers;
use super::row::SurveyRow;
use super::scale;
use super::sheet::Row;
use super::survey::Builder;
use crate::item::Translated;
use crate::node::NodeKind;
use crate::{Choice, Item, ItemKind};

impl Builder<'_, '_> {
    /// A row that is no group and no setting.
    pub(super) fn question(&mut self, row: &Row, kind: &RowKind, parameters: &Parameters) {
        match kind {
            RowKind::Item(kind) => self.plain(row, *kind, parameters),
            RowKind::Constrained(kind, constraint) => {
                let mut words = self.survey_row(row);
                if !words.cells.contains("constraint") {
                    words.cells.insert("constraint", *constraint);
                }
                self.item(row, *kind, Arc::default(), words);
            }
            RowKind::Select(select) => self.select(row, select, parameters),
            RowKind::Metadata(stamp) => {
                let words = self.survey_row(row);
                self.item(row, ItemKind::Metadata, Arc::default(), words);
                if let Some(item) = self.out.items.last_mut() {
                    item.stamp = Some(*stamp);
                }
            }
            RowKind::Unfilled(why) => self.unfilled(row, why),
            RowKind::BackgroundGeopoint => {
                if self.get(row, "trigger").is_none() {
                    let remedy = "Write the question at which the place is taken.";
                    self.error(row, "trigger", "A background-geopoint needs a trigger.", remedy);
                }
                if self.get(row, "calculation").is_some() {
                    let remedy = "Clear the cell.";
                    self.error(row, "calculation", "A background-geopoint takes no calculation.", remedy);
                }
                self.unfilled(row, kinds::UNSEEN);
            }
            RowKind::BackgroundAudio => self.unfilled(row, kinds::UNSEEN),
            RowKind::Audit => {
                if self.get(row, "name").is_some_and(|name| name != "audit") {
                    self.error(row, "name", "An audit can only be named `audit`.", "Clear the cell.");
                }
                let remedy = "How a person fills in a form is their own; take the row out.";
                self.warning(row, "type", "An audit is not kept.", remedy);
            }
            RowKind::External(ending) => {
                let Some(name) = self.name(row) else { return };
                *self.out.names.entry(name.clone()).or_default() += 1;
                let place = self.place(row, "name");
                self.out.declared.row(&name, ending, place.clone(), self.findings);
                self.files.open(&format!("{name}.{ending}"), place, self.findings);
            }
            RowKind::Refused(remedy) => {
                let cell = self.get(row, "type").unwrap_or_default();
                self.error(row, "type", format!("The type `{cell}` is not supported."), *remedy);
                self.stand_in(row);
            }
            _ => {
                let cell = self.get(row, "type").unwrap_or_default();
                self.error(
                    row,
                    "type",
                    format!("There is no type `{cell}`."),
                    "Check the spelling of the type.",
                );
                self.stand_in(row);
            }
        }
    }

    /// A row that cannot be read still has a name, so that references to it are not reported as well.
    pub(super) fn stand_in(&mut self, row: &Row) {
        let words = SurveyRow { number: row.number, ..SurveyRow::default() };
        self.item(row, ItemKind::Hidden, Arc::default(), words);
    }

    fn unfilled(&mut self, row: &Row, why: &str) {
        let cell = self.get(row, "type").unwrap_or_default();
        self.warning(row, "type", format!("`{cell}` is not kept."), why);
        let mut words = self.survey_row(row);
        for column in ["trigger", "calculation", "default", "required", "constraint"] {
            words.cells.remove(column);
        }
        self.item(row, ItemKind::Metadata, Arc::default(), words);
    }

    fn plain(&mut self, row: &Row, kind: ItemKind, parameters: &Parameters) {
        let words = self.survey_row(row);
        if kind == ItemKind::Calculate {
            let dynamic = words.cells.get("default").is_some_and(super::compile::is_dynamic);
            if !words.cells.contains("calculation") && !dynamic {
                self.error(
                    row,
                    "calculation",
                    "The calculation is missing.",
                    "Write an expression, or clear the row.",
                );
            }
        }
        if kind == ItemKind::Text && self.get(row, "type").is_some_and(|cell| cell.contains("barcode")) {
            self.warning(row, "type", "A barcode is asked for as text.", "Have it typed in.");
        }
        if kind.is_geo() || kind.is_media() {
            let problem = format!("The ward screen does not ask for `{kind}` yet.");
            self.warning(row, "type", problem, "Ask for words, or use the form elsewhere.");
        }
        if let Some(named) = parameters.get("reference-geometry") {
            self.out.geometries.push((named.clone(), row.number));
        }
        if !self.item(row, kind, Arc::default(), words) {
            return;
        }
        if kind == ItemKind::Range {
            let mut report = Report { sheet: self.book.sheet, row, findings: self.findings };
            let scale = scale::scale(parameters, &self.book.lists.by_name, &mut report);
            if let Some(item) = self.out.items.last_mut() {
                item.scale = Some(scale);
            }
        }
    }

    /// Adds an item; whether it could be.
    pub(super) fn item(
        &mut self,
        row: &Row,
        kind: ItemKind,
        choices: Arc<[Choice]>,
        mut words: SurveyRow,
    ) -> bool {
        let name = match self.get(row, "name") {
            None if kind == ItemKind::Note => format!("generated_note_name_{}", row.number),
            _ => match self.name(row) {
                Some(name) => name,
                None => return false,
            },
        };
        self.trigger(row, &mut words);
        let media = |column: &str| self.book.languages.words(self.book.sheet, row, column);
        let (image, audio) = (media("image"), media("audio"));
        let is_seen = !words.label.is_empty() || !words.hint.is_empty();
        let has_media = !image.is_empty() || !audio.is_empty() || !media("video").is_empty();
        let (big, shown) = (!media("big-image").is_empty(), !image.is_empty());
        let computed = ["calculation", "trigger"].iter().any(|column| words.cells.contains(column));
        // What has no words and computes its value is never seen.
        let hidden = kind.is_shown() && computed && !is_seen;
        if kind.is_shown() && !hidden {
            if big && !shown {
                let problem = format!("`{name}` has a big-image but no image.");
                self.error(row, "big-image", problem, "Give it an image as well.");
            } else if !is_seen && !has_media && self.get(row, "appearance").as_deref() != Some("label") {
                self.error(row, "label", format!("`{name}` has neither label nor hint."), "Give it a label.");
            }
        }
        let stored_as = match self.get(row, "bind_type") {
            Some(bound) => kinds::bound(&bound),
            None if hidden && (kind.has_choices() || kind.is_media() || kind == ItemKind::Note) => {
                ItemKind::Text
            }
            None if hidden && matches!(kind, ItemKind::Range | ItemKind::Acknowledge) => ItemKind::Text,
            None => kind,
        };
        let sheet = self.book.sheet;
        let mut extras = self.extras(row);
        if let Some(parameters) = sheet.get(row, "parameters") {
            extras.insert("parameters".to_owned(), parameters.to_owned());
        }
        let item = Item {
            key: *NO_KEY,
            name: name.clone().into(),
            path: Arc::default(),
            kind: if hidden { ItemKind::Calculate } else { kind },
            choices: if hidden { Arc::default() } else { choices },
            label: words.label.clone(),
            hint: words.hint.clone(),
            guidance: words.guidance.clone(),
            image: self.file_names(row, "image", image),
            audio: self.file_names(row, "audio", audio),
            appearance: self.get(row, "appearance").unwrap_or_default().into_owned(),
            scale: None,
            repeat_depth: 0,
            stamp: None,
            extras,
        };
        self.add(item, stored_as, words);
        true
    }

    /// The columns of a row that mean nothing here, kept for whoever they mean something to.
    fn extras(&self, row: &Row) -> BTreeMap<String, String> {
        let sheet = self.book.sheet;
        let own = sheet.indexed(row).filter(|(index, _)| self.uses[*index].1);
        own.map(|(index, cell)| (sheet.columns[index].name.clone(), cell.to_owned())).collect()
    }

    fn file_names(&mut self, row: &Row, column: &str, words: Translated) -> Translated {
        if words.is_empty() {
            return words;
        }
        let place = Some(self.place(row, column));
        file_names(words, "survey", place, self.findings)
    }

    /// Adds an item and its node.
    pub(super) fn add(&mut self, item: Item, stored_as: ItemKind, words: SurveyRow) {
        let mut new = node(item.name.clone(), NodeKind::Item(self.out.items.len()), self.parent());
        new.stored_as = stored_as;
        self.out.items.push(item);
        if self.push(new, words) == crate::node::NodeId::ROOT {
            self.out.items.pop();
        }
    }

    /// Makes the trigger a list of questions, or reports it.
    fn trigger(&mut self, row: &Row, words: &mut SurveyRow) {
        let Some(cell) = words.cells.get("trigger") else { return };
        match triggers(cell) {
            Ok(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("${{{name}}}")).collect();
                words.cells.insert("trigger", names.join(", "));
            }
            Err((problem, remedy)) => {
                words.cells.remove("trigger");
                words.cells.remove("calculation");
                self.error(row, "trigger", problem, remedy);
            }
        }
    }

    /// The text question that `or_other` adds.
    pub(super) fn other(&mut self, row: &Row, asked: &str) {
        let name = format!("{asked}_other");
        let label = self.book.languages.everywhere("Specify other.");
        let relevant = format!("selected(../{asked}, 'other')");
        // A question renamed takes its other answer with it.
        let renamed = self.book.sheet.get(row, "nightjar::renamed_from").map(|former| {
            let others = former.split([',', ' ', '\n']).filter(|part| !part.is_empty());
            let others: Vec<String> = others.map(|part| format!("{part}_other")).collect();
            ("nightjar::renamed_from".into(), others.join(" ").into())
        });
        let words = SurveyRow {
            number: row.number,
            cells: [("relevant".into(), relevant.into())].into_iter().chain(renamed).collect(),
            label: label.clone(),
            choice_columns: Some(self.columns.clone()),
            ..SurveyRow::default()
        };
        let mut extras = self.extras(row);
        extras.remove("nightjar::id");
        let item = Item {
            key: *NO_KEY,
            name: name.into(),
            path: Arc::default(),
            kind: ItemKind::Text,
            choices: Arc::default(),
            label,
            hint: Translated::default(),
            guidance: Translated::default(),
            image: Translated::default(),
            audio: Translated::default(),
            appearance: String::new(),
            scale: None,
            repeat_depth: 0,
            stamp: None,
            extras,
        };
        self.add(item, ItemKind::Text, words);
    }
}
