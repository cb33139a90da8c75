//! The setup code: what the operator of a hub hands to whoever may found a study there.

use data_encoding::BASE32_NOPAD;

use crate::Failure;

/// A new code of 100 random bits, written as five groups of four characters, and its hash.
pub(crate) fn mint() -> Result<(String, [u8; 32]), Failure> {
    let mut random = [0; 13];
    getrandom::fill(&mut random)?;
    let text = BASE32_NOPAD.encode(&random);
    let groups: Vec<&str> = (0..5).map(|i| &text[4 * i..4 * i + 4]).collect();
    let code = groups.join("-");
    let hash = hash(&code);
    Ok((code, hash))
}

/// The hash of a code as typed: case, spaces and dashes do not matter.
pub(crate) fn hash(typed: &str) -> [u8; 32] {
    let canonical: String =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    blake3::derive_key("nightjar hub setup code 0", canonical.as_bytes())
}

/// Compares in constant time.
pub(crate) fn matches(typed: &str, stored: &[u8; 32]) -> bool {
    blake3::Hash::from(hash(typed)) == blake3::Hash::from(*stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_as_people_type_it() {
        let (code, stored) = mint().expect("randomness");
        assert_eq!(code.len(), 24);
        assert!(matches(&code, &stored));
        assert!(matches(&code.to_lowercase().replace('-', " "), &stored));
        assert!(!matches(&code[..23], &stored) && !matches("", &stored));
        assert_ne!(code, mint().expect("randomness").0);
    }
}
