//! From syntax to code: names become nodes, functions are checked, and what cannot run is refused by name.

mod functions;
mod path;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Fault;
use super::code::{Code, Ref};
use super::parse::parse;
use super::syntax::{Expr, Operator, Path, Start, Step, Test};
use crate::instances::Instances;
use crate::node::{NodeId, NodeKind, Tree};

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) tree: &'a Tree,
    /// The node it belongs to.
    pub(crate) node: NodeId,
    /// The repeats whose instance is known; for a repeat's own count, those around it.
    pub(crate) repeats: &'a [NodeId],
    /// In a choice filter: whether a bare name is a column of the choices sheet.
    pub(crate) columns: Option<&'a dyn Fn(&str) -> bool>,
    /// Whether `once()` has a value of its own to look at.
    pub(crate) calculates: bool,
    /// The secondary instances of the form.
    pub(crate) instances: &'a Instances,
    /// Takes note of what runs but is likely to be a mistake.
    pub(crate) doubts: Option<&'a RefCell<Vec<Fault>>>,
    /// Whether a name that is nothing is read as blank, as XForms have it.
    pub(crate) lenient: bool,
}

/// What relative paths are relative to.
#[derive(Clone)]
enum Ground {
    /// The node that the expression belongs to.
    Own,
    /// In a predicate: any of these nodes.
    Answers(Rc<[Ref]>),
    /// In a predicate: nodes of a document or of another expression.
    Elsewhere,
}

struct Compiler<'a> {
    place: Place<'a>,
    ground: Ground,
    /// Where the expression runs over a document and no tree: its prefixes. Nothing is resolved beforehand.
    document: Option<&'a BTreeMap<String, String>>,
}

/// Parses and resolves an expression.
pub(crate) fn compile(source: &str, place: Place<'_>) -> Result<Code, Fault> {
    Compiler { place, ground: Ground::Own, document: None }.code(&parse(source)?)
}

/// Parses an expression over a document; `prefixes` are the namespaces that its names may be in.
pub(crate) fn compile_for_document(source: &str, prefixes: &BTreeMap<String, String>) -> Result<Code, Fault> {
    let (tree, instances) = (Tree::default(), Instances::default());
    let place = Place {
        tree: &tree,
        node: NodeId::ROOT,
        repeats: &[],
        columns: None,
        calculates: true,
        instances: &instances,
        doubts: None,
        lenient: true,
    };
    Compiler { place, ground: Ground::Elsewhere, document: Some(prefixes) }.code(&parse(source)?)
}

/// Resolves a `${name}` outside an expression, as in a label.
pub(crate) fn reference(name: &str, place: Place<'_>) -> Result<Code, Fault> {
    let found = place.named(name)?;
    Ok(Code::Read(place.single(found, name)?))
}

/// The node of a name.
pub(crate) fn named(name: &str, place: Place<'_>) -> Result<Ref, Fault> {
    place.named(name)
}

/// The node that a path means, as what an action sets; where the path has conditions, also how to choose among its
/// instances.
pub(crate) fn target(source: &str, place: Place<'_>) -> Result<(Ref, Option<Code>), Fault> {
    let compiler = Compiler { place, ground: Ground::Own, document: None };
    let is_item = |found: &Ref| matches!(place.tree[found.node].kind, NodeKind::Item(_));
    match parse(source)? {
        Expr::Path(path) => match compiler.walk(&path)? {
            path::Walked::Static(found) if is_item(&found) => Ok((found, None)),
            path::Walked::Dynamic(code, Ground::Answers(found)) if found.len() == 1 && is_item(&found[0]) => {
                Ok((found[0], Some(Code::Path(Box::new(code)))))
            }
            _ => Err(Fault::new(
                format!("`{source}` is no question whose value could be set."),
                "Name one question by its path.",
            )),
        },
        _ => Err(Fault::new("What is set must be named by a path.", "Write the path of the question.")),
    }
}

/// Choices that are computed: the expression for the nodes, and what to read from each of them.
pub(crate) fn itemset(
    nodes: &str,
    value: &str,
    label: &str,
    place: Place<'_>,
) -> Result<(Code, Code, Code), Fault> {
    let compiler = Compiler { place, ground: Ground::Own, document: None };
    let (nodes, ground) = compiler.nodes_and_ground(&parse(nodes)?)?;
    let inner = Compiler { place, ground, document: None };
    Ok((nodes, inner.code(&parse(value)?)?, inner.code(&parse(label)?)?))
}

impl<'a> Compiler<'a> {
    fn code(&self, expr: &Expr) -> Result<Code, Fault> {
        Ok(match expr {
            Expr::Number(number) => Code::Number(*number),
            Expr::Text(text) => Code::Text(text.as_str().into()),
            Expr::Negate(inner) => Code::Negate(Box::new(self.code(inner)?)),
            Expr::Binary(Operator::Union, left, right) => {
                Code::Binary(Operator::Union, Box::new(self.nodes(left)?), Box::new(self.nodes(right)?))
            }
            Expr::Binary(operator, left, right) => {
                Code::Binary(*operator, Box::new(self.code(left)?), Box::new(self.code(right)?))
            }
            Expr::Call(name, arguments) => match self.call(name, arguments) {
                Err(fault) if self.document.is_some() => Code::Wrong(fault.problem.into()),
                code => code?,
            },
            Expr::Path(path) => self.path_value(path)?,
        })
    }

    fn path_value(&self, path: &Path) -> Result<Code, Fault> {
        if let Some(column) = self.column(path) {
            return Ok(Code::Column(column));
        }
        match self.walk(path)? {
            path::Walked::Static(found) => {
                Ok(Code::Read(self.place.single(found, &self.place.tree[found.node].name)?))
            }
            path::Walked::Dynamic(code, _) => Ok(Code::Path(Box::new(code))),
        }
    }

    /// A bare name in a choice filter.
    fn column(&self, path: &Path) -> Option<Box<str>> {
        let columns = self.place.columns.filter(|_| matches!(self.ground, Ground::Own))?;
        let name = match (&path.start, path.steps.as_slice()) {
            (Start::Here, [Step { test: Test::Child(name), predicates }])
            | (Start::Here, [Step { test: Test::Here, .. }, Step { test: Test::Child(name), predicates }])
                if predicates.is_empty() =>
            {
                name
            }
            _ => return None,
        };
        let lower = name.to_lowercase();
        if columns(name) {
            Some(name.as_str().into())
        } else if columns(&lower) {
            Some(lower.into())
        } else {
            None
        }
    }

    /// An argument that must be nodes.
    fn nodes(&self, expr: &Expr) -> Result<Code, Fault> {
        self.nodes_and_ground(expr).map(|(code, _)| code)
    }

    /// Nodes, and what paths in predicates on them would be relative to.
    fn nodes_and_ground(&self, expr: &Expr) -> Result<(Code, Ground), Fault> {
        match expr {
            Expr::Path(path) => match self.walk(path)? {
                path::Walked::Static(found) => Ok((Code::ReadAll(found), Ground::Answers(Rc::new([found])))),
                path::Walked::Dynamic(code, ground) => Ok((Code::Path(Box::new(code)), ground)),
            },
            Expr::Binary(Operator::Union, left, right) => {
                let ((left, a), (right, b)) = (self.nodes_and_ground(left)?, self.nodes_and_ground(right)?);
                let ground = match (a, b) {
                    (Ground::Answers(a), Ground::Answers(b)) => {
                        Ground::Answers(a.iter().chain(b.iter()).copied().collect())
                    }
                    _ => Ground::Elsewhere,
                };
                Ok((Code::Binary(Operator::Union, Box::new(left), Box::new(right)), ground))
            }
            Expr::Call(name, arguments) if name == "randomize" => {
                let ground = match arguments.first() {
                    Some(first) => self.nodes_and_ground(first)?.1,
                    None => Ground::Elsewhere,
                };
                Ok((self.call(name, arguments)?, ground))
            }
            Expr::Call(name, _) if matches!(name.as_str(), "instance" | "current" | "jr:itext") => {
                Ok((self.code(expr)?, Ground::Elsewhere))
            }
            Expr::Call(name, arguments) if name == "if" && arguments.len() == 3 => {
                Ok((self.code(expr)?, Ground::Elsewhere))
            }
            _ => Err(Fault::new(
                "A path to questions is needed here, not a value.",
                "Write the path, or ${name} of a question or repeat.",
            )),
        }
    }

    /// An argument that may be several nodes.
    fn several(&self, expr: &Expr) -> Result<Code, Fault> {
        if let Expr::Path(path) = expr
            && self.column(path).is_none()
            && let path::Walked::Static(found) = self.walk(path)?
            && self.place.tree[found.node].depth > found.fixed
        {
            return Ok(Code::ReadAll(found));
        }
        if matches!(expr, Expr::Binary(Operator::Union, ..)) { self.nodes(expr) } else { self.code(expr) }
    }
}

impl Place<'_> {
    /// A node seen from here.
    pub(crate) fn to(&self, node: NodeId) -> Ref {
        Ref { node, fixed: self.common(node) }
    }

    fn here(&self) -> Ref {
        let fixed = self.tree[self.node].depth.min(self.repeats.len());
        Ref { node: self.node, fixed }
    }

    /// How many of a node's repeats, from outside, are those this place is in.
    fn common(&self, node: NodeId) -> usize {
        self.tree.repeats(node).iter().zip(self.repeats).take_while(|(a, b)| a == b).count()
    }

    fn named(&self, name: &str) -> Result<Ref, Fault> {
        let candidates = self.tree.by_name.get(name).map_or(&[][..], |ids| ids.as_slice());
        let node = match candidates {
            [] => {
                let remedy = match self.tree.by_name.keys().find(|known| known.eq_ignore_ascii_case(name)) {
                    Some(known) => format!("Did you mean ${{{known}}}?"),
                    None => "Check the spelling against the name column.".to_owned(),
                };
                return Err(Fault::new(format!("There is no question named `{name}`."), remedy));
            }
            [one] => *one,
            several => {
                let here = self.tree[self.node].scope;
                let mut near = several.iter().filter(|id| self.tree[**id].scope == here);
                match (near.next(), near.next()) {
                    (Some(one), None) => *one,
                    _ => {
                        return Err(Fault::new(
                            format!("Several rows are named `{name}`."),
                            "Rename all but one, so that it is clear which is meant.",
                        ));
                    }
                }
            }
        };
        Ok(self.by_name_or_root(node))
    }

    /// A reference by name or absolute path: the same instances as far as the repeats are shared; a repeat itself means
    /// all its instances.
    fn by_name_or_root(&self, node: NodeId) -> Ref {
        let mut fixed = self.common(node);
        if self.tree[node].kind == NodeKind::Repeat {
            fixed = fixed.min(self.tree[node].depth - 1);
        }
        Ref { node, fixed }
    }

    /// Makes sure that a reference means one item.
    fn single(&self, found: Ref, name: &str) -> Result<Ref, Fault> {
        let node = &self.tree[found.node];
        if !matches!(node.kind, NodeKind::Item(_)) {
            return Err(Fault::new(
                format!("`{name}` is a group or repeat, which has no value."),
                "Refer to a question in it, or use count().",
            ));
        }
        if node.depth > found.fixed {
            let repeat = &self.tree[node.scope].name;
            return Err(Fault::new(
                format!("`{name}` is in the repeat `{repeat}` and may have many values here."),
                "Use sum(), count(), max(), min(), join() or indexed-repeat().",
            ));
        }
        Ok(found)
    }
}
