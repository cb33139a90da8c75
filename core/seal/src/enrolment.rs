//! Enrolment as text, for a QR code, a message or a slip of paper: what a device asks with, and what it is answered.
//! Neither holds a secret.

use data_encoding::BASE32_NOPAD;
use minicbor::{Decode, Encode};

use crate::{DevicePublic, Refused, RootPublic, RosterHead, StudyTag, canonical, canonical::check_text, hash::digest};

const MAX_TEXT: usize = 4096;
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
    /// The hub's address; empty for a study without one.
    #[n(3)]
    pub hub: String,
}

impl EnrolmentRequest {
    const PREFIX: &'static str = "nightjar-request:";

    /// As text.
    pub fn to_text(&self) -> String {
        to_text(Self::PREFIX, &canonical::encode(self))
    }

    /// Reads the text; spaces and line breaks in it are passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`] or [`Refused::Altered`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let request: Self = canonical::decode(
            "enrolment request",
            &from_text("an enrolment request", Self::PREFIX, text)?,
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

    /// Reads the text; spaces and line breaks in it are passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`] or [`Refused::Altered`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let invitation: Self =
            canonical::decode("invitation", &from_text("an invitation", Self::PREFIX, text)?, MAX_TEXT)?;
        if !invitation.hub.is_empty() {
            check_text("address of the hub", &invitation.hub, MAX_HUB)?;
        }
        Ok(invitation)
    }
}

fn to_text(prefix: &str, bytes: &[u8]) -> String {
    let check: [u8; CHECK] = digest("nightjar v0 text checksum", &[prefix.as_bytes(), bytes]);
    format!("{prefix}{}", BASE32_NOPAD.encode(&[bytes, &check].concat()))
}

fn from_text(expected: &'static str, prefix: &'static str, text: &str) -> Result<Vec<u8>, Refused> {
    if text.len() > 2 * MAX_TEXT {
        return Err(Refused::Oversize { what: expected, have: text.len(), most: 2 * MAX_TEXT });
    }
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let encoded = text.strip_prefix(prefix).ok_or(Refused::WrongText { expected, prefix })?;
    // A text that was cut short ends in the middle of a group, or its checksum does not fit.
    let bytes =
        BASE32_NOPAD.decode(encoded.to_ascii_uppercase().as_bytes()).map_err(|_| Refused::Truncated { what: expected })?;
    let (bytes, check) = bytes.split_last_chunk::<CHECK>().ok_or(Refused::Truncated { what: expected })?;
    if *check != digest::<CHECK>("nightjar v0 text checksum", &[prefix.as_bytes(), bytes]) {
        return Err(Refused::Altered { what: expected });
    }
    Ok(bytes.to_vec())
}
