//! Compiles the expressions, presets and texts of the survey sheet once the tree stands.

use super::findings::Findings;
use super::sheet::{Sheet, truth};
use super::survey::SurveyRow;
use crate::expr::code::Code;
use crate::expr::resolve::{self, Place};
use crate::item::Translated;
use crate::node::{NodeId, NodeKind, Piece, Preset, Tree, Words};
use crate::{Item, ItemKind, Value};

/// What is compiled of one node, before it is put into the tree.
#[derive(Default)]
struct Compiled {
    label: Words,
    hint: Words,
    guidance: Words,
    constraint_message: Words,
    required_message: Words,
    relevant: Option<Code>,
    required: Option<Code>,
    constraint: Option<Code>,
    read_only: Option<Code>,
    calculation: Option<Code>,
    filter: Option<Code>,
    count: Option<Code>,
    preset: Preset,
}

pub(crate) fn compile(
    tree: &mut Tree,
    items: &[Item],
    rows: &[Option<SurveyRow>],
    sheet: &Sheet,
    findings: &mut Findings,
) {
    for id in tree.ids() {
        let Some(row) = rows.get(id.index()).and_then(Option::as_ref) else { continue };
        let item = match tree[id].kind {
            NodeKind::Item(index) => items.get(index),
            _ => None,
        };
        let repeats = tree.repeats(id);
        let mut compiler = Compiler { tree, id, row, sheet, findings, repeats };
        let done = compiler.node(item);
        let node = &mut tree.nodes[id.index()];
        node.label = done.label;
        node.hint = done.hint;
        node.guidance = done.guidance;
        node.constraint_message = done.constraint_message;
        node.required_message = done.required_message;
        node.relevant = done.relevant;
        node.required = done.required;
        node.constraint = done.constraint;
        node.read_only = done.read_only;
        node.calculation = done.calculation;
        node.filter = done.filter;
        node.count = done.count;
        node.preset = done.preset;
    }
}

struct Compiler<'a> {
    tree: &'a Tree,
    id: NodeId,
    row: &'a SurveyRow,
    sheet: &'a Sheet,
    findings: &'a mut Findings,
    repeats: Vec<NodeId>,
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
        done.calculation = self.expression("calculation", true);
        if item.kind == ItemKind::Calculate && done.calculation.is_none() && !self.filled("calculation") {
            self.warn("calculation", "The row calculates nothing.", "Fill in the calculation.");
        }
        if item.kind.has_choices() {
            done.filter = self.filter();
        }
        done.preset = self.preset(item);
        done
    }

    fn filled(&self, column: &str) -> bool {
        self.row.cells.contains_key(column)
    }

    fn fail(&mut self, column: &str, problem: &str, remedy: &str) {
        let place = Some(self.sheet.place(self.row.number, column));
        self.findings.error("survey", place, problem, remedy);
    }

    fn warn(&mut self, column: &str, problem: &str, remedy: &str) {
        let place = Some(self.sheet.place(self.row.number, column));
        self.findings.warning("survey", place, problem, remedy);
    }

    fn place(&self) -> Place<'_> {
        Place { tree: self.tree, node: self.id, repeats: &self.repeats, columns: None, calculates: false }
    }

    fn expression(&mut self, column: &str, calculates: bool) -> Option<Code> {
        let source = self.row.cells.get(column)?;
        match resolve::compile(source, Place { calculates, ..self.place() }) {
            Ok(code) => Some(code),
            Err(fault) => {
                self.fail(column, &fault.problem, &fault.remedy);
                None
            }
        }
    }

    /// An expression, or yes or no.
    fn condition(&mut self, column: &str) -> Option<Code> {
        match truth(self.row.cells.get(column)?) {
            Some(yes) => Some(Code::Number(f64::from(u8::from(yes)))),
            None => self.expression(column, false),
        }
    }

    fn filter(&mut self) -> Option<Code> {
        let source = self.row.cells.get("choice_filter")?;
        let columns = |name: &str| self.row.choice_columns.contains(&name.to_lowercase());
        match resolve::compile(source, Place { columns: Some(&columns), ..self.place() }) {
            Ok(code) => Some(code),
            Err(fault) => {
                self.fail("choice_filter", &fault.problem, &fault.remedy);
                None
            }
        }
    }

    fn words(&mut self, words: &Translated, column: &str) -> Words {
        let mut outputs = Vec::new();
        for (language, text) in &words.0 {
            if text.contains("${") {
                outputs.push((language.clone(), self.pieces(text, column)));
            }
        }
        Words { source: words.clone(), outputs }
    }

    fn pieces(&mut self, text: &str, column: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                self.fail(column, "A `${` is never closed.", "Write ${name}.");
                break;
            };
            pieces.push(Piece::Plain(before.to_owned()));
            match resolve::reference(name.trim(), self.place()) {
                Ok(found) => pieces.push(Piece::Output(found)),
                Err(fault) => self.fail(column, &fault.problem, &fault.remedy),
            }
            rest = after;
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        pieces
    }

    fn preset(&mut self, item: &Item) -> Preset {
        let Some(cell) = self.row.cells.get("default") else { return Preset::None };
        if is_dynamic(cell) {
            return self.expression("default", false).map_or(Preset::None, Preset::Dynamic);
        }
        match item.read(cell) {
            Ok(Some(value)) if known_codes(item, &value) => return Preset::Static(value),
            Ok(None) => return Preset::None,
            // `1 + 1` in a number is an expression; in a text it is a text.
            Err(_) if let Ok(code) = resolve::compile(cell, self.place()) => return Preset::Dynamic(code),
            _ => {}
        }
        let problem = format!("The default is not an answer of type {}.", item.kind);
        self.fail("default", &problem, "Correct or clear the cell.");
        Preset::None
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
fn is_dynamic(cell: &str) -> bool {
    let call = cell.split_once('(').is_some_and(|(name, _)| {
        let name = name.trim();
        crate::expr::function::Function::named(name).is_some() || ["position", "count"].contains(&name)
    });
    cell.contains("${") || (call && cell.trim_end().ends_with(')'))
}
