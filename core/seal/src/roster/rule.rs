//! What the founder may not do alone: a rule in the roster says for which acts second stewards have to consent, and an entry of such an act
//! carries their consents.
//!
//! The verdict is made where an entry is taken in, from the entries before it and nothing else, as with what is taken out.

use minicbor::{Decode, Encode};

use super::entry::{Act, Entry, Membership};
use super::erasure::{Consent, MAX_CONSENTS};
use super::log::Roster;
use crate::enrolment::{from_text, to_text};
use crate::{DeviceKeys, Refused, RosterHead, StudyTag, canonical};

/// Largest encoded request for a consent to an act, bytes.
const MAX_REQUEST: usize = 8 * 1024;
const CONTEXT: &str = "nightjar v1 consent to a roster entry";

/// For which acts how many second stewards have to consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Rule {
    /// To let an evaluator's device in; 0 leaves it to the founder.
    #[n(0)]
    pub evaluators: u8,
    /// To name another version of the study, and with it another purpose or disclosure policy; 0 leaves it to the founder.
    #[n(1)]
    pub documents: u8,
    /// Whether one of them has to hold the seat of lived experience.
    #[n(2)]
    pub lived_experience: bool,
}

/// A seat among the stewards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Seat {
    /// Of somebody who knows from their own life what the study asks about.
    #[n(0)]
    LivedExperience,
}

impl Rule {
    pub(super) fn check(&self) -> Result<(), Refused> {
        let most = self.most();
        match (1..=MAX_CONSENTS).contains(&most) {
            true => Ok(()),
            false => Err(Refused::Malformed { what: "rule", problem: "it asks for nobody, or for too many" }),
        }
    }

    /// How many stewards it asks for at most.
    pub(super) fn most(&self) -> usize {
        usize::from(self.evaluators.max(self.documents))
    }

    /// How many have to consent to an act.
    #[must_use]
    pub fn needs(&self, act: &Act) -> usize {
        usize::from(match act {
            Act::Admit { membership: Membership::Evaluator, .. } => self.evaluators,
            Act::Document { .. } => self.documents,
            _ => 0,
        })
    }

    /// What would go around it.
    fn forbids(&self, act: &Act) -> Option<&'static str> {
        if self.evaluators == 0 {
            return None;
        }
        match act {
            Act::Delegate { terms: Some(terms), .. } if terms.evaluators => {
                Some("where stewards have to consent to an evaluator's device, none lets one in alone")
            }
            Act::Enter { passes, .. } => {
                let evaluators = passes.iter().any(|pass| pass.let_in().membership == Membership::Evaluator);
                evaluators.then_some("an evaluator's device in it came without the consent of the stewards")
            }
            // It reads what an evaluator reads.
            Act::Recovery { .. } => Some(
                "where stewards have to consent to an evaluator's device, the recovery key is named before",
            ),
            _ => None,
        }
    }
}

/// What the founder asks second stewards to sign, as text: an act, and after which entry of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ActRequest {
    /// The study.
    #[n(0)]
    pub study: StudyTag,
    /// The head of the roster that the entry follows.
    #[n(1)]
    pub head: RosterHead,
    /// What it does; of a device that is let in without the keys that are handed to it, which are drawn when it is.
    #[n(2)]
    pub act: Act,
}

impl ActRequest {
    /// How its text begins.
    pub const PREFIX: &'static str = "nightjar-act:";

    /// Asks for an act after the last entry of a roster.
    #[must_use]
    pub fn new(roster: &Roster, act: &Act) -> Self {
        Self::after(roster.study(), roster.head(), act)
    }

    fn after(study: StudyTag, head: RosterHead, act: &Act) -> Self {
        let mut act = act.clone();
        if let Act::Admit { epochs, .. } = &mut act {
            epochs.clear();
        }
        Self { study, head, act }
    }

    /// Signs it.
    #[must_use]
    pub fn consent(&self, steward: &DeviceKeys) -> Consent {
        Consent::sign(steward, CONTEXT, &canonical::encode(self))
    }

    /// Whether this is a steward's consent to it.
    #[must_use]
    pub fn is_answered_by(&self, consent: &Consent, roster: &Roster) -> bool {
        let steward = roster.member(&consent.device).filter(|member| member.is_steward());
        let signed = canonical::encode(self);
        steward.is_some_and(|steward| consent.verify(&steward.public, CONTEXT, &signed).is_ok())
    }

    /// As text.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_text(Self::PREFIX, &canonical::encode(self))
    }

    /// Reads the text; in any case, spaces and line breaks passed over.
    ///
    /// # Errors
    /// [`Refused::WrongText`], [`Refused::Truncated`], [`Refused::Altered`]; what an entry may not be.
    pub fn from_text(text: &str) -> Result<Self, Refused> {
        let what = "a request to consent to an act";
        let request: Self =
            canonical::decode(what, &from_text(what, Self::PREFIX, text, MAX_REQUEST)?, MAX_REQUEST)?;
        request.act.check()?;
        match Self::after(request.study, request.head, &request.act) == request {
            true => Ok(request),
            false => Err(Refused::Malformed { what, problem: "it hands out keys" }),
        }
    }
}

impl Roster {
    /// That an entry, which comes next, has the consents that the rule asks for.
    pub(super) fn agreed(&self, entry: &Entry) -> Result<(), Refused> {
        let (seq, consents) = (entry.seq(), entry.consents());
        let unfit = |problem| Err(Refused::Unfit { seq, problem });
        let Some(rule) = self.rule() else {
            return if consents.is_empty() { Ok(()) } else { unfit("nobody has to consent to it") };
        };
        if let Some(problem) = rule.forbids(entry.act()) {
            return unfit(problem);
        }
        let need = rule.needs(entry.act());
        if need == 0 && !consents.is_empty() {
            return unfit("nobody has to consent to it");
        }
        let signed = canonical::encode(&ActRequest::after(self.study(), entry.prev(), entry.act()));
        let mut has_seat = false;
        for consent in consents {
            let Some(steward) = self.member(&consent.device).filter(|member| member.is_steward()) else {
                return unfit("who consented is no steward, or no longer");
            };
            consent.verify(&steward.public, CONTEXT, &signed)?;
            has_seat |= steward.seat == Some(Seat::LivedExperience);
        }
        let lived_experience = rule.lived_experience;
        match need > 0 && (consents.len() < need || (lived_experience && !has_seat)) {
            true => Err(Refused::TooFewConsents { seq, have: consents.len(), need, lived_experience }),
            false => Ok(()),
        }
    }
}
