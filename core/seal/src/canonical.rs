//! Canonical CBOR: what is read must be exactly what would be written.

use minicbor::{Decode, Encode};

use crate::Refused;

/// The one encoding of `value`: arrays of definite length, shortest integers.
pub(crate) fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    match minicbor::to_vec(value) {
        Ok(bytes) => bytes,
        Err(_) => unreachable!("writing to memory does not fail and no encoding here reports a problem"),
    }
}

/// Reads one value of at most `most` bytes; refuses trailing bytes and every other way to write the same value.
pub(crate) fn decode<'b, T: Decode<'b, ()> + Encode<()>>(
    what: &'static str,
    bytes: &'b [u8],
    most: usize,
) -> Result<T, Refused> {
    if bytes.len() > most {
        return Err(Refused::Oversize { what, have: bytes.len(), most });
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    let value: T = decoder.decode().map_err(|e| {
        if e.is_end_of_input() {
            Refused::Truncated { what }
        } else {
            Refused::Malformed { what, problem: "its structure is not the expected one" }
        }
    })?;
    if decoder.position() != bytes.len() {
        return Err(Refused::Malformed { what, problem: "bytes follow its end" });
    }
    if encode(&value) != bytes {
        return Err(Refused::NonCanonical { what });
    }
    Ok(value)
}

/// Checks text that people read: not empty, at most `most` bytes, no control characters.
pub(crate) fn check_text(what: &'static str, text: &str, most: usize) -> Result<(), Refused> {
    if text.len() > most {
        return Err(Refused::Oversize { what, have: text.len(), most });
    }
    if text.trim().is_empty() {
        return Err(Refused::Malformed { what, problem: "it is empty" });
    }
    if text.chars().any(char::is_control) {
        return Err(Refused::Malformed { what, problem: "it holds control characters" });
    }
    Ok(())
}
