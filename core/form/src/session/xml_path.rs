//! References as XForms write them (`/data/group/visits[2]/drug`) to the session's own paths (`visits[2]/drug`) and back.

use super::Session;
use super::state::{self, ScopeId, parse_path};
use crate::Item;
use crate::node::{NodeId, NodeKind, Tree};

/// Longest reference, in bytes.
const MAX: usize = 4_000;

impl Session {
    /// The path of what an absolute XML reference names now: of a question, of an instance of a repeat
    /// (`/data/visits[2]`) or of a repeat as a whole (`/data/visits`), as [`crate::Entry`] takes it. An inner step
    /// without a number means the first instance. `None` where there is no such thing.
    #[must_use]
    pub fn path_of(&self, reference: &str) -> Option<String> {
        let tree = &self.instrument.tree;
        let mut steps = reference.trim().strip_prefix('/').filter(|_| reference.len() <= MAX)?.split('/');
        // The first step is the form itself.
        steps.next()?;
        let (mut node, mut scope) = (NodeId::ROOT, ScopeId::ROOT);
        let mut steps = steps.peekable();
        while let Some(step) = steps.next() {
            let (name, number) = match step.split_once('[') {
                Some((name, number)) => (name, Some(number.strip_suffix(']')?.trim().parse::<usize>().ok()?)),
                None => (step, None),
            };
            node = written_child(tree, node, name.trim())?;
            if tree[node].kind == NodeKind::Repeat {
                if number.is_none() && steps.peek().is_none() {
                    return Some(state::path_of_repeat(tree, &self.state, scope, node));
                }
                let at = number.unwrap_or(1).checked_sub(1)?;
                scope = *self.state.list(tree, scope, node).get(at)?;
            } else if number.is_some_and(|number| number != 1) {
                return None;
            }
        }
        let addressed = matches!(tree[node].kind, NodeKind::Repeat | NodeKind::Item(_));
        addressed.then(|| state::path(tree, &self.state, scope, node))
    }

    /// The item at a path of this session.
    #[must_use]
    pub fn item_of(&self, path: &str) -> Option<&Item> {
        let (node, _) = parse_path(&self.instrument.tree, path)?;
        self.instrument.item_at(node)
    }

    /// The XML reference of a path: what [`Session::path_of`] takes.
    #[must_use]
    pub fn reference_of(&self, path: &str) -> Option<String> {
        let tree = &self.instrument.tree;
        let (mut node, numbers) = parse_path(tree, path)?;
        let mut numbers = numbers.into_iter();
        let mut steps = Vec::new();
        while node != NodeId::ROOT {
            if !tree[node].written.unwritten {
                steps.push(node);
            }
            node = tree[node].parent;
        }
        let mut reference = format!("/{}", self.instrument.root.name);
        for step in steps.into_iter().rev() {
            reference.push('/');
            reference += &written_name(tree, step);
            if tree[step].kind == NodeKind::Repeat
                && let Some(number) = numbers.next()
            {
                reference += &format!("[{number}]");
            }
        }
        Some(reference)
    }
}

/// A node's name as a submission writes it.
pub(crate) fn written_name(tree: &Tree, node: NodeId) -> String {
    let at = if tree[node].written.attribute { "@" } else { "" };
    match &tree[node].written.prefix {
        Some((prefix, _)) => format!("{at}{prefix}:{}", tree[node].name),
        None => format!("{at}{}", tree[node].name),
    }
}

/// A child by name, through groups that are not written.
fn written_child(tree: &Tree, parent: NodeId, name: &str) -> Option<NodeId> {
    let (attribute, name) = name.strip_prefix('@').map_or((false, name), |name| (true, name));
    let local = name.rsplit_once(':').map_or(name, |(_, local)| local);
    tree.children(parent).find_map(|child| match tree[child].written.unwritten {
        true => written_child(tree, child, name),
        false => {
            let same = *tree[child].name == *local && tree[child].written.attribute == attribute;
            same.then_some(child)
        }
    })
}
