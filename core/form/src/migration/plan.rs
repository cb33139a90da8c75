//! Brings answers to a new version, entry by entry, until nothing more comes along.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{LeftBehind, Reason, counts, resume};
use crate::node::{NodeId, NodeKind};
use crate::session::Held;
use crate::{Cause, CellKey, Entry, Instrument, ItemKey, ItemKind, Opening, Refusal, Session, Value};

/// How often a move is tried anew after an answer turned out to break a rule.
pub(super) const MOST_ATTEMPTS: usize = 20;
/// How often the answers not yet taken are offered again: each time another may have made them relevant.
const MOST_PASSES: usize = 100;

/// What is to move.
pub(super) struct Plan<'a> {
    old: &'a Session,
    new: &'a Arc<Instrument>,
    held: Vec<Held>,
    /// By index into `held`.
    forbidden: HashSet<usize>,
}

/// The move, tried once.
pub(super) struct Attempt {
    pub(super) session: Session,
    pub(super) entries: Vec<Entry>,
    pub(super) carried: usize,
    /// By index into `held`: where each answer went.
    went: HashMap<usize, String>,
    /// By index into `held`: why it did not.
    refused: HashMap<usize, Reason>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(old: &'a Session, new: &'a Arc<Instrument>) -> Plan<'a> {
        Plan { old, new, held: old.held(), forbidden: HashSet::new() }
    }

    /// Tries the move without what is forbidden.
    pub(super) fn attempt(&self, opening: Opening) -> Result<Attempt, Refusal> {
        let session = Session::open(self.new.clone(), opening)?;
        let (entries, went, refused) = (Vec::new(), HashMap::new(), HashMap::new());
        let mut tried = Attempt { session, entries, carried: 0, went, refused };
        // Pages as they were at first, before answers put more on them.
        resume::see(self.old, &mut tried.session, &mut tried.entries, true);
        let mut pending = Vec::new();
        for (i, held) in self.held.iter().enumerate().filter(|(_, held)| self.is_given(held)) {
            if self.forbidden.contains(&i) {
                tried.refused.insert(i, Reason::ConstraintBroken);
                continue;
            }
            match self.target(held) {
                Ok(path) => pending.push((i, path)),
                Err(reason) => {
                    tried.refused.insert(i, reason);
                }
            }
        }
        self.pass(&mut tried, &mut pending);
        // A count that was blanked or lowered leaves the instances that somebody answered. They are made by the count they
        // had, which is put back once they are filled.
        let raised = counts::raise(self.old, self.new, &mut tried);
        if !raised.is_empty() {
            self.pass(&mut tried, &mut pending);
        }
        // What is still not taken goes as far as it can: of several ticks, those on offer.
        for (i, path) in pending {
            self.carry(&mut tried, i, &path, true);
        }
        for entry in raised.into_iter().rev() {
            tried.apply(entry, self.old)?;
        }
        Ok(tried)
    }

    /// Offers what is pending until nothing more is taken.
    fn pass(&self, tried: &mut Attempt, pending: &mut Vec<(usize, String)>) {
        for _ in 0..MOST_PASSES {
            let before = (tried.entries.len(), pending.len());
            self.instances(tried);
            pending.retain(|(i, path)| !self.carry(tried, *i, path, false));
            if before == (tried.entries.len(), pending.len()) {
                break;
            }
        }
    }

    /// Whether a person gave a value, or left one that the form proposed and they saw.
    fn is_given(&self, held: &Held) -> bool {
        let kind = self.old.instrument().item_at(held.node).map(crate::Item::kind);
        let open = kind.is_some_and(|kind| kind.is_asked() || kind == ItemKind::Hidden);
        open && (held.touched || (held.seen && held.value.is_some()))
    }

    /// The path in the new version, with the same numbers.
    fn target(&self, held: &Held) -> Result<String, Reason> {
        let (old, key) = (self.old.instrument(), held.key.item);
        let item = self.new.item(&key).ok_or(Reason::Removed)?;
        let node = self.new.node_of(item).ok_or(Reason::Removed)?;
        let around = |form: &Instrument, id| {
            form.tree.repeats(id).into_iter().map(|repeat| form.tree[repeat].key).collect::<Vec<_>>()
        };
        if around(old, held.node) != around(self.new, node) {
            return Err(Reason::RepeatGone);
        }
        Ok(numbered(self.new, node, &held.numbers))
    }

    /// Makes the repeats as long as they were, where the new version leaves that to people.
    fn instances(&self, tried: &mut Attempt) {
        for counted in self.old.counted() {
            let old = &self.old.instrument().tree;
            let key = old[counted.repeat].key;
            let Some(repeat) = repeat_of(self.new, key).filter(|id| {
                self.new.tree[*id].count.is_none() && self.new.tree[*id].depth == old[counted.repeat].depth
            }) else {
                continue;
            };
            let path = numbered(self.new, repeat, &counted.numbers);
            while let Some(count) = tried.session.count_of(&path).filter(|count| *count != counted.count) {
                let entry = if count < counted.count {
                    Entry::AddRepeat { path: path.clone() }
                } else {
                    Entry::RemoveRepeat { path: format!("{path}[{count}]") }
                };
                if tried.apply(entry, self.old).is_err() {
                    break;
                }
            }
        }
    }

    /// Whether an answer was taken, or never will be.
    fn carry(&self, tried: &mut Attempt, i: usize, path: &str, last: bool) -> bool {
        let held = &self.held[i];
        let entry = |value: Option<Value>| Entry::Answer { path: path.to_owned(), value };
        let Err(refusal) = tried.apply(entry(held.value.clone()), self.old) else {
            tried.carried += usize::from(held.value.is_some());
            tried.went.insert(i, path.to_owned());
            return true;
        };
        // Other answers may still make it relevant, offer the choice, or make the instance.
        let later = matches!(
            refusal,
            Refusal::NotRelevant(_)
                | Refusal::UnknownCode(_)
                | Refusal::UnknownPath(_)
                | Refusal::ReadOnly(_)
        );
        if later && !last {
            return false;
        }
        let kind =
            |form: &Instrument, key: ItemKey| form.item(&key).map_or(ItemKind::Note, crate::Item::kind);
        let key = held.key.item;
        let (from, to) = (kind(self.old.instrument(), key), kind(self.new, key));
        tried.refused.insert(i, Reason::of(&refusal, from, to));
        if let (Some(Value::Many(codes)), Refusal::UnknownCode(_)) = (&held.value, &refusal) {
            let offered = tried.session.still_offered(path, codes);
            if !offered.is_empty() && tried.apply(entry(Some(Value::Many(offered))), self.old).is_ok() {
                tried.carried += 1;
                tried.went.insert(i, path.to_owned());
            }
        }
        true
    }

    /// Forbids what breaks a rule now and did not before; whether there is any.
    pub(super) fn forbid_broken(&mut self, tried: &Attempt) -> bool {
        let after: HashMap<String, Option<Cause>> =
            tried.session.held().into_iter().map(|held| (held.path, held.cause)).collect();
        let breaks = |cause: Option<Cause>| matches!(cause, Some(Cause::Constraint | Cause::Exclusive));
        let before = self.forbidden.len();
        for (i, path) in &tried.went {
            let now = after.get(path).copied().flatten();
            if breaks(now) && !breaks(self.held[*i].cause) {
                self.forbidden.insert(*i);
            }
        }
        self.forbidden.len() > before
    }

    /// Everything of value that is not in the new session.
    pub(super) fn left_behind(&self, tried: &Attempt) -> Vec<LeftBehind> {
        let after: HashMap<String, Held> =
            tried.session.held().into_iter().map(|held| (held.path.clone(), held)).collect();
        let mut left = Vec::new();
        for (i, held) in self.held.iter().enumerate() {
            let Some(value) = held.value.clone() else { continue };
            let arrived = tried.went.get(&i).and_then(|path| after.get(path));
            let reason = match tried.refused.get(&i) {
                Some(reason) => Some(*reason),
                // It was taken, and another answer has hidden it since.
                None => match arrived {
                    Some(now) => (held.relevant && !now.relevant).then_some(Reason::NotRelevant),
                    None => self.recomputed(held, &after).then_some(Reason::Recomputed),
                },
            };
            if let Some(reason) = reason {
                let repeat = self.old.instrument().tree.repeats(held.node).pop();
                let repeat = repeat.map(|repeat| self.old.instrument().tree[repeat].key);
                let (cell, there) = self.cell_in(&tried.session, held.key, repeat, &held.numbers);
                let asked = held.relevant && held.current.is_some() && there;
                // What nobody will be asked again is kept as it would have been handed in.
                let value = held.current.clone().filter(|_| reason == Reason::Removed).unwrap_or(value);
                let (numbers, path) = (held.numbers.clone(), held.path.clone());
                left.push(LeftBehind { cell, repeat, numbers, path, value, asked, reason });
            }
        }
        left
    }

    /// A cell of the old session as one of the new, in the instance with the same numbers; whether there is one. Keys of
    /// instances say how often one was made, so that the same key may be another instance.
    fn cell_in(
        &self,
        session: &Session,
        cell: CellKey,
        repeat: Option<ItemKey>,
        numbers: &[usize],
    ) -> (CellKey, bool) {
        match repeat.and_then(|repeat| repeat_of(self.new, repeat)) {
            Some(repeat) if cell.instance.is_some() => {
                let instance = session.instance_at(repeat, numbers);
                (CellKey { instance: instance.or(cell.instance), ..cell }, instance.is_some())
            }
            _ => (cell, true),
        }
    }

    /// Takes what earlier moves left behind where the new version takes it; what it does not take stays.
    pub(super) fn earlier(&self, tried: &mut Attempt, earlier: &[LeftBehind]) -> Vec<Option<LeftBehind>> {
        let mut still = Vec::new();
        for left in earlier {
            let mut left = left.clone();
            let had = left.repeat.is_some_and(|repeat| repeat_of(self.old.instrument(), repeat).is_some());
            if let Some(instance) = left.cell.instance.filter(|_| had) {
                match self.old.numbers_of(instance) {
                    Some(numbers) => left.numbers = numbers,
                    // Somebody has taken the instance out since.
                    None => left.asked = false,
                }
            }
            if left.asked && self.take_again(tried, &left) {
                tried.carried += 1;
                still.push(None);
                continue;
            }
            let (cell, there) = self.cell_in(&tried.session, left.cell, left.repeat, &left.numbers);
            (left.cell, left.asked) = (cell, left.asked && there);
            still.push(Some(left));
        }
        still
    }

    /// Whether an answer left behind before is taken where nothing else was answered meanwhile.
    fn take_again(&self, tried: &mut Attempt, left: &LeftBehind) -> bool {
        let node = self.new.item(&left.cell.item).and_then(|item| self.new.node_of(item));
        let around = node.map(|node| self.new.tree.repeats(node)).unwrap_or_default();
        let Some(node) = node.filter(|_| around.len() == left.numbers.len()) else { return false };
        // The repeat may have been gone in between, and its instances with it.
        if let (Some(repeat), Some(number)) = (around.last(), left.numbers.last()) {
            let path = numbered(self.new, *repeat, &left.numbers[..left.numbers.len() - 1]);
            while tried.session.count_of(&path).is_some_and(|count| count < *number) {
                if tried.apply(Entry::AddRepeat { path: path.clone() }, self.old).is_err() {
                    break;
                }
            }
        }
        let path = numbered(self.new, node, &left.numbers);
        if tried.session.value(&path).is_some() {
            return false;
        }
        tried.apply(Entry::Answer { path, value: Some(left.value.clone()) }, self.old).is_ok()
    }

    /// Whether the form set a value that the new version sets otherwise, though nothing it hangs on need differ: by an
    /// action, or by throwing dice, which each entry throws anew. Other calculations and clocks are functions of what is
    /// there, and proposals nobody saw are nobody's answers.
    fn recomputed(&self, held: &Held, after: &HashMap<String, Held>) -> bool {
        let old = self.old.instrument();
        let kind = old.item_at(held.node).map(crate::Item::kind);
        let node = &old.tree[held.node];
        let dice = |source: &str| ["random(", "uuid("].iter().any(|call| source.contains(call));
        let drawn = node.source.calculation.as_deref().is_some_and(dice);
        if !matches!(kind, Some(ItemKind::Calculate | ItemKind::Hidden))
            || (node.calculation.is_some() && !drawn)
        {
            return false;
        }
        let now = self.target(held).ok().and_then(|path| after.get(&path));
        now.is_none_or(|now| now.value != held.value)
    }
}

impl Attempt {
    pub(super) fn apply(&mut self, entry: Entry, old: &Session) -> Result<(), Refusal> {
        self.session.apply(&entry, old.clock())?;
        self.entries.push(entry);
        Ok(())
    }
}

/// The repeat of an identity.
pub(super) fn repeat_of(form: &Instrument, key: ItemKey) -> Option<NodeId> {
    form.tree.ids().find(|id| form.tree[*id].kind == NodeKind::Repeat && form.tree[*id].key == key)
}

/// The path of a node with the numbers of the instances around it.
pub(super) fn numbered(form: &Instrument, id: NodeId, numbers: &[usize]) -> String {
    let mut path = String::new();
    let mut from = 0;
    for (repeat, number) in form.tree.repeats(id).into_iter().zip(numbers) {
        let whole = &form.tree[repeat].path;
        path += whole.get(from..).unwrap_or_default();
        path += &format!("[{number}]");
        from = whole.len();
    }
    path + form.tree[id].path.get(from..).unwrap_or_default()
}
