//! What is asked of a database about chunks of attachments.

use nightjar_seal::{ChunkName, DeviceTag, RecordTag};
use nightjar_sync::wire::Chunk;

use super::Done;

/// The part of a transaction that is about chunks.
pub(crate) trait ChunkTx {
    /// Whether the log holds anything that a device wrote to a record.
    fn wrote(&mut self, scope: i64, record: &RecordTag, device: &DeviceTag) -> Done<bool>;
    /// How many chunks a device has put for a record, and how many bytes of chunks it has in the scope.
    fn chunks_of(&mut self, scope: i64, record: &RecordTag, device: &DeviceTag) -> Done<(u64, u64)>;
    /// Keeps a chunk for a record. Whether it was not there.
    fn keep_chunk(&mut self, scope: i64, device: &DeviceTag, chunk: &Chunk) -> Done<bool>;
    /// Whether there is a chunk for a record.
    fn has_chunk(&mut self, scope: i64, record: &RecordTag, name: &ChunkName) -> Done<bool>;
    /// The length of a chunk, for whatever record.
    fn chunk_len(&mut self, scope: i64, name: &ChunkName) -> Done<Option<u64>>;
    /// The bytes of a chunk.
    fn chunk(&mut self, scope: i64, name: &ChunkName) -> Done<Option<Vec<u8>>>;
    /// Removes the chunks of a record, or of the whole scope. How many bytes they had.
    fn drop_chunks(&mut self, scope: i64, record: Option<&RecordTag>) -> Done<u64>;
}
