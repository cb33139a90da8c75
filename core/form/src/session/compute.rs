//! Recomputes what an answer affects, each thing once and after what it depends on.

use std::collections::BTreeSet;

use super::Session;
use super::state::ScopeId;
use crate::expr::val::Val;
use crate::graph::{Aspect, Vertex};
use crate::item::Stamp;
use crate::node::{NodeId, NodeKind, Preset};
use crate::reading::{coerced, whole_or_decimal};
use crate::{Item, ItemKind, Value};

/// Most instances a form may count for itself in one repeat.
const MAX_COUNTED: usize = 500;

/// What is to be recomputed, in the graph's order, and what has changed.
#[derive(Default)]
pub(crate) struct Wave {
    queue: BTreeSet<(u32, Vertex, ScopeId)>,
    /// Items whose value or relevance changed.
    pub(crate) changed: BTreeSet<(NodeId, ScopeId)>,
    /// Whether pages came or went.
    pub(crate) pages: bool,
}

#[cfg(test)]
impl Wave {
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn forget(&mut self, which: impl Fn(Vertex, ScopeId) -> bool) {
        self.queue.retain(|(_, vertex, scope)| !which(*vertex, *scope));
    }
}

impl Session {
    fn push(&self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        wave.queue.insert((self.instrument.graph.rank(vertex), vertex, scope));
    }

    /// Puts everything that depends on a vertex, in the instances concerned, into the wave.
    pub(crate) fn touch(&self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        let tree = &self.instrument.tree;
        for edge in self.instrument.graph.dependants(vertex) {
            let outer = self.state.climb(scope, edge.fixed);
            // How many instances a repeat has is a matter of the instance around it.
            let home =
                if edge.to.aspect.is_of_list() { tree.outer(edge.to.node) } else { tree[edge.to.node].scope };
            self.state.within(tree, outer, home, &mut |scope| self.push(wave, edge.to, scope));
        }
    }

    /// Computes until nothing is left.
    pub(crate) fn settle(&mut self, wave: &mut Wave) {
        while let Some((_, vertex, scope)) = wave.queue.pop_first() {
            match vertex.aspect {
                Aspect::Instances => self.count(wave, vertex, scope),
                Aspect::Relevance => self.relevance(wave, vertex, scope),
                Aspect::Value => self.revalue(wave, vertex, scope),
                // Nothing to compute: removing an instance is what changes it.
                Aspect::Order => {}
            }
        }
    }

    fn relevance(&mut self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        let instrument = self.instrument.clone();
        let (tree, id) = (&instrument.tree, vertex.node);
        let around = self.around(scope, id);
        let relevant = around
            && tree[id].relevant.as_ref().is_none_or(|code| self.scene(scope, id).eval(code).to_boolean());
        let cell = self.state.cell_mut(tree, scope, id);
        if cell.relevant != relevant {
            cell.relevant = relevant;
            wave.pages = true;
            if matches!(tree[id].kind, NodeKind::Item(_)) {
                wave.changed.insert((id, scope));
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

    fn revalue(&mut self, wave: &mut Wave, vertex: Vertex, scope: ScopeId) {
        let instrument = self.instrument.clone();
        let (tree, id) = (&instrument.tree, vertex.node);
        let Some(item) = self.item(id) else { return };
        let before = self.state.cell(tree, scope, id).current().cloned();
        if let Some(code) = &tree[id].calculation {
            let value = stored(item, self.scene(scope, id).eval(code));
            let cell = self.state.cell_mut(tree, scope, id);
            cell.value = value;
            cell.touched = false;
        }
        self.cut(scope, id);
        if self.state.cell(tree, scope, id).current() != before.as_ref() {
            wave.changed.insert((id, scope));
            self.touch(wave, vertex, scope);
        }
    }

    /// Takes out of a value the codes that the choice filter no longer offers.
    pub(crate) fn cut(&mut self, scope: ScopeId, id: NodeId) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        if tree[id].filter.is_none() {
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

    fn count(&mut self, wave: &mut Wave, vertex: Vertex, outer: ScopeId) {
        let instrument = self.instrument.clone();
        let (tree, repeat) = (&instrument.tree, vertex.node);
        let Some(code) = &tree[repeat].count else { return };
        let number = self.scene(outer, repeat).eval(code).to_number();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, NaN gives 0"
        )]
        let wanted = (number as usize).min(MAX_COUNTED);
        let mut list = self.state.list(tree, outer, repeat).to_vec();
        while list.len() < wanted {
            let Some(new) = self.add(wave, outer, repeat, false) else { break };
            list.push(new);
        }
        // Fewer: what nobody has answered goes, what somebody has stays.
        while list.len() > wanted {
            let Some(last) = list.pop().filter(|last| !self.state.is_touched(*last)) else { break };
            self.take_out(wave, last);
        }
    }

    /// Adds an instance, presets it and has it computed. `nested`: with one instance of each repeat inside, as at opening.
    pub(crate) fn add(
        &mut self,
        wave: &mut Wave,
        outer: ScopeId,
        repeat: NodeId,
        nested: bool,
    ) -> Option<ScopeId> {
        let instrument = self.instrument.clone();
        let new = self.state.add(&instrument.tree, outer, repeat, self.seed)?;
        if nested {
            self.initial(wave, new);
        }
        self.preset_static(new);
        self.preset_dynamic(new);
        self.enqueue(wave, new);
        self.touch(wave, Vertex { node: repeat, aspect: Aspect::Instances }, outer);
        wave.pages = true;
        Some(new)
    }

    /// Removes an instance and has what looked at it computed.
    pub(crate) fn take_out(&mut self, wave: &mut Wave, instance: ScopeId) {
        let instrument = self.instrument.clone();
        let (repeat, outer) = (self.state[instance].node, self.state[instance].parent);
        self.leave(instance);
        let state = &self.state;
        let inside = |scope: ScopeId| state.is_inside(scope, instance);
        wave.queue.retain(|(_, _, scope)| !inside(*scope));
        wave.changed.retain(|(_, scope)| !inside(*scope));
        self.state.remove(&instrument.tree, instance);
        self.touch(wave, Vertex { node: repeat, aspect: Aspect::Instances }, outer);
        self.touch(wave, Vertex { node: repeat, aspect: Aspect::Order }, outer);
        wave.pages = true;
    }

    /// One instance of each repeat that the form does not count.
    pub(crate) fn initial(&mut self, wave: &mut Wave, scope: ScopeId) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let home = self.state[scope].node;
        for id in self.scope_nodes(home) {
            if tree[id].kind == NodeKind::Repeat && id != home && tree[id].count.is_none() {
                self.add(wave, scope, id, true);
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
            self.push(wave, Vertex { node: id, aspect: Aspect::Relevance }, scope);
            if tree[id].calculation.is_some() || tree[id].filter.is_some() {
                self.push(wave, Vertex { node: id, aspect: Aspect::Value }, scope);
            }
        }
    }

    pub(crate) fn preset_static(&mut self, scope: ScopeId) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let home = self.state[scope].node;
        for id in self.scope_nodes(home) {
            let Some(item) = self.item(id).filter(|_| tree[id].scope == home) else { continue };
            let value = match (&tree[id].preset, item.stamp) {
                (_, Some(Stamp::Start)) => Some(Value::DateTime(self.now.datetime())),
                (_, Some(Stamp::Today)) => Some(Value::Date(self.now.date())),
                (Preset::Static(value), _) => Some(value.clone()),
                _ => continue,
            };
            self.state.cell_mut(tree, scope, id).value = value;
        }
    }

    pub(crate) fn preset_dynamic(&mut self, scope: ScopeId) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let home = self.state[scope].node;
        for id in self.scope_nodes(home) {
            if let (Preset::Dynamic(code), Some(item)) = (&tree[id].preset, self.item(id)) {
                let value = stored(item, self.scene(scope, id).eval(code));
                self.state.cell_mut(tree, scope, id).value = value;
            }
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

/// What an expression gives, as a value of the item's type; blank gives nothing.
fn stored(item: &Item, value: Val) -> Option<Value> {
    if value.is_blank() {
        return None;
    }
    // A calculation without a type of its own keeps the type it computes.
    let kind = item.extra("bind_type").map_or(item.kind, bind_kind);
    if let (ItemKind::Calculate | ItemKind::Hidden | ItemKind::Note, Val::Number(n)) = (kind, &value) {
        return if n.is_finite() { Some(whole_or_decimal(*n)) } else { Some(Value::Text(value.into_text())) };
    }
    let text = value.into_text();
    match kind {
        ItemKind::Calculate | ItemKind::Hidden | ItemKind::Note => Some(Value::Text(text)),
        kind => coerced(item, kind, &text),
    }
}

fn bind_kind(name: &str) -> ItemKind {
    match name.trim().to_lowercase().as_str() {
        "int" | "integer" => ItemKind::Integer,
        "decimal" => ItemKind::Decimal,
        "date" => ItemKind::Date,
        "time" => ItemKind::Time,
        "datetime" => ItemKind::DateTime,
        _ => ItemKind::Text,
    }
}
