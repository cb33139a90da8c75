//! The smallest study in which everything happens: ward records of which several devices write the same one, and confidential
//! responses.

use std::collections::BTreeMap;

use nightjar::StudyPack;
use rust_xlsxwriter::Workbook;

/// The ward.
pub(super) const WARD: &str = "maple";
/// The form of a ward record.
pub(super) const FACT: &str = "fact";
/// The form of a confidential response.
pub(super) const SAY: &str = "say";
/// The form of a ward record with very many options, in the larger study only.
pub(super) const TICK: &str = "tick";
/// How many.
pub(super) const OPTIONS: usize = 700;
/// The items of both forms that the model follows.
pub(super) const CELLS: [&str; 2] = ["what", "more"];

/// The study with its forms; the larger one has a form of which a record soon holds all that a record may.
pub(super) fn pack(larger: bool) -> StudyPack {
    let texts = "text|what|What|first-reader\ntext|more|What else|first-reader";
    let head = "type|name|label|nightjar::risk_disclosure_plan";
    let number = "integer|number|Number|";
    let mut study = include_str!("study.toml").to_owned();
    let mut files = BTreeMap::from([
        ("fact.xlsx".to_owned(), workbook(FACT, &format!("{head}\n{number}\n{texts}"), "")),
        ("say.xlsx".to_owned(), workbook(SAY, &format!("{head}\n{texts}"), "")),
    ]);
    if larger {
        study = study.replace("may = [\"fact\"]", "may = [\"fact\", \"tick\"]");
        study += include_str!("tick.toml");
        let choices: Vec<_> = (0..OPTIONS).map(|n| format!("all|o{n}|Option {n}")).collect();
        let choices = format!("list_name|name|label\n{}", choices.join("\n"));
        let survey = format!("{head}\n{number}\nselect_multiple all|ticks|Ticks|");
        files.insert("tick.xlsx".to_owned(), workbook(TICK, &survey, &choices));
    }
    files.insert("study.toml".to_owned(), study.into_bytes());
    StudyPack::from_files(files).expect("a study")
}

fn workbook(form: &str, survey: &str, choices: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let settings = format!("form_title|form_id\nThe form {form}|{form}");
    for (name, text) in [("survey", survey), ("choices", choices), ("settings", settings.as_str())] {
        if text.is_empty() {
            continue;
        }
        let sheet = workbook.add_worksheet().set_name(name).expect("a sheet");
        for (row, line) in (0..).zip(text.lines()) {
            for (column, cell) in (0..).zip(line.split('|')).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row, column, cell).expect("a cell");
            }
        }
    }
    workbook.save_to_buffer().expect("a workbook")
}
