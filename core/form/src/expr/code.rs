//! An expression with its names resolved: what is evaluated, and what it depends on.

use regex::Regex;

use super::function::Function;
use super::syntax::{Axis, Operator};
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
    Text(Box<str>),
    Negate(Box<Code>),
    Binary(Operator, Box<Code>, Box<Code>),
    Call(Function, Box<[Code]>),
    /// One node's value.
    Read(Ref),
    /// All instances' nodes.
    ReadAll(Ref),
    /// How many relevant nodes there are.
    Count(Ref),
    /// The 1-based number of a repeat instance the expression stands in.
    Position(Ref),
    /// `indexed-repeat`: the node, and for each repeat above it the instance number where one is given.
    Indexed(Ref, Box<[Option<Code>]>),
    /// `indexed-repeat` in a document: the nodes, and for each of the repeats around them its nodes and the number.
    IndexedIn(Box<Code>, Box<[(Code, Code)]>),
    /// `regex` with a pattern known beforehand.
    Matches(Box<Code>, Box<Regex>),
    /// `jr:choice-name`: the label of a code of a question.
    ChoiceName(Box<Code>, NodeId),
    /// `jr:itext`: words of the form by their id.
    Words(Box<Code>),
    /// `pulldata`: of an instance's items, the first whose column has the value; its column of the first name.
    Lookup {
        instance: u32,
        column: Box<str>,
        key: Box<str>,
        value: Box<Code>,
    },
    /// A column of the choice that a choice filter looks at.
    Column(Box<str>),
    /// A path that only the answers themselves can resolve.
    Path(Box<PathCode>),
    /// Over a document: a call that is wrong, which matters only if it is run.
    Wrong(Box<str>),
}

/// Nodes, step by step.
#[derive(Debug, Clone)]
pub(crate) struct PathCode {
    pub(crate) start: StartCode,
    /// Predicates on all that the start means together.
    pub(crate) filters: Vec<Code>,
    pub(crate) steps: Vec<StepCode>,
    /// What the path may come by in the answers, with the repeats that are fixed.
    pub(crate) needs: Vec<(Need, usize)>,
}

/// Where a path starts.
#[derive(Debug, Clone)]
pub(crate) enum StartCode {
    /// A node of the answers, in all instances that the reference means.
    Answers(Ref),
    /// What a predicate looks at; outside predicates, the node of the expression.
    Context,
    /// The node of the expression, in a predicate too.
    Current,
    /// The document's own node.
    Document,
    /// The secondary instance of a name.
    Instance(Code),
    /// What another expression gives.
    Expr(Code),
}

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct StepCode {
    pub(crate) axis: Axis,
    pub(crate) test: TestCode,
    pub(crate) predicates: Vec<Code>,
}

/// Which nodes a step takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TestCode {
    Name(QualifiedName),
    /// All elements (attributes, on their axis) of a namespace.
    AnyOf(Box<str>),
    Any,
    Node,
    Text,
    Comment,
    Instruction(Option<Box<str>>),
}

/// A name as an expression writes it. Without a prefix it means what is written without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QualifiedName {
    pub(crate) prefix: Box<str>,
    pub(crate) local: Box<str>,
    /// What the prefix stands for, where that is known.
    pub(crate) namespace: Option<Box<str>>,
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
    /// The words of a question's choices, and whatever they refer to.
    Choices(NodeId),
}

impl Code {
    /// Whether it computes a number from numbers.
    pub(crate) fn is_arithmetic(&self) -> bool {
        match self {
            Code::Binary(operator, ..) => operator.is_arithmetic(),
            Code::Negate(_) => true,
            _ => false,
        }
    }

    /// Visits everything the code depends on, with the number of repeats that the dependency fixes.
    pub(crate) fn needs(&self, found: &mut dyn FnMut(Need, usize)) {
        match self {
            Code::Number(_) | Code::Text(_) | Code::Column(_) | Code::Wrong(_) => {}
            Code::Negate(inner) | Code::Matches(inner, _) | Code::Lookup { value: inner, .. } => {
                inner.needs(found);
            }
            Code::Binary(_, left, right) => {
                left.needs(found);
                right.needs(found);
            }
            Code::Call(function, arguments) => {
                if function.names_months() {
                    found(Need::Language, 0);
                }
                arguments.iter().for_each(|argument| argument.needs(found));
            }
            Code::Read(r) | Code::ReadAll(r) => found(Need::Value(r.node), r.fixed),
            Code::Count(r) => found(Need::Relevance(r.node), r.fixed),
            Code::Position(r) => found(Need::Order(r.node), r.fixed.saturating_sub(1)),
            Code::Indexed(r, indices) => {
                // Any instance may be the one: nothing below the levels without index is fixed.
                let fixed = indices.iter().take_while(|index| index.is_none()).count().min(r.fixed);
                found(Need::Value(r.node), fixed);
                indices.iter().flatten().for_each(|index| index.needs(found));
            }
            Code::IndexedIn(target, repeats) => {
                target.needs(found);
                for (repeat, index) in repeats {
                    repeat.needs(found);
                    index.needs(found);
                }
            }
            Code::ChoiceName(value, question) => {
                found(Need::Language, 0);
                found(Need::Choices(*question), 0);
                value.needs(found);
            }
            Code::Words(value) => {
                found(Need::Language, 0);
                value.needs(found);
            }
            Code::Path(path) => path.all_needs(found),
        }
    }
}

impl PathCode {
    fn all_needs(&self, found: &mut dyn FnMut(Need, usize)) {
        for (need, fixed) in &self.needs {
            found(*need, *fixed);
        }
        match &self.start {
            StartCode::Instance(code) | StartCode::Expr(code) => code.needs(found),
            StartCode::Answers(_) | StartCode::Context | StartCode::Current | StartCode::Document => {}
        }
        let steps = self.steps.iter().flat_map(|step| &step.predicates);
        self.filters.iter().chain(steps).for_each(|code| code.needs(found));
    }
}
