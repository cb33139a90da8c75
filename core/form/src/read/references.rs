//! `${name}` wherever it may stand: that it is closed, and names one row of the survey sheet.

use std::collections::{HashMap, HashSet};

use super::findings::{Findings, Place};
use super::names::is_name;
use super::row::SurveyRow;
use super::sheet::Sheet;

/// Most faults said of one cell.
const MAX_FAULTS: usize = 10;
/// Most questions that one trigger names.
const MAX_TRIGGERS: usize = 200;

/// How often each name is given on the survey sheet.
pub(crate) type Names = HashMap<String, u32>;

/// What is wrong with a reference.
type Fault = (String, String);

/// The insides of `${…}` in a text, from left to right; `None` for one that is never closed.
pub(crate) fn references(text: &str) -> impl Iterator<Item = Option<&str>> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (_, after) = rest?.split_once("${")?;
        match after.split_once('}') {
            Some((inside, after)) => {
                rest = Some(after);
                Some(Some(inside.trim()))
            }
            None => {
                rest = None;
                Some(None)
            }
        }
    })
}

/// The columns of the survey sheet whose cells hold no references, or are checked elsewhere.
const UNCHECKED: [&str; 3] = ["type", "name", "trigger"];
/// The columns of the choices sheet that may.
const OF_CHOICES: [&str; 5] = ["label", "image", "big-image", "audio", "video"];

/// Checks each cell of the sheets; what is wrong in the survey sheet is taken out of `rows`, so that it is said once.
pub(crate) fn check(
    sheets: &[&Sheet],
    names: &Names,
    rows: &mut [Option<SurveyRow>],
    findings: &mut Findings,
) {
    let mut broken: HashSet<(u32, &str)> = HashSet::new();
    let known = Known::new(names);
    for sheet in sheets {
        for row in &sheet.rows {
            for (column, cell) in sheet.cells(row) {
                let checked = match sheet.name.as_str() {
                    "survey" => !UNCHECKED.contains(&column.name.as_str()),
                    "choices" => OF_CHOICES.contains(&column.name.as_str()),
                    "entities" => column.name != "list_name",
                    _ => true,
                };
                if !checked || !cell.contains("${") {
                    continue;
                }
                let faults = references(cell).filter_map(|reference| known.check(reference).err());
                for (problem, remedy) in faults.take(MAX_FAULTS) {
                    let place = Place { row: row.number, column: Some(column.title()) };
                    findings.error(&sheet.name, Some(place), problem, remedy);
                    if sheet.name == "survey" {
                        broken.insert((row.number, &column.name));
                    }
                }
            }
        }
    }
    if broken.is_empty() {
        return;
    }
    for row in rows.iter_mut().flatten() {
        let number = row.number;
        row.cells.retain(|name| !broken.contains(&(number, name)));
        for (name, words) in [
            ("label", &mut row.label),
            ("hint", &mut row.hint),
            ("guidance_hint", &mut row.guidance),
            ("constraint_message", &mut row.constraint_message),
            ("required_message", &mut row.required_message),
        ] {
            if broken.contains(&(number, name)) {
                words.0.clear();
            }
        }
    }
}

/// The names of a form, to be looked up whatever their case.
pub(crate) struct Known<'a> {
    names: &'a Names,
    by_lower: HashMap<String, &'a str>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(names: &'a Names) -> Known<'a> {
        let by_lower = names.keys().map(|name| (name.to_lowercase(), name.as_str())).collect();
        Known { names, by_lower }
    }

    fn check(&self, reference: Option<&str>) -> Result<(), Fault> {
        let Some(name) = reference else {
            return Err(("A `${` is never closed.".to_owned(), "Write ${name}.".to_owned()));
        };
        let (name, last) = match name.strip_prefix("last-saved#") {
            Some(name) => (name, true),
            None => (name, false),
        };
        if !is_name(name) {
            return Err((
                format!("`${{{name}}}` does not hold a name."),
                "Write ${name}, and nothing else between the brackets.".to_owned(),
            ));
        }
        match self.names.get(name) {
            None => return Err(self.unknown(name)),
            Some(1) => {}
            Some(_) => {
                return Err((
                    format!("Several rows are named `{name}`, so that `${{{name}}}` may mean any of them."),
                    "Rename all but one.".to_owned(),
                ));
            }
        }
        if last {
            let remedy =
                "Take it out: a tablet goes from hand to hand, and must not show the last person's answers.";
            return Err((
                format!("`${{last-saved#{name}}}`, the answer given last, is not supported."),
                remedy.to_owned(),
            ));
        }
        if name == "instanceID" {
            let remedy = "Take it out: a response gets its identity only when it is finished.";
            return Err(("`${instanceID}` is not supported.".to_owned(), remedy.to_owned()));
        }
        Ok(())
    }

    /// What is said of a name that no row has.
    pub(crate) fn unknown(&self, name: &str) -> Fault {
        let remedy = match self.by_lower.get(&name.to_lowercase()) {
            Some(known) => format!("Did you mean ${{{known}}}?"),
            None => "Check the spelling against the name column.".to_owned(),
        };
        (format!("There is no question named `{name}`."), remedy)
    }
}

/// The questions in a `trigger` cell: `${a}`, or several with `,` between.
pub(crate) fn triggers(cell: &str) -> Result<Vec<&str>, Fault> {
    let mut found = Vec::new();
    for part in cell.split(',') {
        let mut inside = references(part);
        match (inside.next(), inside.next()) {
            (Some(Some(name)), None) if is_name(name) => found.push(name),
            (Some(_), Some(_)) => {
                return Err((
                    "The cell names several questions without a comma between them.".to_owned(),
                    "Write ${a}, ${b}.".to_owned(),
                ));
            }
            (None, _) if part.trim().is_empty() => {}
            _ => {
                return Err((
                    format!("`{}` names no question.", part.trim()),
                    "Write ${name}, or ${a}, ${b}.".to_owned(),
                ));
            }
        }
    }
    if found.len() > MAX_TRIGGERS {
        let problem = format!("The cell names more than {MAX_TRIGGERS} questions.");
        return Err((problem, "Name fewer.".to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_bad_ones_named() {
        let found: Vec<_> = references("a ${ b } ${c}${d").collect();
        assert_eq!(found, [Some("b"), Some("c"), None]);
        let names = Names::from([("a".to_owned(), 1), ("twice".to_owned(), 2)]);
        let known = Known::new(&names);
        assert!(known.check(Some("a")).is_ok());
        for bad in [None, Some(""), Some("a b"), Some("nobody"), Some("twice"), Some("last-saved#a")] {
            assert!(known.check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn triggers_are_questions_with_commas_between() {
        assert_eq!(triggers("${a}").unwrap(), ["a"]);
        assert_eq!(triggers(" ${a} ,${ b },").unwrap(), ["a", "b"]);
        for bad in ["a", "${a} ${b}", "${a}${b}", "${a", "${}", "${a}; ${b}"] {
            assert!(triggers(bad).is_err(), "{bad}");
        }
    }
}
