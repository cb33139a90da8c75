//! Checks what a pull brought: chain, signature, ids, headers. Says of every envelope what became of it.

use std::collections::BTreeMap;

use nightjar_seal::{
    Chain, DeviceTag, Envelope, Line, Link, Roster, Safeguard, ScopeTag, SignedHead, Strand, Stub,
};

use crate::bounds;
use crate::event::{Event, SetAside};
use crate::wire::{Batch, Mark};

/// Takes the batches of one reply in order.
pub(crate) struct Receiver<'a> {
    pub(crate) roster: &'a Roster,
    pub(crate) me: DeviceTag,
    pub(crate) without: Option<Line>,
    pub(crate) scope: ScopeTag,
    pub(crate) cursor: Mark,
    /// The mark of this device's last push, which a hub that did not change its past passes.
    pub(crate) pushed: Option<Mark>,
    /// Whether it passed elsewhere.
    pub(crate) rewritten: bool,
    pub(crate) chains: BTreeMap<Strand, Chain>,
    pub(crate) events: Vec<Event>,
}

impl Receiver<'_> {
    pub(crate) fn take(&mut self, batch: Batch) {
        let (device, line) = (batch.segment.device(), batch.segment.line());
        let (links, head) = batch.segment.chain();
        let proven = self.prove(&links, &head);
        for body in batch.bodies {
            // The place was checked to lie inside the segment when the batch was read.
            let Some(link) = links.get(body.place as usize).copied() else { continue };
            self.cursor = self.cursor.after(link.envelope);
            self.rewritten |= self.pushed.is_some_and(|pushed| {
                pushed.sequence == self.cursor.sequence && pushed.hash != self.cursor.hash
            });
            if body.bytes.is_empty() && device == self.me && self.without == Some(line) {
                continue;
            }
            if proven.is_ok()
                && let Some(stub) = self.stub(&link, &body.bytes)
            {
                let (scope, sequence) = (self.scope, self.cursor.sequence);
                self.events.push(Event::Erased { scope, sequence, stub: Box::new(stub) });
                continue;
            }
            // Whose it is comes first: bytes that are not those of the link are nobody's, whether or not its device was put out.
            let read = proven.and_then(|good| self.read(&link, &body.bytes).map(|envelope| (good, envelope)));
            let read = read.and_then(|(good, envelope)| match link.seq > good {
                true => Err(SetAside::Revoked),
                false => Ok(envelope),
            });
            let event = match read {
                Ok(envelope) => Event::Received {
                    scope: self.scope,
                    sequence: self.cursor.sequence,
                    link,
                    envelope: Box::new(envelope),
                },
                Err(why) => Event::SetAside {
                    scope: self.scope,
                    sequence: self.cursor.sequence,
                    envelope: link.envelope,
                    device,
                    why,
                    bytes: body.bytes,
                },
            };
            self.events.push(event);
        }
    }

    /// Checks the signed head against roster and earlier heads. Gives the last place that is good.
    fn prove(&mut self, links: &[Link], head: &SignedHead) -> Result<u64, SetAside> {
        let member = self.roster.member(&head.device).ok_or(SetAside::UnknownDevice)?;
        if head.scope != self.scope {
            return Err(SetAside::Foreign);
        }
        head.verify(&member.public).map_err(|_| SetAside::Forged)?;
        let good = member.revoked.as_ref().and_then(|good| good.get(&(self.scope, head.line)));
        let is_other = |link: &Link| {
            let known = good.and_then(|good| good.get(&link.seq));
            known.is_some_and(|hash| *hash != link.hash())
        };
        if links.iter().any(is_other) {
            // Another chain than the one that is trusted, by whoever has the keys of a device that was put out.
            return Err(SetAside::Forged);
        }
        let seen = self.chains.get(&head.strand());
        if seen.is_some_and(|seen| forked(seen, links)) && !Safeguard::ForkCheck.is_off() {
            return Err(SetAside::Forked);
        }
        if seen.is_none() && self.lines_of(&head.device) >= bounds::LINES {
            return Err(SetAside::TooManyLines);
        }
        if seen.is_none_or(|seen| seen.seq < head.seq) {
            let SignedHead { device, line, scope, seq, hash, .. } = *head;
            self.chains.insert(head.strand(), Chain { device, line, scope, seq, hash });
        }
        // Also where more was seen already: the caller may not have been able to follow it then, for want of this.
        self.events.push(Event::ChainSeen { head: *head, links: links.to_vec() });
        let last = good.and_then(|good| good.last_key_value()).map_or(0, |(place, _)| *place);
        Ok(member.revoked.as_ref().map_or(u64::MAX, |_| last))
    }

    fn lines_of(&self, device: &DeviceTag) -> u64 {
        let first = Strand { device: *device, line: Line([0; 8]) };
        self.chains.range(first..).take_while(|(strand, _)| strand.device == *device).count() as u64
    }

    /// What is left of the envelope that the chain names here, where nothing else is.
    fn stub(&self, link: &Link, bytes: &[u8]) -> Option<Stub> {
        let stub = Stub::decode(bytes).ok().filter(|stub| stub.id() == link.envelope)?;
        let header = stub.header();
        let here = (self.roster.study(), self.scope, link.device);
        ((header.study, header.scope, header.device) == here).then_some(stub)
    }

    fn read(&self, link: &Link, bytes: &[u8]) -> Result<Envelope, SetAside> {
        let envelope = Envelope::decode(bytes).map_err(|_| SetAside::Unreadable)?;
        if envelope.id() != link.envelope {
            return Err(SetAside::Altered);
        }
        let header = envelope.header();
        if (header.study, header.scope, header.device) != (self.roster.study(), self.scope, link.device) {
            return Err(SetAside::Foreign);
        }
        Ok(envelope)
    }
}

/// Whether these links belong to another chain than the one that ends in `seen`. Links before or beyond it say nothing.
fn forked(seen: &Chain, links: &[Link]) -> bool {
    links.iter().any(|link| {
        (link.seq == seen.seq && link.hash() != seen.hash)
            || (link.seq == seen.seq + 1 && link.prev != seen.hash)
    })
}
