//! Reading a record: its cells, conflicts, settlements and history.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{ObjId, ROOT, ReadDoc};
use nightjar_form::{CellKey, Value};

use crate::admit::Write;
use crate::id::ChangeHash;
use crate::merge::{Incoming, Record};
use crate::message::OpId;
use crate::meta::Nature;
use crate::notes::{self, Put};
use crate::query::Row;
use crate::register::{Register, Said};
use crate::view::{AllHeld, Cell, Conflict, Held, Settlement, Step};

/// One register: what is held, and by which operations.
pub(crate) struct Current<'a> {
    pub(crate) held: Vec<(OpId, &'a Said)>,
}

impl Current<'_> {
    /// The distinct things said.
    pub(crate) fn distinct(&self) -> Vec<&Said> {
        let mut out: Vec<&Said> = Vec::new();
        for (_, said) in &self.held {
            if !out.contains(said) {
                out.push(said);
            }
        }
        out
    }
}

impl Record {
    /// Whether people differ about a register. About a note they do not: what they wrote is joined.
    pub(crate) fn differs(&self, key: &str, current: &Current<'_>) -> bool {
        let said = current.held.iter().map(|(_, said)| *said);
        differ(said.clone()) && !(notes_only(said) && self.is_note(key, |_| true))
    }

    /// Whether a register is a note, by what these of the changes that count wrote into it: nothing but notes and that there is none, not
    /// beside a settlement, not too much to be joined; in a record of a fact.
    pub(crate) fn is_note(&self, key: &str, among: impl Fn(&ChangeHash) -> bool) -> bool {
        let (mut texts, mut bytes) = (0, 0);
        for (_, incoming) in self.changes.iter().filter(|(hash, _)| among(hash)) {
            let change = &incoming.change;
            if change.meta.as_ref().is_some_and(|meta| meta.nature != Nature::Fact) {
                return false;
            }
            for put in change.puts.iter().filter(|put| put.key == key) {
                match &put.said {
                    _ if !change.message.disputes.is_empty() => return false,
                    Said::Note(text) => bytes += text.len(),
                    Said::Value(Value::Missing(_)) => {}
                    _ => return false,
                }
                texts += 1;
            }
        }
        notes::fits(texts, bytes)
    }

    /// The one text of a note that was written at once by several; `None` for everything else.
    pub(crate) fn joined(&self, key: &str, current: &Current<'_>) -> Option<String> {
        let said = current.held.iter().map(|(_, said)| *said);
        if !differ(said.clone()) || !notes_only(said) || !self.is_note(key, |_| true) {
            return None;
        }
        // By operation: their order is one in which each follows what it had seen.
        let mut puts: BTreeMap<OpId, &Write> = BTreeMap::new();
        for change in self.changes.values().map(|incoming| &incoming.change) {
            for put in change.puts.iter().filter(|put| put.key == key) {
                puts.insert(OpId { counter: change.start_op + put.place, actor: change.actor }, put);
            }
        }
        let places: BTreeMap<OpId, usize> = puts.keys().copied().zip(0..).collect();
        let place = |op: &OpId| places.get(op).copied();
        let written: Vec<Put<'_>> = puts
            .values()
            .map(|put| {
                let text = match &put.said {
                    Said::Note(text) => text.as_str(),
                    _ => "",
                };
                Put { after: put.preds.iter().filter_map(place).collect(), text }
            })
            .collect();
        let ends: Vec<usize> = current.held.iter().filter_map(|(op, _)| place(op)).collect();
        notes::join(&written, &ends)
    }

    /// Every cell and option register as automerge merged it.
    pub(crate) fn registers(&self) -> BTreeMap<String, Current<'_>> {
        let mut out = BTreeMap::new();
        for key in self.document.keys(ROOT) {
            if !matches!(Register::parse(&key), Ok(Register::Cell(_) | Register::Option(_))) {
                continue;
            }
            let mut held = Vec::new();
            for (_, id) in self.document.get_all(ROOT, key.as_str()).unwrap_or_default() {
                let ObjId::Id(counter, actor, _) = id else { continue };
                let Ok(actor) = actor.to_bytes().try_into() else { continue };
                let op = OpId { counter, actor: crate::id::Actor(actor) };
                if let Some(said) = self.said_by(&op, &key) {
                    held.push((op, said));
                }
            }
            held.sort_by_key(|(op, _)| *op);
            out.insert(key, Current { held });
        }
        out
    }

    /// Every cell with all that it holds, sorted by key.
    pub fn cells(&self) -> Vec<Cell> {
        self.cells_of(&self.registers())
    }

    fn cells_of(&self, registers: &BTreeMap<String, Current<'_>>) -> Vec<Cell> {
        let mut cells = Vec::new();
        for (key, current) in registers {
            let Ok(Register::Cell(cell)) = Register::parse(key) else { continue };
            let held = current.held.iter().filter_map(|(op, said)| self.held(op, said, registers, key));
            let mut held: AllHeld = held.collect();
            held.sort_by_cached_key(|held| (sort_key(&held.value), held.change));
            if let Some(text) = self.joined(key, current) {
                // By all who wrote it last; shown with one of them.
                held.truncate(1);
                held.iter_mut().for_each(|held| held.value = Value::Text(text.clone()));
            }
            cells.push(Cell { key: cell, held });
        }
        cells.sort_by_key(|c| c.key);
        cells
    }

    /// What concurrent writers differ about and nobody has settled. For a position or judgement this lists what one
    /// voice said twice; it stays for ever.
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.conflicts_of(&self.registers())
    }

    fn conflicts_of(&self, registers: &BTreeMap<String, Current<'_>>) -> Vec<Conflict> {
        let mut out = Vec::new();
        for (key, current) in registers {
            if current.distinct().len() < 2 || self.joined(key, current).is_some() {
                continue;
            }
            let Some((cell, option)) = self.cell_of(key, current) else { continue };
            let values = current.held.iter().filter_map(|(op, said)| self.held(op, said, registers, key));
            let mut values: Vec<Held> = values.collect();
            values.sort_by_cached_key(|held| (sort_key(&held.value), held.change));
            out.push(Conflict { record: self.id, cell, option, values });
        }
        out
    }

    /// Which cell, and which option of it, a register is.
    fn cell_of(&self, key: &str, current: &Current<'_>) -> Option<(CellKey, Option<String>)> {
        match Register::parse(key).ok()? {
            Register::Meta => None,
            Register::Cell(cell) => Some((cell, None)),
            Register::Option(cell) => Some((cell, current.held.iter().find_map(|(_, said)| option_of(said)))),
        }
    }

    fn held(
        &self,
        op: &OpId,
        said: &Said,
        registers: &BTreeMap<String, Current<'_>>,
        key: &str,
    ) -> Option<Held> {
        let value = match said {
            Said::Answered => Value::Many(chosen(registers, key)),
            other => value_of(other),
        };
        let incoming = self.changes.get(self.by_actor.get(&op.actor)?)?;
        Some(Held {
            value,
            change: incoming.change.hash,
            from: incoming.from,
            hand: incoming.change.message.hand.clone(),
            disputes: incoming.change.disputes().map(str::to_owned),
        })
    }

    /// The values put beside what a settlement wrote in a register.
    fn disputed(&self, settlement: ChangeHash, key: &str) -> Vec<Held> {
        let mut out = Vec::new();
        for hash in &self.order {
            let Some(incoming) = self.changes.get(hash) else { continue };
            let Incoming { change, from, .. } = incoming;
            if !change.message.disputes.contains(&settlement) {
                continue;
            }
            for put in change.puts.iter().filter(|put| put.key == key) {
                out.push(Held {
                    value: value_of(&put.said),
                    change: *hash,
                    from: *from,
                    hand: change.message.hand.clone(),
                    disputes: change.disputes().map(str::to_owned),
                });
            }
        }
        out
    }

    /// The record as one row of a table.
    pub fn row(&self) -> Option<Row> {
        let meta = self.meta()?.clone();
        let registers = self.registers();
        let (cells, conflicts) = (self.cells_of(&registers), self.conflicts_of(&registers));
        Some(Row { record: self.id, meta, cells, conflicts })
    }

    /// Everything that was ever written, in an order in which each step follows what it rests on.
    pub fn history(&self) -> Vec<Step> {
        let mut out = Vec::new();
        self.each_put(|hash, put| {
            let Some(incoming) = self.changes.get(&hash) else { return };
            let mut before = Vec::new();
            for said in put.preds.iter().filter_map(|op| self.said_by(op, &put.key)) {
                let value = value_of(said);
                if !before.contains(&value) {
                    before.push(value);
                }
            }
            out.push(Step {
                change: hash,
                from: incoming.from,
                hand: incoming.change.message.hand.as_ref().clone(),
                cell: put.cell,
                option: option_of(&put.said),
                settles: self.closes_differing(&hash, put),
                disputes: incoming.change.disputes().map(str::to_owned),
                before,
                after: value_of(&put.said),
            });
        });
        out
    }

    /// Every settlement that closed differing values, with what it closed.
    pub fn settlements(&self) -> Vec<Settlement> {
        let none = BTreeMap::new();
        let mut out = Vec::new();
        self.each_put(|hash, put| {
            let Some(incoming) = self.changes.get(&hash) else { return };
            let said: Vec<(&OpId, &Said)> =
                put.preds.iter().filter_map(|op| Some((op, self.said_by(op, &put.key)?))).collect();
            if !self.closes_differing(&hash, put) {
                return;
            }
            out.push(Settlement {
                change: hash,
                from: incoming.from,
                hand: incoming.change.message.hand.as_ref().clone(),
                reason: incoming.change.message.reason.clone(),
                cell: put.cell,
                option: option_of(&put.said),
                settled: said.iter().filter_map(|(op, said)| self.held(op, said, &none, &put.key)).collect(),
                value: value_of(&put.said),
                disputed: self.disputed(hash, &put.key),
            });
        });
        out
    }

    /// Whether a put of a change that counts settled something: it followed values that differ and are not joined.
    fn closes_differing(&self, change: &ChangeHash, put: &Write) -> bool {
        let said = put.preds.iter().filter_map(|op| self.said_by(op, &put.key));
        differ(said.clone())
            && !(notes_only(said) && {
                let before = self.ancestors(change);
                self.is_note(&put.key, |hash| before.contains(hash))
            })
    }

    /// The changes that one rests on, directly or not.
    fn ancestors(&self, change: &ChangeHash) -> BTreeSet<ChangeHash> {
        let mut found = BTreeSet::new();
        let mut next = vec![*change];
        while let Some(hash) = next.pop() {
            let deps = self.changes.get(&hash).into_iter().flat_map(|incoming| &incoming.change.deps);
            next.extend(deps.filter(|dep| found.insert(**dep)));
        }
        found
    }

    fn each_put(&self, mut each: impl FnMut(ChangeHash, &Write)) {
        for hash in &self.order {
            for put in self.changes.get(hash).iter().flat_map(|c| &c.change.puts) {
                each(*hash, put);
            }
        }
    }

    /// Whether its conflicts may be settled at all.
    pub fn can_settle(&self) -> bool {
        self.metas().all(|meta| matches!(meta.nature, Nature::Fact | Nature::Outcome))
    }
}

/// Whether not all of these are the same.
pub(crate) fn differ<'a>(mut said: impl Iterator<Item = &'a Said>) -> bool {
    let Some(first) = said.next() else { return false };
    said.any(|next| next != first)
}

/// Whether these are texts of notes, all of them.
pub(crate) fn notes_only<'a>(mut said: impl Iterator<Item = &'a Said>) -> bool {
    said.all(|said| matches!(said, Said::Note(_)))
}

fn option_of(said: &Said) -> Option<String> {
    match said {
        Said::Chosen(code, _) | Said::NotChosen(code) => Some(code.clone()),
        Said::Value(_) | Said::Note(_) | Said::Answered => None,
    }
}

fn value_of(said: &Said) -> Value {
    match said {
        Said::Value(value) => value.clone(),
        Said::Note(text) => Value::Text(text.clone()),
        Said::Chosen(code, _) => Value::Many(vec![code.clone()]),
        Said::NotChosen(_) | Said::Answered => Value::Many(Vec::new()),
    }
}

/// The options chosen in a multi-select, in their order; one that is in conflict counts as chosen, and the conflict
/// is shown beside it.
fn chosen(registers: &BTreeMap<String, Current<'_>>, cell: &str) -> Vec<String> {
    let prefix = format!("{cell}+");
    let options = registers.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
    let mut out = Vec::new();
    for (_, current) in options {
        let places = current.held.iter().filter_map(|(_, said)| match said {
            Said::Chosen(code, place) => Some((*place, code.clone())),
            _ => None,
        });
        out.extend(places.min());
    }
    out.sort();
    out.into_iter().map(|(_, code)| code).collect()
}

/// A fixed order of values, so that every device shows a conflict the same way.
fn sort_key(value: &Value) -> (u8, String) {
    let kind = match value {
        Value::Integer(n) => return (0, format!("{:020}", n.wrapping_sub(i64::MIN) as u64)),
        Value::Decimal(_) => 1,
        Value::Date(_) => 2,
        Value::Time(_) => 3,
        Value::DateTime(_) => 4,
        Value::One(_) => 5,
        Value::Many(_) => 6,
        Value::Text(_) => 7,
        Value::Missing(missing) => return (8, missing.code().to_owned()),
    };
    (kind, value.to_text())
}
