//! Actions: values set at an event, as dynamic defaults and triggered calculations are (ODK XForms, "Actions").

use super::Session;
use super::compute::stored;
use super::state::ScopeId;
use super::wave::Wave;
use crate::expr::val::Val;
use crate::expr::world::Node;
use crate::node::{Action, Tree};

/// Most actions that one entry may set off. A form whose actions set each other off stops there.
const MAX_RUNS: usize = 10_000;

impl Session {
    /// Runs the actions of a new response, in their order.
    pub(crate) fn load(&mut self, wave: &mut Wave) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        for action in tree.actions.iter().filter(|action| action.events.first_load || action.events.load) {
            self.run_everywhere(wave, tree, action, ScopeId::ROOT);
        }
    }

    /// Runs the actions of a new instance.
    pub(crate) fn new_instance(&mut self, wave: &mut Wave, new: ScopeId) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        for index in &tree[self.state[new].node].on_new {
            self.run_everywhere(wave, tree, &tree.actions[*index], new);
        }
    }

    /// Runs what changed values set off, and computes what that affects, until nothing is left.
    pub(crate) fn act(&mut self, wave: &mut Wave) {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let mut runs = 0;
        while !wave.fired.is_empty() && runs <= MAX_RUNS {
            for (id, scope) in std::mem::take(&mut wave.fired) {
                for index in &tree[id].on_change {
                    runs += 1;
                    self.run(wave, tree, &tree.actions[*index], scope);
                }
            }
            self.settle(wave);
        }
        wave.fired.clear();
    }

    /// Runs an action as if from every instance of its source within an instance.
    fn run_everywhere(&mut self, wave: &mut Wave, tree: &Tree, action: &Action, outer: ScopeId) {
        let mut sources = Vec::new();
        let home = tree[action.source].scope;
        self.state.within(tree, outer, home, &mut |scope| sources.push(scope));
        for source in sources {
            self.run(wave, tree, action, source);
        }
    }

    fn run(&mut self, wave: &mut Wave, tree: &Tree, action: &Action, source: ScopeId) {
        let target = action.target.node;
        if self.instrument.item_at(target).is_none() {
            return;
        }
        let outer = self.state.climb(source, action.target.fixed);
        let mut scopes = Vec::new();
        match &action.chosen {
            None => self.state.within(tree, outer, tree[target].scope, &mut |scope| scopes.push(scope)),
            Some(code) => {
                if let Val::Nodes(nodes) = self.scene(source, action.source).eval(code) {
                    scopes.extend(nodes.into_iter().filter_map(|node| match node {
                        Node::Answer(scope, id) if id == target => Some(scope),
                        _ => None,
                    }));
                }
            }
        }
        for scope in scopes {
            let value = action
                .value
                .as_ref()
                .and_then(|code| stored(tree[target].stored_as, &self.scene(scope, target), code));
            let before = self.state.cell(tree, scope, target).current().cloned();
            self.state.cell_mut(tree, scope, target).value = value;
            self.cut(tree, scope, target);
            if self.state.cell(tree, scope, target).current() != before.as_ref() {
                self.value_changed(wave, target, scope);
            }
        }
    }
}
