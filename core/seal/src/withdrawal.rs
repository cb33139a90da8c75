//! Withdrawal: a response is taken out by whoever holds the receipt that its id commits to. A marker without content.

use minicbor::{Decode, Encode};

use crate::{
    DeviceTag, Envelope, Header, Origin, Receipt, RecordTag, Refused, RosterHead, ScopeTag, Signature,
    StudyTag, canonical,
};

const MAX: usize = 512;

/// Says for ever that a response is withdrawn. Carries what the id is made of, so that anybody can check it, and nothing of
/// what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Withdrawal {
    #[n(0)]
    study: StudyTag,
    #[n(1)]
    origin: Origin,
    #[n(2)]
    signature: Signature,
}

impl Withdrawal {
    /// Withdraws a response.
    ///
    /// # Errors
    /// [`Refused::Altered`] when the response does not commit to this receipt.
    pub fn new(receipt: &Receipt, study: StudyTag, origin: Origin) -> Result<Self, Refused> {
        let signature = receipt.sign_withdrawal(&message(&study, &origin.record()));
        let withdrawal = Self { study, origin, signature };
        withdrawal.verify()?;
        Ok(withdrawal)
    }

    /// The study it is about.
    pub fn study(&self) -> StudyTag {
        self.study
    }

    /// The record it withdraws.
    pub fn record(&self) -> RecordTag {
        self.origin.record()
    }

    /// As canonical CBOR.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads a marker and checks it: the signature is by the key that the record's id commits to.
    ///
    /// # Errors
    /// [`Refused::Oversize`], [`Refused::Malformed`], [`Refused::Altered`], [`Refused::WeakKey`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let withdrawal: Self = canonical::decode("withdrawal", bytes, MAX)?;
        withdrawal.verify()?;
        Ok(withdrawal)
    }

    /// The envelope that carries it to whoever has the response. Any device may: what counts is the signature in it.
    ///
    /// # Errors
    /// None for a header of this record.
    pub fn envelope(
        &self,
        scope: ScopeTag,
        device: DeviceTag,
        roster_head: RosterHead,
    ) -> Result<Envelope, Refused> {
        let header = Header::withdrawal(self.study, scope, self.record(), device, roster_head);
        Envelope::sealed(header, |_| Ok(self.encode()))
    }

    /// The marker that an envelope carries, checked as [`Withdrawal::decode`] does and against the header.
    ///
    /// # Errors
    /// [`Refused::WrongKind`]; [`Refused::Altered`] when it is about another record or study; what [`Withdrawal::decode`] says.
    pub fn of(envelope: &Envelope) -> Result<Self, Refused> {
        let withdrawal = Self::decode(envelope.marker().ok_or(Refused::WrongKind)?)?;
        let header = envelope.header();
        match withdrawal.record() == header.record && withdrawal.study == header.study {
            true => Ok(withdrawal),
            false => Err(Refused::Altered { what: "a withdrawal" }),
        }
    }

    fn verify(&self) -> Result<(), Refused> {
        let key = self.origin.withdrawal.ok_or(Refused::Altered { what: "a withdrawal" })?;
        key.verify(&message(&self.study, &self.record()), &self.signature)
    }
}

fn message(study: &StudyTag, record: &RecordTag) -> Vec<u8> {
    [study.0.as_slice(), record.0.as_slice()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;
    use crate::DeviceTag;

    #[test]
    fn only_the_receipt_a_response_commits_to_withdraws_it() {
        let mut n = 0;
        let mut entropy = |bytes: &mut [u8]| {
            n += 1;
            bytes.fill(n);
        };
        let (mine, other) = (Receipt::generate(&mut entropy), Receipt::generate(&mut entropy));
        let origin = Origin::new(DeviceTag([1; 16]), Some(mine.withdrawal()), &mut entropy);
        let study = StudyTag([5; 16]);
        assert!(Withdrawal::new(&other, study, origin.clone()).is_err());
        let marker = Withdrawal::new(&mine, study, origin.clone()).unwrap();
        let bytes = marker.encode();
        assert_eq!(Withdrawal::decode(&bytes).unwrap(), marker);
        assert_eq!(marker.record(), origin.record());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Withdrawal::decode(&changed).is_err(), "byte {at}");
            assert!(Withdrawal::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
        let (scope, device, head) = (ScopeTag([2; 16]), DeviceTag([7; 16]), RosterHead([0; 32]));
        let carried = marker.envelope(scope, device, head).unwrap();
        let read = Envelope::decode(&carried.encode()).unwrap();
        assert_eq!(Withdrawal::of(&read).unwrap(), marker, "any device carries it");
        let mut other = Header::withdrawal(study, scope, RecordTag([9; 16]), device, head);
        let moved = |header: &Header| Envelope::sealed(header.clone(), |_| Ok(bytes.clone())).unwrap();
        assert!(Withdrawal::of(&moved(&other)).is_err(), "about another record");
        (other.record, other.study) = (origin.record(), StudyTag([6; 16]));
        assert!(Withdrawal::of(&moved(&other)).is_err(), "of another study");
        let without = Origin::new(DeviceTag([1; 16]), None, &mut entropy);
        assert!(Withdrawal::new(&mine, study, without).is_err());
    }
}
