//! What is to be drawn again after an entry.

use std::fmt;
use std::sync::Arc;

use super::state::{ScopeId, State, path};
use crate::Instrument;
use crate::node::NodeId;

/// Paths of items (`visits[2]/drug`) in order of the form, each once.
///
/// Most answers change a few items and most shells look for the few on the page: a path is written only where an instance
/// of a repeat makes it differ from the form's own.
#[derive(Clone, Default)]
pub struct Redraw {
    instrument: Option<Arc<Instrument>>,
    items: Vec<(NodeId, Option<Box<str>>)>,
}

impl Redraw {
    /// Of items in instances, in any order and some more than once.
    pub(crate) fn new(
        instrument: &Arc<Instrument>,
        state: &State,
        mut items: Vec<(NodeId, ScopeId)>,
    ) -> Redraw {
        items.sort_unstable();
        items.dedup();
        let tree = &instrument.tree;
        let written = |(id, scope): (NodeId, ScopeId)| match scope {
            ScopeId::ROOT => (id, None),
            scope => (id, Some(path(tree, state, scope, id).into())),
        };
        Redraw { instrument: Some(instrument.clone()), items: items.into_iter().map(written).collect() }
    }

    /// The paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.items.iter().map(|(id, written)| match (written, &self.instrument) {
            (Some(path), _) => &**path,
            (None, Some(instrument)) => &*instrument.tree[*id].path,
            (None, None) => "",
        })
    }

    /// How many items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing is to be drawn again.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether the item at a path is to be drawn again.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.iter().any(|changed| changed == path)
    }
}

impl fmt::Debug for Redraw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Redraw {
    fn eq(&self, other: &Redraw) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<const N: usize> PartialEq<[&str; N]> for Redraw {
    fn eq(&self, other: &[&str; N]) -> bool {
        self.iter().eq(other.iter().copied())
    }
}
