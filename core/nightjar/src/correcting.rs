//! What somebody writes into a record that is there must fit its form, over everything else that the record says, as if they had filled
//! it in; and what the form works out follows.

use std::sync::Arc;

use jiff::Zoned;
use nightjar_form::{CellKey, Entry, Instrument, Item, ItemKind, Language, Opening, Session, Value};
use nightjar_record::Record;
use nightjar_record::study::StudyInstrument;

use crate::failure::Failure;

/// The form of a record with what it says and what is to be written.
pub(crate) struct Corrected {
    session: Session,
}

impl Corrected {
    /// Fills in the form with what the record says and the new values.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a value that the form does not take there, that its rules refuse, that it works out itself, or that
    /// says which record this is.
    pub(crate) fn check(
        entry: &StudyInstrument,
        form: Arc<Instrument>,
        record: &Record,
        changes: &[(CellKey, Value)],
        now: &Zoned,
    ) -> Result<Self, Failure> {
        let language: Option<Language> = None;
        let opening = Opening { language, now: now.clone(), seed: 0 };
        let mut session = Session::open(Arc::clone(&form), opening).map_err(Failure::invalid)?;
        let changed = |item: &Item| changes.iter().rev().find(|(key, _)| *key == CellKey::from(item.key()));
        for item in form.items().iter().filter(|item| changed(item).is_some()) {
            let name = item.name();
            if item.kind() == ItemKind::Calculate {
                return Err(Failure::Invalid(format!(
                    "\"{name}\" is worked out from other answers; write those instead"
                )));
            }
            if entry.natural_key.iter().any(|part| part == name) {
                return Err(Failure::Invalid(format!(
                    "\"{name}\" says which record this is; fill in the form for the other one instead"
                )));
            }
        }
        let held = record.cells();
        let stands = |item: &Item| {
            let cell = held.iter().find(|cell| cell.key == CellKey::from(item.key()))?;
            Some(cell.held.first()?.value.clone())
        };
        // Twice: a question may hang on one further down.
        for _ in 0..2 {
            for item in form.items() {
                let new = changed(item).map(|(_, value)| value.clone());
                let Some(value) = new.or_else(|| stands(item)) else { continue };
                let path = item.path().to_owned();
                // What does not fit any more stays what it was; only the new values are judged.
                let _ = session.apply(&Entry::Answer { path, value: Some(value) }, now);
            }
        }
        for (key, value) in changes {
            // Instances of repeats are not rebuilt here.
            let Some(item) = key.instance.is_none().then(|| form.item(&key.item)).flatten() else { continue };
            // What is not asked with everything else has no rules to keep; it may still have to be settled.
            if value.missing().is_some() || !session.is_relevant(item.path()) {
                continue;
            }
            let taken = session.value(item.path()).map(|taken| item.meaning(taken));
            if taken.as_ref() != Some(&item.meaning(value)) {
                return Err(Failure::Invalid(format!("\"{}\" cannot hold that", item.name())));
            }
            if let Some(problem) = session.problems().into_iter().find(|problem| problem.path == item.path())
            {
                return Err(Failure::Invalid(format!(
                    "{}: {}",
                    item.label(form.default_language()),
                    problem.message
                )));
            }
        }
        Ok(Self { session })
    }

    /// What the form works out from all of it, where the record does not say just that.
    pub(crate) fn worked_out(&self, record: &Record) -> Vec<(CellKey, Value)> {
        let held = record.cells();
        let form = self.session.instrument();
        let calculated = form.items().iter().filter(|item| item.kind() == ItemKind::Calculate);
        let known = |key: &CellKey| held.iter().find(|cell| cell.key == *key);
        calculated
            .filter_map(|item| Some((CellKey::from(item.key()), self.session.value(item.path())?.clone())))
            .filter(|(key, value)| known(key).is_some_and(|cell| cell.values() != [value]))
            .collect()
    }
}
