//! How the hub says no: a code for programs, a text for people.

use std::fmt;

use super::cbor::{Message, Reader, Writer};
use crate::{Failure, bounds};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal;)*) => {
        /// Why the hub refused a request, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
            /// A reason this version does not know.
            Other,
        }

        impl Reason {
            /// Every reason that this version knows.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* Self::Other => "other" }
            }

            /// The HTTP status it travels with.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* Self::Other => 400 }
            }

            fn from_code(code: &str) -> Self {
                match code { $($code => Self::$variant,)* _ => Self::Other }
            }
        }
    };
}

codes! {
    /// The path or method is not one of the hub's.
    NoSuchPath = "no_such_path", 404;
    /// No study with this tag was founded here. A hub that lost everything says this too.
    UnknownStudy = "unknown_study", 404;
    /// The study's roster has no such device, or has revoked it.
    UnknownDevice = "unknown_device", 403;
    /// The pass lets nobody in: it is not a steward's, or beyond what that steward may.
    Denied = "denied", 403;
    /// The pass came too late, by the hub's time. The steward gives a new one.
    Expired = "expired", 403;
    /// The device's grants do not cover this.
    NotGranted = "not_granted", 403;
    /// The request is not signed, or its signature does not verify.
    BadSignature = "bad_signature", 401;
    /// The signed time is too far from the hub's. The reply carries the hub's time; sign again with it.
    StaleTime = "stale_time", 401;
    /// This very request was seen before.
    Replayed = "replayed", 401;
    /// The setup code is not the one the hub printed when it was set up.
    WrongSetupCode = "wrong_setup_code", 403;
    /// The body does not decode.
    Malformed = "malformed", 400;
    /// The body is larger than the hub reads.
    TooLarge = "too_large", 413;
    /// A signature inside the body (roster entry, signed head, applied vector) does not verify.
    Forged = "forged", 422;
    /// Another roster entry stands at this place already.
    PlaceTaken = "place_taken", 409;
    /// The hub does not hold the log up to the cursor that was shown: it lost or rewrote data.
    CursorUnknown = "cursor_unknown", 409;
    /// The pushed part of the chain does not follow what the hub holds: links between are missing there.
    ChainGap = "chain_gap", 409;
    /// The hub holds another chain of this device: the device was cloned or restored from an old copy.
    ChainForked = "chain_forked", 409;
    /// The device has begun more copies of its vault than a device may: put this one out and let in another.
    TooManyLines = "too_many_lines", 422;
    /// The request took too long to arrive or to be answered.
    TimedOut = "timed_out", 408;
    /// Too much at once. Come back later.
    Busy = "busy", 429;
    /// The hub's disk, or what it may use of it, is full. Nothing of the request was kept.
    StorageFull = "storage_full", 507;
    /// The study has used what this hub allows it, and links without envelopes alone would go beyond it. Nothing of the request was kept;
    /// taking something out still works.
    QuotaReached = "quota_reached", 507;
    /// The hub's database fails. Nothing of the request was kept.
    StorageBroken = "storage_broken", 500;
}

impl Reason {
    /// Whether it says no to this very publication, so that others may go on.
    pub(crate) fn is_about_the_publication(self) -> bool {
        matches!(
            self,
            Self::NotGranted
                | Self::Forged
                | Self::Malformed
                | Self::TooLarge
                | Self::QuotaReached
                | Self::NoSuchPath
        )
    }

    /// Whether it says no to this very pass, so that another try brings nothing and others may go on.
    pub(crate) fn is_about_the_pass(self) -> bool {
        matches!(
            self,
            Self::Denied
                | Self::Expired
                | Self::Forged
                | Self::Malformed
                | Self::QuotaReached
                | Self::NoSuchPath
        )
    }
}

/// The hub's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub reason: Reason,
    /// For people; without names, tags or answers.
    pub text: String,
}

impl Refusal {
    /// A refusal. Text beyond [`bounds::TEXT_BYTES`] is cut.
    pub fn new(reason: Reason, text: impl Into<String>) -> Self {
        let mut text = text.into();
        let mut end = text.len().min(bounds::TEXT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        Self { reason, text }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.reason.code())
    }
}

impl Message for Refusal {
    const NAME: &'static str = "refusal";

    fn write(&self, out: &mut Writer) {
        out.array(2).text(self.reason.code()).text(&self.text);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        let reason = Reason::from_code(input.text(bounds::TEXT_BYTES)?);
        Ok(Self { reason, text: input.text(bounds::TEXT_BYTES)?.to_owned() })
    }

    // An unknown code does not encode back to itself, and must still be readable: a newer hub may use it.
    fn decode(body: &[u8]) -> Result<Self, Failure> {
        let mut input = Reader::new(body, Self::NAME);
        let refusal = Self::read(&mut input)?;
        match input.left() {
            0 => Ok(refusal),
            _ => Err(input.malformed("bytes follow its end")),
        }
    }
}
