//! Writing: each act of a person becomes one change under a fresh actor.

use std::collections::{BTreeMap, BTreeSet};

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, ROOT, ScalarValue};
use nightjar_form::{CellKey, Value};

use crate::admit::admit;
use crate::bounds;
use crate::dissensus::check_outcome;
use crate::error::RecordError;
use crate::id::{Actor, ChangeHash, IdentityKey, RecordId};
use crate::merge::Record;
use crate::message::{Message, OpId};
use crate::meta::{Meta, Nature};
use crate::read::Current;
use crate::register::{self, Options, Said, Scalar};
use crate::view::{Hand, Settle};

/// A change just written: the bytes to seal.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The record it belongs to.
    pub record: RecordId,
    /// Its name.
    pub hash: ChangeHash,
    /// One plain automerge change chunk.
    pub bytes: Vec<u8>,
}

/// How to close the registers of one edit: what each register's operations are and which of them a settlement names.
struct Plan {
    puts: BTreeMap<String, Scalar>,
    settles: BTreeMap<String, BTreeSet<OpId>>,
}

/// Writes the first change of a record.
///
/// `options` lists the choices of the instrument's multi-selects; for facts and outcomes they are required, so that
/// "not chosen" is said too.
///
/// # Errors
/// Metadata or cells beyond their bounds; an outcome against a view without reasons or without to whom they were
/// explained; a multi-select of a fact without its options.
pub fn create(
    meta: &Meta,
    cells: &[(CellKey, Value)],
    options: &Options,
    key: &IdentityKey,
    hand: &Hand,
    actor: Actor,
) -> Result<Written, RecordError> {
    meta.check()?;
    check_outcome(meta, |cell| cells.iter().find(|(key, _)| key == cell).map(|(_, value)| value))?;
    let mut plan = Plan { puts: BTreeMap::new(), settles: BTreeMap::new() };
    for (name, value) in meta.registers() {
        plan.puts.insert(name, Scalar::Text(value));
    }
    for (cell, value) in cells {
        plan.puts.extend(scalars(meta.nature, cell, value, options, actor)?);
    }
    let message = Message { hand: hand.clone(), reason: String::new(), settles: BTreeMap::new() };
    commit(&Automerge::new(), meta.record_id(key), plan, message, actor)
}

impl Record {
    /// Writes an edit of cells. What the record says already is not written again.
    ///
    /// # Errors
    /// [`RecordError::Unsettled`] where a cell holds a conflict: that is closed only by [`settle`](Self::settle).
    /// [`RecordError::ResponseFinished`] for a response. [`RecordError::Nothing`] when nothing would change.
    pub fn edit(
        &self,
        edits: &[(CellKey, Value)],
        options: &Options,
        hand: &Hand,
        actor: Actor,
    ) -> Result<Written, RecordError> {
        let nature = self.writable()?;
        let registers = self.registers();
        let mut plan = Plan { puts: BTreeMap::new(), settles: BTreeMap::new() };
        for (cell, value) in edits {
            let puts = self.changed(nature, cell, value, options, actor, &registers)?;
            for (key, scalar) in puts {
                if let Some(current) = registers.get(&key) {
                    if current.distinct().len() > 1 {
                        return Err(RecordError::Unsettled(key));
                    }
                    // The same value written twice: closing both loses nothing, but is said.
                    name_all(&mut plan.settles, &key, current);
                }
                plan.puts.insert(key, scalar);
            }
        }
        self.check_after(&plan.puts, edits)?;
        let message = Message { hand: hand.clone(), reason: String::new(), settles: plan.settles.clone() };
        commit(&self.document, self.id, plan, message, actor)
    }

    /// Settles conflicts: writes the values that stand from now on, naming the changes that are closed.
    ///
    /// # Errors
    /// [`RecordError::SettlesOther`] when the named changes are not exactly those that differ now: somebody wrote in
    /// the meantime, so look again. [`RecordError::Voice`] for a position or judgement.
    pub fn settle(
        &self,
        settles: &[Settle],
        reason: &str,
        options: &Options,
        hand: &Hand,
        actor: Actor,
    ) -> Result<Written, RecordError> {
        let nature = self.writable()?;
        if !self.can_settle() {
            return Err(RecordError::Voice);
        }
        let registers = self.registers();
        let mut plan = Plan { puts: BTreeMap::new(), settles: BTreeMap::new() };
        for settle in settles {
            let named: BTreeSet<ChangeHash> = settle.settles.iter().copied().collect();
            let key = settle.cell.to_string();
            let of_cell = |(name, _): &(&String, &Current<'_>)| {
                name.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
            };
            let differing: Vec<(&String, &Current<'_>)> =
                registers.iter().filter(of_cell).filter(|(_, c)| c.distinct().len() > 1).collect();
            let held = differing.iter().flat_map(|(_, c)| &c.held);
            let held: BTreeSet<ChangeHash> =
                held.filter_map(|(op, _)| self.by_actor.get(&op.actor).copied()).collect();
            if held.is_empty() || held != named {
                return Err(RecordError::SettlesOther(key));
            }
            let all: BTreeMap<String, Scalar> =
                self.full(nature, &settle.cell, &settle.value, options, actor, &registers)?.into_iter().collect();
            for (name, scalar) in all {
                let current = registers.get(&name);
                let open = differing.iter().any(|(key, _)| **key == name);
                if !open && current.is_some_and(|c| says(c, &name, &scalar)) {
                    continue;
                }
                if let Some(current) = current {
                    name_all(&mut plan.settles, &name, current);
                }
                plan.puts.insert(name, scalar);
            }
            // A missing code closes the cell; options that still differ would stay open, so they are closed as well.
            for (name, current) in differing {
                if !plan.puts.contains_key(name) {
                    let Some((_, Said::Chosen(code, _) | Said::NotChosen(code))) = current.held.first() else {
                        continue;
                    };
                    name_all(&mut plan.settles, name, current);
                    plan.puts.insert(name.clone(), Scalar::Text(format!("-{code}")));
                }
            }
        }
        let edits: Vec<(CellKey, Value)> = settles.iter().map(|s| (s.cell, s.value.clone())).collect();
        self.check_after(&plan.puts, &edits)?;
        let message = Message { hand: hand.clone(), reason: reason.to_owned(), settles: plan.settles.clone() };
        commit(&self.document, self.id, plan, message, actor)
    }

    fn writable(&self) -> Result<Nature, RecordError> {
        let nature = self.meta().ok_or(RecordError::Unfounded)?.nature;
        if self.metas().any(|meta| meta.nature == Nature::Response) {
            return Err(RecordError::ResponseFinished);
        }
        Ok(nature)
    }

    /// The registers of a cell's value, including "not chosen" for every option that the record knows.
    fn full(
        &self,
        nature: Nature,
        cell: &CellKey,
        value: &Value,
        options: &Options,
        actor: Actor,
        registers: &BTreeMap<String, Current<'_>>,
    ) -> Result<Vec<(String, Scalar)>, RecordError> {
        let mut puts = scalars(nature, cell, value, options, actor)?;
        if matches!(value, Value::Many(_)) {
            let prefix = format!("{cell}+");
            for (name, current) in registers.range(prefix.clone()..) {
                if !name.starts_with(&prefix) {
                    break;
                }
                if let Some((_, Said::Chosen(code, _))) = current.held.first()
                    && !puts.iter().any(|(key, _)| key == name)
                {
                    puts.push((name.clone(), Scalar::Text(format!("-{code}"))));
                }
            }
        }
        Ok(puts)
    }

    /// Those registers of a cell's value that do not say it yet.
    fn changed(
        &self,
        nature: Nature,
        cell: &CellKey,
        value: &Value,
        options: &Options,
        actor: Actor,
        registers: &BTreeMap<String, Current<'_>>,
    ) -> Result<Vec<(String, Scalar)>, RecordError> {
        let mut puts = self.full(nature, cell, value, options, actor, registers)?;
        puts.retain(|(key, scalar)| !registers.get(key).is_some_and(|current| says(current, key, scalar)));
        // Changing an option touches the cell too, so that a concurrent missing code is seen.
        if !puts.is_empty() && matches!(value, Value::Many(_)) {
            puts.extend(scalars(nature, cell, value, options, actor)?.into_iter().take(1));
        }
        Ok(puts)
    }

    /// Checks the rules of an outcome on what the record will say.
    fn check_after(
        &self,
        puts: &BTreeMap<String, Scalar>,
        edits: &[(CellKey, Value)],
    ) -> Result<(), RecordError> {
        if puts.is_empty() {
            return Err(RecordError::Nothing);
        }
        let cells = self.cells();
        for meta in self.metas() {
            check_outcome(meta, |key| {
                let edited = edits.iter().rev().find(|(cell, _)| cell == key).map(|(_, value)| value);
                edited.or_else(|| Some(&cells.iter().find(|c| c.key == *key)?.held.first()?.value))
            })?;
        }
        Ok(())
    }
}

fn says(current: &Current<'_>, key: &str, scalar: &Scalar) -> bool {
    let Ok(register) = register::Register::parse(key) else { return false };
    let Ok(said) = Said::read(key, &register, scalar) else { return false };
    !current.held.is_empty() && current.held.iter().all(|(_, held)| **held == said)
}

fn name_all(settles: &mut BTreeMap<String, BTreeSet<OpId>>, key: &str, current: &Current<'_>) {
    if current.held.len() > 1 {
        settles.insert(key.to_owned(), current.held.iter().map(|(op, _)| *op).collect());
    }
}

fn scalars(
    nature: Nature,
    cell: &CellKey,
    value: &Value,
    options: &Options,
    actor: Actor,
) -> Result<Vec<(String, Scalar)>, RecordError> {
    let listed = options.get(&cell.item);
    if matches!(value, Value::Many(_)) && listed.is_none() && matches!(nature, Nature::Fact | Nature::Outcome) {
        let problem = "the options of a fact's multi-select are needed";
        return Err(RecordError::Register { key: cell.to_string(), problem });
    }
    let [a, b, c, d, ..] = actor.0;
    // A response has one writer: what it does not choose need not be said.
    let listed = if nature == Nature::Response { None } else { listed };
    register::write(cell, value, listed, [a, b, c, d])
}

/// Makes one change of the plan on top of the document and admits it as a receiver would.
fn commit(
    document: &Automerge,
    record: RecordId,
    plan: Plan,
    message: Message,
    actor: Actor,
) -> Result<Written, RecordError> {
    if plan.puts.len() > bounds::CHANGE_OPS {
        let allowed = bounds::CHANGE_OPS as u64;
        return Err(RecordError::TooLarge { what: "operations of a change", allowed });
    }
    let message = message.encode()?;
    let mut document = document.clone().with_actor(ActorId::from(actor.0.to_vec()));
    let mut transaction = document.transaction();
    for (key, scalar) in plan.puts {
        let value = match scalar {
            Scalar::Int(n) => ScalarValue::Int(n),
            Scalar::Float(n) => ScalarValue::F64(n),
            Scalar::Text(text) => ScalarValue::Str(text.as_str().into()),
        };
        transaction.put(ROOT, key, value).map_err(|_| RecordError::Engine)?;
    }
    transaction.commit_with(CommitOptions::default().with_message(message).with_time(0));
    let change = document.get_last_local_change().ok_or(RecordError::Nothing)?;
    let admitted = admit(change.raw_bytes())?;
    Ok(Written { record, hash: admitted.hash, bytes: admitted.bytes().to_vec() })
}
