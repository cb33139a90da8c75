//! What an evaluator device says it has applied. A tablet keeps its sealed bytes until it has seen this.

use nightjar_seal::{DeviceKeys, DevicePublic, DeviceTag, Line, ScopeTag, Signature};

use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

const CONTEXT: &str = "nightjar v1 applied vector";

/// How far one device's chain was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reach {
    /// Whose chain.
    pub device: DeviceTag,
    /// Which line of the device.
    pub line: Line,
    /// Every envelope up to this place was received and applied, or set aside as bytes; none is missing.
    pub seq: u64,
}

/// Signed by an evaluator device: "in this scope I have applied, of each of these devices, everything up to here".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    by: DeviceTag,
    scope: ScopeTag,
    vector: Vec<Reach>,
    signature: Signature,
}

impl Applied {
    /// Signs a vector. Of a line named twice the smaller place counts.
    pub fn sign(scope: ScopeTag, mut vector: Vec<Reach>, keys: &DeviceKeys) -> Result<Self, Failure> {
        vector.sort_unstable();
        vector.dedup_by_key(|reach| (reach.device, reach.line));
        if vector.len() > bounds::DEVICES {
            return Err(Failure::Unsendable("too many lines of devices in an applied vector"));
        }
        let mut applied = Self { by: keys.tag(), scope, vector, signature: Signature([0; 64]) };
        applied.signature = keys.sign(CONTEXT, &applied.signed_bytes());
        Ok(applied)
    }

    /// Checks that `by` signed it.
    pub fn verify(&self, by: &DevicePublic) -> Result<(), Failure> {
        let check = by.verify(CONTEXT, &self.signed_bytes(), &self.signature);
        check.map_err(|source| Failure::Forged { what: "applied vector", source })
    }

    /// The device that says so.
    pub fn by(&self) -> DeviceTag {
        self.by
    }

    /// In which scope.
    pub fn scope(&self) -> ScopeTag {
        self.scope
    }

    /// The vector, in order of device tags and lines.
    pub fn vector(&self) -> &[Reach] {
        &self.vector
    }

    fn write_vector(&self, out: &mut Writer) {
        out.bytes(&self.by.0).bytes(&self.scope.0).list(&self.vector);
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        self.write_vector(out.array(3));
        out.into_bytes()
    }
}

impl Message for Reach {
    const NAME: &'static str = "place in a chain";

    fn write(&self, out: &mut Writer) {
        out.array(3).bytes(&self.device.0).bytes(&self.line.0).number(self.seq);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        Ok(Self { device: DeviceTag(input.fixed()?), line: Line(input.fixed()?), seq: input.number()? })
    }
}

impl Message for Applied {
    const NAME: &'static str = "applied vector";

    fn write(&self, out: &mut Writer) {
        out.array(4);
        self.write_vector(out);
        out.bytes(&self.signature.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(4)?;
        let (by, scope) = (DeviceTag(input.fixed()?), ScopeTag(input.fixed()?));
        let vector: Vec<Reach> = input.list(bounds::DEVICES)?;
        if !vector.is_sorted_by(|a, b| (a.device, a.line) < (b.device, b.line)) {
            return Err(input.malformed("devices are not in order"));
        }
        Ok(Self { by, scope, vector, signature: Signature(input.fixed()?) })
    }
}
