//! Chunks of attachments: kept for the record that the request names, given to whoever may pull, gone with the record.

use nightjar_seal::Member;
use nightjar_sync::bounds;
use nightjar_sync::wire::{Chunk, ChunkAsk, ChunkOutcome, Chunks, HeldChunk, Reason, Refusal};

use crate::Limits;
use crate::log::{Place, held};
use crate::store::{Done, Tx};

/// What a chunk takes in the database beside its bytes, as quotas count it.
const ROW_BYTES: u64 = 256;

/// Keeps a chunk of a record of which something by this device is in the log: so nobody fills the hub with what belongs to nothing, and
/// whatever takes the record out takes it with it. Its bytes were held against its name when it was read.
pub(crate) fn put(
    tx: &mut dyn Tx,
    place: Place,
    member: &Member,
    chunk: &Chunk,
    limits: &Limits,
) -> Done<ChunkOutcome> {
    if tx.scope(place.study, place.scope)?.is_none() {
        return Ok(ChunkOutcome::Unasked);
    }
    // Nobody takes the record out, or fills the quota, meanwhile.
    let row = tx.open_scope(place.study, place.scope)?;
    let (record, device) = (&chunk.record, member.public.tag());
    if row.taken_out || tx.erased(row.id, &[*record])?.contains(record) {
        return Ok(ChunkOutcome::Gone);
    }
    if tx.has_chunk(row.id, record, &chunk.name)? {
        return Ok(ChunkOutcome::Known);
    }
    let (of_record, bytes) = tx.chunks_of(row.id, record, &device)?;
    if of_record >= bounds::RECORD_CHUNKS || !tx.wrote(row.id, record, &device)? {
        return Ok(ChunkOutcome::Unasked);
    }
    let size = chunk.bytes.len() as u64;
    let study_is_full = match limits.study {
        Some(most) => held(tx, place.study)? + size + ROW_BYTES > most,
        None => false,
    };
    if study_is_full || bytes + size > limits.attachments {
        return Ok(ChunkOutcome::NoRoom);
    }
    tx.keep_chunk(row.id, &device, chunk)?;
    tx.advance(row.id, row.sequence, &row.hash, row.bytes + size)?;
    Ok(ChunkOutcome::Stored)
}

/// The chunks that are asked for, as many as fit one reply.
pub(crate) fn told(tx: &mut dyn Tx, place: Place, member: &Member, ask: &ChunkAsk) -> Done<Chunks> {
    if ask.bytes && !place.may_pull(member) {
        return Err(Refusal::new(Reason::NotGranted, "only evaluator devices pull responses").into());
    }
    let mut chunks = Chunks { held: Vec::new(), absent: Vec::new() };
    let Some(scope) = tx.scope(place.study, place.scope)? else {
        chunks.absent.clone_from(&ask.names);
        return Ok(chunks);
    };
    let mut room = bounds::PUSH_BYTES;
    for name in &ask.names {
        let Some(size) = tx.chunk_len(scope.id, name)? else {
            chunks.absent.push(*name);
            continue;
        };
        let mut bytes = Vec::new();
        if ask.bytes {
            let Some(left) = usize::try_from(size).ok().and_then(|size| room.checked_sub(size)) else {
                break;
            };
            room = left;
            bytes = tx.chunk(scope.id, name)?.unwrap_or_default();
        }
        chunks.held.push(HeldChunk { name: *name, bytes });
    }
    Ok(chunks)
}
