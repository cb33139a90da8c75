//! What people and devices do.

use std::collections::{BTreeMap, BTreeSet};

use nightjar::form::Value;
use nightjar::{AmendRequest, BeginRequest, DisputeRequest, Failure, ReceiptKind, SettleRequest, Tablet};
use nightjar_seal::{EnvelopeId, RecordTag};
use rand::RngExt;

use super::found::Invariant;
use super::model::{Put, Words};
use super::pack::{CELLS, FACT, SAY, WARD};
use super::unit::{Face, Kind, state};
use super::world::{Meant, World};

/// One step; whether there was anything to do.
pub(super) type Step = fn(&mut World) -> bool;

/// What a step may be, and how often it is drawn.
pub(super) const KINDS: [(&str, u32, Step); 30] = [
    ("ward record", 8, World::write_fact),
    ("edit", 10, World::amend),
    ("settle", 6, World::settle_conflict),
    ("dispute", 4, World::dispute),
    ("response", 8, World::respond),
    ("correct by receipt", 4, World::correct),
    ("fetch by receipt", 2, World::fetch),
    ("withdraw by receipt", 3, World::take_out),
    ("sync", 40, World::sync_one),
    ("bundle export", 5, World::export),
    ("bundle import", 8, World::import),
    ("enrol late", 1, World::enrol),
    ("join", 2, World::join),
    ("revoke", 1, World::revoke),
    ("accept", 1, World::accept),
    ("end without warning", 4, World::end),
    ("copy", 4, World::copy),
    ("restore from an old copy", 2, World::restore),
    ("restore beneath the file", 1, World::restore_beneath),
    ("clone", 1, World::clone_one),
    ("hub ends without warning", 2, World::hub_ends),
    ("hub backup", 2, World::hub_backup),
    ("hub restored from an old copy", 2, World::hub_restore),
    ("hub begins to equivocate", 1, World::equivocate),
    ("hub ends to equivocate", 2, World::end_equivocation),
    ("hub full", 1, World::hub_full),
    ("clock jumps", 3, World::clock_jumps),
    ("a month passes", 1, World::month_passes),
    ("bundles in another order", 2, World::permute),
    ("record at its bound", 0, World::at_bound),
];

impl World {
    /// Draws a step and takes it.
    pub(super) fn step(&mut self) -> bool {
        let weights: u32 = self.plan.kinds.iter().map(|kind| kind.1).sum();
        let mut at = self.random.random_range(0..weights);
        let kind = self.plan.kinds.iter().find(|kind| {
            let here = at < kind.1;
            at = at.saturating_sub(kind.1);
            here
        });
        let Some((name, _, step)) = kind.copied() else { return false };
        self.tell(|| name.to_owned());
        let done = step(self);
        if done {
            self.found.count(name);
        }
        done
    }

    /// A tablet that belongs to the study.
    pub(super) fn tablet(&mut self) -> Option<usize> {
        let tablets = |unit: &&super::unit::Unit| unit.kind == Kind::Tablet && unit.has_joined;
        let tablets: Vec<_> = self.units.iter().filter(tablets).map(|unit| unit.number).collect();
        self.any(&tablets)
    }

    /// Any device that belongs to the study.
    pub(super) fn anybody(&mut self) -> Option<usize> {
        let joined: Vec<_> =
            self.units.iter().filter(|unit| unit.has_joined).map(|unit| unit.number).collect();
        self.any(&joined)
    }

    /// What counts of a record on a device.
    fn seen(&mut self, unit: usize, record: &RecordTag, also_kept: bool) -> BTreeSet<EnvelopeId> {
        let may_count = |it: i64| {
            matches!(it, state::APPLIED | state::WAITS_FOR_CHANGE) || (also_kept && it == state::KEPT)
        };
        let here = self.units[unit].envelopes();
        let of_record = here.iter().filter(|(_, it)| it.record == record.0 && it.kind != 2);
        self.model.counting(of_record.filter(|(_, it)| may_count(it.state)).map(|(id, _)| id))
    }

    fn meant(
        &self,
        cell: &'static str,
        value: String,
        seen: BTreeSet<EnvelopeId>,
        confidential: bool,
    ) -> Meant {
        let covers = self.model.written(cell, &seen);
        let puts = BTreeMap::from([(cell, Put { value, covers })]);
        Meant { confidential, withdraws: false, founds: false, puts, rests: seen }
    }

    fn founding(&mut self, confidential: bool) -> (Meant, [String; 2]) {
        let words = [self.words(), self.words()];
        let put = |value: &String| Put { value: value.clone(), covers: BTreeSet::new() };
        let puts = CELLS.iter().copied().zip(words.iter().map(put)).collect();
        (Meant { confidential, withdraws: false, founds: true, puts, rests: BTreeSet::new() }, words)
    }

    pub(super) fn write_fact(&mut self) -> bool {
        let Some(unit) = self.tablet() else { return false };
        let number = self.random.random_range(1..=self.plan.records);
        let (meant, words) = self.founding(false);
        let done = self.act(unit, 6, |unit| {
            let sitting = begun(&unit.tablet(), FACT, "nurse", &words)?;
            sitting.answer("number", Some(Value::Integer(number)))?;
            sitting.stop_keeping().map(|view| view.record)
        });
        self.may_write(unit, &done);
        self.note(unit, meant, done.is_ok(), done.ok().as_deref());
        true
    }

    /// Whatever the clock says, what somebody answers can be finished.
    fn may_write<T>(&mut self, unit: usize, done: &Result<T, Failure>) {
        if let Err(Failure::Invalid(why)) = done {
            self.broken(Invariant::Durable, format!("device {unit} does not take what is answered: {why}"));
        }
    }

    fn respond(&mut self) -> bool {
        let Some(unit) = self.tablet() else { return false };
        let receipt = match self.random.random_range(0..3) {
            0 => None,
            1 => Some(ReceiptKind::TakeOut),
            _ => Some(ReceiptKind::Read),
        };
        let (meant, words) = self.founding(true);
        let done = self.act(unit, 5, |unit| {
            let sitting = begun(&unit.tablet(), SAY, "patient", &words)?;
            match receipt {
                None => sitting.stop_keeping().map(|view| (view.record, None)),
                Some(kind) => {
                    let (view, words) = sitting.stop_keeping_with(kind)?;
                    Ok((view.record, Some((words.to_string(), kind == ReceiptKind::Read))))
                }
            }
        });
        self.may_write(unit, &done);
        let shown = done.as_ref().ok().map(|(record, _)| record.clone());
        self.note(unit, meant, done.is_ok(), shown.as_deref());
        if let Ok((record, Some((words, reads)))) = done
            && let Some(record) = self.model.tags.get(&record).copied()
        {
            self.model.words.push(Words { words, record, reads, unit });
        }
        true
    }

    /// A ward record that a tablet shows, and one of its cells.
    fn shown(&mut self, unit: usize) -> Option<(String, RecordTag, &'static str, Vec<String>)> {
        let records = self.units[unit].face().records(FACT).ok()?;
        let known: Vec<_> =
            records.iter().filter(|record| self.model.tags.contains_key(&record.id)).collect();
        let numbers: Vec<_> = (0..known.len()).collect();
        let record = known[self.any(&numbers)?];
        let cell = self.any(&CELLS)?;
        let values = record.cells.iter().find(|view| view.name == cell);
        let values = values.map(|view| view.values.iter().map(|held| held.text.clone()).collect());
        Some((record.id.clone(), self.model.tags[&record.id], cell, values.unwrap_or_default()))
    }

    fn amend(&mut self) -> bool {
        let Some(unit) = self.tablet() else { return false };
        let Some((record, tag, cell, values)) = self.shown(unit) else { return false };
        if values.len() > 1 {
            return self.settle_this(unit, &record, tag, cell, &values);
        }
        let value = self.words();
        let seen = self.seen(unit, &tag, false);
        let meant = self.meant(cell, value.clone(), seen, false);
        let done = self.act(unit, 2, |unit| {
            let changes = vec![(cell.to_owned(), Value::Text(value))];
            unit.tablet().amend(AmendRequest { record, role: "nurse".into(), changes })
        });
        self.note(unit, meant, done.is_ok(), None);
        true
    }

    fn settle_conflict(&mut self) -> bool {
        let Some(unit) = self.tablet() else { return false };
        let Ok(conflicts) = self.units[unit].face().conflicts() else { return false };
        let numbers: Vec<_> = (0..conflicts.len()).collect();
        let Some(at) = self.any(&numbers) else { return false };
        let conflict = &conflicts[at];
        let cell = CELLS.iter().find(|cell| **cell == conflict.name).copied();
        let (Some(cell), Some(tag)) = (cell, self.model.tags.get(&conflict.record).copied()) else {
            return false;
        };
        let values: Vec<_> = conflict.values.iter().map(|held| held.text.clone()).collect();
        self.settle_this(unit, &conflict.record, tag, cell, &values)
    }

    fn settle_this(
        &mut self,
        unit: usize,
        record: &str,
        tag: RecordTag,
        cell: &'static str,
        values: &[String],
    ) -> bool {
        let at = self.random.random_range(0..values.len());
        let value = values[at].clone();
        let seen = self.seen(unit, &tag, false);
        let meant = self.meant(cell, value.clone(), seen, false);
        let done = self.act(unit, 2, |unit| {
            let (record, name) = (record.to_owned(), cell.to_owned());
            unit.tablet().settle(SettleRequest {
                record,
                name,
                value: Value::Text(value),
                role: "nurse".into(),
            })
        });
        self.note(unit, meant, done.is_ok(), None);
        true
    }

    fn dispute(&mut self) -> bool {
        let Some(unit) = self.tablet() else { return false };
        let Some((record, tag, cell, values)) = self.shown(unit) else { return false };
        if values.len() != 1 {
            return false;
        }
        let value = self.words();
        let seen = self.seen(unit, &tag, false);
        let shown = self.model.heads(&tag, cell, &seen);
        let mut meant = self.meant(cell, value.clone(), seen, false);
        // It stands beside what was settled.
        if let Some(put) = meant.puts.get_mut(cell) {
            put.covers.retain(|id| !shown.contains_key(id));
        }
        let done = self.act(unit, 2, |unit| {
            let (name, role, reason) = (cell.to_owned(), "nurse".to_owned(), "it was otherwise".to_owned());
            unit.tablet().dispute(DisputeRequest { record, name, value: Value::Text(value), role, reason })
        });
        let told = done.is_ok();
        self.note(unit, meant, told, None);
        told
    }

    fn some_words(&mut self, reads: bool) -> Option<Words> {
        let words: Vec<_> = self.model.words.iter().filter(|words| words.reads || !reads).cloned().collect();
        let numbers: Vec<_> = (0..words.len()).collect();
        self.any(&numbers).map(|at| words[at].clone())
    }

    /// Where somebody goes with their words: mostly to the tablet where they got them.
    fn with_words(&mut self, words: &Words) -> Option<usize> {
        match self.one_in(3) {
            true => self.tablet(),
            false => Some(words.unit).filter(|unit| self.units[*unit].has_joined),
        }
    }

    fn correct(&mut self) -> bool {
        let Some(words) = self.some_words(true) else { return false };
        let Some(unit) = self.with_words(&words) else { return false };
        let seen = self.seen(unit, &words.record, true);
        // All of it anew: what was begun to correct and not handed in goes on.
        let values = [self.words(), self.words()];
        let mut puts = BTreeMap::new();
        for (cell, value) in CELLS.iter().zip(&values) {
            puts.extend(self.meant(cell, value.clone(), seen.clone(), true).puts);
        }
        let meant = Meant { confidential: true, withdraws: false, founds: false, puts, rests: seen };
        let done = self.act(unit, 6, |unit| {
            let sitting = unit.tablet().correct_own(&words.words, "en")?;
            for (cell, value) in CELLS.iter().zip(values) {
                sitting.answer(cell, Some(Value::Text(value)))?;
            }
            sitting.finish_correction(&words.words)
        });
        let told = matches!(done, Ok(true));
        self.note(unit, meant, told, None);
        told
    }

    fn fetch(&mut self) -> bool {
        let Some(words) = self.some_words(false) else { return false };
        let Some(unit) = self.tablet() else { return false };
        let done = self.act(unit, 2, |unit| unit.tablet().fetch_own(&words.words));
        self.stays_erased(unit);
        matches!(done, Ok(true))
    }

    fn take_out(&mut self) -> bool {
        let Some(words) = self.some_words(false) else { return false };
        let Some(unit) = self.with_words(&words) else { return false };
        let meant = Meant {
            confidential: true,
            withdraws: true,
            founds: false,
            puts: BTreeMap::new(),
            rests: BTreeSet::new(),
        };
        let done = self.act(unit, 3, |unit| unit.tablet().take_out(&words.words));
        let told = matches!(done, Ok(true));
        self.note(unit, meant, told, None);
        self.stays_erased(unit);
        told
    }

    fn sync_one(&mut self) -> bool {
        let Some(unit) = self.anybody() else { return false };
        let commits = self.random.random_range(4..40);
        let done = self.act(unit, commits, |unit| unit.face().sync());
        if let Ok(view) = &done {
            self.found.add("envelope sent", view.pushed);
            self.found.add("envelope received", view.pulled);
            self.found.add("hub noticed to have lost", view.hub_lost_data.into());
        }
        self.after_taking_in(unit);
        true
    }

    fn export(&mut self) -> bool {
        let Some(unit) = self.anybody() else { return false };
        let file = self.file("bundle");
        let done = self.act(unit, 3, |unit| unit.face().export(&file));
        if done.is_ok() {
            self.sticks.push(file);
        }
        done.is_ok()
    }

    fn import(&mut self) -> bool {
        let Some(unit) = self.anybody() else { return false };
        let numbers: Vec<_> = (0..self.sticks.len()).collect();
        let Some(at) = self.any(&numbers) else { return false };
        let mut file = self.sticks[at].clone();
        let mut bytes = std::fs::read(&file).expect("it is there");
        let damage = self.random.random_range(0..8);
        if damage < 2 && !bytes.is_empty() {
            let place = self.random.random_range(0..bytes.len());
            match damage {
                0 => bytes.truncate(place),
                _ => bytes[place] ^= 0x40,
            }
            self.found.count("bundle damaged");
            file = self.file("bundle");
            std::fs::write(&file, bytes).expect("there is room");
        }
        let done = self.act(unit, 10, |unit| unit.face().import(&file));
        if let Ok(view) = &done {
            self.found.add("envelope received", view.new);
        }
        self.after_taking_in(unit);
        done.is_ok()
    }

    /// Several bundles reach two devices in another order each; then both hold the same of what was in them.
    fn permute(&mut self) -> bool {
        let tablets: Vec<_> = self
            .units
            .iter()
            .filter(|unit| unit.has_joined && unit.kind == Kind::Tablet)
            .map(|unit| unit.number)
            .collect();
        let (Some(one), Some(other)) = (self.any(&tablets), self.any(&tablets)) else { return false };
        if self.sticks.len() < 2 || one == other {
            return false;
        }
        let mut files = self.sticks.clone();
        files.truncate(6);
        for unit in [one, other] {
            use rand::seq::SliceRandom;
            files.shuffle(&mut self.random);
            for file in files.clone() {
                let _ = self.act(unit, 30, |unit| unit.face().import(&file));
            }
            self.after_taking_in(unit);
        }
        true
    }

    /// What is looked at after each step in which a device took something in.
    pub(super) fn after_taking_in(&mut self, unit: usize) {
        self.stays_erased(unit);
        self.cursor_skips_nothing(unit);
        self.revoked_adds_nothing(unit);
        let sung = std::mem::take(&mut self.line.inner().sung);
        self.holds(sung == 0, Invariant::NoCanary, || format!("{sung} messages hold what somebody wrote"));
    }
}

fn begun(tablet: &Tablet, form: &str, role: &str, words: &[String; 2]) -> Result<nightjar::Sitting, Failure> {
    let (form_id, role, ward) = (form.to_owned(), role.to_owned(), WARD.to_owned());
    let sitting = tablet.begin(BeginRequest { form_id, role, ward, language: None })?;
    for (cell, value) in CELLS.iter().zip(words) {
        sitting.answer(cell, Some(Value::Text(value.clone())))?;
    }
    Ok(sitting)
}

impl World {
    /// A device ends between two acts.
    fn end(&mut self) -> bool {
        let Some(unit) = self.anybody() else { return false };
        self.crash(unit);
        true
    }

    /// The device that founded the study.
    pub(super) fn steward(&mut self) -> nightjar::Evaluator {
        match self.units[0].face() {
            Face::Evaluator(steward) => steward.clone(),
            Face::Tablet(_) => unreachable!("the first device founded the study"),
        }
    }
}
