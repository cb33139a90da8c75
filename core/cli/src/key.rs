//! How a vault's key gets in: through a pipe, from a passphrase, or from the system's keyring. Never by argument, environment or
//! file.

use std::fs::{self, File};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use nightjar::VaultKey;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::command::{KeyArgs, NewKeyArgs};
#[cfg(feature = "keyring")]
use crate::keyring::Place;
use crate::trouble::Trouble;

const NO_KEY: Trouble = Trouble::Key(
    "no key was given: use --key-fd N with an open pipe, --passphrase to be asked for one, or --keyring",
);
const BAD_KEY: Trouble = Trouble::Key("the key is neither 32 bytes nor 64 hexadecimal digits; give it again");
const SHORT_PASSPHRASE: Trouble =
    Trouble::Key("a passphrase needs at least 12 characters; choose a longer one");
const DIFFERENT: Trouble = Trouble::Key("the two passphrases differ; type them again");

/// Shortest passphrase taken for a new vault, in characters.
const SHORTEST: usize = 12;

/// The key of a vault that exists.
pub(crate) fn open(vault: &Path, key: &KeyArgs) -> Result<VaultKey, Trouble> {
    ask(vault, key, false)
}

/// The key of a vault about to be made: a passphrase is asked for twice and gets a new salt.
pub(crate) fn create(vault: &Path, key: &KeyArgs) -> Result<VaultKey, Trouble> {
    ask(vault, key, true)
}

fn ask(vault: &Path, key: &KeyArgs, new: bool) -> Result<VaultKey, Trouble> {
    #[cfg(feature = "keyring")]
    if key.keyring {
        return from_keyring(vault, new);
    }
    match (key.key_fd, key.passphrase) {
        (Some(number), _) => from_descriptor(number),
        (None, true) => from_passphrase(vault, new),
        (None, false) if std::io::stdin().is_terminal() => from_passphrase(vault, new),
        (None, false) => Err(NO_KEY),
    }
}

/// The key that the system's keyring holds for a vault. For a new one it is made, unless a key is there already.
#[cfg(feature = "keyring")]
fn from_keyring(vault: &Path, new: bool) -> Result<VaultKey, Trouble> {
    let place = Place::of(vault);
    // A new key was on its way when the program ended: it is in force, or the old one is.
    if let Some(next) = place.next().read()?
        && vault.exists()
        && next.opens(vault)?
    {
        place.keep(&next)?;
        place.next().clear()?;
        return Ok(next);
    }
    if let Some(key) = place.read()? {
        return Ok(key);
    }
    if !new || vault.exists() {
        return Err(Trouble::Key("the keyring of this system holds no key for this vault"));
    }
    let key = VaultKey::random()?;
    place.keep(&key)?;
    Ok(key)
}

/// A key as 64 hexadecimal digits, as the first line of `… run` holds it.
pub(crate) fn from_hex(text: &str) -> Result<VaultKey, Trouble> {
    let text = text.trim_end_matches(['\r', '\n']);
    let bytes = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| BAD_KEY)?);
    from_raw(&bytes)
}

fn from_raw(bytes: &[u8]) -> Result<VaultKey, Trouble> {
    let mut raw: [u8; 32] = bytes.try_into().map_err(|_| BAD_KEY)?;
    let key = VaultKey::from_bytes(raw);
    raw.zeroize();
    Ok(key)
}

/// A key that comes through a descriptor.
pub(crate) fn from_descriptor(number: u32) -> Result<VaultKey, Trouble> {
    let given = from_pipe(number)?;
    if given.len() == 32 {
        return from_raw(&given);
    }
    from_hex(std::str::from_utf8(&given).map_err(|_| BAD_KEY)?)
}

/// A short secret that comes through a descriptor. Unix shows a process its own open descriptors under `/dev/fd`.
fn from_pipe(number: u32) -> Result<Zeroizing<Vec<u8>>, Trouble> {
    let path = PathBuf::from(format!("/dev/fd/{number}"));
    let file = File::open(&path).map_err(|_| {
        Trouble::Key("the descriptor given is not open here; pass a pipe, as in 3<keyfile --key-fd 3")
    })?;
    let mut given = Zeroizing::new(Vec::with_capacity(80));
    file.take(80).read_to_end(&mut given).map_err(Trouble::file(path))?;
    Ok(given)
}

/// What turns a passphrase into a key, kept beside the vault. Not secret; without it the passphrase opens nothing.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    /// Always `argon2id`.
    function: String,
    /// Kibibytes.
    memory: u32,
    /// Passes.
    passes: u32,
    /// 16 bytes in hexadecimal.
    salt: String,
}

impl Derivation {
    /// The second choice of RFC 9106, section 4, which also fits an old tablet: 64 MiB, 3 passes.
    fn new() -> Result<Derivation, Trouble> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|_| Trouble::Key("this system gives no random numbers"))?;
        Ok(Derivation {
            function: "argon2id".into(),
            memory: 64 * 1024,
            passes: 3,
            salt: HEXLOWER.encode(&salt),
        })
    }

    /// Its salt, when it is one that is used.
    fn decoded(&self) -> Option<Vec<u8>> {
        let sound = self.function == "argon2id"
            && (64 * 1024..=1024 * 1024).contains(&self.memory)
            && (3..=64).contains(&self.passes);
        HEXLOWER.decode(self.salt.as_bytes()).ok().filter(|salt| sound && salt.len() == 16)
    }

    fn is_sound(&self) -> bool {
        self.decoded().is_some()
    }

    /// The file may have been put there by anyone: nothing weaker than made above, nothing that stalls the machine.
    fn derive(&self, passphrase: &str) -> Result<VaultKey, Trouble> {
        const UNFIT: Trouble =
            Trouble::Key("the file with the salt beside the vault is damaged; restore it from a copy");
        let salt = self.decoded().ok_or(UNFIT)?;
        let cost = Params::new(self.memory, self.passes, 1, Some(32)).map_err(|_| UNFIT)?;
        let mut raw = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut *raw)
            .map_err(|_| UNFIT)?;
        Ok(VaultKey::from_bytes(*raw))
    }
}

fn salt_path(vault: &Path) -> PathBuf {
    let mut name = vault.as_os_str().to_owned();
    name.push(".salt");
    name.into()
}

/// Where the salt of a passphrase waits that is not in force yet.
fn next_salt_path(vault: &Path) -> PathBuf {
    let mut name = salt_path(vault).into_os_string();
    name.push(".next");
    name.into()
}

/// A key that is about to be in force. Until then the old salt stays where it is, and the new one beside it: whenever the
/// program ends, one of the two opens the vault.
pub(crate) struct Renewed {
    vault: PathBuf,
    key: VaultKey,
    /// Of a passphrase.
    salt: Option<Derivation>,
    #[cfg(feature = "keyring")]
    in_keyring: bool,
}

impl Renewed {
    pub(crate) fn key(&self) -> &VaultKey {
        &self.key
    }

    /// Only the new key opens the vault from now on: its salt takes the place of the old one, if it has any.
    pub(crate) fn in_force(&self) -> Result<(), Trouble> {
        #[cfg(feature = "keyring")]
        if self.in_keyring {
            let place = Place::of(&self.vault);
            place.keep(&self.key)?;
            place.next().clear()?;
        }
        let salt = salt_path(&self.vault);
        match &self.salt {
            // Written anew rather than moved: another program that opened the vault meanwhile may have moved it.
            Some(derivation) => {
                derivation.keep(&salt)?;
                let _ = fs::remove_file(next_salt_path(&self.vault));
                Ok(())
            }
            None => match fs::remove_file(&salt) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(Trouble::file(&salt)(error))
                }
                _ => Ok(()),
            },
        }
    }
}

/// The new key of a vault that is open.
pub(crate) fn renew(vault: &Path, new: &NewKeyArgs) -> Result<Renewed, Trouble> {
    #[cfg(feature = "keyring")]
    if new.new_keyring {
        let _ = fs::remove_file(next_salt_path(vault));
        let key = VaultKey::random()?;
        Place::of(vault).next().keep(&key)?;
        return Ok(Renewed { vault: vault.to_owned(), key, salt: None, in_keyring: true });
    }
    let (key, salt) = match new.new_key_fd {
        Some(number) => {
            // What waits there is of an attempt that did not come to its end.
            let _ = fs::remove_file(next_salt_path(vault));
            (from_descriptor(number)?, None)
        }
        None => {
            let typed = typed_twice("New passphrase: ")?;
            // The same salt: a copy from before that was made without it opens with its passphrase.
            let kept = Derivation::read(&salt_path(vault)).ok().filter(Derivation::is_sound);
            let derivation = kept.map_or_else(Derivation::new, Ok)?;
            let next = next_salt_path(vault);
            let key = derivation.derive(&typed)?;
            derivation.keep(&next)?;
            (key, Some(derivation))
        }
    };
    Ok(Renewed {
        vault: vault.to_owned(),
        key,
        salt,
        #[cfg(feature = "keyring")]
        in_keyring: false,
    })
}

/// What opens the vault opens a copy of it: the salt of a passphrase goes beside it, a key of the keyring is kept for it, too. Gives where
/// the salt is.
pub(crate) fn for_copy(vault: &Path, key: &KeyArgs, copy: &Path) -> Result<Option<PathBuf>, Trouble> {
    #[cfg(feature = "keyring")]
    if let Some(key) = key.keyring.then(|| Place::of(vault).read()).transpose()?.flatten() {
        Place::of(copy).keep(&key)?;
    }
    #[cfg(not(feature = "keyring"))]
    let _ = key;
    let salt = salt_path(vault);
    if salt.exists() {
        let to = salt_path(copy);
        fs::copy(&salt, &to).map_err(Trouble::file(&to))?;
        return Ok(Some(to));
    }
    Ok(None)
}

/// A PIN: from a descriptor, or typed twice.
pub(crate) fn pin(descriptor: Option<u32>) -> Result<Zeroizing<String>, Trouble> {
    if let Some(number) = descriptor {
        let given = from_pipe(number)?;
        let text = std::str::from_utf8(&given).map_err(|_| Trouble::Key("a PIN has digits only"))?;
        return Ok(Zeroizing::new(text.trim().to_owned()));
    }
    let typed = prompted("New PIN: ")?;
    match *typed == *prompted("The same again: ")? {
        true => Ok(typed),
        false => Err(Trouble::Key("the two PINs differ; type them again")),
    }
}

fn prompted(words: &str) -> Result<Zeroizing<String>, Trouble> {
    let typed = rpassword::prompt_password(words).map(Zeroizing::new);
    typed.map_err(|_| {
        Trouble::Key(
            "there is no terminal to ask for a passphrase; give the key with --key-fd N and an open pipe",
        )
    })
}

fn typed_twice(prompt: &str) -> Result<Zeroizing<String>, Trouble> {
    let typed = prompted(prompt)?;
    if typed.chars().count() < SHORTEST {
        return Err(SHORT_PASSPHRASE);
    }
    match *typed == *prompted("The same again: ")? {
        true => Ok(typed),
        false => Err(DIFFERENT),
    }
}

fn from_passphrase(vault: &Path, new: bool) -> Result<VaultKey, Trouble> {
    let path = salt_path(vault);
    if new && !vault.exists() {
        let typed = typed_twice("Passphrase: ")?;
        let derivation = Derivation::new()?;
        derivation.keep(&path)?;
        return derivation.derive(&typed);
    }
    let typed = prompted("Passphrase: ")?;
    // A new passphrase was on its way when the program ended, or is right now: it is in force, or the old key is. What waits is
    // left where it is unless it is in force; one that does not read was never in force.
    if let Ok(next) = Derivation::read(&next_salt_path(vault)) {
        let key = next.derive(&typed)?;
        if key.opens(vault)? {
            next.keep(&path)?;
            let _ = fs::remove_file(next_salt_path(vault));
            return Ok(key);
        }
    }
    Derivation::read(&path)?.derive(&typed)
}

impl Derivation {
    /// Writes the salt so that it is there or not, whole.
    fn keep(&self, path: &Path) -> Result<(), Trouble> {
        let text = toml::to_string(self).map_err(|_| Trouble::Key("the salt could not be written"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(Trouble::file(path))?;
        file.write_all(text.as_bytes()).map_err(Trouble::file(path))?;
        file.as_file().sync_all().map_err(Trouble::file(path))?;
        file.persist(path).map_err(|error| Trouble::file(path)(error.error))?;
        // The name, too. Not every system lets a folder be opened.
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(Trouble::file(path))?;
        Ok(())
    }

    fn read(path: &Path) -> Result<Derivation, Trouble> {
        let mut text = String::new();
        let file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Trouble::Key(
                "the file with the salt is not beside the vault (its name and \".salt\"): without it the passphrase opens nothing; \
                 copy both files together",
            ),
            _ => Trouble::file(path)(error),
        })?;
        file.take(4096).read_to_string(&mut text).map_err(Trouble::file(path))?;
        toml::from_str(&text).map_err(|_| {
            Trouble::Key("the file with the salt beside the vault is damaged; restore it from a copy")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_or_64_digits_and_nothing_else() {
        assert!(from_hex(&"0a".repeat(32)).is_ok());
        assert!(from_hex(&format!("{}\n", "0A".repeat(32))).is_ok());
        for wrong in ["", "0a", &"0a".repeat(33), &"zz".repeat(32)] {
            assert!(from_hex(wrong).is_err());
        }
    }

    #[test]
    fn a_salt_file_from_elsewhere_can_neither_weaken_nor_stall() {
        let sound = Derivation::new().unwrap();
        let changed = |memory, passes, salt: &str| Derivation {
            function: "argon2id".into(),
            memory,
            passes,
            salt: salt.into(),
        };
        for wrong in [
            changed(8, 3, &sound.salt),
            changed(u32::MAX, 3, &sound.salt),
            changed(65536, 1, &sound.salt),
            changed(65536, u32::MAX, &sound.salt),
            changed(65536, 3, "00"),
        ] {
            assert!(wrong.derive("a long passphrase").is_err());
        }
    }
}
