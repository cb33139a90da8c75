//! Identities that outlive a form version: of an item, of a repeat instance, of a cell.

use std::fmt;
use std::str::FromStr;

use data_encoding::Encoding;
use serde::{Deserialize, Serialize};

/// Length of a key in characters: 80 bits in base32.
const LEN: usize = 16;

static BASE32: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
    let mut spec = data_encoding::Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    #[expect(clippy::unwrap_used, reason = "the alphabet is a constant of 32 distinct symbols")]
    spec.encoding().unwrap()
});

/// What a key is derived for: hashed once.
type Context = std::sync::LazyLock<blake3::hazmat::ContextKey>;

static OF_ITEM: Context =
    Context::new(|| blake3::hazmat::hash_derive_key_context("nightjar 2026 form item identity"));
static OF_INSTANCE: Context =
    Context::new(|| blake3::hazmat::hash_derive_key_context("nightjar 2026 form repeat instance"));

fn digest(context: &blake3::hazmat::ContextKey, parts: &[&[u8]]) -> [u8; LEN] {
    let mut hasher = <blake3::Hasher as blake3::hazmat::HasherExt>::new_from_context_key(context);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut text = [0; LEN];
    BASE32.encode_mut(&hasher.finalize().as_bytes()[..10], &mut text);
    text
}

/// A string is no key: keys are 16 characters of `a`–`z` and `2`–`7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key: expected 16 characters of a-z and 2-7")]
pub struct NotAKey;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; LEN]);

        impl $name {
            /// The key as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = NotAKey;

            fn from_str(text: &str) -> Result<Self, NotAKey> {
                let bytes: [u8; LEN] = text.as_bytes().try_into().map_err(|_| NotAKey)?;
                let good = bytes.iter().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'));
                if good { Ok($name(bytes)) } else { Err(NotAKey) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAKey;

            fn try_from(text: String) -> Result<Self, NotAKey> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> String {
                key.as_str().to_owned()
            }
        }
    };
}

key! {
    /// Identity of an item over all versions of its form: 16 lower-case base32 characters of a BLAKE3 hash.
    ///
    /// The identity hashed is the survey column `nightjar::id`, else the item's name path without groups, repeats kept.
    ItemKey
}

key! {
    /// Identity of one instance of a repeat within one response: 16 lower-case base32 characters.
    ///
    /// Derived from the session's seed, so that two tablets never give two instances the same key by counting.
    InstanceKey
}

impl ItemKey {
    /// The key of an identity (`nightjar::id`, or a name path such as `visits/drug`).
    ///
    /// ```
    /// # use nightjar_form::ItemKey;
    /// assert_eq!(ItemKey::of("slept"), ItemKey::of("slept"));
    /// assert_eq!(ItemKey::of("slept").as_str().len(), 16);
    /// ```
    #[must_use]
    pub fn of(identity: &str) -> ItemKey {
        ItemKey(digest(&OF_ITEM, &[identity.as_bytes()]))
    }
}

impl InstanceKey {
    /// The key of the `ordinal`-th instance (0-based, counting removed ones) made in a session.
    #[must_use]
    pub(crate) fn of(seed: u64, repeat: ItemKey, ordinal: u64) -> InstanceKey {
        let parts: [&[u8]; 3] = [&seed.to_le_bytes(), &repeat.0, &ordinal.to_le_bytes()];
        InstanceKey(digest(&OF_INSTANCE, &parts))
    }
}

/// Where a value stands in a response: an item, or an item in an instance of a repeat. Text form `item` or `instance/item`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CellKey {
    /// The innermost repeat instance, if the item is in a repeat.
    pub instance: Option<InstanceKey>,
    /// The item.
    pub item: ItemKey,
}

impl fmt::Display for CellKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.instance {
            Some(instance) => write!(f, "{instance}/{}", self.item),
            None => write!(f, "{}", self.item),
        }
    }
}

impl FromStr for CellKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        Ok(match text.split_once('/') {
            Some((instance, item)) => CellKey { instance: Some(instance.parse()?), item: item.parse()? },
            None => CellKey { instance: None, item: text.parse()? },
        })
    }
}

impl TryFrom<String> for CellKey {
    type Error = NotAKey;

    fn try_from(text: String) -> Result<Self, NotAKey> {
        text.parse()
    }
}

impl From<CellKey> for String {
    fn from(key: CellKey) -> String {
        key.to_string()
    }
}

impl From<ItemKey> for CellKey {
    fn from(item: ItemKey) -> CellKey {
        CellKey { instance: None, item }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_key_reads_back_what_it_writes() {
        let item = ItemKey::of("visits/drug");
        let instance = InstanceKey::of(7, item, 0);
        for key in [CellKey { instance: Some(instance), item }, CellKey::from(item)] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        assert_eq!("ABCDEFGHIJKLMNOP".parse::<ItemKey>(), Err(NotAKey));
        assert_eq!("abc".parse::<ItemKey>(), Err(NotAKey));
    }

    #[test]
    fn item_keys_never_change_between_builds() {
        expect_test::expect!["6kte2opuiqoti4x4"].assert_eq(ItemKey::of("slept").as_str());
    }
}
