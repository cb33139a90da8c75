//! Groups, repeats, questions, notes and calculations as items of a questionnaire.

use super::enable::whole;
use super::resource::{Coding, Concept, Extension, ExtensionValue, Initial, Item as Written};
use super::{LossKind, Writer};
use crate::logic::{Comparison, Condition, Literal};
use crate::node::{Node, NodeId, NodeKind};
use crate::{Item, ItemKind, Scale, Value};

const HIDDEN: &str = "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden";
const CONTROL: &str = "http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl";
const CONTROLS: &str = "http://hl7.org/fhir/questionnaire-item-control";
const STEP: &str = "http://hl7.org/fhir/StructureDefinition/questionnaire-sliderStepValue";
const LEAST: &str = "http://hl7.org/fhir/StructureDefinition/minValue";
const GREATEST: &str = "http://hl7.org/fhir/StructureDefinition/maxValue";
const NOTE: &str = "http://hl7.org/fhir/StructureDefinition/designNote";

impl Writer<'_> {
    /// The items below a node.
    pub(super) fn items(&mut self, id: NodeId) -> Vec<Written> {
        let children: Vec<NodeId> = self.form.tree.children(id).collect();
        children.into_iter().filter_map(|child| self.item(child)).collect()
    }

    fn item(&mut self, id: NodeId) -> Option<Written> {
        let form = self.form;
        let node = &form.tree[id];
        let (text, text_element) = self.text(id, &node.label.source);
        let mut written = Written {
            extension: Vec::new(),
            link_id: self.links.get(&id).cloned().unwrap_or_default(),
            text,
            text_element,
            kind: "group",
            enable_when: Vec::new(),
            enable_behavior: None,
            required: None,
            repeats: None,
            read_only: None,
            max_length: None,
            answer_value_set: None,
            answer_option: Vec::new(),
            initial: Vec::new(),
            item: Vec::new(),
        };
        self.relevant(id, node, &mut written);
        match form.item_at(id) {
            Some(item) => self.question(id, node, item, &mut written),
            None => {
                written.item = self.items(id);
                // A group with nothing in it is no group (que-1).
                if written.item.is_empty() {
                    return None;
                }
                if node.kind == NodeKind::Repeat {
                    written.repeats = Some(true);
                    self.count(id, node, &mut written);
                }
            }
        }
        Some(written)
    }

    fn relevant(&mut self, id: NodeId, node: &Node, written: &mut Written) {
        let Some(source) = node.source.relevant.as_deref() else { return };
        let condition = Condition::of(&self.form.tree, id, source);
        if let Condition::Constant(always) = condition {
            // What is never asked is never shown.
            if !always {
                written.extension.push(Extension::new(HIDDEN, ExtensionValue::Boolean(true)));
            }
            return;
        }
        if let Some((when, behavior)) = self.enable(id, &condition) {
            (written.enable_when, written.enable_behavior) = (when, behavior);
        } else {
            written.extension.push(Extension::expression("relevant", source));
            self.lose(id, LossKind::Relevant, source);
        }
    }

    fn count(&mut self, id: NodeId, node: &Node, written: &mut Written) {
        if let Some(source) = node.source.repeat_count.as_deref() {
            written.extension.push(Extension::expression("repeat-count", source));
            self.lose(id, LossKind::RepeatCount, source);
        }
    }

    fn question(&mut self, id: NodeId, node: &Node, item: &Item, written: &mut Written) {
        written.kind = kind(item);
        match item.kind {
            ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape | ItemKind::Acknowledge => {
                self.lose(id, LossKind::Type, &item.kind.to_string());
            }
            ItemKind::Rank => self.lose(id, LossKind::Rank, ""),
            _ => {}
        }
        if item.kind.has_choices() && item.choices.is_empty() {
            self.lose(id, LossKind::Choices, "");
        }
        if !item.image.is_empty()
            || !item.audio.is_empty()
            || item.choices.iter().any(|c| !c.image.is_empty())
        {
            self.lose(id, LossKind::Media, "");
        }
        if item.kind == ItemKind::Note {
            return;
        }
        if matches!(item.kind, ItemKind::SelectMultiple | ItemKind::Rank) {
            written.repeats = Some(true);
        }
        if item.kind.is_shown() {
            self.guides(id, node, written);
        } else {
            if !written.extension.iter().any(|extension| extension.url == HIDDEN) {
                written.extension.push(Extension::new(HIDDEN, ExtensionValue::Boolean(true)));
            }
            written.read_only = Some(true);
        }
        self.conditions(id, node, written);
        self.bounds(id, node, item, written);
        self.start(id, node, item, written);
        self.calculation(id, node, item, written);
    }

    /// The hint as a display item of control `help` below the question, the guidance as a design note.
    fn guides(&mut self, id: NodeId, node: &Node, written: &mut Written) {
        if let (Some(text), text_element) = self.text(id, &node.hint.source) {
            let control =
                Coding { system: Some(CONTROLS.to_owned()), code: "help".to_owned(), ..Coding::default() };
            written.item.push(Written {
                extension: vec![Extension::new(
                    CONTROL,
                    ExtensionValue::Concept(Concept { coding: vec![control] }),
                )],
                link_id: format!("hint:{}", written.link_id),
                text: Some(text),
                text_element,
                kind: "display",
                enable_when: Vec::new(),
                enable_behavior: None,
                required: None,
                repeats: None,
                read_only: None,
                max_length: None,
                answer_value_set: None,
                answer_option: Vec::new(),
                initial: Vec::new(),
                item: Vec::new(),
            });
        }
        let guidance = node.guidance.source.get(self.form.default_language());
        if !guidance.is_empty() {
            written.extension.push(Extension::new(NOTE, ExtensionValue::Markdown(guidance.to_owned())));
        }
    }

    /// `required` and `readOnly`, which are yes or no.
    fn conditions(&mut self, id: NodeId, node: &Node, written: &mut Written) {
        let tree = &self.form.tree;
        let constant = |source: &str| match Condition::of(tree, id, source) {
            Condition::Constant(yes) => Some(yes),
            _ => None,
        };
        if let Some(source) = node.source.required.as_deref() {
            match constant(source) {
                Some(yes) => written.required = Some(true).filter(|_| yes),
                None => {
                    written.extension.push(Extension::expression("required", source));
                    self.lose(id, LossKind::Required, source);
                }
            }
        }
        if let Some(source) = node.source.read_only.as_deref() {
            match constant(source) {
                Some(yes) => written.read_only = Some(true).filter(|_| yes),
                None => {
                    written.extension.push(Extension::expression("read-only", source));
                    self.lose(id, LossKind::ReadOnly, source);
                }
            }
        }
        let said = |words: &crate::node::Words| !words.source.is_empty();
        if said(&node.constraint_message) || said(&node.required_message) {
            self.lose(id, LossKind::Message, "");
        }
    }

    fn bounds(&mut self, id: NodeId, node: &Node, item: &Item, written: &mut Written) {
        if let Some(scale) = item.scale {
            let (low, high) = (scale.start.min(scale.end), scale.start.max(scale.end));
            let value = |n: f64| if is_whole(scale) { whole(n).map(ExtensionValue::Integer) } else { None };
            let value = |n: f64| value(n).unwrap_or(ExtensionValue::Decimal(n));
            written.extension.push(Extension::new(LEAST, value(low)));
            written.extension.push(Extension::new(GREATEST, value(high)));
            if let Some(step) = whole(scale.step) {
                written.extension.push(Extension::new(STEP, ExtensionValue::Integer(step)));
            }
        }
        let Some(source) = node.source.constraint.as_deref() else { return };
        let Some(limits) = limits(id, item, &Condition::of(&self.form.tree, id, source)) else {
            written.max_length = self.form.longest(id).filter(|_| item.kind == ItemKind::Text);
            written.extension.push(Extension::expression("constraint", source));
            self.lose(id, LossKind::Constraint, source);
            return;
        };
        for limit in limits {
            match limit {
                Limit::Least(value) => written.extension.push(Extension::new(LEAST, value)),
                Limit::Greatest(value) => written.extension.push(Extension::new(GREATEST, value)),
                Limit::Length(most) => written.max_length = Some(most),
            }
        }
    }

    fn start(&mut self, id: NodeId, node: &Node, item: &Item, written: &mut Written) {
        if item.kind.has_choices() {
            if let Some(reference) = self.value_set(item) {
                let codes = match &node.preset {
                    Some(Value::One(code)) => vec![code.clone()],
                    Some(Value::Many(codes)) => codes.clone(),
                    _ => Vec::new(),
                };
                let system = self.system(item);
                let coding = |code| Coding { system: system.clone(), code, ..Coding::default() };
                written.initial = codes.into_iter().map(|code| Initial::Coding(coding(code))).collect();
                written.answer_value_set = Some(reference);
            } else {
                written.answer_option = self.options(item, node.preset.as_ref());
            }
            if let Some(source) = node.source.choice_filter.as_deref() {
                written.extension.push(Extension::expression("choice-filter", source));
                self.lose(id, LossKind::ChoiceFilter, source);
            }
        } else if let Some(value) = &node.preset {
            written.initial.extend(initial(value));
        }
        if let Some(source) = node.source.default.as_deref().filter(|_| node.preset.is_none()) {
            written.extension.push(Extension::expression("default", source));
            self.lose(id, LossKind::Default, source);
        }
    }

    fn calculation(&mut self, id: NodeId, node: &Node, item: &Item, written: &mut Written) {
        if let Some(source) = node.source.calculation.as_deref() {
            written.extension.push(Extension::expression("calculation", source));
            self.lose(id, LossKind::Calculation, source);
        } else if item.kind == ItemKind::Metadata {
            self.lose(id, LossKind::Default, &item.name);
        }
    }
}

/// The type of an item; of what is computed, a text.
fn kind(item: &Item) -> &'static str {
    match item.kind {
        ItemKind::Text if item.appearance.contains("multiline") => "text",
        ItemKind::Text | ItemKind::Calculate | ItemKind::Hidden => "string",
        ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape => "string",
        ItemKind::Integer => "integer",
        ItemKind::Range if item.scale.is_some_and(is_whole) => "integer",
        ItemKind::Decimal | ItemKind::Range => "decimal",
        ItemKind::Date => "date",
        ItemKind::Time => "time",
        ItemKind::DateTime | ItemKind::Metadata => "dateTime",
        _ if item.kind.has_choices() && item.choices.is_empty() => "string",
        ItemKind::SelectOne | ItemKind::SelectMultiple | ItemKind::Rank => "choice",
        ItemKind::Acknowledge => "boolean",
        ItemKind::Image | ItemKind::Audio | ItemKind::Video | ItemKind::File => "attachment",
        ItemKind::Note => "display",
    }
}

/// Whether all values of a scale are whole.
pub(super) fn is_whole(scale: Scale) -> bool {
    [scale.start, scale.end, scale.step].iter().all(|n| n.fract() == 0.0)
}

/// A value that an item starts with.
fn initial(value: &Value) -> Option<Initial> {
    Some(match value {
        Value::Text(text) => Initial::String(text.clone()),
        Value::Integer(n) => Initial::Integer(i32::try_from(*n).ok()?),
        Value::Decimal(n) => Initial::Decimal(*n),
        Value::Date(date) => Initial::Date(date.to_string()),
        Value::Time(time) => Initial::Time(time.to_string()),
        Value::One(_) => Initial::Boolean(true),
        // A FHIR dateTime needs a zone, and ours have none.
        Value::DateTime(_) | Value::Many(_) | Value::Missing(_) => return None,
    })
}

/// A bound that FHIR has a place for.
enum Limit {
    Least(ExtensionValue),
    Greatest(ExtensionValue),
    Length(u64),
}

/// The bounds that a constraint consists of, if it consists of such bounds alone.
fn limits(id: NodeId, item: &Item, condition: &Condition) -> Option<Vec<Limit>> {
    match condition {
        Condition::Constant(true) => Some(Vec::new()),
        Condition::All(all) => {
            let parts = all.iter().map(|part| limits(id, item, part)).collect::<Option<Vec<_>>>()?;
            Some(parts.into_iter().flatten().collect())
        }
        Condition::Length(node, comparison, n) if *node == id && item.kind == ItemKind::Text => {
            let most = match comparison {
                Comparison::LessOrEqual => *n,
                Comparison::Less => *n - 1.0,
                _ => return None,
            };
            whole(most).and_then(|most| u64::try_from(most).ok()).map(|most| vec![Limit::Length(most)])
        }
        Condition::Is(node, comparison, literal) if *node == id => {
            let value = match (item.kind, literal) {
                (ItemKind::Integer, Literal::Number(n)) => ExtensionValue::Integer(match comparison {
                    Comparison::Greater => whole(n.floor() + 1.0)?,
                    Comparison::Less => whole(n.ceil() - 1.0)?,
                    Comparison::GreaterOrEqual => whole(n.ceil())?,
                    _ => whole(n.floor())?,
                }),
                // `. < 2.5` has no greatest value.
                (ItemKind::Decimal, Literal::Number(n))
                    if matches!(comparison, Comparison::LessOrEqual | Comparison::GreaterOrEqual) =>
                {
                    ExtensionValue::Decimal(*n)
                }
                (ItemKind::Date, Literal::Text(text))
                    if matches!(comparison, Comparison::LessOrEqual | Comparison::GreaterOrEqual)
                        && text.parse::<jiff::civil::Date>().is_ok() =>
                {
                    ExtensionValue::Date(text.clone())
                }
                _ => return None,
            };
            match comparison {
                Comparison::Greater | Comparison::GreaterOrEqual => Some(vec![Limit::Least(value)]),
                Comparison::Less | Comparison::LessOrEqual => Some(vec![Limit::Greatest(value)]),
                _ => None,
            }
        }
        _ => None,
    }
}
