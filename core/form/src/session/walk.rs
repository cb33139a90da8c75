//! The way through the pages: forward and back over what is relevant, without listing the whole form.

use super::Session;
use super::state::ScopeId;
use crate::ItemKind;
use crate::node::{NodeId, NodeKind};

/// Where the person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// A question, a field-list group, or an instance of a field-list repeat.
    At(ScopeId, NodeId),
    /// After the instances of a repeat (the node) in the instance around it.
    RepeatEnd(ScopeId, NodeId),
    /// The check-your-answers page.
    Check,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

impl Spot {
    /// The node on display; none on the check page.
    pub(crate) fn node(self) -> Option<NodeId> {
        match self {
            Spot::At(_, id) | Spot::RepeatEnd(_, id) => Some(id),
            Spot::Check => None,
        }
    }
}

impl Session {
    pub(crate) fn first(&self) -> Spot {
        self.among(ScopeId::ROOT, NodeId::ROOT, None, Way::Forward).unwrap_or(Spot::Check)
    }

    /// The page after one; after the last question comes the check page.
    pub(crate) fn after(&self, spot: Spot) -> Spot {
        self.beyond(spot, Way::Forward).unwrap_or(Spot::Check)
    }

    /// The page before one, if there is any.
    pub(crate) fn before(&self, spot: Spot) -> Option<Spot> {
        match spot {
            Spot::Check => self.among(ScopeId::ROOT, NodeId::ROOT, None, Way::Back),
            spot => self.beyond(spot, Way::Back),
        }
    }

    /// Whether a page still is one.
    pub(crate) fn stands(&self, spot: Spot) -> bool {
        match spot {
            Spot::At(scope, id) => self.is_page(scope, id),
            Spot::RepeatEnd(outer, repeat) => self.has_end(outer, repeat),
            Spot::Check => true,
        }
    }

    /// The page that shows a node.
    pub(crate) fn page_of(&self, mut scope: ScopeId, mut id: NodeId) -> Spot {
        let tree = &self.instrument.tree;
        let mut page = (scope, id);
        while id != NodeId::ROOT {
            if tree[id].field_list {
                page = (scope, id);
            }
            if tree[id].scope == id {
                scope = self.state[scope].parent;
            }
            id = tree[id].parent;
        }
        Spot::At(page.0, page.1)
    }

    fn beyond(&self, spot: Spot, way: Way) -> Option<Spot> {
        let tree = &self.instrument.tree;
        let (mut scope, mut id) = match spot {
            Spot::Check => return None,
            Spot::At(scope, id) => {
                if tree[id].kind == NodeKind::Repeat
                    && let Some(next) = self.beside(scope, way)
                {
                    return Some(next);
                }
                if tree[id].kind == NodeKind::Repeat { (self.state[scope].parent, id) } else { (scope, id) }
            }
            Spot::RepeatEnd(outer, repeat) => {
                if way == Way::Back
                    && let Some(last) = self.last_instance(outer, repeat)
                {
                    return Some(last);
                }
                (outer, repeat)
            }
        };
        loop {
            let parent = tree[id].parent;
            if let Some(found) = self.among(scope, parent, Some(id), way) {
                return Some(found);
            }
            if parent == NodeId::ROOT {
                return None;
            }
            id = parent;
            if tree[id].kind == NodeKind::Repeat {
                if let Some(next) = self.beside(scope, way) {
                    return Some(next);
                }
                scope = self.state[scope].parent;
            }
        }
    }

    /// Among the children of a node, from after (or before) one of them.
    fn among(&self, scope: ScopeId, parent: NodeId, from: Option<NodeId>, way: Way) -> Option<Spot> {
        let tree = &self.instrument.tree;
        let children = &tree[parent].children;
        let place = from.map(|from| tree[from].place);
        match way {
            Way::Forward => {
                let rest = children.get(place.map_or(0, |place| place + 1)..).unwrap_or_default();
                rest.iter().find_map(|child| self.inside(scope, *child, way))
            }
            Way::Back => {
                let rest = children.get(..place.unwrap_or(children.len())).unwrap_or_default();
                rest.iter().rev().find_map(|child| self.inside(scope, *child, way))
            }
        }
    }

    /// The first (or last) page at or below a node.
    fn inside(&self, scope: ScopeId, id: NodeId, way: Way) -> Option<Spot> {
        let tree = &self.instrument.tree;
        if tree[id].kind == NodeKind::Repeat {
            let end = || self.has_end(scope, id).then_some(Spot::RepeatEnd(scope, id));
            let instances = || {
                let list = self.state.list(tree, scope, id);
                match way {
                    Way::Forward => list.iter().find_map(|instance| self.instance(*instance, way)),
                    Way::Back => list.iter().rev().find_map(|instance| self.instance(*instance, way)),
                }
            };
            return match way {
                Way::Forward => instances().or_else(end),
                Way::Back => end().or_else(instances),
            };
        }
        if !self.state.cell(tree, scope, id).relevant {
            return None;
        }
        match tree[id].kind {
            NodeKind::Group if !tree[id].field_list => self.among(scope, id, None, way),
            _ => self.is_page(scope, id).then_some(Spot::At(scope, id)),
        }
    }

    /// The first (or last) page of a repeat instance.
    fn instance(&self, instance: ScopeId, way: Way) -> Option<Spot> {
        let tree = &self.instrument.tree;
        let id = self.state[instance].node;
        if !self.state.cell(tree, instance, id).relevant {
            None
        } else if tree[id].field_list {
            self.is_page(instance, id).then_some(Spot::At(instance, id))
        } else {
            self.among(instance, id, None, way)
        }
    }

    /// From one repeat instance into the next (or the one before), or to the end of the repeat.
    fn beside(&self, instance: ScopeId, way: Way) -> Option<Spot> {
        let tree = &self.instrument.tree;
        let (repeat, outer) = (self.state[instance].node, self.state[instance].parent);
        let list = self.state.list(tree, outer, repeat);
        let at = self.state[instance].number - 1;
        match way {
            Way::Forward => list
                .iter()
                .skip(at + 1)
                .find_map(|next| self.instance(*next, way))
                .or_else(|| self.has_end(outer, repeat).then_some(Spot::RepeatEnd(outer, repeat))),
            Way::Back => list.iter().take(at).rev().find_map(|next| self.instance(*next, way)),
        }
    }

    fn last_instance(&self, outer: ScopeId, repeat: NodeId) -> Option<Spot> {
        let list = self.state.list(&self.instrument.tree, outer, repeat);
        list.iter().rev().find_map(|instance| self.instance(*instance, Way::Back))
    }

    /// Visits every page at or below a node but the check page, in order.
    pub(crate) fn pages(&self, scope: ScopeId, id: NodeId, found: &mut dyn FnMut(Spot)) {
        let tree = &self.instrument.tree;
        if tree[id].kind == NodeKind::Repeat && self.state[scope].node != id {
            for instance in self.state.list(tree, scope, id) {
                self.pages(*instance, id, found);
            }
            if self.has_end(scope, id) {
                found(Spot::RepeatEnd(scope, id));
            }
            return;
        }
        if !self.state.cell(tree, scope, id).relevant {
            return;
        }
        if matches!(tree[id].kind, NodeKind::Item(_)) || tree[id].field_list {
            if self.is_page(scope, id) {
                found(Spot::At(scope, id));
            }
            return;
        }
        for child in tree.children(id) {
            self.pages(scope, child, found);
        }
    }

    /// Whether a node is a page of its own: a relevant shown item, or a field-list with one in it.
    fn is_page(&self, scope: ScopeId, id: NodeId) -> bool {
        let tree = &self.instrument.tree;
        match tree[id].kind {
            NodeKind::Item(_) => {
                self.state.cell(tree, scope, id).relevant
                    && self.item(id).is_some_and(|item| item.kind().is_shown())
            }
            _ => {
                let mut any = false;
                self.shown(scope, id, &mut |_, _| any = true);
                any
            }
        }
    }

    /// Whether the person is asked for one more instance.
    pub(crate) fn has_end(&self, outer: ScopeId, repeat: NodeId) -> bool {
        let tree = &self.instrument.tree;
        if tree[repeat].count.is_some() || !self.state.cell(tree, outer, tree[repeat].parent).relevant {
            return false;
        }
        let list = self.state.list(tree, outer, repeat);
        if list.is_empty() {
            let code = tree[repeat].relevant.as_ref();
            return code.is_none_or(|code| self.scene(outer, repeat).holds(code));
        }
        list.iter().any(|instance| self.state.cell(tree, *instance, repeat).relevant)
    }

    /// Visits the relevant items on a page that a person sees.
    pub(crate) fn shown(&self, scope: ScopeId, id: NodeId, found: &mut dyn FnMut(ScopeId, NodeId)) {
        self.relevant_items(scope, id, &mut |scope, id, kind| {
            if kind.is_shown() {
                found(scope, id);
            }
        });
    }

    /// Visits the relevant items at or below a node, in document order.
    pub(crate) fn relevant_items(
        &self,
        scope: ScopeId,
        id: NodeId,
        found: &mut dyn FnMut(ScopeId, NodeId, ItemKind),
    ) {
        let tree = &self.instrument.tree;
        if tree[id].kind == NodeKind::Repeat && self.state[scope].node != id {
            for instance in self.state.list(tree, scope, id) {
                self.relevant_items(*instance, id, found);
            }
            return;
        }
        if !self.state.cell(tree, scope, id).relevant {
            return;
        }
        match self.item(id) {
            Some(item) => found(scope, id, item.kind()),
            None => {
                for child in tree.children(id) {
                    self.relevant_items(scope, child, found);
                }
            }
        }
    }
}
