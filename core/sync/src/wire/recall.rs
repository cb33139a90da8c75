//! Recalling records by name: what somebody with a receipt asks for who answered on another device, or whose device let go of it.

use nightjar_seal::{MAX_ENVELOPE, RecordTag};

use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

/// What goes up: names that nobody can guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// The records, at most [`bounds::RECORDS`].
    pub records: Vec<RecordTag>,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recalled {
    /// The envelopes of these records that the hub holds, oldest first: as they were pushed, what was erased as its stub.
    pub envelopes: Vec<Sealed>,
}

/// An encoded envelope or stub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Message for Sealed {
    const NAME: &'static str = "recalled envelope";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.bytes(MAX_ENVELOPE)?.to_vec()))
    }
}

impl Message for RecordTag {
    const NAME: &'static str = "name of a record";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for Recall {
    const NAME: &'static str = "recall";

    fn write(&self, out: &mut Writer) {
        out.array(1).list(&self.records);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { records: input.list(bounds::RECORDS)? })
    }
}

impl Message for Recalled {
    const NAME: &'static str = "recalled envelopes";

    fn write(&self, out: &mut Writer) {
        out.array(1).list(&self.envelopes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { envelopes: input.list(bounds::PUSH_LINKS)? })
    }
}
