//! Which secondary instances a workbook has: lists and files that expressions name.

use std::collections::{HashMap, HashSet};

use super::choices::Lists;
use super::external::{self, Files, split};
use super::findings::{Findings, Place};
use crate::instances::Instances;

/// Where an instance is from: a list of the choices sheet, or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Choices,
    File(String),
    /// The answers given last, which are not kept.
    LastSaved,
}

/// The instances declared so far, by name.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    by_name: HashMap<String, Source>,
    /// Names given by rows of their own.
    rows: HashMap<String, u32>,
}

impl Declared {
    /// A file that a row of type `csv-external` or `xml-external` names.
    pub(crate) fn row(&mut self, name: &str, ending: &str, place: Place, findings: &mut Findings) {
        if let Some(first) = self.rows.insert(name.to_owned(), place.row) {
            let problem = format!("Row {first} has the same name, `{name}`, for a file.");
            findings.error("survey", Some(place.clone()), problem, "Name each file once.");
        }
        self.file(name, &format!("{name}.{ending}"), place, findings);
    }

    /// A file by the name that expressions give it.
    pub(crate) fn file(&mut self, name: &str, file: &str, place: Place, findings: &mut Findings) {
        self.declare(name, Source::File(file.to_owned()), place, findings);
    }

    pub(crate) fn last_saved(&mut self, place: Place, findings: &mut Findings) {
        self.declare("__last-saved", Source::LastSaved, place, findings);
    }

    fn declare(&mut self, name: &str, source: Source, place: Place, findings: &mut Findings) {
        match self.by_name.get(name) {
            Some(known) if *known != source => {
                let problem = format!(
                    "The name `{name}` stands for two things: {} and {}.",
                    known.describe(name),
                    source.describe(name)
                );
                findings.error("survey", Some(place), problem, "Give each a name of its own.");
            }
            Some(_) => {}
            None => {
                self.by_name.insert(name.to_owned(), source);
            }
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Checks the names against those of the lists, and makes the instances that expressions mention.
    pub(crate) fn build(
        &self,
        lists: &Lists,
        files: &mut Files<'_>,
        mentioned: &HashSet<String>,
        findings: &mut Findings,
    ) -> Instances {
        let mut instances = Instances::default();
        for name in &lists.names {
            match self.by_name.get(name) {
                Some(source) => {
                    let problem = format!(
                        "The name `{name}` stands for two things: {} and {}.",
                        source.describe(name),
                        Source::Choices.describe(name)
                    );
                    findings.error("choices", None, problem, "Give each a name of its own.");
                }
                None if mentioned.contains(name) => {
                    instances.insert(name, external::list(&lists.by_name[name], &lists.headings));
                }
                None => {}
            }
        }
        let mut names: Vec<&String> = self.by_name.keys().filter(|name| mentioned.contains(*name)).collect();
        names.sort_unstable();
        for name in names {
            if let Some(Source::File(file)) = self.by_name.get(name) {
                instances.insert(name, files.take(file));
            }
        }
        instances
    }
}

impl Source {
    fn describe(&self, name: &str) -> String {
        match self {
            Source::Choices => format!("the list `{name}` of the choices sheet"),
            Source::File(file) => format!("the file `{file}`"),
            Source::LastSaved => "the answers given last".to_owned(),
        }
    }
}

/// The instances that an expression names in `instance('…')` and `pulldata('…', …)`; whether by the latter.
pub(crate) fn mentions(expression: &str) -> impl Iterator<Item = (&str, bool)> {
    let of = |function: &'static str| {
        expression.match_indices(function).filter_map(move |(at, _)| {
            let before = expression[..at].chars().next_back();
            let inner = expression[at + function.len()..].trim_start().strip_prefix('(')?.trim_start();
            let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let (name, _) = inner[1..].split_once(quote)?;
            let whole = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '_' | ':'));
            whole.then(|| (name.trim(), function == "pulldata"))
        })
    };
    of("instance").chain(of("pulldata"))
}

/// The file of a name that `pulldata` looks things up in.
pub(crate) fn pulled(name: &str) -> (String, String) {
    match split(name) {
        (stem, "csv") => (name.to_owned(), format!("{stem}.csv")),
        _ => (name.to_owned(), format!("{name}.csv")),
    }
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn instances_are_found_in_expressions() {
        let found: Vec<_> = mentions(
            "concat(instance( 'a' )/root/item[x = pulldata(\"b\", 'c', 'd', .)], my-instance('e'), instance(name))",
        )
        .collect();
        assert_eq!(found, [("a", false), ("b", true)]);
    }
}
