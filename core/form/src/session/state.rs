//! The answers so far: instances of the root and of repeats, each with one cell for every node of its scope.

use crate::node::{NodeId, NodeKind, Tree};
use crate::reading::whole_or_decimal;
use crate::{InstanceKey, Value};

/// Index of an instance; the root's is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ScopeId(pub(crate) u32);

impl ScopeId {
    pub(crate) const ROOT: ScopeId = ScopeId(0);

    #[inline]
    fn index(self) -> usize {
        self.0 as usize
    }
}

/// One node in one instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    /// As answered, calculated or preset.
    pub(crate) value: Option<Value>,
    /// What is left of the value where a choice filter takes away codes; they come back with the filter.
    pub(crate) cut: Option<Option<Value>>,
    /// Relevant, and everything around it too.
    pub(crate) relevant: bool,
    /// Was on display.
    pub(crate) seen: bool,
    /// A person gave the value; of a calculated question it stands until what it is calculated from changes.
    pub(crate) touched: bool,
}

impl Cell {
    const NEW: Cell = Cell { value: None, cut: None, relevant: true, seen: false, touched: false };

    /// Gives it a number as its value, and says whether that is another.
    #[inline]
    pub(super) fn replace_number(&mut self, number: f64) -> bool {
        match (&mut self.value, whole_or_decimal(number)) {
            (Some(Value::Integer(before)), Value::Integer(after)) => {
                std::mem::replace(before, after) != after
            }
            (Some(before), after) if *before == after => false,
            (before, after) => {
                *before = Some(after);
                true
            }
        }
    }

    /// The value on offer now.
    #[inline]
    pub(crate) fn current(&self) -> Option<&Value> {
        match &self.cut {
            Some(cut) => cut.as_ref(),
            None => self.value.as_ref(),
        }
    }
}

/// An instance of the root or of a repeat.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scope {
    pub(crate) node: NodeId,
    pub(crate) parent: ScopeId,
    pub(crate) depth: usize,
    /// Place among its siblings, from 1.
    pub(crate) number: usize,
    /// None for the root.
    pub(crate) key: Option<InstanceKey>,
    pub(crate) cells: Vec<Cell>,
    /// By repeat directly in this scope: its instances in order.
    pub(crate) lists: Vec<Vec<ScopeId>>,
}

/// Most instances of all repeats together.
pub(crate) const MAX_INSTANCES: usize = 2_000;

/// Most cells of all instances together, which bounds the memory a form can make a tablet use.
const MAX_CELLS: usize = 400_000;

/// All instances.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    scopes: Vec<Scope>,
    /// Removed instances, to be used again.
    free: Vec<ScopeId>,
    /// How many instances were ever made.
    made: u64,
    /// How many cells there are.
    cells: usize,
}

impl std::ops::Index<ScopeId> for State {
    type Output = Scope;

    #[inline]
    fn index(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.index()]
    }
}

impl std::ops::IndexMut<ScopeId> for State {
    #[inline]
    fn index_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.index()]
    }
}

fn scope(tree: &Tree, node: NodeId, parent: ScopeId, key: Option<InstanceKey>) -> Scope {
    let extent = tree.extents.get(&node).copied().unwrap_or_default();
    Scope {
        node,
        parent,
        depth: tree[node].depth,
        number: 1,
        key,
        cells: vec![Cell::NEW; extent.slots],
        lists: vec![Vec::new(); extent.lists],
    }
}

impl State {
    /// The root alone, nothing answered.
    pub(crate) fn new(tree: &Tree) -> State {
        let root = scope(tree, NodeId::ROOT, ScopeId::ROOT, None);
        State { cells: root.cells.len(), scopes: vec![root], free: Vec::new(), made: 0 }
    }

    /// How many instances there are, the root not counted.
    pub(crate) fn instances(&self) -> usize {
        self.scopes.len() - 1 - self.free.len()
    }

    #[inline]
    pub(crate) fn cell(&self, tree: &Tree, scope: ScopeId, node: NodeId) -> &Cell {
        &self[scope].cells[tree[node].slot]
    }

    #[inline]
    pub(crate) fn cell_mut(&mut self, tree: &Tree, scope: ScopeId, node: NodeId) -> &mut Cell {
        &mut self[scope].cells[tree[node].slot]
    }

    /// The instance around (or the same) with so many repeats at or above it.
    #[inline]
    pub(crate) fn climb(&self, mut scope: ScopeId, depth: usize) -> ScopeId {
        while self[scope].depth > depth {
            scope = self[scope].parent;
        }
        scope
    }

    /// Every instance of a scope within another instance, in order.
    pub(crate) fn within(&self, tree: &Tree, outer: ScopeId, node: NodeId, found: &mut dyn FnMut(ScopeId)) {
        if self[outer].depth == tree[node].depth {
            found(outer);
            return;
        }
        // The repeat one level below `outer` on the way to `node`.
        let mut next = node;
        while tree[next].depth > self[outer].depth + 1 {
            next = tree.outer(next);
        }
        if let Some(list) = self[outer].lists.get(tree[next].list) {
            for instance in list {
                self.within(tree, *instance, node, found);
            }
        }
    }

    /// The instances of a repeat in the instance around it.
    pub(crate) fn list(&self, tree: &Tree, outer: ScopeId, repeat: NodeId) -> &[ScopeId] {
        &self[outer].lists[tree[repeat].list]
    }

    /// Adds an instance at the end; none when there are too many.
    pub(crate) fn add(&mut self, tree: &Tree, outer: ScopeId, repeat: NodeId, seed: u64) -> Option<ScopeId> {
        let slots = tree.extents.get(&repeat).map_or(0, |extent| extent.slots);
        if self.instances() >= MAX_INSTANCES || self.cells + slots > MAX_CELLS {
            return None;
        }
        self.cells += slots;
        let key = InstanceKey::of(seed, tree[repeat].key, self.made);
        self.made += 1;
        let mut new = scope(tree, repeat, outer, Some(key));
        new.number = self.list(tree, outer, repeat).len() + 1;
        let id = if let Some(id) = self.free.pop() {
            self[id] = new;
            id
        } else {
            let id = ScopeId(u32::try_from(self.scopes.len()).ok()?);
            self.scopes.push(new);
            id
        };
        self[outer].lists[tree[repeat].list].push(id);
        Some(id)
    }

    /// Takes an instance out, with all in it.
    pub(crate) fn remove(&mut self, tree: &Tree, instance: ScopeId) {
        let Scope { node, parent, .. } = self[instance];
        self[parent].lists[tree[node].list].retain(|id| *id != instance);
        for (id, number) in self.list(tree, parent, node).to_vec().into_iter().zip(1..) {
            self[id].number = number;
        }
        self.drop_below(instance);
    }

    fn drop_below(&mut self, instance: ScopeId) {
        for inner in std::mem::take(&mut self[instance].lists).into_iter().flatten() {
            self.drop_below(inner);
        }
        let cells = std::mem::take(&mut self[instance].cells);
        self.cells -= cells.len();
        self.free.push(instance);
    }

    /// Whether a person has answered anything in an instance.
    pub(crate) fn is_touched(&self, instance: ScopeId) -> bool {
        let scope = &self[instance];
        scope.cells.iter().any(|cell| cell.touched && cell.value.is_some())
            || scope.lists.iter().flatten().any(|inner| self.is_touched(*inner))
    }

    /// Whether an instance is another or inside it.
    pub(crate) fn is_inside(&self, instance: ScopeId, outer: ScopeId) -> bool {
        self.climb(instance, self[outer].depth) == outer
    }
}

/// The path of a node in an instance: `visits[2]/drug`; of a repeat's node, the instance itself: `visits[2]`.
pub(crate) fn path(tree: &Tree, state: &State, scope: ScopeId, node: NodeId) -> String {
    let at = &state[scope];
    let own = tree[node].kind == NodeKind::Repeat && at.node == node;
    let prefix = if at.node == NodeId::ROOT {
        String::new()
    } else {
        let around = path_of_repeat(tree, state, at.parent, at.node);
        format!("{around}[{}]", state[scope].number)
    };
    if own || node == NodeId::ROOT {
        return prefix;
    }
    join(prefix, tree, at.node, node)
}

/// The path of a repeat as a whole in the instance around it: `visits`.
pub(crate) fn path_of_repeat(tree: &Tree, state: &State, outer: ScopeId, repeat: NodeId) -> String {
    let around = state[outer].node;
    let prefix = if around == NodeId::ROOT { String::new() } else { path(tree, state, outer, around) };
    join(prefix, tree, around, repeat)
}

fn join(prefix: String, tree: &Tree, around: NodeId, node: NodeId) -> String {
    let whole = &tree[node].path;
    if around == NodeId::ROOT {
        return whole.to_string();
    }
    let local = whole.get(tree[around].path.len() + 1..).unwrap_or_default();
    format!("{prefix}/{local}")
}

/// A path read: the node, and the number given for each of its repeats, outermost first.
pub(crate) fn parse_path(tree: &Tree, text: &str) -> Option<(NodeId, Vec<usize>)> {
    if text.len() > 4_000 {
        return None;
    }
    let (mut names, mut numbers) = (String::new(), Vec::new());
    for segment in text.split('/') {
        let mut numbered = false;
        let name = match segment.split_once('[') {
            Some((name, number)) => {
                let number = number.strip_suffix(']')?;
                if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                numbers.push(number.parse().ok()?);
                numbered = true;
                name
            }
            None => segment,
        };
        if !names.is_empty() {
            names.push('/');
        }
        names += name;
        // Canonical paths only: a number that does not stand behind its repeat's name would be another way to say it.
        if numbered && tree.by_path.get(&*names).is_none_or(|node| tree[*node].kind != NodeKind::Repeat) {
            return None;
        }
    }
    let node = *tree.by_path.get(&*names)?;
    Some((node, numbers)).filter(|(node, numbers)| numbers.len() <= tree[*node].depth)
}

/// The instance that the first so many numbers lead to.
pub(crate) fn instance(tree: &Tree, state: &State, node: NodeId, numbers: &[usize]) -> Option<ScopeId> {
    let mut scope = ScopeId::ROOT;
    for (repeat, number) in tree.repeats(node).into_iter().zip(numbers) {
        scope = *state.list(tree, scope, repeat).get(number.checked_sub(1)?)?;
    }
    Some(scope)
}
