use nightjar_record::study::{InstrumentKind, Study, Voice};

use super::published::slug;
use crate::disclose::{Block, Family, Policy, Protected, ProtectedRow, Shown, protect};
use crate::figure::{Figure, FigureOrigin, Unit};
use crate::table::{Column, FormTally, Gathered, NumberTally, Table};

/// What the records of one form say.
#[derive(Debug)]
pub(crate) struct FormFindings {
    pub(crate) form_id: String,
    pub(crate) title: String,
    pub(crate) kind: Option<InstrumentKind>,
    pub(crate) voices: Vec<Voice>,
    pub(crate) wording_status: String,
    pub(crate) records: AnswerTable,
    pub(crate) questions: Vec<AnswerTable>,
    pub(crate) numbers: Vec<NumberTable>,
    pub(crate) texts: Vec<TextState>,
    /// Items on which tablets differ, if there are any.
    pub(crate) unsettled: Option<Shown>,
}

/// One question: its answers as columns, everybody and each group as lines.
#[derive(Debug)]
pub(crate) struct AnswerTable {
    pub(crate) name: String,
    pub(crate) question: String,
    pub(crate) columns: Vec<String>,
    /// What is stored for each column.
    pub(crate) codes: Vec<String>,
    pub(crate) lines: Vec<AnswerLine>,
    /// Any number of answers may be ticked, so that a line may add up to more than its number of people.
    pub(crate) many: bool,
}

/// One line of a table.
#[derive(Debug)]
pub(crate) struct AnswerLine {
    /// "ward group", "role", "phase"; `None` for everybody.
    pub(crate) split: Option<&'static str>,
    pub(crate) label: String,
    pub(crate) base: Figure,
    pub(crate) cells: Vec<Figure>,
}

/// A number asked for in facts, added up over records. The base of a line is the sum, its one cell the records added
/// up; no sum is printed where those records are too few to be counted in print.
#[derive(Debug)]
pub(crate) struct NumberTable {
    pub(crate) question: String,
    pub(crate) lines: Vec<AnswerLine>,
    /// Records with a number, over everybody.
    pub(crate) given: Shown,
    /// Records without one, or not settled.
    pub(crate) without: Shown,
    /// Records whose number is no possible count.
    pub(crate) refused: Shown,
}

/// A free-text question: how many texts there are, and what happens to them.
#[derive(Debug)]
pub(crate) struct TextState {
    pub(crate) question: String,
    pub(crate) plan: Option<String>,
    pub(crate) given: Figure,
}

impl FormFindings {
    pub(crate) fn of(
        study: &Study,
        policy: Policy,
        gathered: &Gathered,
        tally: &FormTally,
        origin: FigureOrigin,
    ) -> FormFindings {
        let table = &gathered.tables[tally.table];
        let kind = table.kind;
        let roles: Vec<&_> = study.roles.iter().filter(|role| role.may.contains(&table.form_id)).collect();
        let mut voices: Vec<Voice> = roles.iter().map(|role| role.voice).collect();
        voices.sort();
        voices.dedup();
        let lines = Lines::of(gathered, tally);
        // What staff write down about others is not an answer of staff; their own answers are.
        let staff = kind == Some(InstrumentKind::Response) && voices == [Voice::Staff];
        let mut blocks = vec![lines.block(&tally.records, 1)];
        for question in &tally.questions {
            blocks.extend(question.blocks.iter().map(|counts| lines.block(counts, counts[0][0].len())));
        }
        blocks.extend(tally.texts.iter().map(|text| lines.block(&text.given, 2)));
        blocks.extend(tally.numbers.iter().map(|n| lines.block(&n.records, NumberTally::COLUMNS)));
        let mut shown = Shelf::of(policy, blocks, staff);
        let named = |column: usize| &table.columns[column];
        let context = Context { table, lines: &lines, origin };
        let all_records = shown.next();
        let records = context.counts(table, &all_records);
        let mut questions = Vec::new();
        for question in &tally.questions {
            let blocks: Vec<Protected> = question.blocks.iter().map(|_| shown.next()).collect();
            questions.push(context.answers(named(question.column), &blocks, question.many));
        }
        let texts: Vec<TextState> =
            tally.texts.iter().map(|text| context.text(named(text.column), &shown.next())).collect();
        let mut numbers = Vec::new();
        for number in &tally.numbers {
            let counted = shown.next();
            // Sums are about other things than the records are, so each is protected by itself; a sum over records
            // that are kept back would say of one ward night what was written about it.
            let mut sums = Shelf::of(policy, vec![lines.block(&number.sums, 1)], staff).next();
            keep_back_sums(&mut sums, &counted, &all_records);
            let overall = |column: usize| counted.overall.cells.get(column).copied();
            let overall = |column: usize| overall(column).unwrap_or(Shown::NOT_KNOWN);
            numbers.push(NumberTable {
                question: named(number.column).label.clone(),
                lines: context.sums(named(number.column), &[sums, counted.clone()]),
                given: overall(NumberTally::GIVEN),
                without: overall(NumberTally::WITHOUT),
                refused: overall(NumberTally::REFUSED),
            });
        }
        FormFindings {
            form_id: table.form_id.clone(),
            title: table.title.clone(),
            kind,
            voices,
            wording_status: table.wording_status.clone(),
            records,
            questions,
            numbers,
            texts,
            unsettled: (tally.unsettled > 0).then(|| policy.count(tally.unsettled)),
        }
    }

    pub(crate) fn figures(&self) -> Vec<&Figure> {
        let tables = std::iter::once(&self.records).chain(&self.questions);
        let mut all: Vec<&Figure> = tables
            .flat_map(|table| &table.lines)
            .chain(self.numbers.iter().flat_map(|number| &number.lines))
            .flat_map(|line| std::iter::once(&line.base).chain(&line.cells))
            .collect();
        all.extend(self.texts.iter().map(|text| &text.given));
        all
    }

    /// The question with this item name.
    pub(crate) fn question(&self, name: &str) -> Option<&AnswerTable> {
        self.questions.iter().find(|question| question.name == name)
    }
}

/// The lines of the splits that a form uses: a split with one line only says nothing.
struct Lines<'a> {
    gathered: &'a Gathered,
    /// Number of the split, and of its lines that are shown.
    kept: Vec<(usize, Vec<usize>)>,
}

impl<'a> Lines<'a> {
    fn of(gathered: &'a Gathered, tally: &FormTally) -> Lines<'a> {
        let in_use = |split: usize, line: usize| tally.records[split][line][0] > 0;
        let kept = gathered.splits.all.iter().enumerate().map(|(number, split)| {
            let last = split.codes.len() - 1;
            // Ward groups and phases are those of the study, used or not; what the study does not have, and roles, are
            // shown when used.
            let shown = |line: usize| in_use(number, line) || split.always[line];
            (number, (0..=last).filter(|&line| shown(line)).collect::<Vec<_>>())
        });
        Lines { gathered, kept: kept.collect() }
    }

    fn block(&self, counts: &[Vec<Vec<u64>>], columns: usize) -> Block {
        let split = |(number, lines): &(usize, Vec<usize>)| {
            lines.iter().map(|&line| counts[*number][line].clone()).collect()
        };
        Block { columns, splits: self.kept.iter().map(split).collect() }
    }
}

/// Keeps every sum back whose records are. When one group of a split is kept back so are all sums of that split: the
/// sum over everybody less those of the other groups would be the one kept back.
fn keep_back_sums(sums: &mut Protected, counted: &Protected, records: &Protected) {
    let printed = |counted: &ProtectedRow, records: &ProtectedRow| {
        let given = counted.cells.get(NumberTally::GIVEN);
        given.is_some_and(|given| !given.is_hidden())
            && !counted.base.is_hidden()
            && !records.base.is_hidden()
    };
    sums.overall.base = sums.overall.base.only_if(printed(&counted.overall, &records.overall));
    for (split, lines) in sums.splits.iter_mut().enumerate() {
        let all = counted.splits[split].iter().zip(&records.splits[split]).all(|(c, r)| printed(c, r));
        for line in lines {
            line.base = line.base.only_if(all);
        }
    }
}

/// Protected blocks in the order they were put in.
struct Shelf(std::collections::VecDeque<Protected>);

impl Shelf {
    fn of(policy: Policy, blocks: Vec<Block>, staff: bool) -> Shelf {
        let mut places: Vec<(usize, Protected)> = Family::group(blocks, staff)
            .into_iter()
            .flat_map(|(family, places)| places.into_iter().zip(protect(policy, &family)))
            .collect();
        places.sort_by_key(|(place, _)| *place);
        Shelf(places.into_iter().map(|(_, protected)| protected).collect())
    }

    fn next(&mut self) -> Protected {
        self.0.pop_front().unwrap_or(Protected {
            overall: ProtectedRow { cells: vec![], base: Shown::NOT_KNOWN },
            splits: vec![],
        })
    }
}

struct Context<'a> {
    table: &'a Table,
    lines: &'a Lines<'a>,
    origin: FigureOrigin,
}

impl Context<'_> {
    fn id(&self, item: &str, split: Option<&str>, code: &str, what: &str) -> String {
        let split = split.map_or("all".to_owned(), |split| format!("{}.{code}", slug(split)));
        format!("{}.{}.{item}.{split}.{what}", self.origin.code(), self.table.form_id)
    }

    /// Everybody, then the lines of each split worth printing, each with its protected counts.
    fn rows(&self, protected: &[Protected]) -> Vec<Row> {
        let Some(first) = protected.first() else { return Vec::new() };
        let mut rows = vec![Row {
            split: None,
            code: String::new(),
            label: "Everybody".into(),
            base: first.overall.base,
            cells: protected.iter().map(|p| p.overall.cells.clone()).collect(),
        }];
        for (place, (number, lines)) in self.lines.kept.iter().enumerate().filter(|(_, (_, l))| l.len() > 1) {
            let split = &self.lines.gathered.splits.all[*number];
            for (line, &known) in lines.iter().enumerate() {
                rows.push(Row {
                    split: Some(split.name),
                    code: split.codes[known].clone(),
                    label: split.labels[known].clone(),
                    base: first.splits[place][line].base,
                    cells: protected.iter().map(|p| p.splits[place][line].cells.clone()).collect(),
                });
            }
        }
        rows
    }

    fn answers(&self, column: &Column, protected: &[Protected], many: bool) -> AnswerTable {
        let mut answers: Vec<(String, String)> =
            column.choices.iter().map(|choice| (choice.code.clone(), choice.label.clone())).collect();
        if !many {
            answers.push(("no-answer".into(), "No answer".into()));
        }
        let line = |row: Row| {
            let counts: Vec<Shown> = if many {
                // Ticked of each choice; the other column, not ticked, is only there to be protected with it.
                row.cells.iter().filter_map(|cells| cells.first().copied()).collect()
            } else {
                row.cells.first().cloned().unwrap_or_default()
            };
            let cells = answers.iter().zip(counts).map(|((code, label), count)| {
                Figure::share(
                    self.id(&column.name, row.split, &row.code, &slug(code)),
                    &column.label,
                    format!("{}: {label}", row.label),
                    (count, row.base),
                    self.origin,
                )
            });
            AnswerLine {
                cells: cells.collect(),
                base: self.base(&column.name, &column.label, &row),
                ..row.bare()
            }
        };
        AnswerTable {
            name: column.name.clone(),
            question: column.label.clone(),
            columns: answers.iter().map(|(_, label)| label.clone()).collect(),
            codes: answers.iter().map(|(code, _)| code.clone()).collect(),
            lines: self.rows(protected).into_iter().map(line).collect(),
            many,
        }
    }

    fn base(&self, item: &str, question: &str, row: &Row) -> Figure {
        let id = self.id(item, row.split, &row.code, "n");
        Figure::count(id, question, format!("{}: asked", row.label), row.base, Shown::NOT_KNOWN, self.origin)
    }

    fn counts(&self, table: &Table, protected: &Protected) -> AnswerTable {
        let question = format!("How many records of “{}” are there?", table.title);
        let rows = self.rows(std::slice::from_ref(protected));
        let line = |row: Row| AnswerLine { base: self.base("records", &question, &row), ..row.bare() };
        let lines = rows.into_iter().map(line).collect();
        AnswerTable {
            name: "records".into(),
            question: question.clone(),
            columns: vec![],
            codes: vec![],
            lines,
            many: false,
        }
    }

    /// From the sums and the counts of records they are over.
    fn sums(&self, column: &Column, protected: &[Protected]) -> Vec<AnswerLine> {
        let rows = self.rows(protected);
        let line = |row: Row| {
            let mut base = self.base(&column.name, &column.label, &row);
            base.group = format!("{}: sum", row.label);
            base.method = "sum over records";
            base.unit = Unit::Count;
            let given = row.cells.get(1).and_then(|cells| cells.get(NumberTally::GIVEN)).copied();
            let records = Figure::count(
                self.id(&column.name, row.split, &row.code, "records"),
                &column.label,
                format!("{}: records added up", row.label),
                given.unwrap_or(Shown::NOT_KNOWN),
                Shown::NOT_KNOWN,
                self.origin,
            );
            AnswerLine { base, cells: vec![records], ..row.bare() }
        };
        rows.into_iter().map(line).collect()
    }

    fn text(&self, column: &Column, protected: &Protected) -> TextState {
        let given = protected.overall.cells.first().copied().unwrap_or(Shown::NOT_KNOWN);
        let figure = Figure::count(
            self.id(&column.name, None, "", "texts"),
            &column.label,
            "Everybody: wrote something".into(),
            given,
            protected.overall.base,
            self.origin,
        );
        TextState { question: column.label.clone(), plan: column.risk_disclosure_plan.clone(), given: figure }
    }
}

struct Row {
    split: Option<&'static str>,
    code: String,
    label: String,
    base: Shown,
    /// Per block, the counts of its columns.
    cells: Vec<Vec<Shown>>,
}

impl Row {
    fn bare(self) -> AnswerLine {
        AnswerLine {
            split: self.split,
            label: self.label,
            base: Figure::count(
                String::new(),
                "",
                String::new(),
                self.base,
                Shown::NOT_KNOWN,
                FigureOrigin::Own,
            ),
            cells: Vec::new(),
        }
    }
}
