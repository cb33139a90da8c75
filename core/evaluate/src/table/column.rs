use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nightjar_form::{Instrument, Item, ItemKey, ItemKind, Missing};
use nightjar_record::study::{InstrumentKind, Study};

use crate::Refused;

/// All versions of one form as one table.
#[derive(Debug, Clone)]
pub struct Table {
    /// The form.
    pub form_id: String,
    /// What people call it.
    pub title: String,
    /// What a filled-in one is; `None` when the study does not name the form.
    pub kind: Option<InstrumentKind>,
    /// Who has been through the wording, in words.
    pub wording_status: String,
    /// The versions, older first.
    pub versions: Vec<Version>,
    /// Items of all versions: those of the newest in its order, then those only older versions have.
    pub columns: Vec<Column>,
}

/// One version of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// What the workbook says.
    pub name: String,
    /// BLAKE3 of the workbook, in hexadecimal.
    pub hash: String,
}

/// One item over all versions.
#[derive(Debug, Clone)]
pub struct Column {
    /// Identity of the item.
    pub key: ItemKey,
    /// Name of the column: the item's name, made unique in the table.
    pub name: String,
    /// Question in the default language of the newest version that has it.
    pub label: String,
    /// The question in every language: code of the language and words.
    pub labels: Vec<(String, String)>,
    /// What it holds.
    pub kind: ItemKind,
    /// Choices of all versions, newest first.
    pub choices: Vec<Category>,
    /// Whether it can occur more than once in a record.
    pub in_repeat: bool,
    /// For free text: name of the risk disclosure plan.
    pub risk_disclosure_plan: Option<String>,
    /// Names of the versions that have it.
    pub versions: Vec<String>,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// What is stored.
    pub code: String,
    /// Words in the default language.
    pub label: String,
    /// Set when choosing it means that there is no answer.
    pub missing: Option<Missing>,
}

const MOST_COLUMNS: usize = 10_000;

impl Table {
    /// The tables of a study, in the order of the study document.
    ///
    /// # Errors
    /// [`Refused::TooMany`] beyond 10,000 columns in one table.
    pub fn of_study(study: &Study, instruments: &[Arc<Instrument>]) -> Result<Vec<Table>, Refused> {
        let mut forms: Vec<&str> = study.instruments.iter().map(|i| i.id.as_str()).collect();
        for instrument in instruments {
            if !forms.contains(&instrument.form_id()) {
                forms.push(instrument.form_id());
            }
        }
        let versions = |form: &str| -> Vec<&Arc<Instrument>> {
            instruments.iter().filter(|i| i.form_id() == form).collect()
        };
        forms.into_iter().map(|form| Table::of_versions(study, form, &versions(form))).collect()
    }

    fn of_versions(study: &Study, form: &str, versions: &[&Arc<Instrument>]) -> Result<Table, Refused> {
        let known = study.instrument(form);
        let newest = versions.last();
        let title = known.map(|i| i.title.clone());
        let status = newest.and_then(|i| i.setting("nightjar::wording_status")).map(str::to_owned);
        let mut table = Table {
            form_id: form.to_owned(),
            title: title
                .or_else(|| newest.map(|i| i.title(i.default_language()).to_owned()))
                .unwrap_or_else(|| form.to_owned()),
            kind: known.map(|i| i.kind),
            wording_status: status
                .or_else(|| known.map(|i| i.wording_status.clone()))
                .unwrap_or_else(|| "not stated".to_owned()),
            versions: versions
                .iter()
                .map(|i| Version { name: i.version().to_owned(), hash: hex(&i.hash()) })
                .collect(),
            columns: Vec::new(),
        };
        let mut places: BTreeMap<ItemKey, usize> = BTreeMap::new();
        let mut names = BTreeSet::new();
        for instrument in versions.iter().rev() {
            for item in instrument.items().iter().filter(|item| item.kind() != ItemKind::Note) {
                match places.get(&item.key()) {
                    Some(&place) => table.columns[place].add_older(instrument, item),
                    None => {
                        if table.columns.len() >= MOST_COLUMNS {
                            return Err(Refused::TooMany { what: "columns", most: MOST_COLUMNS as u64 });
                        }
                        places.insert(item.key(), table.columns.len());
                        table.columns.push(Column::new(instrument, item, &mut names));
                    }
                }
            }
        }
        Ok(table)
    }

    /// The column of an item.
    pub fn column(&self, key: &ItemKey) -> Option<&Column> {
        self.columns.iter().find(|column| column.key == *key)
    }
}

impl Column {
    fn new(instrument: &Instrument, item: &Item, names: &mut BTreeSet<String>) -> Column {
        let mut name = item.path().replace('/', ".");
        if !names.insert(name.clone()) {
            // Two versions may use one name for two items; the identity tells them apart.
            name = format!("{name}.{}", item.key());
            names.insert(name.clone());
        }
        let language = instrument.default_language();
        Column {
            key: item.key(),
            name,
            label: plain(item.label(language)),
            labels: instrument
                .languages()
                .iter()
                .map(|l| (l.code().to_owned(), plain(item.label(l))))
                .collect(),
            kind: item.kind(),
            choices: item.choices().iter().map(|choice| Category::of(choice, instrument)).collect(),
            in_repeat: item.in_repeat(),
            risk_disclosure_plan: item.extra("nightjar::risk_disclosure_plan").map(str::to_owned),
            versions: vec![instrument.version().to_owned()],
        }
    }

    fn add_older(&mut self, instrument: &Instrument, item: &Item) {
        self.versions.insert(0, instrument.version().to_owned());
        for choice in item.choices() {
            if !self.choices.iter().any(|known| known.code == choice.code()) {
                self.choices.push(Category::of(choice, instrument));
            }
        }
    }

    /// Whether values are choice codes, so that reasons for missing answers stand in the same column.
    pub fn is_categorical(&self) -> bool {
        self.kind.has_choices() || self.kind == ItemKind::Acknowledge
    }
}

impl Category {
    fn of(choice: &nightjar_form::Choice, instrument: &Instrument) -> Category {
        Category {
            code: choice.code().to_owned(),
            label: plain(choice.label(instrument.default_language())),
            missing: choice.missing(),
        }
    }
}

/// Labels may hold Markdown emphasis and line breaks; tables and headings want one plain line.
fn plain(label: &str) -> String {
    label.replace(['*', '\r'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
