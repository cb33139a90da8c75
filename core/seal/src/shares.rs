//! The recovery key as shares on paper: any so many of them give it back, fewer say nothing about it (A. Shamir, How to share a secret,
//! 1979, over GF(256)).

use std::collections::BTreeMap;
use std::fmt;

use blahaj::{Share, Sharks};
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use crate::{Entropy, RecoveryKeys, Refused, entropy::Adapter, hash::digest};

/// Most shares of one key.
pub const MAX_SHARES: u8 = 16;
const FORMAT: u8 = 0;
const KEY: usize = 5;
const CHECK: usize = 4;
/// Format, how many are needed, which this is, which key; then the share and the checksum.
const BYTES: usize = 3 + KEY + 32 + CHECK;
const WHAT: &str = "recovery share";

/// One share of a recovery key.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryShare {
    needed: u8,
    place: u8,
    /// Names the key by its public half, so that shares of another are told apart.
    key: [u8; KEY],
    share: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for RecoveryShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryShare")
    }
}

impl RecoveryKeys {
    /// Splits the key into so many shares, of which so many are needed: at least two, and at most [`MAX_SHARES`].
    ///
    /// # Errors
    /// [`Refused::Malformed`] for numbers that make no sense.
    pub fn split(
        &self,
        shares: u8,
        needed: u8,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<RecoveryShare>, Refused> {
        if needed < 2 || needed > shares || shares > MAX_SHARES {
            let problem = "there are 2 to 16 shares, and at least two of them are needed";
            return Err(Refused::Malformed { what: WHAT, problem });
        }
        let secret = self.to_bytes();
        let mut rng = Adapter(entropy);
        let dealt = Sharks(needed).dealer_rng(&secret, &mut rng).take(shares.into());
        let dealt = dealt.map(|dealt| {
            let bytes = Zeroizing::new(Vec::from(&dealt));
            let (place, share) = bytes.split_first().ok_or(Refused::Truncated { what: WHAT })?;
            let share = share.try_into().map_err(|_| Refused::Truncated { what: WHAT })?;
            Ok(RecoveryShare { needed, place: *place, key: self.short_name(), share: Zeroizing::new(share) })
        });
        dealt.collect()
    }

    /// Puts the key together from its shares, in any order.
    ///
    /// # Errors
    /// [`Refused::TooFewShares`]; [`Refused::Altered`] for shares of different keys, or such that do not give the key they name.
    pub fn put_together(shares: &[RecoveryShare]) -> Result<Self, Refused> {
        let altered = Refused::Altered { what: WHAT };
        let first = shares.first().ok_or(Refused::TooFewShares { have: 0, need: 2 })?;
        let mut known: BTreeMap<u8, &RecoveryShare> = BTreeMap::new();
        for share in shares {
            let other = known.insert(share.place, share).is_some_and(|known| known != share);
            if other || (share.key, share.needed) != (first.key, first.needed) {
                return Err(altered);
            }
        }
        let need = usize::from(first.needed);
        if known.len() < need {
            return Err(Refused::TooFewShares { have: known.len(), need });
        }
        let dealt = known.values().map(|share| {
            let bytes = Zeroizing::new([&[share.place][..], &share.share[..]].concat());
            Share::try_from(bytes.as_slice()).map_err(|_| Refused::Truncated { what: WHAT })
        });
        let dealt = dealt.collect::<Result<Vec<_>, _>>()?;
        let secret = Sharks(first.needed).recover(&dealt).map_err(|_| altered.clone())?;
        let keys = Self::from_bytes(&Zeroizing::new(secret))?;
        match keys.short_name() == first.key {
            true => Ok(keys),
            false => Err(altered),
        }
    }

    fn short_name(&self) -> [u8; KEY] {
        digest("nightjar v1 recovery share of", &[&self.public().0])
    }
}

impl RecoveryShare {
    /// How many are needed.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// Which one this is, counted from 1.
    pub fn place(&self) -> u8 {
        self.place
    }

    /// In groups of four characters, for paper.
    pub fn to_text(&self) -> Zeroizing<String> {
        let content =
            Zeroizing::new([&[FORMAT, self.needed, self.place][..], &self.key, &self.share[..]].concat());
        let bytes = Zeroizing::new([&content[..], &checksum(&content)].concat());
        let text = Zeroizing::new(BASE32_NOPAD.encode(&bytes));
        let groups: Vec<&str> =
            (0..text.len()).step_by(4).map(|at| &text[at..(at + 4).min(text.len())]).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// Reads what stands on paper; in any case, with spaces and hyphens anywhere.
    ///
    /// # Errors
    /// [`Refused::Truncated`], [`Refused::Altered`], [`Refused::UnknownFormat`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let altered = || Refused::Altered { what: WHAT };
        let plain: Zeroizing<String> = Zeroizing::new(
            text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(2 * BYTES).collect(),
        );
        let plain = Zeroizing::new(plain.to_ascii_uppercase());
        match plain.len().cmp(&BASE32_NOPAD.encode_len(BYTES)) {
            std::cmp::Ordering::Less => return Err(Refused::Truncated { what: WHAT }),
            std::cmp::Ordering::Greater => return Err(altered()),
            std::cmp::Ordering::Equal => {}
        }
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(plain.as_bytes()).map_err(|_| altered())?);
        let (content, check) = bytes.split_at_checked(BYTES - CHECK).ok_or_else(altered)?;
        if check != checksum(content) {
            return Err(altered());
        }
        if content[0] != FORMAT {
            return Err(Refused::UnknownFormat { what: WHAT, format: content[0].into() });
        }
        let (needed, place) = (content[1], content[2]);
        if !(2..=MAX_SHARES).contains(&needed) || !(1..=MAX_SHARES).contains(&place) {
            return Err(Refused::Malformed { what: WHAT, problem: "its numbers make no sense" });
        }
        let (mut key, mut share) = ([0; KEY], Zeroizing::new([0; 32]));
        key.copy_from_slice(&content[3..3 + KEY]);
        share.copy_from_slice(&content[3 + KEY..]);
        Ok(Self { needed, place, key, share })
    }
}

/// Only whoever holds the share can work it out: it says nothing to others.
fn checksum(content: &[u8]) -> [u8; CHECK] {
    digest("nightjar v1 recovery share checksum", &[content])
}
