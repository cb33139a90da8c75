//! Asking: a [`Query`] becomes SQL over the projection's key columns; conflicts, dissensus and counts are read from it.

use nightjar_record::{Batch, Conflict, Count, Dissensus, Query, RecordId, Row, dissensus};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};

use crate::error::VaultError;
use crate::pack::unpack;
use crate::search;
use crate::vault::Vault;

impl Vault {
    /// The records that a query asks for, in bounded batches in the order of their ids.
    ///
    /// # Errors
    /// Storage errors.
    pub fn query(&self, query: &Query) -> Result<Batch, VaultError> {
        self.read(|c| batch(c, query))
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
        self.read(|c| {
            let mut query = Query {
                natures: vec![nightjar_record::Nature::Voice, nightjar_record::Nature::Outcome],
                case: case.map(str::to_owned),
                limit: Query::MAX_LIMIT,
                ..Query::default()
            };
            let mut rows = Vec::new();
            loop {
                let mut found = batch(c, &query)?;
                rows.append(&mut found.rows);
                match found.next {
                    Some(next) => query.after = Some(next),
                    None => return Ok(dissensus(&rows)),
                }
            }
        })
    }

    /// How many records there are by form, ward, role and phase: those this device can read, and the confidential
    /// responses that were finished on it.
    ///
    /// # Errors
    /// Storage errors.
    pub fn counts(&self) -> Result<Vec<Count>, VaultError> {
        self.read(|c| {
            let sql = "SELECT instrument, ward, role, phase, sum(n) FROM (
                         SELECT instrument, ward, role, coalesce(phase, '') AS phase, n FROM
                           (SELECT instrument, ward, role, phase, count(*) AS n FROM record
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

fn batch(c: &Connection, query: &Query) -> Result<Batch, VaultError> {
    let limit = match query.limit {
        0 => Query::DEFAULT_LIMIT,
        limit => limit.min(Query::MAX_LIMIT),
    };
    let Some((sql, bound)) = compile(query, limit) else { return Ok(Batch::default()) };
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bound))?;
    let mut found: Vec<Row> = Vec::new();
    while let Some(row) = rows.next()? {
        if found.len() == limit {
            let next = found.last().map(|row| row.record);
            return Ok(Batch { rows: found, next });
        }
        let packed = row.get_ref(1)?.as_blob().map_err(|_| VaultError::Corrupt("a projected row"))?;
        found.push(unpack(RecordId(row.get(0)?), packed)?);
    }
    Ok(Batch { rows: found, next: None })
}

/// Values are always bound, never written into the statement.
///
/// `None` for a search without a word in it: nothing is like that.
fn compile(query: &Query, limit: usize) -> Option<(String, Vec<Sql>)> {
    let mut bound = Vec::new();
    let mut sql = String::from(match &query.text {
        None => "SELECT id, packed FROM record WHERE 1",
        // The index gives its numbers in order, and they are in the order of ids: a page is read and not sorted.
        Some(text) => {
            bound.push(Sql::Text(search::asked(text)?));
            "SELECT id, packed FROM record_words CROSS JOIN record ON record.place = record_words.rowid
             WHERE record_words MATCH ?"
        }
    });
    let mut any = |column: &str, values: Vec<Sql>| {
        if values.is_empty() {
            return;
        }
        // One value leaves the order of an index behind it as it is, so that a page is read and not sorted.
        let marks = vec!["?"; values.len()].join(", ");
        sql.push_str(&match values.len() {
            1 => format!(" AND {column} = ?"),
            _ => format!(" AND {column} IN ({marks})"),
        });
        bound.extend(values);
    };
    let texts = |values: &[String]| values.iter().cloned().map(Sql::Text).collect::<Vec<_>>();
    any("kind", texts(&query.kinds));
    any("instrument", texts(&query.instruments));
    any("ward", texts(&query.wards));
    any("role", texts(&query.roles));
    any("phase", texts(&query.phases));
    any("nature", query.natures.iter().map(|n| Sql::Text(n.code().to_owned())).collect());
    any("case_label", query.case.iter().cloned().map(Sql::Text).collect());
    any("id", query.records.iter().map(|id| Sql::Blob(id.0.to_vec())).collect());
    if let Some(conflict) = query.conflict {
        sql.push_str(if conflict { " AND conflict = 1" } else { " AND conflict = 0" });
    }
    if let Some(after) = query.after {
        if query.text.is_some() {
            sql.push_str(" AND record_words.rowid >= ?");
            bound.push(Sql::Integer(search::place(&after)));
        }
        sql.push_str(" AND id > ?");
        bound.push(Sql::Blob(after.0.to_vec()));
    }
    // One more than asked for tells whether there is a next batch.
    let order = if query.text.is_some() { "record_words.rowid" } else { "id" };
    sql.push_str(&format!(" ORDER BY {order} LIMIT {}", limit + 1));
    Some((sql, bound))
}
