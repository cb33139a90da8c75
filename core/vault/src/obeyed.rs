//! How far this device has obeyed what says that something was taken out, and where that stands: what it confirms to others, and what
//! others confirm.

use std::collections::BTreeMap;

use nightjar_seal::{DeviceTag, Line, RecordTag, ScopeTag, Strand};
use rusqlite::{Connection, params};

use crate::error::VaultError;
use crate::numbers;
use crate::shared;
use crate::vault::Vault;

/// Where envelopes stand that take a record out.
pub type Places = Vec<(Strand, u64)>;

impl Vault {
    /// Whether anything was ever taken out here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn anything_withdrawn(&self) -> Result<bool, VaultError> {
        self.read(|c| {
            let sql = "SELECT EXISTS (SELECT 1 FROM withdrawn) OR EXISTS (SELECT 1 FROM withdrawn_scope)";
            Ok(c.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
        })
    }

    /// Of every chain of a scope that takes anything out: the place up to which nothing of it is missing here, so that everything was obeyed
    /// that it says.
    ///
    /// # Errors
    /// Storage errors.
    pub fn obeyed(&self, scope: &ScopeTag) -> Result<Vec<(Strand, u64)>, VaultError> {
        self.read(|c| {
            // A withdrawal whose device is not known yet is not obeyed yet.
            let sql = "SELECT chain.device, chain.line, max(link.seq),
                              min(CASE WHEN envelope.n IS NULL OR (envelope.kind = 2 AND envelope.state = 0) THEN link.seq END)
                       FROM link JOIN chain ON chain.n = link.chain
                       LEFT JOIN envelope ON envelope.begin = link.begin AND envelope.rest = link.rest
                       WHERE chain.scope = ?1 GROUP BY link.chain
                       HAVING max(CASE WHEN envelope.kind = 2 AND envelope.state = 1 THEN 1 END) = 1
                       ORDER BY chain.device, chain.line";
            let mut statement = c.prepare_cached(sql)?;
            let rows = statement.query_map([scope.0], |row| {
                let strand = Strand { device: DeviceTag(row.get(0)?), line: Line(row.get(1)?) };
                let (end, gap): (i64, Option<i64>) = (row.get(2)?, row.get(3)?);
                Ok((strand, gap.map_or(end, |gap| gap - 1).cast_unsigned()))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Every record that a withdrawal in a scope takes out, with the places where one says so: none where it has no place yet.
    ///
    /// # Errors
    /// Storage errors.
    pub fn withdrawn_in(&self, scope: &ScopeTag) -> Result<BTreeMap<RecordTag, Places>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT record FROM withdrawn WHERE marker IS NOT NULL")?;
            let mut rows = statement.query([])?;
            let mut found = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let record = RecordTag(row.get(0)?);
                if let Some(places) = places_of(c, scope, &record)? {
                    found.insert(record, places);
                }
            }
            Ok(found)
        })
    }

    /// The places in a scope of the withdrawals of one record.
    ///
    /// # Errors
    /// Storage errors.
    pub fn withdrawals_of(&self, scope: &ScopeTag, record: &RecordTag) -> Result<Places, VaultError> {
        self.read(|c| Ok(places_of(c, scope, record)?.unwrap_or_default()))
    }
}

/// Where the withdrawals of a record stand in a scope; `None` where there is none in it.
fn places_of(c: &Connection, scope: &ScopeTag, record: &RecordTag) -> Result<Option<Places>, VaultError> {
    let Some(of_scope) = shared::known(c, scope.0)? else { return Ok(None) };
    let sql = "SELECT chain.device, chain.line, link.seq FROM envelope
               LEFT JOIN link ON link.begin = envelope.begin AND link.rest = envelope.rest
               LEFT JOIN chain ON chain.n = link.chain
               WHERE envelope.record_begin = ?2 AND envelope.record_rest = ?3
               AND envelope.kind = 2 AND envelope.state = 1 AND envelope.scope = ?1";
    let (begin, rest) = numbers::split(&record.0);
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params![of_scope, begin, rest])?;
    let mut found = None;
    while let Some(row) = rows.next()? {
        let places = found.get_or_insert_with(Places::new);
        if let Some(device) = row.get::<_, Option<[u8; 16]>>(0)? {
            let strand = Strand { device: DeviceTag(device), line: Line(row.get(1)?) };
            places.push((strand, row.get::<_, i64>(2)?.cast_unsigned()));
        }
    }
    Ok(found)
}
