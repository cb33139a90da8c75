//! A record with more operations than a record may hold, which come to devices in another order each: what is set aside is the same
//! everywhere.

use std::collections::{BTreeMap, BTreeSet};

use nightjar::form::Value;
use nightjar::{AmendRequest, BeginRequest};
use rand::seq::SliceRandom;

use super::pack::{OPTIONS, TICK, WARD};
use super::unit::Kind;
use super::world::{Meant, World};

/// How often each of three tablets changes every option: together more than the 20,000 operations of a record.
const CHANGES: usize = 10;

impl World {
    pub(super) fn at_bound(&mut self) -> bool {
        if !self.model.bounded.is_empty() {
            return false;
        }
        let tablets =
            |unit: &&super::unit::Unit| unit.kind == Kind::Tablet && unit.has_joined && !unit.is_revoked;
        let mut tablets: Vec<_> = self.units.iter().filter(tablets).map(|unit| unit.number).collect();
        tablets.sort_by_key(|unit| self.units[*unit].tag);
        tablets.dedup_by_key(|unit| self.units[*unit].tag);
        tablets.shuffle(&mut self.random);
        tablets.truncate(3);
        if tablets.len() < 3 {
            return false;
        }
        let mut files = Vec::new();
        for unit in tablets.clone() {
            self.fill(unit);
            let file = self.file("bundle");
            if self.units[unit].face().export(&file).is_ok() {
                files.push(file);
            }
        }
        let others: Vec<_> =
            self.units.iter().filter(|unit| unit.has_joined).map(|unit| unit.number).collect();
        for unit in others {
            files.shuffle(&mut self.random);
            for file in files.clone() {
                let _ = self.act(unit, 30, |unit| unit.face().import(&file));
            }
            self.found.count("arrival permuted at a bound");
            self.after_taking_in(unit);
        }
        self.sticks.extend(files);
        true
    }

    /// A tablet founds the record, and changes all of it again and again.
    fn fill(&mut self, unit: usize) {
        let mut shown = None;
        for change in 0..CHANGES {
            let codes =
                |even: bool| (0..OPTIONS).filter(|n| (n % 2 == 0) == even).map(|n| format!("o{n}")).collect();
            let ticks = Value::Many(codes(change % 2 == 0));
            let tablet = self.units[unit].tablet();
            let done = match &shown {
                None => {
                    let (form_id, role, ward) = (TICK.to_owned(), "nurse".to_owned(), WARD.to_owned());
                    tablet.begin(BeginRequest { form_id, role, ward, language: None }).and_then(|sitting| {
                        sitting.answer("number", Some(Value::Integer(1)))?;
                        sitting.answer("ticks", Some(ticks))?;
                        sitting.stop_keeping().map(|view| view.record)
                    })
                }
                Some(record) => {
                    let changes = vec![("ticks".to_owned(), ticks)];
                    let asked = AmendRequest { record: String::clone(record), role: "nurse".into(), changes };
                    tablet.amend(asked).map(|()| String::clone(record))
                }
            };
            let (puts, rests) = (BTreeMap::new(), BTreeSet::new());
            let meant = Meant { confidential: false, withdraws: false, founds: false, puts, rests };
            self.note(unit, meant, done.is_ok(), done.as_deref().ok());
            match done {
                Ok(record) => shown = Some(record),
                Err(_) => return,
            }
            if let Some(tag) = shown.as_ref().and_then(|shown| self.model.tags.get(shown)) {
                self.model.bounded.insert(*tag);
            }
        }
    }
}
