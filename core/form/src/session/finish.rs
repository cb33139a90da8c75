//! What a session leaves behind, finished or stopped.

use super::Session;
use super::answers::{Answers, Instance};
use super::page::Problem;
use super::state::ScopeId;
use super::walk::Spot;
use crate::item::Stamp;
use crate::node::{NodeId, NodeKind};
use crate::{CellKey, Item, ItemKind, Missing, Value};

impl Session {
    /// The whole response, or everything that blocks it: required questions without answer and broken constraints.
    ///
    /// A question that is not required and has no answer is [`Missing::NotAnswered`] if it was on display, else
    /// [`Missing::NotReached`].
    pub fn finish(&self) -> Result<Answers, Vec<Problem>> {
        let problems = self.problems();
        if problems.is_empty() { Ok(self.answers(false)) } else { Err(problems) }
    }

    /// Keeps what is there when the person stops: nothing blocks. The unanswered questions on display are
    /// [`Missing::Stopped`], those seen before [`Missing::NotAnswered`], the rest [`Missing::NotReached`].
    #[must_use]
    pub fn stop(&self) -> Answers {
        self.answers(true)
    }

    /// Everything that blocks finishing, in order of the form.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.relevant_items(ScopeId::ROOT, NodeId::ROOT, &mut |scope, id, _| {
            problems.extend(self.problem(scope, id))
        });
        problems
    }

    fn answers(&self, stopped: bool) -> Answers {
        let mut on_display = Vec::new();
        if let (true, Spot::At(scope, id)) = (stopped, self.spot) {
            self.shown(scope, id, &mut |scope, id| on_display.push((scope, id)));
        }
        let mut answers = Answers::default();
        self.instances(ScopeId::ROOT, &mut answers.instances);
        self.relevant_items(ScopeId::ROOT, NodeId::ROOT, &mut |scope, id, kind| {
            let Some(item) = self.item(id) else { return };
            let value = match self.kept(scope, id, item) {
                Some(value) => value,
                None if kind.is_asked() && !self.is_read_only(scope, id) => {
                    let cell = self.state.cell(&self.instrument.tree, scope, id);
                    Value::Missing(match cell.seen {
                        _ if on_display.contains(&(scope, id)) => Missing::Stopped,
                        true => Missing::NotAnswered,
                        false => Missing::NotReached,
                    })
                }
                None => return,
            };
            answers.cells.push((CellKey { instance: self.state[scope].key, item: item.key() }, value));
        });
        answers
    }

    /// The value to keep; a choice that means "no answer" becomes the reason.
    fn kept(&self, scope: ScopeId, id: NodeId, item: &Item) -> Option<Value> {
        if item.kind() == ItemKind::Note {
            return None;
        }
        if item.stamp == Some(Stamp::End) {
            return Some(Value::DateTime(self.now.datetime()));
        }
        let value = self.state.cell(&self.instrument.tree, scope, id).current()?;
        Some(item.meaning(value))
    }

    fn instances(&self, scope: ScopeId, found: &mut Vec<Instance>) {
        let tree = &self.instrument.tree;
        let home = self.state[scope].node;
        let mut repeats: Vec<NodeId> = Vec::new();
        let mut id = NodeId(home.0 + 1);
        while id < tree[home].end {
            let repeat = tree[id].kind == NodeKind::Repeat;
            if repeat {
                repeats.push(id);
            }
            id = if repeat { tree[id].end } else { NodeId(id.0 + 1) };
        }
        for repeat in repeats {
            let relevant = |s: &&ScopeId| self.state.cell(tree, **s, repeat).relevant;
            for (instance, position) in self.state.list(tree, scope, repeat).iter().filter(relevant).zip(1..)
            {
                let Some(key) = self.state[*instance].key else { continue };
                let parent = self.state[scope].key;
                found.push(Instance { key, repeat: tree[repeat].key, parent, position });
                self.instances(*instance, found);
            }
        }
    }
}
