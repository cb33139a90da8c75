//! Pushing: a chain segment with sealed envelopes goes up, an outcome per envelope comes back.

use nightjar_seal::EnvelopeId;

use super::cbor::{Message, Reader, Writer};
use super::mark::{Begin, Mark};
use super::segment::Segment;
use crate::{Failure, bounds};

/// The sealed bytes of one envelope of a segment.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// Which envelope of the segment, counted from 0.
    pub place: u64,
    /// The encoded envelope.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Body {{ place: {}, {} bytes }}", self.place, self.bytes.len())
    }
}

/// What goes up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The chain the envelopes hang on.
    pub segment: Segment,
    /// Their bytes, in order of the chain; those that are no longer held are left out.
    pub bodies: Vec<Body>,
}

/// What became of one envelope at the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Stored now, and committed to disk.
    Stored,
    /// Held already.
    Known,
    /// Not stored, and will not be. It blocks nothing else.
    Refused(Objection),
    /// Not stored now: the study holds as much as this hub allows it. Offered again with a later sync.
    NoRoom,
}

/// Why the hub does not keep one envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Objection {
    /// Its bytes are not those whose id stands in the signed chain: altered or cut short.
    Altered,
    /// It is not an envelope.
    Malformed,
    /// Its header names another study, scope or device.
    Foreign,
    /// It is larger than an envelope may be.
    TooLarge,
    /// A reason this version does not know.
    Other,
}

/// The outcomes of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The head of the hub's log after the push.
    pub mark: Mark,
    /// The beginning of the hash of the ids of all bodies, in order: that of which push it is the answer.
    pub of: Begin,
    /// One outcome per body, in the same order. Neighbours that fared alike travel as one.
    pub outcomes: Vec<Outcome>,
}

impl Pushed {
    /// The answer to a push of these envelopes.
    pub fn new(mark: Mark, judged: &[Judged]) -> Self {
        let of = Self::name(judged.iter().map(|judged| judged.envelope));
        Self { mark, of, outcomes: judged.iter().map(|judged| judged.outcome).collect() }
    }

    /// What the answer to a push of these envelopes is known by.
    pub fn name(envelopes: impl IntoIterator<Item = EnvelopeId>) -> Begin {
        let ids: Vec<_> = envelopes.into_iter().collect();
        Begin::of_all(ids.iter().map(|id| &id.0[..]))
    }

    /// The outcome of each of the envelopes that were pushed; `None` when this is the answer to another push.
    pub fn judged(&self, envelopes: &[EnvelopeId]) -> Option<Vec<Judged>> {
        let fits = self.outcomes.len() == envelopes.len() && self.of == Self::name(envelopes.iter().copied());
        let judged = envelopes.iter().zip(&self.outcomes);
        fits.then(|| {
            judged.map(|(envelope, outcome)| Judged { envelope: *envelope, outcome: *outcome }).collect()
        })
    }
}

/// One envelope and its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Judged {
    /// The id in the signed chain.
    pub envelope: EnvelopeId,
    /// What became of it.
    pub outcome: Outcome,
}

impl Message for Body {
    const NAME: &'static str = "pushed envelope";

    fn write(&self, out: &mut Writer) {
        out.array(2).number(self.place).bytes(&self.bytes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let place = input.number()?;
        // Larger than an envelope may be is judged by itself, so that it does not take its siblings with it.
        Ok(Self { place, bytes: input.bytes(bounds::PUSH_BYTES)?.to_vec() })
    }
}

impl Message for Push {
    const NAME: &'static str = "push";

    fn write(&self, out: &mut Writer) {
        out.array(2);
        self.segment.write(out);
        out.list(&self.bodies);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let segment = Segment::read(input)?;
        let bodies: Vec<Body> = input.list(bounds::PUSH_LINKS)?;
        if !bodies.is_sorted_by(|a, b| a.place < b.place) {
            return Err(input.malformed("envelopes are not in order of the chain"));
        }
        if bodies.last().is_some_and(|body| body.place >= segment.envelopes().len() as u64) {
            return Err(input.malformed("an envelope lies outside the chain segment"));
        }
        Ok(Self { segment, bodies })
    }
}

/// Neighbours that fared alike.
struct Run {
    count: u64,
    outcome: Outcome,
}

impl Message for Run {
    const NAME: &'static str = "outcome";

    fn write(&self, out: &mut Writer) {
        let code = match self.outcome {
            Outcome::Stored => 0,
            Outcome::Known => 1,
            Outcome::Refused(Objection::Other) => 2,
            Outcome::Refused(Objection::Altered) => 3,
            Outcome::Refused(Objection::Malformed) => 4,
            Outcome::Refused(Objection::Foreign) => 5,
            Outcome::Refused(Objection::TooLarge) => 6,
            Outcome::NoRoom => 7,
        };
        out.array(2).number(self.count).number(code);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let count = input.number()?;
        let outcome = match input.number()? {
            0 => Outcome::Stored,
            1 => Outcome::Known,
            2 => Outcome::Refused(Objection::Other),
            3 => Outcome::Refused(Objection::Altered),
            4 => Outcome::Refused(Objection::Malformed),
            5 => Outcome::Refused(Objection::Foreign),
            6 => Outcome::Refused(Objection::TooLarge),
            7 => Outcome::NoRoom,
            _ => return Err(input.malformed("an unknown outcome")),
        };
        Ok(Self { count, outcome })
    }
}

impl Message for Pushed {
    const NAME: &'static str = "outcomes of a push";

    fn write(&self, out: &mut Writer) {
        out.array(3);
        self.mark.write(out);
        let runs: Vec<_> = self
            .outcomes
            .chunk_by(|a, b| a == b)
            .filter_map(|run| Some(Run { count: run.len() as u64, outcome: *run.first()? }))
            .collect();
        out.bytes(&self.of.0).list(&runs);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        let (mark, of) = (Mark::read(input)?, Begin(input.fixed()?));
        let mut outcomes = Vec::new();
        for Run { count, outcome } in input.list::<Run>(bounds::PUSH_LINKS)? {
            if count > (bounds::PUSH_LINKS - outcomes.len()) as u64 {
                return Err(input.malformed("more outcomes than a push has envelopes"));
            }
            outcomes.extend(std::iter::repeat_n(outcome, count as usize));
        }
        Ok(Self { mark, of, outcomes })
    }
}
