//! Asking: a [`Query`] becomes SQL over the projection's key columns; conflicts, dissensus and counts are read from it.

use nightjar_record::{Batch, Conflict, Count, Dissensus, Query, Row, dissensus};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use crate::error::VaultError;
use crate::numbers::{self, Table};
use crate::rows::{COLUMNS, Reader, Words};
use crate::search;
use crate::shared;
use crate::vault::Vault;

impl Vault {
    /// The records that a query asks for, in bounded batches in the order of their ids; of a search in the order in which
    /// they came to this device (after a repair in another that stays).
    ///
    /// # Errors
    /// Storage errors; [`VaultError::NoRecord`] when a search goes on after a record that has left meanwhile: begin again.
    pub fn query(&self, query: &Query) -> Result<Batch, VaultError> {
        self.read(|c| self.with_words(|words| batch(c, query, words)))
    }

    /// Everything that concurrent writers differ about and nobody has settled, at most `limit` records.
    ///
    /// # Errors
    /// Storage errors.
    pub fn conflicts(&self, limit: usize) -> Result<Vec<Conflict>, VaultError> {
        let query = Query { conflict: Some(true), limit, ..Query::default() };
        Ok(self.query(&query)?.rows.into_iter().flat_map(|row| row.conflicts).collect())
    }

    /// The positions of each case beside its outcome, for all cases or one.
    ///
    /// # Errors
    /// Storage errors.
    pub fn dissensus(&self, case: Option<&str>) -> Result<Vec<Dissensus>, VaultError> {
        let all = |c: &Connection, words: &mut Words| {
            let mut query = Query {
                natures: vec![nightjar_record::Nature::Voice, nightjar_record::Nature::Outcome],
                case: case.map(str::to_owned),
                limit: Query::MAX_LIMIT,
                ..Query::default()
            };
            let mut rows = Vec::new();
            loop {
                let mut found = batch(c, &query, words)?;
                rows.append(&mut found.rows);
                match found.next {
                    Some(next) => query.after = Some(next),
                    None => return Ok(dissensus(&rows)),
                }
            }
        };
        self.read(|c| self.with_words(|words| all(c, words)))
    }

    /// How many records there are by form, ward, role and phase: those this device can read, and the confidential
    /// responses that were finished on it.
    ///
    /// # Errors
    /// Storage errors.
    pub fn counts(&self) -> Result<Vec<Count>, VaultError> {
        self.read(|c| {
            let sql = "SELECT instrument, ward, role, phase, sum(n) FROM (
                         SELECT (SELECT value FROM shared WHERE shared.n = instrument) AS instrument,
                                (SELECT value FROM shared WHERE shared.n = ward) AS ward,
                                (SELECT value FROM shared WHERE shared.n = role) AS role,
                                coalesce((SELECT value FROM shared WHERE shared.n = phase), '') AS phase, records AS n FROM
                           (SELECT instrument, ward, role, phase, count(*) AS records FROM record
                            GROUP BY instrument, ward, role, phase)
                         UNION ALL SELECT instrument, ward, role, phase, responses FROM tally WHERE responses > 0)
                       GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4";
            let mut statement = c.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Count {
                    instrument: row.get(0)?,
                    ward: row.get(1)?,
                    role: row.get(2)?,
                    phase: Some(row.get::<_, String>(3)?).filter(|phase| !phase.is_empty()),
                    records: row.get::<_, i64>(4)? as u64,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

fn batch(c: &Connection, query: &Query, words: &mut Words) -> Result<Batch, VaultError> {
    let limit = match query.limit {
        0 => Query::DEFAULT_LIMIT,
        limit => limit.min(Query::MAX_LIMIT),
    };
    let Some((sql, bound)) = compile(c, query, limit)? else { return Ok(Batch::default()) };
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    let mut reader = Reader::new(c, words);
    let mut found: Vec<Row> = Vec::new();
    while let Some(row) = rows.next()? {
        if found.len() == limit {
            let next = found.last().map(|row| row.record);
            return Ok(Batch { rows: found, next });
        }
        found.push(reader.row(row)?);
    }
    Ok(Batch { rows: found, next: None })
}

/// Values are always bound, never written into the statement.
///
/// `None` for a search without a word in it: nothing is like that.
fn compile(c: &Connection, query: &Query, limit: usize) -> Result<Option<(String, Vec<Sql>)>, VaultError> {
    let mut bound = Vec::new();
    let mut sql = format!("SELECT {COLUMNS} FROM ");
    // Either is read in the order of an index, and not sorted.
    let order = match &query.text {
        None => {
            sql.push_str("record WHERE 1");
            "record.begin"
        }
        Some(text) => {
            let Some(asked) = search::asked(text) else { return Ok(None) };
            bound.push(Sql::Text(asked));
            sql.push_str(
                "record_words CROSS JOIN record ON record.n = record_words.rowid WHERE record_words MATCH ?",
            );
            "record_words.rowid"
        }
    };
    let mut any = |column: &str, values: Vec<Sql>| {
        // One value leaves the order of an index behind it as it is.
        let marks = vec!["?"; values.len()].join(", ");
        sql.push_str(&match values.len() {
            1 => format!(" AND {column} = ?"),
            _ => format!(" AND {column} IN ({marks})"),
        });
        bound.extend(values);
    };
    // A word that no row ever had has no number, and nothing is like that.
    let natures: Vec<String> = query.natures.iter().map(|nature| nature.code().to_owned()).collect();
    let words = [
        ("kind", &query.kinds),
        ("instrument", &query.instruments),
        ("ward", &query.wards),
        ("role", &query.roles),
        ("phase", &query.phases),
        ("nature", &natures),
    ];
    for (column, words) in words {
        if !words.is_empty() {
            let numbers = words.iter().filter_map(|word| shared::known(c, word).transpose());
            any(column, numbers.map(|n| n.map(Sql::Integer)).collect::<Result<_, _>>()?);
        }
    }
    if let Some(case) = &query.case {
        any("case_label", vec![Sql::Text(case.clone())]);
    }
    if !query.records.is_empty() {
        let numbers = query.records.iter().filter_map(|id| numbers::of(c, Table::Record, &id.0).transpose());
        any("record.n", numbers.map(|n| n.map(Sql::Integer)).collect::<Result<_, _>>()?);
    }
    if let Some(conflict) = query.conflict {
        sql.push_str(if conflict { " AND conflict = 1" } else { " AND conflict = 0" });
    }
    match query.after {
        Some(after) if query.text.is_some() => {
            let n = numbers::of(c, Table::Record, &after.0)?.ok_or(VaultError::NoRecord)?;
            sql.push_str(" AND record_words.rowid > ?");
            bound.push(Sql::Integer(n));
        }
        Some(after) => {
            let (begin, rest) = numbers::split(&after.0);
            sql.push_str(
                " AND (record.begin > ? OR record.begin = ? AND record.rest > ?) AND record.begin >= ?",
            );
            bound.extend([begin, begin].map(Sql::Integer));
            bound.push(Sql::Blob(rest.to_vec()));
            bound.push(Sql::Integer(begin));
        }
        None => {}
    }
    // One more than asked for tells whether there is a next batch.
    let order = if query.text.is_some() { order.to_owned() } else { format!("{order}, record.rest") };
    sql.push_str(&format!(" ORDER BY {order} LIMIT {}", limit + 1));
    Ok(Some((sql, bound)))
}
