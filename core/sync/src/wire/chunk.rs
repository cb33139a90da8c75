//! Chunks of attachments: sealed bytes that are too large for an envelope, put and asked for by the hash of them.

use nightjar_seal::{ChunkName, RecordTag};

use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

/// What goes up: one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The record that names it, of which something by this device is in the log.
    pub record: RecordTag,
    /// The hash of its bytes.
    pub name: ChunkName,
    /// As it was sealed, at most [`bounds::CHUNK_BYTES`].
    pub bytes: Vec<u8>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// It is on disk since now.
    Stored,
    /// It was there.
    Known,
    /// Its record was taken out, and what comes of it is not kept.
    Gone,
    /// The study, or this device in it, has used what this hub allows.
    NoRoom,
    /// The log holds nothing of this record by this device, or so many chunks of it as one record may have.
    Unasked,
}

impl ChunkOutcome {
    const ALL: [Self; 5] = [Self::Stored, Self::Known, Self::Gone, Self::NoRoom, Self::Unasked];
}

/// What goes up to have chunks, or to learn which of them are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkAsk {
    /// Whether their bytes are wanted, which those may have who may pull in the scope.
    pub bytes: bool,
    /// Their names, at most [`bounds::CHUNKS`].
    pub names: Vec<ChunkName>,
}

/// What comes back. What is in neither list did not fit: ask again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunks {
    /// Those that are there, in the order asked; without bytes where only that was asked.
    pub held: Vec<HeldChunk>,
    /// Those that are not.
    pub absent: Vec<ChunkName>,
}

/// A chunk that the hub holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldChunk {
    /// Its name.
    pub name: ChunkName,
    /// Its bytes, if they were asked for.
    pub bytes: Vec<u8>,
}

impl Message for ChunkName {
    const NAME: &'static str = "name of a chunk";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for Chunk {
    const NAME: &'static str = "chunk";

    fn write(&self, out: &mut Writer) {
        out.array(3).bytes(&self.record.0).bytes(&self.name.0).bytes(&self.bytes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        let (record, name) = (RecordTag(input.fixed()?), ChunkName(input.fixed()?));
        let bytes = input.bytes(bounds::CHUNK_BYTES)?;
        if ChunkName::of(bytes) != name {
            return Err(input.malformed("its bytes are not those of its name"));
        }
        Ok(Self { record, name, bytes: bytes.to_vec() })
    }
}

impl Message for ChunkOutcome {
    const NAME: &'static str = "what became of a chunk";

    fn write(&self, out: &mut Writer) {
        out.number(*self as u64);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        let number = input.number()?;
        let known = usize::try_from(number).ok().and_then(|at| Self::ALL.get(at));
        known.copied().ok_or_else(|| input.malformed("an outcome that is not known"))
    }
}

impl Message for ChunkAsk {
    const NAME: &'static str = "question for chunks";

    fn write(&self, out: &mut Writer) {
        out.array(2).flag(self.bytes).list(&self.names);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { bytes: input.flag()?, names: input.list(bounds::CHUNKS)? })
    }
}

impl Message for HeldChunk {
    const NAME: &'static str = "held chunk";

    fn write(&self, out: &mut Writer) {
        out.array(2).bytes(&self.name.0).bytes(&self.bytes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { name: ChunkName(input.fixed()?), bytes: input.bytes(bounds::CHUNK_BYTES)?.to_vec() })
    }
}

impl Message for Chunks {
    const NAME: &'static str = "chunks";

    fn write(&self, out: &mut Writer) {
        out.array(2).list(&self.held).list(&self.absent);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { held: input.list(bounds::CHUNKS)?, absent: input.list(bounds::CHUNKS)? })
    }
}
