//! Passes: how a steward lets a device in without asking anybody, within the terms that the roster gives them.

use minicbor::{Decode, Encode};

use super::entry::{MAX_LABEL, Membership, WrappedEpoch};
use super::grants::{Grant, check_grants, check_wards};
use crate::{
    DeviceKeys, DevicePublic, DeviceTag, PassId, Refused, ScopeTag, Signature, StudyTag, canonical,
    canonical::check_text, hash::digest,
};

/// Largest encoded pass, bytes.
pub const MAX_PASS: usize = 8 * 1024;
/// Most devices that one steward may let in.
pub(super) const MAX_DEVICES: u32 = 512;
const MAX_SCOPES: usize = 64;
const CONTEXT: &str = "nightjar v1 pass";

/// Within which terms a steward may let devices in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Terms {
    /// How many devices in all, those of earlier terms among them; 1 to 512.
    #[n(0)]
    pub devices: u32,
    /// Whether evaluators' devices, too; tablets always.
    #[n(1)]
    pub evaluators: bool,
    /// Codes of the wards they may be for; none means all.
    #[n(2)]
    pub wards: Vec<String>,
    /// The scopes whose keys they may be handed; in rising order, each once.
    #[n(3)]
    pub scopes: Vec<ScopeTag>,
    /// Until when, in seconds since 1970-01-01 UTC: no pass is good for longer.
    #[n(4)]
    pub until: u64,
}

/// What a steward says of a device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LetIn {
    /// Its public keys: the pass is of use to nobody else.
    #[n(0)]
    pub device: DevicePublic,
    /// What people call it, at most 120 bytes.
    #[n(1)]
    pub label: String,
    /// What it is.
    #[n(2)]
    pub membership: Membership,
    /// What it may do.
    #[n(3)]
    pub grants: Vec<Grant>,
    /// Epoch keys wrapped for it.
    #[n(4)]
    pub epochs: Vec<WrappedEpoch>,
}

/// A steward's signed word that lets one device in. It counts at once for everybody who can check it, and gets its place in the roster
/// later.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Pass {
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
    study: StudyTag,
    #[n(2)]
    steward: DeviceTag,
    #[n(3)]
    number: u32,
    #[n(4)]
    until: u64,
    #[n(5)]
    let_in: LetIn,
}

/// Why a pass does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The roster does not make its signer a steward.
    #[error("whoever signed it may let nobody in")]
    NoSteward,
    /// Its signer is a steward no more, and it was not entered before that.
    #[error("whoever signed it may let nobody in any more")]
    Ended,
    /// Its signer has let in as many devices as they may.
    #[error("its steward has let in as many devices as they may ({most})")]
    BeyondNumber {
        /// How many they may.
        most: u32,
    },
    /// It lets in an evaluator's device, and its signer may not.
    #[error("its steward may let in tablets only")]
    Evaluator,
    /// It is for wards that its signer may not let devices in for.
    #[error("its steward may not let devices in for this ward")]
    Ward,
    /// It hands out keys of a scope that its signer may not hand out.
    #[error("its steward may not hand out keys of this scope")]
    Scope,
    /// It would be good for longer than its signer is a steward.
    #[error("it would be good for longer than its steward may let devices in")]
    TooLong,
    /// It was not entered in time.
    #[error("it has expired; the steward gives a new one")]
    Expired,
}

impl Terms {
    pub(super) fn check(&self) -> Result<(), Refused> {
        if !(1..=MAX_DEVICES).contains(&self.devices) {
            let (have, most) = (self.devices as usize, MAX_DEVICES as usize);
            return Err(Refused::Oversize { what: "number of devices of a steward", have, most });
        }
        check_wards(&self.wards)?;
        if self.scopes.len() > MAX_SCOPES {
            let have = self.scopes.len();
            return Err(Refused::Oversize { what: "scopes of a steward", have, most: MAX_SCOPES });
        }
        match self.scopes.is_sorted_by(|a, b| a < b) {
            true => Ok(()),
            false => Err(Refused::Malformed {
                what: "terms of a steward",
                problem: "its scopes are not in order, each once",
            }),
        }
    }

    /// Whether a pass is within these terms, its number aside.
    ///
    /// # Errors
    /// What is beyond them.
    pub fn allow(&self, pass: &Pass) -> Result<(), Denied> {
        let let_in = pass.let_in();
        if let_in.membership == Membership::Evaluator && !self.evaluators {
            return Err(Denied::Evaluator);
        }
        // No grant names no ward: it would be one for all of them.
        let within = |grant: &Grant| {
            !grant.wards.is_empty() && grant.wards.iter().all(|ward| self.wards.contains(ward))
        };
        if !self.wards.is_empty() && !let_in.grants.iter().all(within) {
            return Err(Denied::Ward);
        }
        if !let_in.epochs.iter().all(|wrap| self.scopes.contains(&wrap.scope)) {
            return Err(Denied::Scope);
        }
        match pass.until() <= self.until {
            true => Ok(()),
            false => Err(Denied::TooLong),
        }
    }
}

impl Pass {
    /// Signs a pass. `number` counts a steward's devices from 1: where they let in more than they may, the lower numbers count. `until` is when it
    /// has to be entered by, in seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// What is beyond the bounds.
    pub fn sign(
        study: StudyTag,
        number: u32,
        until: u64,
        let_in: LetIn,
        keys: &DeviceKeys,
    ) -> Result<Self, Refused> {
        let body = Body { format: 0, study, steward: keys.tag(), number, until, let_in };
        let signature = keys.sign(CONTEXT, &canonical::encode(&body));
        let pass = Self { body, signature };
        pass.check()?;
        let have = pass.encode().len();
        match have > MAX_PASS {
            true => Err(Refused::Oversize { what: "pass", have, most: MAX_PASS }),
            false => Ok(pass),
        }
    }

    /// The pass as canonical CBOR, at most [`MAX_PASS`] bytes.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads a pass. Whether it counts is for [`Roster::take`](crate::Roster::take) to say.
    ///
    /// # Errors
    /// When the bytes are no pass, or beyond the bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        let pass: Self = canonical::decode("pass", bytes, MAX_PASS)?;
        pass.check()?;
        Ok(pass)
    }

    /// Names it.
    pub fn id(&self) -> PassId {
        PassId(digest("nightjar v1 pass id", &[&self.encode()]))
    }

    /// Of which study.
    pub fn study(&self) -> StudyTag {
        self.body.study
    }

    /// Whose it is.
    pub fn steward(&self) -> DeviceTag {
        self.body.steward
    }

    /// Which of the steward's devices this is.
    pub fn number(&self) -> u32 {
        self.body.number
    }

    /// When it has to be entered by, in seconds since 1970-01-01 UTC.
    pub fn until(&self) -> u64 {
        self.body.until
    }

    /// Whom it lets in.
    pub fn let_in(&self) -> &LetIn {
        &self.body.let_in
    }

    /// The device it lets in.
    pub fn device(&self) -> DeviceTag {
        self.body.let_in.device.tag()
    }

    pub(super) fn verify(&self, steward: &DevicePublic) -> Result<(), Refused> {
        steward.verify(CONTEXT, &canonical::encode(&self.body), &self.signature)
    }

    pub(crate) fn check(&self) -> Result<(), Refused> {
        let malformed = |problem| Err(Refused::Malformed { what: "pass", problem });
        if self.body.format != 0 {
            return Err(Refused::UnknownFormat { what: "pass", format: self.body.format.into() });
        }
        let let_in = self.let_in();
        check_text("label of a device", &let_in.label, MAX_LABEL)?;
        check_grants(&let_in.grants)?;
        let device = self.device();
        if let_in.epochs.iter().any(|wrap| wrap.device != device) {
            return malformed("an epoch key in it is for another device");
        }
        if self.body.number == 0 {
            return malformed("its number is nought");
        }
        match self.body.steward == device {
            true => malformed("its steward lets in themselves"),
            false => Ok(()),
        }
    }
}
