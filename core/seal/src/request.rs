//! Requests to the hub, signed by a device: method, path, body, a nonce and the hub's time.

use minicbor::{Decode, Encode};

use crate::{DeviceKeys, DevicePublic, DeviceTag, Entropy, Refused, Signature, canonical, entropy::random};

const CONTEXT: &str = "nightjar v0 hub request";
const MAX: usize = 256;

/// Who asks, and that it is them, for exactly this request.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RequestSignature {
    /// The device that asks.
    #[n(0)]
    pub device: DeviceTag,
    /// Used once.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// The hub's time as the device knows it, in seconds since 1970.
    #[n(2)]
    pub time: u64,
    #[n(3)]
    signature: Signature,
}

impl RequestSignature {
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

    /// As canonical CBOR.
    pub fn encode(&self) -> Vec<u8> {
        canonical::encode(self)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// When the bytes are no request signature.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refused> {
        canonical::decode("request signature", bytes, MAX)
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
