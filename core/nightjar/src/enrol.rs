//! Letting devices in: by the founder, who gives each its place in the roster, and by stewards, whose passes count at once and get
//! their place later. Nothing here needs the network; what can be told to a hub is told.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_record::{Contributor, RecordId};
use nightjar_seal::{
    Act, Denied, DeviceTag, EnrolmentRequest, Entry, EpochKey, Grant, Invitation, LetIn, Member, Membership,
    Pass, PassId, PassStanding, Refused, RootKeys, Roster, WrappedEpoch, frames,
};

use crate::agreeing;
use crate::device::Device;
use crate::failure::Failure;
use crate::key::OsEntropy;
use crate::membership::Joined;
use crate::sync;
#[cfg(feature = "evaluate")]
use crate::view::AsksView;
use crate::view::MemberView;

/// The root key, in the founder's vault alone.
pub(crate) const ROOT: &str = "steward.root";
/// What the names of passes in a vault begin with.
const PASS: &str = "roster.pass/";
/// How far the hub's clock is ahead of this device's, in seconds.
const AHEAD: &str = "hub.ahead";
/// A smaller difference of clocks is not written down again, seconds.
const STEADY: i64 = 30;
/// How long an invitation is good for if nobody says otherwise.
pub(crate) const HOURS: u32 = 24;
/// Most bytes of passes in one roster entry.
const ENTRY_BYTES: usize = 48 << 10;

/// How a device is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// To collect on these wards, or on all that the steward may let devices in for when there are none.
    Tablet {
        /// Codes of the wards.
        wards: Vec<String>,
    },
    /// To read.
    Evaluator,
}

/// Most characters of a text of enrolment in one QR code: version 25 with error correction M.
const PICTURE: usize = 1_451;
/// Most characters of each part where it takes several, so that they are small (version 19).
const PART: usize = 900;

/// The pictures that a text of enrolment makes: it as a whole where one QR code of version 25 with error correction M holds it, else in numbered
/// parts. Whoever reads the text takes the parts in any order.
#[must_use]
pub fn picture_parts(text: &str) -> Vec<String> {
    frames(text, if text.len() <= PICTURE { PICTURE } else { PART })
}

/// The fingerprint of the device that asks with this text, to be compared with what the device itself shows.
///
/// # Errors
/// [`Failure::Invalid`] for a text that is no request, or a damaged one.
pub fn fingerprint_of(request: &str) -> Result<String, Failure> {
    Ok(EnrolmentRequest::from_text(request)?.device.fingerprint())
}

/// Lets a device in. The invitation is good for so many hours.
pub(crate) fn admit(
    device: &Device,
    request: &str,
    admission: Admission,
    hours: u32,
) -> Result<String, Failure> {
    let request = EnrolmentRequest::from_text(request)?;
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    let (membership, wards) = match admission {
        Admission::Tablet { wards } => (Membership::Tablet, wards),
        Admission::Evaluator => (Membership::Evaluator, Vec::new()),
    };
    if let Some(unknown) = wards.iter().find(|ward| joined.study().ward(ward).is_none()) {
        return Err(Failure::Invalid(format!("the study has no ward \"{unknown}\"")));
    }
    if request.device.tag() == device.tag() {
        return Err(Failure::Invalid("this is the request of this very device".into()));
    }
    let until = device.study_time()?.saturating_add(u64::from(hours) * 3_600);
    let inviting = Inviting { device, joined: &joined, request, membership, wards, until };
    match root {
        Some(root) => inviting.by_the_founder(&root),
        None => inviting.by_a_steward(),
    }
}

/// What to ask second stewards before an evaluator's device is let in; `None` where the founder does that alone.
#[cfg(feature = "evaluate")]
pub(crate) fn asks_to_admit(device: &Device, request: &str) -> Result<Option<AsksView>, Failure> {
    let request = EnrolmentRequest::from_text(request)?;
    let joined = device.joined()?;
    let (membership, wards) = (Membership::Evaluator, Vec::new());
    let known = joined.roster().member(&request.device.tag());
    if known.is_some_and(|member| member.since.is_some()) {
        return Ok(None);
    }
    let inviting = Inviting { device, joined: &joined, request, membership, wards, until: 0 };
    let LetIn { device, label, membership, grants, epochs } = inviting.let_in(Vec::new())?;
    let act = Act::Admit { device, label, membership, grants, epochs };
    Ok(agreeing::asks(joined.roster(), &act))
}

struct Inviting<'a> {
    device: &'a Device,
    joined: &'a Joined,
    request: EnrolmentRequest,
    membership: Membership,
    wards: Vec<String>,
    until: u64,
}

impl Inviting<'_> {
    fn by_the_founder(self, root: &RootKeys) -> Result<String, Failure> {
        let known = self.joined.roster().member(&self.request.device.tag());
        let is_in = known.is_some_and(|member| {
            member.since.is_some() && member.revoked.is_none() && member.membership == self.membership
        });
        if is_in {
            // Let in already, and the invitation was lost on the way.
            return self.invitation(self.joined.roster(), None);
        }
        let mut roster = self.joined.roster().clone();
        let LetIn { device, label, membership, grants, epochs } = self.let_in(self.wards.clone())?;
        let act = Act::Admit { device, label, membership, grants, epochs };
        agreeing::append(self.device, &mut roster, act, root)?;
        keep(self.device, &roster, self.joined.roster().entries().len())?;
        self.invitation(&roster, None)
    }

    fn by_a_steward(self) -> Result<String, Failure> {
        let (roster, me) = (self.joined.roster(), self.device.tag());
        let terms = roster.terms(&me).ok_or_else(not_steward)?;
        let tag = self.request.device.tag();
        if let Some(member) = roster.member(&tag).filter(|member| member.since.is_some()) {
            if member.revoked.is_some() || member.membership != self.membership {
                return Err(Failure::Rejected(
                    "this device is in the roster otherwise; only the founder can change that".into(),
                ));
            }
            return self.invitation(roster, None);
        }
        if self.until > terms.until && self.device.study_time()? >= terms.until {
            return Err(Failure::Rejected(Denied::Ended.to_string()));
        }
        // No number is used twice but for the same device.
        let own = roster.passes().filter(|pass| pass.steward() == me);
        let number = own.filter(|pass| pass.device() == tag).map(Pass::number).min();
        if number.is_none() && roster.let_in_by(&me) >= terms.devices {
            return Err(Failure::Rejected(Denied::BeyondNumber { most: terms.devices }.to_string()));
        }
        let number = number.unwrap_or_else(|| roster.highest_number(&me).saturating_add(1));
        // A steward for some wards lets nobody in for all of them.
        let wards = if self.wards.is_empty() { terms.wards.clone() } else { self.wards.clone() };
        let until = self.until.min(terms.until);
        let pass = Pass::sign(roster.study(), number, until, self.let_in(wards)?, &self.device.keys)?;
        let mut roster = roster.clone();
        match roster.take(pass.clone()) {
            Ok(PassStanding::Counts) => {}
            Ok(PassStanding::Denied(denied)) | Err(Refused::Denied(denied)) => {
                return Err(Failure::Rejected(denied.to_string()));
            }
            Err(refused) => return Err(refused.into()),
        }
        self.device.keep_pass(&pass)?;
        self.device.study_changed();
        // At once where the hub can be reached, else with the next sync of whoever holds it.
        let _ = self.device.block_on(sync::bring(self.device, &pass));
        self.invitation(&roster, Some(pass))
    }

    fn let_in(&self, wards: Vec<String>) -> Result<LetIn, Failure> {
        let device = self.request.device;
        let wrapped = |scope, key: &EpochKey| WrappedEpoch::new(scope, key, &device, &mut OsEntropy);
        let identity = EpochKey::from_bytes(&self.joined.identity.0)?;
        // The ward's keys of before, too: a tablet that takes the place of a lost one reads what its ward wrote until then.
        let mut epochs = vec![wrapped(self.joined.scopes.identity, &identity)?];
        for (_, key) in self.joined.epochs() {
            epochs.push(wrapped(self.joined.scopes.ward, key)?);
        }
        let (label, membership) = (self.request.label.clone(), self.membership);
        Ok(LetIn { device, label, membership, grants: vec![Grant::all(wards)], epochs })
    }

    fn invitation(&self, roster: &Roster, pass: Option<Pass>) -> Result<String, Failure> {
        let (study, root, head, hub) = (roster.study(), roster.root(), roster.head(), self.device.hub()?);
        let until = pass.as_ref().map_or(self.until, Pass::until);
        let device = self.request.device.tag();
        Ok(Invitation { study, root, head, hub, device, until, pass }.to_text())
    }
}

/// Gives passes that wait their place in the roster, on the founder's device; elsewhere it does nothing. `at` is the study's time. Of those
/// that a hub `refused` none is entered; without a hub those are not that came too late by the founder's clock. What grew is kept, and not yet
/// told.
pub(crate) fn entered(
    device: &Device,
    at: u64,
    refused: &BTreeSet<PassId>,
) -> Result<Option<Roster>, Failure> {
    let Some(root) = root(device)? else { return Ok(None) };
    let joined = device.joined()?;
    let roster = joined.roster();
    let has_hub = !device.hub()?.is_empty();
    let is_late = |pass: &Pass| pass.until() < at;
    // Judged without those that are not at the hub: who came first there stays.
    let log: Vec<_> = roster.entries().iter().map(Entry::encode).collect();
    let mut judging = Roster::read(log.iter().map(Vec::as_slice))?;
    let shown = roster.passes().filter(|pass| !refused.contains(&pass.id()) && (has_hub || !is_late(pass)));
    for pass in shown {
        let _ = judging.take(pass.clone());
    }
    let counts = |roster: &Roster, pass: &Pass| roster.standing(&pass.id()) == Some(PassStanding::Counts);
    let entering: Vec<Pass> = judging.passes().filter(|pass| counts(&judging, pass)).cloned().collect();
    let late = roster.passes().any(|pass| is_late(pass) && counts(roster, pass) && !counts(&judging, pass));
    if entering.is_empty() && !late {
        return Ok(None);
    }
    let mut grown = roster.clone();
    enter_these(&joined, &mut grown, at, entering, &root)?;
    keep_here(device, &grown, roster.entries().len())?;
    judge_again(device, roster)?;
    Ok(Some(grown))
}

/// What the roster says of devices now, and said otherwise before, is applied to what they wrote.
pub(crate) fn judge_again(device: &Device, before: &Roster) -> Result<(), Failure> {
    let joined = device.joined()?;
    let otherwise = judged_otherwise(before, joined.roster());
    if !otherwise.is_empty() {
        let changed = joined.reading(|reading| device.vault.judge_again(&otherwise, reading))?;
        device.forget_told()?;
        device.notifier.changed(changed.iter().map(ToString::to_string));
    }
    Ok(())
}

/// Appends the entries that give passes their place, and hands their devices the ward's key in force where they have an older one.
pub(crate) fn enter_these(
    joined: &Joined,
    roster: &mut Roster,
    at: u64,
    passes: Vec<Pass>,
    root: &RootKeys,
) -> Result<(), Failure> {
    let mut devices = BTreeSet::new();
    let mut left: Vec<Pass> = passes.into_iter().filter(|pass| devices.insert(pass.device())).collect();
    loop {
        let mut bytes = 0;
        let fits = left.iter().take_while(|pass| {
            bytes += pass.encode().len();
            bytes <= ENTRY_BYTES
        });
        let rest = left.split_off(fits.count());
        roster.append(Act::Enter { at, passes: left }, root)?;
        left = rest;
        if left.is_empty() {
            break;
        }
    }
    let Some((newest, key)) = joined.epochs().last() else { return Ok(()) };
    let mut wraps = Vec::new();
    for device in devices {
        let has = roster.epochs_for(&device).any(|wrap| wrap.key == *newest);
        if let Some(member) = roster.member(&device).filter(|_| !has) {
            wraps.push(WrappedEpoch::new(joined.scopes.ward, key, &member.public, &mut OsEntropy)?);
        }
    }
    if !wraps.is_empty() {
        roster.append(Act::Epoch { wraps }, root)?;
    }
    Ok(())
}

/// Passes of this steward that came too late at the hub, given anew: the person let the device in, and it was the way that took long. For
/// how long anybody may do so stands in the roster.
pub(crate) fn renew(device: &Device, late: &BTreeSet<PassId>) -> Result<Vec<Pass>, Failure> {
    let joined = device.joined()?;
    let (roster, me) = (joined.roster(), device.tag());
    let (now, Some(terms)) = (device.study_time()?, roster.terms(&me)) else { return Ok(Vec::new()) };
    let until = now.saturating_add(u64::from(HOURS) * 3_600).min(terms.until);
    let mut newest: BTreeMap<DeviceTag, &Pass> = BTreeMap::new();
    for pass in roster.passes().filter(|pass| pass.steward() == me) {
        let known = newest.entry(pass.device()).or_insert(pass);
        if known.until() < pass.until() {
            *known = pass;
        }
    }
    let mut renewed = Vec::new();
    for pass in newest.into_values().filter(|pass| late.contains(&pass.id()) && now < terms.until) {
        let let_in = pass.let_in().clone();
        let pass = Pass::sign(roster.study(), pass.number(), until, let_in, &device.keys)?;
        device.keep_pass(&pass)?;
        renewed.push(pass);
    }
    device.study_changed();
    Ok(renewed)
}

/// Keeps roster entries from a place on, and tells the hub where it can be reached.
pub(crate) fn keep(device: &Device, roster: &Roster, from: usize) -> Result<Vec<RecordId>, Failure> {
    let gone = keep_here(device, roster, from)?;
    // At once where the hub can be reached, so that a device just let in can join. Whatever the hub says, the entry is
    // kept here and the next sync takes it there; a hub's trouble must not cost the words or the invitation.
    let _ = device.block_on(sync::publish_roster(device, roster, from));
    Ok(gone)
}

/// Keeps what the roster grew by from a place on; the records that it took out here.
pub(crate) fn keep_here(device: &Device, roster: &Roster, from: usize) -> Result<Vec<RecordId>, Failure> {
    let new: Vec<_> = roster.entries()[from..].iter().map(Entry::encode).collect();
    let gone = device.vault.keep_roster(from, &new)?;
    device.forget_placed(roster)?;
    device.study_changed();
    device.notifier.changed(gone.iter().map(ToString::to_string));
    Ok(gone)
}

/// The root key, where this device founded the study.
pub(crate) fn root(device: &Device) -> Result<Option<RootKeys>, Failure> {
    let bytes = device.vault.setting(ROOT)?;
    Ok(bytes.map(|bytes| RootKeys::from_bytes(&bytes)).transpose()?)
}

pub(crate) fn not_steward() -> Failure {
    Failure::Rejected(
        "only a steward can let devices in: the device that founded the study, and those it made stewards"
            .into(),
    )
}

/// The devices of whom a roster says something else than another before it.
pub(crate) fn judged_otherwise(before: &Roster, after: &Roster) -> Vec<DeviceTag> {
    let differs = |(tag, member): &(&DeviceTag, &Member)| {
        before.member(tag).is_some_and(|known| known.revoked != member.revoked)
    };
    after.members().iter().filter(differs).map(|(tag, _)| *tag).collect()
}

/// Every device that was ever let in, in the order of the roster.
pub(crate) fn members(joined: &Joined) -> Vec<MemberView> {
    let mut members: Vec<_> = joined.roster().members().iter().collect();
    members.sort_by_key(|(_, member)| member.since.unwrap_or(u64::MAX));
    let view = |(tag, member): (&DeviceTag, &Member)| MemberView {
        tag: tag.to_string(),
        label: member.label.clone(),
        kind: match member.membership {
            Membership::Evaluator => "evaluator".to_owned(),
            _ => "tablet".to_owned(),
        },
        fingerprint: member.public.fingerprint(),
        put_out: member.revoked.is_some(),
        steward: member.is_steward(),
        waits: member.since.is_none(),
        let_in_by: member.by.map(|by| joined.label_of(&Contributor(by.0))),
        may_let_in: joined.roster().terms(tag).map(|terms| terms.devices),
        has_let_in: joined.roster().let_in_by(tag),
    };
    members.into_iter().map(view).collect()
}

impl Device {
    /// The passes that wait for their place, as far as this device holds any.
    pub(crate) fn passes(&self) -> Result<Vec<Pass>, Failure> {
        let mut passes = Vec::new();
        for name in self.vault.settings(PASS)? {
            // One that does not read is as good as none: others hold it.
            let bytes = self.vault.setting(&name)?;
            passes.extend(bytes.and_then(|bytes| Pass::decode(&bytes).ok()));
        }
        Ok(passes)
    }

    pub(crate) fn keep_pass(&self, pass: &Pass) -> Result<(), Failure> {
        Ok(self.vault.keep_setting(&format!("{PASS}{}", pass.id()), &pass.encode())?)
    }

    /// Forgets passes that wait no more.
    pub(crate) fn forget_placed(&self, roster: &Roster) -> Result<(), Failure> {
        let waiting: BTreeSet<String> = roster.passes().map(|pass| format!("{PASS}{}", pass.id())).collect();
        for name in self.vault.settings(PASS)? {
            if !waiting.contains(&name) {
                self.vault.forget_setting(&name)?;
            }
        }
        Ok(())
    }

    /// The time that passes and invitations go by, in seconds since 1970-01-01 UTC: the hub's, as this device knows it from when it last
    /// spoke to one; without a hub its own.
    pub(crate) fn study_time(&self) -> Result<u64, Failure> {
        Ok(u64::try_from(self.own_time().saturating_add(self.ahead()?)).unwrap_or(0))
    }

    /// Notes what time it is at the hub.
    pub(crate) fn note_hub_time(&self, hub_time: Option<u64>) -> Result<(), Failure> {
        let Some(hub_time) = hub_time.and_then(|time| i64::try_from(time).ok()) else { return Ok(()) };
        let ahead = hub_time.saturating_sub(self.own_time());
        match ahead.saturating_sub(self.ahead()?).saturating_abs() > STEADY {
            true => Ok(self.vault.keep_setting(AHEAD, &ahead.to_le_bytes())?),
            false => Ok(()),
        }
    }

    fn own_time(&self) -> i64 {
        self.clock.now().timestamp().as_second()
    }

    fn ahead(&self) -> Result<i64, Failure> {
        let bytes = self.vault.setting(AHEAD)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, i64::from_le_bytes))
    }
}
