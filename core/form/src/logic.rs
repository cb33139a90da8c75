//! Conditions as a person would say them: the common shapes of expressions, told apart from those that only a machine reads.
//!
//! The paper form says them in words, FHIR takes those it can prove. Nothing here evaluates: an expression that has
//! none of the shapes stays the text that its author wrote.

use crate::expr::parse::parse;
use crate::expr::syntax::{Expr, Operator, Path, Start, Step, Test};
use crate::node::{NodeId, NodeKind, Tree};
use crate::{Instrument, Item};

/// How a question is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a question is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Number(f64),
    Text(String),
    /// `today()`
    Today,
    /// Another question.
    Question(NodeId),
}

/// A condition on answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// `true()`, `false()`
    Constant(bool),
    /// All of these hold; two at least.
    All(Vec<Condition>),
    /// One of these holds; two at least.
    Any(Vec<Condition>),
    /// This does not hold, and no comparison the other way round says the same of a blank.
    Not(Box<Condition>),
    /// The answer compared with something.
    Is(NodeId, Comparison, Literal),
    /// The length of the answer in characters.
    Length(NodeId, Comparison, f64),
    /// How many choices are taken.
    Count(NodeId, Comparison, f64),
    /// The choice with this code is taken, among others perhaps.
    Has(NodeId, String),
    /// The choice with this code is not taken.
    HasNot(NodeId, String),
    /// There is an answer.
    Given(NodeId),
    /// There is none.
    Blank(NodeId),
    /// None of the shapes.
    Other(Box<str>),
}

impl Comparison {
    fn of(operator: Operator) -> Option<Comparison> {
        Some(match operator {
            Operator::Equal => Comparison::Equal,
            Operator::NotEqual => Comparison::NotEqual,
            Operator::Less => Comparison::Less,
            Operator::LessOrEqual => Comparison::LessOrEqual,
            Operator::Greater => Comparison::Greater,
            Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    /// With its sides swapped.
    fn turned(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            same => same,
        }
    }

    /// As an expression writes it, and FHIR.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

impl Condition {
    /// The condition that an expression of a node states.
    pub(crate) fn of(tree: &Tree, node: NodeId, source: &str) -> Condition {
        match source.trim().to_lowercase().as_str() {
            "yes" | "true" | "1" => return Condition::Constant(true),
            "no" | "false" | "0" => return Condition::Constant(false),
            _ => {}
        }
        let read = parse(source).ok().and_then(|expr| Reader { tree, node }.condition(&expr));
        read.unwrap_or_else(|| Condition::Other(source.trim().into()))
    }

    /// Like [`Condition::of`], but of several things that must hold together, those that are understood are kept apart from
    /// those that are not: for who looks for one of them.
    pub(crate) fn of_parts(tree: &Tree, node: NodeId, source: &str) -> Condition {
        fn parts(reader: &Reader<'_>, expr: &Expr, found: &mut Vec<Condition>) {
            if let Expr::Binary(Operator::And, left, right) = expr {
                parts(reader, left, found);
                parts(reader, right, found);
            } else {
                found.extend(reader.condition(expr));
            }
        }
        let mut found = Vec::new();
        if let Ok(expr) = parse(source) {
            parts(&Reader { tree, node }, &expr, &mut found);
        }
        Condition::All(found)
    }

    /// Whether every part of it has one of the shapes.
    pub(crate) fn is_plain(&self) -> bool {
        match self {
            Condition::All(all) | Condition::Any(all) => all.iter().all(Condition::is_plain),
            Condition::Not(inner) => inner.is_plain(),
            Condition::Other(_) => false,
            _ => true,
        }
    }

    fn negated(self) -> Condition {
        match self {
            Condition::Constant(yes) => Condition::Constant(!yes),
            Condition::Not(inner) => *inner,
            Condition::All(all) => Condition::Any(all.into_iter().map(Condition::negated).collect()),
            Condition::Any(all) => Condition::All(all.into_iter().map(Condition::negated).collect()),
            Condition::Has(node, code) => Condition::HasNot(node, code),
            Condition::HasNot(node, code) => Condition::Has(node, code),
            Condition::Given(node) => Condition::Blank(node),
            Condition::Blank(node) => Condition::Given(node),
            Condition::Is(node, Comparison::Equal, with) => Condition::Is(node, Comparison::NotEqual, with),
            Condition::Is(node, Comparison::NotEqual, with) => Condition::Is(node, Comparison::Equal, with),
            // `not(x < 5)` holds for a blank, `x >= 5` does not.
            other => Condition::Not(Box::new(other)),
        }
    }
}

/// Reads the syntax tree of an expression that belongs to a node.
struct Reader<'a> {
    tree: &'a Tree,
    node: NodeId,
}

impl Reader<'_> {
    /// `None` when any part has none of the shapes: half a condition in words would be a wrong one.
    fn condition(&self, expr: &Expr) -> Option<Condition> {
        match expr {
            Expr::Binary(Operator::And, left, right) => {
                let (left, right) = (self.condition(left)?, self.condition(right)?);
                Some(Condition::All(joined(left, right, |c| match c {
                    Condition::All(all) => Ok(all),
                    other => Err(other),
                })))
            }
            Expr::Binary(Operator::Or, left, right) => {
                let (left, right) = (self.condition(left)?, self.condition(right)?);
                Some(Condition::Any(joined(left, right, |c| match c {
                    Condition::Any(all) => Ok(all),
                    other => Err(other),
                })))
            }
            Expr::Binary(operator, left, right) => {
                let comparison = Comparison::of(*operator)?;
                self.compared(left, comparison, right)
                    .or_else(|| self.compared(right, comparison.turned(), left))
            }
            Expr::Call(name, arguments) => self.called(name, arguments),
            _ => None,
        }
    }

    fn called(&self, name: &str, arguments: &[Expr]) -> Option<Condition> {
        match (name, arguments) {
            ("true", []) => Some(Condition::Constant(true)),
            ("false", []) => Some(Condition::Constant(false)),
            ("not", [inner]) => Some(self.condition(inner)?.negated()),
            ("boolean", [inner]) => self.condition(inner),
            ("selected", [question, Expr::Text(code)]) => {
                Some(Condition::Has(self.question(question)?, code.clone()))
            }
            _ => None,
        }
    }

    fn compared(&self, left: &Expr, comparison: Comparison, right: &Expr) -> Option<Condition> {
        if let (Expr::Call(name, arguments), Some(number)) = (left, number(right))
            && let [question] = arguments.as_slice()
        {
            let question = self.question(question)?;
            let none = matches!((comparison, number), (Comparison::Equal | Comparison::LessOrEqual, 0.0))
                || (comparison == Comparison::Less && number == 1.0);
            let some = matches!((comparison, number), (Comparison::NotEqual | Comparison::Greater, 0.0))
                || (comparison == Comparison::GreaterOrEqual && number == 1.0);
            return match name.as_str() {
                "string-length" | "count-selected" if none => Some(Condition::Blank(question)),
                "string-length" | "count-selected" if some => Some(Condition::Given(question)),
                "string-length" => Some(Condition::Length(question, comparison, number)),
                "count-selected" => Some(Condition::Count(question, comparison, number)),
                _ => None,
            };
        }
        let question = self.question(left)?;
        let literal = match right {
            Expr::Text(text) if text.is_empty() => {
                return match comparison {
                    Comparison::Equal => Some(Condition::Blank(question)),
                    Comparison::NotEqual => Some(Condition::Given(question)),
                    _ => None,
                };
            }
            Expr::Text(text) => Literal::Text(text.clone()),
            Expr::Call(name, arguments) if name == "today" && arguments.is_empty() => Literal::Today,
            Expr::Call(name, arguments) => match (name.as_str(), arguments.as_slice()) {
                ("date" | "string", [Expr::Text(text)]) => Literal::Text(text.clone()),
                ("number" | "int", [inner]) => Literal::Number(number(inner)?),
                _ => return None,
            },
            other => match number(other) {
                Some(number) => Literal::Number(number),
                None => Literal::Question(self.question(other)?),
            },
        };
        Some(Condition::Is(question, comparison, literal))
    }

    fn question(&self, expr: &Expr) -> Option<NodeId> {
        let Expr::Path(path) = expr else { return None };
        let found = node_at(self.tree, self.node, path)?;
        matches!(self.tree[found].kind, NodeKind::Item(_)).then_some(found)
    }
}

/// The item that an expression means, if it is nothing but the way to one.
pub(crate) fn question(tree: &Tree, node: NodeId, source: &str) -> Option<NodeId> {
    Reader { tree, node }.question(&parse(source).ok()?)
}

fn joined(
    left: Condition,
    right: Condition,
    parts: impl Fn(Condition) -> Result<Vec<Condition>, Condition>,
) -> Vec<Condition> {
    [left, right].into_iter().flat_map(|side| parts(side).unwrap_or_else(|one| vec![one])).collect()
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Number(number) => Some(*number),
        Expr::Negate(inner) => number(inner).map(|number| -number),
        _ => None,
    }
}

/// The one node that a path without predicates means, seen from a node.
fn node_at(tree: &Tree, from: NodeId, path: &Path) -> Option<NodeId> {
    if !path.filters.is_empty() {
        return None;
    }
    let steps = path.steps.as_slice();
    let (start, steps) = match &path.start {
        Start::Reference(name) => (named(tree, from, name)?, steps),
        Start::Here => (from, steps),
        // The first step is the root element, whatever it is called.
        Start::Root => (NodeId::ROOT, steps.get(1..)?),
        Start::Expr(inner) => match &**inner {
            Expr::Call(name, arguments) if name == "current" && arguments.is_empty() => (from, steps),
            _ => return None,
        },
    };
    steps.iter().try_fold(start, |node, step| stepped(tree, node, step))
}

fn stepped(tree: &Tree, node: NodeId, step: &Step) -> Option<NodeId> {
    if !step.predicates.is_empty() {
        return None;
    }
    match &step.test {
        Test::Here => Some(node),
        Test::Parent => {
            let mut up = tree[node].parent;
            while tree[up].written.unwritten {
                up = tree[up].parent;
            }
            Some(up)
        }
        Test::Child(name) => child(tree, node, name),
        _ => None,
    }
}

/// A child by name, also through groups that no expression knows of.
fn child(tree: &Tree, node: NodeId, name: &str) -> Option<NodeId> {
    tree.children(node).find_map(|id| match tree[id].written.unwritten {
        true => child(tree, id, name),
        false => (*tree[id].name == *name).then_some(id),
    })
}

/// The one node with a name that stands in the scope of another or around it.
fn named(tree: &Tree, from: NodeId, name: &str) -> Option<NodeId> {
    let twins = tree.by_name.get(name)?;
    if let [only] = twins.as_slice() {
        return Some(*only);
    }
    let around: Vec<NodeId> = tree.repeats(from).into_iter().rev().chain([NodeId::ROOT]).collect();
    around.into_iter().find_map(|scope| {
        let mut here = twins.iter().filter(|twin| tree[**twin].scope == scope);
        match (here.next(), here.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    })
}

impl Instrument {
    /// The node of an item.
    pub(crate) fn node_of(&self, item: &Item) -> Option<NodeId> {
        self.tree.by_path.get(&item.path).copied()
    }
}

/// The choice that a literal means: its code, or for a number the one code that reads as that number.
pub(crate) fn choice_of<'a>(item: &'a Item, literal: &Literal) -> Option<&'a crate::Choice> {
    match literal {
        Literal::Text(code) => item.choice(code),
        Literal::Number(number) => {
            let same = |code: &str| crate::expr::number::from_text(code) == Some(*number);
            let mut found = item.choices.iter().filter(|choice| same(&choice.code));
            found.next().filter(|_| found.next().is_none())
        }
        Literal::Today | Literal::Question(_) => None,
    }
}
