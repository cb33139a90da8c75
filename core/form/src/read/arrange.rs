//! Gives the rows of a survey their places: scopes, slots, paths and identities.

use std::sync::{Arc, LazyLock};

use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use super::findings::Findings;
use super::row::{Places, SurveyRow};
use crate::node::{Extent, Node, NodeId, NodeKind, Source, Tree, Words, Written};
use crate::{Item, ItemKey, ItemKind};

/// Longest identity, in bytes.
const MAX_IDENTITY: usize = 4_000;

/// What stands for the identity of a node or item that has no place yet.
pub(super) static NO_KEY: LazyLock<ItemKey> = LazyLock::new(|| ItemKey::of(""));

/// A node of which only the place is known yet.
pub(crate) fn node(name: Arc<str>, kind: NodeKind, parent: NodeId) -> Node {
    Node {
        name,
        kind,
        parent,
        end: NodeId::ROOT,
        scope: NodeId::ROOT,
        slot: 0,
        depth: 0,
        children: Vec::new(),
        place: 0,
        on_change: Vec::new(),
        on_new: Vec::new(),
        brings: Vec::new(),
        list: 0,
        path: Arc::default(),
        key: *NO_KEY,
        label: Words::default(),
        hint: Words::default(),
        guidance: Words::default(),
        field_list: false,
        relevant: None,
        required: None,
        required_message: Words::default(),
        constraint: None,
        constraint_message: Words::default(),
        read_only: None,
        calculation: None,
        preset: None,
        stored_as: ItemKind::Calculate,
        itemset: None,
        choice_words: Vec::new(),
        randomize: None,
        count: None,
        written: Written::default(),
        source: Source::default(),
    }
}

/// Gives each node its scope, slot, path and identity.
pub(crate) fn arrange(
    mut nodes: Vec<Node>,
    items: &mut [Item],
    rows: &[Option<SurveyRow>],
    places: &dyn Places,
    findings: &mut Findings,
) -> Tree {
    let mut extents: HashMap<NodeId, Extent> = HashMap::new();
    let mut by_name: HashMap<Arc<str>, SmallVec<[NodeId; 2]>> = HashMap::with_capacity(nodes.len());
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
        // A reader says where a node ends; of an item only where it has attributes.
        if nodes[i].end == NodeId::ROOT {
            nodes[i].end = match nodes[i].kind {
                NodeKind::Item(_) => NodeId(id.0 + 1),
                _ => NodeId(u32::try_from(nodes.len()).unwrap_or(u32::MAX)),
            };
        }
        if id != NodeId::ROOT {
            by_name.entry(nodes[i].name.clone()).or_default().push(id);
        }
    }
    let mut tree = Tree { nodes, by_name, by_path: HashMap::new(), extents, ..Tree::default() };
    let namesakes = Namesakes::of(&tree);
    let count = tree.nodes.len();
    let mut identities: HashSet<ItemKey> = HashSet::with_capacity(count);
    // Of nodes whose name others have, too.
    let mut children: HashMap<(NodeId, &str, bool), NodeId> = HashMap::new();
    let mut by_path: HashMap<Arc<str>, NodeId> = HashMap::with_capacity(count);
    let mut paths: Vec<Arc<str>> = vec![Arc::default(); count];
    let mut keys: Vec<(NodeId, ItemKey)> = Vec::with_capacity(count);
    for id in tree.ids().skip(1) {
        let node = &tree[id];
        let row = rows[id.index()].as_ref();
        if namesakes.has(id) {
            let among = (node.parent, &*node.name, node.written.attribute);
            let first = *children.entry(among).or_insert(id);
            if let Some(row) = row.filter(|_| first != id) {
                let first = rows[first.index()].as_ref().map_or(0, |row| row.number);
                let problem = format!("Row {first}, in the same group, has the same name: `{}`.", node.name);
                let place = places.place(row, "name");
                findings.error(places.sheet(), place, problem, "Rename one of the two.");
                continue;
            }
        }
        let Some(row) = row.filter(|_| is_addressed(node)) else { continue };
        let outer = home(&tree, id);
        let first = namesakes.first(id);
        let local = local(&tree, id, outer, first.is_some());
        let path = match &*paths[outer.index()] {
            "" => local.clone(),
            outer => format!("{outer}/{local}").into(),
        };
        let is_namesake = first.is_some_and(|first| first != id);
        let by_names = match is_namesake {
            // A row in no group, after a namesake in one.
            true if local == bare(&tree, id) => identity(&tree, outer, &format!("/{local}").into()),
            true => identity(&tree, outer, &local),
            false => identity(&tree, outer, &bare(&tree, id)),
        };
        let (identity, column) = declared(row, by_names, places, findings);
        let key = ItemKey::of(&identity);
        let twice = identity.len() > MAX_IDENTITY || !identities.insert(key);
        if twice || by_path.insert(path.clone(), id).is_some() {
            findings.error(
                places.sheet(),
                places.place(row, column),
                format!("Two rows are `{identity}`, so their answers could not be told apart."),
                "Rename one, or give each an identity of its own in a column nightjar::id.",
            );
        } else if is_namesake && column == "name" {
            findings.warning(
                places.sheet(),
                places.place(row, "name"),
                format!("Several rows are named `{}`; this one is kept as `{identity}`.", node.name),
                "Rename it, or give it a nightjar::id: else moving it into another group makes it another question.",
            );
        }
        paths[id.index()] = path;
        keys.push((id, key));
    }
    drop(children);
    tree.by_path = by_path;
    for (id, key) in keys {
        let path = std::mem::take(&mut paths[id.index()]);
        let node = &mut tree.nodes[id.index()];
        if let NodeKind::Item(index) = node.kind {
            items[index].key = key;
            items[index].path = path.clone();
            items[index].repeat_depth = node.depth;
        }
        (node.path, node.key) = (path, key);
    }
    tree
}

/// Repeats and items have paths and identities; groups have none.
fn is_addressed(node: &Node) -> bool {
    matches!(node.kind, NodeKind::Repeat | NodeKind::Item(_))
}

/// The identity of a row, and the column that says it: `nightjar::id`, else the oldest of `nightjar::renamed_from`, which
/// holds the identities it had, the newest first (`slept_well slept`), else the names.
fn declared(
    row: &SurveyRow,
    by_names: Arc<str>,
    places: &dyn Places,
    findings: &mut Findings,
) -> (Arc<str>, &'static str) {
    const RENAMED: &str = "nightjar::renamed_from";
    let former = row.cells.get(RENAMED).unwrap_or_default();
    let former: Vec<&str> = former.split([',', ' ', '\n']).filter(|part| !part.is_empty()).collect();
    let Some(first) = former.last() else {
        return match row.cells.shared("nightjar::id") {
            Some(id) => (id.clone(), "nightjar::id"),
            None => (by_names, "name"),
        };
    };
    let mut refuse = |problem: String, remedy: &str| {
        findings.error(places.sheet(), places.place(row, RENAMED), problem, remedy);
    };
    if former.iter().enumerate().any(|(i, name)| former[..i].contains(name)) {
        refuse(
            "The cell names an identity twice.".to_owned(),
            "Write each former name once, the newest first.",
        );
    }
    if let Some(id) = row.cells.get("nightjar::id").filter(|id| id != first) {
        let problem = format!("The row is `{id}` by nightjar::id, and `{first}` by its former name.");
        refuse(problem, "Keep one of the two columns.");
    }
    ((*first).into(), RENAMED)
}

/// The scope that a path begins in.
fn home(tree: &Tree, id: NodeId) -> NodeId {
    if tree[id].kind == NodeKind::Repeat { tree.outer(id) } else { tree[id].scope }
}

/// The nodes whose name others have, too, which are few.
struct Namesakes {
    all: HashSet<NodeId>,
    /// By node whose name others of its scope have, too: the first of them. It keeps the bare name for its identity, so
    /// that a namesake added later takes no answers from it.
    of_scope: HashMap<NodeId, NodeId>,
}

impl Namesakes {
    fn of(tree: &Tree) -> Namesakes {
        let (mut all, mut of_scope) = (HashSet::new(), HashMap::new());
        for ids in tree.by_name.values().filter(|ids| ids.len() > 1) {
            all.extend(ids.iter().copied());
            let mut firsts: HashMap<NodeId, (NodeId, u32)> = HashMap::new();
            let addressed = || ids.iter().copied().filter(|id| is_addressed(&tree[*id]));
            for id in addressed() {
                firsts.entry(home(tree, id)).or_insert((id, 0)).1 += 1;
            }
            let shared = addressed().filter_map(|id| {
                let (first, count) = firsts[&home(tree, id)];
                (count > 1).then_some((id, first))
            });
            of_scope.extend(shared);
        }
        Namesakes { all, of_scope }
    }

    fn has(&self, id: NodeId) -> bool {
        !self.all.is_empty() && self.all.contains(&id)
    }

    fn first(&self, id: NodeId) -> Option<NodeId> {
        if self.of_scope.is_empty() { None } else { self.of_scope.get(&id).copied() }
    }
}

/// The name of a node, marked where it is an attribute.
fn bare(tree: &Tree, id: NodeId) -> Arc<str> {
    let name = &tree[id].name;
    if tree[id].written.attribute { format!("@{name}").into() } else { name.clone() }
}

/// The name of a node within its scope: after its groups where another has it, too.
fn local(tree: &Tree, id: NodeId, outer: NodeId, is_shared: bool) -> Arc<str> {
    let mut local = bare(tree, id);
    if is_shared {
        let mut up = tree[id].parent;
        while up != outer {
            if !tree[up].written.unwritten {
                local = format!("{}/{local}", tree[up].name).into();
            }
            up = tree[up].parent;
        }
    }
    local
}

/// The names of the repeats around and the name within the innermost.
fn identity(tree: &Tree, outer: NodeId, local: &Arc<str>) -> Arc<str> {
    if outer == NodeId::ROOT {
        return local.clone();
    }
    let mut identity = String::new();
    for repeat in tree.repeats(outer) {
        identity += &tree[repeat].name;
        identity.push('/');
    }
    identity.push_str(local);
    identity.into()
}
