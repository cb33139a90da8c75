//! Requests for chunks of attachments, which follow after the envelopes that name them.

use std::collections::BTreeSet;

use nightjar_seal::{ChunkName, ScopeTag, StudyTag};

use crate::http_message::{Request, Response};
use crate::request::answer;
use crate::wire::{self, Chunk, ChunkAsk, ChunkOutcome, Chunks, Message};
use crate::{Failure, bounds};

/// Puts one chunk. The same again is harmless.
#[must_use]
pub fn put_chunk(study: StudyTag, scope: ScopeTag, chunk: &Chunk) -> Request {
    Request { path: wire::chunk_path(study, scope), body: chunk.encode(), signed: true }
}

/// Reads the answer to [`put_chunk`].
///
/// # Errors
/// The hub's refusal.
pub fn chunk_put(response: &Response) -> Result<ChunkOutcome, Failure> {
    answer(response)
}

/// Asks for chunks by name, or with `bytes` being false which of them are there.
///
/// # Errors
/// [`Failure::Unsendable`] for more than [`bounds::CHUNKS`] at once.
pub fn ask_chunks(
    study: StudyTag,
    scope: ScopeTag,
    bytes: bool,
    names: Vec<ChunkName>,
) -> Result<Request, Failure> {
    if names.len() > bounds::CHUNKS {
        return Err(Failure::Unsendable("too many chunks are asked for at once"));
    }
    let path = wire::chunks_path(study, scope);
    Ok(Request { path, body: ChunkAsk { bytes, names }.encode(), signed: true })
}

/// Reads the answer to [`ask_chunks`]. Bytes that are not those of their name are left out, as if they had not come.
///
/// # Errors
/// The hub's refusal; [`Failure::Malformed`] for what was not asked for, and an answer that goes nowhere.
pub fn chunks_told(bytes: bool, names: &[ChunkName], response: &Response) -> Result<Chunks, Failure> {
    let mut told: Chunks = answer(response)?;
    let malformed = |problem| Failure::Malformed { what: Chunks::NAME, problem };
    let mut asked: BTreeSet<_> = names.iter().collect();
    let said = told.held.iter().map(|held| &held.name).chain(&told.absent);
    let mut count = 0;
    for name in said {
        count += 1;
        if !asked.remove(name) {
            return Err(malformed("one was not asked for"));
        }
    }
    if count == 0 && !names.is_empty() {
        return Err(malformed("it says nothing of what was asked"));
    }
    told.held.retain(|held| !bytes || ChunkName::of(&held.bytes) == held.name);
    Ok(told)
}
