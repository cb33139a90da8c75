//! Groups and repeats: what begins and ends them, and what is open between.

use std::collections::HashMap;

use super::arrange::node;
use super::kinds::RowKind;
use super::sheet::Row;
use super::survey::Builder;
use crate::node::{NodeId, NodeKind};

/// Deepest nesting of groups and repeats.
const MAX_DEPTH: usize = 20;

/// An open group, repeat or loop.
pub(super) struct Open {
    pub(super) id: NodeId,
    pub(super) end: RowKind,
    /// The names in it, in lower case; each as written, and its row.
    pub(super) names: HashMap<String, (String, u32)>,
    /// In a group with appearance `table-list`: the list of its questions, once one was met.
    pub(super) table: Option<Option<String>>,
}

impl Open {
    pub(super) fn new(id: NodeId, end: RowKind) -> Open {
        Open { id, end, names: HashMap::new(), table: None }
    }
}

impl Builder<'_, '_> {
    pub(super) fn parent(&self) -> NodeId {
        self.open.last().map_or(NodeId::ROOT, |open| open.id)
    }

    pub(super) fn begin(&mut self, row: &Row, kind: NodeKind, end: RowKind) {
        if self.open.len() > MAX_DEPTH {
            self.error(row, "type", "Groups are nested too deeply.", "Nest at most 20 levels.");
        }
        let name = self.name(row).unwrap_or_default();
        if kind == NodeKind::Repeat && !name.is_empty() {
            if name == self.settings.root.name {
                let problem = format!("The repeat has the name of the form itself, `{name}`.");
                self.error(row, "name", problem, "Rename it.");
            } else if !self.repeats.insert(name.clone()) {
                let problem = format!("Another repeat has the name `{name}`.");
                self.error(
                    row,
                    "name",
                    problem,
                    "Rename one: repeats need names of their own in the whole form.",
                );
            }
        }
        let mut new = node(name.into(), kind, self.parent());
        let appearance = self.get(row, "appearance").unwrap_or_default();
        let has = |wanted: &str| appearance.split_whitespace().any(|word| word == wanted);
        new.field_list = has("field-list") || has("table-list");
        let words = self.survey_row(row);
        if kind == NodeKind::Repeat && words.label.is_empty() {
            let remedy = "Give it one: it is what an entry is called.";
            self.warning(row, "label", "The repeat has no label.", remedy);
        }
        let id = self.push(new, words);
        let mut open = Open::new(id, end);
        open.table = has("table-list").then_some(None);
        self.open.push(open);
    }

    pub(super) fn end(&mut self, row: &Row, kind: &RowKind) {
        let problem = match self.open.as_slice() {
            [] | [_] => "Nothing is open that this row could end.".to_owned(),
            [.., open] if open.end == *kind => {
                self.close();
                return;
            }
            [.., open] => {
                let begun = self.out.rows[open.id.index()].as_ref().map_or(0, |row| row.number);
                format!("The row ends something else than row {begun} began.")
            }
        };
        self.error(row, "type", problem, "Match each begin with an end of its kind.");
    }

    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.out.nodes[open.id.index()].end =
                NodeId(u32::try_from(self.out.nodes.len()).unwrap_or(u32::MAX));
        }
    }

    pub(super) fn close_all(&mut self) {
        while self.open.len() > 1 {
            self.unclosed();
        }
        self.close();
    }

    /// Closes what has no end row.
    pub(super) fn unclosed(&mut self) {
        let number = self.out.rows[self.parent().index()].as_ref().map_or(0, |row| row.number);
        let place = Some(self.book.sheet.place(number, "type"));
        self.findings.error("survey", place, "What begins here never ends.", "Add the matching end row.");
        self.close();
    }
}
