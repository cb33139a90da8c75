//! A stretch of one device's chain, up to a signed head.

use nightjar_seal::{DeviceTag, EnvelopeId, Line, Link, LinkHash, ScopeTag, Signature, SignedHead};

use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

/// A stretch of the chain of one device in one scope: the ids of its envelopes in order, what stands before them, and the
/// device's signature over the head.
///
/// Links and head are not sent, they follow: a gap or a wrong `prev` inside a segment cannot be written down. A segment may
/// name envelopes whose bytes are not sent with it, because they were refused, erased or dropped after their time of custody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    device: DeviceTag,
    line: Line,
    scope: ScopeTag,
    first: u64,
    prev: LinkHash,
    envelopes: Vec<EnvelopeId>,
    signature: Signature,
}

impl Segment {
    /// The segment made of consecutive links and the signed head over the last of them.
    pub fn new(links: &[Link], head: &SignedHead) -> Result<Self, Failure> {
        let first = links.first().ok_or(Failure::Unsendable("no links"))?;
        if links.len() > bounds::PUSH_LINKS {
            return Err(Failure::Unsendable("too many links for one push"));
        }
        let segment = Self {
            device: head.device,
            line: head.line,
            scope: head.scope,
            first: first.seq,
            prev: first.prev,
            envelopes: links.iter().map(|link| link.envelope).collect(),
            signature: head.signature,
        };
        let (followed, signed) = segment.chain();
        if followed != links || signed != *head {
            return Err(Failure::Unsendable("the links do not lead to the signed head"));
        }
        Ok(segment)
    }

    /// Whose chain it is.
    pub fn device(&self) -> DeviceTag {
        self.device
    }

    /// Which line of the device.
    pub fn line(&self) -> Line {
        self.line
    }

    /// In which scope.
    pub fn scope(&self) -> ScopeTag {
        self.scope
    }

    /// Place of the first link in the chain.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Hash of the link before the first.
    pub fn prev(&self) -> LinkHash {
        self.prev
    }

    /// The ids of the envelopes, in order of the chain. Never empty.
    pub fn envelopes(&self) -> &[EnvelopeId] {
        &self.envelopes
    }

    /// The links it stands for.
    pub fn links(&self) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::with_capacity(self.envelopes.len());
        for (seq, envelope) in (self.first..).zip(&self.envelopes) {
            let (device, line, scope) = (self.device, self.line, self.scope);
            let prev = links.last().map_or(self.prev, Link::hash);
            links.push(Link { device, line, scope, seq, prev, envelope: *envelope });
        }
        links
    }

    /// The head the signature stands for. It is not checked here; see [`SignedHead::verify`].
    pub fn head(&self) -> SignedHead {
        self.head_of(&self.links())
    }

    /// The links it stands for, and the head the signature stands for, for whoever wants both: every hash is computed once.
    pub fn chain(&self) -> (Vec<Link>, SignedHead) {
        let links = self.links();
        let head = self.head_of(&links);
        (links, head)
    }

    fn head_of(&self, links: &[Link]) -> SignedHead {
        let last = links.last();
        SignedHead {
            device: self.device,
            line: self.line,
            scope: self.scope,
            seq: last.map_or(self.first, |link| link.seq),
            hash: last.map_or(self.prev, Link::hash),
            signature: self.signature,
        }
    }
}

impl Message for Segment {
    const NAME: &'static str = "chain segment";

    fn write(&self, out: &mut Writer) {
        out.array(7).bytes(&self.device.0).bytes(&self.line.0).bytes(&self.scope.0);
        out.number(self.first).bytes(&self.prev.0);
        out.list(&self.envelopes).bytes(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(7)?;
        let segment = Self {
            device: DeviceTag(input.fixed()?),
            line: Line(input.fixed()?),
            scope: ScopeTag(input.fixed()?),
            first: input.number()?,
            prev: LinkHash(input.fixed()?),
            envelopes: input.list(bounds::PUSH_LINKS)?,
            signature: Signature(input.fixed()?),
        };
        if segment.envelopes.is_empty() {
            return Err(input.malformed("a chain segment is empty"));
        }
        // Places count from 1; the upper end is far below overflow, and no study comes near.
        if !(1..1 << 48).contains(&segment.first) {
            return Err(input.malformed("a place in a chain is out of range"));
        }
        Ok(segment)
    }
}

impl Message for Line {
    const NAME: &'static str = "line of a device";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for EnvelopeId {
    const NAME: &'static str = "envelope id";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}
