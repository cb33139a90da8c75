//! Enrolment as text, for a QR code, a message or a slip of paper: what a device asks with, and what it is answered.
//! Neither holds a secret, and the answer is of use to the device that asked and to no other. Where it is too long for one QR code it comes in
//! [numbered parts](crate::frames).

use std::cmp::Ordering;

use data_encoding::BASE32_NOPAD;
use minicbor::{Decode, Encode};

use crate::{
    DevicePublic, DeviceTag, MAX_PASS, Pass, Refused, RootPublic, RosterHead, StudyTag, canonical,
    canonical::check_text, device::check_signing, frames::put_together, hash::digest,
};

/// Most bytes of what a text encodes: a pass, and the rest of an invitation.
const MAX_TEXT: usize = MAX_PASS + 1024;
const MAX_LABEL: usize = 120;
const MAX_HUB: usize = 512;
const CHECK: usize = 4;

/// A device asks to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct EnrolmentRequest {
    /// Its public keys.
    #[n(0)]
    pub device: DevicePublic,
    /// What people call it.
    #[n(1)]
    pub label: String,
}

/// A steward answers: which study, where, and how far its roster was.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Invitation {
    /// The study.
    #[n(0)]
    pub study: StudyTag,
    /// The key that signs its roster.
    #[n(1)]
    pub root: RootPublic,
    /// The roster's head when the device was let in: a roster without it is not the whole one.
    #[n(2)]
    pub head: RosterHead,
    /// The hub's address, with the pin of its key; empty for a study without one.
    #[n(3)]
    pub hub: String,
    /// The device that is let in, and no other.
    #[n(4)]
    pub device: DeviceTag,
    /// Until when it may be used to join at a hub, in seconds since 1970-01-01 UTC, by the hub's time.
    #[n(5)]
    pub until: u64,
    /// The steward's word, where it is not in the roster yet.
    #[n(6)]
    pub pass: Option<Pass>,
}

impl EnrolmentRequest {
    const PREFIX: &'static str = "nightjar-request:";

    /// As text.
    pub fn to_text(&self) -> String {
        to_text(Self::PREFIX, &canonical::encode(self))
    }

    /// Reads the text; in any case, spaces and line breaks passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`] or [`Refused::Altered`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let request: Self = canonical::decode(
            "enrolment request",
            &from_text("an enrolment request", Self::PREFIX, text, MAX_TEXT)?,
            MAX_TEXT,
        )?;
        check_text("label of a device", &request.label, MAX_LABEL)?;
        Ok(request)
    }
}

impl Invitation {
    const PREFIX: &'static str = "nightjar-invitation:";

    /// As text.
    pub fn to_text(&self) -> String {
        to_text(Self::PREFIX, &canonical::encode(self))
    }

    /// Reads the text, whole or in its parts; in any case, spaces and line breaks passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`], [`Refused::Altered`] or [`Refused::MissingPart`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let invitation: Self = canonical::decode(
            "invitation",
            &from_text("an invitation", Self::PREFIX, text, MAX_TEXT)?,
            MAX_TEXT,
        )?;
        check_signing("root key", &invitation.root.0)?;
        if !invitation.hub.is_empty() {
            check_text("address of the hub", &invitation.hub, MAX_HUB)?;
        }
        if let Some(pass) = &invitation.pass {
            pass.check()?;
            if (pass.device(), pass.study()) != (invitation.device, invitation.study) {
                let problem = "the steward's word in it is for another device or study";
                return Err(Refused::Malformed { what: "invitation", problem });
            }
        }
        Ok(invitation)
    }
}

/// Prefix, then base32 of: length of the content (u16, big endian), content, checksum. The length tells a text that was
/// cut short from one that was altered.
pub(crate) fn to_text(prefix: &str, bytes: &[u8]) -> String {
    let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
    format!("{prefix}{}", BASE32_NOPAD.encode(&[&len, bytes, &checksum(prefix, bytes)].concat()))
}

/// Reads such a text, of at most `most` bytes of content, whole or in its parts.
pub(crate) fn from_text(
    what: &'static str,
    prefix: &'static str,
    text: &str,
    most: usize,
) -> Result<Vec<u8>, Refused> {
    let text = put_together(what, text, 2 * most)?;
    if text.len() > 2 * most {
        return Err(Refused::Oversize { what, have: text.len(), most: 2 * most });
    }
    let altered = || Refused::Altered { what };
    let cut = || Refused::Truncated { what };
    let encoded = match text.split_at_checked(prefix.len()) {
        Some((start, encoded)) if start.eq_ignore_ascii_case(prefix) => encoded.to_ascii_uppercase(),
        None if !text.is_empty() && prefix.starts_with(&text.to_ascii_lowercase()) => return Err(cut()),
        _ => return Err(Refused::WrongText { expected: what, prefix }),
    };
    // Eight characters are five whole bytes, of which the first two are the length.
    let start = encoded.as_bytes().get(..8).ok_or_else(cut)?;
    let start = BASE32_NOPAD.decode(start).map_err(|_| altered())?;
    let len = usize::from(u16::from_be_bytes([start[0], start[1]]));
    match encoded.len().cmp(&BASE32_NOPAD.encode_len(2 + len + CHECK)) {
        Ordering::Less => return Err(cut()),
        Ordering::Greater => return Err(altered()),
        Ordering::Equal => {}
    }
    let bytes = BASE32_NOPAD.decode(encoded.as_bytes()).map_err(|_| altered())?;
    let (bytes, check) = bytes[2..].split_at(len);
    match check == checksum(prefix, bytes) {
        true => Ok(bytes.to_vec()),
        false => Err(altered()),
    }
}

fn checksum(prefix: &str, bytes: &[u8]) -> [u8; CHECK] {
    digest("nightjar v1 text checksum", &[prefix.as_bytes(), bytes])
}
