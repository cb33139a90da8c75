//! Chunks of attachments in a PostgreSQL database.

use nightjar_seal::{ChunkName, DeviceTag, RecordTag};
use nightjar_sync::wire::Chunk;
use postgres::types::ToSql;

use super::{Open, signed, unsigned};
use crate::store::chunks::ChunkTx;
use crate::store::{Done, Stop};

impl ChunkTx for Open<'_> {
    fn wrote(&mut self, scope: i64, record: &RecordTag, device: &DeviceTag) -> Done<bool> {
        let sql = "SELECT 1 FROM log JOIN push ON push.id = log.push
                   WHERE log.record = $2 AND log.scope = $1 AND push.device = $3 LIMIT 1";
        let values: [&(dyn ToSql + Sync); 3] = [&scope, &record.0.as_slice(), &device.0.as_slice()];
        Ok(self.row(sql, &values)?.is_some())
    }

    fn chunks_of(&mut self, scope: i64, record: &RecordTag, device: &DeviceTag) -> Done<(u64, u64)> {
        let sql = "SELECT (SELECT count(*) FROM chunk WHERE scope = $1 AND record = $2 AND device = $3),
                          (SELECT coalesce(sum(size), 0)::bigint FROM chunk WHERE scope = $1 AND device = $3)";
        let values: [&(dyn ToSql + Sync); 3] = [&scope, &record.0.as_slice(), &device.0.as_slice()];
        let row = self.row(sql, &values)?.ok_or(Stop::Broken)?;
        Ok((unsigned(&row, 0)?, unsigned(&row, 1)?))
    }

    fn keep_chunk(&mut self, scope: i64, device: &DeviceTag, chunk: &Chunk) -> Done<bool> {
        let sql = "INSERT INTO chunk (scope, name, record, device, size, bytes)
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let Chunk { record, name, bytes } = chunk;
        let (name, record, device) = (name.0.as_slice(), record.0.as_slice(), device.0.as_slice());
        let size = signed(bytes.len() as u64);
        Ok(self.execute(sql, &[&scope, &name, &record, &device, &size, bytes])? == 1)
    }

    fn has_chunk(&mut self, scope: i64, record: &RecordTag, name: &ChunkName) -> Done<bool> {
        let sql = "SELECT 1 FROM chunk WHERE scope = $1 AND name = $2 AND record = $3";
        Ok(self.row(sql, &[&scope, &name.0.as_slice(), &record.0.as_slice()])?.is_some())
    }

    fn chunk_len(&mut self, scope: i64, name: &ChunkName) -> Done<Option<u64>> {
        let sql = "SELECT size FROM chunk WHERE scope = $1 AND name = $2 LIMIT 1";
        self.row(sql, &[&scope, &name.0.as_slice()])?.map(|row| unsigned(&row, 0)).transpose()
    }

    fn chunk(&mut self, scope: i64, name: &ChunkName) -> Done<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM chunk WHERE scope = $1 AND name = $2 LIMIT 1";
        let row = self.row(sql, &[&scope, &name.0.as_slice()])?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    fn drop_chunks(&mut self, scope: i64, record: Option<&RecordTag>) -> Done<u64> {
        const OF_RECORD: &str =
            "WITH gone AS (DELETE FROM chunk WHERE scope = $1 AND record = $2 RETURNING size)
                                 SELECT coalesce(sum(size), 0)::bigint FROM gone";
        const OF_SCOPE: &str = "WITH gone AS (DELETE FROM chunk WHERE scope = $1 RETURNING size)
                                SELECT coalesce(sum(size), 0)::bigint FROM gone";
        let row = match record {
            Some(record) => self.row(OF_RECORD, &[&scope, &record.0.as_slice()])?,
            None => self.row(OF_SCOPE, &[&scope])?,
        };
        unsigned(&row.ok_or(Stop::Broken)?, 0)
    }
}
