//! Passes that wait for their place in the roster, and what they say until then.
//!
//! What counts is a function of the log and of the passes held, never of the order in which they came. Of one steward the devices
//! with the lowest numbers count, as many as the terms allow beside those that were entered. A pass that counted and does so no more
//! leaves its device as one that was put out without a good place: what it wrote stays, and waits for a person.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{Member, Roster};
use super::pass::{Denied, Pass, Terms};
use crate::{DeviceTag, PassId, Refused, WrappedEpoch, hash::digest};

/// Most passes that wait at once.
pub const MAX_PASSES: usize = 1_024;
/// How many more passes of a steward are held than devices they may let in: renewed ones, and such that do not count.
const SPARE: usize = 64;

/// What a pass is to a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassStanding {
    /// It lets its device in, or the device is in without it.
    Counts,
    /// It does not, as long as the roster is as it is.
    Denied(Denied),
}

/// A steward's terms.
#[derive(Debug, Clone)]
pub(super) struct Delegation {
    pub(super) terms: Terms,
    pub(super) ended: bool,
    /// How many devices of this steward were entered.
    pub(super) entered: u32,
}

/// Everything that has no place yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    passes: BTreeMap<PassId, Pass>,
    standing: BTreeMap<PassId, PassStanding>,
    /// Devices that are members by nothing but these passes.
    pub(super) members: BTreeSet<DeviceTag>,
    epochs: Vec<WrappedEpoch>,
}

impl Roster {
    /// Takes a pass that was received: holds it until it is entered, and lets its device in if it counts. One that is held
    /// already is harmless.
    ///
    /// # Errors
    /// [`Refused::Denied`] for what can never count here (not a steward's), [`Refused::Altered`] when the steward has
    /// not signed it, [`Refused::Malformed`] for another study's, [`Refused::Oversize`] for too many. The roster is as it was then.
    pub fn take(&mut self, pass: Pass) -> Result<PassStanding, Refused> {
        let (id, steward) = (pass.id(), pass.steward());
        if let Some(standing) = self.is_known(&pass)? {
            return Ok(standing);
        }
        let delegation = self.delegations.get(&steward).ok_or(Refused::Denied(Denied::NoSteward))?;
        // Whether it is within the terms is judged with all that are held: terms may change before it comes and after.
        let of_steward = self.waiting.passes.values().filter(|held| held.steward() == steward).count();
        let most = (delegation.terms.devices as usize + SPARE).min(MAX_PASSES);
        if of_steward >= most || self.waiting.passes.len() >= MAX_PASSES {
            return Err(Refused::Oversize { what: "passes that wait", have: of_steward + 1, most });
        }
        self.waiting.passes.insert(id, pass);
        self.settle();
        Ok(self.standing(&id).unwrap_or(PassStanding::Denied(Denied::NoSteward)))
    }

    /// What a pass is that is held, or whose device is in without it; `None` for one that is a steward's, signed, and not held.
    ///
    /// # Errors
    /// As [`Roster::take`], but for [`Refused::Oversize`].
    pub fn is_known(&self, pass: &Pass) -> Result<Option<PassStanding>, Refused> {
        if pass.study() != self.study() {
            return Err(Refused::Malformed { what: "pass", problem: "it is of another study" });
        }
        if let Some(standing) = self.waiting.standing.get(&pass.id()) {
            return Ok(Some(*standing));
        }
        if !self.delegations.contains_key(&pass.steward()) {
            return Err(Refused::Denied(Denied::NoSteward));
        }
        let signer = self.members.get(&pass.steward()).ok_or(Refused::Denied(Denied::NoSteward))?;
        pass.verify(&signer.public)?;
        Ok(self.has_place(&pass.device()).then_some(PassStanding::Counts))
    }

    /// As [`Roster::take`] for a hub, which everybody hears: who came first stays. What does not count is not held, and neither is what would take
    /// the place of one that does.
    ///
    /// # Errors
    /// As [`Roster::take`].
    pub fn take_in_turn(&mut self, pass: Pass) -> Result<PassStanding, Refused> {
        let steward = pass.steward();
        let mut grown = self.clone();
        let standing = grown.take(pass)?;
        let displaced = self.waiting.standing.iter().any(|(id, held)| {
            *held == PassStanding::Counts && matches!(grown.standing(id), Some(PassStanding::Denied(_)))
        });
        match (standing, grown.terms(&steward)) {
            (PassStanding::Counts, Some(terms)) if displaced => {
                Ok(PassStanding::Denied(Denied::BeyondNumber { most: terms.devices }))
            }
            (PassStanding::Counts, _) => {
                *self = grown;
                Ok(PassStanding::Counts)
            }
            (denied, _) => Ok(denied),
        }
    }

    /// What a pass is that is held; `None` for one that is not.
    pub fn standing(&self, pass: &PassId) -> Option<PassStanding> {
        self.waiting.standing.get(pass).copied()
    }

    /// The passes that wait for their place, by id.
    pub fn passes(&self) -> impl Iterator<Item = &Pass> {
        self.waiting.passes.values()
    }

    /// Commits to the passes that wait, so that two who hold the same are told by 16 bytes.
    pub fn passes_digest(&self) -> [u8; 16] {
        self.passes_digest_without(&BTreeSet::new())
    }

    /// The same of all but these.
    pub fn passes_digest_without(&self, left_out: &BTreeSet<PassId>) -> [u8; 16] {
        let ids = self.waiting.passes.keys().filter(|id| !left_out.contains(id));
        let ids: Vec<&[u8]> = ids.map(|id| &id.0[..]).collect();
        digest("nightjar v1 passes that wait", &ids)
    }

    /// The terms of a steward who is one today.
    pub fn terms(&self, steward: &DeviceTag) -> Option<&Terms> {
        let here = self.members.get(steward).is_some_and(|member| member.revoked.is_none());
        let delegation = self.delegations.get(steward).filter(|delegation| here && !delegation.ended);
        delegation.map(|delegation| &delegation.terms)
    }

    /// How many devices a steward has let in, as far as this roster shows.
    pub fn let_in_by(&self, steward: &DeviceTag) -> u32 {
        let entered = self.delegations.get(steward).map_or(0, |delegation| delegation.entered);
        let waiting: BTreeSet<_> =
            self.passes().filter(|pass| pass.steward() == *steward).map(Pass::device).collect();
        entered + waiting.len() as u32
    }

    /// The highest number a steward has given, as far as this roster shows.
    pub fn highest_number(&self, steward: &DeviceTag) -> u32 {
        let waiting = self.passes().filter(|pass| pass.steward() == *steward).map(Pass::number).max();
        self.numbers.get(steward).copied().max(waiting).unwrap_or(0)
    }

    pub(super) fn waiting_epochs(&self) -> impl Iterator<Item = &WrappedEpoch> {
        self.waiting.epochs.iter()
    }

    /// Whether a device has its place in the log.
    pub(super) fn has_place(&self, device: &DeviceTag) -> bool {
        self.members.get(device).is_some_and(|member| member.since.is_some())
    }

    /// Judges a pass by everything but the number.
    fn judge(&self, pass: &Pass) -> Result<(), Denied> {
        let steward = pass.steward();
        let delegation = self.delegations.get(&steward).ok_or(Denied::NoSteward)?;
        let here = self.members.get(&steward).is_some_and(|member| member.revoked.is_none());
        if delegation.ended || !here {
            return Err(Denied::Ended);
        }
        delegation.terms.allow(pass)?;
        match self.time > pass.until() {
            true => Err(Denied::Expired),
            false => Ok(()),
        }
    }

    /// Works out anew whom the passes let in.
    pub(super) fn settle(&mut self) {
        for device in std::mem::take(&mut self.waiting.members) {
            self.members.remove(&device);
        }
        self.waiting.epochs.clear();
        let placed: Vec<_> = self
            .waiting
            .passes
            .iter()
            .filter(|(_, pass)| self.has_place(&pass.device()))
            .map(|(id, _)| *id)
            .collect();
        for id in placed {
            self.waiting.passes.remove(&id);
        }
        let standing = self.judged();
        let mut members: BTreeMap<DeviceTag, Member> = BTreeMap::new();
        for (id, pass) in &self.waiting.passes {
            let counts = standing.get(id) == Some(&PassStanding::Counts);
            let member = || Member {
                public: pass.let_in().device,
                label: pass.let_in().label.clone(),
                membership: pass.let_in().membership,
                grants: pass.let_in().grants.clone(),
                since: None,
                by: Some(pass.steward()),
                revoked: (!counts).then(BTreeMap::new),
                steward: false,
                seat: None,
            };
            let known = members.entry(pass.device()).or_insert_with(member);
            // Of several for one device the first that counts says what it is.
            if counts && known.revoked.is_some() {
                *known = member();
            }
            if counts {
                self.waiting.epochs.extend(pass.let_in().epochs.iter().cloned());
            }
        }
        self.waiting.members = members.keys().copied().collect();
        self.waiting.standing = standing;
        self.members.extend(members);
    }

    fn judged(&self) -> BTreeMap<PassId, PassStanding> {
        let mut standing = BTreeMap::new();
        // Of each steward the devices, each at its lowest number.
        let mut devices: BTreeMap<DeviceTag, BTreeMap<DeviceTag, u32>> = BTreeMap::new();
        for (id, pass) in &self.waiting.passes {
            match self.judge(pass) {
                Err(denied) => {
                    standing.insert(*id, PassStanding::Denied(denied));
                }
                Ok(()) => {
                    let number =
                        devices.entry(pass.steward()).or_default().entry(pass.device()).or_insert(u32::MAX);
                    *number = (*number).min(pass.number());
                }
            }
        }
        for (steward, devices) in devices {
            let Some(delegation) = self.delegations.get(&steward) else { continue };
            let most = delegation.terms.devices;
            let room = most.saturating_sub(delegation.entered) as usize;
            let mut order: Vec<_> = devices.into_iter().map(|(device, number)| (number, device)).collect();
            order.sort_unstable();
            let within: BTreeSet<_> = order.into_iter().take(room).map(|(_, device)| device).collect();
            for (id, pass) in self.waiting.passes.iter().filter(|(_, pass)| pass.steward() == steward) {
                let judged = match within.contains(&pass.device()) {
                    true => PassStanding::Counts,
                    false => PassStanding::Denied(Denied::BeyondNumber { most }),
                };
                standing.entry(*id).or_insert(judged);
            }
        }
        standing
    }
}
