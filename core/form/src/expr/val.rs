//! What an expression computes: XPath's four types.

use super::calendar;
use super::number;
use crate::Value;

/// A value while an expression runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val {
    Text(String),
    Number(f64),
    Boolean(bool),
    /// The values of several nodes, none of them `Nodes`.
    Nodes(Vec<Val>),
}

impl Val {
    pub(crate) const BLANK: Val = Val::Text(String::new());

    pub(crate) fn text(text: impl Into<String>) -> Val {
        Val::Text(text.into())
    }

    /// A stored value as expressions see it: numbers stay numbers, all else is text, nothing is blank.
    pub(crate) fn of(value: Option<&Value>) -> Val {
        match value {
            None => Val::BLANK,
            #[expect(clippy::cast_precision_loss, reason = "XPath numbers are doubles")]
            Some(Value::Integer(n)) => Val::Number(*n as f64),
            Some(Value::Decimal(n)) => Val::Number(*n),
            Some(other) => Val::Text(other.to_text()),
        }
    }

    /// XPath's `string()`.
    pub(crate) fn into_text(self) -> String {
        match self {
            Val::Text(text) => text,
            Val::Number(n) => number::to_text(n),
            Val::Boolean(b) => if b { "true" } else { "false" }.to_owned(),
            Val::Nodes(nodes) => nodes.into_iter().next().map(Val::into_text).unwrap_or_default(),
        }
    }

    /// XPath's `number()`; dates count in days since 1970-01-01, blank is NaN.
    pub(crate) fn to_number(&self) -> f64 {
        match self {
            Val::Text(text) => number::from_text(text).or_else(|| calendar::days(text)).unwrap_or(f64::NAN),
            Val::Number(n) => *n,
            Val::Boolean(b) => f64::from(u8::from(*b)),
            Val::Nodes(nodes) => nodes.first().map_or(f64::NAN, Val::to_number),
        }
    }

    /// XPath's `boolean()`; a single node counts by its value, as JavaRosa has it.
    pub(crate) fn to_boolean(&self) -> bool {
        match self {
            Val::Text(text) => !text.is_empty(),
            Val::Number(n) => *n != 0.0 && !n.is_nan(),
            Val::Boolean(b) => *b,
            Val::Nodes(nodes) => !nodes.is_empty(),
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Val::Text(text) => text.is_empty(),
            Val::Number(n) => n.is_nan(),
            Val::Boolean(_) => false,
            Val::Nodes(nodes) => nodes.iter().all(Val::is_blank),
        }
    }

    /// Each node, or the value itself.
    pub(crate) fn into_nodes(self) -> Vec<Val> {
        match self {
            Val::Nodes(nodes) => nodes,
            single => vec![single],
        }
    }

    /// `=`: boolean before number before text; several nodes are equal when any one is.
    pub(crate) fn equals(&self, other: &Val) -> bool {
        self.any_pair(other, &|left, right| match (left, right) {
            (Val::Boolean(b), other) | (other, Val::Boolean(b)) => *b == other.to_boolean(),
            (Val::Number(n), other) | (other, Val::Number(n)) => *n == other.to_number(),
            (Val::Text(left), Val::Text(right)) => left == right,
            _ => false,
        })
    }

    /// `!=`: of several nodes, when any one differs.
    pub(crate) fn differs(&self, other: &Val) -> bool {
        self.any_pair(other, &|left, right| !left.equals(right))
    }

    /// `<` and its kin: both sides as numbers.
    pub(crate) fn compares(&self, other: &Val, order: fn(f64, f64) -> bool) -> bool {
        self.any_pair(other, &|left, right| order(left.to_number(), right.to_number()))
    }

    fn any_pair(&self, other: &Val, holds: &dyn Fn(&Val, &Val) -> bool) -> bool {
        match (self, other) {
            (Val::Nodes(nodes), Val::Boolean(_)) => holds(&Val::Boolean(!nodes.is_empty()), other),
            (Val::Boolean(_), Val::Nodes(nodes)) => holds(self, &Val::Boolean(!nodes.is_empty())),
            (Val::Nodes(nodes), other) => nodes.iter().any(|node| node.any_pair(other, holds)),
            (one, Val::Nodes(nodes)) => nodes.iter().any(|node| holds(one, node)),
            (left, right) => holds(left, right),
        }
    }
}
