//! Long texts in numbered parts, each of which fits a picture that a camera reads. They may come back in any order, each any number of
//! times, with anything between them.

use std::collections::BTreeMap;

use data_encoding::BASE32_NOPAD;

use crate::{Refused, hash::digest};

const PREFIX: &str = "nightjar-part:";
/// Bytes of the hash that tells parts of one text from those of another.
const WHOLE: usize = 5;
/// Most parts of one text.
const MAX_PARTS: usize = 64;
/// Characters of a part beside its share of the text.
const FRAME: usize = PREFIX.len() + "64/64:".len() + 8 + ":".len();

/// Cuts a text of enrolment into parts of at most `most` characters, in capital letters; the text itself where that is short enough. A QR code
/// of version 25 with error correction M holds 1,451 of these characters, one of version 20 holds 970.
///
/// # Panics
/// Where `most` leaves no room for a share of the text: below 64.
pub fn frames(text: &str, most: usize) -> Vec<String> {
    assert!(most >= 64, "a part holds at least 64 characters");
    let text = text.to_ascii_uppercase();
    if text.len() <= most {
        return vec![text];
    }
    let whole = whole(&text);
    let characters: Vec<char> = text.chars().collect();
    let shares: Vec<&[char]> = characters.chunks(most - FRAME).collect();
    let (parts, prefix) = (shares.len(), PREFIX.to_ascii_uppercase());
    let part = |(at, share): (usize, &&[char])| {
        format!("{prefix}{}/{parts}:{whole}:{}", at + 1, share.iter().collect::<String>())
    };
    shares.iter().enumerate().map(part).collect()
}

/// Puts parts together again; gives any other text back as it is, without spaces and line breaks.
///
/// # Errors
/// [`Refused::MissingPart`]; [`Refused::Altered`] for parts that do not fit together; [`Refused::Oversize`].
pub(crate) fn put_together(what: &'static str, text: &str, most: usize) -> Result<String, Refused> {
    // Each part brings its frame, and somebody may paste one twice.
    let most = 4 * (most + MAX_PARTS * FRAME);
    if text.len() > most {
        return Err(Refused::Oversize { what, have: text.len(), most });
    }
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let small = text.to_ascii_lowercase();
    if !small.starts_with(PREFIX) {
        return Ok(text);
    }
    let altered = || Refused::Altered { what };
    let mut found: BTreeMap<usize, &str> = BTreeMap::new();
    let mut of_all: Option<(usize, &str)> = None;
    for part in small.split(PREFIX).skip(1) {
        let (place, rest) = part.split_once(':').ok_or_else(altered)?;
        let (hash, share) = rest.split_once(':').ok_or_else(altered)?;
        let (at, parts) = place.split_once('/').ok_or_else(altered)?;
        let (at, parts) = (number(at).ok_or_else(altered)?, number(parts).ok_or_else(altered)?);
        if at > parts || *of_all.get_or_insert((parts, hash)) != (parts, hash) {
            return Err(altered());
        }
        if found.insert(at, share).is_some_and(|known| known != share) {
            return Err(altered());
        }
    }
    let (parts, hash) = of_all.ok_or_else(altered)?;
    if let Some(part) = (1..=parts).find(|part| !found.contains_key(part)) {
        return Err(Refused::MissingPart { part, parts });
    }
    let text: String = found.into_values().collect();
    match whole(&text).eq_ignore_ascii_case(hash) {
        true => Ok(text),
        false => Err(altered()),
    }
}

fn number(text: &str) -> Option<usize> {
    let plain = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| plain && (1..=MAX_PARTS).contains(number))
}

fn whole(text: &str) -> String {
    let hash: [u8; WHOLE] = digest("nightjar v1 parts of a text", &[text.to_ascii_uppercase().as_bytes()]);
    BASE32_NOPAD.encode(&hash)
}
