//! `enableWhen` for the conditions of which R4 and XLSForm say the same for every answer, blanks included.
//!
//! R4: `=` holds if *any* answer is equal, `!=` if *none* is (a blank among that), `>` and its kin if any answer is, and
//! `exists` asks for an answer. XLSForm reads a blank as an empty text and as no number, so that `!=` holds and `>` does
//! not. What differs, as `=` of a question with several ticks, is not written.

use super::Writer;
use super::resource::{Answer, Coding, EnableWhen};
use crate::logic::{Comparison, Condition, Literal, choice_of};
use crate::node::NodeId;
use crate::{Item, ItemKind};

/// The rule, and how its parts go together when they are several.
type Rule = (Vec<EnableWhen>, Option<&'static str>);

impl Writer<'_> {
    /// The rule that says the same as a condition of a node.
    pub(super) fn enable(&self, id: NodeId, condition: &Condition) -> Option<Rule> {
        let (parts, behavior) = match condition {
            Condition::All(parts) => (parts.as_slice(), Some("all")),
            Condition::Any(parts) => (parts.as_slice(), Some("any")),
            single => (std::slice::from_ref(single), None),
        };
        let when = parts.iter().map(|part| self.when(id, part)).collect::<Option<Vec<_>>>()?;
        Some((when, behavior))
    }

    fn when(&self, id: NodeId, condition: &Condition) -> Option<EnableWhen> {
        match condition {
            Condition::Is(node, comparison, literal) => {
                let item = self.earlier(id, *node)?;
                let answer = self.answer(item, *comparison, literal)?;
                Some(self.rule(*node, comparison.sign(), answer))
            }
            Condition::Has(node, code) | Condition::HasNot(node, code) => {
                let item = self.earlier(id, *node)?;
                item.choice(code).filter(|_| item.kind != ItemKind::Rank)?;
                let sign = if matches!(condition, Condition::Has(..)) { "=" } else { "!=" };
                Some(self.rule(*node, sign, self.coding(item, code)))
            }
            Condition::Given(node) | Condition::Blank(node) => {
                self.earlier(id, *node)?;
                let given = matches!(condition, Condition::Given(_));
                Some(self.rule(*node, "exists", Answer::Boolean(given)))
            }
            _ => None,
        }
    }

    /// A question that comes before a node and has one answer for it: in the same instance or around it.
    fn earlier(&self, id: NodeId, question: NodeId) -> Option<&Item> {
        let tree = &self.form.tree;
        let scope = tree[question].scope;
        let around = scope == NodeId::ROOT || tree.repeats(id).contains(&scope);
        let item = self.form.item_at(question)?;
        (question < id && around && item.kind.is_asked()).then_some(item)
    }

    fn rule(&self, question: NodeId, operator: &'static str, answer: Answer) -> EnableWhen {
        EnableWhen { question: self.links.get(&question).cloned().unwrap_or_default(), operator, answer }
    }

    fn coding(&self, item: &Item, code: &str) -> Answer {
        Answer::Coding(Coding { system: self.system(item), code: code.to_owned(), ..Coding::default() })
    }

    fn answer(&self, item: &Item, comparison: Comparison, literal: &Literal) -> Option<Answer> {
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match (item.kind, literal) {
            (ItemKind::SelectOne, _) if equality => {
                choice_of(item, literal).map(|choice| self.coding(item, &choice.code))
            }
            (ItemKind::Acknowledge, Literal::Text(code)) if equality && code == crate::reading::TICK => {
                Some(Answer::Boolean(true))
            }
            (ItemKind::Integer, Literal::Number(n)) => whole(*n).map(Answer::Integer),
            (ItemKind::Range, Literal::Number(n)) if item.scale.is_some_and(super::item::is_whole) => {
                whole(*n).map(Answer::Integer)
            }
            (ItemKind::Decimal | ItemKind::Range, Literal::Number(n)) => Some(Answer::Decimal(*n)),
            (ItemKind::Date, Literal::Text(text)) if text.parse::<jiff::civil::Date>().is_ok() => {
                Some(Answer::Date(text.clone()))
            }
            // FHIR's strings are compared as they are; so are ours, but for blanks around a number.
            (ItemKind::Text, Literal::Text(text)) if equality => Some(Answer::String(text.clone())),
            _ => None,
        }
    }
}

/// A whole number that FHIR's 32 bits hold.
pub(super) fn whole(n: f64) -> Option<i32> {
    let fits = n.fract() == 0.0 && f64::from(i32::MIN) <= n && n <= f64::from(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 32 bits")]
    fits.then_some(n as i32)
}
