//! Comparing what a device and the hub hold of a scope, without saying all of it: messages of range-based set reconciliation over the ids of
//! envelopes.

use nightjar_seal::EnvelopeId;

use super::cbor::{Message, Reader, Writer};
use super::mark::{Begin, Mark};
use crate::{Failure, bounds};

/// What goes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges {
    /// Whether only envelopes of the asking device are compared: all that a device may ask for that does not pull the scope.
    pub own: bool,
    /// The log is compared up to here; `None` to its end, as it is when the first message comes.
    pub up_to: Option<Mark>,
    /// What is asked.
    pub asked: RangesAsked,
}

/// What a device asks in a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangesAsked {
    /// What differs: a message of the reconciliation, at most [`bounds::RANGES_BYTES`].
    Message(Vec<u8>),
    /// Where in the log the first of these stands, at most [`bounds::LACKING`].
    Place(Vec<EnvelopeId>),
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranged {
    /// The beginning of the hash of what was asked, so that a late answer is not taken for another.
    pub asked: Begin,
    /// The log was compared up to here.
    pub up_to: Mark,
    /// How many envelopes that is.
    pub count: u64,
    /// The answer.
    pub told: RangesTold,
}

/// What the hub answers in a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangesTold {
    /// A message of the reconciliation, at most [`bounds::RANGES_BYTES`].
    Message(Vec<u8>),
    /// The mark before the first of the envelopes that were asked for; the start of the log where it does not hold all of
    /// them.
    Before(Mark),
}

impl Message for Ranges {
    const NAME: &'static str = "question about ranges";

    fn write(&self, out: &mut Writer) {
        out.array(3).flag(self.own).optional(self.up_to.as_ref());
        match &self.asked {
            RangesAsked::Message(message) => out.bytes(message),
            RangesAsked::Place(envelopes) => out.list(envelopes),
        };
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        let (own, up_to) = (input.flag()?, input.optional()?);
        let asked = match input.is_bytes() {
            true => RangesAsked::Message(input.bytes(bounds::RANGES_BYTES)?.to_vec()),
            false => RangesAsked::Place(input.list(bounds::LACKING)?),
        };
        Ok(Self { own, up_to, asked })
    }
}

impl Message for Ranged {
    const NAME: &'static str = "answer about ranges";

    fn write(&self, out: &mut Writer) {
        self.asked.write(out.array(4));
        self.up_to.write(out);
        out.number(self.count);
        match &self.told {
            RangesTold::Before(mark) => mark.write(out),
            RangesTold::Message(message) => {
                out.bytes(message);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(4)?;
        let (asked, up_to, count) = (Begin::read(input)?, Mark::read(input)?, input.number()?);
        let told = match input.is_bytes() {
            true => RangesTold::Message(input.bytes(bounds::RANGES_BYTES)?.to_vec()),
            false => RangesTold::Before(Mark::read(input)?),
        };
        Ok(Self { asked, up_to, count, told })
    }
}
