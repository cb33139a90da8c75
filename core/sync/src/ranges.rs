//! Range-based set reconciliation over the ids of envelopes: two sides find out what each lacks, at a cost that follows what differs.
//!
//! Each says of ranges of ids how many it holds and a hash over their sum; where these differ, it splits the range, down to a few ids that it
//! names. The messages are those of negentropy (protocol version 1), with a timestamp of 0 for every id: an id is a hash, and so says
//! nothing of when an envelope was made. A message is at most [`bounds::RANGES_BYTES`]; what has no room waits for the next.

use std::collections::BTreeSet;

use negentropy::{Id, Negentropy, NegentropyStorageBase, NegentropyStorageVector};
use nightjar_seal::EnvelopeId;

use crate::{Failure, bounds};

const FRAME: u64 = bounds::RANGES_BYTES as u64;
const MALFORMED: Failure =
    Failure::Malformed { what: "message about ranges", problem: "it cannot be read or answered" };

/// A set of envelopes to be compared.
#[derive(Debug, Clone)]
pub struct IdSet(NegentropyStorageVector);

impl IdSet {
    /// The set of these, of which one may come twice.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] for more than [`bounds::RANGES_ENVELOPES`].
    pub fn new(ids: impl ExactSizeIterator<Item = EnvelopeId>) -> Result<Self, Failure> {
        if ids.len() as u64 > bounds::RANGES_ENVELOPES {
            return Err(Failure::Unsendable("too many envelopes to be compared"));
        }
        let mut set = NegentropyStorageVector::with_capacity(ids.len());
        for id in ids {
            set.insert(0, Id::from_byte_array(id.0)).map_err(|_| MALFORMED)?;
        }
        set.seal().map_err(|_| MALFORMED)?;
        Ok(Self(set))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.size().unwrap_or(0) as u64
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Answers a message of whoever compares with this set. Nothing is remembered of earlier messages.
    ///
    /// # Errors
    /// [`Failure::Malformed`].
    pub fn answer(&self, message: &[u8]) -> Result<Vec<u8>, Failure> {
        if message.len() > bounds::RANGES_BYTES {
            return Err(MALFORMED);
        }
        let mut side = Negentropy::borrowed(&self.0, FRAME).map_err(|_| MALFORMED)?;
        side.reconcile(message).map_err(|_| MALFORMED)
    }
}

/// The side that asks.
#[derive(Debug)]
pub struct Asking {
    side: Negentropy<'static, NegentropyStorageVector>,
    held: u64,
    differing: Differing,
}

/// What differs between two sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differing {
    /// Held by the side that asks alone.
    pub lacking_there: BTreeSet<EnvelopeId>,
    /// Held by the other side alone, as it says.
    pub lacking_here: BTreeSet<EnvelopeId>,
}

impl Asking {
    /// Begins to compare a set. Gives the first message.
    ///
    /// # Errors
    /// [`Failure::Unsendable`].
    pub fn begin(set: IdSet) -> Result<(Self, Vec<u8>), Failure> {
        let unsendable = |_| Failure::Unsendable("the envelopes cannot be compared");
        let held = set.len();
        let mut side = Negentropy::owned(set.0, FRAME).map_err(unsendable)?;
        let message = side.initiate().map_err(unsendable)?;
        Ok((Self { side, held, differing: Differing::default() }, message))
    }

    /// Takes an answer. Gives the next message; `None` when everything was compared, and then [`differing`](Self::differing) is whole.
    ///
    /// # Errors
    /// [`Failure::Malformed`], and then the comparison has come to no end.
    pub fn hear(&mut self, answer: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        if answer.len() > bounds::RANGES_BYTES {
            return Err(MALFORMED);
        }
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let next = self.side.reconcile_with_ids(answer, &mut have, &mut need).map_err(|_| MALFORMED)?;
        let ids = |ids: Vec<Id>| ids.into_iter().map(|id| EnvelopeId(id.to_bytes()));
        self.differing.lacking_there.extend(ids(have));
        self.differing.lacking_here.extend(ids(need));
        Ok(next)
    }

    /// What differs, as far as it was found.
    #[must_use]
    pub fn differing(&self) -> &Differing {
        &self.differing
    }

    /// Whether what differs fits a set of so many on the other side. Where it does not, something went wrong on the way.
    #[must_use]
    pub fn fits(&self, count: u64) -> bool {
        let Differing { lacking_there, lacking_here } = &self.differing;
        (self.held + lacking_here.len() as u64).checked_sub(lacking_there.len() as u64) == Some(count)
    }
}
