use nightjar_form::{ItemKind, Missing, Value};

use super::{Column, Splits, Table};
use crate::Row;

/// Counts of one form: all the report needs, whatever the number of records.
#[derive(Debug, Clone)]
pub(crate) struct FormTally {
    /// Number of the form's table.
    pub(crate) table: usize,
    /// Records, one column.
    pub(crate) records: Vec<Vec<Vec<u64>>>,
    pub(crate) questions: Vec<QuestionTally>,
    pub(crate) numbers: Vec<NumberTally>,
    pub(crate) texts: Vec<TextTally>,
    /// Cells with more than one value.
    pub(crate) unsettled: u64,
}

/// A question answered with choices.
#[derive(Debug, Clone)]
pub(crate) struct QuestionTally {
    /// Number of the column in its table.
    pub(crate) column: usize,
    /// For a question with one answer: a count per choice, and last those without an answer. For a question where any
    /// may be ticked: ticked and not ticked, for each choice.
    pub(crate) blocks: Vec<Vec<Vec<Vec<u64>>>>,
    pub(crate) many: bool,
}

/// A whole number asked for, added up.
#[derive(Debug, Clone)]
pub(crate) struct NumberTally {
    pub(crate) column: usize,
    /// The sum of what was given, one column.
    pub(crate) sums: Vec<Vec<Vec<u64>>>,
    /// Records where it was asked, three columns: with a number; without one, or with more than one nobody has
    /// settled; with one below zero or too large to be a count, which is left out of the sum.
    pub(crate) records: Vec<Vec<Vec<u64>>>,
}

impl NumberTally {
    pub(crate) const GIVEN: usize = 0;
    pub(crate) const WITHOUT: usize = 1;
    pub(crate) const REFUSED: usize = 2;
    pub(crate) const COLUMNS: usize = 3;
}

/// A free-text question.
#[derive(Debug, Clone)]
pub(crate) struct TextTally {
    pub(crate) column: usize,
    /// Texts given and not given, two columns.
    pub(crate) given: Vec<Vec<Vec<u64>>>,
}

/// A count of people or things beyond this is a mistake.
const MOST_NUMBER: i64 = 1_000_000;

impl FormTally {
    pub(crate) fn new(number: usize, table: &Table, splits: &Splits) -> FormTally {
        let mut tally = FormTally {
            table: number,
            records: splits.zeros(1),
            questions: vec![],
            numbers: vec![],
            texts: vec![],
            unsettled: 0,
        };
        for (place, column) in
            table.columns.iter().enumerate().filter(|(_, c)| !c.in_repeat && c.kind.is_asked())
        {
            match column.kind {
                ItemKind::SelectOne => tally.questions.push(QuestionTally {
                    column: place,
                    blocks: vec![splits.zeros(column.choices.len() + 1)],
                    many: false,
                }),
                ItemKind::SelectMultiple => tally.questions.push(QuestionTally {
                    column: place,
                    blocks: column.choices.iter().map(|_| splits.zeros(2)).collect(),
                    many: true,
                }),
                ItemKind::Integer => tally.numbers.push(NumberTally {
                    column: place,
                    sums: splits.zeros(1),
                    records: splits.zeros(NumberTally::COLUMNS),
                }),
                ItemKind::Text => {
                    tally.texts.push(TextTally { column: place, given: splits.zeros(2) });
                }
                _ => {}
            }
        }
        tally
    }

    pub(crate) fn add(&mut self, table: &Table, row: &Row, lines: [usize; 3]) {
        add(&mut self.records, lines, 0, 1);
        self.unsettled += row.cells.iter().filter(|(_, values)| values.len() > 1).count() as u64;
        let values = |column: usize| {
            let key = table.columns[column].key;
            row.cells
                .iter()
                .find(|(cell, _)| cell.instance.is_none() && cell.item == key)
                .map(|(_, v)| v.as_slice())
        };
        for question in &mut self.questions {
            let Some(given) = values(question.column) else { continue };
            question.add(&table.columns[question.column], given, lines);
        }
        for number in &mut self.numbers {
            let column = match values(number.column) {
                None => continue,
                Some([Value::Integer(n)]) if (0..=MOST_NUMBER).contains(n) => {
                    add(&mut number.sums, lines, 0, n.unsigned_abs());
                    NumberTally::GIVEN
                }
                Some([Value::Integer(_)]) => NumberTally::REFUSED,
                Some(_) => NumberTally::WITHOUT,
            };
            add(&mut number.records, lines, column, 1);
        }
        for text in &mut self.texts {
            let Some(given) = values(text.column) else { continue };
            let is_given = given.iter().any(|value| matches!(value, Value::Text(_)));
            add(&mut text.given, lines, usize::from(!is_given), 1);
        }
    }
}

impl QuestionTally {
    fn add(&mut self, column: &Column, given: &[Value], lines: [usize; 3]) {
        let chosen = |code: &str| column.choices.iter().position(|choice| choice.code == code);
        let reason =
            |missing: Missing| column.choices.iter().position(|choice| choice.missing == Some(missing));
        if self.many {
            let ticked: Vec<usize> = match given {
                [Value::Many(codes)] => codes.iter().filter_map(|code| chosen(code)).collect(),
                [Value::One(code)] => chosen(code).into_iter().collect(),
                [Value::Missing(missing)] => reason(*missing).into_iter().collect(),
                _ => vec![],
            };
            for (choice, block) in self.blocks.iter_mut().enumerate() {
                add(block, lines, usize::from(!ticked.contains(&choice)), 1);
            }
        } else {
            // More than one value is a conflict nobody has settled: it is counted, but never as one of the two.
            let place = match given {
                [Value::One(code)] => chosen(code),
                [Value::Missing(missing)] => reason(*missing),
                _ => None,
            };
            add(&mut self.blocks[0], lines, place.unwrap_or(column.choices.len()), 1);
        }
    }
}

fn add(tables: &mut [Vec<Vec<u64>>], lines: [usize; 3], column: usize, by: u64) {
    for (table, line) in tables.iter_mut().zip(lines) {
        table[line][column] = table[line][column].saturating_add(by);
    }
}
