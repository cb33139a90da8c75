//! From stored rows to what people read: item names, labels, tablet labels.

use nightjar_form::{CellKey, Instrument, Item, Missing, Value};
use nightjar_record::{Conflict, Contributor, Dissensus, Held, Identity, Row};

use crate::finish::JOIN;
use crate::view::{CellView, ConflictView, DissensusView, HeldView, RecordView};

/// What puts words to keys: the study's instruments, and the labels of devices in the roster.
pub(crate) struct Words<'a> {
    /// The instrument with this form id.
    pub(crate) instrument: &'a dyn Fn(&str) -> Option<&'a Instrument>,
    /// The label of a device.
    pub(crate) device: &'a dyn Fn(&Contributor) -> String,
}

impl Words<'_> {
    /// A record with names and labels.
    pub(crate) fn record(&self, row: &Row) -> RecordView {
        let instrument = (self.instrument)(&row.meta.instrument);
        RecordView {
            id: row.record.to_string(),
            form_id: row.meta.instrument.clone(),
            kind: row.meta.nature.code().to_owned(),
            ward: row.meta.ward.clone(),
            phase: row.meta.phase.clone(),
            natural_key: natural_key(&row.meta.identity),
            cells: self.cells(instrument, row),
        }
    }

    fn cells(&self, instrument: Option<&Instrument>, row: &Row) -> Vec<CellView> {
        let place = |key: &CellKey| {
            let item = instrument
                .and_then(|instrument| instrument.items().iter().position(|item| item.key() == key.item));
            (item.unwrap_or(usize::MAX), key.to_string())
        };
        let mut cells: Vec<_> = row.cells.iter().map(|cell| (place(&cell.key), cell)).collect();
        cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        let cell = |cell: &nightjar_record::Cell| {
            let item = instrument.and_then(|instrument| instrument.item(&cell.key.item));
            CellView {
                name: name(item, &cell.key),
                label: label(instrument, item),
                values: cell.held.iter().map(|held| self.held(instrument, item, held)).collect(),
                in_conflict: row.conflicts.iter().any(|conflict| conflict.cell == cell.key),
            }
        };
        cells.into_iter().map(|(_, held)| cell(held)).collect()
    }

    fn held(&self, instrument: Option<&Instrument>, item: Option<&Item>, held: &Held) -> HeldView {
        HeldView {
            text: text(instrument, item, &held.value),
            value: held.value.clone(),
            role: held.hand.role.clone(),
            tablet: (self.device)(&held.from),
            time: held.hand.at.clone(),
        }
    }

    /// The conflicts of a record.
    pub(crate) fn conflicts(&self, row: &Row) -> Vec<ConflictView> {
        row.conflicts.iter().map(|conflict| self.conflict(row, conflict)).collect()
    }

    fn conflict(&self, row: &Row, conflict: &Conflict) -> ConflictView {
        let instrument = (self.instrument)(&row.meta.instrument);
        let item = instrument.and_then(|instrument| instrument.item(&conflict.cell.item));
        ConflictView {
            record: row.record.to_string(),
            form_id: row.meta.instrument.clone(),
            ward: row.meta.ward.clone(),
            natural_key: natural_key(&row.meta.identity),
            name: name(item, &conflict.cell),
            label: label(instrument, item),
            values: conflict.values.iter().map(|held| self.held(instrument, item, held)).collect(),
        }
    }

    /// A case with its positions.
    pub(crate) fn dissensus(&self, case: &Dissensus, positions: &[Row]) -> DissensusView {
        let positions: Vec<RecordView> = positions.iter().map(|row| self.record(row)).collect();
        let outcome = case.outcomes.first().map(|row| self.record(row));
        let ward =
            outcome.as_ref().or(positions.first()).map(|record| record.ward.clone()).unwrap_or_default();
        // The stored label begins with the ward, so that two wards may use the same label.
        let label = case.case.strip_prefix(&format!("{ward}{JOIN}")).unwrap_or(&case.case).to_owned();
        DissensusView { case: label, ward, outcome, positions, differs: case.held }
    }
}

fn natural_key(identity: &Identity) -> Option<String> {
    match identity {
        Identity::Once(natural) => Some(natural.clone()),
        Identity::Given(_) => None,
    }
}

fn name(item: Option<&Item>, key: &CellKey) -> String {
    item.map_or_else(|| key.to_string(), |item| item.name().to_owned())
}

fn label(instrument: Option<&Instrument>, item: Option<&Item>) -> String {
    match (instrument, item) {
        (Some(instrument), Some(item)) => item.label(instrument.default_language()).to_owned(),
        _ => String::new(),
    }
}

/// A value in words: choice labels where there are choices.
fn text(instrument: Option<&Instrument>, item: Option<&Item>, value: &Value) -> String {
    let label = |code: &str| match (instrument, item) {
        (Some(instrument), Some(item)) => {
            let choice = item.choices().iter().find(|choice| choice.code() == code);
            choice.map_or_else(
                || code.to_owned(),
                |choice| choice.label(instrument.default_language()).to_owned(),
            )
        }
        _ => code.to_owned(),
    };
    match value {
        Value::One(code) => label(code),
        Value::Many(codes) => codes.iter().map(|code| label(code)).collect::<Vec<_>>().join(", "),
        Value::Missing(missing) => missing_text(instrument, item, *missing),
        other => other.to_text(),
    }
}

/// Why there is no answer: the choice that says so, else in plain words.
fn missing_text(instrument: Option<&Instrument>, item: Option<&Item>, missing: Missing) -> String {
    let choice = item.and_then(|item| item.choices().iter().find(|choice| choice.missing() == Some(missing)));
    if let (Some(choice), Some(instrument)) = (choice, instrument) {
        return choice.label(instrument.default_language()).to_owned();
    }
    let words = match missing {
        Missing::Declined => "rather not say",
        Missing::DontKnow => "don't know",
        Missing::NotApplicable => "does not apply",
        Missing::NotAnswered => "no answer",
        Missing::NotReached => "not reached",
        Missing::Stopped => "stopped here",
    };
    words.to_owned()
}
