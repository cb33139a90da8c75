//! Calls: how many arguments, which of them are nodes, and the functions that name questions.

use super::{Compiler, path};
use crate::expr::Fault;
use crate::expr::code::{Code, PathCode, Ref, StartCode};
use crate::expr::function::Function;
use crate::expr::syntax::{Expr, Start};
use crate::node::{NodeId, NodeKind, whole_match};

impl Compiler<'_> {
    pub(super) fn call(&self, name: &str, arguments: &[Expr]) -> Result<Code, Fault> {
        match (name, arguments) {
            ("count", [argument]) => return self.count(argument),
            ("position", [argument]) if self.document.is_none() => return self.position(argument),
            ("indexed-repeat", _) => return self.indexed(arguments),
            ("jr:choice-name", _) if self.document.is_none() => return self.choice_name(arguments),
            ("jr:itext", [id]) => {
                let ours = |uri: &String| uri == "http://openrosa.org/javarosa";
                if self.document.is_some_and(|prefixes| !prefixes.get("jr").is_none_or(ours)) {
                    return Err(unknown_function(name));
                }
                return Ok(Code::Words(Box::new(self.code(id)?)));
            }
            ("pulldata", [_, _, _, _]) => return self.pulldata(arguments),
            ("instance", [name]) => {
                let start = StartCode::Instance(self.instance(name)?);
                return Ok(nodes_at(start));
            }
            ("current", []) if self.document.is_some() => return Ok(nodes_at(StartCode::Current)),
            ("current", []) => {
                return Ok(Code::Read(self.place.single(self.place.here(), "current()")?));
            }
            _ => {}
        }
        let Some((function, fewest, most)) = Function::named(name) else {
            return Err(unknown_function(name));
        };
        if arguments.len() < fewest || arguments.len() > most {
            return Err(wrong_count(name, fewest, most, arguments.len()));
        }
        if function == Function::Once && !self.place.calculates {
            return Err(Fault::new("once() works only in a calculation.", "Move it to a calculate row."));
        }
        let mut codes = Vec::with_capacity(arguments.len());
        for (i, argument) in arguments.iter().enumerate() {
            codes.push(if function.needs_nodes() && i == 0 {
                self.nodes(argument)?
            } else if function.takes_nodes() {
                self.several(argument)?
            } else {
                self.code(argument)?
            });
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
        Ok(Code::Call(function, codes.into()))
    }

    fn count(&self, argument: &Expr) -> Result<Code, Fault> {
        let code = self.nodes(argument).map_err(|fault| match argument {
            Expr::Path(_) => fault,
            _ => Fault::new("count() takes a repeat or a question.", "Write count(${name})."),
        })?;
        Ok(match code {
            Code::ReadAll(found) => Code::Count(found),
            code => Code::Call(Function::Count, [code].into()),
        })
    }

    fn position(&self, argument: &Expr) -> Result<Code, Fault> {
        let mut found = match argument {
            Expr::Call(name, none) if name == "current" && none.is_empty() && self.document.is_none() => {
                self.place.here()
            }
            Expr::Path(path) => match self.walk(path)? {
                path::Walked::Static(found) => found,
                path::Walked::Dynamic(code, _) => {
                    return Ok(Code::Call(Function::Position, [Code::Path(Box::new(code))].into()));
                }
            },
            _ => return Err(Fault::new("position() takes the repeat it counts.", "Write position(..).")),
        };
        let tree = self.place.tree;
        let scope = tree[found.node].scope;
        if found.node == NodeId::ROOT || (found.node != scope && tree[found.node].kind != NodeKind::Repeat) {
            return Ok(Code::Number(1.0));
        }
        if self.place.repeats.contains(&scope) {
            found.fixed = tree[scope].depth;
        }
        if scope == NodeId::ROOT {
            return Ok(Code::Number(1.0));
        }
        if found.fixed < tree[scope].depth {
            return Err(Fault::new(
                "position() counts a repeat that this row is not in.",
                "Use it inside the repeat, as position(..).",
            ));
        }
        Ok(Code::Position(Ref { node: scope, fixed: found.fixed }))
    }

    fn indexed(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        let [target, pairs @ ..] = arguments else {
            return Err(wrong_count("indexed-repeat", 3, 7, arguments.len()));
        };
        if pairs.is_empty() || pairs.len() % 2 != 0 || pairs.len() > 6 {
            return Err(wrong_count("indexed-repeat", 3, 7, arguments.len()));
        }
        if self.document.is_some() {
            let code = |pair: &[Expr]| Ok((self.nodes(&pair[0])?, self.code(&pair[1])?));
            let pairs = pairs.chunks(2).map(code).collect::<Result<Vec<_>, Fault>>()?;
            return Ok(Code::IndexedIn(Box::new(self.nodes(target)?), pairs.into()));
        }
        let node = |expr: &Expr| match expr {
            Expr::Path(path) => match self.walk(path)? {
                path::Walked::Static(found) => Ok(found),
                path::Walked::Dynamic(..) => Err(Fault::new(
                    "indexed-repeat() takes questions and repeats without conditions.",
                    "Write indexed-repeat(${question}, ${repeat}, number).",
                )),
            },
            _ => Err(Fault::new(
                "indexed-repeat() takes a repeat before each number.",
                "Write indexed-repeat(${question}, ${repeat}, number).",
            )),
        };
        let target = node(target)?;
        let tree = self.place.tree;
        let above = tree.repeats(target.node);
        let mut levels: Vec<Option<Code>> = vec![None; above.len()];
        for pair in pairs.chunks(2) {
            let repeat = node(&pair[0])?.node;
            let level = above.iter().position(|r| *r == repeat);
            let Some(level) = level else {
                return Err(Fault::new(
                    format!("`{}` is not a repeat around the question.", tree[repeat].name),
                    "Name the repeat that holds the question.",
                ));
            };
            levels[level] = Some(self.code(&pair[1])?);
        }
        let common = self.place.common(target.node);
        if levels.iter().enumerate().any(|(level, index)| index.is_none() && level >= common) {
            return Err(Fault::new(
                "indexed-repeat() leaves open which entry of an outer repeat it means.",
                "Give a number for each repeat around the question.",
            ));
        }
        Ok(Code::Indexed(Ref { node: target.node, fixed: common }, levels.into()))
    }

    fn choice_name(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        let [value, Expr::Text(named)] = arguments else {
            return Err(Fault::new(
                "jr:choice-name() takes a value and a question in quotes.",
                "Write jr:choice-name(${name}, '${name}').",
            ));
        };
        let named = named.trim();
        let node = if let Some(name) = named.strip_prefix("${").and_then(|n| n.strip_suffix('}')) {
            self.place.named(name.trim())?.node
        } else if let Ok(Expr::Path(path)) = crate::expr::parse::parse(named)
            && (path.start == Start::Root || path.steps.len() > 1)
        {
            match self.walk(&path)? {
                path::Walked::Static(found) => found.node,
                path::Walked::Dynamic(..) => return Err(unknown_question(named)),
            }
        } else {
            self.place.named(named)?.node
        };
        Ok(Code::ChoiceName(Box::new(self.code(value)?), node))
    }

    fn pulldata(&self, arguments: &[Expr]) -> Result<Code, Fault> {
        let [Expr::Text(instance), Expr::Text(column), Expr::Text(key), value] = arguments else {
            return Err(Fault::new(
                "pulldata() takes the names of a file and of two columns in quotes, and a value.",
                "Write pulldata('wards', 'beds', 'ward_code', ${ward}).",
            ));
        };
        let Some(instance) = self.place.instances.find(instance) else {
            return Err(Fault::new(
                format!("The form has no file `{instance}`."),
                "Put the CSV file beside the form, or correct the name.",
            ));
        };
        let value = Box::new(self.code(value)?);
        Ok(Code::Lookup { instance, column: column.as_str().into(), key: key.as_str().into(), value })
    }
}

fn nodes_at(start: StartCode) -> Code {
    Code::Path(Box::new(PathCode { start, filters: Vec::new(), steps: Vec::new(), needs: Vec::new() }))
}

fn unknown_question(named: &str) -> Fault {
    Fault::new(format!("There is no question at `{named}`."), "Write '${name}'.")
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
