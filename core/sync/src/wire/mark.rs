//! A place in the hub's log of one scope, and how a client notices that the hub lost or rewrote it.

use nightjar_seal::{EnvelopeId, Safeguard};

use super::cbor::{Message, Reader, Writer};
use crate::Failure;

/// One life of a hub's database, drawn at random when it is created or restored from a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Incarnation(pub [u8; 16]);

/// A place in the log of one scope: which life of the log, how many envelopes, and the hash over the ids of all of them.
///
/// Clients keep the mark of their last pull and of their last acknowledged push. A hub that no longer holds the log up to
/// such a mark has lost or rewritten data, and the client says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The life of the log.
    pub incarnation: Incarnation,
    /// How many envelopes the log holds up to here; the first has sequence 1.
    pub sequence: u64,
    /// Hash over the ids of these envelopes, in order.
    pub hash: [u8; 32],
}

impl Mark {
    /// The place before the first envelope.
    pub fn start(incarnation: Incarnation) -> Self {
        Self { incarnation, sequence: 0, hash: [0; 32] }
    }

    /// The place after one more envelope.
    #[must_use]
    pub fn after(self, envelope: EnvelopeId) -> Self {
        let sequence = self.sequence + 1;
        if Safeguard::LogHash.is_off() {
            return Self { incarnation: self.incarnation, sequence, hash: [1; 32] };
        }
        let mut hasher = blake3::Hasher::new_derive_key("nightjar hub log 0");
        hasher.update(&self.hash).update(&sequence.to_be_bytes()).update(&envelope.0);
        Self { incarnation: self.incarnation, sequence, hash: hasher.finalize().into() }
    }
}

/// The first bytes of a hash, by which a device and an honest hub find out whether they speak of the same. Whoever wants to deceive
/// could say "unchanged" to a whole hash as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Begin(pub [u8; 8]);

impl Begin {
    /// The beginning of a hash of at least 8 bytes.
    pub fn of(hash: &[u8]) -> Self {
        Self(hash.first_chunk().copied().unwrap_or_default())
    }

    /// The beginning of the BLAKE3 hash of what lies one after the other; zeros for nothing.
    pub fn of_all<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut is_empty = true;
        for part in parts {
            is_empty = false;
            hasher.update(part);
        }
        if is_empty { Self::default() } else { Self::of(hasher.finalize().as_bytes()) }
    }
}

/// A mark of a life that both sides know, as a greeting shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Glimpse {
    /// How many envelopes the log holds up to here.
    pub sequence: u64,
    /// The beginning of the hash over their ids.
    pub hash: Begin,
}

impl From<Mark> for Glimpse {
    fn from(mark: Mark) -> Self {
        Self { sequence: mark.sequence, hash: Begin::of(&mark.hash) }
    }
}

impl Message for Begin {
    const NAME: &'static str = "beginning of a hash";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for Glimpse {
    const NAME: &'static str = "mark in a greeting";

    fn write(&self, out: &mut Writer) {
        out.array(2).number(self.sequence).bytes(&self.hash.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { sequence: input.number()?, hash: Begin(input.fixed()?) })
    }
}

impl Message for Incarnation {
    const NAME: &'static str = "incarnation";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for Mark {
    const NAME: &'static str = "mark";

    fn write(&self, out: &mut Writer) {
        out.array(3);
        self.incarnation.write(out);
        out.number(self.sequence).bytes(&self.hash);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        Ok(Self { incarnation: Incarnation::read(input)?, sequence: input.number()?, hash: input.fixed()? })
    }
}
