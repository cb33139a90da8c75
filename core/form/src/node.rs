//! The tree of an instrument: groups, repeats and items, and the code that hangs on them.

use std::collections::HashMap;

use regex::Regex;

use crate::expr::code::{Code, Ref};
use crate::item::Translated;
use crate::{ItemKey, Language};

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
    Output(Ref),
}

/// The value a question starts with.
#[derive(Debug, Clone, Default)]
pub(crate) enum Preset {
    #[default]
    None,
    Static(crate::Value),
    Dynamic(Code),
}

/// A group, repeat or item.
///
/// The nodes of one *scope*, the root or a repeat, live together in each instance of that scope: each has a slot.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) kind: NodeKind,
    pub(crate) parent: NodeId,
    /// One past the last node below this one.
    pub(crate) end: NodeId,
    /// Nearest repeat at or above, or the root.
    pub(crate) scope: NodeId,
    /// Place among the nodes of its scope.
    pub(crate) slot: usize,
    /// How many repeats are at or above.
    pub(crate) depth: usize,
    /// Of a repeat: its place among the repeats directly in the scope around it.
    pub(crate) list: usize,
    /// Path without instance numbers, as in [`crate::Item::path`].
    pub(crate) path: String,
    /// Of a repeat: its identity.
    pub(crate) key: ItemKey,
    pub(crate) label: Words,
    pub(crate) hint: Words,
    pub(crate) guidance: Words,
    pub(crate) field_list: bool,
    pub(crate) relevant: Option<Code>,
    pub(crate) required: Option<Code>,
    pub(crate) required_message: Words,
    pub(crate) constraint: Option<Code>,
    pub(crate) constraint_message: Words,
    pub(crate) read_only: Option<Code>,
    pub(crate) calculation: Option<Code>,
    pub(crate) preset: Preset,
    pub(crate) filter: Option<Code>,
    pub(crate) count: Option<Code>,
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
    pub(crate) by_name: HashMap<String, Vec<NodeId>>,
    pub(crate) by_path: HashMap<String, NodeId>,
    /// By scope node.
    pub(crate) extents: HashMap<NodeId, Extent>,
}

impl std::ops::Index<NodeId> for Tree {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }
}

impl Tree {
    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
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

    /// Direct children in order.
    pub(crate) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self[node].end;
        let mut next = NodeId(node.0 + 1);
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = next;
            next = self[child].end;
            Some(child)
        })
    }
}

/// A regular expression that must match all of a text, with what it may cost bounded.
pub(crate) fn whole_match(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > 2_000 {
        return Err("it is longer than 2,000 characters".to_owned());
    }
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .nest_limit(50)
        .build()
        .map_err(|fault| match fault {
            regex::Error::Syntax(_) => {
                "it is not understood (look-ahead and back-references are not)".to_owned()
            }
            _ => "it is too big".to_owned(),
        })
}
