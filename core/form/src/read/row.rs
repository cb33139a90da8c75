//! A node as a reader found it: its words and expressions as written, and where they are written.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::findings::Place;
use crate::item::Translated;
use crate::node::{Events, NodeId};

/// The cells of a row by the canonical name of their column. They are few, so they are not sorted.
#[derive(Debug, Default)]
pub(crate) struct Cells(Vec<(Cow<'static, str>, Arc<str>)>);

impl Cells {
    /// The cell of a column; of two, the last.
    pub(crate) fn shared(&self, column: &str) -> Option<&Arc<str>> {
        self.0.iter().rfind(|(name, _)| name == column).map(|(_, cell)| cell)
    }

    /// The text of a column's cell.
    pub(crate) fn get(&self, column: &str) -> Option<&str> {
        self.shared(column).map(|cell| &**cell)
    }

    pub(crate) fn contains(&self, column: &str) -> bool {
        self.shared(column).is_some()
    }

    /// Fills a cell in, over what it holds.
    pub(crate) fn insert(&mut self, column: &'static str, cell: impl Into<Arc<str>>) {
        self.0.push((column.into(), cell.into()));
    }

    pub(crate) fn remove(&mut self, column: &str) {
        self.retain(|name| name != column);
    }

    /// Keeps the columns for which this holds.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }
}

impl FromIterator<(Cow<'static, str>, Arc<str>)> for Cells {
    fn from_iter<I: IntoIterator<Item = (Cow<'static, str>, Arc<str>)>>(cells: I) -> Cells {
        Cells(cells.into_iter().collect())
    }
}

/// What compiling needs of a node.
#[derive(Debug, Default)]
pub(crate) struct SurveyRow {
    /// Row of the sheet, or line of the XForm, from 1.
    pub(crate) number: u32,
    /// In an XForm: which of the places it is, from 1.
    pub(crate) spot: u32,
    /// Expressions by the canonical name of their column: `relevant`, `constraint`, `calculation`, `choice_filter`, …
    pub(crate) cells: Cells,
    pub(crate) label: Translated,
    pub(crate) hint: Translated,
    pub(crate) guidance: Translated,
    pub(crate) constraint_message: Translated,
    pub(crate) required_message: Translated,
    /// The columns that a choice filter of this row may name.
    pub(crate) choice_columns: Option<Arc<BTreeSet<String>>>,
    /// Choices that are no fixed list: expressions for the nodes and, seen from each, its code and its words.
    pub(crate) dynamic_choices: Option<(String, String, String)>,
    /// Choices in random order; the expression for the seed, if one is given.
    pub(crate) randomize: Option<Option<String>>,
    /// Whether words hold expressions between [`super::compile::OUTPUT`] marks instead of `${name}`.
    pub(crate) is_xform: bool,
}

/// An action that stands apart from the node it sets: XForms' `setvalue`.
#[derive(Debug)]
pub(crate) struct WrittenAction {
    pub(crate) events: Events,
    /// The question or repeat it stands in; the root if in none.
    pub(crate) source: NodeId,
    /// Path of the node it sets.
    pub(crate) target: String,
    /// An expression, or a text.
    pub(crate) value: Result<String, String>,
    pub(crate) place: Option<Place>,
}

/// Where the parts of a row are written, for diagnostics.
pub(crate) trait Places {
    /// The sheet that the rows are on; empty when the form is no workbook.
    fn sheet(&self) -> &str;
    /// The place of a column's cell, or of what stands for it.
    fn place(&self, row: &SurveyRow, column: &str) -> Option<Place>;
}
