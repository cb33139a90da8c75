//! An expression as written: names not yet resolved.

/// A two-sided operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Union,
}

impl Operator {
    /// Whether it takes two numbers and gives one.
    pub(crate) fn is_arithmetic(self) -> bool {
        matches!(
            self,
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo
        )
    }
}

/// An expression tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    Number(f64),
    Text(String),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Path(Path),
}

/// A location path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) start: Start,
    /// Predicates on all that the start means together, as in `(a | b)[1]`.
    pub(crate) filters: Vec<Expr>,
    pub(crate) steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Start {
    /// `/`
    Root,
    /// `.`, `..` or a name: the node the expression belongs to.
    Here,
    /// `${name}`
    Reference(String),
    /// A call or a parenthesis with predicates or steps after it.
    Expr(Box<Expr>),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) test: Test,
    pub(crate) predicates: Vec<Expr>,
}

/// What a step selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Test {
    Here,
    Parent,
    Child(String),
    Any,
    /// Any other axis, or a test that is no name of an element.
    On(Axis, NodeTest),
}

/// Where a step goes (XPath 1.0, 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

impl Axis {
    /// The axis of a name.
    pub(crate) fn named(name: &str) -> Option<Axis> {
        Some(match name {
            "ancestor" => Axis::Ancestor,
            "ancestor-or-self" => Axis::AncestorOrSelf,
            "attribute" => Axis::Attribute,
            "child" => Axis::Child,
            "descendant" => Axis::Descendant,
            "descendant-or-self" => Axis::DescendantOrSelf,
            "following" => Axis::Following,
            "following-sibling" => Axis::FollowingSibling,
            "parent" => Axis::Parent,
            "preceding" => Axis::Preceding,
            "preceding-sibling" => Axis::PrecedingSibling,
            "self" => Axis::Itself,
            _ => return None,
        })
    }

    /// Whether its nodes are counted against document order.
    pub(crate) fn is_reverse(self) -> bool {
        matches!(self, Axis::Ancestor | Axis::AncestorOrSelf | Axis::Preceding | Axis::PrecedingSibling)
    }
}

/// Which nodes of an axis a step selects (XPath 1.0, 2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NodeTest {
    Name(String),
    /// `prefix:*`
    AnyOf(String),
    Any,
    /// `node()`
    Node,
    /// `text()`
    Text,
    /// `comment()`
    Comment,
    /// `processing-instruction()`, of any target or of one.
    Instruction(Option<String>),
}

impl Expr {
    /// Levels of the tree below and with this one.
    pub(crate) fn depth(&self) -> usize {
        let deepest = |all: &[Expr]| all.iter().map(Expr::depth).max().unwrap_or(0);
        1 + match self {
            Expr::Number(_) | Expr::Text(_) => 0,
            Expr::Negate(inner) => inner.depth(),
            Expr::Binary(_, left, right) => left.depth().max(right.depth()),
            Expr::Call(_, arguments) => deepest(arguments),
            Expr::Path(path) => {
                let start = match &path.start {
                    Start::Expr(inner) => inner.depth(),
                    _ => 0,
                };
                let steps = path.steps.iter().map(|step| deepest(&step.predicates)).max().unwrap_or(0);
                steps.max(start).max(deepest(&path.filters))
            }
        }
    }
}
