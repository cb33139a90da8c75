//! The parts of a bundle.

use nightjar_seal::{DeviceKeys, DevicePublic, DeviceTag, RosterHead, Signature, StudyTag};

use super::HEADER_BYTES;
use crate::wire::{Applied, Chunk, Confirmation, Entry, Message, Pass, Publication, Push, Reader, Writer};
use crate::{Failure, bounds};

const CONTEXT: &str = "nightjar v1 bundle header";

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Who made the bundle. The first part and no other.
    Header(Box<Header>),
    /// An entry of the roster. In order, before all chains.
    Entry(Entry),
    /// A stretch of a chain to a signed head, and sealed envelopes of it. The same stretch may come again with others of its
    /// envelopes; of those that are no longer held the bytes are left out.
    Chain(Push),
    /// The last part.
    End(End),
    /// A steward's pass that waits for its place in the roster. After the entries, before all chains.
    Pass(Pass),
    /// What an evaluator published. After the entries, before all chains.
    Publication(Publication),
    /// A chunk of an attachment. After all chains.
    Chunk(Chunk),
}

/// Who made a bundle and what that device holds, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    study: StudyTag,
    by: DeviceTag,
    roster: u64,
    roster_head: RosterHead,
    holds: Vec<Applied>,
    confirmed: Vec<Confirmation>,
    signature: Signature,
}

impl Header {
    /// Signs a header. `holds`: what this device has applied, a vector per scope; `confirmed`: what this and other devices say that they have
    /// taken out.
    pub fn sign(
        study: StudyTag,
        roster: u64,
        roster_head: RosterHead,
        holds: Vec<Applied>,
        confirmed: Vec<Confirmation>,
        keys: &DeviceKeys,
    ) -> Self {
        let signature = Signature([0; 64]);
        let mut header = Self { study, by: keys.tag(), roster, roster_head, holds, confirmed, signature };
        header.signature = keys.sign(CONTEXT, &header.signed_bytes());
        header
    }

    /// Checks that `by` signed it.
    ///
    /// # Errors
    /// [`Failure::Forged`].
    pub fn verify(&self, by: &DevicePublic) -> Result<(), Failure> {
        let check = by.verify(CONTEXT, &self.signed_bytes(), &self.signature);
        check.map_err(|source| Failure::Forged { what: "header of the bundle", source })
    }

    /// Of which study.
    pub fn study(&self) -> StudyTag {
        self.study
    }

    /// Which device made it.
    pub fn by(&self) -> DeviceTag {
        self.by
    }

    /// How many entries the roster has that its maker knows.
    pub fn roster(&self) -> u64 {
        self.roster
    }

    /// What its maker has applied, a vector per scope, each signed by itself.
    pub fn holds(&self) -> &[Applied] {
        &self.holds
    }

    /// What devices have confirmed, each signed by itself.
    pub fn confirmed(&self) -> &[Confirmation] {
        &self.confirmed
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write_signed(&mut out);
        out.into_bytes()
    }

    fn write_signed(&self, out: &mut Writer) {
        out.bytes(&self.study.0).bytes(&self.by.0).number(self.roster).bytes(&self.roster_head.0);
        out.list(&self.holds).list(&self.confirmed);
    }
}

/// What a whole bundle ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// How many parts came before.
    pub parts: u64,
    /// BLAKE3 over the bytes of all of them, without their lengths.
    pub hash: [u8; 32],
}

impl Message for Header {
    const NAME: &'static str = "header of a bundle";

    fn write(&self, out: &mut Writer) {
        out.array(7);
        self.write_signed(out);
        out.bytes(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        if input.left() > HEADER_BYTES {
            return Err(input.malformed("it is too large"));
        }
        input.array(7)?;
        Ok(Self {
            study: StudyTag(input.fixed()?),
            by: DeviceTag(input.fixed()?),
            roster: input.number()?,
            roster_head: RosterHead(input.fixed()?),
            holds: input.list(bounds::SCOPES)?,
            confirmed: input.list(bounds::DEVICES)?,
            signature: Signature(input.fixed()?),
        })
    }
}

impl Message for Part {
    const NAME: &'static str = "part of a bundle";

    fn write(&self, out: &mut Writer) {
        out.array(2);
        match self {
            Self::Header(header) => header.write(out.number(0)),
            Self::Entry(entry) => entry.write(out.number(1)),
            Self::Chain(chain) => chain.write(out.number(2)),
            Self::Pass(pass) => pass.write(out.number(4)),
            Self::Publication(publication) => publication.write(out.number(5)),
            Self::Chunk(chunk) => chunk.write(out.number(6)),
            Self::End(end) => {
                out.number(3).array(2).number(end.parts).bytes(&end.hash);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(match input.number()? {
            0 => Self::Header(Box::new(Header::read(input)?)),
            1 => Self::Entry(Entry::read(input)?),
            2 => Self::Chain(Push::read(input)?),
            3 => {
                input.array(2)?;
                Self::End(End { parts: input.number()?, hash: input.fixed()? })
            }
            4 => Self::Pass(Pass::read(input)?),
            5 => Self::Publication(Publication::read(input)?),
            6 => Self::Chunk(Chunk::read(input)?),
            _ => return Err(input.malformed("an unknown part")),
        })
    }
}
