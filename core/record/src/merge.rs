//! Merging: from a set of admitted changes to one record, the same whatever the order they came in.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use automerge::Automerge;

use crate::admit::Admitted;
use crate::bounds;
use crate::dissensus::check_outcome;
use crate::error::RecordError;
use crate::grants::{Action, Need};
use crate::id::{Actor, ChangeHash, Contributor, IdentityKey, RecordId};
use crate::message::OpId;
use crate::meta::{Meta, Nature};
use crate::read::{differ, notes_only};
use crate::register::Said;

/// A change with the device it came from, as its envelope's header says.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The admitted change.
    pub change: Admitted,
    /// Tag of the device that sealed it.
    pub from: Contributor,
    /// Whether it is signed with the receipt that the response's id commits to. The caller verified that.
    pub by_receipt: bool,
}

impl Incoming {
    /// A change that a device sealed, without a receipt's signature.
    pub fn new(change: Admitted, from: Contributor) -> Self {
        Self { change, from, by_receipt: false }
    }
}

/// One record: everything its admitted changes say.
#[derive(Clone)]
pub struct Record {
    pub(crate) id: RecordId,
    pub(crate) document: Automerge,
    /// Changes that count, with the device each came from.
    pub(crate) changes: BTreeMap<ChangeHash, Incoming>,
    /// The same changes in an order in which each follows what it rests on.
    pub(crate) order: Vec<ChangeHash>,
    pub(crate) by_actor: BTreeMap<Actor, ChangeHash>,
    refused: BTreeMap<ChangeHash, RecordError>,
    waiting: BTreeSet<ChangeHash>,
}

/// What is known about a change that counts, for judging those that rest on it.
struct Judged {
    ancestors: BTreeSet<ChangeHash>,
    reach: u64,
}

impl Record {
    /// Merges changes of one record. Every change ends in exactly one of three places: it counts, it waits for a
    /// change it rests on, or it is refused with a reason. The result depends on the set alone.
    ///
    /// `allow` answers whether the device was granted what the change needs; it must depend on the roster only. A change that several devices
    /// sealed counts if any of them may write it and is within its bounds: nobody takes out what another gave by sealing it once more.
    ///
    /// # Errors
    /// Only [`RecordError::Engine`], if automerge does not take what the walk passed.
    pub fn merge(
        id: RecordId,
        key: &IdentityKey,
        incoming: impl IntoIterator<Item = Incoming>,
        allow: impl Fn(&Need, Contributor) -> bool,
    ) -> Result<Self, RecordError> {
        let mut pool = BTreeMap::<ChangeHash, Incoming>::new();
        let mut sealed_by = SealedBy::new();
        for change in incoming {
            sealed_by.entry(change.change.hash).or_default().insert(change.from);
            match pool.entry(change.change.hash) {
                Entry::Vacant(place) => drop(place.insert(change)),
                // One copy of it that is signed is enough, whichever came first.
                Entry::Occupied(mut known) => known.get_mut().by_receipt |= change.by_receipt,
            }
        }
        let mut refused = BTreeMap::new();
        refuse_clashes(&mut pool, &mut refused);
        refuse_overgrowth(&mut pool, &mut sealed_by, &mut refused);
        for (hash, change) in &mut pool {
            change.from = sealed_by.get(hash).and_then(|by| by.first().copied()).unwrap_or(change.from);
        }

        let mut record = Self {
            id,
            document: Automerge::new(),
            changes: BTreeMap::new(),
            order: Vec::new(),
            by_actor: BTreeMap::new(),
            refused,
            waiting: BTreeSet::new(),
        };
        let mut judged = BTreeMap::<ChangeHash, Judged>::new();
        let mut rest: Vec<Incoming> = pool.into_values().collect();
        loop {
            let before = rest.len();
            let mut later = Vec::new();
            for change in rest {
                let hash = change.change.hash;
                if change.change.deps.iter().any(|dep| record.refused.contains_key(dep)) {
                    record.refused.insert(hash, RecordError::RestsOnRefused);
                } else if change.change.deps.iter().all(|dep| judged.contains_key(dep)) {
                    let allow = |need: &Need, from| {
                        let by = sealed_by.get(&hash).into_iter().flatten();
                        by.chain([&from]).any(|device| allow(need, *device))
                    };
                    match record.judge(key, &change, &judged, &allow) {
                        Ok(verdict) => {
                            judged.insert(hash, verdict);
                            record.by_actor.insert(change.change.actor, hash);
                            record.order.push(hash);
                            record.changes.insert(hash, change);
                        }
                        Err(reason) => {
                            record.refused.insert(hash, reason);
                        }
                    }
                } else {
                    later.push(change);
                }
            }
            rest = later;
            if rest.len() == before || rest.is_empty() {
                break;
            }
        }
        record.waiting = rest.into_iter().map(|c| c.change.hash).collect();
        let order = record.order.iter().filter_map(|hash| record.changes.get(hash));
        let changes: Vec<automerge::Change> = order.map(|c| c.change.change.clone()).collect();
        record.document.apply_changes(changes).map_err(|_| RecordError::Engine)?;
        Ok(record)
    }

    /// Judges a change whose dependencies all count.
    fn judge(
        &self,
        key: &IdentityKey,
        incoming: &Incoming,
        judged: &BTreeMap<ChangeHash, Judged>,
        allow: &impl Fn(&Need, Contributor) -> bool,
    ) -> Result<Judged, RecordError> {
        let change = &incoming.change;
        let mut ancestors = BTreeSet::new();
        let mut reach = 0;
        for dep in &change.deps {
            if let Some(dep_judged) = judged.get(dep) {
                ancestors.extend(dep_judged.ancestors.iter().copied());
                reach = reach.max(dep_judged.reach);
            }
            ancestors.insert(*dep);
        }
        if change.start_op != reach + 1 {
            return Err(RecordError::OutOfPlace);
        }
        if let Some(meta) = &change.meta {
            if meta.record_id(key) != self.id {
                return Err(RecordError::OtherRecord);
            }
            check_outcome(meta, |cell| change.said_of(cell))?;
        }
        // What is disputed settled a register of this change, and the value put beside it follows nothing.
        let beside = |settlement: &ChangeHash| {
            ancestors.contains(settlement)
                && change.puts.iter().any(|put| put.preds.is_empty() && self.settles(settlement, &put.key))
        };
        if !change.message.disputes.iter().all(beside) {
            return Err(RecordError::OutOfPlace);
        }
        let mut closes_differing = false;
        for put in &change.puts {
            let mut values = Vec::new();
            for pred in &put.preds {
                let said = self.said_by(pred, &put.key).ok_or(RecordError::OutOfPlace)?;
                let by = self.by_actor.get(&pred.actor).ok_or(RecordError::OutOfPlace)?;
                if !ancestors.contains(by) {
                    return Err(RecordError::OutOfPlace);
                }
                values.push(said);
            }
            let values = values.into_iter();
            closes_differing |= differ(values.clone())
                && !(notes_only(values) && self.is_note(&put.key, |hash| ancestors.contains(hash)));
        }
        let action = match (&change.meta, closes_differing) {
            (Some(_), _) => Action::Create,
            (None, true) => Action::Settle,
            (None, false) => Action::Edit,
        };
        let founders: Vec<&Meta> = match &change.meta {
            Some(meta) => vec![meta],
            None => {
                ancestors.iter().filter_map(|hash| self.changes.get(hash)?.change.meta.as_ref()).collect()
            }
        };
        for meta in &founders {
            if action != Action::Create && meta.nature == Nature::Response {
                match incoming.by_receipt {
                    // It is theirs: no device needs to have been granted it.
                    true => continue,
                    false => return Err(RecordError::ResponseFinished),
                }
            }
            if action == Action::Settle && meta.nature == Nature::Voice {
                return Err(RecordError::Voice);
            }
            let need = Need { kind: meta.kind.clone(), action, ward: meta.ward.clone() };
            if !allow(&need, incoming.from) {
                return Err(RecordError::NotGranted);
            }
        }
        Ok(Judged { ancestors, reach: change.last_op() })
    }

    /// Whether a change that counts settled a register: it followed values that differed.
    pub(crate) fn settles(&self, change: &ChangeHash, key: &str) -> bool {
        let puts = self.changes.get(change).into_iter().flat_map(|incoming| &incoming.change.puts);
        puts.filter(|put| put.key == key)
            .any(|put| differ(put.preds.iter().filter_map(|op| self.said_by(op, key))))
    }

    /// The settlement that an operation is of, if it settled this register.
    pub(crate) fn settled_by(&self, op: &OpId, key: &str) -> Option<ChangeHash> {
        self.by_actor.get(&op.actor).copied().filter(|change| self.settles(change, key))
    }

    /// What an operation said, if it wrote this register in a change that counts.
    pub(crate) fn said_by(&self, op: &OpId, key: &str) -> Option<&Said> {
        let change = &self.changes.get(self.by_actor.get(&op.actor)?)?.change;
        let put = change.puts.iter().find(|put| change.start_op + put.place == op.counter)?;
        (put.key == key).then_some(&put.said)
    }

    /// The greatest operation counter of all changes that count.
    pub(crate) fn last_op(&self) -> u64 {
        self.changes.values().map(|c| c.change.last_op()).max().unwrap_or(0)
    }

    /// The record's name.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// What the record says about itself. When offline twins founded it, the founding change with the smallest
    /// name speaks; [`metas`](Self::metas) gives all. `None` while no first change is here.
    pub fn meta(&self) -> Option<&Meta> {
        self.metas().next()
    }

    /// The metadata of every founding change.
    pub fn metas(&self) -> impl Iterator<Item = &Meta> {
        self.changes.values().filter_map(|c| c.change.meta.as_ref())
    }

    /// The changes that count.
    pub fn counted(&self) -> impl Iterator<Item = ChangeHash> + '_ {
        self.changes.keys().copied()
    }

    /// Changes that were refused, and why.
    pub fn refused(&self) -> &BTreeMap<ChangeHash, RecordError> {
        &self.refused
    }

    /// Changes that wait for one they rest on.
    pub fn waiting(&self) -> &BTreeSet<ChangeHash> {
        &self.waiting
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counted, waiting, refused) = (self.changes.len(), self.waiting.len(), self.refused.len());
        write!(f, "Record({}, {counted} counted, {waiting} waiting, {refused} refused)", self.id)
    }
}

/// Of changes that claim one actor, the one with the smallest name stays.
fn refuse_clashes(
    pool: &mut BTreeMap<ChangeHash, Incoming>,
    refused: &mut BTreeMap<ChangeHash, RecordError>,
) {
    let mut actors = BTreeSet::new();
    pool.retain(|hash, change| {
        let first = actors.insert(change.change.actor);
        if !first {
            refused.insert(*hash, RecordError::ActorClash);
        }
        first
    });
}

/// The devices that sealed a change.
type SealedBy = BTreeMap<ChangeHash, BTreeSet<Contributor>>;

/// While the record is beyond its bounds, everything of its largest contributor is set aside that nobody else sealed as well; ties by device
/// tag.
fn refuse_overgrowth(
    pool: &mut BTreeMap<ChangeHash, Incoming>,
    sealed_by: &mut SealedBy,
    refused: &mut BTreeMap<ChangeHash, RecordError>,
) {
    loop {
        let mut shares = BTreeMap::<Contributor, (usize, usize)>::new();
        let mut total = (0, 0);
        for (hash, change) in pool.iter() {
            let operations = change.change.operations();
            total = (total.0 + operations, total.1 + 1);
            for device in sealed_by.get(hash).into_iter().flatten() {
                let share = shares.entry(*device).or_default();
                (share.0, share.1) = (share.0 + operations, share.1 + 1);
            }
        }
        if total.0 <= bounds::RECORD_OPS && total.1 <= bounds::RECORD_CHANGES {
            return;
        }
        let by_count = total.0 <= bounds::RECORD_OPS;
        let size = |share: &(usize, usize)| if by_count { share.1 } else { share.0 };
        let Some(largest) =
            shares.iter().max_by_key(|(tag, share)| (size(share), **tag)).map(|(tag, _)| *tag)
        else {
            return;
        };
        pool.retain(|hash, _| {
            let others = sealed_by.get_mut(hash).is_some_and(|by| {
                by.remove(&largest);
                !by.is_empty()
            });
            if !others {
                refused.insert(*hash, RecordError::Overgrown);
            }
            others
        });
    }
}
