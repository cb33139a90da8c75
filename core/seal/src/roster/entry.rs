//! One entry of the roster: what the steward decided, its place, and the root key's signature.

use minicbor::{Decode, Encode, bytes::ByteVec};

use super::erasure::{Consent, Erasure};
use super::grants::{Grant, check_grants};
use super::pass::{Pass, Terms};
use super::rule::{Rule, Seat};
use crate::{
    ClockPublic, DeviceKeys, DevicePublic, DeviceTag, DocumentHash, Entropy, EpochId, EpochKey, Line,
    LinkHash, RecoveryPublic, Refused, RootKeys, RootPublic, RosterHead, ScopeTag, Signature, StudyTag,
    canonical,
    canonical::check_text,
    device::verify,
    hash::digest,
    wrap::{from_public, to_public},
};

/// Largest encoded entry, bytes.
pub const MAX_ENTRY: usize = 64 * 1024;
pub(super) const MAX_LABEL: usize = 120;
const MAX_WRAPS: usize = 512;
const EPOCH: &[u8] = b"nightjar v1 epoch key wrap";
const CONTEXT: &str = "nightjar v1 roster entry";

/// An entry of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    #[n(0)]
    body: Body,
    #[n(1)]
    signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
struct Body {
    #[n(0)]
    format: u16,
    #[n(1)]
    seq: u64,
    #[n(2)]
    prev: RosterHead,
    #[n(3)]
    act: Act,
    /// What second stewards signed of it, in the order of their devices, each once; none where nobody did.
    #[n(4)]
    consents: Option<Vec<Consent>>,
}

/// What an entry does.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Act {
    /// Founds the study: names the key that signs every entry, and the study's document.
    #[n(0)]
    Found {
        /// The key that signs this and every later entry.
        #[n(0)]
        root: RootPublic,
        /// The study's document.
        #[n(1)]
        document: DocumentHash,
        /// What people call the study.
        #[n(2)]
        title: String,
        /// Keeps two studies apart that are founded alike.
        #[cbor(n(3), with = "minicbor::bytes")]
        salt: [u8; 16],
    },
    /// Lets a device in, and hands it the epoch keys it needs.
    #[n(1)]
    Admit {
        /// Its public keys.
        #[n(0)]
        device: DevicePublic,
        /// What people call it, at most 120 bytes.
        #[n(1)]
        label: String,
        /// What it is.
        #[n(2)]
        membership: Membership,
        /// What it may do.
        #[n(3)]
        grants: Vec<Grant>,
        /// Epoch keys wrapped for it.
        #[n(4)]
        epochs: Vec<WrappedEpoch>,
    },
    /// Names the offline recovery key.
    #[n(2)]
    Recovery {
        /// Its public half.
        #[n(0)]
        public: RecoveryPublic,
    },
    /// Begins a new epoch of a scope.
    #[n(3)]
    Epoch {
        /// The new key, wrapped for every member that stays.
        #[n(0)]
        wraps: Vec<WrappedEpoch>,
    },
    /// Puts a device out. What it sent after its last good place waits for a person.
    #[n(4)]
    Revoke {
        /// The device.
        #[n(0)]
        device: DeviceTag,
        /// Its good places per scope and line, in rising order, each once; the furthest of a line is the last.
        #[n(1)]
        last_good: Vec<LastGood>,
    },
    /// Lets what a device that was put out had sent beyond its last good place count after all, up to another place: a person has looked.
    #[n(6)]
    Accept {
        /// The device.
        #[n(0)]
        device: DeviceTag,
        /// Further good places per scope and line, in rising order, each once.
        #[n(1)]
        last_good: Vec<LastGood>,
    },
    /// Replaces the study's document by a newer version.
    #[n(5)]
    Document {
        /// The new document.
        #[n(0)]
        document: DocumentHash,
    },
    /// Makes a member a steward who lets devices in by passes, changes the terms, or ends it. What a steward let in stays where it was
    /// entered before the end; what was not is out.
    #[n(7)]
    Delegate {
        /// The steward's device.
        #[n(0)]
        steward: DeviceTag,
        /// Within which terms; `None` ends it.
        #[n(1)]
        terms: Option<Terms>,
    },
    /// Gives passes of stewards their place. From here on nothing else can be said of them; what expired before this time and was not
    /// entered is out.
    #[n(8)]
    Enter {
        /// The time by which passes are judged from here on: the hub's, or without a hub the founder's. Seconds since 1970-01-01 UTC.
        #[n(0)]
        at: u64,
        /// The passes.
        #[n(1)]
        passes: Vec<Pass>,
    },
    /// Takes records out for ever.
    #[n(16)]
    Erase {
        /// Which, and who said so beside the root key.
        #[n(0)]
        erasure: Erasure,
    },
    /// Names an evaluator device whose signature counts as a second steward's. Before the first tablet is let in, and not later.
    #[n(17)]
    Steward {
        /// The device.
        #[n(0)]
        device: DeviceTag,
        /// The seat that its steward holds, if it is a particular one.
        #[n(1)]
        seat: Option<Seat>,
    },
    /// Says what the founder may not do alone. Once, before the first tablet is let in, and of stewards who are named by then.
    #[n(19)]
    Rule {
        /// The rule.
        #[n(0)]
        rule: Rule,
    },
    /// Names the hub whose time counts. Before the first tablet is let in, and not later.
    #[n(18)]
    Clock {
        /// The key that signs it.
        #[n(0)]
        public: ClockPublic,
    },
}

/// How far a device that was put out is trusted on one of its lines in one scope: up to a place, and only on the chain that leads to
/// this hash there. Whoever has its keys can sign another chain with the same places. Several places of a line let a device judge that has
/// only the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct LastGood {
    /// The scope.
    #[n(0)]
    pub scope: ScopeTag,
    /// The line.
    #[n(1)]
    pub line: Line,
    /// The last good place.
    #[n(2)]
    pub place: u64,
    /// The hash of the link there.
    #[n(3)]
    pub hash: LinkHash,
}

/// What a device is in the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Membership {
    /// Collects; reads ward records only.
    #[n(0)]
    Tablet,
    /// Reads everything that is sealed to evaluators.
    #[n(1)]
    Evaluator,
}

/// An epoch key wrapped for one device (HPKE with its X25519 key).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WrappedEpoch {
    /// The scope whose members share the key.
    #[n(0)]
    pub scope: ScopeTag,
    /// The device it is for.
    #[n(1)]
    pub device: DeviceTag,
    /// The key's id, which commits to it.
    #[n(2)]
    pub key: EpochId,
    #[n(3)]
    sealed: ByteVec,
}

impl WrappedEpoch {
    /// Wraps an epoch key for a device.
    ///
    /// # Errors
    /// When the device's key is unusable.
    pub fn new(
        scope: ScopeTag,
        key: &EpochKey,
        device: &DevicePublic,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Refused> {
        let sealed =
            to_public(device.receiving(), EPOCH, &key.to_bytes()[..], &aad(&scope, &key.id()), entropy)?;
        Ok(Self { scope, device: device.tag(), key: key.id(), sealed: sealed.into() })
    }

    /// Unwraps it with the device's own keys.
    ///
    /// # Errors
    /// [`Refused::WrongDevice`]; [`Refused::Altered`]; [`Refused::WrongCommitment`].
    pub fn open(&self, keys: &DeviceKeys) -> Result<EpochKey, Refused> {
        if keys.tag() != self.device {
            return Err(Refused::WrongDevice { expected: self.device, found: keys.tag() });
        }
        let plain = from_public(keys.receiving(), EPOCH, &self.sealed, &aad(&self.scope, &self.key))?;
        let key = EpochKey::from_bytes(&plain)?;
        if key.id() == self.key { Ok(key) } else { Err(Refused::WrongCommitment) }
    }
}

fn aad(scope: &ScopeTag, key: &EpochId) -> Vec<u8> {
    [&scope.0[..], &key.0].concat()
}

impl Entry {
    /// Signs an entry for a place. Whether it fits the roster there is for [`Roster::push`](crate::Roster::push) to say;
    /// [`Roster::append`](crate::Roster::append) does both.
    ///
    /// # Errors
    /// When it is beyond the bounds.
    pub fn signed(seq: u64, prev: RosterHead, act: Act, root: &RootKeys) -> Result<Self, Refused> {
        Self::agreed(seq, prev, act, Vec::new(), root)
    }

    /// The same with what second stewards signed of it.
    ///
    /// # Errors
    /// When it is beyond the bounds.
    pub fn agreed(
        seq: u64,
        prev: RosterHead,
        act: Act,
        mut consents: Vec<Consent>,
        root: &RootKeys,
    ) -> Result<Self, Refused> {
        consents.sort_unstable();
        consents.dedup();
        let consents = (!consents.is_empty()).then_some(consents);
        let body = Body { format: 0, seq, prev, act, consents };
        let signature = root.sign(CONTEXT, &canonical::encode(&body));
        let entry = Self { body, signature };
        entry.check()?;
        let have = entry.encode().len();
        if have > MAX_ENTRY {
            return Err(Refused::Oversize { what: "roster entry", have, most: MAX_ENTRY });
        }
        Ok(entry)
    }

    /// The entry as canonical CBOR, at most [`MAX_ENTRY`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads an entry. Whether it fits the roster and who signed it is for [`Roster::push`](crate::Roster::push) to say.
    ///
    /// # Errors
    /// When the bytes are no entry, or beyond the bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let entry: Self = canonical::decode("roster entry", bytes, MAX_ENTRY)?;
        entry.check()?;
        Ok(entry)
    }

    /// Its place, 0 for the founding entry.
    pub fn seq(&self) -> u64 {
        self.body.seq
    }

    /// The hash of the entry before.
    pub fn prev(&self) -> RosterHead {
        self.body.prev
    }

    /// What it does.
    pub fn act(&self) -> &Act {
        &self.body.act
    }

    /// What second stewards signed of it.
    pub fn consents(&self) -> &[Consent] {
        self.body.consents.as_deref().unwrap_or_default()
    }

    /// Its hash: the roster's head after it.
    pub fn hash(&self) -> RosterHead {
        RosterHead(digest("nightjar v1 roster head", &[&self.encode()]))
    }

    /// The study that this entry founds.
    pub fn study(&self) -> StudyTag {
        StudyTag(digest("nightjar v1 study tag", &[&self.encode()]))
    }

    pub(crate) fn verify(&self, root: &RootPublic) -> Result<(), Refused> {
        verify(&root.0, CONTEXT, &canonical::encode(&self.body), &self.signature)
    }

    fn check(&self) -> Result<(), Refused> {
        if self.body.format != 0 {
            return Err(Refused::UnknownFormat { what: "roster entry", format: self.body.format.into() });
        }
        if let Some(consents) = &self.body.consents {
            if consents.is_empty() {
                return Err(Refused::Malformed { what: "roster entry", problem: "its consents are none" });
            }
            Consent::check_all(consents)?;
        }
        self.body.act.check()
    }
}

impl Act {
    pub(super) fn check(&self) -> Result<(), Refused> {
        match self {
            Act::Found { title, .. } => check_text("title of the study", title, MAX_LABEL),
            Act::Admit { label, grants, epochs, .. } => {
                check_text("label of a device", label, MAX_LABEL)?;
                check_grants(grants)?;
                bounded(epochs.len())
            }
            Act::Epoch { wraps } => bounded(wraps.len()),
            Act::Revoke { last_good, .. } | Act::Accept { last_good, .. } => {
                if !last_good.is_sorted_by(|a, b| (a.scope, a.line, a.place) < (b.scope, b.line, b.place)) {
                    let problem = "its scopes are not in order, each once";
                    return Err(Refused::Malformed { what: "roster entry", problem });
                }
                bounded(last_good.len())
            }
            Act::Delegate { terms, .. } => terms.iter().try_for_each(Terms::check),
            Act::Enter { passes, .. } => {
                bounded(passes.len())?;
                passes.iter().try_for_each(Pass::check)
            }
            Act::Erase { erasure } => erasure.check(),
            Act::Rule { rule } => rule.check(),
            Act::Recovery { .. } | Act::Document { .. } | Act::Steward { .. } | Act::Clock { .. } => Ok(()),
        }
    }
}

fn bounded(have: usize) -> Result<(), Refused> {
    match have > MAX_WRAPS {
        true => Err(Refused::Oversize { what: "parts of a roster entry", have, most: MAX_WRAPS }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_key_that_is_not_the_one_named_is_refused() {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(5);
        let device = DeviceKeys::generate(&mut entropy);
        let scope = ScopeTag([1; 16]);
        let (named, inside) =
            (EpochKey::from_bytes(&[1; 32]).unwrap(), EpochKey::from_bytes(&[2; 32]).unwrap());
        let bound = aad(&scope, &named.id());
        let sealed =
            to_public(device.public().receiving(), EPOCH, &inside.to_bytes()[..], &bound, &mut entropy);
        let sealed = sealed.unwrap().into();
        let wrap = WrappedEpoch { scope, device: device.tag(), key: named.id(), sealed };
        assert_eq!(wrap.open(&device), Err(Refused::WrongCommitment));
    }
}
