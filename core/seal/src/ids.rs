//! Identifiers: fixed-size byte strings that name studies, scopes, records, devices, keys, envelopes and chains.

use std::{fmt, str::FromStr};

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::{Refused, hash::digest};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Reads the bytes; refused unless there are exactly [`Self::LEN`] of them.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, Refused> {
                bytes.try_into().map(Self).map_err(|_| Refused::WrongLength {
                    what: stringify!($name),
                    have: bytes.len(),
                    want: $len,
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = Refused;

            fn from_str(text: &str) -> Result<Self, Refused> {
                if text.len() != 2 * $len {
                    return Err(Refused::WrongLength {
                        what: stringify!($name),
                        have: text.len() / 2,
                        want: $len,
                    });
                }
                let bytes = HEXLOWER_PERMISSIVE
                    .decode(text.as_bytes())
                    .map_err(|_| Refused::Malformed { what: stringify!($name), problem: "not hexadecimal" })?;
                Self::from_slice(&bytes)
            }
        }

        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                let bytes = d.bytes()?;
                bytes.try_into().map(Self).map_err(|_| {
                    minicbor::decode::Error::message(concat!("wrong length of ", stringify!($name))).at(at)
                })
            }
        }
    };
}

id!(
    /// Names a dictionary by its content.
    DictionaryId,
    16
);
id!(
    /// Names a study: truncated hash of the roster's founding entry, so it commits to the root key.
    StudyTag,
    16
);
id!(
    /// Names a scope: the part of a study that shares one log at the hub. Made with [`ScopeTag::of`].
    ScopeTag,
    16
);
id!(
    /// Names a record without saying which. See [`Origin`](crate::Origin) and [`RecordTag::of`].
    RecordTag,
    16
);
id!(
    /// Names a device: truncated hash of its two public keys.
    DeviceTag,
    16
);
id!(
    /// Names a pass by its content.
    PassId,
    16
);
id!(
    /// Names one line of a device: what one file of its vault has sent. A copied or restored vault begins another, so that two
    /// that go on as the same device are two chains and not a fork.
    Line,
    8
);
id!(
    /// Names a record key: truncated commitment to it.
    KeyId,
    16
);
id!(
    /// Names an epoch key: truncated commitment to it.
    EpochId,
    16
);
id!(
    /// Names an envelope: `BLAKE3(header ‖ BLAKE3(body))`.
    EnvelopeId,
    32
);
id!(
    /// Names a chunk of an attachment by its sealed bytes.
    ChunkName,
    32
);
id!(
    /// Hash of one link of a device's chain.
    LinkHash,
    32
);
id!(
    /// Hash of a roster entry; the last one is the roster's head.
    RosterHead,
    32
);
id!(
    /// Names a publication by its content.
    PublicationId,
    32
);
id!(
    /// Hash of a study document, as the roster names it.
    DocumentHash,
    32
);
id!(
    /// An Ed25519 signature.
    Signature,
    64
);
id!(
    /// Ed25519 public key that founded a study's roster.
    RootPublic,
    32
);
id!(
    /// Ed25519 public key with which a hub signs its time.
    ClockPublic,
    32
);
id!(
    /// X25519 public key of the offline recovery key.
    RecoveryPublic,
    32
);
id!(
    /// Ed25519 public key whose holder may change a response or take it out.
    WithdrawalPublic,
    32
);
id!(
    /// X25519 public key whose holder may read a response back.
    ReadingPublic,
    32
);

/// Whose chain: a device and one line of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Strand {
    /// The device.
    pub device: DeviceTag,
    /// Which of its lines.
    pub line: Line,
}

impl LinkHash {
    /// Stands before the first link of a chain.
    pub const START: LinkHash = LinkHash([0; 32]);
}

impl RosterHead {
    /// Stands before the founding entry.
    pub const START: RosterHead = RosterHead([0; 32]);
}

impl ScopeTag {
    /// The tag of the scope called `name` in `study`.
    pub fn of(study: &StudyTag, name: &str) -> Self {
        Self(digest("nightjar v1 scope tag", &[&study.0, name.as_bytes()]))
    }
}

impl RecordTag {
    /// The tag of the record with this id, keyed so that the hub cannot guess natural keys.
    pub fn of(study_identity: &[u8; 32], record: &[u8]) -> Self {
        let key: [u8; 32] = digest("nightjar v1 record tag", &[study_identity]);
        let mut tag = [0; 16];
        tag.copy_from_slice(&blake3::keyed_hash(&key, record).as_bytes()[..16]);
        Self(tag)
    }
}

impl EnvelopeId {
    /// The id of the envelope with these header bytes and this hash of its body. An erased envelope keeps both,
    /// so that chains still hold.
    pub fn of(header: &[u8], body_hash: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(header).update(body_hash);
        Self(*hasher.finalize().as_bytes())
    }
}
