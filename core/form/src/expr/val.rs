//! What an expression computes: XPath's four types.

use std::borrow::Cow;

use super::calendar;
use super::number;
use super::world::{Node, World};
use crate::Value;

/// A value while an expression runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Val<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Boolean(bool),
    Nodes(Vec<Node>),
}

impl<'a> Val<'a> {
    pub(crate) const BLANK: Val<'static> = Val::Text(Cow::Borrowed(""));

    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Val<'a> {
        Val::Text(text.into())
    }

    /// A stored value as expressions see it: numbers stay numbers, all else is text, nothing is blank.
    #[inline]
    pub(crate) fn of(value: Option<&'a Value>) -> Val<'a> {
        match value {
            None | Some(Value::Missing(_)) => Val::BLANK,
            #[expect(clippy::cast_precision_loss, reason = "XPath numbers are doubles")]
            Some(Value::Integer(n)) => Val::Number(*n as f64),
            Some(Value::Decimal(n)) => Val::Number(*n),
            Some(Value::Text(text) | Value::One(text)) => Val::Text(Cow::Borrowed(text)),
            Some(other) => Val::Text(Cow::Owned(other.to_text())),
        }
    }

    /// The value of the first node, or the value itself.
    fn single<W: World>(self, world: &'a W) -> Val<'a> {
        match self {
            Val::Nodes(nodes) => nodes.first().map_or(Val::BLANK, |node| node.value(world)),
            single => single,
        }
    }

    /// XPath's `string()`.
    pub(crate) fn into_text<W: World>(self, world: &'a W) -> Cow<'a, str> {
        match self.single(world) {
            Val::Text(text) => text,
            Val::Number(n) => number::to_text(n).into(),
            Val::Boolean(b) => if b { "true" } else { "false" }.into(),
            Val::Nodes(_) => "".into(),
        }
    }

    /// XPath's `number()`; dates count in days since 1970-01-01, blank is NaN.
    #[inline]
    pub(crate) fn to_number<W: World>(&self, world: &W) -> f64 {
        match self {
            Val::Text(text) => text_to_number(text),
            Val::Number(n) => *n,
            Val::Boolean(b) => f64::from(u8::from(*b)),
            Val::Nodes(nodes) => match nodes.first().map(|node| node.value(world)) {
                Some(Val::Text(text)) => text_to_number(&text),
                Some(Val::Number(n)) => n,
                _ => f64::NAN,
            },
        }
    }

    /// XPath's `boolean()`; for a single node see [`World::counts_by_value`].
    pub(crate) fn to_boolean<W: World>(&self, world: &W) -> bool {
        match self {
            Val::Text(text) => !text.is_empty(),
            Val::Number(n) => *n != 0.0 && !n.is_nan(),
            Val::Boolean(b) => *b,
            Val::Nodes(nodes) => match nodes.as_slice() {
                [one] if world.counts_by_value() => one.value(world).to_boolean(world),
                nodes => !nodes.is_empty(),
            },
        }
    }

    /// Whether there is nothing in it: what is stored as no value.
    pub(crate) fn is_blank<W: World>(&self, world: &W) -> bool {
        match self {
            Val::Text(text) => text.is_empty(),
            Val::Number(n) => n.is_nan(),
            Val::Boolean(_) => false,
            Val::Nodes(nodes) => nodes.first().is_none_or(|node| node.value(world).is_blank(world)),
        }
    }

    /// The value of each node, or the value itself.
    pub(crate) fn each<W: World>(self, world: &'a W, found: &mut dyn FnMut(Val<'a>)) {
        match self {
            Val::Nodes(nodes) => nodes.into_iter().for_each(|node| found(node.value(world))),
            single => found(single),
        }
    }

    /// `=`: boolean before number before text; several nodes are equal when any one is.
    pub(crate) fn equals<W: World>(&self, other: &Val<'_>, world: &W) -> bool {
        self.any_pair(other, world, &mut |left, right| same(left, right, world))
    }

    /// `!=`: of several nodes, when any one differs.
    pub(crate) fn differs<W: World>(&self, other: &Val<'_>, world: &W) -> bool {
        self.any_pair(other, world, &mut |left, right| !same(left, right, world))
    }

    /// `<` and its kin: both sides as numbers.
    pub(crate) fn compares<W: World>(&self, other: &Val<'_>, world: &W, order: fn(f64, f64) -> bool) -> bool {
        self.any_pair(other, world, &mut |left, right| order(left.to_number(world), right.to_number(world)))
    }

    fn any_pair<W: World>(
        &self,
        other: &Val<'_>,
        world: &W,
        holds: &mut dyn FnMut(&Val<'_>, &Val<'_>) -> bool,
    ) -> bool {
        match (self, other) {
            (Val::Nodes(_), Val::Boolean(_)) => holds(&Val::Boolean(self.to_boolean(world)), other),
            (Val::Boolean(_), Val::Nodes(_)) => holds(self, &Val::Boolean(other.to_boolean(world))),
            (Val::Nodes(nodes), Val::Nodes(others)) => nodes.iter().any(|node| {
                let left = node.value(world);
                world.spend(others.len()) && others.iter().any(|other| holds(&left, &other.value(world)))
            }),
            (Val::Nodes(nodes), other) => nodes.iter().any(|node| holds(&node.value(world), other)),
            (one, Val::Nodes(nodes)) => nodes.iter().any(|node| holds(one, &node.value(world))),
            (left, right) => holds(left, right),
        }
    }
}

fn same<W: World>(left: &Val<'_>, right: &Val<'_>, world: &W) -> bool {
    match (left, right) {
        (Val::Boolean(b), other) | (other, Val::Boolean(b)) => *b == other.to_boolean(world),
        (Val::Number(n), other) | (other, Val::Number(n)) => *n == other.to_number(world),
        (Val::Text(left), Val::Text(right)) => left == right,
        _ => false,
    }
}

fn text_to_number(text: &str) -> f64 {
    number::from_text(text).or_else(|| calendar::days(text)).unwrap_or(f64::NAN)
}
