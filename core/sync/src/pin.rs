//! A hub known by its key instead of by a public authority.
//!
//! A pin is the SHA-256 of a certificate's subject public key info (the hash of RFC 7469, section 2.4) and is written behind the address of
//! the hub: `https://192.168.1.20:8420#pin=…`, 43 characters of base64url. With it nothing else of the certificate is judged, neither its
//! names nor its dates nor who signed it: a hub on a ward has no public name, and a tablet may believe that it is 1970.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// What stands between an address and its pin.
const MARK: &str = "#pin=";

/// The hash of a hub's public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// The pin of a key: of the DER of its subject public key info.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// An address with this pin behind it.
    #[must_use]
    pub fn behind(&self, address: &str) -> String {
        format!("{address}{MARK}{}", BASE64URL_NOPAD.encode(&self.0))
    }

    /// An address without its pin, and the pin if it has one. `None` where it has one that cannot be read.
    #[cfg(feature = "http")]
    pub(crate) fn split(address: &str) -> Option<(&str, Option<Self>)> {
        let Some((address, text)) = address.split_once(MARK) else { return Some((address, None)) };
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        Some((address, Some(Self(bytes.try_into().ok()?))))
    }
}
