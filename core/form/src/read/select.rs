//! Questions with choices, wherever those are from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::external::{self, ENDINGS, split};
use super::kinds::{ChoicesFrom, Select};
use super::names::{distance, is_name};
use super::parameters::{Parameters, Report};
use super::references::references;
use super::row::SurveyRow;
use super::search::Search;
use super::sheet::Row;
use super::survey::Builder;
use crate::item::Translated;
use crate::{Choice, ItemKind};

/// Most names of lists looked through for one that was meant.
const MAX_NAMES: usize = 1_000;
/// Most choices of the sheet that stand beside those of a search.
const MAX_FIXED: usize = 100;

/// A list, and the same with the choice that `or_other` adds.
pub(super) struct WithOther {
    /// Kept so that its address stands for it.
    pub(super) _list: Arc<[Choice]>,
    pub(super) made: Arc<[Choice]>,
}

impl Builder<'_, '_> {
    pub(super) fn select(&mut self, row: &Row, select: &Select, parameters: &Parameters) {
        let mut words = self.survey_row(row);
        if parameters.get("randomize").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            words.randomize = Some(parameters.get("seed").cloned());
        }
        let choices = match select.from {
            ChoicesFrom::Choices => self.in_choices(row, select, &mut words),
            ChoicesFrom::ExternalChoices => self.in_external_choices(row, select, &mut words),
            ChoicesFrom::File => self.in_file(row, select, parameters, &mut words),
            ChoicesFrom::Answers => {
                // The question is looked up when all stand in their places.
                let name = references(&select.list).next().flatten().unwrap_or_default();
                words.dynamic_choices = Some((name.to_owned(), String::new(), String::new()));
                Some(Vec::new().into())
            }
        };
        let Some(mut choices) = choices else {
            self.stand_in(row);
            return;
        };
        if matches!(select.kind, ItemKind::SelectMultiple | ItemKind::Rank)
            && select.from == ChoicesFrom::Choices
            && let Some(spaced) = self.book.lists.spaced.get(&*self.turned(&select.list))
        {
            let problem =
                format!("The list `{}` has the name `{spaced}`, which has a space in it.", select.list);
            self.error(row, "type", problem, "Names of choices that go together cannot have spaces.");
        }
        self.table_list(row, select, &words);
        if select.or_other {
            if words.cells.contains("choice_filter") {
                let remedy = "Write the choice and the question for other answers yourself.";
                self.error(row, "choice_filter", "A choice filter does not go with or_other.", remedy);
            }
            if choices.is_empty() {
                self.error(row, "type", "There are no choices beside the other.", "Add choices to the list.");
            }
            choices = self.with_other(row, &choices);
        }
        let name = self.get(row, "name");
        let added = self.item(row, select.kind, choices, words);
        if let (true, true, Some(name)) = (added, select.or_other, name) {
            self.other(row, &name);
        }
    }

    fn in_choices(&mut self, row: &Row, select: &Select, words: &mut SurveyRow) -> Option<Arc<[Choice]>> {
        // `select_one wards.csv` is a file, too.
        if ENDINGS.contains(&split(&select.list).1) && !self.book.lists.by_name.contains_key(&select.list) {
            return self.in_file(row, select, &Parameters::new(), words);
        }
        let list = self.turned(&select.list);
        let lists = self.book.lists;
        let Some(choices) = lists.by_name.get(&*list).cloned() else {
            let (problem, remedy) = if lists.is_filled {
                let mut names = lists.names.iter().take(MAX_NAMES);
                let known = names.find(|known| known.eq_ignore_ascii_case(&list));
                let remedy = match known {
                    Some(known) => format!("Did you mean `{known}`?"),
                    None => "Add its choices, or correct the name.".to_owned(),
                };
                (format!("The choices sheet has no list `{list}`."), remedy)
            } else {
                let remedy =
                    format!("Add it, with columns list_name, name and label.{}", self.similar("choices"));
                (format!("There is no choices sheet for the list `{list}`."), remedy)
            };
            self.error(row, "type", problem, remedy);
            return None;
        };
        if let Some(search) = self.get(row, "appearance").as_deref().and_then(Search::read) {
            return Some(self.searched(row, &search, &choices, words));
        }
        Some(choices)
    }

    /// Choices of a file that an appearance `search('file', …)` names; the first choice of the list says which columns.
    fn searched(
        &mut self,
        row: &Row,
        search: &Search,
        list: &Arc<[Choice]>,
        words: &mut SurveyRow,
    ) -> Arc<[Choice]> {
        let is_column = |choice: &&Choice| choice.code.parse::<f64>().is_err();
        let Some(column) = list.iter().find(is_column) else { return list.clone() };
        let label = column.label(&self.book.languages.all[0]).to_owned();
        let place = self.place(row, "appearance");
        let columns = external::Columns { value: &column.code, label: &label };
        let language = &self.book.languages.all[0];
        let Some((found, names)) = self.files.choices(&search.file, &columns, language, place, self.findings)
        else {
            words.cells.remove("choice_filter");
            return list.iter().filter(|choice| !is_column(choice)).cloned().collect();
        };
        words.choice_columns = Some(names);
        if let Some(filter) = search.filter() {
            words.cells.insert("choice_filter", filter);
        }
        if list.iter().all(|choice| is_column(&choice)) {
            return found;
        }
        list.iter().filter(|choice| !is_column(choice)).take(MAX_FIXED).chain(found.iter()).cloned().collect()
    }

    fn in_external_choices(
        &mut self,
        row: &Row,
        select: &Select,
        words: &mut SurveyRow,
    ) -> Option<Arc<[Choice]>> {
        let lists = self.book.external;
        if !words.cells.contains("choice_filter") {
            let problem = "select_one_external is meant for choices with a filter.";
            self.warning(
                row,
                "choice_filter",
                problem,
                "Write select_one, with the list on the choices sheet.",
            );
        }
        if !lists.is_filled {
            let remedy =
                format!("Add it, with columns list_name and name.{}", self.similar("external_choices"));
            self.error(row, "type", "There is no external_choices sheet.", remedy);
            return None;
        }
        let Some(choices) = lists.by_name.get(&select.list).cloned() else {
            let problem = format!("The external_choices sheet has no list `{}`.", select.list);
            self.error(row, "type", problem, "Add its choices, or correct the name.");
            return None;
        };
        words.choice_columns = Some(lists.columns.clone());
        Some(choices)
    }

    fn in_file(
        &mut self,
        row: &Row,
        select: &Select,
        parameters: &Parameters,
        words: &mut SurveyRow,
    ) -> Option<Arc<[Choice]>> {
        let (stem, ending) = split(&select.list);
        if !ENDINGS.contains(&ending) || stem.is_empty() || stem.contains('.') {
            let cell = self.get(row, "type").unwrap_or_default();
            let problem = format!("`{cell}` names no file that can hold choices.");
            self.error(row, "type", problem, "Name a file that ends in .csv, .xml or .geojson.");
            return None;
        }
        for name in ["value", "label"] {
            if let Some(column) = parameters.get(name)
                && !is_name(column)
            {
                let mut report = Report { sheet: self.book.sheet, row, findings: self.findings };
                let problem = format!("The parameter `{name}` cannot be `{column}`.");
                report.error(problem, "Name a column: a letter, then letters, digits, `_`, `-` or `.`.");
            }
        }
        let place = self.place(row, "type");
        self.out.declared.file(stem, &select.list, place.clone(), self.findings);
        let (value, label) = if ending == "geojson" { ("id", "title") } else { ("name", "label") };
        let columns = external::Columns {
            value: parameters.get("value").map_or(value, String::as_str),
            label: parameters.get("label").map_or(label, String::as_str),
        };
        let language = &self.book.languages.all[0];
        let Some((choices, names)) =
            self.files.choices(&select.list, &columns, language, place, self.findings)
        else {
            // Without choices there is nothing to filter, and nothing is known of what a filter may name.
            words.cells.remove("choice_filter");
            return Some(Vec::new().into());
        };
        words.choice_columns = Some(names);
        Some(choices)
    }

    /// Questions of one table have one list.
    fn table_list(&mut self, row: &Row, select: &Select, words: &SurveyRow) {
        let Some(table) = self.open.last_mut().and_then(|open| open.table.as_mut()) else { return };
        match table {
            Some(list) if *list != select.list => {
                let problem = format!("The list `{}` stands in a table of `{list}`.", select.list);
                self.error(row, "type", problem, "Give all questions of a table-list one list.");
            }
            Some(_) => {}
            None => {
                *table = Some(select.list.clone());
                if words.cells.contains("choice_filter") {
                    let remedy = "Clear the cell, or take table-list out.";
                    self.error(row, "choice_filter", "A choice filter does not go with table-list.", remedy);
                }
            }
        }
    }

    fn with_other(&mut self, row: &Row, choices: &Arc<[Choice]>) -> Arc<[Choice]> {
        let address = choices.as_ptr().addr();
        if let Some(known) = self.others.get(&address) {
            return known.made.clone();
        }
        if self.book.languages.all.len() > 1 {
            let remedy = "Write the choice and the question for other answers yourself.";
            self.warning(row, "type", "What or_other adds is in English in every language.", remedy);
        }
        let has_other = choices.iter().any(|choice| choice.code == "other");
        let other = (!has_other).then(|| Choice {
            code: "other".to_owned(),
            label: self.book.languages.everywhere("Other"),
            image: Translated::default(),
            missing: None,
            computed: None,
            columns: BTreeMap::from([("name".to_owned(), "other".to_owned())]),
        });
        let made: Arc<[Choice]> = choices.iter().cloned().chain(other).collect();
        self.others.insert(address, WithOther { _list: choices.clone(), made: made.clone() });
        made
    }

    /// Sheets whose names may be misspellings of one that is missing, as a sentence.
    fn similar(&self, wanted: &str) -> String {
        similar(wanted, self.book.sheets)
    }
}

/// Sheets whose names may be misspellings of one that is missing, as a sentence; those that begin with `_` are not meant.
pub(crate) fn similar(wanted: &str, sheets: &[String]) -> String {
    let near = |name: &&String| {
        let lower = name.to_lowercase();
        lower.len() < 40
            && distance(&lower, wanted) <= 2
            && !name.starts_with('_')
            && !super::grid::SHEETS.contains(&lower.as_str())
    };
    let found: Vec<String> = sheets.iter().filter(near).map(|name| format!("`{name}`")).collect();
    if found.is_empty() {
        String::new()
    } else {
        format!(" Did you mean it by the sheet {}?", found.join(", "))
    }
}
