//! Names of records, changes and actors. All are hashes of what makes them what they are.

use std::fmt;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads lower-case hexadecimal as printed by `Display`.
            pub fn from_hex(text: &str) -> Option<Self> {
                let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
                Some(Self(bytes.try_into().ok()?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

bytes_id!(
    /// The name of a record: the same on every device. 16 bytes.
    RecordId, 16
);
bytes_id!(
    /// The name of one change: SHA-256 of its plaintext, so it must never leave a sealed envelope. 32 bytes.
    ChangeHash, 32
);
bytes_id!(
    /// Who wrote one change: fresh for every change, so that a restored or copied device cannot lose one. 16 bytes.
    Actor, 16
);
bytes_id!(
    /// Whom a change came from, as the envelope's header says: a device tag. 16 bytes.
    Contributor, 16
);

/// The study's identity key: makes ids of things that exist once the same on every device of the study, and
/// unguessable outside it. 32 bytes. `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IdentityKey(pub [u8; 32]);

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(hidden)")
    }
}

/// What a response's id commits to. The first change carries it, so that everybody can check the id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// Public half of the receipt's withdrawal key, if a receipt was taken.
    pub withdrawal: Option<[u8; 32]>,
    /// Tag of the creating device.
    pub creator: [u8; 16],
    /// Fresh randomness.
    pub random: [u8; 16],
}

impl RecordId {
    /// `BLAKE3("record", withdrawal public key or 32 zero bytes, creator tag, 16 random bytes)[..16]`. The same bytes
    /// are the record's tag in the header of its envelopes, so this derivation is also nightjar-seal's.
    pub fn of_response(origin: &Origin) -> Self {
        let withdrawal = origin.withdrawal.unwrap_or([0; 32]);
        Self(digest("nightjar v1 record", &[&withdrawal, &origin.creator, &origin.random]))
    }

    /// Keyed BLAKE3 over kind and natural key, for things that exist once: offline twins get the same id,
    /// merge, and differ as a conflict. The natural key is what a person would call the thing by, for example
    /// `maple/2025-03-02` for a ward night.
    pub fn of_once(key: &IdentityKey, kind: &str, natural: &str) -> Self {
        let mut hash = blake3::Hasher::new_keyed(&key.0);
        hash.update(b"once");
        hash.update(&(kind.len() as u64).to_le_bytes());
        hash.update(kind.as_bytes());
        hash.update(natural.as_bytes());
        Self(first16(&hash.finalize()))
    }
}

impl Actor {
    /// `BLAKE3("actor", device key, record, 16 random bytes)[..16]`.
    pub fn fresh(device_key: &[u8], record: RecordId, random: [u8; 16]) -> Self {
        Self(digest("nightjar v1 actor", &[device_key, &record.0, &random]))
    }
}

fn digest(context: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    first16(&hash.finalize())
}

fn first16(hash: &blake3::Hash) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&hash.as_bytes()[..16]);
    out
}
