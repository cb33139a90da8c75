//! The survey sheet: rows become a tree of groups, repeats and items. Expressions are left to [`super::compile`].

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::arrange::node;
use super::choices::Lists;
use super::external::Files;
use super::findings::{Findings, Place};
use super::groups::Open;
use super::instances::Declared;
use super::kinds::{RowKind, row_kind};
use super::languages::Languages;
use super::names::is_name;
use super::parameters::{self, Parameters, Report};
use super::references::Names;
use super::row::SurveyRow;
use super::select::WithOther;
use super::settings::Settings;
use super::sheet::{Row, Sheet};
use crate::node::{Node, NodeId, NodeKind};
use crate::{Choice, Item};

/// Most groups, repeats and items; loops multiply rows.
const MAX_NODES: usize = 50_000;

/// Columns with a meaning of their own; all others are kept as extras.
const KNOWN: [&str; 25] = [
    "type",
    "name",
    "label",
    "hint",
    "guidance_hint",
    "image",
    "big-image",
    "audio",
    "video",
    "no_app_error_string",
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
    "save_to",
    "disabled",
];

/// The columns that hold expressions, and those that say who a row is.
const CELLS: [&str; 11] = [
    "relevant",
    "required",
    "constraint",
    "calculation",
    "default",
    "choice_filter",
    "read_only",
    "repeat_count",
    "trigger",
    "nightjar::id",
    "nightjar::renamed_from",
];

/// What the rows are read with.
pub(crate) struct Book<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) languages: &'a Languages,
    pub(crate) lists: &'a Lists,
    pub(crate) external: &'a Lists,
    /// The names of all sheets, as written.
    pub(crate) sheets: &'a [String],
}

/// The survey sheet, read.
pub(crate) struct Survey {
    pub(crate) nodes: Vec<Node>,
    pub(crate) items: Vec<Item>,
    /// By node; the root has none.
    pub(crate) rows: Vec<Option<SurveyRow>>,
    pub(crate) names: Names,
    pub(crate) declared: Declared,
    /// Rows in groups, as entities are saved from them.
    pub(crate) places: Vec<Stood>,
    /// What `reference-geometry` names, and in which row.
    pub(crate) geometries: Vec<(String, u32)>,
}

/// Where a row of the sheet stood.
#[derive(Debug)]
pub(crate) struct Stood {
    pub(crate) row: u32,
    pub(crate) name: Option<String>,
    /// The group or repeat it stood in.
    pub(crate) container: NodeId,
    pub(crate) save_to: Option<String>,
    /// Whether it begins or ends a group or repeat.
    pub(crate) is_container: bool,
}

pub(super) struct Builder<'a, 'f> {
    pub(super) book: &'a Book<'a>,
    pub(super) settings: &'a mut Settings,
    pub(super) files: &'a mut Files<'f>,
    pub(super) findings: &'a mut Findings,
    pub(super) out: Survey,
    /// Open groups and repeats, the root first.
    pub(super) open: Vec<Open>,
    /// The choices of the loops around, whose columns stand for `%(column)s`.
    pub(super) turns: Vec<Choice>,
    pub(super) columns: Arc<BTreeSet<String>>,
    /// The names of all repeats so far.
    pub(super) repeats: HashSet<String>,
    /// What each type cell read so far says.
    kinds: HashMap<String, (RowKind, Option<&'static str>)>,
    /// By column: whether it holds expressions, and whether it is one of the author's own.
    pub(super) uses: Vec<(bool, bool)>,
    /// By address of a list.
    pub(super) others: HashMap<usize, WithOther>,
    /// How many bytes of cells the loops have multiplied.
    pub(super) looped: usize,
    pub(super) is_full: bool,
}

pub(crate) fn read<'a>(
    book: &'a Book<'a>,
    settings: &'a mut Settings,
    files: &'a mut Files<'_>,
    findings: &'a mut Findings,
) -> Survey {
    let sheet = book.sheet;
    if !sheet.has("type") {
        let remedy = "Add the column; the first row holds the headings.";
        findings.error("survey", None, "The sheet has no column \"type\".", remedy);
    }
    for column in &sheet.columns {
        let place = || Some(Place { row: 1, column: Some(column.title()) });
        if matches!(column.name.as_str(), "video" | "big-image") {
            findings.warning("survey", place(), "Only pictures and recordings are shown.", "Use a picture.");
        } else if !KNOWN.contains(&column.name.as_str()) && !is_own(&column.name) {
            findings.warning(
                "survey",
                place(),
                "The column has no effect.",
                "Check its heading, or leave it.",
            );
        }
    }
    let mut nodes = Vec::with_capacity(sheet.rows.len() + 1);
    nodes.push(node(Arc::default(), NodeKind::Root, NodeId::ROOT));
    let mut rows = Vec::with_capacity(sheet.rows.len() + 1);
    rows.push(None);
    let out = Survey {
        nodes,
        items: Vec::with_capacity(sheet.rows.len()),
        rows,
        names: Names::new(),
        declared: Declared::default(),
        places: Vec::new(),
        geometries: Vec::new(),
    };
    let mut builder = Builder {
        columns: book.lists.columns.clone(),
        open: vec![Open::new(NodeId::ROOT, RowKind::Unknown)],
        turns: Vec::new(),
        repeats: HashSet::new(),
        kinds: HashMap::new(),
        uses: sheet.columns.iter().map(|column| column_use(&column.name)).collect(),
        others: HashMap::new(),
        looped: 0,
        is_full: false,
        book,
        settings,
        files,
        findings,
        out,
    };
    if sheet.has("type") {
        builder.run(0, sheet.rows.len());
    }
    builder.close_all();
    if sheet.rows.is_empty() && !builder.findings.has_errors() {
        builder.findings.error("survey", None, "The form asks nothing.", "Add questions.");
    }
    builder.out
}

fn column_use(name: &str) -> (bool, bool) {
    (CELLS.contains(&name), !KNOWN.contains(&name))
}

fn is_own(column: &str) -> bool {
    column == "bind_type" || column.starts_with("nightjar::") || column.starts_with("instance::")
}

impl Builder<'_, '_> {
    pub(super) fn place(&self, row: &Row, column: &str) -> Place {
        self.book.sheet.place(row.number, column)
    }

    pub(super) fn error(
        &mut self,
        row: &Row,
        column: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let place = Some(self.place(row, column));
        self.findings.error("survey", place, problem, remedy);
    }

    pub(super) fn warning(
        &mut self,
        row: &Row,
        column: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let place = Some(self.place(row, column));
        self.findings.warning("survey", place, problem, remedy);
    }

    /// A cell, with what the loops around put into it.
    pub(super) fn get<'r>(&self, row: &'r Row, column: &str) -> Option<Cow<'r, str>> {
        self.book.sheet.get(row, column).map(|cell| self.turned(cell))
    }

    /// Reads rows, from the one of an index to before another.
    pub(super) fn run(&mut self, from: usize, to: usize) {
        let rows = &self.book.sheet.rows;
        let mut at = from;
        while at < to && !self.is_full {
            let row = &rows[at];
            if !self.turns.is_empty() {
                self.count_looped(row);
            }
            at = match self.kind(row) {
                Some(RowKind::BeginLoop(list)) => self.repeat_rows(row, list.as_deref(), at + 1, to),
                Some(kind) => {
                    self.row(row, &kind);
                    at + 1
                }
                None => at + 1,
            };
        }
    }

    fn kind(&mut self, row: &Row) -> Option<RowKind> {
        let sheet = self.book.sheet;
        let Some(cell) = sheet.get(row, "type") else {
            if sheet.get(row, "name").is_some() || sheet.words(row, "label").next().is_some() {
                self.error(row, "type", "The row has no type.", "Give it a type, or clear the row.");
            } else {
                self.warning(
                    row,
                    "type",
                    "The row has no type, and is not read.",
                    "Give it a type, or leave it as a remark.",
                );
            }
            return None;
        };
        let (kind, today) = match self.kinds.get(cell) {
            Some(known) => known.clone(),
            None => self.kinds.entry(cell.to_owned()).or_insert_with(|| row_kind(cell)).clone(),
        };
        if let Some(today) = today {
            self.warning(row, "type", format!("`{cell}` is an old spelling."), format!("Write {today}."));
        }
        Some(kind)
    }

    fn row(&mut self, row: &Row, kind: &RowKind) {
        let parameters = self.parameters(row, kind);
        let before = self.out.nodes.len();
        let container = self.parent();
        match kind {
            RowKind::BeginGroup => self.begin(row, NodeKind::Group, RowKind::EndGroup),
            RowKind::BeginRepeat => self.begin(row, NodeKind::Repeat, RowKind::EndRepeat),
            RowKind::EndGroup | RowKind::EndRepeat | RowKind::EndLoop => self.end(row, kind),
            RowKind::Setting(setting) => match self.get(row, "name") {
                Some(value) => self.settings.set(setting, &value),
                None => {
                    self.error(row, "name", "The setting has no value.", "Write it into the column name.")
                }
            },
            _ => self.question(row, kind, &parameters),
        }
        let begins = matches!(kind, RowKind::BeginGroup | RowKind::BeginRepeat);
        let ends = matches!(kind, RowKind::EndGroup | RowKind::EndRepeat | RowKind::EndLoop);
        let name = self.out.nodes.get(before).map(|node| node.name.to_string());
        let save_to = self.get(row, "save_to").map(Cow::into_owned);
        self.out.places.push(Stood {
            row: row.number,
            name,
            container,
            save_to,
            is_container: begins || ends,
        });
    }

    fn parameters(&mut self, row: &Row, kind: &RowKind) -> Parameters {
        let mut report = Report { sheet: self.book.sheet, row, findings: self.findings };
        parameters::read(kind, &mut report)
    }

    pub(super) fn name(&mut self, row: &Row) -> Option<String> {
        let Some(name) = self.get(row, "name") else {
            self.error(row, "name", "The row has no name.", "Give it a name.");
            return None;
        };
        if !is_name(&name) {
            let problem = format!("`{name}` cannot be a name.");
            let remedy = "Begin with a letter, go on with letters, digits, `_`, `-` or `.`.";
            self.error(row, "name", problem, remedy);
        } else if name == "meta" {
            self.error(
                row,
                "name",
                "The name `meta` is taken by what every response has.",
                "Choose another name.",
            );
        }
        Some(name.into_owned())
    }

    /// Adds a node, and counts its name; a twin in the same group is found when all stand in their places.
    pub(super) fn push(&mut self, mut node: Node, row: SurveyRow) -> NodeId {
        let id = NodeId(u32::try_from(self.out.nodes.len()).unwrap_or(u32::MAX));
        if self.out.nodes.len() >= MAX_NODES {
            self.is_full = true;
            self.findings.error(
                "survey",
                None,
                "The form has more than 50,000 rows.",
                "Take loops apart, or split the form.",
            );
            return NodeId::ROOT;
        }
        *self.out.names.entry(node.name.to_string()).or_default() += 1;
        if let Some(open) = self.open.last_mut()
            && let Some((twin, number)) =
                open.names.insert(node.name.to_lowercase(), (node.name.to_string(), row.number))
            && *twin != *node.name
        {
            let place = Some(self.book.sheet.place(row.number, "name"));
            let problem = format!("Row {number}, in the same group, has the same name but for capitals.");
            self.findings.warning(
                "survey",
                place,
                problem,
                "Rename one: some programs do not tell them apart.",
            );
        }
        if let Some((prefix, local)) = node.name.clone().split_once(':') {
            let namespace = self.settings.namespace(prefix).unwrap_or_default();
            node.written.prefix = Some((prefix.into(), namespace.into()));
            node.name = local.into();
        }
        node.written.order = id.0;
        self.out.nodes.push(node);
        self.out.rows.push(Some(row));
        id
    }

    pub(super) fn survey_row(&self, row: &Row) -> SurveyRow {
        let sheet = self.book.sheet;
        let words = |column| {
            let mut words = self.book.languages.words(sheet, row, column);
            for (language, text) in &mut words.0 {
                self.turn(text, Some(language));
            }
            words
        };
        let cells = sheet.indexed(row).filter(|(index, _)| self.uses[*index].0);
        SurveyRow {
            number: row.number,
            cells: cells
                .map(|(index, cell)| (sheet.columns[index].name.clone().into(), self.turned(cell).into()))
                .collect(),
            constraint_message: words("constraint_message"),
            required_message: words("required_message"),
            label: words("label"),
            hint: words("hint"),
            guidance: words("guidance_hint"),
            choice_columns: Some(self.columns.clone()),
            ..SurveyRow::default()
        }
    }
}
