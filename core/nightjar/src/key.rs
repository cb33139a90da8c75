//! The key of a vault, and the one source of randomness.

use nightjar_seal::Entropy;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The 32-byte key of a vault. Kept by the operating system's key store or by whoever opens the vault, never beside it.
#[derive(Clone)]
pub struct VaultKey(Zeroizing<[u8; 32]>);

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

    /// The key's bytes, for a key store to keep.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// Whether it opens a vault. The vault stays as it is.
    ///
    /// # Errors
    /// When the vault cannot be opened for another reason than the key.
    pub fn opens(&self, vault: &std::path::Path) -> Result<bool, Failure> {
        match nightjar_vault::Vault::open(vault, &self.for_vault()) {
            Ok(_) => Ok(true),
            Err(nightjar_vault::VaultError::WrongKey) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts a backup in the place of a vault. What is there is moved aside with its log, and nothing is deleted; gives its new
    /// place. A backup is not copied there by hand: a log that was left lying would be applied to it.
    ///
    /// # Errors
    /// [`Failure::WrongKey`] and [`Failure::Corrupt`] of the backup; [`Failure::Closed`] while another program has the vault open;
    /// storage failures. Nothing has been moved then.
    pub fn restore(
        &self,
        backup: &std::path::Path,
        vault: &std::path::Path,
    ) -> Result<Option<std::path::PathBuf>, Failure> {
        Ok(nightjar_vault::Vault::restore(backup, vault, &self.for_vault())?)
    }

    pub(crate) fn for_vault(&self) -> nightjar_vault::VaultKey {
        nightjar_vault::VaultKey::new(*self.0)
    }
}

/// The operating system's randomness.
pub(crate) struct OsEntropy;

impl Entropy for OsEntropy {
    #[allow(
        clippy::expect_used,
        reason = "without randomness no key can be made; there is nothing to go on with"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Failure::internal)?;
    Ok(bytes)
}
