//! A node as a reader found it: its words and expressions as written, and where they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::findings::Place;
use crate::item::Translated;
use crate::node::{Events, NodeId};

/// What compiling needs of a node.
#[derive(Debug, Default)]
pub(crate) struct SurveyRow {
    /// Row of the sheet, or line of the XForm, from 1.
    pub(crate) number: u32,
    /// In an XForm: which of the places it is, from 1.
    pub(crate) spot: u32,
    /// Expressions by the canonical name of their column: `relevant`, `constraint`, `calculation`, `choice_filter`, …
    pub(crate) cells: BTreeMap<String, String>,
    pub(crate) label: Translated,
    pub(crate) hint: Translated,
    pub(crate) guidance: Translated,
    pub(crate) constraint_message: Translated,
    pub(crate) required_message: Translated,
    /// The columns that a choice filter of this row may name.
    pub(crate) choice_columns: Arc<BTreeSet<String>>,
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
