//! What depends on what: built once from the code of an instrument, so that an answer recomputes only what it affects.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::expr::code::{Code, Need};
use crate::node::{Itemset, NodeId, NodeKind, Piece, Tree, Words};

/// What of a node is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// How many instances a repeat has.
    Instances,
    /// Which number each instance of a repeat has; changes only when one is removed.
    Order,
    Relevance,
    /// The value: as answered, calculated, or cut down to the choices on offer.
    Value,
    /// What is shown beside the value: words, choices, whether it is required, read-only or sound. Nothing depends on it
    /// and nothing of it is kept; that it may have changed is what a shell is told.
    Shown,
    /// The words of a question's choices, which `jr:choice-name` reads. Nothing of them is kept.
    Words,
}

impl Aspect {
    /// Whether it belongs to the list of a repeat's instances, and so to the instance around the repeat.
    pub(crate) fn is_of_list(self) -> bool {
        matches!(self, Aspect::Instances | Aspect::Order)
    }
}

const ASPECTS: [Aspect; 6] =
    [Aspect::Instances, Aspect::Order, Aspect::Relevance, Aspect::Value, Aspect::Shown, Aspect::Words];

/// An aspect of a node, for all instances of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Vertex {
    pub(crate) node: NodeId,
    pub(crate) aspect: Aspect,
}

impl Vertex {
    #[inline]
    fn index(self) -> usize {
        self.node.index() * ASPECTS.len() + self.aspect as usize
    }

    fn at(index: usize) -> Vertex {
        let node = NodeId(u32::try_from(index / ASPECTS.len()).unwrap_or(u32::MAX));
        Vertex { node, aspect: ASPECTS[index % ASPECTS.len()] }
    }
}

/// A dependant, and how many of the outermost repeats it shares with what it depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) to: Vertex,
    pub(crate) fixed: usize,
}

/// A value that depends on itself.
#[derive(Debug)]
pub(crate) struct Cycle {
    /// Where the way round begins.
    pub(crate) node: NodeId,
    /// The column to blame.
    pub(crate) column: &'static str,
    /// The way round, in names.
    pub(crate) path: String,
}

/// The dependency graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// By vertex: who must be recomputed when it changes.
    edges: Vec<Vec<Edge>>,
    /// By vertex: its place in an order in which everything comes after what it depends on.
    rank: Vec<u32>,
    /// By rank: the vertex.
    order_of: Vec<Vertex>,
    /// What shows words of the language on display.
    pub(crate) languages: Vec<Vertex>,
    /// Vertices that are on a cycle or depend on one.
    stuck: BTreeSet<usize>,
    /// Counts of repeats, and values that only a choice of others depends on.
    lags: BTreeSet<usize>,
    /// By vertex of those that have any: edges that only order.
    order: BTreeMap<usize, Vec<usize>>,
}

impl Graph {
    pub(crate) fn new(tree: &Tree) -> Graph {
        let count = tree.nodes.len() * ASPECTS.len();
        let mut graph = Graph { edges: vec![Vec::new(); count], ..Graph::default() };
        for id in tree.ids() {
            graph.node(tree, id);
        }
        for edges in &mut graph.edges {
            edges.sort_unstable();
            edges.dedup();
        }
        graph.sort();
        graph
    }

    fn node(&mut self, tree: &Tree, id: NodeId) {
        let node = &tree[id];
        let relevance = Vertex { node: id, aspect: Aspect::Relevance };
        let value = Vertex { node: id, aspect: Aspect::Value };
        let instances = Vertex { node: id, aspect: Aspect::Instances };
        if id != NodeId::ROOT {
            let above = Vertex { node: node.parent, aspect: Aspect::Relevance };
            self.edges[above.index()].push(Edge { to: relevance, fixed: tree[node.parent].depth });
        }
        if node.kind == NodeKind::Repeat {
            let order = Vertex { node: id, aspect: Aspect::Order };
            self.order.entry(instances.index()).or_default().extend([order.index(), relevance.index()]);
        }
        for (code, to) in [(&node.relevant, relevance), (&node.calculation, value), (&node.count, instances)]
        {
            if let Some(code) = code {
                self.needs(tree, code, to);
            }
        }
        if node.count.is_some() {
            self.lags.insert(instances.index());
        }
        if node.itemset.is_some() && node.calculation.is_none() {
            self.lags.insert(value.index());
        }
        self.shown(tree, id);
        match node.itemset.as_deref() {
            None => {}
            Some(Itemset::Filtered(code)) => self.needs(tree, code, value),
            Some(Itemset::Dynamic { nodes, value: code, label }) => {
                self.needs(tree, nodes, value);
                self.needs(tree, code, value);
                let of_choices = Vertex { node: id, aspect: Aspect::Words };
                self.lags.insert(of_choices.index());
                for code in [nodes, code, label] {
                    self.needs(tree, code, of_choices);
                }
            }
        }
    }

    /// What a question looks like hangs on what its words, rules and choices refer to.
    fn shown(&mut self, tree: &Tree, id: NodeId) {
        let node = &tree[id];
        if !matches!(node.kind, NodeKind::Item(_)) {
            return;
        }
        let to = Vertex { node: id, aspect: Aspect::Shown };
        for words in
            [&node.label, &node.hint, &node.guidance, &node.constraint_message, &node.required_message]
        {
            self.outputs(tree, words, to);
        }
        if !node.choice_words.is_empty() {
            let of_choices = Vertex { node: id, aspect: Aspect::Words };
            // Words that name each other's choices, or what is computed of their names, are looked at again.
            self.lags.insert(of_choices.index());
            for (_, words) in &node.choice_words {
                self.outputs(tree, words, to);
                self.outputs(tree, words, of_choices);
            }
        }
        let choices = match node.itemset.as_deref() {
            None => vec![],
            Some(Itemset::Filtered(code)) => vec![code],
            Some(Itemset::Dynamic { nodes, value, label }) => vec![nodes, value, label],
        };
        let rules = [&node.required, &node.read_only, &node.constraint];
        let seed = node.randomize.iter().flatten();
        for code in rules.into_iter().flatten().chain(choices).chain(seed) {
            self.needs(tree, code, to);
        }
    }

    fn outputs(&mut self, tree: &Tree, words: &Words, to: Vertex) {
        for piece in words.outputs.iter().flat_map(|(_, pieces)| pieces) {
            if let Piece::Output(code) = piece {
                self.needs(tree, code, to);
            }
        }
    }

    fn needs(&mut self, tree: &Tree, code: &Code, to: Vertex) {
        code.needs(&mut |need, fixed| {
            let mut add = |node: NodeId, aspect: Aspect| {
                let around = tree[node].depth - usize::from(aspect.is_of_list());
                let from = Vertex { node, aspect };
                self.edges[from.index()].push(Edge { to, fixed: fixed.min(around) });
            };
            let node = match need {
                Need::Language => return self.languages.push(to),
                Need::Order(repeat) => return add(repeat, Aspect::Order),
                // The words are computed from where the name is asked for.
                Need::Choices(question) => return add(question, Aspect::Words),
                Need::Value(node) => {
                    add(node, Aspect::Value);
                    add(node, Aspect::Relevance);
                    node
                }
                Need::Relevance(node) => {
                    add(node, Aspect::Relevance);
                    node
                }
            };
            for repeat in tree.repeats(node).into_iter().skip(fixed) {
                add(repeat, Aspect::Instances);
            }
        });
    }

    fn after(&self, vertex: usize) -> impl Iterator<Item = usize> + '_ {
        let order = self.order.get(&vertex).into_iter().flatten().copied();
        self.edges[vertex].iter().map(|edge| edge.to.index()).chain(order)
    }

    /// Puts everything after what it depends on. Where that cannot be, a repeat may count itself by what is in it, as
    /// in ODK's way to ask "one more?", and choices may come from answers that depend on what is chosen: both are then
    /// looked at again whenever that changes.
    fn sort(&mut self) {
        let count = self.edges.len();
        // Most forms are written so that everything stands after what it depends on.
        if (0..count).all(|vertex| self.after(vertex).all(|next| vertex < next)) {
            self.rank = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
            self.order_of = (0..count).map(Vertex::at).collect();
            return;
        }
        self.sort_without(&BTreeSet::new());
        if !self.stuck.is_empty() {
            let stuck = std::mem::take(&mut self.stuck);
            self.sort_without(&stuck);
        }
    }

    /// Kahn's algorithm, smallest index first so that the order is the same everywhere. Among these vertices, what may lag
    /// is not ordered.
    fn sort_without(&mut self, round: &BTreeSet<usize>) {
        let count = self.edges.len();
        let mut before = vec![0_u32; count];
        let lags = |vertex: usize, next: usize| {
            round.contains(&vertex) && round.contains(&next) && self.lags.contains(&next)
        };
        for vertex in 0..count {
            for next in self.after(vertex).filter(|next| !lags(vertex, *next)) {
                before[next] += 1;
            }
        }
        let mut ready: BinaryHeap<Reverse<usize>> =
            (0..count).filter(|v| before[*v] == 0).map(Reverse).collect();
        let (mut rank, mut order_of) = (vec![u32::MAX; count], Vec::with_capacity(count));
        while let Some(Reverse(vertex)) = ready.pop() {
            rank[vertex] = u32::try_from(order_of.len()).unwrap_or(u32::MAX);
            order_of.push(Vertex::at(vertex));
            for next in self.after(vertex).filter(|next| !lags(vertex, *next)) {
                before[next] -= 1;
                if before[next] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        (self.rank, self.order_of) = (rank, order_of);
        self.stuck = (0..count).filter(|v| self.rank[*v] == u32::MAX).collect();
    }

    /// One way round for each group of values that depend on themselves.
    pub(crate) fn cycles(&self, tree: &Tree) -> Vec<Cycle> {
        let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for vertex in &self.stuck {
            for next in self.after(*vertex) {
                before.entry(next).or_default().push(*vertex);
            }
        }
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut found = Vec::new();
        for start in &self.stuck {
            // Going back from a stuck vertex always comes to a cycle, since each has a stuck one before it.
            let mut trail = vec![*start];
            let mut on_trail = BTreeSet::from([*start]);
            let round = loop {
                let last = trail[trail.len() - 1];
                if seen.contains(&last) {
                    break None;
                }
                let Some(previous) = before.get(&last).and_then(|list| list.first()) else { break None };
                if !on_trail.insert(*previous) {
                    break trail.iter().position(|v| v == previous).map(|at| trail[at..].to_vec());
                }
                trail.push(*previous);
            };
            seen.extend(trail);
            if let Some(round) = round {
                found.push(cycle(tree, round));
            }
        }
        found
    }

    #[inline]
    pub(crate) fn rank(&self, vertex: Vertex) -> u32 {
        self.rank[vertex.index()]
    }

    /// The vertex of a rank.
    #[inline]
    pub(crate) fn vertex(&self, rank: u32) -> Option<Vertex> {
        self.order_of.get(rank as usize).copied()
    }

    #[inline]
    pub(crate) fn dependants(&self, vertex: Vertex) -> &[Edge] {
        &self.edges[vertex.index()]
    }
}

/// Words for a way round, from what depends to what it depends on.
fn cycle(tree: &Tree, mut round: Vec<usize>) -> Cycle {
    let column = |vertex: Vertex| match vertex.aspect {
        Aspect::Instances | Aspect::Order => "repeat_count",
        Aspect::Relevance => "relevant",
        Aspect::Value if tree[vertex.node].calculation.is_some() => "calculation",
        Aspect::Value | Aspect::Shown | Aspect::Words => "choice_filter",
    };
    // Begin at the first row that a person wrote the dependency in.
    let written = |vertex: Vertex| match vertex.aspect {
        Aspect::Instances | Aspect::Order => tree[vertex.node].count.is_some(),
        Aspect::Relevance => tree[vertex.node].relevant.is_some(),
        Aspect::Value | Aspect::Shown | Aspect::Words => true,
    };
    let candidates = round.iter().enumerate().filter(|(_, v)| written(Vertex::at(**v)));
    let start = candidates.min_by_key(|(_, v)| **v).map_or(0, |(at, _)| at);
    round.rotate_left(start);
    let first = Vertex::at(round[0]);
    let mut names: Vec<String> = Vec::new();
    for vertex in round.iter().chain([&round[0]]).map(|v| Vertex::at(*v)) {
        names.push(format!("`{}` ({})", tree[vertex.node].name, column(vertex)));
    }
    Cycle { node: first.node, column: column(first), path: names.join(" → ") }
}
