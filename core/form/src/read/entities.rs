//! The entities sheet and the column `save_to`: checked as ODK has them, so that a form means the same everywhere, and
//! not kept: here the study says what a record is.

use std::collections::{BTreeMap, HashMap};

use super::entity_scopes::{Reference, allocate};
use super::findings::{Findings, Place};
use super::names::is_name;
use super::references::references;
use super::sheet::Sheet;
use super::survey::{Book, Stood};
use crate::node::Tree;

/// Columns of the sheet.
const COLUMNS: [&str; 7] = ["list_name", "dataset", "entity_id", "create_if", "update_if", "repeat", "label"];

/// A row of the entities sheet.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) list: String,
    pub(crate) row: u32,
    /// The questions it names.
    questions: Vec<String>,
}

/// Reads the sheet; each list once.
pub(crate) fn read(sheet: &Sheet, findings: &mut Findings) -> Vec<Entity> {
    let mut found: Vec<Entity> = Vec::new();
    let mut known: HashMap<&str, u32> = HashMap::new();
    for column in sheet.columns.iter().filter(|column| !COLUMNS.contains(&column.name.as_str())) {
        let place = Place { row: 1, column: Some(column.title()) };
        let problem = format!("The entities sheet has no column `{}`.", column.heading);
        findings.error("entities", Some(place), problem, "Correct the heading, or take the column out.");
    }
    for row in &sheet.rows {
        let get = |column| sheet.get(row, column);
        let mut error = |column: &str, problem: String, remedy: &str| {
            findings.error("entities", Some(sheet.place(row.number, column)), problem, remedy);
        };
        let Some(list) = get("list_name") else {
            error("list_name", "The entity has no list_name.".to_owned(), "Give it one.");
            continue;
        };
        if let Err(why) = is_list(list) {
            error(
                "list_name",
                format!("`{list}` cannot name a list of entities: {why}."),
                "Choose another name.",
            );
        }
        let (id, create, update) = (get("entity_id"), get("create_if"), get("update_if"));
        if id.is_none() && update.is_some() {
            let problem = format!("`{list}` has update_if but no entity_id.");
            error("update_if", problem, "Write which entity is updated, or write create_if.");
        } else if id.is_some() && create.is_some() && update.is_none() {
            let problem = format!("`{list}` has entity_id and create_if but no update_if.");
            error("create_if", problem, "Write update_if as well, or clear one of them.");
        } else if id.is_none() && sheet.words(row, "label").next().is_none() {
            let problem = format!("`{list}` has no label, which a new entity needs.");
            error("label", problem, "Give it a label, or an entity_id to update.");
        }
        if known.insert(list, row.number).is_some() {
            error(
                "list_name",
                format!("There is a row for `{list}` already."),
                "Leave one row for each list.",
            );
            continue;
        }
        let cells = sheet.cells(row).filter(|(column, _)| column.name != "list_name");
        let questions = cells.flat_map(|(_, cell)| references(cell).flatten()).map(str::to_owned).collect();
        found.push(Entity { list: list.to_owned(), row: row.number, questions });
    }
    if let Some(first) = found.first() {
        let place = Some(Place::row(first.row));
        let remedy = "A ward record is what the study says; the answers are kept as those of any form.";
        findings.warning("entities", place, "Entities are not kept.", remedy);
    }
    found
}

fn is_list(name: &str) -> Result<(), &'static str> {
    if name.starts_with("__") {
        Err("names that begin with `__` are taken")
    } else if name.contains('.') {
        Err("it has a point")
    } else if !is_name(name) {
        Err("it begins with a letter, and goes on with letters, digits, `_` or `-`")
    } else {
        Ok(())
    }
}

/// Checks which rows save to which entity, and that each entity has a group of its own to be written in.
pub(crate) fn check(
    book: &Book<'_>,
    tree: &Tree,
    places: &[Stood],
    entities: &[Entity],
    findings: &mut Findings,
) {
    let is_sound = !findings.is_faulty("entities");
    let by_name: HashMap<&str, usize> =
        entities.iter().enumerate().map(|(i, entity)| (entity.list.as_str(), i)).collect();
    let mut naming: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, entity) in entities.iter().enumerate() {
        let mut questions: Vec<&str> = entity.questions.iter().map(String::as_str).collect();
        questions.sort_unstable();
        questions.dedup();
        for question in questions {
            naming.entry(question).or_default().push(index);
        }
    }
    // By entity in the order in which rows refer to them.
    let mut referred: Vec<(usize, Vec<Reference>)> = Vec::new();
    let mut turns: HashMap<usize, usize> = HashMap::new();
    let mut add = |index: usize, reference: Reference| {
        let turn = *turns.entry(index).or_insert(referred.len());
        if turn == referred.len() {
            referred.push((index, Vec::new()));
        }
        referred[turn].1.push(reference);
    };
    let mut properties: BTreeMap<(usize, &str), u32> = BTreeMap::new();
    for stood in places {
        if let Some(cell) = &stood.save_to {
            match property(cell, stood, entities, &by_name, &mut properties) {
                Ok((index, name)) => add(index, Reference::property(stood, name)),
                Err((problem, remedy)) => {
                    let place = book.sheet.place(stood.row, "save_to");
                    findings.error("survey", Some(place), problem, remedy);
                }
            }
        }
        let name = stood.name.as_deref().unwrap_or_default();
        for index in naming.get(name).into_iter().flatten() {
            add(*index, Reference::question(stood, name));
        }
    }
    // Where nothing is sure, nothing is said of places.
    if is_sound {
        allocate(book.sheet, tree, entities, referred, findings);
    }
}

type Fault = (String, &'static str);

/// The entity and the property that a `save_to` cell names.
fn property<'a>(
    cell: &'a str,
    stood: &Stood,
    entities: &[Entity],
    by_name: &HashMap<&str, usize>,
    properties: &mut BTreeMap<(usize, &'a str), u32>,
) -> Result<(usize, &'a str), Fault> {
    if entities.is_empty() {
        return Err(("`save_to` needs an entities sheet.".to_owned(), "Add one, or clear the cell."));
    }
    let (index, name) = match cell.split_once('#') {
        Some((_, name)) if name.contains('#') => {
            return Err((format!("`{cell}` has more than one `#`."), "Write list#property."));
        }
        Some((list, name)) => match by_name.get(list.trim()) {
            Some(index) => (*index, name.trim()),
            None => {
                return Err((
                    format!("The entities sheet has no list `{list}`."),
                    "Add a row, or correct the name.",
                ));
            }
        },
        None if entities.len() > 1 => {
            let problem = format!("`{cell}` does not say which of the entities it belongs to.");
            return Err((problem, "Write list#property."));
        }
        None => (0, cell),
    };
    if stood.is_container {
        return Err((
            "A group or repeat cannot be saved to an entity.".to_owned(),
            "Move the cell to a question.",
        ));
    }
    let remedy = "Choose another name.";
    if name.eq_ignore_ascii_case("name") || name.eq_ignore_ascii_case("label") {
        return Err((format!("`{name}` is taken by every entity."), remedy));
    }
    if name.starts_with("__") {
        return Err((
            format!("`{name}` cannot be a property: names that begin with `__` are taken."),
            remedy,
        ));
    }
    if !is_name(name) {
        return Err((format!("`{name}` cannot be the name of a property."), remedy));
    }
    if let Some(first) = properties.insert((index, name), stood.row) {
        return Err((format!("Row {first} saves to `{name}` already."), "Save each property from one row."));
    }
    Ok((index, name))
}
