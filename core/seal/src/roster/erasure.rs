//! Taking records out by the roster: what a steward may take out alone, and what needs a second one.
//!
//! The verdict is made where an entry is taken in, from the entries before it and nothing else, so that every device and every hub
//! makes the same, whatever came when.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};

use super::log::Member;
use crate::enrolment::{from_text, to_text};
use crate::{
    ClockPublic, DeviceKeys, DevicePublic, DeviceTag, RecordTag, Refused, RosterHead, ScopeTag, Signature,
    Stamp, StudyTag, canonical,
};

/// Most records that one entry names.
pub const MAX_ERASED: usize = 1_024;
/// Records that one steward may take out alone within [`ALONE_SECONDS`].
pub const ALONE: u64 = 20;
/// Seconds of the hub's time after which a steward may take out as many again.
pub const ALONE_SECONDS: u64 = 24 * 60 * 60;
/// Most second signatures of one entry.
pub(super) const MAX_CONSENTS: usize = 8;
/// Largest encoded request for a consent, bytes.
const MAX_REQUEST: usize = 24 * 1024;
const MAX_CONSENT: usize = 256;
const CONTEXT: &str = "nightjar v1 consent to an erasure";

/// Takes records of a scope out, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Erasure {
    /// The scope.
    #[n(0)]
    pub scope: ScopeTag,
    /// What of it.
    #[n(1)]
    pub what: Extent,
    /// The hub's time with the roster as it was just before.
    #[n(2)]
    pub stamp: Option<Stamp>,
    /// Signatures of further stewards, in the order of their devices, each once.
    #[n(3)]
    pub consents: Vec<Consent>,
}

/// How much an [`Erasure`] takes out.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Extent {
    /// These records, in rising order, each once, 1 to [`MAX_ERASED`].
    #[n(0)]
    Records(#[n(0)] Vec<RecordTag>),
    /// Everything that was and will be written in the scope.
    #[n(1)]
    Scope,
}

impl Extent {
    /// Some records, in whatever order they are named.
    pub fn records(records: impl IntoIterator<Item = RecordTag>) -> Self {
        Self::Records(records.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }

    fn check(&self) -> Result<(), Refused> {
        let Self::Records(records) = self else { return Ok(()) };
        if records.len() > MAX_ERASED {
            return Err(Refused::Oversize {
                what: "records of an erasure",
                have: records.len(),
                most: MAX_ERASED,
            });
        }
        match !records.is_empty() && records.is_sorted_by(|a, b| a < b) {
            true => Ok(()),
            false => Err(Refused::Malformed {
                what: "erasure",
                problem: "its records are not in order, each once",
            }),
        }
    }
}

/// What a steward asks another one to sign, as text: what is taken out, and after which entry of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ConsentRequest {
    /// The study.
    #[n(0)]
    pub study: StudyTag,
    /// The head of the roster that the entry follows.
    #[n(1)]
    pub head: RosterHead,
    /// The scope.
    #[n(2)]
    pub scope: ScopeTag,
    /// What of it.
    #[n(3)]
    pub what: Extent,
}

impl ConsentRequest {
    const PREFIX: &'static str = "nightjar-take-out:";

    /// Signs it.
    pub fn consent(&self, steward: &DeviceKeys) -> Consent {
        Consent::sign(steward, CONTEXT, &canonical::encode(self))
    }

    /// As text.
    pub fn to_text(&self) -> String {
        to_text(Self::PREFIX, &canonical::encode(self))
    }

    /// Reads the text; in any case, spaces and line breaks passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`], [`Refused::Altered`]; what an erasure may not be.
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let what = "a request to take records out";
        let bytes = from_text(what, Self::PREFIX, text, MAX_REQUEST)?;
        let request: Self = canonical::decode(what, &bytes, MAX_REQUEST)?;
        request.what.check()?;
        Ok(request)
    }
}

/// A further steward's signature over an erasure or another act, at one place of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Consent {
    /// The steward's device.
    #[n(0)]
    pub device: DeviceTag,
    #[n(1)]
    signature: Signature,
}

impl Consent {
    const PREFIX: &'static str = "nightjar-consent:";

    pub(super) fn sign(steward: &DeviceKeys, context: &str, signed: &[u8]) -> Self {
        Self { device: steward.tag(), signature: steward.sign(context, signed) }
    }

    pub(super) fn verify(&self, by: &DevicePublic, context: &str, signed: &[u8]) -> Result<(), Refused> {
        by.verify(context, signed, &self.signature)
    }

    /// That these are in the order of their devices, each once, and not too many.
    pub(super) fn check_all(consents: &[Self]) -> Result<(), Refused> {
        let have = consents.len();
        if have > MAX_CONSENTS {
            return Err(Refused::Oversize { what: "consents", have, most: MAX_CONSENTS });
        }
        match consents.is_sorted_by(|a, b| a.device < b.device) {
            true => Ok(()),
            false => {
                Err(Refused::Malformed { what: "consents", problem: "they are not in order, each once" })
            }
        }
    }

    /// As text.
    pub fn to_text(&self) -> String {
        to_text(Self::PREFIX, &canonical::encode(self))
    }

    /// Reads the text; in any case, spaces and line breaks passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`], [`Refused::Altered`].
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let what = "a consent";
        canonical::decode(what, &from_text(what, Self::PREFIX, text, MAX_CONSENT)?, MAX_CONSENT)
    }
}

impl Erasure {
    pub(super) fn check(&self) -> Result<(), Refused> {
        Consent::check_all(&self.consents)?;
        self.what.check()
    }
}

/// Where an entry stands.
pub(super) struct Place {
    pub(super) study: StudyTag,
    pub(super) seq: u64,
    pub(super) prev: RosterHead,
}

/// What was taken out so far, and what stewards did alone.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    pub(super) clock: Option<ClockPublic>,
    scopes: BTreeSet<ScopeTag>,
    records: BTreeSet<(ScopeTag, RecordTag)>,
    alone: Vec<Alone>,
    /// The latest time of the hub in any entry.
    last: u64,
}

/// Records that one steward took out alone.
#[derive(Debug, Clone, Copy)]
struct Alone {
    count: u64,
    /// A time of the hub at which the entry was there for certain.
    by: Option<u64>,
}

impl Ledger {
    pub(super) fn is_taken_out(&self, scope: &ScopeTag, record: &RecordTag) -> bool {
        self.scopes.contains(scope) || self.records.contains(&(*scope, *record))
    }

    pub(super) fn scopes(&self) -> &BTreeSet<ScopeTag> {
        &self.scopes
    }

    /// Takes an erasure in, or refuses it and stays as it was.
    pub(super) fn take(
        &mut self,
        place: &Place,
        erasure: &Erasure,
        members: &BTreeMap<DeviceTag, Member>,
    ) -> Result<(), Refused> {
        let now = self.time_of(place, erasure)?;
        let second = self.consented(place, erasure, members)?;
        let new: Vec<_> = match &erasure.what {
            Extent::Scope => Vec::new(),
            Extent::Records(records) => {
                records.iter().filter(|record| !self.is_taken_out(&erasure.scope, record)).collect()
            }
        };
        let mut alone = self.alone.clone();
        if let Some(now) = now {
            // The hub had every entry before this one then, so each is at least as old.
            alone.iter_mut().for_each(|before| before.by = before.by.or(Some(now)));
        }
        // Without a time of its own it may be as old as the latest time before it, and no older.
        let from = now.unwrap_or(self.last);
        alone.retain(|before| before.by.is_none_or(|by| by.saturating_add(ALONE_SECONDS) > from));
        if !second {
            let before: u64 = alone.iter().map(|before| before.count).sum();
            let (count, seq) = (new.len() as u64, place.seq);
            if erasure.what == Extent::Scope || before + count > ALONE {
                return Err(Refused::OneSteward { seq, most: ALONE });
            }
            if count > 0 {
                alone.push(Alone { count, by: now });
            }
        }
        match &erasure.what {
            Extent::Scope => drop(self.scopes.insert(erasure.scope)),
            Extent::Records(_) => self.records.extend(new.into_iter().map(|record| (erasure.scope, *record))),
        }
        (self.alone, self.last) = (alone, from);
        Ok(())
    }

    /// The hub's time in an entry; a clock that went back counts as one that stood still.
    fn time_of(&self, place: &Place, erasure: &Erasure) -> Result<Option<u64>, Refused> {
        let Some(stamp) = &erasure.stamp else { return Ok(None) };
        let problem = "it has a time of a hub, and the roster names no hub that may tell it";
        let clock = self.clock.as_ref().ok_or(Refused::Unfit { seq: place.seq, problem })?;
        stamp.verify(clock, &place.study, &place.prev)?;
        Ok(Some(stamp.time().max(self.last)))
    }

    /// Whether a second steward signed it. A signature that does not hold is no silence: the entry is refused.
    fn consented(
        &self,
        place: &Place,
        erasure: &Erasure,
        members: &BTreeMap<DeviceTag, Member>,
    ) -> Result<bool, Refused> {
        let Erasure { scope, what, .. } = erasure;
        let Place { study, seq, prev } = *place;
        let signed = ConsentRequest { study, head: prev, scope: *scope, what: what.clone() };
        let signed = canonical::encode(&signed);
        for consent in &erasure.consents {
            let steward = members.get(&consent.device).filter(|member| member.is_steward());
            let problem = "who consented is no steward, or no longer";
            let steward = steward.ok_or(Refused::Unfit { seq, problem })?;
            consent.verify(&steward.public, CONTEXT, &signed)?;
        }
        Ok(!erasure.consents.is_empty())
    }
}
