//! The survey sheet: rows become a tree of groups, repeats and items. Expressions are left to [`super::compile`].

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arrange::arrange;
use super::choices::{Lists, file_names, warn_untranslated};
use super::findings::{Findings, Place};
use super::kinds::{self, RowKind, row_kind};
use super::parameters;
use super::row::{Places, SurveyRow};
use super::settings::Languages;
use super::sheet::{Row, Sheet};
use crate::item::Translated;
use crate::node::{Node, NodeId, NodeKind, Source, Tree, Words, Written};
use crate::{Choice, Item, ItemKey, ItemKind};

/// Deepest nesting of groups and repeats.
const MAX_DEPTH: usize = 20;
/// Longest name, in bytes.
const MAX_NAME: usize = 200;

/// Columns with a meaning of their own; all others are kept as extras.
const KNOWN: [&str; 22] = [
    "type",
    "name",
    "label",
    "hint",
    "guidance_hint",
    "image",
    "audio",
    "video",
    "relevant",
    "required",
    "required_message",
    "constraint",
    "constraint_message",
    "calculation",
    "default",
    "appearance",
    "choice_filter",
    "read_only",
    "repeat_count",
    "parameters",
    "trigger",
    "disabled",
];

fn is_known(column: &str) -> bool {
    KNOWN.contains(&column) || column == "bind_type" || column.starts_with("nightjar::")
}

/// The survey sheet, read.
pub(crate) struct Survey {
    pub(crate) tree: Tree,
    pub(crate) items: Vec<Item>,
    /// By node; the root has none.
    pub(crate) rows: Vec<Option<SurveyRow>>,
}

struct Builder<'a> {
    sheet: &'a Sheet,
    languages: &'a Languages,
    lists: &'a Lists,
    findings: &'a mut Findings,
    nodes: Vec<Node>,
    items: Vec<Item>,
    rows: Vec<Option<SurveyRow>>,
    /// Open groups and repeats, the root first.
    open: Vec<NodeId>,
    columns: Arc<std::collections::BTreeSet<String>>,
}

pub(crate) fn read(sheet: &Sheet, languages: &Languages, lists: &Lists, findings: &mut Findings) -> Survey {
    for needed in ["type", "name"] {
        if !sheet.has(needed) {
            findings.error(
                "survey",
                None,
                format!("The sheet has no column \"{needed}\"."),
                "Add the column.",
            );
        }
    }
    for column in sheet.columns.values() {
        let place = || Some(Place { row: 1, column: Some(column.title()) });
        if column.name == "video" {
            findings.warning("survey", place(), "Videos are not shown.", "Use a picture.");
        } else if !is_known(&column.name) {
            findings.warning(
                "survey",
                place(),
                "The column has no effect.",
                "Check its heading, or leave it.",
            );
        }
    }
    let columns = Arc::new(lists.columns.clone());
    let root = node(String::new(), NodeKind::Root, NodeId::ROOT);
    let (nodes, open) = (vec![root], vec![NodeId::ROOT]);
    let (items, rows) = (Vec::new(), vec![None]);
    let mut builder = Builder { sheet, languages, lists, findings, nodes, items, rows, open, columns };
    for row in &sheet.rows {
        builder.row(row);
    }
    builder.close_all();
    if builder.items.is_empty() && !builder.findings.has_errors() {
        builder.findings.error("survey", None, "The form asks nothing.", "Add questions.");
    }
    warn_untranslated(sheet, languages, builder.findings);
    let Builder { nodes, mut items, rows, findings, .. } = builder;
    let tree = arrange(nodes, &mut items, &rows, sheet, findings);
    Survey { tree, items, rows }
}

/// A node of which only the place is known yet.
pub(crate) fn node(name: String, kind: NodeKind, parent: NodeId) -> Node {
    Node {
        name,
        kind,
        parent,
        end: NodeId::ROOT,
        scope: NodeId::ROOT,
        slot: 0,
        depth: 0,
        children: Vec::new(),
        place: 0,
        on_change: Vec::new(),
        on_new: Vec::new(),
        list: 0,
        path: String::new(),
        key: ItemKey::of(""),
        label: Words::default(),
        hint: Words::default(),
        guidance: Words::default(),
        field_list: false,
        relevant: None,
        required: None,
        required_message: Words::default(),
        constraint: None,
        constraint_message: Words::default(),
        read_only: None,
        calculation: None,
        preset: None,
        stored_as: ItemKind::Calculate,
        itemset: None,
        randomize: None,
        count: None,
        written: Written::default(),
        source: Source::default(),
    }
}

impl Builder<'_> {
    fn place(&self, row: &Row, column: &str) -> Option<Place> {
        Some(self.sheet.place(row.number, column))
    }

    fn row(&mut self, row: &Row) {
        let Some(cell) = self.sheet.get(row, "type") else {
            let place = self.place(row, "type");
            self.findings.error("survey", place, "The row has no type.", "Give it a type, or clear the row.");
            return;
        };
        match row_kind(cell) {
            RowKind::BeginGroup => self.begin(row, NodeKind::Group),
            RowKind::BeginRepeat => self.begin(row, NodeKind::Repeat),
            RowKind::EndGroup => self.end(row, NodeKind::Group),
            RowKind::EndRepeat => self.end(row, NodeKind::Repeat),
            RowKind::Item(kind) => self.item(row, kind, Vec::new().into(), false),
            RowKind::Metadata(stamp) => {
                self.item(row, ItemKind::Metadata, Vec::new().into(), false);
                if let Some(item) = self.items.last_mut() {
                    item.stamp = Some(stamp);
                }
            }
            RowKind::Select { kind, list, or_other } => match self.lists.by_name.get(&list) {
                Some(choices) => self.item(row, kind, choices.clone(), or_other),
                None => {
                    let place = self.place(row, "type");
                    let problem = format!("The choices sheet has no list `{list}`.");
                    self.findings.error("survey", place, problem, "Add its choices, or correct the name.");
                    // The row still counts as a question, so that references to it are not reported as well.
                    self.item(row, kind, Vec::new().into(), false);
                }
            },
            RowKind::Refused(remedy) => {
                let place = self.place(row, "type");
                let problem = format!("The type `{cell}` is not supported.");
                self.findings.error("survey", place, problem, remedy);
                self.item(row, ItemKind::Hidden, Vec::new().into(), false);
            }
            RowKind::Unknown => {
                let place = self.place(row, "type");
                let problem = format!("There is no type `{cell}`.");
                self.findings.error("survey", place, problem, "Check the spelling of the type.");
                self.item(row, ItemKind::Hidden, Vec::new().into(), false);
            }
        }
    }

    fn name(&mut self, row: &Row) -> Option<String> {
        let place = self.place(row, "name");
        let Some(name) = self.sheet.get(row, "name") else {
            self.findings.error("survey", place, "The row has no name.", "Give it a name.");
            return None;
        };
        let good = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
            && name.len() <= MAX_NAME;
        if !good {
            let problem = format!("`{name}` cannot be a name.");
            let remedy = "Begin with a letter, go on with letters, digits, `_`, `-` or `.`.";
            self.findings.error("survey", place, problem, remedy);
        }
        Some(name.to_owned())
    }

    fn push(&mut self, node: Node, row: SurveyRow) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(node);
        self.rows.push(Some(row));
        id
    }

    fn parent(&self) -> NodeId {
        self.open.last().copied().unwrap_or(NodeId::ROOT)
    }

    fn survey_row(&self, row: &Row) -> SurveyRow {
        let words = |column| self.languages.words(self.sheet, row, column);
        SurveyRow {
            number: row.number,
            cells: self.sheet.others(row, &[]),
            constraint_message: words("constraint_message"),
            required_message: words("required_message"),
            label: words("label"),
            hint: words("hint"),
            guidance: words("guidance_hint"),
            choice_columns: self.columns.clone(),
            ..SurveyRow::default()
        }
    }

    fn begin(&mut self, row: &Row, kind: NodeKind) {
        if self.open.len() > MAX_DEPTH {
            let place = self.place(row, "type");
            self.findings.error("survey", place, "Groups are nested too deeply.", "Nest at most 20 levels.");
        }
        let name = self.name(row).unwrap_or_default();
        let mut new = node(name, kind, self.parent());
        let appearance = self.sheet.get(row, "appearance").unwrap_or_default();
        new.field_list =
            appearance.split_whitespace().any(|word| matches!(word, "field-list" | "table-list"));
        let id = self.push(new, self.survey_row(row));
        self.open.push(id);
    }

    fn end(&mut self, row: &Row, kind: NodeKind) {
        let open = self.parent();
        if open != NodeId::ROOT && self.nodes[open.index()].kind == kind {
            self.close();
            return;
        }
        let place = self.place(row, "type");
        let problem = if open == NodeId::ROOT {
            "Nothing is open that this row could end.".to_owned()
        } else {
            let begun = self.rows[open.index()].as_ref().map_or(0, |row| row.number);
            format!("The row ends something else than row {begun} began.")
        };
        self.findings.error("survey", place, problem, "Match each begin with an end of its kind.");
    }

    fn close(&mut self) {
        if let Some(id) = self.open.pop() {
            self.nodes[id.index()].end = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        }
    }

    fn close_all(&mut self) {
        while self.open.len() > 1 {
            let number = self.rows[self.parent().index()].as_ref().map_or(0, |row| row.number);
            let place = Some(self.sheet.place(number, "type"));
            self.findings.error("survey", place, "What begins here never ends.", "Add the matching end row.");
            self.close();
        }
        self.close();
    }

    fn item(&mut self, row: &Row, kind: ItemKind, mut choices: Arc<[Choice]>, or_other: bool) {
        let Some(name) = self.name(row) else { return };
        if matches!(kind, ItemKind::SelectMultiple | ItemKind::Rank)
            && let Some(spaced) = choices.iter().find(|c| c.code.contains(char::is_whitespace))
        {
            let place = self.place(row, "type");
            let problem = format!("The list has the name `{}`, which has a space in it.", spaced.code);
            self.findings.error(
                "survey",
                place,
                problem,
                "Names of choices that go together cannot have spaces.",
            );
        }
        if or_other {
            choices = self.with_other(&choices);
        }
        let words = self.survey_row(row);
        let place_image = self.place(row, "image");
        let place_audio = self.place(row, "audio");
        let image = self.languages.words(self.sheet, row, "image");
        let audio = self.languages.words(self.sheet, row, "audio");
        if kind.is_asked() && words.label.is_empty() && words.hint.is_empty() && image.is_empty() {
            let place = self.place(row, "label");
            self.findings.warning("survey", place, "The question has no words.", "Give it a label.");
        }
        let scale = (kind == ItemKind::Range).then(|| parameters::scale(self.sheet, row, self.findings));
        parameters::check(self.sheet, row, kind, self.findings);
        let item = Item {
            key: ItemKey::of(""),
            name: name.clone(),
            path: String::new(),
            kind,
            choices,
            label: words.label.clone(),
            hint: words.hint.clone(),
            guidance: words.guidance.clone(),
            image: file_names(image, "survey", place_image, self.findings),
            audio: file_names(audio, "survey", place_audio, self.findings),
            appearance: self.sheet.get(row, "appearance").unwrap_or_default().to_owned(),
            scale,
            repeat_depth: 0,
            stamp: None,
            extras: self.sheet.others(row, &KNOWN),
        };
        self.items.push(item);
        let mut new = node(name.clone(), NodeKind::Item(self.items.len() - 1), self.parent());
        new.stored_as = self.sheet.get(row, "bind_type").map_or(kind, kinds::bound);
        self.push(new, words);
        if or_other {
            self.other(row, &name);
        }
    }

    fn with_other(&self, choices: &Arc<[Choice]>) -> Arc<[Choice]> {
        let other = Choice {
            code: "other".to_owned(),
            label: self.languages.everywhere("Other"),
            image: Translated::default(),
            missing: None,
            columns: BTreeMap::from([("name".to_owned(), "other".to_owned())]),
        };
        if choices.iter().any(|choice| choice.code == "other") {
            return choices.clone();
        }
        choices.iter().cloned().chain([other]).collect()
    }

    /// The text question that `or_other` adds.
    fn other(&mut self, row: &Row, asked: &str) {
        let name = format!("{asked}_other");
        let label = self.languages.everywhere("Specify other.");
        let relevant = format!("selected(${{{asked}}}, 'other')");
        let words = SurveyRow {
            number: row.number,
            cells: BTreeMap::from([("relevant".to_owned(), relevant)]),
            label: label.clone(),
            choice_columns: self.columns.clone(),
            ..SurveyRow::default()
        };
        self.items.push(Item {
            key: ItemKey::of(""),
            name: name.clone(),
            path: String::new(),
            kind: ItemKind::Text,
            choices: Vec::new().into(),
            label,
            hint: Translated::default(),
            guidance: Translated::default(),
            image: Translated::default(),
            audio: Translated::default(),
            appearance: String::new(),
            scale: None,
            repeat_depth: 0,
            stamp: None,
            extras: self.sheet.others(row, &KNOWN).into_iter().filter(|(k, _)| k != "nightjar::id").collect(),
        });
        self.push(node(name, NodeKind::Item(self.items.len() - 1), self.parent()), words);
    }
}

impl Places for Sheet {
    fn sheet(&self) -> &str {
        &self.name
    }

    fn place(&self, row: &SurveyRow, column: &str) -> Option<Place> {
        Some(Sheet::place(self, row.number, column))
    }
}
