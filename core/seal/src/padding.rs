//! Padding: sizes say little about answers. Steps of 64 bytes up to 1 KiB, above that Padmé
//! (Nikitin et al. 2019, "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs"; at most 12 %).

use zeroize::Zeroizing;

use crate::{DictionaryId, Refused};

/// First byte of a padded body: zstd without a dictionary.
const PLAIN_ZSTD: u8 = 0;
/// First byte of a padded body: zstd with a dictionary, whose name follows the length.
const ZSTD_WITH_DICTIONARY: u8 = 1;
const PREFIX: usize = 5;

/// The padded size of `len` bytes.
pub(crate) fn padded(len: usize) -> usize {
    if len <= 1024 {
        return len.max(1).next_multiple_of(64);
    }
    let exponent = len.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - kept)) - 1;
    (len + mask) & !mask
}

/// Codec, length (u32, little endian), the dictionary's name if there is one, compressed bytes, zeros.
pub(crate) fn pad(dictionary: Option<&DictionaryId>, compressed: &[u8]) -> Zeroizing<Vec<u8>> {
    let name = dictionary.map(|id| &id.0[..]).unwrap_or_default();
    let len = PREFIX + name.len() + compressed.len();
    let mut out = Zeroizing::new(Vec::with_capacity(padded(len)));
    out.push(if dictionary.is_some() { ZSTD_WITH_DICTIONARY } else { PLAIN_ZSTD });
    out.extend_from_slice(&(compressed.len() as u32).to_le_bytes());
    out.extend_from_slice(name);
    out.extend_from_slice(compressed);
    out.resize(padded(len), 0);
    out
}

/// The compressed bytes within a padded body, and the name of their dictionary.
pub(crate) fn unpad(body: &[u8]) -> Result<(Option<DictionaryId>, &[u8]), Refused> {
    let wrong = |problem| Refused::Malformed { what: "envelope body", problem };
    let (prefix, rest) = body.split_at_checked(PREFIX).ok_or(wrong("it is shorter than its prefix"))?;
    let (dictionary, rest) = match prefix[0] {
        PLAIN_ZSTD => (None, rest),
        ZSTD_WITH_DICTIONARY => {
            let (name, rest) =
                rest.split_at_checked(DictionaryId::LEN).ok_or(wrong("it names no dictionary"))?;
            (Some(DictionaryId::from_slice(name)?), rest)
        }
        format => return Err(Refused::UnknownFormat { what: "envelope body", format: format.into() }),
    };
    let len = u32::from_le_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
    let (compressed, padding) = rest.split_at_checked(len).ok_or(wrong("it is shorter than it says"))?;
    if padding.iter().any(|&b| b != 0) || padded(body.len() - padding.len()) != body.len() {
        return Err(wrong("its padding is not the expected one"));
    }
    Ok((dictionary, compressed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_step_by_64_up_to_a_kibibyte_and_follow_padme_above() {
        for (len, want) in [
            (0, 64),
            (1, 64),
            (64, 64),
            (65, 128),
            (1000, 1024),
            (1024, 1024),
            (1025, 1088),
            (10_000, 10_240),
        ] {
            assert_eq!(padded(len), want, "{len}");
        }
    }

    proptest! {
        #[test]
        fn padding_covers_and_wastes_at_most_an_eighth(len in 1024usize..300_000) {
            let size = padded(len);
            prop_assert!(size >= len && size - len <= len / 8);
            prop_assert_eq!(padded(size), size);
        }

        #[test]
        fn what_is_padded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..3000), name: Option<[u8; 16]>) {
            let name = name.map(DictionaryId);
            let padded = pad(name.as_ref(), &bytes);
            prop_assert_eq!(unpad(&padded).unwrap(), (name, &bytes[..]));
        }

        #[test]
        fn any_bytes_are_unpadded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = unpad(&bytes);
        }
    }
}
