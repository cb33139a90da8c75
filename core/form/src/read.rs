//! Reads an XLSForm: workbook, sheets, rows, tree, code. Every fault found on the way is reported, not only the first.

mod arrange;
mod choices;
mod compile;
mod findings;
mod kinds;
mod parameters;
mod row;
mod settings;
mod sheet;
mod survey;
mod workbook;

use std::collections::HashMap;

use crate::graph::Graph;
use crate::instances::Instances;
use crate::instrument::Root;
use crate::{Diagnostics, Instrument};
use findings::Findings;
use sheet::Sheet;

/// Sheets of other tools that change what a form means, and so cannot be ignored.
const REFUSED_SHEETS: [&str; 3] = ["entities", "external_choices", "osm"];

/// Reads, checks and compiles a workbook.
pub(crate) fn instrument(file: &str, bytes: &[u8]) -> Result<Instrument, Diagnostics> {
    let mut findings = Findings::new(file);
    let Some(grids) = workbook::grids(bytes, &mut findings) else {
        return Err(findings.into_diagnostics());
    };
    for grid in &grids {
        if REFUSED_SHEETS.contains(&grid.name.as_str()) && grid.cells.len() > 1 {
            findings.error(&grid.name, None, "This sheet is not supported.", "Remove the sheet.");
        }
    }
    let mut sheets: HashMap<String, Sheet> =
        grids.into_iter().map(|grid| (grid.name.clone(), Sheet::new(grid, &mut findings))).collect();
    let Some(survey_sheet) = sheets.remove("survey") else {
        findings.error_in_file("The workbook has no sheet \"survey\".", "Add it, or choose an XLSForm.");
        return Err(findings.into_diagnostics());
    };
    let choices_sheet = sheets.remove("choices").unwrap_or_else(|| Sheet::empty("choices"));
    let settings_sheet = sheets.remove("settings").unwrap_or_else(|| Sheet::empty("settings"));

    let settings = settings::read(&settings_sheet, file, &mut findings);
    let languages = settings::languages(&settings, &[&survey_sheet, &choices_sheet], &mut findings);
    let lists = choices::read(&choices_sheet, &languages, &settings, &mut findings);
    let survey = survey::read(&survey_sheet, &languages, &lists, &mut findings);
    let (mut tree, items) = (survey.tree, survey.items);
    let instances = Instances::default();
    let around = compile::Surroundings { places: &survey_sheet, instances: &instances };
    compile::compile(&mut tree, &items, &survey.rows, &[], around, &mut findings);
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
        words: HashMap::new(),
        root: Root::default(),
    })
}
