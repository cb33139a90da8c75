//! The choices that a question offers now.

use std::borrow::Cow;

use super::Session;
use super::page::ChoiceView;
use super::scene::Scene;
use super::state::ScopeId;
use crate::expr::eval::{Frame, eval_in};
use crate::expr::nodes::{seed_of, shuffled, unseeded};
use crate::expr::val::Val;
use crate::expr::world::{Node, World};
use crate::node::{Itemset, NodeId};
use crate::{Choice, Item};

/// How far the words of a choice follow names of choices in them.
const MOST_NAMES: usize = 8;

/// Most choices that are computed for one question.
const MAX_CHOICES: usize = 5_000;

impl Session {
    /// Whether a code is among the choices now.
    pub(crate) fn offers(&self, scope: ScopeId, id: NodeId, code: &str) -> bool {
        let Some(item) = self.instrument.item_at(id) else { return false };
        match self.instrument.tree[id].itemset.as_deref() {
            None => item.choice(code).is_some(),
            // With duplicates allowed, a code may stand for several choices.
            Some(Itemset::Filtered(_)) => item
                .choices()
                .iter()
                .filter(|choice| choice.code() == code)
                .any(|choice| self.passes(scope, id, choice)),
            Some(Itemset::Dynamic { .. }) => {
                let scene = self.scene(scope, id);
                scene.computed_choices(id).any(|(_, value)| value == code)
            }
        }
    }

    /// Whether a choice passes the filter.
    pub(crate) fn passes(&self, scope: ScopeId, id: NodeId, choice: &Choice) -> bool {
        let Some(Itemset::Filtered(filter)) = self.instrument.tree[id].itemset.as_deref() else {
            return true;
        };
        let mut scene = self.scene(scope, id);
        scene.choice = Some(choice);
        scene.holds(filter)
    }

    /// The choices on offer, in the order they are shown.
    pub(crate) fn offered(&self, scope: ScopeId, id: NodeId, item: &Item) -> Vec<ChoiceView> {
        let scene = self.scene(scope, id);
        let node = &self.instrument.tree[id];
        let choices: Vec<ChoiceView> = match node.itemset.as_deref() {
            Some(Itemset::Dynamic { .. }) => scene
                .computed_choices(id)
                .map(|(node, code)| ChoiceView {
                    label: scene.computed_label(id, node).into_owned(),
                    code,
                    missing: None,
                    image: None,
                })
                .collect(),
            _ => item
                .choices()
                .iter()
                .enumerate()
                .filter(|(_, choice)| self.passes(scope, id, choice))
                .map(|(at, choice)| ChoiceView {
                    code: choice.code().to_owned(),
                    label: scene.choice_words(id, at, choice).into_owned(),
                    missing: choice.missing(),
                    image: choice.image(&self.language).map(str::to_owned),
                })
                .collect(),
        };
        let Some(seed) = &node.randomize else { return choices };
        // Without a seed the order is another for each response, but stays while it lasts.
        let seed = match seed {
            Some(code) => seed_of(&scene.eval(code), &scene),
            None => unseeded(Scene { turn: 0, ..scene }.dice()),
        };
        let order: Vec<usize> = (0..choices.len()).collect();
        let mut choices: Vec<Option<ChoiceView>> = choices.into_iter().map(Some).collect();
        shuffled(&order, seed).into_iter().filter_map(|at| choices[at].take()).collect()
    }

    /// The words of a code of a question.
    pub(crate) fn label_of(&self, scope: ScopeId, id: NodeId, item: &Item, code: &str) -> String {
        let label = self.scene(scope, id).label_of(id, item, code).into_owned();
        if label.is_empty() { code.to_owned() } else { label }
    }
}

impl<'a> Scene<'a> {
    /// The nodes of computed choices, with their codes.
    pub(crate) fn computed_choices(&self, id: NodeId) -> impl Iterator<Item = (Node, String)> + '_ {
        let itemset = match self.instrument.tree[id].itemset.as_deref() {
            Some(Itemset::Dynamic { nodes, value, .. }) => Some((nodes, value)),
            _ => None,
        };
        let nodes = match itemset.filter(|_| !self.choosing.get()).map(|(nodes, _)| {
            self.choosing.set(true);
            let nodes = self.eval(nodes);
            self.choosing.set(false);
            nodes
        }) {
            Some(Val::Nodes(nodes)) => nodes,
            _ => Vec::new(),
        };
        nodes.into_iter().take(MAX_CHOICES).filter_map(move |node| {
            let asked = self.choosing.replace(true);
            let code = eval_in(itemset?.1, self, &Frame::of(node)).into_text(self).into_owned();
            self.choosing.set(asked);
            (!code.is_empty()).then_some((node, code))
        })
    }

    fn computed_label(&self, id: NodeId, node: Node) -> Cow<'_, str> {
        match self.instrument.tree[id].itemset.as_deref() {
            Some(Itemset::Dynamic { label, .. }) => {
                let asked = self.choosing.replace(true);
                let label = eval_in(label, self, &Frame::of(node)).into_text(self);
                self.choosing.set(asked);
                label
            }
            _ => "".into(),
        }
    }

    /// The words of a choice of the list, expressions computed.
    fn choice_words(&self, id: NodeId, at: usize, choice: &'a Choice) -> Cow<'a, str> {
        let computed = &self.instrument.tree[id].choice_words;
        match computed.binary_search_by_key(&at, |(at, _)| *at) {
            // Words may name choices whose words name choices; two that name each other end somewhere.
            Ok(found) if self.naming.get() < MOST_NAMES => {
                self.naming.set(self.naming.get() + 1);
                let shown = self.shown(&computed[found].1);
                self.naming.set(self.naming.get() - 1);
                shown.into()
            }
            _ => choice.label(self.language).into(),
        }
    }

    /// The words of a code; empty when it is none of the choices.
    pub(crate) fn label_of(&self, id: NodeId, item: &'a Item, code: &str) -> Cow<'_, str> {
        if let Some(Itemset::Dynamic { .. }) = self.instrument.tree[id].itemset.as_deref() {
            let found = self.computed_choices(id).find(|(_, value)| value == code).map(|(node, _)| node);
            return found.map_or("".into(), |node| self.computed_label(id, node));
        }
        let found = item.choices().iter().enumerate().find(|(_, choice)| choice.code() == code);
        found.map_or("".into(), |(at, choice)| self.choice_words(id, at, choice))
    }
}
