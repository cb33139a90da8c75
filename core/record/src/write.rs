//! Writing: each act of a person becomes one change under a fresh actor.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use automerge::{ActorId, ExpandedChange, ScalarValue, legacy};
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
use crate::view::{Dispute, Hand, Settle};

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

/// One change before it is encoded.
struct Plan {
    puts: BTreeMap<String, Scalar>,
    /// The operations that each put follows: all that its register holds.
    preds: BTreeMap<String, BTreeSet<OpId>>,
    /// With the settlement: every register that held more than one operation.
    message: Message,
}

impl Plan {
    fn new(hand: &Hand, reason: &str) -> Self {
        let message = Message {
            hand: Arc::new(hand.clone()),
            reason: reason.to_owned(),
            settles: BTreeMap::new(),
            disputes: BTreeSet::new(),
        };
        Self { puts: BTreeMap::new(), preds: BTreeMap::new(), message }
    }

    fn put(&mut self, key: String, scalar: Scalar, current: Option<&Current<'_>>) {
        let held: BTreeSet<OpId> = current.into_iter().flat_map(|c| &c.held).map(|(op, _)| *op).collect();
        if held.len() > 1 {
            self.message.settles.insert(key.clone(), held.clone());
        }
        self.preds.insert(key.clone(), held);
        self.puts.insert(key, scalar);
    }
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
    check_outcome(meta, |cell| cells.iter().find(|(key, _)| key == cell).map(|(_, value)| value.clone()))?;
    let mut plan = Plan::new(hand, "");
    for (name, value) in meta.registers() {
        plan.put(name, Scalar::Text(value), None);
    }
    for (cell, value) in cells {
        for (name, scalar) in scalars(meta.nature, cell, value, options, actor)? {
            plan.put(name, scalar, None);
        }
    }
    commit(None, meta.record_id(key), plan, actor)
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
        self.edited(self.writable()?, edits, options, hand, actor)
    }

    /// Writes what the respondent corrects in their own response, which only the receipt that its id commits to may do: whoever seals
    /// this signs it with that.
    ///
    /// # Errors
    /// As [`Record::edit`]; [`RecordError::Unfounded`] for what is no response.
    pub fn correct(
        &self,
        edits: &[(CellKey, Value)],
        options: &Options,
        hand: &Hand,
        actor: Actor,
    ) -> Result<Written, RecordError> {
        match self.meta().map(|meta| meta.nature) {
            Some(Nature::Response) => self.edited(Nature::Response, edits, options, hand, actor),
            _ => Err(RecordError::Unfounded),
        }
    }

    fn edited(
        &self,
        nature: Nature,
        edits: &[(CellKey, Value)],
        options: &Options,
        hand: &Hand,
        actor: Actor,
    ) -> Result<Written, RecordError> {
        let mut plan = Plan::new(hand, "");
        self.plan_edits(&mut plan, nature, edits, options, actor, &self.registers())?;
        self.check_after(&plan.puts, edits)?;
        commit(Some(self), self.id, plan, actor)
    }

    /// Adds edits to a plan: what the record says already is not written again, and what is a conflict is not closed by one.
    fn plan_edits(
        &self,
        plan: &mut Plan,
        nature: Nature,
        edits: &[(CellKey, Value)],
        options: &Options,
        actor: Actor,
        registers: &BTreeMap<String, Current<'_>>,
    ) -> Result<(), RecordError> {
        for (cell, value) in edits {
            for (key, scalar) in self.changed(nature, cell, value, options, actor, registers)? {
                let current = registers.get(&key);
                if current.is_some_and(|current| self.differs(&key, current)) {
                    return Err(RecordError::Unsettled(key));
                }
                plan.put(key, scalar, current);
            }
        }
        Ok(())
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
        self.settle_with(settles, &[], reason, options, hand, actor)
    }

    /// Settles as [`Record::settle`] does and in the same change edits what follows from it.
    ///
    /// # Errors
    /// Those of [`Record::settle`] and [`Record::edit`].
    pub fn settle_with(
        &self,
        settles: &[Settle],
        edits: &[(CellKey, Value)],
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
        let mut plan = Plan::new(hand, reason);
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
            let all: BTreeMap<String, Scalar> = self
                .full(nature, &settle.cell, &settle.value, options, actor, &registers)?
                .into_iter()
                .collect();
            for (name, scalar) in all {
                let current = registers.get(&name);
                let open = differing.iter().any(|(key, _)| **key == name);
                if !open && current.is_some_and(|c| says(c, &name, &scalar)) {
                    continue;
                }
                plan.put(name, scalar, current);
            }
            // A missing code closes the cell; options that still differ would stay open, so they are closed as well.
            for (name, current) in differing {
                if !plan.puts.contains_key(name) {
                    let Some((_, Said::Chosen(code, _) | Said::NotChosen(code))) = current.held.first()
                    else {
                        continue;
                    };
                    plan.put(name.clone(), Scalar::Text(format!("-{code}")), Some(current));
                }
            }
        }
        self.plan_edits(&mut plan, nature, edits, options, actor, &registers)?;
        let settled = settles.iter().map(|settle| (settle.cell, settle.value.clone()));
        let edits: Vec<(CellKey, Value)> = settled.chain(edits.iter().cloned()).collect();
        self.check_after(&plan.puts, &edits)?;
        commit(Some(self), self.id, plan, actor)
    }

    /// Puts other values beside what settlements wrote: the cells are conflicts again, with the settlement's value and this
    /// one, until somebody settles them anew. What the settlement closed stays closed.
    ///
    /// # Errors
    /// [`RecordError::DisputesOther`] when the cell does not hold what a settlement wrote: it was never settled, or somebody wrote
    /// in the meantime, so look again. [`RecordError::NeedsReason`] without one. [`RecordError::Voice`] for a position or judgement.
    /// [`RecordError::Nothing`] when the value is the settlement's.
    pub fn dispute(
        &self,
        disputes: &[Dispute],
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
        let mut plan = Plan::new(hand, reason);
        for Dispute { cell, value } in disputes {
            let mut beside = false;
            for (key, scalar) in self.full(nature, cell, value, options, actor, &registers)? {
                let current = registers.get(&key);
                if current.is_some_and(|current| says(current, &key, &scalar)) {
                    continue;
                }
                let settled_by = current.into_iter().flat_map(|current| &current.held);
                let settled_by = settled_by.filter_map(|(op, _)| self.settled_by(op, &key)).next();
                match settled_by {
                    // It follows nothing, so that what the settlement wrote stays where it is.
                    Some(settlement) => {
                        plan.put(key, scalar, None);
                        plan.message.disputes.insert(settlement);
                        beside = true;
                    }
                    None if current.is_some_and(|current| self.differs(&key, current)) => {
                        return Err(RecordError::Unsettled(key));
                    }
                    None => plan.put(key, scalar, current),
                }
            }
            if !beside && !plan.puts.is_empty() {
                return Err(RecordError::DisputesOther(cell.to_string()));
            }
        }
        let edits: Vec<(CellKey, Value)> = disputes.iter().map(|d| (d.cell, d.value.clone())).collect();
        self.check_after(&plan.puts, &edits)?;
        commit(Some(self), self.id, plan, actor)
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
        puts.retain(|(key, scalar)| {
            let Some(current) = registers.get(key) else { return true };
            match (self.joined(key, current), scalar) {
                (Some(joined), Scalar::Text(text)) => text.strip_prefix('n') != Some(joined.as_str()),
                _ => !says(current, key, scalar),
            }
        });
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
                let there = || Some(&cells.iter().find(|c| c.key == *key)?.held.first()?.value);
                edited.or_else(there).cloned()
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

fn scalars(
    nature: Nature,
    cell: &CellKey,
    value: &Value,
    options: &Options,
    actor: Actor,
) -> Result<Vec<(String, Scalar)>, RecordError> {
    let listed = options.get(&cell.item);
    if matches!(value, Value::Many(_)) && listed.is_none() && matches!(nature, Nature::Fact | Nature::Outcome)
    {
        let problem = "the options of a fact's multi-select are needed";
        return Err(RecordError::Register { key: cell.to_string(), problem });
    }
    let [a, b, c, d, ..] = actor.0;
    // A response has one writer: what it does not choose need not be said.
    let listed = if nature == Nature::Response { None } else { listed };
    // Only what exists once has notes: a position is one voice's own.
    let listed = listed.filter(|choices| nature == Nature::Fact || !choices.note);
    register::write(cell, value, listed, [a, b, c, d])
}

/// Makes one change of the plan on top of what counts, and admits it as a receiver would. Operations are written one by
/// one rather than through an automerge transaction: that would close a conflict with a deletion of the losing values
/// when the winning one is chosen, and skip a put of the value that is there.
fn commit(base: Option<&Record>, record: RecordId, plan: Plan, actor: Actor) -> Result<Written, RecordError> {
    let Plan { puts, message, preds } = plan;
    if puts.is_empty() {
        return Err(RecordError::Nothing);
    }
    if puts.len() > bounds::CHANGE_OPS {
        let allowed = bounds::CHANGE_OPS as u64;
        return Err(RecordError::TooLarge { what: "operations of a change", allowed });
    }
    let op_id = |op: &OpId| legacy::OpId(op.counter, ActorId::from(op.actor.0.to_vec()));
    let operations = puts.into_iter().map(|(key, scalar)| legacy::Op {
        action: legacy::OpType::Put(match scalar {
            Scalar::Int(n) => ScalarValue::Int(n),
            Scalar::Float(n) => ScalarValue::F64(n),
            Scalar::Text(text) => ScalarValue::Str(text.into()),
        }),
        obj: legacy::ObjectId::Root,
        pred: preds.get(&key).into_iter().flatten().map(op_id).collect(),
        key: legacy::Key::Map(key.into()),
        insert: false,
    });
    let last_op = base.map_or(0, Record::last_op);
    let change = automerge::Change::from(ExpandedChange {
        operations: operations.collect(),
        actor_id: ActorId::from(actor.0.to_vec()),
        hash: None,
        seq: 1,
        start_op: NonZeroU64::MIN.saturating_add(last_op),
        time: 0,
        message: Some(message.encode()?),
        deps: base.map(|record| record.document.get_heads()).unwrap_or_default(),
        extra_bytes: Vec::new(),
        author: None,
    });
    let admitted = admit(change.raw_bytes())?;
    Ok(Written { record, hash: admitted.hash, bytes: admitted.bytes().to_vec() })
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Written({}, {} bytes)", self.hash, self.bytes.len())
    }
}
