//! The key of a vault.

use std::fmt;

use zeroize::Zeroizing;

/// The raw 32-byte key of a vault. It never appears in an error, a log line or `Debug`, and is wiped when dropped.
#[derive(Clone)]
pub struct VaultKey(Zeroizing<[u8; 32]>);

impl VaultKey {
    /// Takes 32 uniformly random bytes: from the platform's keystore, or derived by the caller.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The statement that rewrites a database under this key.
    pub(crate) fn rekey_pragma(&self) -> Zeroizing<String> {
        let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(self.0.as_slice()));
        Zeroizing::new(format!("PRAGMA rekey = \"x'{}'\";", hex.as_str()))
    }

    pub(crate) fn raw(&self) -> &[u8; 32] {
        &self.0
    }

    /// The statement that gives the key to SQLCipher, as a raw key: no derivation by passphrase.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(self.0.as_slice()));
        Zeroizing::new(format!("PRAGMA key = \"x'{}'\";", hex.as_str()))
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(hidden)")
    }
}
