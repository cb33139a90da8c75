//! What the hub asks of a PostgreSQL database, in its words.

use std::collections::{HashMap, HashSet};

use nightjar_seal::{
    DeviceTag, EnvelopeId, LinkHash, Notice, PassId, PublicationId, RecordTag, ScopeTag, Strand, StudyTag,
};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use postgres::{Row, Statement, Transaction};

use crate::store::{Done, Grown, LogRow, Logged, ScopeRow, Stop, Story, Stretch, Tx, read_names, written};

/// PostgreSQL counts with a sign.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that cannot be below zero.
pub(super) fn unsigned(row: &Row, at: usize) -> Done<u64> {
    u64::try_from(row.try_get::<_, i64>(at)?).map_err(|_| Stop::Broken)
}

pub(super) fn fixed<const N: usize>(row: &Row, at: usize) -> Done<[u8; N]> {
    row.try_get::<_, &[u8]>(at)?.try_into().map_err(|_| Stop::Broken)
}

/// A transaction that is open.
pub(super) struct Open<'a> {
    pub(super) tx: Transaction<'a>,
    pub(super) statements: &'a mut HashMap<&'static str, Statement>,
}

impl Open<'_> {
    fn prepared(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.tx.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    pub(super) fn rows(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Done<Vec<Row>> {
        let statement = self.prepared(sql)?;
        Ok(self.tx.query(&statement, values)?)
    }

    pub(super) fn row(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Done<Option<Row>> {
        let statement = self.prepared(sql)?;
        Ok(self.tx.query_opt(&statement, values)?)
    }

    pub(super) fn execute(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Done<u64> {
        let statement = self.prepared(sql)?;
        Ok(self.tx.execute(&statement, values)?)
    }
}

fn scope_row(row: &Row) -> Done<ScopeRow> {
    Ok(ScopeRow {
        id: row.try_get(0)?,
        tag: ScopeTag(fixed(row, 1)?),
        sequence: unsigned(row, 2)?,
        hash: fixed(row, 3)?,
        bytes: unsigned(row, 4)?,
        taken_out: row.try_get(5)?,
    })
}

impl Tx for Open<'_> {
    fn setup_code(&mut self) -> Done<[u8; 32]> {
        fixed(&self.row("SELECT setup_code FROM hub", &[])?.ok_or(Stop::Broken)?, 0)
    }

    fn clock(&mut self) -> Done<[u8; 32]> {
        fixed(&self.row("SELECT clock FROM hub", &[])?.ok_or(Stop::Broken)?, 0)
    }

    fn studies(&mut self) -> Done<Vec<StudyTag>> {
        let rows = self.rows("SELECT study FROM roster WHERE place = 0 ORDER BY study", &[])?;
        rows.iter().map(|row| fixed(row, 0).map(StudyTag)).collect()
    }

    fn roster(&mut self, study: StudyTag, from: u64) -> Done<Vec<Vec<u8>>> {
        let sql = "SELECT entry FROM roster WHERE study = $1 AND place >= $2 ORDER BY place";
        let rows = self.rows(sql, &[&study.0.as_slice(), &signed(from)])?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    fn keep_entry(&mut self, study: StudyTag, place: u64, entry: &[u8]) -> Done<bool> {
        // Of two that come at once one finds the place taken.
        let sql = "INSERT INTO roster (study, place, entry)
                   SELECT $1, $2, $3 WHERE (SELECT count(*) FROM roster WHERE study = $1) = $2 ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, &[&study.0.as_slice(), &signed(place), &entry])? == 1)
    }

    fn passes(&mut self, study: StudyTag) -> Done<Vec<Vec<u8>>> {
        let sql = "SELECT pass FROM pass WHERE study = $1 ORDER BY id";
        let rows = self.rows(sql, &[&study.0.as_slice()])?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    fn keep_pass(&mut self, study: StudyTag, id: &PassId, pass: &[u8]) -> Done<()> {
        let sql = "INSERT INTO pass (study, id, pass) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        self.execute(sql, &[&study.0.as_slice(), &id.0.as_slice(), &pass])?;
        Ok(())
    }

    fn forget_pass(&mut self, study: StudyTag, id: &PassId) -> Done<()> {
        let sql = "DELETE FROM pass WHERE study = $1 AND id = $2";
        self.execute(sql, &[&study.0.as_slice(), &id.0.as_slice()])?;
        Ok(())
    }

    fn publications(&mut self, study: StudyTag) -> Done<Vec<Notice>> {
        let sql = "SELECT id, device, replaces FROM publication WHERE study = $1 ORDER BY id";
        let notice = |row: &Row| {
            let (id, by) = (PublicationId(fixed(row, 0)?), DeviceTag(fixed(row, 1)?));
            Ok(Notice { id, by, replaces: read_names(row.try_get(2)?)? })
        };
        self.rows(sql, &[&study.0.as_slice()])?.iter().map(notice).collect()
    }

    fn publication(&mut self, study: StudyTag, id: &PublicationId) -> Done<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM publication WHERE study = $1 AND id = $2";
        let row = self.row(sql, &[&study.0.as_slice(), &id.0.as_slice()])?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    fn keep_publication(&mut self, study: StudyTag, notice: &Notice, publication: &[u8]) -> Done<()> {
        let sql = "INSERT INTO publication (study, id, device, replaces, bytes) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let (id, by, replaces) = (notice.id.0.as_slice(), notice.by.0.as_slice(), written(&notice.replaces));
        self.execute(sql, &[&study.0.as_slice(), &id, &by, &replaces, &publication])?;
        Ok(())
    }

    fn forget_publication(&mut self, study: StudyTag, id: &PublicationId) -> Done<()> {
        let sql = "DELETE FROM publication WHERE study = $1 AND id = $2";
        self.execute(sql, &[&study.0.as_slice(), &id.0.as_slice()])?;
        Ok(())
    }

    fn scope(&mut self, study: StudyTag, tag: ScopeTag) -> Done<Option<ScopeRow>> {
        let sql = "SELECT id, tag, sequence, hash, bytes, taken_out FROM scope WHERE study = $1 AND tag = $2";
        let row = self.row(sql, &[&study.0.as_slice(), &tag.0.as_slice()])?;
        row.as_ref().map(scope_row).transpose()
    }

    fn scopes(&mut self, study: StudyTag) -> Done<Vec<ScopeRow>> {
        let sql = "SELECT id, tag, sequence, hash, bytes, taken_out FROM scope WHERE study = $1 ORDER BY tag";
        self.rows(sql, &[&study.0.as_slice()])?.iter().map(scope_row).collect()
    }

    fn open_scope(&mut self, study: StudyTag, tag: ScopeTag) -> Done<ScopeRow> {
        const SQL: &str = "SELECT id, tag, sequence, hash, bytes, taken_out FROM scope WHERE study = $1 AND tag = $2 FOR NO KEY UPDATE";
        let values: [&(dyn ToSql + Sync); 2] = [&study.0.as_slice(), &tag.0.as_slice()];
        if let Some(row) = self.row(SQL, &values)? {
            return scope_row(&row);
        }
        let sql = "INSERT INTO scope (study, tag, sequence, hash, bytes)
                   VALUES ($1, $2, 0, decode(repeat('00', 32), 'hex'), 0) ON CONFLICT DO NOTHING";
        self.execute(sql, &values)?;
        scope_row(&self.row(SQL, &values)?.ok_or(Stop::Broken)?)
    }

    fn advance(&mut self, scope: i64, sequence: u64, hash: &[u8; 32], bytes: u64) -> Done<()> {
        let sql = "UPDATE scope SET sequence = $2, hash = $3, bytes = $4 WHERE id = $1";
        self.execute(sql, &[&scope, &signed(sequence), &hash.as_slice(), &signed(bytes)])?;
        Ok(())
    }

    fn story(&mut self, scope: i64) -> Done<Story> {
        let sql = "SELECT (SELECT coalesce(sum(octet_length(bytes)), 0)::bigint FROM log WHERE scope = $1)
                          + (SELECT coalesce(sum(size), 0)::bigint FROM chunk WHERE scope = $1),
                          (SELECT count(*) FROM erased WHERE scope = $1),
                          (SELECT received FROM log WHERE scope = $1 ORDER BY sequence DESC LIMIT 1)";
        let row = self.row(sql, &[&scope])?.ok_or(Stop::Broken)?;
        let last = row.try_get::<_, Option<i64>>(2)?.and_then(|last| u64::try_from(last).ok());
        Ok(Story { bytes: unsigned(&row, 0)?, taken_out: unsigned(&row, 1)?, last })
    }

    fn lines(&mut self, scope: i64, device: &DeviceTag) -> Done<u64> {
        let sql = "SELECT count(*) FROM chain WHERE scope = $1 AND device = $2 AND first = 1";
        unsigned(&self.row(sql, &[&scope, &device.0.as_slice()])?.ok_or(Stop::Broken)?, 0)
    }

    fn strand(&mut self, scope: i64, strand: &Strand) -> Done<Grown> {
        let sql = "SELECT (SELECT coalesce(max(last), 0) FROM push WHERE scope = $1 AND device = $2 AND line = $3),
                          EXISTS (SELECT FROM chain WHERE scope = $1 AND device = $2 AND line < $3)
                          OR EXISTS (SELECT FROM chain WHERE scope = $1 AND device = $2 AND line > $3),
                          held.last, held.hash
                   FROM (VALUES (1)) AS one LEFT JOIN LATERAL
                     (SELECT last, hash FROM chain WHERE scope = $1 AND device = $2 AND line = $3 ORDER BY last DESC LIMIT 1)
                     AS held ON true";
        let row = self.row(sql, &[&scope, &strand.device.0.as_slice(), &strand.line.0.as_slice()])?;
        let row = row.ok_or(Stop::Broken)?;
        let end = match row.try_get::<_, Option<i64>>(2)? {
            Some(_) => Some((unsigned(&row, 2)?, LinkHash(fixed(&row, 3)?))),
            None => None,
        };
        Ok(Grown { end, pushed: unsigned(&row, 0)?, has_other_line: row.try_get(1)? })
    }

    fn stretches(&mut self, scope: i64, strand: &Strand, from: u64, to: u64) -> Done<Vec<Stretch>> {
        // Up to the first that reaches as far as is asked for, or to the end.
        let sql = "SELECT first, prev, envelopes FROM chain
                   WHERE scope = $1 AND device = $2 AND line = $3 AND last >= $4 AND first <= $5 AND last <= coalesce(
                     (SELECT last FROM chain WHERE scope = $1 AND device = $2 AND line = $3 AND last >= $5 ORDER BY last LIMIT 1), $5)
                   ORDER BY last";
        let (device, line) = (strand.device.0.as_slice(), strand.line.0.as_slice());
        let rows = self.rows(sql, &[&scope, &device, &line, &signed(from), &signed(to)])?;
        rows.iter().map(|row| Stretch::read(unsigned(row, 0)?, fixed(row, 1)?, row.try_get(2)?)).collect()
    }

    fn extend(&mut self, scope: i64, strand: &Strand, stretch: &Stretch, hash: &LinkHash) -> Done<()> {
        let sql = "INSERT INTO chain (scope, device, line, last, hash, first, prev, envelopes)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let (device, line) = (strand.device.0.as_slice(), strand.line.0.as_slice());
        let (last, first) = (signed(stretch.last()), signed(stretch.first));
        let (hash, prev, packed) = (hash.0.as_slice(), stretch.prev.0.as_slice(), stretch.packed());
        self.execute(sql, &[&scope, &device, &line, &last, &hash, &first, &prev, &packed])?;
        Ok(())
    }

    fn add_push(&mut self, scope: i64, strand: &Strand, last: u64, segment: &[u8]) -> Done<i64> {
        let sql =
            "INSERT INTO push (scope, device, line, last, segment) VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let (device, line) = (strand.device.0.as_slice(), strand.line.0.as_slice());
        let row = self.row(sql, &[&scope, &device, &line, &signed(last), &segment])?;
        Ok(row.ok_or(Stop::Broken)?.try_get(0)?)
    }

    fn segment(&mut self, push: i64) -> Done<Vec<u8>> {
        let row = self.row("SELECT segment FROM push WHERE id = $1", &[&push])?;
        Ok(row.ok_or(Stop::Broken)?.try_get(0)?)
    }

    fn known(&mut self, scope: i64, envelopes: &[(RecordTag, EnvelopeId)]) -> Done<HashSet<EnvelopeId>> {
        let sql = "SELECT log.envelope FROM unnest($2::bytea[], $3::bytea[]) AS asked (record, envelope)
                   JOIN log ON log.scope = $1 AND log.record = asked.record AND log.envelope = asked.envelope";
        let records: Vec<&[u8]> = envelopes.iter().map(|(record, _)| record.0.as_slice()).collect();
        let asked: Vec<&[u8]> = envelopes.iter().map(|(_, envelope)| envelope.0.as_slice()).collect();
        let rows = self.rows(sql, &[&scope, &records, &asked])?;
        rows.iter().map(|row| fixed(row, 0).map(EnvelopeId)).collect()
    }

    fn append(&mut self, scope: i64, push: i64, rows: &[LogRow<'_>]) -> Done<()> {
        let sql = "COPY log (scope, sequence, push, place, received, record, envelope, hash, bytes) FROM STDIN BINARY";
        let statement = self.prepared(sql)?;
        let copying = self.tx.copy_in(&statement)?;
        let (number, bytes) = (Type::INT8, Type::BYTEA);
        let columns =
            [&number, &number, &number, &number, &number, &bytes, &bytes, &bytes, &bytes].map(Type::clone);
        let mut copying = BinaryCopyInWriter::new(copying, &columns);
        for row in rows {
            let numbers = [scope, signed(row.sequence), push, signed(row.place), signed(row.received)];
            let bytes = [&row.record.0[..], &row.envelope.0, &row.hash, &row.bytes];
            let [a, b, c, d, e] = &numbers;
            let [f, g, h, i] = &bytes;
            copying.write(&[a, b, c, d, e, f, g, h, i])?;
        }
        copying.finish()?;
        Ok(())
    }

    fn log_hash(&mut self, scope: i64, sequence: u64) -> Done<Option<[u8; 32]>> {
        let sql = "SELECT hash FROM log WHERE scope = $1 AND sequence = $2";
        self.row(sql, &[&scope, &signed(sequence)])?.map(|row| fixed(&row, 0)).transpose()
    }

    fn log_names(&mut self, scope: i64, sequence: u64, most: u64) -> Done<Vec<(EnvelopeId, DeviceTag)>> {
        let sql = "SELECT next.envelope, push.device FROM (
                     SELECT envelope, push, sequence FROM log WHERE scope = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) AS next
                   JOIN push ON push.id = next.push ORDER BY next.sequence";
        let rows = self.rows(sql, &[&scope, &signed(sequence), &signed(most)])?;
        rows.iter().map(|row| Ok((EnvelopeId(fixed(row, 0)?), DeviceTag(fixed(row, 1)?)))).collect()
    }

    fn log_after(&mut self, scope: i64, sequence: u64, most: u64, bytes: u64) -> Done<Vec<Logged>> {
        // The server stops where it is enough, so that nothing is sent in vain. Sequences have no gaps.
        let sql = "SELECT push, place, bytes FROM (
                     SELECT push, place, bytes, sequence, sum(octet_length(bytes)) OVER (ORDER BY sequence) AS together
                     FROM log WHERE scope = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) AS next
                   WHERE together <= $4 OR sequence = $2 + 1 ORDER BY sequence";
        let rows = self.rows(sql, &[&scope, &signed(sequence), &signed(most), &signed(bytes)])?;
        let logged = |row: &Row| {
            Ok(Logged { push: row.try_get(0)?, place: unsigned(row, 1)?, bytes: row.try_get(2)? })
        };
        rows.iter().map(logged).collect()
    }

    fn erased(&mut self, scope: i64, records: &[RecordTag]) -> Done<HashSet<RecordTag>> {
        let sql = "SELECT record FROM erased WHERE scope = $1 AND record = ANY($2)";
        let asked: Vec<&[u8]> = records.iter().map(|record| record.0.as_slice()).collect();
        self.rows(sql, &[&scope, &asked])?.iter().map(|row| fixed(row, 0).map(RecordTag)).collect()
    }

    fn note_scope_erased(&mut self, scope: i64) -> Done<()> {
        self.execute("UPDATE scope SET taken_out = true WHERE id = $1", &[&scope])?;
        Ok(())
    }

    fn note_erased(&mut self, scope: i64, record: &RecordTag) -> Done<bool> {
        let sql = "INSERT INTO erased (scope, record) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        Ok(self.execute(sql, &[&scope, &record.0.as_slice()])? == 1)
    }

    fn of_record(&mut self, scope: i64, record: &RecordTag, most: u64) -> Done<Vec<(u64, Vec<u8>)>> {
        let sql =
            "SELECT sequence, bytes FROM log WHERE scope = $1 AND record = $2 ORDER BY sequence LIMIT $3";
        let rows = self.rows(sql, &[&scope, &record.0.as_slice(), &signed(most)])?;
        rows.iter().map(|row| Ok((unsigned(row, 0)?, row.try_get(1)?))).collect()
    }

    fn overwrite(&mut self, scope: i64, sequence: u64, bytes: &[u8]) -> Done<()> {
        let sql = "UPDATE log SET bytes = $3 WHERE scope = $1 AND sequence = $2";
        self.execute(sql, &[&scope, &signed(sequence), &bytes])?;
        Ok(())
    }

    fn keep_applied(&mut self, scope: i64, device: &DeviceTag, vector: &[u8]) -> Done<()> {
        let sql = "INSERT INTO applied (scope, device, vector) VALUES ($1, $2, $3)
                   ON CONFLICT (scope, device) DO UPDATE SET vector = excluded.vector";
        self.execute(sql, &[&scope, &device.0.as_slice(), &vector])?;
        Ok(())
    }

    fn keep_confirmation(&mut self, scope: i64, device: &DeviceTag, confirmation: &[u8]) -> Done<()> {
        let sql = "INSERT INTO confirmation (scope, device, bytes) VALUES ($1, $2, $3)
                   ON CONFLICT (scope, device) DO UPDATE SET bytes = excluded.bytes";
        self.execute(sql, &[&scope, &device.0.as_slice(), &confirmation])?;
        Ok(())
    }

    fn confirmation(&mut self, scope: i64, device: &DeviceTag) -> Done<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM confirmation WHERE scope = $1 AND device = $2";
        let row = self.row(sql, &[&scope, &device.0.as_slice()])?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    fn note_contact(&mut self, study: StudyTag, device: &DeviceTag, day: u64) -> Done<()> {
        let sql = "INSERT INTO contact (study, device, day) VALUES ($1, $2, $3)
                   ON CONFLICT (study, device) DO UPDATE SET day = greatest(contact.day, excluded.day)";
        self.execute(sql, &[&study.0.as_slice(), &device.0.as_slice(), &signed(day)])?;
        Ok(())
    }

    fn contacts(&mut self, study: StudyTag) -> Done<HashMap<DeviceTag, u64>> {
        let rows = self.rows("SELECT device, day FROM contact WHERE study = $1", &[&study.0.as_slice()])?;
        rows.iter().map(|row| Ok((DeviceTag(fixed(row, 0)?), unsigned(row, 1)?))).collect()
    }

    fn applied(&mut self, scope: i64, most: u64) -> Done<Vec<Vec<u8>>> {
        let sql = "SELECT vector FROM applied WHERE scope = $1 ORDER BY device LIMIT $2";
        self.rows(sql, &[&scope, &signed(most)])?.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }
}
