//! Dissensus: the positions of a case, one per voice, shown for ever beside its outcome.

use nightjar_form::{CellKey, Value};
use serde::{Deserialize, Serialize};

use crate::error::RecordError;
use crate::id::RecordId;
use crate::meta::{AGAINST_VIEW, Meta, Nature, Purpose};
use crate::query::Row;
use crate::view::Cell;

/// One voice in a case.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Its record.
    pub record: RecordId,
    /// What the record says about itself; `role` is who entered it.
    pub meta: Meta,
    /// Whose voice: every value held.
    pub voice: Vec<Value>,
    /// For, against, unsure, not asked: every value held.
    pub stance: Vec<Value>,
    /// Why: every value held.
    pub why: Vec<Value>,
    /// All its cells.
    pub cells: Vec<Cell>,
}

/// The positions of one case beside its outcome. Nothing in it is ever settled away.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Dissensus {
    /// The case's label.
    pub case: String,
    /// Every voice, by record id.
    pub positions: Vec<Position>,
    /// The outcome's record, if one was entered; concurrent outcomes show in its conflicts.
    pub outcomes: Vec<Row>,
    /// Whether the voices differ, or the outcome went against a view.
    pub held: bool,
}

/// Groups positions and outcomes by case. Rows of other natures, or without a case, are passed over.
pub fn dissensus(rows: &[Row]) -> Vec<Dissensus> {
    let mut cases = std::collections::BTreeMap::<String, Dissensus>::new();
    for row in rows {
        let Some(case) = &row.meta.case else { continue };
        if !matches!(row.meta.nature, Nature::Voice | Nature::Outcome) {
            continue;
        }
        let entry = cases.entry(case.clone()).or_insert_with(|| Dissensus {
            case: case.clone(),
            positions: Vec::new(),
            outcomes: Vec::new(),
            held: false,
        });
        match row.meta.nature {
            Nature::Voice => entry.positions.push(Position {
                record: row.record,
                voice: held(row, Purpose::Voice),
                stance: held(row, Purpose::Stance),
                why: held(row, Purpose::Why),
                meta: row.meta.clone(),
                cells: row.cells.clone(),
            }),
            _ => entry.outcomes.push(row.clone()),
        }
    }
    for case in cases.values_mut() {
        case.positions.sort_by_key(|p| p.record);
        case.outcomes.sort_by_key(|r| r.record);
        let mut stances: Vec<&Value> = Vec::new();
        for stance in case.positions.iter().flat_map(|p| &p.stance) {
            if !stances.contains(&stance) {
                stances.push(stance);
            }
        }
        let against =
            case.outcomes.iter().flat_map(|row| held(row, Purpose::Outcome)).any(|v| is_against(&v));
        case.held = stances.len() > 1 || against;
    }
    cases.into_values().collect()
}

/// An outcome against a view needs reasons and to whom they were explained.
pub(crate) fn check_outcome(
    meta: &Meta,
    value: impl Fn(&CellKey) -> Option<Value>,
) -> Result<(), RecordError> {
    if meta.nature != Nature::Outcome {
        return Ok(());
    }
    let of = |purpose| meta.purposes.get(&purpose).and_then(&value);
    if !of(Purpose::Outcome).is_some_and(|value| is_against(&value)) {
        return Ok(());
    }
    for (purpose, name) in
        [(Purpose::Reasons, "reasons"), (Purpose::ExplainedTo, "to whom they were explained")]
    {
        let said = match of(purpose) {
            None | Some(Value::Missing(_)) => false,
            Some(Value::Text(text)) => !text.trim().is_empty(),
            Some(Value::Many(codes)) => !codes.is_empty(),
            Some(_) => true,
        };
        if !said {
            return Err(RecordError::OutcomeNeeds(name));
        }
    }
    Ok(())
}

fn is_against(value: &Value) -> bool {
    matches!(value, Value::One(code) | Value::Text(code) if code == AGAINST_VIEW)
}

fn held(row: &Row, purpose: Purpose) -> Vec<Value> {
    let cell = row.meta.purposes.get(&purpose).and_then(|key| row.cells.iter().find(|c| &c.key == key));
    cell.map(|c| c.values().into_iter().cloned().collect()).unwrap_or_default()
}
