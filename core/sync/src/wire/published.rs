//! Publications on their way to a hub and from it. They prove themselves, whoever carries them.

use nightjar_seal::PublicationId;

use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

/// One encoded publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication(pub Vec<u8>);

/// Asks for publications by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedAsk {
    /// Their names.
    pub publications: Vec<PublicationId>,
}

/// Those of them that the hub holds, as many as fit one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// In the order in which they were asked for.
    pub publications: Vec<Publication>,
}

impl Message for PublicationId {
    const NAME: &'static str = "name of a publication";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for Publication {
    const NAME: &'static str = "publication";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.bytes(bounds::PUBLICATION_BYTES)?.to_vec()))
    }
}

impl Message for PublishedAsk {
    const NAME: &'static str = "question for publications";

    fn write(&self, out: &mut Writer) {
        out.array(1).list(&self.publications);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { publications: input.list(bounds::PUBLICATIONS_ASKED)? })
    }
}

impl Message for Published {
    const NAME: &'static str = "publications";

    fn write(&self, out: &mut Writer) {
        out.array(1).list(&self.publications);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { publications: input.list(bounds::PUBLICATIONS_ASKED)? })
    }
}
