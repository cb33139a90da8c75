//! The parameters column: `start=0 end=10 step=1`, and which parameters each type takes.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::kinds::{ChoicesFrom, RowKind};
use super::sheet::{Row, Sheet, truth};
use crate::ItemKind;

/// Parameters by name in lower case, values as written.
pub(crate) type Parameters = BTreeMap<String, String>;

/// Where a parameter is at fault, and what is reported of it.
pub(crate) struct Report<'a, 'f> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) row: &'a Row,
    pub(crate) findings: &'f mut Findings,
}

impl Report<'_, '_> {
    pub(crate) fn error(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        let place = Some(self.sheet.place(self.row.number, "parameters"));
        self.findings.error("survey", place, problem, remedy);
    }

    fn warning(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        let place = Some(self.sheet.place(self.row.number, "parameters"));
        self.findings.warning("survey", place, problem, remedy);
    }
}

const RANGE: &[&str] = &["end", "placeholder", "start", "step", "tick_interval", "tick_labelset"];
const SELECT: &[&str] = &["randomize", "seed"];
const FROM_FILE: &[&str] = &["label", "randomize", "seed", "value"];
const GEOPOINT: &[&str] =
    &["allow-mock-accuracy", "capture-accuracy", "reference-geometry", "warning-accuracy"];
const GEO: &[&str] = &["allow-mock-accuracy", "incremental", "reference-geometry"];
const AUDIT: &[&str] = &[
    "identify-user",
    "location-max-age",
    "location-min-interval",
    "location-priority",
    "track-changes",
    "track-changes-reasons",
];

/// The parameters that a type takes; `None` where XLSForm does not say.
fn accepted(kind: &RowKind) -> Option<&'static [&'static str]> {
    match kind {
        RowKind::Audit => Some(AUDIT),
        RowKind::BackgroundAudio => Some(&["quality"]),
        RowKind::Select(select) if select.from == ChoicesFrom::File => Some(FROM_FILE),
        RowKind::Select(_) => Some(SELECT),
        RowKind::Item(kind) => match kind {
            ItemKind::Range => Some(RANGE),
            ItemKind::Text => Some(&["rows"]),
            ItemKind::Image => Some(&["app", "max-pixels"]),
            ItemKind::Audio => Some(&["quality"]),
            ItemKind::Geopoint => Some(GEOPOINT),
            ItemKind::Geotrace | ItemKind::Geoshape => Some(GEO),
            _ => None,
        },
        _ => None,
    }
}

/// Reads the cell, and checks what is in it as far as that does not depend on anything else.
pub(crate) fn read(kind: &RowKind, report: &mut Report<'_, '_>) -> Parameters {
    let Some(cell) = report.sheet.get(report.row, "parameters") else { return Parameters::new() };
    let Some(found) = pairs(cell) else {
        report.error(
            "The parameters cannot be read.",
            "Write name=value pairs with a space between, as start=1 end=5.",
        );
        return Parameters::new();
    };
    for name in found.keys() {
        match accepted(kind) {
            Some(known) if !known.contains(&name.as_str()) => {
                let remedy = format!("Write any of {}.", known.join(", "));
                report.error(format!("The type has no parameter `{name}`."), remedy);
            }
            None => report.warning(
                format!("The parameter `{name}` has no effect."),
                "Check its spelling, or take it out.",
            ),
            Some(_) => {}
        }
    }
    let value = |name: &str| found.get(name).map(String::as_str);
    match kind {
        RowKind::Audit => audit(&value, report),
        RowKind::BackgroundAudio => one_of("quality", &["voice-only", "low", "normal"], &value, report),
        RowKind::Select(_) => select(&value, report),
        RowKind::Item(kind) => item(*kind, &value, report),
        _ => {}
    }
    found
}

/// Pairs of words with `=` between, apart by space, `,` or `;`; `None` if anything else is there.
fn pairs(cell: &str) -> Option<Parameters> {
    let loose = cell.replace('=', " = ");
    let mut words = loose.split([' ', '\t', '\r', '\n', ',', ';']).filter(|word| !word.is_empty());
    let mut found = Parameters::new();
    while let Some(name) = words.next() {
        let (equals, value) = (words.next()?, words.next()?);
        if name == "=" || equals != "=" || value == "=" {
            return None;
        }
        found.insert(name.to_lowercase(), value.to_owned());
    }
    Some(found)
}

type Value<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

fn one_of(name: &str, allowed: &[&str], value: &Value<'_>, report: &mut Report<'_, '_>) {
    if let Some(given) = value(name)
        && !allowed.iter().any(|word| given.eq_ignore_ascii_case(word))
    {
        let problem = format!("The parameter `{name}` cannot be `{given}`.");
        report.error(problem, format!("Write one of {}.", allowed.join(", ")));
    }
}

fn whole(name: &str, value: &Value<'_>, report: &mut Report<'_, '_>) -> Option<i64> {
    let given = value(name)?;
    let number = given.parse().ok();
    if number.is_none() {
        report.error(format!("The parameter `{name}` must be a whole number."), "Write a number.");
    }
    number
}

fn number(name: &str, value: &Value<'_>, report: &mut Report<'_, '_>) {
    if value(name).is_some_and(|given| given.parse::<f64>().is_err()) {
        report.error(format!("The parameter `{name}` must be a number."), "Write a number.");
    }
}

const YES_NO: &[&str] = &["true", "false"];

fn select(value: &Value<'_>, report: &mut Report<'_, '_>) {
    one_of("randomize", YES_NO, value, report);
    let Some(seed) = value("seed") else { return };
    if value("randomize").is_none() {
        report.error("A `seed` is for `randomize=true` only.", "Add randomize=true, or take the seed out.");
    }
    let reference = seed.starts_with("${") && seed.ends_with('}') && seed.matches("${").count() == 1;
    if !reference && seed.parse::<f64>().is_err() {
        report.error("The parameter `seed` must be a number or a reference.", "Write a number or ${name}.");
    }
}

fn item(kind: ItemKind, value: &Value<'_>, report: &mut Report<'_, '_>) {
    match kind {
        ItemKind::Text => {
            whole("rows", value, report);
        }
        ItemKind::Image => {
            whole("max-pixels", value, report);
            let appearance = report.sheet.get(report.row, "appearance");
            if let Some(app) = value("app")
                && appearance.is_none_or(|appearance| appearance == "annotate")
                && !is_package(app)
            {
                let problem =
                    format!("The parameter `app` cannot be `{app}`, which is no name of an Android package.");
                report.error(problem, "Write a name like org.example.camera, or take it out.");
            }
        }
        ItemKind::Audio => one_of("quality", &["voice-only", "low", "normal", "external"], value, report),
        ItemKind::Geopoint => {
            number("capture-accuracy", value, report);
            number("warning-accuracy", value, report);
            one_of("allow-mock-accuracy", YES_NO, value, report);
        }
        ItemKind::Geotrace | ItemKind::Geoshape => {
            one_of("allow-mock-accuracy", YES_NO, value, report);
            if value("incremental").is_some_and(|given| truth(given) != Some(true)) {
                let problem = "The parameter `incremental` can only be true.";
                report.error(problem, "Write incremental=true, or take it out.");
            }
        }
        _ => {}
    }
}

/// Segments of letters, digits and `_` that begin with a letter, at least two, with points between.
fn is_package(name: &str) -> bool {
    let segment = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_alphabetic())
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    name.contains('.') && name.split('.').all(segment)
}

fn audit(value: &Value<'_>, report: &mut Report<'_, '_>) {
    one_of("track-changes", YES_NO, value, report);
    one_of("identify-user", YES_NO, value, report);
    one_of("track-changes-reasons", &["on-form-edit"], value, report);
    let location = ["location-priority", "location-min-interval", "location-max-age"];
    let given = location.iter().filter(|name| value(name).is_some()).count();
    if given == 0 {
        return;
    }
    if given < location.len() {
        let problem = "`location-priority`, `location-min-interval` and `location-max-age` go together.";
        report.error(problem, "Write all three, or none.");
        return;
    }
    let priorities = ["no-power", "low-power", "balanced", "high-accuracy"];
    one_of("location-priority", &priorities, value, report);
    let interval = whole("location-min-interval", value, report);
    let age = whole("location-max-age", value, report);
    for (name, number) in [("location-min-interval", interval), ("location-max-age", age)] {
        if number.is_some_and(|number| number < 0) {
            report.error(
                format!("The parameter `{name}` must not be below zero."),
                "Write a number of seconds.",
            );
        }
    }
    if let (Some(interval), Some(age)) = (interval, age)
        && age < interval
    {
        let problem = "The parameter `location-max-age` must not be below `location-min-interval`.";
        report.error(problem, "Write a larger number.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_pairs_however_they_are_apart() {
        let found = |cell| pairs(cell).map(|found| format!("{found:?}"));
        let expected = Some(r#"{"end": "5", "start": "1"}"#.to_owned());
        for cell in ["start=1 end=5", "Start = 1, END=5", "start=1;end=5", "start =1 , ; end= 5"] {
            assert_eq!(found(cell), expected, "{cell}");
        }
        for cell in ["start", "start=", "=1", "start==1", "start=1 . end=5", "start=1=2", "start 1"] {
            assert_eq!(found(cell), None, "{cell}");
        }
    }

    #[test]
    fn packages_have_segments_with_points_between() {
        assert!(is_package("org.example.camera_2"));
        for name in ["camera", "org.", ".org", "org..camera", "org._camera", "org.2nd", "org.ca-mera"] {
            assert!(!is_package(name), "{name}");
        }
    }
}
