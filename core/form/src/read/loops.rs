//! `begin loop over LIST`: the rows up to its end, once for each choice of the list, in a group of the choice's name.

use std::borrow::Cow;

use super::arrange::node;
use super::groups::Open;
use super::kinds::{RowKind, row_kind};
use super::row::SurveyRow;
use super::sheet::Row;
use super::survey::Builder;
use crate::node::NodeKind;
use crate::{Choice, Language};

/// Deepest loops within loops: each multiplies the rows in it.
const MAX_LOOPS: usize = 5;

/// Most bytes of cells that loops may multiply.
const MAX_LOOPED: usize = 8 << 20;
/// Most marks of one column in one text, and most bytes they may become; beyond that they stay as written.
const MAX_MARKS: usize = 100;
const MAX_TURNED: usize = 10_000;

impl Builder<'_, '_> {
    /// Reads the rows of a loop once for each choice; where reading goes on.
    pub(super) fn repeat_rows(&mut self, row: &Row, list: Option<&str>, from: usize, to: usize) -> usize {
        let remedy = "Write begin_repeat, or begin_group for each.";
        self.warning(row, "type", "Loops are an old way to write the same rows several times.", remedy);
        let end = self.loop_end(from, to);
        self.begin(row, NodeKind::Group, RowKind::EndLoop);
        let lists = self.book.lists;
        let choices = list.and_then(|list| lists.by_name.get(list));
        if choices.is_none() {
            let problem = match list {
                Some(list) => format!("The choices sheet has no list `{list}`."),
                None => "The loop has no list.".to_owned(),
            };
            self.error(row, "type", problem, "Write begin_loop over LIST, a list of the choices sheet.");
        }
        let Some(end) = end else { return from };
        if self.turns.len() >= MAX_LOOPS {
            self.error(row, "type", "Loops are nested too deeply.", "Nest at most 5.");
            return end;
        }
        for choice in choices.into_iter().flat_map(|choices| choices.iter()) {
            if self.is_full {
                break;
            }
            let words = SurveyRow { number: row.number, label: choice.label.clone(), ..SurveyRow::default() };
            let group = node(choice.code.as_str().into(), NodeKind::Group, self.parent());
            let id = self.push(group, words);
            self.open.push(Open::new(id, RowKind::EndLoop));
            self.turns.push(choice.clone());
            self.run(from, end);
            self.turns.pop();
            // A group that the rows began and did not end was reported by their own row.
            while self.parent() != id && self.open.len() > 1 {
                self.unclosed();
            }
            self.close();
        }
        end
    }

    /// Stops reading when loops multiply a form beyond what one may be.
    pub(super) fn count_looped(&mut self, row: &Row) {
        self.looped += self.book.sheet.cells(row).map(|(_, cell)| cell.len()).sum::<usize>();
        if self.looped > MAX_LOOPED && !self.is_full {
            self.is_full = true;
            self.error(row, "type", "Loops make the form too big.", "Write begin_repeat in their place.");
        }
    }

    /// The row that ends a loop.
    fn loop_end(&self, from: usize, to: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, row) in self.book.sheet.rows.iter().enumerate().take(to).skip(from) {
            match self.book.sheet.get(row, "type").map(|cell| row_kind(cell).0) {
                Some(RowKind::BeginLoop(_)) => depth += 1,
                Some(RowKind::EndLoop) if depth == 0 => return Some(at),
                Some(RowKind::EndLoop) => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// A text with what the loops around put into it.
    pub(super) fn turned<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.turns.is_empty() || !text.contains("%(") {
            return text.into();
        }
        let mut text = text.to_owned();
        self.turn(&mut text, None);
        text.into()
    }

    pub(super) fn turn(&self, text: &mut String, language: Option<&Language>) {
        let language = language.unwrap_or(&self.book.languages.all[0]);
        for choice in self.turns.iter().rev() {
            if !text.contains("%(") {
                return;
            }
            for (column, value) in columns(choice, language) {
                let mark = format!("%({column})s");
                let marks = text.matches(&mark).take(MAX_MARKS + 1).count();
                if (1..=MAX_MARKS).contains(&marks) && marks * value.len() < MAX_TURNED {
                    *text = text.replace(&mark, value);
                }
            }
        }
    }
}

fn columns<'a>(choice: &'a Choice, language: &'a Language) -> impl Iterator<Item = (&'a str, &'a str)> {
    let own = [("name", choice.code.as_str()), ("label", choice.label(language))];
    own.into_iter().chain(choice.columns.iter().map(|(name, cell)| (name.as_str(), cell.as_str())))
}
