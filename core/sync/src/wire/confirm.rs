//! What devices answer when something is taken out: signed per device, published with a sync that took something out and with no other,
//! and asked for only by whoever wants to know.

use nightjar_seal::{DeviceKeys, DevicePublic, DeviceTag, ScopeTag, Signature};

use super::applied::Reach;
use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

const CONTEXT: &str = "nightjar v1 confirmation";

/// Signed by a device: "what the roster has taken out in its first so many entries, and what withdrawals in this scope up to these places
/// take out, I have taken out". Says nothing of chains in which it knows no withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    by: DeviceTag,
    scope: ScopeTag,
    roster: u64,
    vector: Vec<Reach>,
    signature: Signature,
}

impl Confirmation {
    /// Signs one. `roster`: how many entries of the roster it knows. Of a line named twice the smaller place counts.
    ///
    /// # Errors
    /// [`Failure::Unsendable`] for too many lines.
    pub fn sign(
        scope: ScopeTag,
        roster: u64,
        mut vector: Vec<Reach>,
        keys: &DeviceKeys,
    ) -> Result<Self, Failure> {
        vector.sort_unstable();
        vector.dedup_by_key(|reach| (reach.device, reach.line));
        if vector.len() > bounds::DEVICES {
            return Err(Failure::Unsendable("too many lines of devices in a confirmation"));
        }
        let mut signed = Self { by: keys.tag(), scope, roster, vector, signature: Signature([0; 64]) };
        signed.signature = keys.sign(CONTEXT, &signed.signed_bytes());
        Ok(signed)
    }

    /// Checks that `by` signed it.
    ///
    /// # Errors
    /// [`Failure::Forged`].
    pub fn verify(&self, by: &DevicePublic) -> Result<(), Failure> {
        let check = by.verify(CONTEXT, &self.signed_bytes(), &self.signature);
        check.map_err(|source| Failure::Forged { what: Self::NAME, source })
    }

    /// The device that says so.
    pub fn by(&self) -> DeviceTag {
        self.by
    }

    /// In which scope its places are.
    pub fn scope(&self) -> ScopeTag {
        self.scope
    }

    /// How many entries of the roster it went by.
    pub fn roster(&self) -> u64 {
        self.roster
    }

    /// How far it has obeyed each chain, in order of device tags and lines.
    pub fn vector(&self) -> &[Reach] {
        &self.vector
    }

    /// Whether it says more than another of the same device, or as much.
    pub fn covers(&self, other: &Self) -> bool {
        let reaches = |reach: &Reach| {
            let mine = self.vector.iter().find(|mine| (mine.device, mine.line) == (reach.device, reach.line));
            mine.is_some_and(|mine| mine.seq >= reach.seq)
        };
        self.roster >= other.roster && other.vector.iter().all(reaches)
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write_signed(out.array(4));
        out.into_bytes()
    }

    fn write_signed(&self, out: &mut Writer) {
        out.bytes(&self.by.0).bytes(&self.scope.0).number(self.roster).list(&self.vector);
    }
}

/// Asks what devices have confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedAsk {
    /// The last device of the answer before, when that was not the whole.
    pub after: Option<DeviceTag>,
}

/// What came of each device, in the order of their tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The devices.
    pub devices: Vec<Spoke>,
    /// Whether there are more.
    pub more: bool,
}

/// A device, as the hub last heard of it. The day is the hub's word; the confirmation proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoke {
    /// The device.
    pub device: DeviceTag,
    /// The last day on which it spoke to the hub, in days since 1970; 0 where the hub does not know.
    pub day: u64,
    /// What it has confirmed.
    pub confirmation: Option<Confirmation>,
}

impl Message for Confirmation {
    const NAME: &'static str = "confirmation";

    fn write(&self, out: &mut Writer) {
        self.write_signed(out.array(5));
        out.bytes(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(5)?;
        let (by, scope, roster) = (DeviceTag(input.fixed()?), ScopeTag(input.fixed()?), input.number()?);
        let vector: Vec<Reach> = input.list(bounds::DEVICES)?;
        if !vector.is_sorted_by(|a, b| (a.device, a.line) < (b.device, b.line)) {
            return Err(input.malformed("devices are not in order"));
        }
        Ok(Self { by, scope, roster, vector, signature: Signature(input.fixed()?) })
    }
}

impl Message for DeviceTag {
    const NAME: &'static str = "name of a device";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.fixed()?))
    }
}

impl Message for ConfirmedAsk {
    const NAME: &'static str = "question for confirmations";

    fn write(&self, out: &mut Writer) {
        out.array(1).optional(self.after.as_ref());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { after: input.optional()? })
    }
}

impl Message for Spoke {
    const NAME: &'static str = "a device and what it has confirmed";

    fn write(&self, out: &mut Writer) {
        out.array(3).bytes(&self.device.0).number(self.day).optional(self.confirmation.as_ref());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        let (device, day) = (DeviceTag(input.fixed()?), input.number()?);
        Ok(Self { device, day, confirmation: input.optional()? })
    }
}

impl Message for Confirmed {
    const NAME: &'static str = "confirmations";

    fn write(&self, out: &mut Writer) {
        out.array(2).list(&self.devices).flag(self.more);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let devices: Vec<Spoke> = input.list(bounds::DEVICES)?;
        if !devices.is_sorted_by(|a, b| a.device < b.device) {
            return Err(input.malformed("devices are not in order"));
        }
        Ok(Self { devices, more: input.flag()? })
    }
}
