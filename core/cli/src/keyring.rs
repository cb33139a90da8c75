//! Keys that the operating system keeps for whoever is signed in: the Credential Manager of Windows, the Keychain of macOS, a
//! Secret Service elsewhere. An entry goes by where the vault is; it is found by nobody who only has the vault's file.

use std::path::Path;

use nightjar::VaultKey;
use zeroize::Zeroizing;

use crate::trouble::Trouble;

/// Of whose keys these are, as the system shows it.
const SERVICE: &str = "Nightjar";

/// A place in the keyring.
pub(crate) struct Place(String);

impl Place {
    /// The place of a vault's key.
    pub(crate) fn of(vault: &Path) -> Place {
        // By its folder, since the vault may be about to be made.
        let folder = vault.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = vault.file_name().unwrap_or_default();
        Place(folder.join(name).to_string_lossy().into_owned())
    }

    /// Where a key waits that is not in force yet.
    pub(crate) fn next(&self) -> Place {
        Place(format!("{} (next)", self.0))
    }

    /// The key, if there is one.
    pub(crate) fn read(&self) -> Result<Option<VaultKey>, Trouble> {
        match self.entry()?.get_secret() {
            Ok(secret) => {
                let secret = Zeroizing::new(secret);
                let bytes: [u8; 32] = secret.as_slice().try_into().map_err(|_| UNFIT)?;
                Ok(Some(VaultKey::from_bytes(bytes)))
            }
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(_) => Err(UNREACHED),
        }
    }

    pub(crate) fn keep(&self, key: &VaultKey) -> Result<(), Trouble> {
        self.entry()?.set_secret(&*key.to_bytes()).map_err(|_| UNREACHED)
    }

    pub(crate) fn clear(&self) -> Result<(), Trouble> {
        match self.entry()?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(_) => Err(UNREACHED),
        }
    }

    fn entry(&self) -> Result<keyring::Entry, Trouble> {
        keyring::Entry::new(SERVICE, &self.0).map_err(|_| UNREACHED)
    }
}

const UNREACHED: Trouble = Trouble::Key(
    "the keyring of this system cannot be reached; unlock it, or give the key by --key-fd or --passphrase",
);
const UNFIT: Trouble =
    Trouble::Key("what the keyring holds for this vault is no key; give the key by --key-fd");
