//! What an expression sees: nodes of the answers, of secondary instances or of a document, the clock, the language.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Zoned;

use super::code::{QualifiedName, Ref};
use super::val::Val;
use crate::document::{DocNode, Document};
use crate::node::NodeId;
use crate::session::ScopeId;

/// A node that an expression can come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// What is above the root of the answers.
    Above,
    /// A node of the answers in an instance; of a repeat, in the instance itself.
    Answer(ScopeId, NodeId),
    /// A node of a numbered document.
    Doc(u32, DocNode),
}

/// What a path may cost: nodes looked at by one expression.
pub(crate) const MAX_VISITS: u32 = 3_000_000;

/// The surroundings of an expression. Nodes of the answers that are not relevant are not there.
pub(crate) trait World: Sized {
    /// The node that the expression belongs to.
    fn own(&self) -> Node;
    /// The value kept in the node that the expression belongs to, relevant or not.
    fn own_value(&self) -> Val<'_>;
    /// The value of the one node meant.
    fn read(&self, node: Ref) -> Val<'_>;
    /// The same as a number.
    fn read_number(&self, node: Ref) -> f64 {
        self.read(node).to_number(self)
    }
    /// Each relevant node meant.
    fn each(&self, node: Ref, found: &mut dyn FnMut(Node));
    /// The 1-based number of the repeat instance the expression stands in.
    fn position(&self, repeat: Ref) -> usize;
    /// The value of a node in the numbered instances; `None` stands for the instance around the expression.
    fn read_at(&self, node: Ref, instances: &[Option<usize>]) -> Val<'_>;
    /// What absolute paths in a document start from.
    fn document_root(&self) -> Node;
    /// A document by its number.
    fn document(&self, index: u32) -> Option<&Document>;
    /// The node of a secondary instance.
    fn instance(&self, name: &str) -> Option<Node>;
    /// Parent of a node of the answers.
    fn parent(&self, node: Node) -> Option<Node>;
    /// Children of a node of the answers.
    fn children(&self, node: Node, found: &mut dyn FnMut(Node));
    /// Attributes of a node of the answers.
    fn attributes(&self, node: Node, found: &mut dyn FnMut(Node));
    /// Prefix and name of a node of the answers.
    fn name(&self, node: Node) -> (&str, &str);
    /// Value of a node of the answers.
    fn value(&self, node: Node) -> Val<'_>;
    /// Document order of two nodes of the answers.
    fn order(&self, left: Node, right: Node) -> Ordering;
    /// A column of the choice looked at.
    fn column(&self, name: &str) -> &str;
    /// The label of a choice in the language on display.
    fn choice_label(&self, question: NodeId, code: &str) -> Cow<'_, str>;
    /// Words of the form by their id.
    fn words(&self, id: &str) -> Val<'_>;
    /// Of the first item of an instance whose column `key` has a value: its column `wanted`.
    fn look_up(&self, instance: u32, key: &str, value: &str, wanted: &str) -> Cow<'_, str>;
    /// The clock.
    fn now(&self) -> &Zoned;
    /// 128 bits that look random, the same whenever the session is replayed.
    fn dice(&self) -> u128;
    /// Counts nodes looked at; false when there were too many.
    fn spend(&self, nodes: usize) -> bool;
    /// Notes that the expression cannot be computed.
    fn fail(&self, problem: &str);
    /// Whether a single node as a condition counts by its value, as JavaRosa has it, not by being there.
    fn counts_by_value(&self) -> bool;
}

impl Node {
    /// The text or typed value of a node.
    pub(crate) fn value<W: World>(self, world: &W) -> Val<'_> {
        match self {
            Node::Doc(index, node) => {
                // The text of an element is all that is below it, and costs as much.
                match world.document(index) {
                    Some(document) if world.spend((document.end(node).0 - node.0) as usize) => {
                        Val::Text(document.text(node))
                    }
                    _ => Val::BLANK,
                }
            }
            answer => world.value(answer),
        }
    }

    /// Document order; documents after the answers, in order of their numbers.
    pub(crate) fn order<W: World>(self, other: Node, world: &W) -> Ordering {
        match (self, other) {
            (Node::Doc(a, left), Node::Doc(b, right)) => (a, left).cmp(&(b, right)),
            (Node::Doc(..), _) => Ordering::Greater,
            (_, Node::Doc(..)) => Ordering::Less,
            (left, right) if left == right => Ordering::Equal,
            (left, right) => world.order(left, right),
        }
    }

    /// Prefix, local name and namespace.
    pub(crate) fn names<W: World>(self, world: &W) -> (&str, &str, &str) {
        match self {
            Node::Doc(index, node) => match world.document(index) {
                Some(document) => {
                    let name = document.name(node);
                    (&name.prefix, &name.local, &name.namespace)
                }
                None => ("", "", ""),
            },
            answer => {
                let (prefix, local) = world.name(answer);
                (prefix, local, "")
            }
        }
    }

    pub(crate) fn is_named<W: World>(self, name: &QualifiedName, world: &W) -> bool {
        let (prefix, local, namespace) = self.names(world);
        *name.local == *local
            && match &name.namespace {
                _ if name.prefix.is_empty() => prefix.is_empty(),
                Some(wanted) if !namespace.is_empty() => **wanted == *namespace,
                _ => *name.prefix == *prefix,
            }
    }
}
