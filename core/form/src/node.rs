//! The tree of an instrument: groups, repeats and items, and the code that hangs on them.

use std::sync::Arc;

use hashbrown::HashMap;

use regex::Regex;
use smallvec::SmallVec;

use crate::expr::code::{Code, Ref};
use crate::item::Translated;
use crate::{ItemKey, ItemKind, Language};

/// Index of a node; the root is 0, and a parent comes before its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Root,
    Group,
    Repeat,
    /// Index into the instrument's items.
    Item(usize),
}

/// Words in each language, some with `${name}` in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) source: Translated,
    /// For each language whose text has references: its pieces.
    pub(crate) outputs: Vec<(Language, Vec<Piece>)>,
}

/// A piece of a text with references.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Plain(String),
    Output(Code),
}

/// When an action runs (ODK XForms, "Events").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Events {
    /// `odk-instance-first-load`: a new response is opened.
    pub(crate) first_load: bool,
    /// `odk-instance-load`: a response is opened, new or resumed.
    pub(crate) load: bool,
    /// `odk-new-repeat`: the repeat it stands in gets a new instance.
    pub(crate) new_repeat: bool,
    /// `xforms-value-changed`: the value of the question it stands in changes.
    pub(crate) value_changed: bool,
}

/// Sets a value at an event: a dynamic default, or a calculation with a trigger.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) events: Events,
    /// The question or repeat it stands in; the root if in none.
    pub(crate) source: NodeId,
    /// What is set, seen from the source (for a dynamic default: from the node itself).
    pub(crate) target: Ref,
    /// Where a path with conditions names the target: what the path means, seen from the source.
    pub(crate) chosen: Option<Code>,
    /// Seen from the target, as XForms has it; nothing clears.
    pub(crate) value: Option<Code>,
}

/// Where the choices of a question come from, beside [`crate::Item::choices`].
#[derive(Debug, Clone)]
pub(crate) enum Itemset {
    /// Of the choices of the item, those for which the code holds; it sees the choice looked at.
    Filtered(Code),
    /// Computed: the nodes, and for each of them (as the context) its code and its words.
    Dynamic { nodes: Code, value: Code, label: Code },
}

/// What an instance of the root or of a repeat holds when the form is opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beginning {
    /// Values that differ from what a new instance starts with.
    pub(crate) values: Vec<(NodeId, Option<crate::Value>)>,
    /// By repeat directly in the scope: its instances. A repeat not named here has one, unless the form counts it.
    pub(crate) repeats: Vec<(NodeId, Vec<Beginning>)>,
}

/// How a node is written in a submission.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    /// Place among the children of its parent.
    pub(crate) order: u32,
    /// An attribute of its parent, not a child.
    pub(crate) attribute: bool,
    /// A group of the pages only, which a submission and an expression know nothing of.
    pub(crate) unwritten: bool,
    /// With a prefix, its namespace.
    pub(crate) prefix: Option<(Box<str>, Box<str>)>,
}

/// The expressions of a node as their author wrote them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    /// Row of the sheet, or line of the XForm, from 1; 0 where there is none.
    pub(crate) row: u32,
    pub(crate) relevant: Option<Arc<str>>,
    pub(crate) required: Option<Arc<str>>,
    pub(crate) constraint: Option<Arc<str>>,
    pub(crate) read_only: Option<Arc<str>>,
    pub(crate) calculation: Option<Arc<str>>,
    pub(crate) default: Option<Arc<str>>,
    pub(crate) choice_filter: Option<Arc<str>>,
    pub(crate) repeat_count: Option<Arc<str>>,
    pub(crate) trigger: Option<Arc<str>>,
}

/// A group, repeat or item.
///
/// The nodes of one *scope*, the root or a repeat, live together in each instance of that scope: each has a slot.
///
/// What computing an answer looks at comes first and in this order, so that a long chain of calculations reads few lines of
/// the processor's cache a node.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Node {
    /// Nearest repeat at or above, or the root.
    pub(crate) scope: NodeId,
    /// Place among the nodes of its scope.
    pub(crate) slot: usize,
    /// How many repeats are at or above.
    pub(crate) depth: usize,
    pub(crate) kind: NodeKind,
    /// What its values are stored as: of a calculation without a type, [`ItemKind::Calculate`].
    pub(crate) stored_as: ItemKind,
    /// Of a repeat: its place among the repeats directly in the scope around it.
    pub(crate) list: usize,
    pub(crate) calculation: Option<Code>,
    pub(crate) itemset: Option<Box<Itemset>>,
    /// Actions, by their number, that run when its value changes.
    pub(crate) on_change: Vec<usize>,
    pub(crate) relevant: Option<Code>,
    /// Path without instance numbers, as in [`crate::Item::path`].
    pub(crate) path: Arc<str>,
    pub(crate) parent: NodeId,
    /// One past the last node below this one.
    pub(crate) end: NodeId,
    /// Direct children in order of the pages.
    pub(crate) children: Vec<NodeId>,
    /// Its place among the children of its parent.
    pub(crate) place: usize,
    pub(crate) name: Arc<str>,
    /// Of a repeat: actions that run when it gets a new instance.
    pub(crate) on_new: Vec<usize>,
    /// Of a repeat: the instances of inner repeats that a new instance comes with, by inner repeat.
    pub(crate) brings: Vec<(NodeId, Vec<Beginning>)>,
    /// Of a repeat: its identity.
    pub(crate) key: ItemKey,
    pub(crate) label: Words,
    pub(crate) hint: Words,
    pub(crate) guidance: Words,
    pub(crate) field_list: bool,
    pub(crate) required: Option<Code>,
    pub(crate) required_message: Words,
    pub(crate) constraint: Option<Code>,
    pub(crate) constraint_message: Words,
    pub(crate) read_only: Option<Code>,
    /// The value it starts with.
    pub(crate) preset: Option<crate::Value>,
    /// Words of its choices that hold expressions, by the choice's place in the list.
    pub(crate) choice_words: Vec<(usize, Words)>,
    /// Whether its choices are shown in random order; the seed, if one is given.
    pub(crate) randomize: Option<Option<Code>>,
    pub(crate) count: Option<Code>,
    pub(crate) written: Written,
    pub(crate) source: Source,
}

/// How many slots and lists an instance of a scope has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    pub(crate) slots: usize,
    pub(crate) lists: usize,
}

/// All nodes in document order.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) by_name: HashMap<Arc<str>, SmallVec<[NodeId; 2]>>,
    pub(crate) by_path: HashMap<Arc<str>, NodeId>,
    /// By scope node.
    pub(crate) extents: HashMap<NodeId, Extent>,
    /// In the order they run.
    pub(crate) actions: Vec<Action>,
    pub(crate) beginning: Beginning,
}

impl std::ops::Index<NodeId> for Tree {
    type Output = Node;

    #[inline]
    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }
}

impl Tree {
    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.nodes.len()).map(|i| NodeId(u32::try_from(i).unwrap_or(u32::MAX)))
    }

    /// The scope around a scope; the root's is the root.
    pub(crate) fn outer(&self, scope: NodeId) -> NodeId {
        if scope == NodeId::ROOT { scope } else { self[self[scope].parent].scope }
    }

    /// The repeats at or above a node, outermost first.
    pub(crate) fn repeats(&self, node: NodeId) -> Vec<NodeId> {
        let mut chain = Vec::with_capacity(self[node].depth);
        let mut scope = self[node].scope;
        while scope != NodeId::ROOT {
            chain.push(scope);
            scope = self.outer(scope);
        }
        chain.reverse();
        chain
    }

    /// Direct children in order of the pages.
    pub(crate) fn children(&self, node: NodeId) -> impl DoubleEndedIterator<Item = NodeId> + '_ {
        self.nodes[node.index()].children.iter().copied()
    }

    /// The parent that an expression and a submission know of.
    pub(crate) fn parent(&self, node: NodeId) -> NodeId {
        let mut parent = self[node].parent;
        while self[parent].written.unwritten {
            parent = self[parent].parent;
        }
        parent
    }

    /// The children, elements and attributes, that an expression and a submission know of.
    pub(crate) fn each_child(&self, node: NodeId, found: &mut dyn FnMut(NodeId)) {
        for child in self.children(node) {
            if self[child].written.unwritten {
                self.each_child(child, found);
            } else {
                found(child);
            }
        }
    }

    /// Prefix and local name.
    pub(crate) fn names(&self, node: NodeId) -> (&str, &str) {
        let node = &self[node];
        (node.written.prefix.as_ref().map_or("", |(prefix, _)| prefix), &node.name)
    }

    /// The child of a name as a path writes it: `name`, `prefix:name`, `@name`.
    pub(crate) fn named_child(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        let (attribute, name) = match name.strip_prefix('@') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        self.by_name.get(local)?.iter().copied().find(|id| {
            self[*id].written.attribute == attribute
                && !self[*id].written.unwritten
                && (prefix.is_empty() || self.names(*id).0 == prefix)
                && self.parent(*id) == parent
        })
    }

    /// Fills in what follows from the nodes' parents, when all nodes are there.
    pub(crate) fn link(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.children.clear());
        for id in self.ids().skip(1) {
            let parent = self[id].parent;
            let node = &mut self.nodes[parent.index()];
            let at = node.children.len();
            node.children.push(id);
            self.nodes[id.index()].place = at;
        }
    }

    /// Notes with each node the actions that it sets off, when all actions are there.
    pub(crate) fn link_actions(&mut self) {
        for (index, action) in self.actions.iter().enumerate() {
            let id = action.source;
            if action.events.value_changed {
                self.nodes[id.index()].on_change.push(index);
            }
            if action.events.new_repeat {
                // A dynamic default stands in its question, an action of a repeat in the repeat.
                let scope = self[id].scope;
                self.nodes[scope.index()].on_new.push(index);
            }
        }
    }
}

/// A regular expression that must match all of a text, with what it may cost bounded.
pub(crate) fn whole_match(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > 2_000 {
        return Err("it is longer than 2,000 characters".to_owned());
    }
    // Sound by itself, too: else a bracket in it could close the one around it.
    let alone = regex::RegexBuilder::new(pattern).size_limit(1 << 20).nest_limit(50).build();
    let built = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .nest_limit(50)
        .build();
    alone.and(built).map_err(|fault| match fault {
        regex::Error::Syntax(_) => "it is not understood (look-ahead and back-references are not)".to_owned(),
        _ => "it is too big".to_owned(),
    })
}
