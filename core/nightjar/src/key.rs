//! The key of a vault, and the one source of randomness.

use nightjar_seal::Entropy;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The 32-byte key of a vault. Kept by the operating system's key store or by whoever opens the vault, never beside it.
#[derive(Clone)]
pub struct VaultKey(pub(crate) Zeroizing<[u8; 32]>);

impl VaultKey {
    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`Failure::Internal`] when the operating system gives none.
    pub fn random() -> Result<Self, Failure> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(Failure::internal)?;
        Ok(Self(bytes))
    }
}

/// The operating system's randomness.
pub(crate) struct OsEntropy;

impl Entropy for OsEntropy {
    #[allow(clippy::expect_used, reason = "without randomness no key can be made; there is nothing to go on with")]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}
