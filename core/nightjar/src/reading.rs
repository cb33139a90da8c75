//! From stored rows to what people read: item names, labels, tablet labels.

use nightjar_form::{Attached, CellKey, Instrument, Item, ItemKind, Missing, Value};
use nightjar_record::{Conflict, Contributor, Dissensus, Held, Identity, Meta, Row};
use nightjar_vault::{Proof, Told};

use crate::finish::JOIN;
use crate::view::{CellView, ConflictView, DissensusView, HeldView, RecordView, StepView};

/// What puts words to keys: the study's instruments, and the labels of devices in the roster.
pub(crate) struct Words<'a> {
    /// The form of a record in the version it was made with and in others, as far as they are at hand: where an item is
    /// found first, there it is named.
    pub(crate) forms: &'a dyn Fn(&Meta) -> Vec<&'a Instrument>,
    /// The label of a device.
    pub(crate) device: &'a dyn Fn(&Contributor) -> String,
}

impl Words<'_> {
    /// A record with names and labels.
    pub(crate) fn record(&self, row: &Row) -> RecordView {
        RecordView {
            id: row.record.to_string(),
            form_id: row.meta.instrument.clone(),
            kind: row.meta.nature.code().to_owned(),
            ward: row.meta.ward.clone(),
            phase: row.meta.phase.clone(),
            natural_key: natural_key(&row.meta.identity),
            cells: self.cells(row),
        }
    }

    fn cells(&self, row: &Row) -> Vec<CellView> {
        let forms = (self.forms)(&row.meta);
        let place = |key: &CellKey| {
            let item = forms
                .first()
                .and_then(|instrument| instrument.items().iter().position(|item| item.key() == key.item));
            (item.unwrap_or(usize::MAX), key.to_string())
        };
        let mut cells: Vec<_> = row.cells.iter().map(|cell| (place(&cell.key), cell)).collect();
        cells.sort_by(|(a, _), (b, _)| a.cmp(b));
        let cell = |cell: &nightjar_record::Cell| {
            let found = find(&forms, &cell.key);
            CellView {
                name: name(found, &cell.key),
                label: label(found),
                values: cell.held.iter().map(|held| self.held(found, held)).collect(),
                in_conflict: row.conflicts.iter().any(|conflict| conflict.cell == cell.key),
            }
        };
        cells.into_iter().map(|(_, held)| cell(held)).collect()
    }

    fn held(&self, found: Found<'_>, held: &Held) -> HeldView {
        HeldView {
            text: text(found, &held.value),
            value: held.value.clone(),
            role: held.hand.role.clone(),
            tablet: (self.device)(&held.from),
            time: held.hand.at.clone(),
            disputes: held.disputes.clone(),
        }
    }

    /// A step of a record's history.
    pub(crate) fn step(&self, meta: &Meta, told: &Told) -> StepView {
        let Told { step, proof } = told;
        let found = find(&(self.forms)(meta), &step.cell);
        let option = step.option.as_ref().map(|code| text(found, &Value::One(code.clone())));
        StepView {
            name: name(found, &step.cell),
            label: label(found),
            option,
            before: step.before.iter().map(|value| text(found, value)).collect(),
            after: text(found, &step.after),
            role: step.hand.role.clone(),
            tablet: (self.device)(&step.from),
            time: step.hand.at.clone(),
            settles: step.settles,
            disputes: step.disputes.clone(),
            proof: match proof {
                Proof::Chained => "chained",
                Proof::NotChained => "not_chained",
                Proof::Broken => "broken",
            }
            .to_owned(),
        }
    }

    /// The conflicts of a record. What a form works out is settled with what it is worked out from, and is shown only where nothing
    /// else differs.
    pub(crate) fn conflicts(&self, row: &Row) -> Vec<ConflictView> {
        let forms = (self.forms)(&row.meta);
        let is_worked_out = |conflict: &&Conflict| {
            find(&forms, &conflict.cell).is_some_and(|(_, item)| item.kind() == ItemKind::Calculate)
        };
        let (worked_out, said): (Vec<_>, Vec<_>) = row.conflicts.iter().partition(is_worked_out);
        let shown = if said.is_empty() { worked_out } else { said };
        shown.into_iter().map(|conflict| self.conflict(row, conflict)).collect()
    }

    fn conflict(&self, row: &Row, conflict: &Conflict) -> ConflictView {
        let found = find(&(self.forms)(&row.meta), &conflict.cell);
        ConflictView {
            record: row.record.to_string(),
            form_id: row.meta.instrument.clone(),
            ward: row.meta.ward.clone(),
            natural_key: natural_key(&row.meta.identity),
            name: name(found, &conflict.cell),
            label: label(found),
            values: conflict.values.iter().map(|held| self.held(found, held)).collect(),
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

/// An item, and the version of the form it stands in.
type Found<'a> = Option<(&'a Instrument, &'a Item)>;

fn find<'a>(forms: &[&'a Instrument], key: &CellKey) -> Found<'a> {
    forms.iter().find_map(|form| Some((*form, form.item(&key.item)?)))
}

fn name(found: Found<'_>, key: &CellKey) -> String {
    found.map_or_else(|| key.to_string(), |(_, item)| item.name().to_owned())
}

fn label(found: Found<'_>) -> String {
    found.map(|(form, item)| item.label(form.default_language()).to_owned()).unwrap_or_default()
}

/// A value in words: choice labels where there are choices.
fn text(found: Found<'_>, value: &Value) -> String {
    let label = |code: &str| match found {
        Some((instrument, item)) => {
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
        Value::Missing(missing) => missing_text(found, *missing),
        Value::Text(text) => Attached::in_words(text).unwrap_or_else(|| text.clone()),
        other => other.to_text(),
    }
}

/// Why there is no answer: the choice that says so, else in plain words.
fn missing_text(found: Found<'_>, missing: Missing) -> String {
    let choice = found.and_then(|(instrument, item)| {
        let choice = item.choices().iter().find(|choice| choice.missing() == Some(missing))?;
        Some(choice.label(instrument.default_language()).to_owned())
    });
    if let Some(label) = choice {
        return label;
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
