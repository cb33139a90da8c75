//! Compiles the expressions, presets and texts of the survey sheet once the tree stands.

use std::cell::RefCell;

use super::findings::Findings;
use super::outputs::{Part, is_computed, parts};
use super::row::{Places, SurveyRow, WrittenAction};
use super::sheet::truth;
use crate::expr::Fault;
use crate::expr::code::{Code, Ref};
use crate::expr::resolve::{self, Place};
use crate::item::Translated;
use crate::node::{Action, Events, Itemset, NodeId, NodeKind, Piece, Source, Tree, Words};
use crate::{Choice, Item, ItemKind, Language, Value};

/// Around an expression in words that come from an XForm; neither can be in XML.
pub(crate) const OUTPUT: (char, char) = ('\u{1}', '\u{2}');

/// For each language whose words have expressions in them: their pieces.
type Outputs = Vec<(Language, Vec<Piece>)>;

/// What is compiled of one node, before it is put into the tree.
#[derive(Default)]
struct Compiled {
    label: Outputs,
    hint: Outputs,
    guidance: Outputs,
    constraint_message: Outputs,
    required_message: Outputs,
    relevant: Option<Code>,
    required: Option<Code>,
    constraint: Option<Code>,
    read_only: Option<Code>,
    calculation: Option<Code>,
    itemset: Option<Itemset>,
    choice_words: Vec<(usize, Words)>,
    randomize: Option<Option<Code>>,
    count: Option<Code>,
    preset: Option<Value>,
    actions: Vec<Action>,
}

/// What expressions may refer to beside the tree.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// Where faults are reported.
    pub(crate) places: &'a dyn Places,
    /// Secondary instances by name.
    pub(crate) instances: &'a crate::instances::Instances,
}

pub(crate) fn compile(
    tree: &mut Tree,
    items: &[Item],
    rows: &mut [Option<SurveyRow>],
    actions: &[WrittenAction],
    around: Surroundings<'_>,
    findings: &mut Findings,
) {
    tree.link();
    for id in tree.ids() {
        let Some(row) = rows.get_mut(id.index()).and_then(Option::as_mut) else { continue };
        let item = match tree[id].kind {
            NodeKind::Item(index) => items.get(index),
            _ => None,
        };
        let repeats = tree.repeats(id);
        let mut compiler = Compiler { tree, id, row, around, findings, repeats, doubts: RefCell::default() };
        let done = compiler.node(item);
        let source = compiler.source();
        let node = &mut tree.nodes[id.index()];
        node.source = source;
        node.label = words(&mut row.label, done.label);
        node.hint = words(&mut row.hint, done.hint);
        node.guidance = words(&mut row.guidance, done.guidance);
        node.constraint_message = words(&mut row.constraint_message, done.constraint_message);
        node.required_message = words(&mut row.required_message, done.required_message);
        node.relevant = done.relevant;
        node.required = done.required;
        node.constraint = done.constraint;
        node.read_only = done.read_only;
        node.calculation = done.calculation;
        node.itemset = done.itemset.map(Box::new);
        node.choice_words = done.choice_words;
        node.randomize = done.randomize;
        node.count = done.count;
        if done.preset.is_some() {
            node.preset = done.preset;
        }
        tree.actions.extend(done.actions);
    }
    for written in actions {
        match action(tree, written, around) {
            Ok(action) => tree.actions.push(action),
            Err(fault) => {
                let place = written.place.clone();
                let remedy = remedy(&fault, true).to_owned();
                findings.error(around.places.sheet(), place, fault.problem, remedy);
            }
        }
    }
    tree.link_actions();
}

/// The words of a row, which the node keeps from now on, with what is computed in them.
fn words(source: &mut Translated, outputs: Outputs) -> Words {
    Words { source: std::mem::take(source), outputs }
}

/// An action that a reader found apart from the question it sets.
fn action(tree: &Tree, written: &WrittenAction, around: Surroundings<'_>) -> Result<Action, Fault> {
    let repeats = tree.repeats(written.source);
    let from = |node, repeats| Place {
        tree,
        node,
        repeats,
        columns: None,
        calculates: true,
        instances: around.instances,
        doubts: None,
        lenient: true,
    };
    let (target, chosen) = resolve::target(&written.target, from(written.source, &repeats))?;
    let inner = tree.repeats(target.node);
    let value = match &written.value {
        Ok(expression) => Some(resolve::compile(expression, from(target.node, &inner))?),
        Err(text) if text.is_empty() => None,
        Err(text) => Some(Code::Text(text.as_str().into())),
    };
    Ok(Action { events: written.events, source: written.source, target, chosen, value })
}

/// What to do about a fault; an XForm has no `${name}`.
fn remedy(fault: &Fault, is_xform: bool) -> &str {
    match is_xform && fault.remedy.contains("${") {
        true => "Check the path and the names in it against the instance.",
        false => &fault.remedy,
    }
}

struct Compiler<'a> {
    tree: &'a Tree,
    id: NodeId,
    row: &'a SurveyRow,
    around: Surroundings<'a>,
    findings: &'a mut Findings,
    repeats: Vec<NodeId>,
    /// What runs in the expression last looked at but is likely to be a mistake.
    doubts: RefCell<Vec<Fault>>,
}

impl Compiler<'_> {
    fn node(&mut self, item: Option<&Item>) -> Compiled {
        let row = self.row;
        let mut done = Compiled {
            label: self.words(&row.label, "label"),
            hint: self.words(&row.hint, "hint"),
            guidance: self.words(&row.guidance, "guidance_hint"),
            constraint_message: self.words(&row.constraint_message, "constraint_message"),
            required_message: self.words(&row.required_message, "required_message"),
            relevant: self.condition("relevant").filter(|code| !is_constant(code, true)),
            ..Compiled::default()
        };
        let Some(item) = item else {
            if self.tree[self.id].kind == NodeKind::Repeat {
                self.repeats.pop();
                done.count = self.expression("repeat_count", false);
            }
            return done;
        };
        done.required = self.condition("required").filter(|code| !is_constant(code, false));
        done.read_only = self.condition("read_only").filter(|code| !is_constant(code, false));
        done.constraint = self.expression("constraint", false);
        if self.filled("trigger") {
            done.actions = self.triggered();
        } else {
            done.calculation = self.expression("calculation", true);
        }
        if item.kind.has_choices() {
            done.itemset = self.itemset();
            done.randomize = self.randomize();
            let computed = |(at, choice): (usize, &Choice)| Some((at, choice.computed.clone()?));
            for (at, words) in item.choices().iter().enumerate().filter_map(computed) {
                let outputs = self.words(&words, "choices");
                done.choice_words.push((at, Words { source: *words, outputs }));
            }
        }
        self.preset(item, &mut done);
        done
    }

    fn source(&self) -> Source {
        let cell = |column: &str| self.row.cells.shared(column).cloned();
        Source {
            row: self.row.number,
            relevant: cell("relevant"),
            required: cell("required"),
            constraint: cell("constraint"),
            read_only: cell("read_only"),
            calculation: cell("calculation"),
            default: cell("default"),
            choice_filter: cell("choice_filter"),
            repeat_count: cell("repeat_count"),
            trigger: cell("trigger"),
        }
    }

    fn filled(&self, column: &str) -> bool {
        self.row.cells.contains(column)
    }

    fn fail(&mut self, column: &str, problem: &str, remedy: &str) {
        let place = self.around.places.place(self.row, column);
        self.findings.error(self.around.places.sheet(), place, problem, remedy);
    }

    fn place(&self) -> Place<'_> {
        Place {
            tree: self.tree,
            node: self.id,
            repeats: &self.repeats,
            columns: None,
            calculates: false,
            instances: self.around.instances,
            doubts: Some(&self.doubts),
            lenient: self.row.is_xform,
        }
    }

    /// What is seen from another node.
    fn place_of<'b>(&'b self, node: NodeId, repeats: &'b [NodeId]) -> Place<'b> {
        Place { node, repeats, ..self.place() }
    }

    /// Reports a fault as one of a column.
    fn reported<T>(&mut self, column: &str, result: Result<T, Fault>) -> Option<T> {
        for doubt in self.doubts.take() {
            let place = self.around.places.place(self.row, column);
            let remedy = remedy(&doubt, self.row.is_xform).to_owned();
            self.findings.warning(self.around.places.sheet(), place, doubt.problem, remedy);
        }
        match result {
            Ok(found) => Some(found),
            Err(fault) => {
                self.fail(column, &fault.problem, remedy(&fault, self.row.is_xform));
                None
            }
        }
    }

    fn expression(&mut self, column: &str, calculates: bool) -> Option<Code> {
        let source = self.row.cells.get(column)?;
        let code = resolve::compile(source, Place { calculates, ..self.place() });
        self.reported(column, code)
    }

    /// A calculation that runs when one of the questions in the column `trigger` changes.
    fn triggered(&mut self) -> Vec<Action> {
        let value = self.expression("calculation", true);
        let mut actions = Vec::new();
        let names = self.row.cells.get("trigger").unwrap_or_default();
        for name in names.split(',') {
            let name = name.trim().trim_start_matches("${").trim_end_matches('}').trim();
            let Some(source) = self.reported("trigger", resolve::named(name, self.place())) else { continue };
            let repeats = self.tree.repeats(source.node);
            let target = self.place_of(source.node, &repeats).to(self.id);
            let events = Events { value_changed: true, ..Events::default() };
            actions.push(Action { events, source: source.node, target, chosen: None, value: value.clone() });
        }
        actions
    }

    /// An expression, or yes or no.
    fn condition(&mut self, column: &str) -> Option<Code> {
        match truth(self.row.cells.get(column)?) {
            Some(yes) => Some(Code::Number(f64::from(u8::from(yes)))),
            None => self.expression(column, false),
        }
    }

    fn itemset(&mut self) -> Option<Itemset> {
        if let Some(dynamic) = &self.row.dynamic_choices {
            let (nodes, value, label) = dynamic;
            let compiled = resolve::itemset(nodes, value, label, self.place());
            let (nodes, value, label) = self.reported("choice_filter", compiled)?;
            return Some(Itemset::Dynamic { nodes, value, label });
        }
        let source = self.row.cells.get("choice_filter")?;
        // A column that is not there is blank in every choice, as in XPath; but it is more often misspelt.
        let missing = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let columns = |name: &str| {
            let known =
                |name: &str| self.row.choice_columns.as_ref().is_some_and(|known| known.contains(name));
            let is_missing = !known(name) && !known(&name.to_lowercase());
            if is_missing {
                missing.borrow_mut().insert(name.to_owned());
            }
            is_missing || known(name)
        };
        let code = resolve::compile(source, Place { columns: Some(&columns), ..self.place() });
        for name in missing.into_inner() {
            let place = self.around.places.place(self.row, "choice_filter");
            let problem = format!("The choices have no column `{name}`, so it is blank in each of them.");
            let remedy = "Add the column, or write ${name} for a question.";
            self.findings.warning(self.around.places.sheet(), place, problem, remedy);
        }
        self.reported("choice_filter", code).map(Itemset::Filtered)
    }

    fn randomize(&mut self) -> Option<Option<Code>> {
        let seed = self.row.randomize.as_ref()?;
        Some(seed.as_ref().and_then(|seed| {
            let code = resolve::compile(seed, self.place());
            self.reported("parameters", code)
        }))
    }

    fn words(&mut self, words: &Translated, column: &str) -> Outputs {
        let mut outputs = Vec::new();
        for (language, text) in &words.0 {
            if self.row.is_xform && text.contains(OUTPUT.0) {
                outputs.push((language.clone(), self.outputs(text, column)));
            } else if !self.row.is_xform && is_computed(text) {
                outputs.push((language.clone(), self.pieces(text, column)));
            }
        }
        outputs
    }

    /// Words from an XForm, with expressions between marks.
    fn outputs(&mut self, text: &str, column: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (i, part) in text.split([OUTPUT.0, OUTPUT.1]).enumerate() {
            if i % 2 == 0 {
                pieces.push(Piece::Plain(part.to_owned()));
            } else {
                let code = resolve::compile(part, self.place());
                pieces.extend(self.reported(column, code).map(Piece::Output));
            }
        }
        pieces
    }

    fn pieces(&mut self, text: &str, column: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for part in parts(text) {
            let code = match part {
                Part::Plain(plain) => {
                    pieces.push(Piece::Plain(plain.to_owned()));
                    continue;
                }
                Part::Reference(name) => resolve::reference(name, self.place()),
                Part::LookUp(expression) => match resolve::compile(expression, self.place()) {
                    Ok(code) => Ok(code),
                    // Words that only look like an expression stay words.
                    Err(fault) => {
                        pieces.push(Piece::Plain(expression.to_owned()));
                        let place = self.around.places.place(self.row, column);
                        let problem = format!("The look-up stays as written. {}", fault.problem);
                        self.findings.warning(self.around.places.sheet(), place, problem, fault.remedy);
                        continue;
                    }
                },
                Part::Unclosed => {
                    self.fail(column, "A `${` is never closed.", "Write ${name}.");
                    break;
                }
            };
            pieces.extend(self.reported(column, code).map(Piece::Output));
        }
        pieces
    }

    fn preset(&mut self, item: &Item, done: &mut Compiled) {
        let Some(cell) = self.row.cells.get("default") else { return };
        if !is_dynamic(cell) {
            match item.read(cell) {
                Ok(Some(value)) if known_codes(item, &value) => {
                    done.preset = Some(value);
                    return;
                }
                Ok(None) => return,
                // `1 + 1` in a number is an expression; in a text it is a text.
                Err(_) if resolve::compile(cell, self.place()).is_ok() => {}
                _ => {
                    let problem =
                        format!("The default is not an answer of type {}, so there is none.", item.kind);
                    let place = self.around.places.place(self.row, "default");
                    let remedy = "Correct or clear the cell.";
                    return self.findings.warning(self.around.places.sheet(), place, problem, remedy);
                }
            }
        }
        let Some(value) = self.expression("default", false) else { return };
        let depth = self.repeats.len();
        let events = Events { first_load: true, new_repeat: depth > 0, ..Events::default() };
        let target = Ref { node: self.id, fixed: depth };
        done.actions.push(Action { events, source: self.id, target, chosen: None, value: Some(value) });
    }
}

fn known_codes(item: &Item, value: &Value) -> bool {
    match value {
        Value::One(code) if item.kind == ItemKind::SelectOne => item.choice(code).is_some(),
        Value::Many(codes) => codes.iter().all(|code| item.choice(code).is_some()),
        _ => true,
    }
}

fn is_constant(code: &Code, value: bool) -> bool {
    matches!(code, Code::Number(n) if (*n != 0.0) == value)
}

/// Whether a default is an expression: it has a reference, or is a call of a function.
pub(super) fn is_dynamic(cell: &str) -> bool {
    let call = cell.split_once('(').is_some_and(|(name, _)| {
        let name = name.trim();
        crate::expr::function::Function::named(name).is_some() || ["position", "count"].contains(&name)
    });
    cell.contains("${") || (call && cell.trim_end().ends_with(')'))
}
