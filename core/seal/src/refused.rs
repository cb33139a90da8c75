//! Why something was refused.

use crate::{Denied, DeviceTag, DictionaryId, KeyId, RosterHead, ScopeTag};

/// Why bytes, a key, a chain or a roster entry were refused, named by cause. Never carries an answer or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More bytes or elements than the bound allows.
    #[error("{what} is too large: {have}, at most {most}")]
    Oversize {
        /// What was measured.
        what: &'static str,
        /// How much there was.
        have: usize,
        /// The bound.
        most: usize,
    },
    /// A fixed-size value of another size.
    #[error("{what} has {have} bytes, not {want}")]
    WrongLength {
        /// What was measured.
        what: &'static str,
        /// Bytes found.
        have: usize,
        /// Bytes wanted.
        want: usize,
    },
    /// The bytes end too early.
    #[error("{what} is cut short")]
    Truncated {
        /// What ended too early.
        what: &'static str,
    },
    /// Not what it claims to be.
    #[error("{what} is damaged: {problem}")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Readable, but not in the one way it may be written.
    #[error("{what} is not in canonical form")]
    NonCanonical {
        /// What was read.
        what: &'static str,
    },
    /// Written in a format this build does not know.
    #[error("{what} has format {format}, which this version cannot read")]
    UnknownFormat {
        /// What was read.
        what: &'static str,
        /// The format number found.
        format: u64,
    },
    /// An envelope without sealing, which only a test build makes.
    #[error("the envelope is not sealed")]
    Unsealed,
    /// A seal or signature that does not fit: altered on the way, or made with another key.
    #[error("{what} was altered or made with another key")]
    Altered {
        /// What does not fit.
        what: &'static str,
    },
    /// Another key than the header names.
    #[error("the envelope needs key {wanted}, not {given}")]
    WrongKey {
        /// The key the header names.
        wanted: KeyId,
        /// The key that was given.
        given: KeyId,
    },
    /// Sealed with a dictionary that is not here: that of a form which this device was not given.
    #[error("the dictionary {id} is not here")]
    UnknownDictionary {
        /// Its name.
        id: DictionaryId,
    },
    /// An envelope of another kind than the operation is for.
    #[error("an envelope of this kind cannot be used here")]
    WrongKind,
    /// The key inside a key envelope is not the key it commits to.
    #[error("the wrapped key is not the key the envelope commits to")]
    WrongCommitment,
    /// A public key of low order or not on the curve.
    #[error("{what} is not a usable public key")]
    WeakKey {
        /// Which key.
        what: &'static str,
    },
    /// Of another study.
    #[error("this belongs to another study")]
    WrongStudy,
    /// Published by a device that may not publish: it is no evaluator's, or was put out before anybody knew of it.
    #[error("the device that published this may not publish, or was put out before")]
    NoPublisher,
    /// A chain or signature of another device than expected.
    #[error("this belongs to device {found}, not {expected}")]
    WrongDevice {
        /// The device expected.
        expected: DeviceTag,
        /// The device found.
        found: DeviceTag,
    },
    /// A chain of another scope than expected.
    #[error("this belongs to scope {found}, not {expected}")]
    WrongScope {
        /// The scope expected.
        expected: ScopeTag,
        /// The scope found.
        found: ScopeTag,
    },
    /// Links are missing.
    #[error("device {device}: links from {expected} to {found} are missing")]
    Gap {
        /// Whose chain.
        device: DeviceTag,
        /// The place expected next.
        expected: u64,
        /// The place found instead.
        found: u64,
    },
    /// Two histories of one device: a copied vault, a restored backup, or forgery.
    #[error("device {device}: two different chains meet at place {seq}")]
    Fork {
        /// Whose chain.
        device: DeviceTag,
        /// The first place at which they differ, as far as can be told.
        seq: u64,
    },
    /// The link is of another line of the device.
    #[error("device {device}: a link is of another of its lines")]
    WrongLine {
        /// Whose chain.
        device: DeviceTag,
    },
    /// The links do not lead to the signed head.
    #[error("device {device}: the links do not lead to the signed head at {seq}")]
    WrongHead {
        /// Whose chain.
        device: DeviceTag,
        /// Place of the signed head.
        seq: u64,
    },
    /// A second roster entry at a place that is taken.
    #[error("roster: a second entry at place {seq} ({refused}) was refused; {kept} stays")]
    RosterFork {
        /// The place, 0 for the founding entry.
        seq: u64,
        /// Hash of the entry that stays.
        kept: RosterHead,
        /// Hash of the entry refused.
        refused: RosterHead,
    },
    /// Roster entries are missing.
    #[error("roster: entry {expected} is missing (found {found})")]
    RosterGap {
        /// The place expected next.
        expected: u64,
        /// The place found instead.
        found: u64,
    },
    /// The entry does not fit the state of the roster.
    #[error("roster: entry {seq} does not fit: {problem}")]
    Unfit {
        /// The place of the entry.
        seq: u64,
        /// Why.
        problem: &'static str,
    },
    /// A steward's pass lets nobody in.
    #[error("the steward's word for this device does not count: {0}")]
    Denied(Denied),
    /// One steward alone takes out more than one may.
    #[error(
        "roster: entry {seq} takes out a whole scope, or more than {most} records within 24 hours of the hub's time, with one \
         steward's signature; that needs a second steward"
    )]
    OneSteward {
        /// The place of the entry.
        seq: u64,
        /// How many one steward may take out.
        most: u64,
    },
    /// Fewer stewards have consented than the study's rule asks for.
    #[error(
        "roster: entry {seq} has the consent of {have} second stewards; the rule of this study asks for {need}{}",
        if *.lived_experience { ", one of them in the seat of lived experience" } else { "" }
    )]
    TooFewConsents {
        /// The place of the entry.
        seq: u64,
        /// How many consented.
        have: usize,
        /// How many have to.
        need: usize,
        /// Whether one of them has to hold the seat of lived experience.
        lived_experience: bool,
    },
    /// Too few devices could read what is collected.
    #[error("the roster names {have} evaluator devices; collecting needs {need}")]
    TooFewReaders {
        /// Evaluator devices in the roster.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// No offline recovery key.
    #[error("the roster names no recovery key; collecting needs one")]
    NoRecovery,
    /// Some of the numbered parts of a text are missing.
    #[error("part {part} of {parts} is missing")]
    MissingPart {
        /// The first that is missing.
        part: usize,
        /// How many there are.
        parts: usize,
    },
    /// Fewer shares of the recovery key than it takes.
    #[error("there are {have} shares of the recovery key; it takes {need}")]
    TooFewShares {
        /// How many there are.
        have: usize,
        /// How many it takes.
        need: usize,
    },
    /// Text that is not of the kind asked for.
    #[error("this is not {expected}: it must begin with “{prefix}”")]
    WrongText {
        /// What was expected.
        expected: &'static str,
        /// How it begins.
        prefix: &'static str,
    },
}
