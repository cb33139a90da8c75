//! Bundles: what devices send each other without a hub, as a file on a stick.
//!
//! A bundle is [`MAGIC`], then frames: a length (u32, big endian) and so many bytes of one [`Part`]. First a [`Header`] that says who
//! made it and what that device holds; then roster entries, and passes that wait for their place among them; then what evaluators published; then stretches of chains with sealed envelopes, as they go to a hub; then chunks of
//! attachments; last an [`End`] from which a file that was cut short is told. Every part proves itself by the signatures inside, so it does
//! not matter who hands a bundle over, how often, or in which order two of them come: what is known already is harmless.
//!
//! [`Unpacking`] takes the frames of somebody else's bundle one by one and says what to keep, as
//! [`Exchange`](crate::Exchange) does for answers of a hub. It needs no more memory than one frame.
//!
//! What a bundle shows to whoever finds the stick is what a hub sees: study and device tags, how many envelopes of which size.

mod part;
mod unpacking;

pub use part::{End, Header, Part};
pub use unpacking::{Summary, Unpacking};

use std::collections::BTreeMap;

use nightjar_seal::{DeviceTag, Line, ScopeTag, Strand};

use crate::wire::{Applied, Message};
use crate::{Failure, bounds};

/// What every bundle begins with: a file of another kind is told at once, and so is a later format.
pub const MAGIC: [u8; 8] = *b"NJBUNDL0";

/// Largest header, in bytes (64 KiB): about 1,100 lines of devices.
pub const HEADER_BYTES: usize = 64 << 10;

/// Largest part, in bytes: a stretch of a chain with at most [`BODY_BYTES`] of envelopes, and nothing larger.
pub const PART_BYTES: usize = bounds::REPLY_BYTES;

/// Most bytes of encoded envelopes in one part.
pub const BODY_BYTES: usize = bounds::PUSH_BYTES;

/// Writes the frames of a bundle: each call gives bytes to append to the file.
pub struct Packing(Counted);

impl Packing {
    /// Begins a bundle. The first bytes of the file.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] when the header exceeds [`HEADER_BYTES`].
    pub fn begin(header: Header) -> Result<(Self, Vec<u8>), Failure> {
        let mut packing = Self(Counted::default());
        let mut bytes = MAGIC.to_vec();
        let frame = packing.add(&Part::Header(Box::new(header)))?;
        if frame.len() > 4 + HEADER_BYTES {
            return Err(Failure::Unsendable("the header of a bundle would name too many devices"));
        }
        bytes.extend(frame);
        Ok((packing, bytes))
    }

    /// One more part.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] when it exceeds [`PART_BYTES`].
    pub fn add(&mut self, part: &Part) -> Result<Vec<u8>, Failure> {
        let body = part.encode();
        if body.len() > PART_BYTES {
            return Err(Failure::Unsendable("a part of a bundle is too large"));
        }
        self.0.add(&body);
        Ok(frame(&body))
    }

    /// The last bytes of the file.
    pub fn end(self) -> Vec<u8> {
        frame(&Part::End(self.0.end()).encode())
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    // Checked against PART_BYTES before, far below four bytes.
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

/// Tells by its frames whether a bundle is whole, without looking at what they say.
#[derive(Default)]
pub struct Ending(Counted);

impl Ending {
    /// The next part and the bytes it was read from; whether it is the right end.
    pub fn take(&mut self, part: &Part, frame: &[u8]) -> bool {
        match part {
            Part::End(end) => self.0.is_end(end),
            _ => {
                self.0.add(frame);
                false
            }
        }
    }
}

/// Number and hash of the parts so far.
#[derive(Clone)]
pub(crate) struct Counted {
    parts: u64,
    hash: blake3::Hasher,
}

impl Default for Counted {
    fn default() -> Self {
        Self { parts: 0, hash: blake3::Hasher::new_derive_key("nightjar v1 bundle end") }
    }
}

impl Counted {
    fn add(&mut self, body: &[u8]) {
        self.parts += 1;
        self.hash.update(body);
    }

    fn end(&self) -> End {
        End { parts: self.parts, hash: self.hash.finalize().into() }
    }

    fn is_end(&self, end: &End) -> bool {
        self.end() == *end
    }
}

/// How much of each chain somebody says they hold, from the header of their bundle: what need not be sent to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds(BTreeMap<(ScopeTag, DeviceTag, Line), u64>);

impl Holds {
    /// What a header says.
    pub fn of(header: &Header) -> Self {
        let reaches = |applied: &Applied| {
            let scope = applied.scope();
            applied
                .vector()
                .iter()
                .map(move |reach| ((scope, reach.device, reach.line), reach.seq))
                .collect::<Vec<_>>()
        };
        Self(header.holds().iter().flat_map(reaches).collect())
    }

    /// Up to which place of a chain they hold everything; 0 where they say nothing of it.
    pub fn through(&self, strand: &Strand, scope: &ScopeTag) -> u64 {
        self.0.get(&(*scope, strand.device, strand.line)).copied().unwrap_or(0)
    }
}
