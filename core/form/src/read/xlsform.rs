//! From the sheets of an XLSForm to an instrument: settings, languages, lists, rows, tree, code.

use std::collections::{HashMap, HashSet};

use super::arrange::arrange;
use super::choices;
use super::external::Files;
use super::findings::Findings;
use super::grid::{self, Grid};
use super::instances::{mentions, pulled};
use super::languages::Languages;
use super::references::{self, Known};
use super::select::similar;
use super::settings::Settings;
use super::sheet::{Sheet, truth};
use super::survey::{self, Book, Survey};
use super::{checks, compile, entities, previous, settings};
use crate::expr::code::Code;
use crate::expr::resolve::{self, Place};
use crate::graph::Graph;
use crate::instances::Instances;
use crate::node::{NodeId, Tree};
use crate::{Attachments, Diagnostics, Instrument};

/// The columns whose expressions may look things up in lists and files.
const LOOK_UP: [&str; 8] = [
    "relevant",
    "required",
    "constraint",
    "calculation",
    "default",
    "choice_filter",
    "read_only",
    "repeat_count",
];

/// Reads, checks and compiles the sheets of a form.
pub(crate) fn read(
    file: &str,
    bytes: &[u8],
    book: grid::Book,
    attachments: &Attachments,
    mut findings: Findings,
) -> Result<Instrument, Diagnostics> {
    let names = book.names;
    let mut grids: HashMap<String, Grid> =
        book.grids.into_iter().map(|grid| (grid.name.clone(), grid)).collect();
    let Some(survey_grid) = grids.remove("survey") else {
        let remedy = format!("Add it, or choose an XLSForm.{}", similar("survey", &names));
        findings.error_in_file("The form has no sheet \"survey\".", remedy);
        return Err(findings.into_diagnostics());
    };
    for wanted in ["settings", "entities"] {
        let found = similar(wanted, &names);
        if !grids.contains_key(wanted) && !found.is_empty() {
            let problem = format!("There is no sheet \"{wanted}\".{found}");
            findings.warning(wanted, None, problem, "Rename the sheet, or begin its name with `_`.");
        }
    }
    let mut sheet = |name: &str, clean: bool, findings: &mut Findings| match grids.remove(name) {
        Some(grid) => Sheet::new(grid, clean, findings),
        None => Sheet::empty(name),
    };
    let settings_sheet = sheet("settings", true, &mut findings);
    let mut settings = settings::read(&settings_sheet, file, &mut findings);
    let clean = settings.columns.get("clean_text_values").is_none_or(|cell| truth(cell) != Some(false));
    let choices_sheet = sheet("choices", clean, &mut findings);
    let external_sheet = sheet("external_choices", clean, &mut findings);
    let entities_sheet = sheet("entities", clean, &mut findings);
    let survey_sheet = Sheet::new(survey_grid, clean, &mut findings);

    let languages = Languages::new(&settings, &[&survey_sheet, &choices_sheet], &mut findings);
    let lists = choices::read(&choices_sheet, &languages, &settings, &mut findings);
    let external = choices::read(&external_sheet, &languages, &settings, &mut findings);
    let entities = entities::read(&entities_sheet, &mut findings);
    let book = Book {
        sheet: &survey_sheet,
        languages: &languages,
        lists: &lists,
        external: &external,
        sheets: &names,
    };
    let mut files = Files::new(attachments);
    let mut survey = survey::read(&book, &mut settings, &mut files, &mut findings);
    languages.warn_untranslated(&survey_sheet, &mut findings);
    languages.warn_missing_columns(&survey_sheet, &mut findings);

    let nodes = std::mem::take(&mut survey.nodes);
    let mut tree = arrange(nodes, &mut survey.items, &survey.rows, &survey_sheet, &mut findings);
    if !settings.omit_instance_id {
        survey.names.entry("instanceID".to_owned()).or_insert(1);
    }
    checks::geometries(&book, &tree, &survey, &entities, &mut findings);
    checks::counts(&book, &tree, &survey.rows, &mut findings);
    entities::check(&book, &tree, &survey.places, &entities, &mut findings);
    let known = Known::new(&survey.names);
    previous::resolve(&tree, &mut survey.rows, &known, &survey_sheet, &mut findings);
    checks::triggers(&book, &tree, &survey.items, &mut survey.rows, &known, &mut findings);
    let instances = instances(&mut survey, &book, &mut files, &mut findings);
    let checked = [&settings_sheet, &entities_sheet, &survey_sheet, &choices_sheet];
    references::check(&checked, &survey.names, &mut survey.rows, &mut findings);

    let around = compile::Surroundings { places: &survey_sheet, instances: &instances };
    compile::compile(&mut tree, &survey.items, &mut survey.rows, &[], around, &mut findings);
    let instance_name = instance_name(&settings, &tree, &instances, &settings_sheet, &mut findings);
    let graph = Graph::new(&tree);
    for cycle in graph.cycles(&tree) {
        let row = survey.rows.get(cycle.node.index()).and_then(|row| row.as_ref());
        let place = row.map(|row| survey_sheet.place(row.number, cycle.column));
        findings.error(
            "survey",
            place,
            format!("The value depends on itself: {}.", cycle.path),
            "Take one of these references out.",
        );
    }
    if findings.has_errors() {
        return Err(findings.into_diagnostics());
    }
    let items = survey.items;
    let by_key = items.iter().enumerate().map(|(i, item)| (item.key(), i)).collect();
    Ok(Instrument {
        form_id: settings.form_id,
        version: settings.version,
        title: settings.title,
        languages: languages.all,
        hash: *blake3::hash(bytes).as_bytes(),
        settings: settings.columns,
        pages_after: Instrument::count_pages(&tree, &items),
        items,
        by_key,
        warnings: findings.into_diagnostics().0,
        tree,
        graph,
        instances,
        words: hashbrown::HashMap::new(),
        root: settings.root,
        instance_name,
    })
}

/// What a response is called in its submission; a name that is nothing is blank there, as in the field's engines.
fn instance_name(
    settings: &Settings,
    tree: &Tree,
    instances: &Instances,
    sheet: &Sheet,
    findings: &mut Findings,
) -> Option<Code> {
    let source = settings.columns.get("instance_name")?;
    let place = Place {
        tree,
        node: NodeId::ROOT,
        repeats: &[],
        columns: None,
        calculates: true,
        instances,
        doubts: None,
        lenient: true,
    };
    match resolve::compile(source, place) {
        Ok(code) => Some(code),
        // A name that is nothing has been reported with all others.
        Err(_) if findings.has_errors() => None,
        Err(fault) => {
            let place = sheet.rows.first().map(|row| sheet.place(row.number, "instance_name"));
            findings.error("settings", place, fault.problem, fault.remedy);
            None
        }
    }
}

/// The lists and files that expressions look things up in.
fn instances(
    survey: &mut Survey,
    book: &Book<'_>,
    files: &mut Files<'_>,
    findings: &mut Findings,
) -> Instances {
    let mut mentioned: HashSet<String> = HashSet::new();
    for row in survey.rows.iter().flatten() {
        for column in LOOK_UP {
            let Some(cell) = row.cells.get(column) else { continue };
            if cell.contains("${last-saved#") {
                survey.declared.last_saved(book.sheet.place(row.number, column), findings);
            }
            for (name, is_pulled) in mentions(cell) {
                if is_pulled {
                    let (name, file) = pulled(name);
                    let place = book.sheet.place(row.number, column);
                    if !survey.declared.has(&name) {
                        files.open(&file, place.clone(), findings);
                    }
                    survey.declared.file(&name, &file, place, findings);
                }
                if !mentioned.contains(name) {
                    mentioned.insert(name.to_owned());
                }
            }
        }
        for words in [&row.label, &row.hint, &row.guidance, &row.constraint_message, &row.required_message] {
            let of_words = words.0.iter().filter(|(_, text)| text.contains("instance("));
            mentioned.extend(of_words.flat_map(|(_, text)| mentions(text)).map(|(name, _)| name.to_owned()));
        }
    }
    survey.declared.build(book.lists, files, &mentioned, findings)
}
