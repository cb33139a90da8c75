//! Making a bundle.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

use nightjar_seal::{Chain, Link, Notice, ScopeTag, SignedHead, Strand};
use nightjar_sync::bounds::{ENVELOPE_BYTES, PUSH_LINKS};
use nightjar_sync::bundle::{BODY_BYTES, HEADER_BYTES, Header, Holds, Packing, Part};
use nightjar_sync::wire::{self, Applied, Body, Chunk, Message, Push, Reach, Segment};
use nightjar_vault::HEADS_APART;

use super::frames::Frames;
use crate::device::Device;
use crate::failure::Failure;
use crate::membership::Joined;
use crate::sync;
use crate::view::BundleView;

/// Most bytes of what devices have confirmed in the header of a bundle.
const CONFIRMED_BYTES: usize = HEADER_BYTES / 4;
/// Bytes of a header beside its lists, and more.
const HEADER_FRAME: usize = 512;

/// A chain comes in stretches from one signed head to the next, and each has to fit a part.
const _: () = assert!(HEADS_APART as usize <= PUSH_LINKS);

/// Writes what this device holds and the others need into a new file. With `answering`, a bundle of somebody else, what its header
/// says they hold is left out.
pub(crate) fn export(device: &Device, file: &Path, answering: Option<&Path>) -> Result<BundleView, Failure> {
    let _one_at_a_time = device.alone()?;
    let joined = device.joined()?;
    let holds = answering.map_or_else(|| Ok(Holds::default()), |other| holds(&joined, other))?;
    let scopes = [joined.scopes.responses, joined.scopes.ward];
    for scope in &scopes {
        sync::chain_outbox(device, scope)?;
    }
    let mut unfinished = Unfinished::create(file)?;
    let mut bundle = Writing { device, joined: &joined, file: &mut unfinished, view: BundleView::default() };
    let (mut packing, begin) = Packing::begin(bundle.header(&scopes)?)?;
    bundle.write(&begin)?;
    for entry in joined.roster().entries() {
        bundle.write(&packing.add(&Part::Entry(wire::Entry(entry.encode())))?)?;
        bundle.view.roster_entries += 1;
    }
    for pass in joined.roster().passes() {
        bundle.write(&packing.add(&Part::Pass(wire::Pass(pass.encode())))?)?;
    }
    for notice in Notice::standing(&device.vault.publications()?, joined.roster()) {
        if let Some(publication) = device.vault.publication(&notice.id)? {
            let part = Part::Publication(wire::Publication(publication.encode()));
            bundle.write(&packing.add(&part)?)?;
            bundle.view.published += 1;
        }
    }
    for chain in device.vault.received()?.into_iter().filter(|chain| scopes.contains(&chain.scope)) {
        let strand = Strand { device: chain.device, line: chain.line };
        bundle.chain(&mut packing, &strand, &chain.scope, holds.through(&strand, &chain.scope))?;
    }
    for scope in &scopes {
        bundle.chunks(&mut packing, scope)?;
    }
    bundle.write(&packing.end())?;
    let mut view = bundle.view;
    unfinished.finish()?;
    (view.whole, view.vouched) = (true, true);
    view.made_by = device.label.clone();
    Ok(view)
}

/// What the maker of a bundle says it holds.
fn holds(joined: &Joined, other: &Path) -> Result<Holds, Failure> {
    let mut frames = Frames::open(other)?;
    let frame = frames.next()?.ok_or_else(|| Failure::Invalid(frames.cut_short()))?;
    let Part::Header(header) =
        Part::decode(&frame).map_err(|failure| Failure::Invalid(frames.at(&failure)))?
    else {
        return Err(Failure::Invalid(frames.at(&"a bundle begins with its header")));
    };
    let member = joined.roster().member(&header.by());
    if header.study() != joined.study_tag
        || member.is_none_or(|member| header.verify(&member.public).is_err())
    {
        return Err(Failure::Invalid(frames.at(&"it was not made by a device of this study")));
    }
    Ok(Holds::of(&header))
}

struct Writing<'a> {
    device: &'a Device,
    joined: &'a Joined,
    file: &'a mut Unfinished,
    view: BundleView,
}

impl Writing<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.view.bytes += bytes.len() as u64;
        self.file.write(bytes)
    }

    /// Who made it and what this device has applied.
    fn header(&self, scopes: &[ScopeTag]) -> Result<Header, Failure> {
        let received = self.device.vault.received()?;
        let mut holds = Vec::new();
        for scope in scopes {
            let of_scope = received.iter().filter(|chain| chain.scope == *scope);
            let vector: Vec<Reach> = of_scope
                .map(|chain| Reach { device: chain.device, line: chain.line, seq: chain.applied_to })
                .collect();
            if !vector.is_empty() {
                holds.push(Applied::sign(*scope, vector, &self.device.keys)?);
            }
        }
        let roster = self.joined.roster();
        let entries = roster.entries().len() as u64;
        // As much of what others confirmed as there is room for; what does not fit goes with another bundle.
        let taken: usize = holds.iter().map(|applied| applied.encode().len()).sum();
        let mut room = CONFIRMED_BYTES.min(HEADER_BYTES.saturating_sub(taken + HEADER_FRAME));
        let mut confirmed = self.device.all_confirmations(self.joined)?;
        confirmed.retain(|said| {
            let size = said.encode().len();
            let fits = size <= room;
            room -= if fits { size } else { 0 };
            fits
        });
        Ok(Header::sign(roster.study(), entries, roster.head(), holds, confirmed, &self.device.keys))
    }

    /// A chain after a place, in stretches that each end at a signed head.
    fn chain(
        &mut self,
        packing: &mut Packing,
        strand: &Strand,
        scope: &ScopeTag,
        mut after: u64,
    ) -> Result<(), Failure> {
        let end = self.device.vault.chain(strand, scope)?;
        while after < end.seq {
            let head = match strand.device == self.device.tag() {
                true => self.own_head(strand, scope, after, &end)?,
                // The furthest head that one part reaches.
                false => self
                    .device
                    .vault
                    .heads(strand, scope, after)?
                    .into_iter()
                    .take_while(|head| head.seq - after <= PUSH_LINKS as u64)
                    .last(),
            };
            // What no signed head leads to cannot be proven, and comes by another way.
            let Some(head) = head else { return Ok(()) };
            let count = usize::try_from(head.seq - after).map_err(Failure::internal)?;
            let links = self.device.vault.links(strand, scope, after, count)?;
            self.stretch(packing, &links, &head)?;
            after = head.seq;
        }
        Ok(())
    }

    /// Chunks of attachments that the hub does not have from here, and those that came from elsewhere.
    fn chunks(&mut self, packing: &mut Packing, scope: &ScopeTag) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let carried = self.device.vault.carried_chunks(scope, after.as_ref(), PUSH_LINKS)?;
            let Some((_, last)) = carried.last() else { return Ok(()) };
            after = Some(*last);
            for (record, name) in carried {
                if let Some(bytes) = self.device.vault.sealed_chunk(&name)? {
                    let bytes = packing.add(&Part::Chunk(Chunk { record, name, bytes }))?;
                    self.write(&bytes)?;
                    self.view.chunks += 1;
                }
            }
        }
    }

    fn own_head(
        &self,
        strand: &Strand,
        scope: &ScopeTag,
        after: u64,
        end: &Chain,
    ) -> Result<Option<SignedHead>, Failure> {
        if end.seq - after <= PUSH_LINKS as u64 {
            return Ok(Some(end.sign(&self.device.keys)?));
        }
        let links = self.device.vault.links(strand, scope, after, PUSH_LINKS)?;
        let Some(last) = links.last() else { return Ok(None) };
        let end = Chain { seq: last.seq, hash: last.hash(), ..*end };
        Ok(Some(end.sign(&self.device.keys)?))
    }

    /// One stretch with its envelopes, in as many parts as these need.
    fn stretch(&mut self, packing: &mut Packing, links: &[Link], head: &SignedHead) -> Result<(), Failure> {
        let segment = Segment::new(links, head)?;
        let (mut bodies, mut bytes, mut written) = (Vec::new(), 0, false);
        for (place, link) in (0..).zip(links) {
            let sealed = self.device.vault.envelope(&link.envelope)?.unwrap_or_default();
            if sealed.is_empty() || sealed.len() > ENVELOPE_BYTES {
                continue;
            }
            if bytes + sealed.len() > BODY_BYTES {
                self.part(packing, &segment, std::mem::take(&mut bodies))?;
                (bytes, written) = (0, true);
            }
            bytes += sealed.len();
            bodies.push(Body { place, bytes: sealed });
        }
        match bodies.is_empty() && written {
            true => Ok(()),
            false => self.part(packing, &segment, bodies),
        }
    }

    fn part(&mut self, packing: &mut Packing, segment: &Segment, bodies: Vec<Body>) -> Result<(), Failure> {
        self.view.envelopes += bodies.len() as u64;
        let bytes = packing.add(&Part::Chain(Push { segment: segment.clone(), bodies }))?;
        self.write(&bytes)
    }
}

/// A file that gets its name only when it is whole and on the disk; dropped before that, it leaves nothing.
struct Unfinished {
    named: std::path::PathBuf,
    unnamed: std::path::PathBuf,
    writer: Option<BufWriter<File>>,
}

impl Unfinished {
    fn create(named: &Path) -> Result<Self, Failure> {
        if named.exists() {
            return Err(Failure::Invalid(format!("{}: there is such a file already", named.display())));
        }
        let mut unnamed = named.as_os_str().to_owned();
        unnamed.push(".part");
        let unnamed = std::path::PathBuf::from(unnamed);
        // What an earlier try left behind.
        let _ = fs::remove_file(&unnamed);
        let file = OpenOptions::new().write(true).create_new(true).open(&unnamed);
        let file = file.map_err(|error| failure(named, error))?;
        Ok(Self { named: named.to_owned(), unnamed, writer: Some(BufWriter::new(file)) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(writer) = &mut self.writer else { return Err(Failure::internal("the file is finished")) };
        writer.write_all(bytes).map_err(|error| failure(&self.named, error))
    }

    fn finish(mut self) -> Result<(), Failure> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let done = writer.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| {
            file.sync_all()?;
            drop(file);
            fs::rename(&self.unnamed, &self.named)?;
            // So that the name is on the disk, too. Not every system opens a folder.
            if let Some(Ok(folder)) = self.named.parent().map(File::open) {
                let _ = folder.sync_all();
            }
            Ok(())
        });
        done.map_err(|error| {
            let _ = fs::remove_file(&self.unnamed);
            failure(&self.named, error)
        })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            let _ = fs::remove_file(&self.unnamed);
        }
    }
}

fn failure(file: &Path, error: std::io::Error) -> Failure {
    let text = format!("{}: {error}", file.display());
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Failure::StorageFull(text),
        _ => Failure::Invalid(text),
    }
}
