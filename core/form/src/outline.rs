//! A form from top to bottom: its groups, repeats and items with their expressions as written, for whoever lists it.

use std::borrow::Cow;

use crate::node::{Node, NodeId, NodeKind};
use crate::references::spelled;
use crate::{Instrument, Item, Language, Logic};

/// What a line of an outline is.
#[derive(Debug, Clone, Copy)]
pub enum OutlineKind<'a> {
    /// A group begins; what follows deeper is in it.
    Group,
    /// A repeat begins; what follows deeper is in it.
    Repeat,
    /// A question, note, calculation, hidden item or metadata.
    Item(&'a Item),
}

/// One line of an outline.
#[derive(Debug, Clone, Copy)]
pub struct OutlineLine<'a> {
    node: &'a Node,
    /// How many groups and repeats are around it.
    pub depth: usize,
    /// What it is.
    pub kind: OutlineKind<'a>,
}

impl<'a> OutlineLine<'a> {
    /// The name as written.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.node.name
    }

    /// The words, `${name}` or `${/data/name}` where an answer stands in them; empty when it has none.
    #[must_use]
    pub fn label(&self, language: &Language) -> Cow<'a, str> {
        spelled(self.node.label.source.get(language))
    }

    /// The hint, as [`OutlineLine::label`].
    #[must_use]
    pub fn hint(&self, language: &Language) -> Cow<'a, str> {
        spelled(self.node.hint.source.get(language))
    }

    /// Guidance for the person who asks, as [`OutlineLine::label`].
    #[must_use]
    pub fn guidance(&self, language: &Language) -> Cow<'a, str> {
        spelled(self.node.guidance.source.get(language))
    }

    /// Whether what is in it stands on one page.
    #[must_use]
    pub fn is_one_page(&self) -> bool {
        self.node.field_list
    }

    /// Its expressions as their author wrote them.
    #[must_use]
    pub fn logic(&self) -> Vec<(Logic, &'a str)> {
        let source = &self.node.source;
        let parts = [
            (Logic::Relevant, &source.relevant),
            (Logic::Required, &source.required),
            (Logic::Constraint, &source.constraint),
            (Logic::ReadOnly, &source.read_only),
            (Logic::Calculation, &source.calculation),
            (Logic::Trigger, &source.trigger),
            (Logic::Default, &source.default),
            (Logic::ChoiceFilter, &source.choice_filter),
            (Logic::RepeatCount, &source.repeat_count),
        ];
        parts.into_iter().filter_map(|(what, source)| Some((what, source.as_deref()?))).collect()
    }
}

impl Instrument {
    /// The form from top to bottom.
    #[must_use]
    pub fn outline(&self) -> Vec<OutlineLine<'_>> {
        let mut lines = Vec::with_capacity(self.tree.nodes.len());
        self.below(NodeId::ROOT, 0, &mut lines);
        lines
    }

    fn below<'a>(&'a self, id: NodeId, depth: usize, lines: &mut Vec<OutlineLine<'a>>) {
        for child in self.tree.children(id) {
            let node = &self.tree[child];
            let kind = match (node.kind, self.item_at(child)) {
                (_, Some(item)) => OutlineKind::Item(item),
                (NodeKind::Repeat, None) => OutlineKind::Repeat,
                (_, None) => OutlineKind::Group,
            };
            lines.push(OutlineLine { node, depth, kind });
            self.below(child, depth + 1, lines);
        }
    }
}
