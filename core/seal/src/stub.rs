//! What is left of an envelope that was erased: its header and the hash of its body, from which its id follows, so that chains still
//! add up and nobody can pass another one off as it.

use minicbor::{Decode, Encode};

use crate::envelope::header_of;
use crate::{Envelope, EnvelopeId, Header, Refused, canonical};

/// Marks the encoding: an envelope begins with its header.
const STUB: u8 = 0;
const MAX: usize = 1024;

/// An envelope without what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stub {
    header: Header,
    format: u16,
    header_bytes: Vec<u8>,
    body_hash: [u8; 32],
}

#[derive(Encode, Decode)]
struct Wire<'b> {
    #[n(0)]
    stub: u8,
    #[cbor(n(1), borrow, with = "minicbor::bytes")]
    header: &'b [u8],
    #[cbor(n(2), with = "minicbor::bytes")]
    body_hash: [u8; 32],
}

impl Stub {
    /// What is left of an envelope when it is erased.
    pub fn of(envelope: &Envelope) -> Self {
        Self {
            header: envelope.header().clone(),
            format: envelope.format(),
            header_bytes: envelope.header_bytes().to_vec(),
            body_hash: envelope.body_hash(),
        }
    }

    /// The id of the envelope that it was.
    pub fn id(&self) -> EnvelopeId {
        EnvelopeId::of(&self.header_bytes, &self.body_hash)
    }

    /// What stood in clear.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The number of its format.
    pub fn format(&self) -> u16 {
        self.format
    }

    /// As canonical CBOR, in a form that no envelope has.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(&Wire { stub: STUB, header: &self.header_bytes, body_hash: self.body_hash })
    }

    /// Reads a stub. Whether it is what is left of a certain envelope its [`id`](Self::id) says.
    ///
    /// # Errors
    /// [`Refused::Oversize`], [`Refused::Malformed`], [`Refused::Truncated`], [`Refused::NonCanonical`], [`Refused::UnknownFormat`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let what = "stub of an envelope";
        let wire: Wire<'_> = canonical::decode(what, bytes, MAX)?;
        if wire.stub != STUB {
            return Err(Refused::UnknownFormat { what, format: wire.stub.into() });
        }
        let (format, header) = header_of(wire.header)?;
        Ok(Self { header, format, header_bytes: wire.header.to_vec(), body_hash: wire.body_hash })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;
    use crate::{DeviceTag, RecordKey, RecordTag, RosterHead, ScopeTag, StudyTag, seal};

    #[test]
    fn a_stub_has_the_id_of_what_it_was_and_nothing_of_what_it_said() {
        let key = RecordKey::from_bytes(&[3; 32]).unwrap();
        let (study, scope, head) = (StudyTag([1; 16]), ScopeTag([2; 16]), RosterHead([0; 32]));
        let header = Header::change(study, scope, RecordTag([4; 16]), DeviceTag([5; 16]), head, &key);
        let envelope = seal(header, &[7; 3000], &key, &mut |bytes: &mut [u8]| bytes.fill(9)).unwrap();
        let stub = Stub::of(&envelope);
        let bytes = stub.encode();
        assert_eq!((stub.id(), stub.header()), (envelope.id(), envelope.header()));
        assert_eq!(Stub::decode(&bytes).unwrap(), stub);
        assert!(Envelope::decode(&bytes).is_err(), "it passes for no envelope");
        assert!(Stub::decode(&envelope.encode()).is_err(), "nor an envelope for a stub");
        for at in 0..bytes.len() {
            assert!(Stub::decode(&bytes[..at]).is_err(), "cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Stub::decode(&changed).map_or(true, |read| read.id() != stub.id()), "byte {at}");
        }
    }
}
