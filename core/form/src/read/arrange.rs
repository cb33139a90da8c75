//! Gives the rows of a survey their places: scopes, slots, paths and identities.

use std::collections::{HashMap, HashSet};

use super::findings::Findings;
use super::row::{Places, SurveyRow};
use crate::node::{Extent, Node, NodeId, NodeKind, Tree};
use crate::{Item, ItemKey};

/// Longest identity, in bytes.
const MAX_IDENTITY: usize = 4_000;

/// Gives each node its scope, slot, path and identity.
pub(crate) fn arrange(
    mut nodes: Vec<Node>,
    items: &mut [Item],
    rows: &[Option<SurveyRow>],
    places: &dyn Places,
    findings: &mut Findings,
) -> Tree {
    let mut extents: HashMap<NodeId, Extent> = HashMap::new();
    let mut by_name: HashMap<String, Vec<NodeId>> = HashMap::new();
    for i in 0..nodes.len() {
        let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
        let parent = nodes[i].parent;
        let (outer, outer_depth) = (nodes[parent.index()].scope, nodes[parent.index()].depth);
        let repeat = nodes[i].kind == NodeKind::Repeat;
        let (scope, depth) = if repeat { (id, outer_depth + 1) } else { (outer, outer_depth) };
        if repeat {
            let extent = extents.entry(outer).or_default();
            nodes[i].list = extent.lists;
            extent.lists += 1;
        }
        let extent = extents.entry(scope).or_default();
        nodes[i].slot = extent.slots;
        extent.slots += 1;
        (nodes[i].scope, nodes[i].depth) = (scope, depth);
        if !matches!(nodes[i].kind, NodeKind::Item(_)) && nodes[i].end == NodeId::ROOT {
            nodes[i].end = NodeId(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        } else if matches!(nodes[i].kind, NodeKind::Item(_)) {
            nodes[i].end = NodeId(id.0 + 1);
        }
        if id != NodeId::ROOT {
            by_name.entry(nodes[i].name.clone()).or_default().push(id);
        }
    }
    let mut tree = Tree { nodes, by_name, by_path: HashMap::new(), extents, ..Tree::default() };
    let mut identities: HashSet<String> = HashSet::new();
    for id in tree.ids().skip(1) {
        if let (Some(first), Some(row)) = (twin(&tree, id), rows[id.index()].as_ref()) {
            let first = rows[first.index()].as_ref().map_or(0, |row| row.number);
            let problem = format!("Row {first}, in the same group, has the same name.");
            findings.error(places.sheet(), places.place(row, "name"), problem, "Rename one of the two.");
            continue;
        }
        if !matches!(tree[id].kind, NodeKind::Repeat | NodeKind::Item(_)) {
            continue;
        }
        let (path, by_names) = paths(&tree, id);
        let Some(row) = rows[id.index()].as_ref() else { continue };
        let explicit = row.cells.get("nightjar::id");
        let identity = explicit.cloned().unwrap_or_else(|| by_names.clone());
        if identity.len() > MAX_IDENTITY || !identities.insert(identity.clone()) {
            let column = if explicit.is_some() { "nightjar::id" } else { "name" };
            findings.error(
                places.sheet(),
                places.place(row, column),
                format!("Two rows are `{identity}`, so their answers could not be told apart."),
                "Rename one, or give each an identity of its own in a column nightjar::id.",
            );
        }
        let key = ItemKey::of(&identity);
        tree.by_path.insert(path.clone(), id);
        let node = &mut tree.nodes[id.index()];
        if let NodeKind::Item(index) = node.kind {
            items[index].key = key;
            items[index].path.clone_from(&path);
            items[index].repeat_depth = node.depth;
        }
        (node.path, node.key) = (path, key);
    }
    tree
}

/// A node before this one with the same parent and name.
fn twin(tree: &Tree, id: NodeId) -> Option<NodeId> {
    let named = tree.by_name.get(&tree[id].name)?;
    named.iter().copied().find(|other| *other < id && tree[*other].parent == tree[id].parent)
}

/// The path of a node (groups only where two nodes of one scope share the name), and the path without any groups.
fn paths(tree: &Tree, id: NodeId) -> (String, String) {
    let outer = if tree[id].kind == NodeKind::Repeat { tree.outer(id) } else { tree[id].scope };
    let addressed = |other: NodeId| matches!(tree[other].kind, NodeKind::Repeat | NodeKind::Item(_));
    let home = |other: NodeId| match tree[other].kind {
        NodeKind::Repeat => tree.outer(other),
        _ => tree[other].scope,
    };
    let name = &tree[id].name;
    let twins = tree.by_name.get(name).map_or(&[][..], Vec::as_slice);
    let shared = twins.iter().any(|twin| *twin != id && addressed(*twin) && home(*twin) == outer);
    let mut local = name.clone();
    if shared {
        let mut up = tree[id].parent;
        while up != outer {
            local = format!("{}/{local}", tree[up].name);
            up = tree[up].parent;
        }
    }
    let names =
        tree.repeats(outer).into_iter().map(|repeat| tree[repeat].name.as_str()).chain([name.as_str()]);
    let by_names = names.collect::<Vec<_>>().join("/");
    let path = if outer == NodeId::ROOT { local } else { format!("{}/{local}", tree[outer].path) };
    (path, by_names)
}
