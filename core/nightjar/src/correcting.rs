//! What somebody writes into a record that is there must fit its form, over everything else that the record says, as if they had filled
//! it in; and what the form works out follows.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Zoned;
use nightjar_form::{CellKey, Entry, Instrument, Item, ItemKind, Opening, Session, Value};
use nightjar_record::Record;
use nightjar_record::study::StudyInstrument;

use crate::failure::Failure;

/// Most ways in which what still differs is put together.
const WAYS: usize = 32;

/// A record and the form it was made with.
pub(crate) struct Correcting<'a> {
    pub(crate) entry: &'a StudyInstrument,
    pub(crate) form: Arc<Instrument>,
    pub(crate) record: &'a Record,
    pub(crate) now: Zoned,
}

type Cells = Vec<(CellKey, Value)>;

impl Correcting<'_> {
    /// The new values as the form takes them. A value that the record holds already may always be settled on: it was taken once,
    /// and the day or another answer may have changed since.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a value that the form does not take there, that breaks a rule of the form, here or at another
    /// question, that the form works out itself, or that says which record this is.
    pub(crate) fn check(&self, changes: &[(CellKey, Value)], settling: bool) -> Result<Cells, Failure> {
        let held = self.record.cells();
        let holds = |key: &CellKey, value: &Value| {
            held.iter().any(|cell| cell.key == *key && cell.values().contains(&value))
        };
        let mut taken = Cells::new();
        let mut judged = false;
        for (key, value) in changes {
            let Some(item) = self.form.item(&key.item) else {
                taken.push((*key, value.clone()));
                continue;
            };
            let name = item.name();
            let known = settling && holds(key, value);
            if item.kind() == ItemKind::Calculate && !known {
                return Err(Failure::Invalid(format!(
                    "\"{name}\" is worked out from other answers; write those instead"
                )));
            }
            if self.entry.natural_key.iter().any(|part| part == name) && !known {
                return Err(Failure::Invalid(format!(
                    "\"{name}\" says which record this is; fill in the form for the other one instead"
                )));
            }
            // Instances of repeats are not rebuilt here.
            judged |= !known && key.instance.is_none() && value.missing().is_none();
            taken.push((*key, value.clone()));
        }
        if !judged {
            return Ok(taken);
        }
        // What differs elsewhere is not decided: one way to decide it in which this fits is enough.
        let mut why = None;
        for way in self.ways(changes) {
            match self.fits(changes, way.as_ref()) {
                Ok(cells) => return Ok(cells),
                Err(failure) => why = why.or(Some(failure)),
            }
        }
        Err(why.unwrap_or_else(|| Failure::Internal("no way to fill in a form".into())))
    }

    /// The values as the form takes them, when what differs is decided one way.
    fn fits(&self, changes: &[(CellKey, Value)], way: Option<&(CellKey, Value)>) -> Result<Cells, Failure> {
        let before: BTreeSet<String> =
            self.filled(&[], way)?.problems().into_iter().map(|problem| problem.path).collect();
        let session = self.filled(changes, way)?;
        let mut taken = Cells::new();
        for (key, value) in changes {
            let item = key.instance.is_none().then(|| self.form.item(&key.item)).flatten();
            // What is not asked with everything else has no rules to keep; it may still have to be settled.
            let Some(item) = item.filter(|item| session.is_relevant(item.path())) else {
                taken.push((*key, value.clone()));
                continue;
            };
            let refused = || Failure::Invalid(format!("\"{}\" cannot hold that", item.name()));
            if value.missing().is_none() {
                let mut probe = self.filled(&[], way)?;
                let path = item.path().to_owned();
                if probe.is_relevant(&path) {
                    let entry = Entry::Answer { path, value: Some(value.clone()) };
                    probe.apply(&entry, &self.now).map_err(|_| refused())?;
                }
                let stands = session.value(item.path()).ok_or_else(refused)?;
                taken.push((*key, item.meaning(stands)));
            } else {
                taken.push((*key, value.clone()));
            }
        }
        let written = |path: &str| {
            let is_it =
                |(key, _): &(CellKey, Value)| self.form.item(&key.item).is_some_and(|i| i.path() == path);
            changes.iter().any(is_it)
        };
        let new = session
            .problems()
            .into_iter()
            .find(|problem| !before.contains(&problem.path) || written(&problem.path));
        match new {
            None => Ok(taken),
            Some(problem) => {
                let item = self.form.items().iter().find(|item| item.path() == problem.path);
                let label = item.map(|item| item.label(self.form.default_language())).unwrap_or_default();
                Err(Failure::Invalid(format!("{label}: {}", problem.message)))
            }
        }
    }

    /// What the form works out once these changes stand: what differs there, or what they change. What hangs on something that is still
    /// undecided stays as it is, and so does everything where instances of repeats are.
    pub(crate) fn worked_out(&self, changes: &[(CellKey, Value)]) -> Result<Cells, Failure> {
        let held = self.record.cells();
        if held.iter().any(|cell| cell.key.instance.is_some()) {
            return Ok(Cells::new());
        }
        let open: BTreeSet<CellKey> = self.record.conflicts().iter().map(|conflict| conflict.cell).collect();
        let before = self.filled(&[], None)?;
        let ways: Vec<Session> = self
            .ways(changes)
            .iter()
            .map(|way| self.filled(changes, way.as_ref()))
            .collect::<Result<_, _>>()?;
        let mut found = Cells::new();
        for item in self.form.items().iter().filter(|item| item.kind() == ItemKind::Calculate) {
            let key = CellKey::from(item.key());
            let mut values = ways.iter().map(|session| session.value(item.path()));
            let Some(Some(value)) = values.next() else { continue };
            if values.any(|other| other != Some(value)) {
                continue;
            }
            let stands = held.iter().any(|cell| cell.key == key && cell.values() == [value]);
            if open.contains(&key) || (!stands && before.value(item.path()) != Some(value)) {
                found.push((key, value.clone()));
            }
        }
        Ok(found)
    }

    /// One way for each value that somebody gave to a question that is still undecided, and the first that comes.
    fn ways(&self, changes: &[(CellKey, Value)]) -> Vec<Option<(CellKey, Value)>> {
        let is_open = |key: &CellKey| {
            let calculated = self.form.item(&key.item).is_some_and(|item| item.kind() == ItemKind::Calculate);
            !calculated && !changes.iter().any(|(changed, _)| changed == key)
        };
        let conflicts = self.record.conflicts();
        let open: BTreeSet<CellKey> =
            conflicts.iter().map(|conflict| conflict.cell).filter(|key| is_open(key)).collect();
        let cells = self.record.cells();
        let held = cells.iter().filter(|cell| open.contains(&cell.key));
        let ways = held.flat_map(|cell| cell.held.iter().map(|held| Some((cell.key, held.value.clone()))));
        std::iter::once(None).chain(ways).take(WAYS).collect()
    }

    /// The form filled in with what the record says, one undecided question decided, and the changes over it.
    fn filled(
        &self,
        changes: &[(CellKey, Value)],
        way: Option<&(CellKey, Value)>,
    ) -> Result<Session, Failure> {
        let opening = Opening { language: None, now: self.now.clone(), seed: 0 };
        let held = self.record.cells();
        let value_of = |item: &Item| {
            let key = CellKey::from(item.key());
            let mut given = changes.iter().rev().chain(way).filter(|(changed, _)| *changed == key);
            let stands = || Some(held.iter().find(|cell| cell.key == key)?.held.first()?.value.clone());
            given.next().map(|(_, value)| value.clone()).or_else(stands)
        };
        filled_in(&self.form, opening, value_of).map(|(session, _)| session)
    }
}

/// A form filled in with values by item, outside repeats, and the entries that did it. What the form does not take stays blank.
pub(crate) fn filled_in(
    form: &Arc<Instrument>,
    opening: Opening,
    value_of: impl Fn(&Item) -> Option<Value>,
) -> Result<(Session, Vec<Entry>), Failure> {
    let now = opening.now.clone();
    let mut session = Session::open(Arc::clone(form), opening).map_err(Failure::invalid)?;
    let mut entries = Vec::new();
    // Twice: a question may hang on one further down.
    for _ in 0..2 {
        for item in form.items() {
            let Some(value) = value_of(item) else { continue };
            let path = item.path().to_owned();
            if session.value(&path) == Some(&value) && session.is_relevant(&path) {
                continue;
            }
            let entry = Entry::Answer { path, value: Some(value) };
            if session.apply(&entry, &now).is_ok() {
                entries.push(entry);
            }
        }
    }
    Ok((session, entries))
}
