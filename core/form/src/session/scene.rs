//! What an expression sees from where it stands.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;

use jiff::Zoned;

use super::state::{ScopeId, State};
use crate::document::{DocNode, Document};
use crate::expr::code::{Code, Ref};
use crate::expr::eval::{Frame, eval, number_in};
use crate::expr::val::Val;
use crate::expr::world::{Node, World};
use crate::node::{NodeId, NodeKind, Piece, Tree, Words};
use crate::{Choice, Instrument, Language, Value};

/// Bytes of words after which no more computed parts are put in.
const MAX_SHOWN: usize = 64 << 10;

/// A place in the answers, with the clock and the language on display.
pub(crate) struct Scene<'a> {
    pub(crate) instrument: &'a Instrument,
    pub(crate) state: &'a State,
    pub(crate) language: &'a Language,
    pub(crate) now: &'a Zoned,
    pub(crate) seed: u64,
    /// How many entries came before; gives `random()` a new throw each time.
    pub(crate) turn: u64,
    pub(crate) scope: ScopeId,
    pub(crate) node: NodeId,
    /// In a choice filter: the choice looked at.
    pub(crate) choice: Option<&'a Choice>,
    /// Nodes that may still be looked at.
    pub(crate) budget: Cell<u32>,
    /// How often the dice were thrown.
    pub(crate) throws: Cell<u32>,
    /// Whether computed choices are being looked at: what they are made of may not ask for them again.
    pub(crate) choosing: Cell<bool>,
    /// How many names of choices are being computed, each for the words of the one before.
    pub(crate) naming: Cell<usize>,
}

impl<'a> Scene<'a> {
    fn tree(&self) -> &'a Tree {
        &self.instrument.tree
    }

    pub(crate) fn eval<'b>(&'b self, code: &'b Code) -> Val<'b> {
        eval(code, self)
    }

    pub(crate) fn number(&self, code: &Code) -> f64 {
        number_in(code, self, &Frame::of(self.own()))
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, code: &Code) -> bool {
        self.eval(code).to_boolean(self)
    }

    /// Words in the language on display, references replaced.
    pub(crate) fn shown(&self, words: &Words) -> String {
        let shown = match words.source.exact(self.language) {
            Some(_) => Some(self.language),
            None => words.source.0.first().map(|(language, _)| language),
        };
        let pieces = words.outputs.iter().find(|(language, _)| Some(language) == shown);
        let Some((_, pieces)) = pieces else { return words.source.get(self.language).to_owned() };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Plain(plain) => text += plain,
                // Words may name choices whose words name choices: each counts against what one look may cost.
                Piece::Output(code) if self.spend(1) && text.len() <= MAX_SHOWN => match self.eval(code) {
                    Val::Number(n) if n.is_nan() => {}
                    value => text += &value.into_text(self),
                },
                Piece::Output(_) => {}
            }
        }
        text
    }

    #[inline]
    fn relevant(&self, scope: ScopeId, node: NodeId) -> Option<Option<&'a Value>> {
        // An empty repeat may be looked at from outside: then there is no cell.
        if self.state[scope].node != self.tree()[node].scope {
            return None;
        }
        let cell = self.state.cell(self.tree(), scope, node);
        cell.relevant.then(|| cell.current())
    }

    /// Each child of a node that is relevant, elements or attributes.
    fn below(&self, parent: Node, attributes: bool, found: &mut dyn FnMut(Node)) {
        let (scope, id) = match parent {
            Node::Answer(scope, id) => (scope, id),
            Node::Above if !attributes => return found(Node::Answer(ScopeId::ROOT, NodeId::ROOT)),
            _ => return,
        };
        let tree = self.tree();
        tree.each_child(id, &mut |child| {
            if tree[child].written.attribute != attributes {
                return;
            }
            if tree[child].kind == NodeKind::Repeat {
                for instance in self.state.list(tree, scope, child) {
                    if self.state.cell(tree, *instance, child).relevant {
                        found(Node::Answer(*instance, child));
                    }
                }
            } else if self.state.cell(tree, scope, child).relevant {
                found(Node::Answer(scope, child));
            }
        });
    }

    /// From the root down: node and instance number of everything above a node, and of the node.
    fn line(&self, node: Node) -> Vec<(u32, NodeId, usize)> {
        let mut line = Vec::new();
        let mut at = Some(node);
        while let Some(Node::Answer(scope, id)) = at {
            line.push((self.tree()[id].written.order, id, self.state[scope].number));
            at = self.parent(Node::Answer(scope, id));
        }
        line.reverse();
        line
    }
}

impl World for Scene<'_> {
    fn own(&self) -> Node {
        Node::Answer(self.scope, self.node)
    }

    fn own_value(&self) -> Val<'_> {
        if self.state[self.scope].node != self.tree()[self.node].scope {
            return Val::BLANK;
        }
        Val::of(self.state.cell(self.tree(), self.scope, self.node).value.as_ref())
    }

    #[inline]
    fn read(&self, node: Ref) -> Val<'_> {
        Val::of(self.relevant(self.state.climb(self.scope, node.fixed), node.node).flatten())
    }

    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "XPath numbers are doubles")]
    fn read_number(&self, node: Ref) -> f64 {
        match self.relevant(self.state.climb(self.scope, node.fixed), node.node).flatten() {
            Some(Value::Integer(n)) => *n as f64,
            other => Val::of(other).to_number(self),
        }
    }

    fn each(&self, node: Ref, found: &mut dyn FnMut(Node)) {
        let outer = self.state.climb(self.scope, node.fixed);
        self.state.within(self.tree(), outer, self.tree()[node.node].scope, &mut |scope| {
            if self.spend(1) && self.relevant(scope, node.node).is_some() {
                found(Node::Answer(scope, node.node));
            }
        });
    }

    fn position(&self, repeat: Ref) -> usize {
        self.state[self.state.climb(self.scope, repeat.fixed)].number
    }

    fn read_at(&self, node: Ref, instances: &[Option<usize>]) -> Val<'_> {
        let mut scope = ScopeId::ROOT;
        for (level, (repeat, number)) in self.tree().repeats(node.node).into_iter().zip(instances).enumerate()
        {
            let next = match number {
                Some(number) => number
                    .checked_sub(1)
                    .and_then(|at| self.state.list(self.tree(), scope, repeat).get(at).copied()),
                None => Some(self.state.climb(self.scope, level + 1)),
            };
            match next.filter(|next| self.state[*next].node == repeat) {
                Some(next) => scope = next,
                None => return Val::BLANK,
            }
        }
        Val::of(self.relevant(scope, node.node).flatten())
    }

    fn document_root(&self) -> Node {
        Node::Above
    }

    fn document(&self, index: u32) -> Option<&Document> {
        self.instrument.instances.get(index)
    }

    fn instance(&self, name: &str) -> Option<Node> {
        self.instrument.instances.find(name).map(|index| Node::Doc(index, DocNode::DOCUMENT))
    }

    fn parent(&self, node: Node) -> Option<Node> {
        let Node::Answer(scope, id) = node else { return None };
        if id == NodeId::ROOT {
            return Some(Node::Above);
        }
        let home = if self.tree()[id].scope == id { self.state[scope].parent } else { scope };
        Some(Node::Answer(home, self.tree().parent(id)))
    }

    fn children(&self, node: Node, found: &mut dyn FnMut(Node)) {
        self.below(node, false, found);
    }

    fn attributes(&self, node: Node, found: &mut dyn FnMut(Node)) {
        self.below(node, true, found);
    }

    fn name(&self, node: Node) -> (&str, &str) {
        match node {
            Node::Answer(_, NodeId::ROOT) => ("", &self.instrument.root.name),
            Node::Answer(_, id) => self.tree().names(id),
            _ => ("", ""),
        }
    }

    fn value(&self, node: Node) -> Val<'_> {
        match node {
            Node::Answer(scope, id) => Val::of(self.relevant(scope, id).flatten()),
            _ => Val::BLANK,
        }
    }

    fn order(&self, left: Node, right: Node) -> Ordering {
        self.line(left).cmp(&self.line(right))
    }

    fn column(&self, name: &str) -> &str {
        self.choice.and_then(|choice| choice.extra(name)).unwrap_or_default()
    }

    fn choice_label(&self, question: NodeId, code: &str) -> Cow<'_, str> {
        let Some(item) = self.instrument.item_at(question) else { return "".into() };
        self.label_of(question, item, code)
    }

    fn words(&self, id: &str) -> Val<'_> {
        Val::text(self.instrument.words.get(id).map_or("", |words| words.get(self.language)))
    }

    fn look_up(&self, instance: u32, key: &str, value: &str, wanted: &str) -> Cow<'_, str> {
        self.instrument.instances.look_up(instance, key, value, wanted)
    }

    fn now(&self) -> &Zoned {
        self.now
    }

    fn dice(&self) -> u128 {
        let mut hasher = blake3::Hasher::new_derive_key("nightjar 2026 form random and uuid");
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&self.turn.to_le_bytes());
        hasher.update(&self.node.0.to_le_bytes());
        if let Some(key) = &self.state[self.scope].key {
            hasher.update(key.as_str().as_bytes());
        }
        // Each throw of one expression is another; the first is what it always was.
        let throws = self.throws.get();
        if throws > 0 {
            hasher.update(&throws.to_le_bytes());
        }
        self.throws.set(throws + 1);
        let mut bits = [0; 16];
        bits.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        u128::from_le_bytes(bits)
    }

    fn spend(&self, nodes: usize) -> bool {
        let spent = u32::try_from(nodes).unwrap_or(u32::MAX);
        let left = self.budget.get().checked_sub(spent);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }

    fn fail(&self, _: &str) {}

    fn counts_by_value(&self) -> bool {
        true
    }
}
