//! Changes of expressions, as they are written.

use super::{Change, Effect, Finder, Logic};
use crate::node::{NodeId, Source};

/// An expression of a node.
type Part = fn(&Source) -> Option<&str>;

const PARTS: [(Logic, Effect, Part); 9] = [
    // Others are asked than before: the answers mean the same, what they are out of does not.
    (Logic::Relevant, Effect::Widens, |source| source.relevant.as_deref()),
    (Logic::Required, Effect::Safe, |source| source.required.as_deref()),
    (Logic::Constraint, Effect::Widens, |source| source.constraint.as_deref()),
    (Logic::ReadOnly, Effect::Safe, |source| source.read_only.as_deref()),
    // One column, two formulas.
    (Logic::Calculation, Effect::Breaks, |source| source.calculation.as_deref()),
    (Logic::Default, Effect::Safe, |source| source.default.as_deref()),
    (Logic::ChoiceFilter, Effect::Widens, |source| source.choice_filter.as_deref()),
    (Logic::RepeatCount, Effect::Widens, |source| source.repeat_count.as_deref()),
    (Logic::Trigger, Effect::Widens, |source| source.trigger.as_deref()),
];

impl Finder<'_> {
    pub(super) fn logic(&mut self, before: NodeId, after: NodeId) {
        for (what, effect, of) in PARTS {
            let (from, to) = (of(&self.old.tree[before].source), of(&self.new.tree[after].source));
            // Space outside quotes says nothing; a change inside them may be lost in this, one of space alone.
            let tight = |text: Option<&str>| text.map(|t| t.split_whitespace().collect::<Vec<_>>().join(" "));
            if tight(from) != tight(to) {
                let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
                self.change(after, Change::Logic { what, from, to }, effect);
            }
        }
    }
}
