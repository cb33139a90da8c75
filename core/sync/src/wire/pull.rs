//! Pulling: a cursor goes up, whole pushes that the hub stored after it come back.

use nightjar_seal::Line;

use super::cbor::{Message, Reader, Writer};
use super::mark::Mark;
use super::push::Body;
use super::segment::Segment;
use crate::{Failure, bounds};

/// What goes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// The mark up to which everything is held; `None` pulls from the first envelope.
    pub after: Option<Mark>,
    /// The line of the asking device whose bytes are not wanted: only the ids of its envelopes come back.
    pub without: Option<Line>,
}

/// What one push added to the log: consecutive sequences, all from one chain segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The chain up to a signed head.
    pub segment: Segment,
    /// Places in the segment of the envelopes this push added, in the order of the log. Bytes are empty where the
    /// hub left them out because the asking device did not want them.
    pub bodies: Vec<Body>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The cursor that was asked with, so that a late answer is not taken for another.
    pub after: Option<Mark>,
    /// The head of the hub's log. When the batches end before it, there is more.
    pub head: Mark,
    /// The pushes after the cursor, oldest first, together at most [`bounds::PUSH_BYTES`] unless one alone is larger.
    pub batches: Vec<Batch>,
}

impl Message for Pull {
    const NAME: &'static str = "pull";

    fn write(&self, out: &mut Writer) {
        out.array(2).optional(self.after.as_ref()).optional(self.without.as_ref());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { after: input.optional()?, without: input.optional()? })
    }
}

impl Message for Batch {
    const NAME: &'static str = "pulled batch";

    fn write(&self, out: &mut Writer) {
        out.array(2);
        self.segment.write(out);
        out.list(&self.bodies);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let segment = Segment::read(input)?;
        let bodies: Vec<Body> = input.list(bounds::PUSH_LINKS)?;
        if bodies.is_empty() {
            return Err(input.malformed("a batch is empty"));
        }
        if bodies.iter().any(|body| body.place >= segment.envelopes().len() as u64) {
            return Err(input.malformed("an envelope lies outside the chain segment"));
        }
        Ok(Self { segment, bodies })
    }
}

impl Message for Pulled {
    const NAME: &'static str = "pulled batches";

    fn write(&self, out: &mut Writer) {
        self.head.write(out.array(3).optional(self.after.as_ref()));
        out.list(&self.batches);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        let (after, head) = (input.optional()?, Mark::read(input)?);
        Ok(Self { after, head, batches: input.list(bounds::PULL_BATCHES)? })
    }
}
