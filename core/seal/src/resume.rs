//! Words that open an unfinished form again: eight of the same list as a receipt's, which they are not.

use std::fmt;

use bip0039::{English, Language};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Entropy, Refused, entropy::random, hash::digest};

const WORDS: usize = 8;
const MAX_TEXT: usize = 512;
/// Bits of one word of the list.
const BITS: usize = 11;

/// 80 bits that only the respondent has; with a checksum of 8 they make eight words.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ResumeWords([u8; 10]);

impl ResumeWords {
    /// Makes fresh ones.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The secret, for a key to be made of.
    pub fn secret(&self) -> &[u8; 10] {
        &self.0
    }

    /// As words to keep.
    pub fn words(&self) -> Zeroizing<String> {
        let bits = self.bits();
        let mut text = Zeroizing::new(String::with_capacity(WORDS * 9));
        for word in 0..WORDS {
            let index = (word * BITS..(word + 1) * BITS)
                .fold(0, |index, bit| index << 1 | usize::from(bits[bit / 8] >> (7 - bit % 8) & 1));
            if word > 0 {
                text.push(' ');
            }
            text.push_str(English::word_of(index));
        }
        text
    }

    /// Reads the words as a person types them: any case, anything between them.
    ///
    /// # Errors
    /// [`Refused::Malformed`], saying whether there are not eight, one is not in the list, or they do not fit together. Never
    /// says which: the words are secret.
    pub fn from_words(text: &str) -> Result<Self, Refused> {
        let what = "words";
        let wrong = |problem| Refused::Malformed { what, problem };
        if text.len() > MAX_TEXT {
            return Err(Refused::Oversize { what, have: text.len(), most: MAX_TEXT });
        }
        let lower = Zeroizing::new(text.to_lowercase());
        let words: Vec<&str> =
            lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        if words.len() != WORDS {
            return Err(wrong("there are not eight of them"));
        }
        let mut bits = Zeroizing::new([0_u8; WORDS * BITS / 8]);
        for (at, word) in words.iter().enumerate() {
            let index = English::index_of(word).ok_or_else(|| wrong("one of them is not in the list"))?;
            for bit in (0..BITS).filter(|bit| index >> (BITS - 1 - bit) & 1 == 1) {
                let place = at * BITS + bit;
                bits[place / 8] |= 1 << (7 - place % 8);
            }
        }
        let mut secret = Self([0; 10]);
        secret.0.copy_from_slice(&bits[..10]);
        match secret.bits()[10] == bits[10] {
            true => Ok(secret),
            false => Err(wrong("they do not fit together; one may be mistyped")),
        }
    }

    fn bits(&self) -> Zeroizing<[u8; 11]> {
        let check: [u8; 16] = digest("nightjar v1 resume words", &[&self.0]);
        let mut bits = Zeroizing::new([0; 11]);
        bits[..10].copy_from_slice(&self.0);
        bits[10] = check[0];
        bits
    }
}

impl fmt::Debug for ResumeWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeWords")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_as_they_were_and_a_mistake_is_seen() {
        for n in 0..200_u8 {
            let secret = ResumeWords([n.wrapping_mul(37); 10]);
            let words = secret.words();
            assert_eq!(words.split(' ').count(), 8);
            let typed = words.to_uppercase().replace(' ', ", - ");
            assert_eq!(ResumeWords::from_words(&typed).unwrap().0, secret.0);
        }
        let words = ResumeWords([7; 10]).words();
        let mut swapped: Vec<&str> = words.split(' ').collect();
        swapped.swap(0, 7);
        let long = "a ".repeat(1_000);
        for wrong in ["", "zoo", &swapped.join(" "), "zzz zzz zzz zzz zzz zzz zzz zzz", &long] {
            assert!(ResumeWords::from_words(wrong).is_err(), "{wrong:.40}");
        }
    }
}
