//! Which items moved, and the groups around them.

use std::collections::{HashMap, HashSet};

use super::key;
use crate::node::{NodeId, NodeKind};
use crate::{Instrument, ItemKey};

/// The names of the groups around a node up to its repeat, outermost first.
pub(super) fn groups(form: &Instrument, id: NodeId) -> String {
    let mut names = Vec::new();
    let mut up = form.tree[id].parent;
    while form.tree[up].kind == NodeKind::Group {
        names.push(&*form.tree[up].name);
        up = form.tree[up].parent;
    }
    names.reverse();
    names.join("/")
}

/// The names of the groups and repeats around a node and its own, outermost first.
pub(super) fn names(form: &Instrument, id: NodeId) -> String {
    let mut names = Vec::new();
    let mut up = id;
    while up != NodeId::ROOT {
        names.push(&*form.tree[up].name);
        up = form.tree[up].parent;
    }
    names.reverse();
    names.join("/")
}

/// What makes two nodes of two versions one: the identity, of a group its names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Item(ItemKey),
    Repeat(ItemKey),
    Group(String),
}

pub(super) fn place(form: &Instrument, id: NodeId) -> Place {
    match form.tree[id].kind {
        NodeKind::Item(_) => Place::Item(key(form, id)),
        NodeKind::Repeat => Place::Repeat(key(form, id)),
        NodeKind::Root | NodeKind::Group => Place::Group(names(form, id)),
    }
}

/// The nodes of a form.
pub(super) fn places(form: &Instrument) -> HashMap<Place, NodeId> {
    form.tree.ids().skip(1).map(|id| (place(form, id), id)).collect()
}

/// The fewest identities that, taken out, leave the rest in the same order: all but a longest increasing run.
pub(super) fn moved(old: &Instrument, new: &Instrument) -> HashSet<Place> {
    let order = |form: &Instrument| -> Vec<Place> {
        let places = form.tree.ids().skip(1).map(|id| place(form, id));
        places.filter(|place| !matches!(place, Place::Group(_))).collect()
    };
    let before: HashMap<Place, usize> = order(old).into_iter().zip(0..).collect();
    let common: Vec<(Place, usize)> = order(new)
        .into_iter()
        .filter_map(|place| before.get(&place).copied().map(|before| (place, before)))
        .collect();
    // Of each length of run: where the run with the smallest last place ends; and what came before each.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(common.len());
    for (i, (_, before)) in common.iter().enumerate() {
        let length = ends.partition_point(|end| common[*end].1 < *before);
        previous.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(i);
        } else {
            ends[length] = i;
        }
    }
    let mut stays = HashSet::new();
    let mut at = ends.last().copied();
    while let Some(i) = at {
        stays.insert(i);
        at = previous[i];
    }
    let moved = common.into_iter().enumerate().filter(|(i, _)| !stays.contains(i));
    moved.map(|(_, (place, _))| place).collect()
}
