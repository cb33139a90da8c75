//! Paths: resolved to a node of the tree where they can be, else kept as steps over the answers.

use std::collections::HashSet;
use std::rc::Rc;

use super::{Compiler, Ground, Place};
use crate::expr::Fault;
use crate::expr::code::{Code, Need, PathCode, QualifiedName, Ref, StartCode, StepCode, TestCode};
use crate::expr::syntax::{Axis, Expr, NodeTest, Path, Start, Step, Test};
use crate::node::{NodeId, NodeKind, Tree};

/// A path looked at.
pub(super) enum Walked {
    /// A node of the tree.
    Static(Ref),
    /// Nodes that only the answers tell, and what paths relative to them are relative to.
    Dynamic(PathCode, Ground),
}

impl Compiler<'_> {
    pub(super) fn walk(&self, path: &Path) -> Result<Walked, Fault> {
        let mut steps = path.steps.as_slice();
        let tree = self.place.tree;
        let start = match (&path.start, &self.ground) {
            (Start::Root, _) if self.document.is_some() => Err((StartCode::Document, Ground::Elsewhere)),
            (Start::Root, _) => {
                // The first name of an absolute path is the form itself, whatever it is called.
                if matches!(steps.first(), Some(Step { test: Test::Child(_) | Test::Any, .. })) {
                    steps = steps.get(1..).unwrap_or_default();
                }
                Ok(Ref { node: NodeId::ROOT, fixed: 0 })
            }
            (Start::Reference(name), _) => Ok(self.place.named(name)?),
            (Start::Here, Ground::Own) => Ok(self.place.here()),
            (Start::Here, ground) => Err((StartCode::Context, ground.clone())),
            (Start::Expr(inner), _) => match inner.as_ref() {
                Expr::Call(name, arguments) if name == "current" && arguments.is_empty() => {
                    if self.document.is_some() {
                        Err((StartCode::Current, Ground::Elsewhere))
                    } else {
                        Ok(self.place.here())
                    }
                }
                Expr::Call(name, arguments) if name == "instance" && arguments.len() == 1 => {
                    Err((StartCode::Instance(self.instance(&arguments[0])?), Ground::Elsewhere))
                }
                Expr::Path(inner) if path.filters.is_empty() => match self.walk(inner)? {
                    Walked::Static(found) => Ok(found),
                    Walked::Dynamic(code, ground) => {
                        Err((StartCode::Expr(Code::Path(Box::new(code))), ground))
                    }
                },
                inner => {
                    let (code, ground) = self.nodes_and_ground(inner)?;
                    Err((StartCode::Expr(code), ground))
                }
            },
        };
        let rooted = matches!(path.start, Start::Root);
        let (start, ground) = match start {
            Ok(mut at) if path.filters.is_empty() => {
                while let Some(step) = steps.first().filter(|step| step.predicates.is_empty()) {
                    at = match &step.test {
                        Test::Here => at,
                        Test::Parent => self.place.parent(at),
                        Test::Child(name) => match self.child(at, name) {
                            Ok(found) => found,
                            Err(fault) => return self.nothing(path, fault),
                        },
                        Test::On(Axis::Attribute, NodeTest::Name(name)) => {
                            match self.child(at, &format!("@{name}")) {
                                Ok(found) => found,
                                Err(fault) => return self.nothing(path, fault),
                            }
                        }
                        _ => break,
                    };
                    steps = &steps[1..];
                }
                if steps.is_empty() {
                    return Ok(Walked::Static(if rooted { self.place.by_name_or_root(at.node) } else { at }));
                }
                // A repeat on the way to somewhere in it: the instance around the expression, where it is in one.
                if rooted {
                    at = self.place.by_name_or_root(at.node);
                    at.fixed = self.place.common(at.node);
                }
                (StartCode::Answers(at), Ground::Answers(Rc::new([at])))
            }
            Ok(at) => (StartCode::Answers(at), Ground::Answers(Rc::new([at]))),
            Err(start) => start,
        };
        self.steps(start, ground, &path.filters, steps, tree)
    }

    fn steps(
        &self,
        start: StartCode,
        mut ground: Ground,
        filters: &[Expr],
        steps: &[Step],
        tree: &Tree,
    ) -> Result<Walked, Fault> {
        let predicates = |ground: &Ground, predicates: &[Expr]| -> Result<Vec<Code>, Fault> {
            let inner = Compiler { place: self.place, ground: ground.clone(), document: self.document };
            predicates.iter().map(|predicate| inner.code(predicate)).collect()
        };
        let mut code =
            PathCode { start, filters: predicates(&ground, filters)?, steps: Vec::new(), needs: Vec::new() };
        for step in steps {
            let (axis, test) = self.test(&step.test)?;
            if let Ground::Answers(from) = &ground {
                ground = Ground::Answers(candidates(tree, from, axis, &test));
            }
            code.steps.push(StepCode { axis, test, predicates: predicates(&ground, &step.predicates)? });
            if let Ground::Answers(found) = &ground {
                // How a position among siblings comes out depends on which siblings there are.
                code.needs.extend(found.iter().map(|found| (Need::Relevance(found.node), found.fixed)));
            }
        }
        if let Ground::Answers(found) = &ground {
            let need = |found: &Ref| match tree[found.node].kind {
                NodeKind::Item(_) => Need::Value(found.node),
                _ => Need::Relevance(found.node),
            };
            code.needs.extend(found.iter().map(|found| (need(found), found.fixed)));
            if found.is_empty() && self.document.is_none() {
                self.doubt(Fault::new(
                    "The path leads to nothing in this form; it is read as blank.",
                    "Check its names against the name column, or write ${name}.",
                ));
            }
        }
        code.needs.sort_unstable_by_key(|(need, fixed)| (need.key(), *fixed));
        code.needs.dedup();
        Ok(Walked::Dynamic(code, ground))
    }

    fn test(&self, test: &Test) -> Result<(Axis, TestCode), Fault> {
        Ok(match test {
            Test::Here => (Axis::Itself, TestCode::Node),
            Test::Parent => (Axis::Parent, TestCode::Node),
            Test::Any => (Axis::Child, TestCode::Any),
            Test::Child(name) => (Axis::Child, TestCode::Name(self.qualified(name)?)),
            Test::On(axis, test) => (
                *axis,
                match test {
                    NodeTest::Name(name) => TestCode::Name(self.qualified(name)?),
                    NodeTest::AnyOf(prefix) => TestCode::AnyOf(self.namespace(prefix)?.unwrap_or_default()),
                    NodeTest::Any => TestCode::Any,
                    NodeTest::Node => TestCode::Node,
                    NodeTest::Text => TestCode::Text,
                    NodeTest::Comment => TestCode::Comment,
                    NodeTest::Instruction(target) => TestCode::Instruction(target.as_deref().map(Into::into)),
                },
            ),
        })
    }

    fn qualified(&self, name: &str) -> Result<QualifiedName, Fault> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = if prefix.is_empty() { None } else { self.namespace(prefix)? };
        Ok(QualifiedName { prefix: prefix.into(), local: local.into(), namespace })
    }

    fn namespace(&self, prefix: &str) -> Result<Option<Box<str>>, Fault> {
        let Some(prefixes) = self.document else { return Ok(None) };
        match prefixes.get(prefix) {
            Some(namespace) => Ok(Some(namespace.as_str().into())),
            None => Err(Fault::new(
                format!("The prefix `{prefix}` stands for nothing."),
                "Declare it, or write the name without it.",
            )),
        }
    }

    /// The name of a secondary instance; one that is written out must be there.
    pub(super) fn instance(&self, name: &Expr) -> Result<Code, Fault> {
        if let (Expr::Text(name), None) = (name, self.document)
            && self.place.instances.find(name).is_none()
        {
            return Err(Fault::new(
                format!("The form has no list or file named `{name}`."),
                "Add it, or correct the name.",
            ));
        }
        self.code(name)
    }

    fn doubt(&self, fault: Fault) {
        if let Some(doubts) = self.place.doubts {
            doubts.borrow_mut().push(fault);
        }
    }

    /// A path to what is not there: no nodes, as XPath has it. A single bare name in a workbook is refused all the same:
    /// it is far more often a forgotten `${}` or quote.
    fn nothing(&self, path: &Path, fault: Fault) -> Result<Walked, Fault> {
        if !self.place.lenient && path.steps.len() < 2 {
            return Err(fault);
        }
        self.doubt(Fault::new(format!("{} It is read as blank.", fault.problem), fault.remedy));
        // What is no node leads nowhere.
        let start = StartCode::Expr(Code::Number(0.0));
        let code = PathCode { start, filters: Vec::new(), steps: Vec::new(), needs: Vec::new() };
        Ok(Walked::Dynamic(code, Ground::Elsewhere))
    }

    fn child(&self, at: Ref, name: &str) -> Result<Ref, Fault> {
        match self.place.tree.named_child(at.node, name) {
            Some(node) => Ok(Ref { node, fixed: at.fixed }),
            None if self.place.columns.is_some() => Err(Fault::new(
                format!("The choices sheet has no column `{name}`."),
                "Add the column, or write ${name} for a question.",
            )),
            None => Err(Fault::new(
                format!("There is nothing named `{name}` there."),
                format!("Write ${{{name}}} for a question of that name, or quotes around a text."),
            )),
        }
    }
}

impl Place<'_> {
    pub(super) fn parent(&self, at: Ref) -> Ref {
        let node = self.tree.parent(at.node);
        Ref { node, fixed: at.fixed.min(self.tree[node].depth) }
    }
}

impl Need {
    fn key(self) -> (u8, NodeId) {
        match self {
            Need::Value(node) => (0, node),
            Need::Relevance(node) => (1, node),
            Need::Order(node) => (2, node),
            Need::Language => (3, NodeId::ROOT),
            Need::Choices(node) => (4, node),
        }
    }
}

/// The nodes of the tree that a step may come to: an axis's shape, without predicates.
fn candidates(tree: &Tree, from: &[Ref], axis: Axis, test: &TestCode) -> Rc<[Ref]> {
    let mut found: Vec<Ref> = Vec::new();
    let mut known: HashSet<(NodeId, usize)> = HashSet::new();
    // Siblings have the same siblings, and what follows any node may be any node: looked at once.
    let mut looked_at: HashSet<(NodeId, usize)> = HashSet::new();
    let mut add = |node: NodeId, fixed: usize| {
        let attribute = tree[node].written.attribute;
        let named = match test {
            TestCode::Name(name) => {
                let (prefix, local) = tree.names(node);
                *local == *name.local && (name.prefix.is_empty() || *name.prefix == *prefix)
            }
            TestCode::Any | TestCode::Node => true,
            TestCode::AnyOf(_) | TestCode::Text | TestCode::Comment | TestCode::Instruction(_) => false,
        };
        if named && attribute == (axis == Axis::Attribute) && !tree[node].written.unwritten {
            let fixed = fixed.min(tree[node].depth);
            if known.insert((node, fixed)) {
                found.push(Ref { node, fixed });
            }
        }
    };
    for at in from {
        let up = |found: &mut dyn FnMut(NodeId)| {
            let mut node = at.node;
            while node != NodeId::ROOT {
                node = tree.parent(node);
                found(node);
            }
        };
        match axis {
            Axis::Itself => add(at.node, at.fixed),
            Axis::Parent => add(tree.parent(at.node), at.fixed),
            Axis::Child | Axis::Attribute => tree.each_child(at.node, &mut |node| add(node, at.fixed)),
            Axis::Descendant => below(tree, at.node).for_each(|node| add(node, at.fixed)),
            Axis::DescendantOrSelf => {
                add(at.node, at.fixed);
                below(tree, at.node).for_each(|node| add(node, at.fixed));
            }
            Axis::Ancestor => up(&mut |node| add(node, at.fixed)),
            Axis::AncestorOrSelf => {
                add(at.node, at.fixed);
                up(&mut |node| add(node, at.fixed));
            }
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                let parent = tree.parent(at.node);
                let fixed = at.fixed.min(tree[parent].depth);
                if looked_at.insert((parent, fixed)) {
                    tree.each_child(parent, &mut |node| add(node, fixed));
                }
            }
            Axis::Following | Axis::Preceding => {
                if looked_at.insert((NodeId::ROOT, 0)) {
                    tree.ids().for_each(|node| add(node, 0));
                }
            }
        }
    }
    found.into()
}

fn below(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
    (node.0 + 1..tree[node].end.0).map(NodeId)
}
