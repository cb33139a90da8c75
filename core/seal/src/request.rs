//! Requests to the hub, signed by a device: method, path, body, a nonce and the hub's time.

use crate::{DeviceKeys, DevicePublic, DeviceTag, Entropy, Refused, Signature, entropy::random};

const CONTEXT: &str = "nightjar v1 hub request";

/// Who asks, and that it is them, for exactly this request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSignature {
    /// The device that asks.
    pub device: DeviceTag,
    /// Used once.
    pub nonce: [u8; 16],
    /// The hub's time as the device knows it, in seconds since 1970.
    pub time: u64,
    signature: Signature,
}

impl RequestSignature {
    /// Bytes of an encoded signature.
    pub const LEN: usize = 16 + 16 + 8 + 64;

    /// Signs a request.
    pub fn sign(
        keys: &DeviceKeys,
        method: &str,
        path: &str,
        body: &[u8],
        time: u64,
        entropy: &mut dyn Entropy,
    ) -> Self {
        let nonce = random(entropy);
        let signature = keys.sign(CONTEXT, &message(method, path, body, &nonce, time));
        Self { device: keys.tag(), nonce, time, signature }
    }

    /// Checks that the device signed this request. Whether nonce and time are fresh is for the hub to say.
    ///
    /// # Errors
    /// [`Refused::WrongDevice`], [`Refused::Altered`].
    pub fn verify(
        &self,
        device: &DevicePublic,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<(), Refused> {
        if device.tag() != self.device {
            return Err(Refused::WrongDevice { expected: self.device, found: device.tag() });
        }
        device.verify(CONTEXT, &message(method, path, body, &self.nonce, self.time), &self.signature)
    }

    /// Device tag, nonce, time (big endian) and signature, one after the other.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let parts = [&self.device.0[..], &self.nonce, &self.time.to_be_bytes(), &self.signature.0];
        for (to, from) in out.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        out
    }

    /// Reads what [`encode`](Self::encode) wrote from the beginning of `bytes`, and gives what follows it.
    ///
    /// # Errors
    /// [`Refused::Truncated`].
    pub fn split(bytes: &[u8]) -> Result<(Self, &[u8]), Refused> {
        let read = || {
            let (device, rest) = bytes.split_first_chunk()?;
            let (nonce, rest) = rest.split_first_chunk()?;
            let (time, rest) = rest.split_first_chunk()?;
            let (signature, rest) = rest.split_first_chunk()?;
            let (device, signature) = (DeviceTag(*device), Signature(*signature));
            Some((Self { device, nonce: *nonce, time: u64::from_be_bytes(*time), signature }, rest))
        };
        read().ok_or(Refused::Truncated { what: "request signature" })
    }
}

/// What is signed: each part with its length, so that none can run into the next.
fn message(method: &str, path: &str, body: &[u8], nonce: &[u8; 16], time: u64) -> Vec<u8> {
    let hash = blake3::hash(body);
    let mut out = Vec::new();
    for part in [method.as_bytes(), path.as_bytes(), hash.as_bytes(), nonce, &time.to_le_bytes()] {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part);
    }
    out
}
