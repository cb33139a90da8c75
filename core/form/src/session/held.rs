//! All that a session holds, listed: what a migration looks through.

use super::Session;
use super::page::Cause;
use super::state::{ScopeId, instance, parse_path, path, path_of_repeat};
use super::walk::Spot;
use crate::node::{NodeId, NodeKind};
use crate::{CellKey, InstanceKey, Value};

/// One item in one instance.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) node: NodeId,
    /// The number of the instance of each repeat around it, outermost first.
    pub(crate) numbers: Vec<usize>,
    pub(crate) path: String,
    pub(crate) key: CellKey,
    /// As given, whatever a choice filter takes away now.
    pub(crate) value: Option<Value>,
    /// Without what a choice filter takes away: what would be handed in.
    pub(crate) current: Option<Value>,
    /// Whether a choice filter takes away some of the value.
    pub(crate) cut: bool,
    pub(crate) relevant: bool,
    pub(crate) seen: bool,
    pub(crate) touched: bool,
    pub(crate) cause: Option<Cause>,
}

/// How many instances a repeat has in one instance around it.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) repeat: NodeId,
    /// The numbers around it.
    pub(crate) numbers: Vec<usize>,
    pub(crate) count: usize,
}

impl Session {
    /// Every item of every instance, in order of the form.
    pub(crate) fn held(&self) -> Vec<Held> {
        let mut held = Vec::new();
        self.hold(ScopeId::ROOT, &mut Vec::new(), &mut held, &mut Vec::new());
        held
    }

    /// Every repeat of every instance, outer ones first.
    pub(crate) fn counted(&self) -> Vec<Counted> {
        let mut counted = Vec::new();
        self.hold(ScopeId::ROOT, &mut Vec::new(), &mut Vec::new(), &mut counted);
        counted
    }

    fn hold(
        &self,
        scope: ScopeId,
        numbers: &mut Vec<usize>,
        held: &mut Vec<Held>,
        counted: &mut Vec<Counted>,
    ) {
        let tree = &self.instrument.tree;
        let home = self.state[scope].node;
        let mut id = NodeId(home.0 + 1);
        while id < tree[home].end {
            match tree[id].kind {
                NodeKind::Repeat => {
                    let list = self.state.list(tree, scope, id).to_vec();
                    counted.push(Counted { repeat: id, numbers: numbers.clone(), count: list.len() });
                    for (inner, number) in list.into_iter().zip(1..) {
                        numbers.push(number);
                        self.hold(inner, numbers, held, counted);
                        numbers.pop();
                    }
                    id = tree[id].end;
                    continue;
                }
                NodeKind::Item(item) => {
                    let item = self.instrument.items[item].key();
                    let cell = self.state.cell(tree, scope, id);
                    held.push(Held {
                        node: id,
                        numbers: numbers.clone(),
                        path: path(tree, &self.state, scope, id),
                        key: CellKey { instance: self.state[scope].key, item },
                        value: cell.value.clone(),
                        current: cell.current().cloned(),
                        cut: cell.cut.is_some(),
                        relevant: cell.relevant,
                        seen: cell.seen,
                        touched: cell.touched,
                        cause: self.problem(scope, id).filter(|_| cell.relevant).map(|problem| problem.cause),
                    });
                }
                NodeKind::Root | NodeKind::Group => {}
            }
            id = NodeId(id.0 + 1);
        }
    }

    /// The numbers of an instance and of those around it, outermost first; `None` when it is gone.
    pub(crate) fn numbers_of(&self, instance: InstanceKey) -> Option<Vec<usize>> {
        let mut found = None;
        self.each_instance(ScopeId::ROOT, &mut Vec::new(), &mut |_, numbers, key| {
            if key == instance {
                found = Some(numbers.to_vec());
            }
        });
        found
    }

    /// The instance of a repeat with these numbers.
    pub(crate) fn instance_at(&self, repeat: NodeId, wanted: &[usize]) -> Option<InstanceKey> {
        let mut found = None;
        self.each_instance(ScopeId::ROOT, &mut Vec::new(), &mut |node, numbers, key| {
            if node == repeat && numbers == wanted {
                found = Some(key);
            }
        });
        found
    }

    fn each_instance(
        &self,
        scope: ScopeId,
        numbers: &mut Vec<usize>,
        each: &mut dyn FnMut(NodeId, &[usize], InstanceKey),
    ) {
        let tree = &self.instrument.tree;
        let home = self.state[scope].node;
        let mut id = NodeId(home.0 + 1);
        while id < tree[home].end {
            if tree[id].kind != NodeKind::Repeat {
                id = NodeId(id.0 + 1);
                continue;
            }
            for (inner, number) in self.state.list(tree, scope, id).iter().zip(1..) {
                numbers.push(number);
                if let Some(key) = self.state[*inner].key {
                    each(id, numbers, key);
                }
                self.each_instance(*inner, numbers, each);
                numbers.pop();
            }
            id = tree[id].end;
        }
    }

    /// Whether an item was on display.
    pub(crate) fn has_seen(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|(scope, id)| self.state.cell(&self.instrument.tree, scope, id).seen)
    }

    /// What stands on the page of an item now.
    pub(crate) fn page_with(&self, item: &str) -> Vec<String> {
        let mut paths = Vec::new();
        if let Ok((scope, id)) = self.locate(item)
            && let Spot::At(scope, id) = self.page_of(scope, id)
        {
            self.shown(scope, id, &mut |scope, id| {
                paths.push(path(&self.instrument.tree, &self.state, scope, id))
            });
        }
        paths
    }

    /// How many instances a repeat has; `None` where it is not.
    pub(crate) fn count_of(&self, path: &str) -> Option<usize> {
        let tree = &self.instrument.tree;
        let (repeat, numbers) = parse_path(tree, path)?;
        let around = tree[repeat].kind == NodeKind::Repeat && numbers.len() + 1 == tree[repeat].depth;
        let outer = instance(tree, &self.state, repeat, &numbers).filter(|_| around)?;
        Some(self.state.list(tree, outer, repeat).len())
    }

    /// Of codes given together, those on offer now.
    pub(crate) fn still_offered(&self, path: &str, codes: &[String]) -> Vec<String> {
        let Ok((scope, id)) = self.locate(path) else { return Vec::new() };
        codes.iter().filter(|code| self.offers(scope, id, code)).cloned().collect()
    }

    /// The node on display, the numbers around it, and whether it is the end of a repeat; none on the check page.
    pub(crate) fn here(&self) -> Option<(NodeId, Vec<usize>, bool)> {
        let (path, id, end) = match self.spot {
            Spot::At(scope, id) => {
                let mut first = None;
                self.shown(scope, id, &mut |scope, id| {
                    first.get_or_insert((path(&self.instrument.tree, &self.state, scope, id), id));
                });
                let (path, id) = first?;
                (path, id, false)
            }
            Spot::RepeatEnd(outer, repeat) => {
                (path_of_repeat(&self.instrument.tree, &self.state, outer, repeat), repeat, true)
            }
            Spot::Check => return None,
        };
        let (_, numbers) = parse_path(&self.instrument.tree, &path)?;
        Some((id, numbers, end))
    }

    /// The clock at the last entry.
    pub(crate) fn clock(&self) -> &jiff::Zoned {
        &self.now
    }
}
