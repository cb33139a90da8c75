//! What an entry sets off: what is to be recomputed, in the graph's order, and what has changed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::state::ScopeId;
use crate::node::NodeId;

/// A vertex to be recomputed in an instance: the vertex's rank above the instance, in one word, so that they are put in order
/// by one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Task(u64);

impl Task {
    pub(super) fn new(rank: u32, scope: ScopeId) -> Task {
        Task(u64::from(rank) << 32 | u64::from(scope.0))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the halves of the word")]
    pub(super) fn parts(self) -> (u32, ScopeId) {
        ((self.0 >> 32) as u32, ScopeId(self.0 as u32))
    }
}

/// What is to be recomputed, in the graph's order, and what has changed.
#[derive(Default)]
pub(crate) struct Wave {
    /// The same task may be in it more than once.
    pub(super) queue: BinaryHeap<Reverse<Task>>,
    /// Items whose value, relevance or looks changed, as they came up; some more than once.
    pub(crate) changed: Vec<(NodeId, ScopeId)>,
    /// The first node whose page came or went.
    pub(crate) pages: Option<NodeId>,
    /// Items with actions whose value changed.
    pub(crate) fired: Vec<(NodeId, ScopeId)>,
    /// While a response is opened, changes of values are no events.
    pub(super) opening: bool,
    /// How often a repeat was counted.
    pub(super) counted: usize,
    /// How often choices were looked at.
    pub(super) cut: usize,
    /// How often words of choices changed.
    pub(super) worded: usize,
}

impl Wave {
    pub(crate) fn of_opening() -> Wave {
        Wave { opening: true, ..Wave::default() }
    }

    pub(crate) fn pages_changed(&mut self, node: NodeId) {
        self.pages = Some(self.pages.map_or(node, |first| first.min(node)));
    }
}

#[cfg(test)]
impl Wave {
    pub(crate) fn len(&self) -> usize {
        self.queue.iter().collect::<std::collections::BTreeSet<_>>().len()
    }

    pub(crate) fn forget(&mut self, which: impl Fn(u32, ScopeId) -> bool) {
        self.queue.retain(|Reverse(task)| {
            let (rank, scope) = task.parts();
            !which(rank, scope)
        });
    }
}
