//! Symmetric keys of records and epochs, and the offline recovery key.

use std::fmt;

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Entropy, EpochId, KeyId, RecoveryPublic, Refused, entropy::random, hash::digest};

macro_rules! symmetric {
    ($(#[$doc:meta])* $name:ident, $id:ident, $what:literal, $commitment:literal) => {
        $(#[$doc])*
        #[derive(Clone, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Makes a fresh key.
            pub fn generate(entropy: &mut dyn Entropy) -> Self {
                Self(random(entropy))
            }

            /// The key for storing in the encrypted vault.
            pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
                Zeroizing::new(self.0)
            }

            /// Reads what [`to_bytes`](Self::to_bytes) wrote.
            pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
                let wrong = Refused::WrongLength { what: $what, have: bytes.len(), want: 32 };
                Ok(Self(bytes.try_into().map_err(|_| wrong)?))
            }

            /// Names the key: its commitment, truncated.
            pub fn id(&self) -> $id {
                let mut id = [0; 16];
                id.copy_from_slice(&self.commitment()[..16]);
                $id(id)
            }

            /// Binds to this key and says nothing about it; no two keys share one.
            pub fn commitment(&self) -> [u8; 32] {
                digest($commitment, &[&self.0])
            }

            pub(crate) fn derive(&self, context: &str) -> Zeroizing<[u8; 32]> {
                Zeroizing::new(digest(context, &[&self.0]))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.commitment() == other.commitment()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "(id {})"), self.id())
            }
        }
    };
}

symmetric!(
    /// Seals what one creator writes to one record. Erasing every copy of it erases what it sealed.
    RecordKey,
    KeyId,
    "record key",
    "nightjar v1 record key commitment"
);
symmetric!(
    /// Shared by the devices of a scope from one roster entry to the next, so that ward staff can read back.
    EpochKey,
    EpochId,
    "epoch key",
    "nightjar v1 epoch key commitment"
);

/// The offline recovery key (X25519): reads what nobody else can any more. Made once, kept on paper.
pub struct RecoveryKeys(StaticSecret);

impl RecoveryKeys {
    /// Makes a fresh key.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(StaticSecret::from(*Zeroizing::new(random::<32>(entropy))))
    }

    /// The key for keeping, 32 bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.as_bytes().to_vec())
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(Refused::WrongLength { what: "recovery key", have: bytes.len(), want: key.len() });
        }
        key.copy_from_slice(bytes);
        Ok(Self(StaticSecret::from(*key)))
    }

    /// The public half, which the roster names.
    pub fn public(&self) -> RecoveryPublic {
        RecoveryPublic(PublicKey::from(&self.0).to_bytes())
    }

    pub(crate) fn secret(&self) -> &StaticSecret {
        &self.0
    }
}

impl fmt::Debug for RecoveryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKeys")
    }
}
