//! Chains: the place of each envelope among all that one line of a device has sent in a scope, and the signature over it.

use minicbor::{Decode, Encode};

use crate::{
    DeviceKeys, DevicePublic, DeviceTag, EnvelopeId, Line, LinkHash, Refused, ScopeTag, Signature, Strand,
    hash::digest,
};

const HEAD: &str = "nightjar v1 chain head";

/// One envelope's place in the chain of its device and scope. Places count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Link {
    /// Whose chain.
    #[n(0)]
    pub device: DeviceTag,
    /// In which scope.
    #[n(1)]
    pub scope: ScopeTag,
    /// The place, from 1.
    #[n(2)]
    pub seq: u64,
    /// Hash of the link before; [`LinkHash::START`] before the first.
    #[n(3)]
    pub prev: LinkHash,
    /// The envelope.
    #[n(4)]
    pub envelope: EnvelopeId,
    /// Which line of the device.
    #[n(5)]
    pub line: Line,
}

impl Link {
    /// Whose chain it is of.
    pub fn strand(&self) -> Strand {
        Strand { device: self.device, line: self.line }
    }

    /// The hash that the next link names.
    pub fn hash(&self) -> LinkHash {
        LinkHash(digest(
            "nightjar v1 chain link",
            &[
                &self.device.0,
                &self.line.0,
                &self.scope.0,
                &self.seq.to_le_bytes(),
                &self.prev.0,
                &self.envelope.0,
            ],
        ))
    }
}

/// The end of a chain as a writer or reader knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Chain {
    /// Whose chain.
    #[n(0)]
    pub device: DeviceTag,
    /// In which scope.
    #[n(1)]
    pub scope: ScopeTag,
    /// Place of the last link; 0 for an empty chain.
    #[n(2)]
    pub seq: u64,
    /// Hash of the last link.
    #[n(3)]
    pub hash: LinkHash,
    /// Which line of the device.
    #[n(4)]
    pub line: Line,
}

impl Chain {
    /// Whose chain it is of.
    pub fn strand(&self) -> Strand {
        Strand { device: self.device, line: self.line }
    }

    /// An empty chain.
    pub fn new(strand: Strand, scope: ScopeTag) -> Self {
        let Strand { device, line } = strand;
        Self { device, line, scope, seq: 0, hash: LinkHash::START }
    }

    /// Puts an envelope at the end and gives its link.
    pub fn next(&mut self, envelope: EnvelopeId) -> Link {
        let link = Link {
            device: self.device,
            line: self.line,
            scope: self.scope,
            seq: self.seq + 1,
            prev: self.hash,
            envelope,
        };
        self.seq = link.seq;
        self.hash = link.hash();
        link
    }

    /// Signs the end as it is now.
    ///
    /// # Errors
    /// [`Refused::WrongDevice`] with another device's keys.
    pub fn sign(&self, keys: &DeviceKeys) -> Result<SignedHead, Refused> {
        if keys.tag() != self.device {
            return Err(Refused::WrongDevice { expected: self.device, found: keys.tag() });
        }
        let signature = keys.sign(HEAD, &head_bytes(self.strand(), self.scope, self.seq, &self.hash));
        let Self { device, line, scope, seq, hash } = *self;
        Ok(SignedHead { device, line, scope, seq, hash, signature })
    }

    /// Follows links from this end to a signed head, and moves there. Nothing moves when it is refused.
    ///
    /// # Errors
    /// [`Refused::Gap`], [`Refused::Fork`], [`Refused::WrongDevice`], [`Refused::WrongLine`], [`Refused::WrongScope`], [`Refused::WrongHead`], or
    /// that the signature is not the device's.
    pub fn follow(
        &mut self,
        links: &[Link],
        head: &SignedHead,
        device: &DevicePublic,
    ) -> Result<(), Refused> {
        head.verify(device)?;
        let mut end = *self;
        for link in links {
            if link.device != end.device {
                return Err(Refused::WrongDevice { expected: end.device, found: link.device });
            }
            if link.line != end.line {
                return Err(Refused::WrongLine { device: end.device });
            }
            if link.scope != end.scope {
                return Err(Refused::WrongScope { expected: end.scope, found: link.scope });
            }
            let expected = end.seq.saturating_add(1);
            if link.seq != expected {
                return Err(Refused::Gap { device: end.device, expected, found: link.seq });
            }
            if link.prev != end.hash {
                return Err(Refused::Fork { device: end.device, seq: link.seq });
            }
            end.seq = link.seq;
            end.hash = link.hash();
        }
        if (head.strand(), head.scope, head.seq, head.hash) != (end.strand(), end.scope, end.seq, end.hash) {
            return Err(Refused::WrongHead { device: end.device, seq: head.seq });
        }
        *self = end;
        Ok(())
    }
}

/// What a device signs once per batch: the end of its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct SignedHead {
    /// Whose chain.
    #[n(0)]
    pub device: DeviceTag,
    /// In which scope.
    #[n(1)]
    pub scope: ScopeTag,
    /// Place of the last link.
    #[n(2)]
    pub seq: u64,
    /// Hash of the last link.
    #[n(3)]
    pub hash: LinkHash,
    /// The device's signature over all of this.
    #[n(4)]
    pub signature: Signature,
    /// Which line of the device.
    #[n(5)]
    pub line: Line,
}

impl SignedHead {
    /// Whose chain it is of.
    pub fn strand(&self) -> Strand {
        Strand { device: self.device, line: self.line }
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`Refused::WrongDevice`], or that the signature does not fit.
    pub fn verify(&self, device: &DevicePublic) -> Result<(), Refused> {
        if device.tag() != self.device {
            return Err(Refused::WrongDevice { expected: self.device, found: device.tag() });
        }
        device.verify(HEAD, &head_bytes(self.strand(), self.scope, self.seq, &self.hash), &self.signature)
    }
}

fn head_bytes(strand: Strand, scope: ScopeTag, seq: u64, hash: &LinkHash) -> Vec<u8> {
    [&strand.device.0[..], &strand.line.0, &scope.0, &seq.to_le_bytes(), &hash.0].concat()
}
