//! What an expression sees from where it stands.

use jiff::Zoned;

use super::state::{ScopeId, State};
use crate::expr::code::Ref;
use crate::expr::eval::{World, eval};
use crate::expr::val::Val;
use crate::node::{NodeId, NodeKind, Piece, Tree, Words};
use crate::{Choice, Instrument, Language, Value};

/// A place in the answers, with the clock and the language on display.
#[derive(Clone, Copy)]
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
}

impl<'a> Scene<'a> {
    fn tree(&self) -> &'a Tree {
        &self.instrument.tree
    }

    pub(crate) fn eval(&self, code: &crate::expr::code::Code) -> Val {
        eval(code, self)
    }

    /// Words in the language on display, references replaced.
    pub(crate) fn words(&self, words: &Words) -> String {
        let shown = match words.source.exact(self.language) {
            Some(_) => Some(self.language),
            None => words.source.0.first().map(|(language, _)| language),
        };
        let pieces = words.outputs.iter().find(|(language, _)| Some(language) == shown);
        let Some((_, pieces)) = pieces else { return words.source.get(self.language).to_owned() };
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text.clone(),
                Piece::Output(node) => self.read(*node).map(Value::to_text).unwrap_or_default(),
            })
            .collect()
    }

    fn relevant(&self, scope: ScopeId, node: NodeId) -> Option<Option<&'a Value>> {
        // An empty repeat may be looked at from outside: then there is no cell.
        if self.state[scope].node != self.tree()[node].scope {
            return None;
        }
        let cell = self.state.cell(self.tree(), scope, node);
        cell.relevant.then(|| cell.current())
    }
}

impl World for Scene<'_> {
    fn read(&self, node: Ref) -> Option<&Value> {
        self.relevant(self.state.climb(self.scope, node.fixed), node.node).flatten()
    }

    fn each(&self, node: Ref, found: &mut dyn FnMut(Option<&Value>)) {
        let outer = self.state.climb(self.scope, node.fixed);
        self.state.within(self.tree(), outer, self.tree()[node.node].scope, &mut |scope| {
            if let Some(value) = self.relevant(scope, node.node) {
                found(value);
            }
        });
    }

    fn position(&self, repeat: Ref) -> usize {
        self.state[self.state.climb(self.scope, repeat.fixed)].number
    }

    fn read_at(&self, node: Ref, instances: &[Option<usize>]) -> Option<&Value> {
        let mut scope = ScopeId::ROOT;
        for (level, (repeat, number)) in self.tree().repeats(node.node).into_iter().zip(instances).enumerate()
        {
            scope = match number {
                Some(number) => *self.state.list(self.tree(), scope, repeat).get(number.checked_sub(1)?)?,
                None => self.state.climb(self.scope, level + 1),
            };
            if self.state[scope].node != repeat {
                return None;
            }
        }
        self.relevant(scope, node.node).flatten()
    }

    fn own(&self) -> Option<&Value> {
        self.state.cell(self.tree(), self.scope, self.node).value.as_ref()
    }

    fn column(&self, name: &str) -> &str {
        self.choice.and_then(|choice| choice.extra(name)).unwrap_or_default()
    }

    fn choice_label(&self, question: NodeId, code: &str) -> &str {
        let NodeKind::Item(index) = self.tree()[question].kind else { return "" };
        let choice = self.instrument.items.get(index).and_then(|item| item.choice(code));
        choice.map_or("", |choice| choice.label(self.language))
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
        let mut bits = [0; 16];
        bits.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        u128::from_le_bytes(bits)
    }
}
