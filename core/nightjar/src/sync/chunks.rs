//! Chunks of attachments, after the envelopes that name them. Each that the hub has is noted at once, and so is each that came: a line that
//! is cut costs the chunk on its way and nothing else.

use std::collections::BTreeSet;

use nightjar_seal::{ChunkName, ScopeTag, StudyTag};
use nightjar_sync::wire::{Chunk, ChunkOutcome};
use nightjar_sync::{Request, Response, Transport, bounds};

use super::{intake::NO_ROOM, send};
use crate::device::Device;
use crate::failure::Failure;
use crate::syncing::SyncOptions;
use crate::view::SyncView;

/// What people are told where a hub will not have a part of an attachment.
const UNASKED: &str = "the hub does not know the record of an attachment, or has as many parts of it as it takes; it stays on this device";

/// So many are asked for without asking first which of them are there.
const FEW: usize = 16;

/// Chunks of one sync.
pub(super) struct Chunks<'a> {
    pub(super) device: &'a Device,
    pub(super) transport: &'a Transport,
    pub(super) options: &'a SyncOptions,
    pub(super) study: StudyTag,
    pub(super) view: &'a mut SyncView,
}

impl Chunks<'_> {
    /// Sends what waits in a scope and, where this device reads what others attach there, fetches what is missing.
    pub(super) async fn exchange(&mut self, scope: ScopeTag, reads: bool) -> Result<(), Failure> {
        self.push(scope).await?;
        if reads {
            self.pull(scope).await?;
        }
        Ok(())
    }

    async fn push(&mut self, scope: ScopeTag) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let waiting = self.device.vault.waiting_chunks(&scope, after.as_ref(), bounds::CHUNKS)?;
            let Some((_, last)) = waiting.last() else { return Ok(()) };
            after = Some(*last);
            let names: Vec<_> = waiting.iter().map(|(_, name)| *name).collect();
            // A hub that was put back, or whose answer was lost, may have most of them.
            let held = if names.len() > 1 { self.at_hub(scope, &names).await? } else { BTreeSet::new() };
            if !held.is_empty() {
                self.device.vault.note_chunks(&held.iter().copied().collect::<Vec<_>>(), true)?;
            }
            for (record, name) in waiting.into_iter().filter(|(_, name)| !held.contains(name)) {
                let Some(bytes) = self.device.vault.sealed_chunk(&name)? else {
                    self.device.vault.note_chunks(&[name], false)?;
                    self.view.refused.push("a part of an attachment is missing on this device".into());
                    continue;
                };
                let request = nightjar_sync::put_chunk(self.study, scope, &Chunk { record, name, bytes });
                match nightjar_sync::chunk_put(&self.send(&request).await?)? {
                    ChunkOutcome::Stored | ChunkOutcome::Known => {
                        self.device.vault.note_chunks(&[name], true)?;
                        self.view.chunks_sent += 1;
                    }
                    // The withdrawal, which this device has or will hear of, takes it here, too.
                    ChunkOutcome::Gone => {}
                    ChunkOutcome::NoRoom => {
                        if !self.view.refused.iter().any(|why| why == NO_ROOM) {
                            self.view.refused.push(NO_ROOM.into());
                        }
                        return Ok(());
                    }
                    ChunkOutcome::Unasked => {
                        self.device.vault.note_chunks(&[name], false)?;
                        self.view.refused.push(UNASKED.into());
                    }
                }
            }
        }
    }

    /// Which of these the hub has.
    async fn at_hub(&self, scope: ScopeTag, names: &[ChunkName]) -> Result<BTreeSet<ChunkName>, Failure> {
        let request = nightjar_sync::ask_chunks(self.study, scope, false, names.to_vec())?;
        let told = nightjar_sync::chunks_told(false, names, &self.send(&request).await?)?;
        Ok(told.held.into_iter().map(|held| held.name).collect())
    }

    async fn pull(&mut self, scope: ScopeTag) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let missing = self.device.vault.missing_chunks(&scope, after.as_ref(), bounds::CHUNKS)?;
            let Some((last, _)) = missing.last() else { return Ok(()) };
            after = Some(*last);
            let names: Vec<_> = missing.iter().map(|(name, _)| *name).collect();
            let there = match names.len() {
                ..=FEW => names.into_iter().collect(),
                _ => self.at_hub(scope, &names).await?,
            };
            // Together no more than one large chunk: that much a line has to carry between two cuts.
            let (mut group, mut bytes) = (Vec::new(), 0);
            for (name, size) in missing.into_iter().filter(|(name, _)| there.contains(name)) {
                if bytes + size > bounds::CHUNK_BYTES as u64 {
                    self.fetch(scope, std::mem::take(&mut group)).await?;
                    bytes = 0;
                }
                group.push(name);
                bytes += size;
            }
            self.fetch(scope, group).await?;
        }
    }

    /// Fetches some. What is not at the hub yet, or came altered, is asked for again with the next sync.
    async fn fetch(&mut self, scope: ScopeTag, names: Vec<ChunkName>) -> Result<(), Failure> {
        if names.is_empty() {
            return Ok(());
        }
        let request = nightjar_sync::ask_chunks(self.study, scope, true, names.clone())?;
        let told = nightjar_sync::chunks_told(true, &names, &self.send(&request).await?)?;
        let came: Vec<_> = told.held.into_iter().map(|held| (held.name, held.bytes)).collect();
        self.view.chunks_received += self.device.vault.keep_chunks(&came)?;
        Ok(())
    }

    async fn send(&self, request: &Request) -> Result<Response, Failure> {
        tokio::select! {
            biased;
            () = self.options.stop.stopped() => Err(Failure::Cancelled),
            response = send(self.device, self.transport, request) => response,
        }
    }
}
