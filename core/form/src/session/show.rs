//! Builds the page on display.

use super::page::{Cause, Page, Problem, Question, RepeatEnd};
use super::state::{ScopeId, path, path_of_repeat};
use super::walk::Spot;
use super::{Outcome, Redraw, Session};
use crate::node::{NodeId, NodeKind, Words};
use crate::{Attached, Item, ItemKind, Value};

impl Session {
    /// What is on display.
    #[must_use]
    pub fn page(&self) -> Page {
        let mut page = Page {
            number: self.page_number(),
            of: self.pages_left().map(|left| self.page_number() + left),
            heading: String::new(),
            questions: Vec::new(),
            repeat: None,
            check: self.spot == Spot::Check,
        };
        match self.spot {
            Spot::At(scope, id) => {
                self.shown(scope, id, &mut |scope, id| page.questions.extend(self.question(scope, id)));
                page.heading = self.heading(scope, id);
            }
            Spot::RepeatEnd(outer, repeat) => {
                page.heading = self.heading(outer, repeat);
                page.repeat = Some(RepeatEnd {
                    path: path_of_repeat(&self.instrument.tree, &self.state, outer, repeat),
                    label: self.scene(outer, repeat).shown(&self.instrument.tree[repeat].label),
                    count: self.state.list(&self.instrument.tree, outer, repeat).len(),
                });
            }
            Spot::Check => {
                self.shown(ScopeId::ROOT, NodeId::ROOT, &mut |scope, id| {
                    page.questions.extend(self.question(scope, id).filter(|q| q.kind != ItemKind::Note));
                });
            }
        }
        page
    }

    /// Labels of what is around a page, and of the page itself where it is a group.
    fn heading(&self, mut scope: ScopeId, mut id: NodeId) -> String {
        let tree = &self.instrument.tree;
        let mut labels = Vec::new();
        if matches!(tree[id].kind, NodeKind::Item(_))
            || tree[id].kind == NodeKind::Repeat && tree[id].scope != self.state[scope].node
        {
            id = tree[id].parent;
        }
        while id != NodeId::ROOT {
            let label = self.scene(scope, id).shown(&tree[id].label);
            if tree[id].kind == NodeKind::Repeat {
                if !label.is_empty() {
                    labels.push(format!("{label} {}", self.state[scope].number));
                }
                scope = self.state[scope].parent;
            } else if !label.is_empty() {
                labels.push(label);
            }
            id = tree[id].parent;
        }
        labels.reverse();
        labels.join(" · ")
    }

    fn question(&self, scope: ScopeId, id: NodeId) -> Option<Question> {
        let tree = &self.instrument.tree;
        let item = self.item(id)?;
        let (node, scene) = (&tree[id], self.scene(scope, id));
        let value = self.state.cell(tree, scope, id).current().cloned();
        let file = |words: &crate::item::Translated| {
            Some(words.get(&self.language).to_owned()).filter(|f| !f.is_empty())
        };
        Some(Question {
            path: path(tree, &self.state, scope, id),
            item: item.key(),
            kind: item.kind(),
            label: scene.shown(&node.label),
            hint: scene.shown(&node.hint),
            guidance: scene.shown(&node.guidance),
            choices: self.offered(scope, id, item),
            scale: item.scale(),
            answer: value.as_ref().map(|value| self.in_words(scope, id, item, value)).unwrap_or_default(),
            required: self.is_required(scope, id),
            read_only: self.is_read_only(scope, id),
            problem: self
                .problem(scope, id)
                .filter(|problem| problem.cause != Cause::Required || self.pressed)
                .map(|problem| problem.message),
            value,
            appearance: item.appearance().to_owned(),
            image: file(&item.image),
            audio: file(&item.audio),
        })
    }

    fn in_words(&self, scope: ScopeId, id: NodeId, item: &Item, value: &Value) -> String {
        let label = |code: &String| self.label_of(scope, id, item, code);
        match value {
            Value::One(code) if item.kind().has_choices() => label(code),
            Value::Many(codes) => codes.iter().map(label).collect::<Vec<_>>().join(", "),
            Value::Text(text) => Attached::in_words(text).unwrap_or_else(|| text.clone()),
            other => other.to_text(),
        }
    }

    pub(crate) fn is_required(&self, scope: ScopeId, id: NodeId) -> bool {
        let code = self.instrument.tree[id].required.as_ref();
        code.is_some_and(|code| self.scene(scope, id).holds(code))
    }

    pub(crate) fn is_read_only(&self, scope: ScopeId, id: NodeId) -> bool {
        let code = self.instrument.tree[id].read_only.as_ref();
        code.is_some_and(|code| self.scene(scope, id).holds(code))
    }

    /// What is wrong with a relevant item as it stands.
    pub(crate) fn problem(&self, scope: ScopeId, id: NodeId) -> Option<Problem> {
        let tree = &self.instrument.tree;
        let (node, item) = (&tree[id], self.item(id)?);
        if !item.kind().is_shown() {
            return None;
        }
        let value = self.state.cell(tree, scope, id).current();
        let given = value.filter(|value| value.missing().is_none());
        let (cause, words, plain): (Cause, Option<&Words>, &str) = match given {
            None if self.is_required(scope, id) => {
                (Cause::Required, Some(&node.required_message), "Please answer this question.")
            }
            None => return None,
            Some(value) if is_mixed(item, value) => {
                (Cause::Exclusive, None, "This answer cannot be chosen together with others.")
            }
            Some(_) => {
                let holds = node.constraint.as_ref().is_none_or(|code| self.scene(scope, id).holds(code));
                if holds {
                    return None;
                }
                (Cause::Constraint, Some(&node.constraint_message), "Please check this answer.")
            }
        };
        let own = words.map(|words| self.scene(scope, id).shown(words)).filter(|message| !message.is_empty());
        let message = own.unwrap_or_else(|| plain.to_owned());
        Some(Problem { path: path(tree, &self.state, scope, id), cause, message })
    }

    /// What keeps the page on display.
    pub(crate) fn page_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Spot::At(scope, id) = self.spot {
            self.shown(scope, id, &mut |scope, id| problems.extend(self.problem(scope, id)));
        }
        problems
    }

    /// Marks what is on display as seen.
    pub(crate) fn see(&mut self) {
        let mut seen = Vec::new();
        if let Spot::At(scope, id) = self.spot {
            self.shown(scope, id, &mut |scope, id| seen.push((scope, id)));
        }
        let instrument = self.instrument.clone();
        for (scope, id) in seen {
            self.state.cell_mut(&instrument.tree, scope, id).seen = true;
        }
    }

    pub(crate) fn outcome(&self, changed: Vec<(NodeId, ScopeId)>) -> Outcome {
        Outcome { changed: Redraw::new(&self.instrument, &self.state, changed), problems: Vec::new() }
    }
}

/// Whether a choice that means "no answer" is taken together with another.
fn is_mixed(item: &Item, value: &Value) -> bool {
    match value {
        Value::Many(codes) if codes.len() > 1 && item.kind() == ItemKind::SelectMultiple => {
            codes.iter().any(|code| item.choice(code).is_some_and(|choice| choice.missing().is_some()))
        }
        _ => false,
    }
}
