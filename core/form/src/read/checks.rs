//! What can be checked only when all rows of the survey sheet stand in their places.

use super::entities::Entity;
use super::findings::Findings;
use super::references::{Known, references};
use super::row::SurveyRow;
use super::survey::{Book, Survey};
use crate::node::{NodeKind, Tree};
use crate::{Item, ItemKind};

/// Triggers name questions that are seen.
pub(crate) fn triggers(
    book: &Book<'_>,
    tree: &Tree,
    items: &[Item],
    rows: &mut [Option<SurveyRow>],
    known: &Known<'_>,
    findings: &mut Findings,
) {
    for row in rows.iter_mut().flatten() {
        let Some(cell) = row.cells.get("trigger") else { continue };
        let mut sound = true;
        for name in references(cell).flatten() {
            let place = Some(book.sheet.place(row.number, "trigger"));
            let ids = tree.by_name.get(name).map_or(&[][..], |ids| ids.as_slice());
            let mut of_items = ids.iter().filter_map(|id| match tree[*id].kind {
                NodeKind::Item(index) => items.get(index),
                _ => None,
            });
            let (problem, remedy) = match of_items.next() {
                None if ids.is_empty() => known.unknown(name),
                None => (
                    format!("There is no question named `{name}`, only a group."),
                    "Name a question.".to_owned(),
                ),
                Some(item) if item.kind == ItemKind::Calculate => (
                    format!("`{name}` is never seen, so that nothing can happen when it is answered."),
                    "Name a question that is asked.".to_owned(),
                ),
                Some(_) => continue,
            };
            findings.error("survey", place, problem, remedy);
            sound = false;
        }
        if !sound {
            row.cells.remove("trigger");
            row.cells.remove("calculation");
        }
    }
}

/// `reference-geometry` names a list, a file, an entity or a repeat.
pub(crate) fn geometries(
    book: &Book<'_>,
    tree: &Tree,
    survey: &Survey,
    entities: &[Entity],
    findings: &mut Findings,
) {
    for (named, row) in &survey.geometries {
        let inside = named.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let known = match inside {
            Some(name) => is_repeat(tree, name.trim()),
            None => {
                book.lists.by_name.contains_key(named)
                    || (survey.declared.has(named) && named != "__last-saved")
                    || entities.iter().any(|entity| entity.list == *named)
            }
        };
        if !known {
            let problem =
                format!("`reference-geometry` is `{named}`, which is no list, file, entity or repeat.");
            let place = Some(book.sheet.place(*row, "parameters"));
            findings.error("survey", place, problem, "Correct the name.");
        }
    }
}

/// A repeat counted by more than a reference gets a question of its own for the number, whose name must be free.
pub(crate) fn counts(book: &Book<'_>, tree: &Tree, rows: &[Option<SurveyRow>], findings: &mut Findings) {
    for id in tree.ids().filter(|id| tree[*id].kind == NodeKind::Repeat) {
        let Some(row) = rows[id.index()].as_ref() else { continue };
        let Some(count) = row.cells.get("repeat_count") else { continue };
        let whole = count.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if whole.is_some_and(|name| !name.contains('{')) {
            continue;
        }
        let name = format!("{}_count", tree[id].name);
        let ids = tree.by_name.get(&*name).map_or(&[][..], |ids| ids.as_slice());
        let Some(twin) = ids.iter().find(|other| tree[**other].parent == tree[id].parent) else { continue };
        let number = rows[twin.index()].as_ref().map_or(row.number, |row| row.number);
        let problem = format!("The name `{name}` is taken by the count of the repeat in row {}.", row.number);
        findings.error("survey", Some(book.sheet.place(number, "name")), problem, "Rename the question.");
    }
}

/// Whether a tree has a node of a kind with this name.
fn is_repeat(tree: &Tree, name: &str) -> bool {
    tree.by_name.get(name).is_some_and(|ids| ids.iter().any(|id| tree[*id].kind == NodeKind::Repeat))
}
