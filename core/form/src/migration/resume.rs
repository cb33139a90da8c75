//! Where the person goes on: what they have seen stays seen, and the page is the one they were on or the first that differs.

use std::collections::HashSet;

use super::LeftBehind;
use super::plan::{numbered, repeat_of};
use crate::node::{NodeId, NodeKind};
use crate::session::Held;
use crate::{Change, Difference, Entry, Instrument, ItemKey, Session, Wording};

/// Shows again what was on display, so that a question passed by is not taken for one never reached. `whole`: only pages
/// of which everything was.
pub(super) fn see(old: &Session, session: &mut Session, entries: &mut Vec<Entry>, whole: bool) {
    let path = |session: &Session, held: &Held| {
        path_in(old.instrument(), session.instrument(), held.node, &held.numbers)
    };
    let seen: Vec<Held> = old.held().into_iter().filter(|held| held.seen && held.relevant).collect();
    let known: HashSet<String> = seen.iter().filter_map(|held| path(session, held)).collect();
    for held in seen {
        let Some(path) = path(session, &held) else { continue };
        let fits = !whole || session.page_with(&path).iter().all(|other| known.contains(other));
        if fits && !session.has_seen(&path) {
            go(session, entries, path, old);
        }
    }
}

/// Goes to the page of the old session or, if that comes first, of the first question that differs.
pub(super) fn place(old: &Session, left: &[LeftBehind], session: &mut Session, entries: &mut Vec<Entry>) {
    // What a filter took away in the old version too is no news.
    let cut: HashSet<String> = old.held().into_iter().filter(|held| held.cut).map(|held| held.path).collect();
    let news = left.iter().filter(|left| !cut.contains(&left.path)).map(|left| left.cell.item);
    let differing: HashSet<ItemKey> =
        differing(old.instrument(), session.instrument()).into_iter().chain(news).collect();
    let held = session.held();
    let form = session.instrument().clone();
    let asked =
        |held: &&Held| held.relevant && form.item_at(held.node).is_some_and(|item| item.kind().is_shown());
    let first = held
        .iter()
        .filter(asked)
        .find(|held| form.item_at(held.node).is_some_and(|item| differing.contains(&item.key())));
    let here = here(old, session.instrument(), &held);
    let to = match (here, first) {
        (None, Some(first)) => first.path.clone(),
        (None, None) => String::new(),
        (Some((node, path)), Some(first)) => {
            if first.node < node {
                first.path.clone()
            } else {
                path
            }
        }
        (Some((_, path)), None) => path,
    };
    go(session, entries, to, old);
}

/// The page of the old session in the new version: of a question that is gone, the next one that is not. `None` for the
/// check page.
fn here(old: &Session, new: &Instrument, now: &[Held]) -> Option<(NodeId, String)> {
    let (node, numbers, end) = old.here()?;
    let form = old.instrument();
    if let Some(path) = path_in(form, new, node, &numbers) {
        let found = now.iter().find(|held| held.path == path && held.relevant).map(|held| held.node);
        let found = found.or_else(|| node_in(form, new, node).filter(|_| end));
        if let Some(node) = found {
            return Some((node, path));
        }
    }
    let later = form.tree.ids().filter(|id| *id > node).filter_map(|id| node_in(form, new, id));
    let shown = |id: NodeId| {
        now.iter()
            .find(|held| held.node == id && held.relevant && is_shown(new, id))
            .map(|held| (id, held.path.clone()))
    };
    later.into_iter().find_map(shown)
}

fn is_shown(form: &Instrument, id: NodeId) -> bool {
    form.item_at(id).is_some_and(|item| item.kind().is_shown())
}

/// The identities that ask something else, or in other words, or are new.
fn differing(old: &Instrument, new: &Instrument) -> Vec<ItemKey> {
    let asks_otherwise = |change: &Change| {
        matches!(
            change,
            Change::Added
                | Change::Type { .. }
                | Change::Scale { .. }
                | Change::OptionAdded { .. }
                | Change::OptionRemoved { .. }
                | Change::OptionMissing { .. }
                | Change::Wording { what: Wording::Label, .. }
        )
    };
    let changes = Difference::between(old, new).changes;
    changes
        .into_iter()
        .filter(|changed| asks_otherwise(&changed.change))
        .filter_map(|changed| changed.item)
        .collect()
}

/// The node of the same identity.
fn node_in(old: &Instrument, new: &Instrument, id: NodeId) -> Option<NodeId> {
    match old.tree[id].kind {
        NodeKind::Item(_) => new.item(&old.item_at(id)?.key()).and_then(|item| new.node_of(item)),
        NodeKind::Repeat => repeat_of(new, old.tree[id].key),
        NodeKind::Root | NodeKind::Group => None,
    }
}

fn path_in(old: &Instrument, new: &Instrument, id: NodeId, numbers: &[usize]) -> Option<String> {
    let node = node_in(old, new, id)?;
    (new.tree[node].depth == old.tree[id].depth).then(|| numbered(new, node, numbers))
}

/// A page that is not there is no fault: the person then stays where they are.
fn go(session: &mut Session, entries: &mut Vec<Entry>, path: String, old: &Session) {
    let entry = Entry::GoTo(path);
    if session.apply(&entry, old.clock()).is_ok() {
        entries.push(entry);
    }
}
