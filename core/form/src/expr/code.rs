//! An expression with its names resolved: what is evaluated, and what it depends on.

use regex::Regex;

use super::function::Function;
use super::syntax::Operator;
use crate::node::NodeId;

/// A node seen from where an expression stands: of the repeats at or above it, the outermost `fixed` are those the
/// expression is in; below that, the reference means every instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ref {
    pub(crate) node: NodeId,
    pub(crate) fixed: usize,
}

/// Compiled expression.
#[derive(Debug, Clone)]
pub(crate) enum Code {
    Number(f64),
    Text(String),
    Negate(Box<Code>),
    Binary(Operator, Box<Code>, Box<Code>),
    Call(Function, Vec<Code>),
    /// One node's value.
    Read(Ref),
    /// The values of all instances' nodes.
    ReadAll(Ref),
    /// How many relevant nodes there are.
    Count(Ref),
    /// The 1-based number of a repeat instance the expression stands in.
    Position(Ref),
    /// `indexed-repeat`: the node, and for each repeat above it the instance number where one is given.
    Indexed(Ref, Vec<Option<Code>>),
    /// `regex` with a pattern known beforehand.
    Matches(Box<Code>, Box<Regex>),
    /// `jr:choice-name`: the label of a code of a question.
    ChoiceName(Box<Code>, NodeId),
    /// A column of the choice that a choice filter looks at.
    Column(String),
}

/// Something an expression depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Need {
    /// The value and relevance of an item.
    Value(NodeId),
    /// The relevance of a group or repeat.
    Relevance(NodeId),
    /// Which number an instance of a repeat has.
    Order(NodeId),
    /// The language on display.
    Language,
}

impl Code {
    /// Visits everything the code depends on, with the number of repeats that the dependency fixes.
    pub(crate) fn needs(&self, found: &mut dyn FnMut(Need, usize)) {
        match self {
            Code::Number(_) | Code::Text(_) | Code::Column(_) => {}
            Code::Negate(inner) | Code::Matches(inner, _) => inner.needs(found),
            Code::Binary(_, left, right) => {
                left.needs(found);
                right.needs(found);
            }
            Code::Call(_, arguments) => arguments.iter().for_each(|argument| argument.needs(found)),
            Code::Read(r) | Code::ReadAll(r) => found(Need::Value(r.node), r.fixed),
            Code::Count(r) => found(Need::Relevance(r.node), r.fixed),
            Code::Position(r) => found(Need::Order(r.node), r.fixed.saturating_sub(1)),
            Code::Indexed(r, indices) => {
                // Any instance may be the one: nothing below the levels without index is fixed.
                let fixed = indices.iter().take_while(|index| index.is_none()).count().min(r.fixed);
                found(Need::Value(r.node), fixed);
                indices.iter().flatten().for_each(|index| index.needs(found));
            }
            Code::ChoiceName(value, _) => {
                found(Need::Language, 0);
                value.needs(found);
            }
        }
    }
}
