//! Recomputes what an answer affects, each thing once and after what it depends on.

use std::cmp::Reverse;

use super::Session;
use super::state::ScopeId;
use super::wave::{Task, Wave};
use crate::expr::val::Val;
use crate::graph::{Aspect, Vertex};
use crate::item::Stamp;
use crate::node::{Beginning, NodeId, NodeKind, Tree};
use crate::reading::{coerced, whole_or_decimal};
use crate::{ItemKind, Value};

/// Most instances a form may count for itself in one repeat.
const MAX_COUNTED: usize = 500;
/// Most countings that one entry may set off. A repeat that counts itself up and down for ever stops there.
const MAX_COUNTINGS: usize = 10_000;
/// Most looks at choices that one entry may set off. Choices that come and go for ever stop there.
const MAX_CUTS: usize = 500_000;
/// How often words of choices may change in one step: they may name each other.
const MAX_WORDINGS: usize = 20_000;

impl Session {
    fn push(&self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        wave.queue.push(Reverse(Task::new(self.instrument.graph.rank(vertex), scope)));
    }

    /// Puts everything that depends on a vertex, in the instances concerned, into the wave.
    pub(crate) fn touch(&self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        let tree = &self.instrument.tree;
        for edge in self.instrument.graph.dependants(vertex) {
            // Without instances nobody computes whether a repeat is relevant, and its end is a page that comes or goes with that.
            if edge.to.aspect == Aspect::Relevance && tree[edge.to.node].kind == NodeKind::Repeat {
                wave.pages_changed(edge.to.node);
            }
            let outer = self.state.climb(scope, edge.fixed);
            // How many instances a repeat has is a matter of the instance around it.
            let home =
                if edge.to.aspect.is_of_list() { tree.outer(edge.to.node) } else { tree[edge.to.node].scope };
            if self.state[outer].depth == tree[home].depth {
                self.push(wave, edge.to, outer);
            } else {
                self.state.within(tree, outer, home, &mut |scope| self.push(wave, edge.to, scope));
            }
        }
    }

    /// Notes that the value of an item has changed.
    pub(crate) fn value_changed(&self, wave: &mut Wave, id: NodeId, scope: ScopeId) {
        wave.changed.push((id, scope));
        if !wave.opening && !self.instrument.tree[id].on_change.is_empty() {
            wave.fired.push((id, scope));
        }
        self.touch(wave, Vertex { node: id, aspect: Aspect::Value }, scope);
    }

    /// Computes until nothing is left.
    pub(crate) fn settle(&mut self, wave: &mut Wave) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let mut last = None;
        while let Some(Reverse(task)) = wave.queue.pop() {
            let (rank, scope) = task.parts();
            let Some(vertex) = instrument.graph.vertex(rank).filter(|_| last != Some(task)) else { continue };
            last = Some(task);
            match vertex.aspect {
                Aspect::Instances => self.count(wave, tree, vertex.node, scope),
                Aspect::Relevance => self.relevance(wave, tree, vertex, scope),
                Aspect::Value => self.revalue(wave, tree, vertex.node, scope),
                Aspect::Words => self.reword(wave, vertex, scope),
                // Nothing to compute: removing an instance is what changes it.
                Aspect::Order => {}
                Aspect::Shown => {
                    if !wave.opening && self.state.cell(tree, scope, vertex.node).relevant {
                        wave.changed.push((vertex.node, scope));
                    }
                }
            }
        }
    }

    fn relevance(&mut self, wave: &mut Wave, tree: &Tree, vertex: Vertex, scope: ScopeId) {
        let id = vertex.node;
        let relevant = self.around(scope, id)
            && tree[id].relevant.as_ref().is_none_or(|code| self.scene(scope, id).holds(code));
        let cell = self.state.cell_mut(tree, scope, id);
        if cell.relevant != relevant {
            cell.relevant = relevant;
            wave.pages_changed(id);
            if matches!(tree[id].kind, NodeKind::Item(_)) {
                wave.changed.push((id, scope));
            }
            self.touch(wave, vertex, scope);
        }
    }

    /// Whether what is around a node is relevant.
    pub(crate) fn around(&self, scope: ScopeId, id: NodeId) -> bool {
        let tree = &self.instrument.tree;
        if id == NodeId::ROOT {
            return true;
        }
        let home = if tree[id].scope == id { self.state[scope].parent } else { scope };
        self.state.cell(tree, home, tree[id].parent).relevant
    }

    fn revalue(&mut self, wave: &mut Wave, tree: &Tree, id: NodeId, scope: ScopeId) {
        let Some(code) = &tree[id].calculation else {
            return self.recut(wave, tree, id, scope);
        };
        let (kind, filtered) = (tree[id].stored_as, tree[id].itemset.is_some());
        let scene = self.scene(scope, id);
        let value = match code.is_arithmetic().then(|| scene.number(code)) {
            // What long chains are made of takes the short way.
            Some(number) if number.is_finite() && kind == ItemKind::Calculate && !filtered => {
                let cell = self.state.cell_mut(tree, scope, id);
                cell.touched = false;
                if cell.replace_number(number) {
                    self.value_changed(wave, id, scope);
                }
                return;
            }
            Some(number) => fitted(kind, &scene, Val::Number(number)),
            None => stored(kind, &scene, code),
        };
        let cell = self.state.cell_mut(tree, scope, id);
        cell.touched = false;
        if filtered {
            let before = cell.current().cloned();
            cell.value = value;
            self.cut(tree, scope, id);
            if self.state.cell(tree, scope, id).current() != before.as_ref() {
                self.value_changed(wave, id, scope);
            }
        } else if cell.value != value {
            cell.value = value;
            self.value_changed(wave, id, scope);
        }
    }

    /// Words of choices are computed where they are read: whoever reads them looks again.
    fn reword(&self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        wave.worded += 1;
        if wave.worded <= MAX_WORDINGS {
            self.touch(wave, vertex, scope);
        }
    }

    fn recut(&mut self, wave: &mut Wave, tree: &Tree, id: NodeId, scope: ScopeId) {
        wave.cut += 1;
        if wave.cut > MAX_CUTS {
            return;
        }
        let before = self.state.cell(tree, scope, id).cut.clone();
        self.cut(tree, scope, id);
        if self.state.cell(tree, scope, id).cut != before {
            self.value_changed(wave, id, scope);
        }
    }

    /// Takes out of a value the codes that are no longer offered.
    pub(crate) fn cut(&mut self, tree: &Tree, scope: ScopeId, id: NodeId) {
        if tree[id].itemset.is_none() {
            return;
        }
        let offered = |code: &str| self.offers(scope, id, code);
        let cut = match &self.state.cell(tree, scope, id).value {
            Some(Value::One(code)) if !offered(code) => Some(None),
            Some(Value::Many(codes)) => {
                let left: Vec<String> = codes.iter().filter(|code| offered(code)).cloned().collect();
                if left.len() == codes.len() {
                    None
                } else {
                    Some(Some(left).filter(|left| !left.is_empty()).map(Value::Many))
                }
            }
            _ => None,
        };
        self.state.cell_mut(tree, scope, id).cut = cut;
    }

    fn count(&mut self, wave: &mut Wave, tree: &Tree, repeat: NodeId, outer: ScopeId) {
        let Some(code) = &tree[repeat].count else { return };
        wave.counted += 1;
        if wave.counted > MAX_COUNTINGS {
            return;
        }
        let scene = self.scene(outer, repeat);
        let number = scene.eval(code).to_number(&scene);
        // A count that was blanked says nothing about what is there.
        if number.is_nan() {
            return;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let wanted = (number as usize).min(MAX_COUNTED);
        let mut list = self.state.list(tree, outer, repeat).to_vec();
        while list.len() < wanted {
            let Some(new) = self.add(wave, outer, repeat, None) else { break };
            list.push(new);
        }
        // Fewer: what nobody has answered goes, what somebody has stays.
        while list.len() > wanted {
            let Some(last) = list.pop().filter(|last| !self.state.is_touched(*last)) else { break };
            self.take_out(wave, last);
        }
    }

    /// Adds an instance, presets it and has it computed. With a beginning, it is one of those that the form opens with.
    pub(crate) fn add(
        &mut self,
        wave: &mut Wave,
        outer: ScopeId,
        repeat: NodeId,
        beginning: Option<&Beginning>,
    ) -> Option<ScopeId> {
        let instrument = self.instrument.clone();
        let new = self.state.add(&instrument.tree, outer, repeat, self.seed)?;
        self.preset(new);
        match beginning {
            Some(beginning) => self.begin(wave, new, beginning),
            None => {
                self.bring(wave, &instrument.tree, new, repeat);
                self.new_instance(wave, new);
            }
        }
        self.enqueue(wave, new);
        self.touch(wave, Vertex { node: repeat, aspect: Aspect::Instances }, outer);
        wave.pages_changed(repeat);
        Some(new)
    }

    /// Gives a new instance the instances of inner repeats that its template has.
    fn bring(&mut self, wave: &mut Wave, tree: &Tree, new: ScopeId, repeat: NodeId) {
        for (inner, instances) in &tree[repeat].brings {
            for instance in instances {
                let Some(scope) = self.add(wave, new, *inner, None) else { return };
                for (id, value) in &instance.values {
                    self.state.cell_mut(tree, scope, *id).value = value.clone();
                }
            }
        }
    }

    /// Removes an instance and has what looked at it computed.
    pub(crate) fn take_out(&mut self, wave: &mut Wave, instance: ScopeId) {
        let instrument = self.instrument.clone();
        let (repeat, outer) = (self.state[instance].node, self.state[instance].parent);
        self.leave(instance);
        let state = &self.state;
        let inside = |scope: ScopeId| state.is_inside(scope, instance);
        wave.queue.retain(|Reverse(task)| !inside(task.parts().1));
        wave.changed.retain(|(_, scope)| !inside(*scope));
        wave.fired.retain(|(_, scope)| !inside(*scope));
        self.state.remove(&instrument.tree, instance);
        self.touch(wave, Vertex { node: repeat, aspect: Aspect::Instances }, outer);
        self.touch(wave, Vertex { node: repeat, aspect: Aspect::Order }, outer);
        wave.pages_changed(repeat);
    }

    /// Gives an instance what it holds when the form is opened: its own values, and the instances of repeats in it; where
    /// nothing is said of a repeat, one, unless the form counts it.
    pub(crate) fn begin(&mut self, wave: &mut Wave, scope: ScopeId, beginning: &Beginning) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        for (id, value) in &beginning.values {
            self.state.cell_mut(tree, scope, *id).value = value.clone();
        }
        let home = self.state[scope].node;
        for id in self.scope_nodes(home) {
            if tree[id].kind != NodeKind::Repeat || id == home {
                continue;
            }
            match beginning.repeats.iter().find(|(repeat, _)| *repeat == id) {
                Some((_, instances)) => {
                    for instance in instances {
                        self.add(wave, scope, id, Some(instance));
                    }
                }
                None if tree[id].count.is_none() => {
                    self.add(wave, scope, id, Some(&Beginning::default()));
                }
                None => {}
            }
        }
    }

    /// The nodes of a scope, and the repeats directly in it.
    fn scope_nodes(&self, home: NodeId) -> Vec<NodeId> {
        let tree = &self.instrument.tree;
        let mut found = Vec::new();
        let mut id = home;
        while id < tree[home].end {
            found.push(id);
            let inner = tree[id].kind == NodeKind::Repeat && id != home;
            id = if inner { tree[id].end } else { NodeId(id.0 + 1) };
        }
        found
    }

    /// Has everything in an instance computed.
    pub(crate) fn enqueue(&self, wave: &mut Wave, scope: ScopeId) {
        let tree = &self.instrument.tree;
        let home = self.state[scope].node;
        for id in self.scope_nodes(home) {
            if tree[id].kind == NodeKind::Repeat && id != home {
                if tree[id].count.is_some() {
                    self.push(wave, Vertex { node: id, aspect: Aspect::Instances }, scope);
                }
                continue;
            }
            // What is always relevant is so already, unless what is around it is not.
            if tree[id].relevant.is_some() || id == home {
                self.push(wave, Vertex { node: id, aspect: Aspect::Relevance }, scope);
            }
            if tree[id].calculation.is_some() || tree[id].itemset.is_some() {
                self.push(wave, Vertex { node: id, aspect: Aspect::Value }, scope);
            }
        }
    }

    /// What a new instance holds before anything is computed.
    pub(crate) fn preset(&mut self, scope: ScopeId) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let home = self.state[scope].node;
        for id in self.scope_nodes(home) {
            let NodeKind::Item(index) = tree[id].kind else { continue };
            let value = match instrument.items[index].stamp {
                Some(Stamp::Start) => Some(Value::DateTime(self.now.datetime())),
                Some(Stamp::Today) => Some(Value::Date(self.now.date())),
                _ if tree[id].preset.is_some() => tree[id].preset.clone(),
                _ => continue,
            };
            self.state.cell_mut(tree, scope, id).value = value;
        }
    }

    /// What shows labels of choices is computed again in the new language.
    pub(crate) fn relabel(&mut self, wave: &mut Wave) {
        let instrument = self.instrument.clone();
        for vertex in &instrument.graph.languages {
            let tree = &instrument.tree;
            let home =
                if vertex.aspect.is_of_list() { tree.outer(vertex.node) } else { tree[vertex.node].scope };
            let state = &self.state;
            state.within(&instrument.tree, ScopeId::ROOT, home, &mut |scope| self.push(wave, *vertex, scope));
        }
    }
}

/// What an expression gives, as a value of the item's type; blank gives nothing. A calculation without a type of its own
/// keeps the type it computes.
pub(crate) fn stored(
    kind: ItemKind,
    scene: &super::scene::Scene<'_>,
    code: &crate::expr::code::Code,
) -> Option<Value> {
    fitted(kind, scene, scene.eval(code))
}

/// A value as it is stored.
fn fitted(kind: ItemKind, scene: &super::scene::Scene<'_>, value: Val<'_>) -> Option<Value> {
    let value = match value {
        Val::Nodes(nodes) => nodes.first().map_or(Val::BLANK, |node| node.value(scene)),
        single => single,
    };
    if value.is_blank(scene) {
        return None;
    }
    if let (ItemKind::Calculate | ItemKind::Hidden | ItemKind::Note | ItemKind::Text, Val::Number(n)) =
        (kind, &value)
        && kind != ItemKind::Text
    {
        return Some(if n.is_finite() {
            whole_or_decimal(*n)
        } else {
            Value::Text(value.into_text(scene).into_owned())
        });
    }
    if let (ItemKind::Integer, Val::Number(n)) = (kind, &value) {
        return Some(whole_or_decimal(*n)).filter(|value| matches!(value, Value::Integer(_)));
    }
    if let (ItemKind::Decimal, Val::Number(n)) = (kind, &value) {
        return Some(Value::Decimal(*n)).filter(|_| n.is_finite());
    }
    let text = value.into_text(scene);
    match kind {
        ItemKind::Calculate | ItemKind::Hidden | ItemKind::Note | ItemKind::Text => {
            Some(Value::Text(text.into_owned()))
        }
        kind => coerced(scene.instrument.item_at(scene.node)?, kind, &text),
    }
}
