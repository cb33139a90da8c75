//! The hub's time, signed: at this time the roster of a study ended here. The only time in a study that one person alone cannot make up.

use std::fmt;

use ed25519_dalek::SigningKey;
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::{
    ClockPublic, Entropy, Refused, RosterHead, Signature, StudyTag, canonical,
    device::{sign, verify},
    entropy::random,
};

const CONTEXT: &str = "nightjar v1 time of the hub";
const MAX: usize = 256;

/// The Ed25519 key with which a hub signs its time. It opens nothing and lets nobody in.
pub struct ClockKeys(SigningKey);

impl ClockKeys {
    /// Makes a fresh key.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(SigningKey::from_bytes(&Zeroizing::new(random::<32>(entropy))))
    }

    /// Reads 32 bytes, as a hub stores them.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// The public half, which the roster names.
    pub fn public(&self) -> ClockPublic {
        ClockPublic(self.0.verifying_key().to_bytes())
    }

    /// Says that the roster of a study ended in `head` at a time, in seconds since 1970.
    pub fn stamp(&self, study: &StudyTag, head: &RosterHead, time: u64) -> Stamp {
        Stamp { time, signature: sign(&self.0, CONTEXT, &message(study, head, time)) }
    }
}

impl fmt::Debug for ClockKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockKeys")
    }
}

/// A time of the hub, for the roster as it was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Stamp {
    #[n(0)]
    time: u64,
    #[n(1)]
    signature: Signature,
}

impl Stamp {
    /// The time, in seconds since 1970.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// Checks that this hub signed it, for a roster of this study that ended in `head`.
    ///
    /// # Errors
    /// [`Refused::Altered`], [`Refused::WeakKey`].
    pub fn verify(&self, clock: &ClockPublic, study: &StudyTag, head: &RosterHead) -> Result<(), Refused> {
        verify(&clock.0, CONTEXT, &message(study, head, self.time), &self.signature).map_err(|refused| {
            match refused {
                Refused::Altered { .. } => Refused::Altered { what: "the hub's time" },
                other => other,
            }
        })
    }

    /// As canonical CBOR.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads it. Whose it is [`verify`](Self::verify) says.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        canonical::decode("the hub's time", bytes, MAX)
    }
}

fn message(study: &StudyTag, head: &RosterHead, time: u64) -> Vec<u8> {
    [&study.0[..], &head.0, &time.to_be_bytes()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_good_for_one_hub_one_study_and_one_end_of_the_roster() {
        let mut n = 0;
        let mut entropy = |bytes: &mut [u8]| {
            n += 1;
            bytes.fill(n);
        };
        let (hub, other) = (ClockKeys::generate(&mut entropy), ClockKeys::generate(&mut entropy));
        let (study, head) = (StudyTag([1; 16]), RosterHead([2; 32]));
        let stamp = hub.stamp(&study, &head, 1_700_000_000);
        assert_eq!(stamp.verify(&hub.public(), &study, &head), Ok(()));
        assert!(stamp.verify(&other.public(), &study, &head).is_err());
        assert!(stamp.verify(&hub.public(), &StudyTag([3; 16]), &head).is_err());
        assert!(stamp.verify(&hub.public(), &study, &RosterHead([3; 32])).is_err());
        let bytes = stamp.encode();
        assert_eq!(Stamp::decode(&bytes).unwrap(), stamp);
        for at in 0..bytes.len() {
            assert!(Stamp::decode(&bytes[..at]).is_err(), "cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let good =
                Stamp::decode(&changed).is_ok_and(|stamp| stamp.verify(&hub.public(), &study, &head).is_ok());
            assert!(!good, "byte {at}");
        }
    }
}
