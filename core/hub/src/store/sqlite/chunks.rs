//! Chunks of attachments in the hub's own file.

use nightjar_seal::{ChunkName, DeviceTag, RecordTag};
use nightjar_sync::wire::Chunk;
use rusqlite::{OptionalExtension, Row, params};

use super::Open;
use crate::store::Done;
use crate::store::chunks::ChunkTx;

impl ChunkTx for Open<'_> {
    fn wrote(&mut self, scope: i64, record: &RecordTag, device: &DeviceTag) -> Done<bool> {
        let sql = "SELECT 1 FROM log JOIN push ON push.id = log.push
                   WHERE log.record = ?2 AND log.scope = ?1 AND push.device = ?3";
        Ok(self.0.prepare_cached(sql)?.exists(params![scope, record.0, device.0])?)
    }

    fn chunks_of(&mut self, scope: i64, record: &RecordTag, device: &DeviceTag) -> Done<(u64, u64)> {
        let sql = "SELECT (SELECT count(*) FROM chunk WHERE scope = ?1 AND record = ?2 AND device = ?3),
                          (SELECT coalesce(sum(size), 0) FROM chunk WHERE scope = ?1 AND device = ?3)";
        let held = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.0.prepare_cached(sql)?.query_row(params![scope, record.0, device.0], held)?)
    }

    fn keep_chunk(&mut self, scope: i64, device: &DeviceTag, chunk: &Chunk) -> Done<bool> {
        let sql = "INSERT OR IGNORE INTO chunk (scope, name, record, device, size, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let Chunk { record, name, bytes } = chunk;
        let values = params![scope, name.0, record.0, device.0, bytes.len() as u64, bytes];
        Ok(self.0.prepare_cached(sql)?.execute(values)? == 1)
    }

    fn has_chunk(&mut self, scope: i64, record: &RecordTag, name: &ChunkName) -> Done<bool> {
        let sql = "SELECT 1 FROM chunk WHERE scope = ?1 AND name = ?2 AND record = ?3";
        Ok(self.0.prepare_cached(sql)?.exists(params![scope, name.0, record.0])?)
    }

    fn chunk_len(&mut self, scope: i64, name: &ChunkName) -> Done<Option<u64>> {
        let sql = "SELECT size FROM chunk WHERE scope = ?1 AND name = ?2 LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row(params![scope, name.0], |row| row.get(0)).optional()?)
    }

    fn chunk(&mut self, scope: i64, name: &ChunkName) -> Done<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM chunk WHERE scope = ?1 AND name = ?2 LIMIT 1";
        Ok(self.0.prepare_cached(sql)?.query_row(params![scope, name.0], |row| row.get(0)).optional()?)
    }

    fn drop_chunks(&mut self, scope: i64, record: Option<&RecordTag>) -> Done<u64> {
        let record = record.map(|record| record.0);
        let sql = "SELECT coalesce(sum(size), 0) FROM chunk WHERE scope = ?1 AND record = ?2";
        let all = "SELECT coalesce(sum(size), 0) FROM chunk WHERE scope = ?1";
        let bytes = match record {
            Some(record) => self.0.query_row(sql, params![scope, record], |row| row.get(0))?,
            None => self.0.query_row(all, [scope], |row| row.get(0))?,
        };
        match record {
            Some(record) => self
                .0
                .execute("DELETE FROM chunk WHERE scope = ?1 AND record = ?2", params![scope, record])?,
            None => self.0.execute("DELETE FROM chunk WHERE scope = ?1", [scope])?,
        };
        Ok(bytes)
    }
}
