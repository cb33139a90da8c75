//! From syntax to code: names become nodes, functions are checked, and what cannot run is refused by name.

use super::Fault;
use super::code::{Code, Ref};
use super::function::Function;
use super::parse::parse;
use super::syntax::{Expr, Operator, Path, Start, Step, Test};
use crate::node::{NodeId, NodeKind, Tree, whole_match};

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
}

/// Parses and resolves an expression.
pub(crate) fn compile(source: &str, place: Place<'_>) -> Result<Code, Fault> {
    place.code(&parse(source)?)
}

/// Resolves a `${name}` outside an expression, as in a label.
pub(crate) fn reference(name: &str, place: Place<'_>) -> Result<Ref, Fault> {
    let found = place.named(name)?;
    place.single(found, name)
}

impl Place<'_> {
    fn code(&self, expr: &Expr) -> Result<Code, Fault> {
        Ok(match expr {
            Expr::Number(number) => Code::Number(*number),
            Expr::Text(text) => Code::Text(text.clone()),
            Expr::Negate(inner) => Code::Negate(Box::new(self.code(inner)?)),
            Expr::Binary(Operator::Union, ..) => return Err(unsupported("`|` between paths")),
            Expr::Binary(operator, left, right) => {
                Code::Binary(*operator, Box::new(self.code(left)?), Box::new(self.code(right)?))
            }
            Expr::Call(name, arguments) => self.call(name, arguments)?,
            Expr::Path(path) => self.path_value(path)?,
        })
    }

    fn path_value(&self, path: &Path) -> Result<Code, Fault> {
        if let Some(column) = self.column(path) {
            return Ok(Code::Column(column));
        }
        let found = self.path(path)?;
        Ok(Code::Read(self.single(found, &self.tree[found.node].name)?))
    }

    /// A bare name in a choice filter.
    fn column(&self, path: &Path) -> Option<String> {
        let columns = self.columns?;
        match (&path.start, path.steps.as_slice()) {
            (Start::Here, [Step { test: Test::Child(name), predicates }])
                if predicates.is_empty() && columns(name) =>
            {
                Some(name.to_lowercase())
            }
            _ => None,
        }
    }

    /// Argument of a function that takes several nodes.
    fn nodes(&self, expr: &Expr) -> Result<Code, Fault> {
        if let Expr::Path(path) = expr {
            let found = self.path(path)?;
            if self.tree[found.node].depth > found.fixed
                && matches!(self.tree[found.node].kind, NodeKind::Item(_))
            {
                return Ok(Code::ReadAll(found));
            }
        }
        self.code(expr)
    }

    fn call(&self, name: &str, arguments: &[Expr]) -> Result<Code, Fault> {
        match name {
            "count" => return self.count(arguments),
            "position" => return self.position(arguments),
            "indexed-repeat" => return self.indexed(arguments),
            "jr:choice-name" => return self.choice_name(arguments),
            "current" if arguments.is_empty() => {
                return Ok(Code::Read(self.single(self.here(), "current()")?));
            }
            _ => {}
        }
        let Some((function, fewest, most)) = Function::named(name) else {
            return Err(unknown_function(name));
        };
        if arguments.len() < fewest || arguments.len() > most {
            return Err(wrong_count(name, fewest, most, arguments.len()));
        }
        if function == Function::Once && !self.calculates {
            return Err(Fault::new("once() works only in a calculation.", "Move it to a calculate row."));
        }
        let mut codes = Vec::with_capacity(arguments.len());
        for argument in arguments {
            codes.push(if function.takes_nodes() { self.nodes(argument)? } else { self.code(argument)? });
        }
        if function == Function::Regex
            && let Some(Code::Text(pattern)) = codes.get(1)
        {
            let regex = whole_match(pattern).map_err(|why| {
                Fault::new(format!("The regular expression cannot be used: {why}."), "Write a simpler one.")
            })?;
            let subject = codes.swap_remove(0);
            return Ok(Code::Matches(Box::new(subject), Box::new(regex)));
        }
        Ok(Code::Call(function, codes))
    }

    fn count(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        match arguments {
            [Expr::Path(path)] => Ok(Code::Count(self.path(path)?)),
            [_] => Err(Fault::new("count() takes a repeat or a question.", "Write count(${name}).")),
            _ => Err(wrong_count("count", 1, 1, arguments.len())),
        }
    }

    fn position(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        let [Expr::Path(path)] = arguments else {
            return Err(Fault::new("position() takes the repeat it counts.", "Write position(..)."));
        };
        let mut found = self.path(path)?;
        let scope = self.tree[found.node].scope;
        if found.node != scope && matches!(self.tree[found.node].kind, NodeKind::Group | NodeKind::Item(_)) {
            return Ok(Code::Number(1.0));
        }
        if self.repeats.contains(&scope) {
            found.fixed = self.tree[scope].depth;
        }
        if scope == NodeId::ROOT || found.fixed < self.tree[scope].depth {
            return Err(Fault::new(
                "position() counts a repeat that this row is not in.",
                "Use it inside the repeat, as position(..).",
            ));
        }
        Ok(Code::Position(Ref { node: scope, fixed: found.fixed }))
    }

    fn indexed(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        let [Expr::Path(target), pairs @ ..] = arguments else {
            return Err(wrong_count("indexed-repeat", 3, 7, arguments.len()));
        };
        if pairs.is_empty() || pairs.len() % 2 != 0 || pairs.len() > 6 {
            return Err(wrong_count("indexed-repeat", 3, 7, arguments.len()));
        }
        let target = self.path(target)?;
        let above = self.tree.repeats(target.node);
        let mut levels: Vec<Option<Code>> = vec![None; above.len()];
        for pair in pairs.chunks(2) {
            let [Expr::Path(repeat), index] = pair else {
                return Err(Fault::new(
                    "indexed-repeat() takes a repeat before each number.",
                    "Write indexed-repeat(${question}, ${repeat}, number).",
                ));
            };
            let repeat = self.path(repeat)?.node;
            let Some(level) = above.iter().position(|r| *r == repeat) else {
                return Err(Fault::new(
                    format!("`{}` is not a repeat around the question.", self.tree[repeat].name),
                    "Name the repeat that holds the question.",
                ));
            };
            levels[level] = Some(self.code(index)?);
        }
        let common = self.common(target.node);
        if levels.iter().enumerate().any(|(level, index)| index.is_none() && level >= common) {
            return Err(Fault::new(
                "indexed-repeat() leaves open which entry of an outer repeat it means.",
                "Give a number for each repeat around the question.",
            ));
        }
        Ok(Code::Indexed(Ref { node: target.node, fixed: common }, levels))
    }

    fn choice_name(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        let [value, Expr::Text(named)] = arguments else {
            return Err(Fault::new(
                "jr:choice-name() takes a value and a question in quotes.",
                "Write jr:choice-name(${name}, '${name}').",
            ));
        };
        let name = named.trim().strip_prefix("${").and_then(|n| n.strip_suffix('}')).unwrap_or(named).trim();
        let node = self.named(name)?.node;
        Ok(Code::ChoiceName(Box::new(self.code(value)?), node))
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
        let candidates = self.tree.by_name.get(name).map_or(&[][..], Vec::as_slice);
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

    fn path(&self, path: &Path) -> Result<Ref, Fault> {
        if path.steps.iter().any(|step| !step.predicates.is_empty()) {
            return Err(unsupported("A condition in square brackets"));
        }
        let mut steps = path.steps.as_slice();
        let mut at = match &path.start {
            Start::Reference(name) => self.named(name)?,
            Start::Here => self.here(),
            Start::Root => {
                // The first name of an absolute path is the form itself, whatever it is called.
                steps = steps.get(1..).unwrap_or_default();
                Ref { node: NodeId::ROOT, fixed: 0 }
            }
            Start::Expr(inner) => match inner.as_ref() {
                Expr::Call(name, arguments) if name == "current" && arguments.is_empty() => self.here(),
                Expr::Call(name, _) if Function::is_refused(name) => return Err(unknown_function(name)),
                Expr::Path(inner) => self.path(inner)?,
                _ => return Err(unsupported("A path that starts from a function")),
            },
        };
        for step in steps {
            at = match &step.test {
                Test::Here => at,
                Test::Parent => self.parent(at),
                Test::Child(name) => self.child(at, name)?,
                Test::Any => return Err(unsupported("`*` for any name")),
            };
        }
        if path.start == Start::Root { Ok(self.by_name_or_root(at.node)) } else { Ok(at) }
    }

    fn parent(&self, at: Ref) -> Ref {
        let node = self.tree[at.node].parent;
        Ref { node, fixed: at.fixed.min(self.tree[node].depth) }
    }

    fn child(&self, at: Ref, name: &str) -> Result<Ref, Fault> {
        match self.tree.children(at.node).find(|child| self.tree[*child].name == name) {
            Some(node) => Ok(Ref { node, fixed: at.fixed }),
            None if self.columns.is_some() => Err(Fault::new(
                format!("The choices sheet has no column `{name}`."),
                "Add the column, or write ${name} for a question.",
            )),
            None => Err(Fault::new(
                format!("There is nothing named `{name}` there."),
                format!("Write ${{{name}}} for a question of that name, or quotes around a text."),
            )),
        }
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

fn unsupported(what: &str) -> Fault {
    Fault::new(format!("{what} is not supported."), "Write the expression without it.")
}

fn unknown_function(name: &str) -> Fault {
    if Function::is_refused(name) {
        return Fault::new(
            format!("The function {name}() is not supported."),
            "Write the expression without it.",
        );
    }
    let remedy = match Function::nearest(name) {
        Some(known) => format!("Did you mean {known}()?"),
        None => "Check the spelling.".to_owned(),
    };
    Fault::new(format!("There is no function {name}()."), remedy)
}

fn wrong_count(name: &str, fewest: usize, most: usize, given: usize) -> Fault {
    let takes = match (fewest, most) {
        (a, b) if a == b => format!("{a}"),
        (a, usize::MAX) => format!("{a} or more"),
        (a, b) => format!("{a} to {b}"),
    };
    Fault::new(format!("{name}() takes {takes} arguments, not {given}."), "Check commas and brackets.")
}
