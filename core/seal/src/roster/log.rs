//! The log as a whole: verified entry by entry, and what it says today.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Act, Entry, Membership, WrappedEpoch};
use super::erasure::{Consent, Ledger, Place};
use super::grants::{Action, Grant};
use super::pass::Pass;
use super::rule::{Rule, Seat};
use super::waiting::{Delegation, Waiting};
use crate::{
    ClockPublic, DevicePublic, DeviceTag, DocumentHash, Entropy, Line, LinkHash, RecordTag, RecoveryPublic,
    Refused, RootKeys, RootPublic, RosterHead, ScopeTag, StudyTag, entropy::random,
};

/// Most entries of a roster.
pub const MAX_ENTRIES: usize = 20_000;
/// Evaluator devices without which nobody may collect.
const READERS: usize = 2;

/// A device of the study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its public keys.
    pub public: DevicePublic,
    /// What people call it.
    pub label: String,
    /// What it is.
    pub membership: Membership,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Place of the entry that let it in; `None` as long as it is in by a pass that waits for its place.
    pub since: Option<u64>,
    /// The steward whose pass let it in; `None` where the founder did.
    pub by: Option<DeviceTag>,
    /// Set once it was put out: its last good place per scope and line.
    pub revoked: Option<BTreeMap<(ScopeTag, Line), BTreeMap<u64, LinkHash>>>,
    /// Whether it was named as a second steward's.
    pub steward: bool,
    /// The seat that its steward holds, if it is a particular one.
    pub seat: Option<Seat>,
}

impl Member {
    /// Whether its signature counts as a second steward's today.
    pub fn is_steward(&self) -> bool {
        self.steward && self.revoked.is_none()
    }

    /// Whether one of its grants covers it.
    pub fn may(&self, kind: &str, action: Action, ward: &str) -> bool {
        self.grants.iter().any(|grant| grant.covers(kind, action, ward))
    }
}

/// A verified roster and what it says.
#[derive(Debug, Clone)]
pub struct Roster {
    entries: Vec<Entry>,
    hashes: Vec<RosterHead>,
    study: StudyTag,
    root: RootPublic,
    document: DocumentHash,
    title: String,
    pub(super) members: BTreeMap<DeviceTag, Member>,
    recovery: Option<RecoveryPublic>,
    epochs: Vec<WrappedEpoch>,
    pub(super) delegations: BTreeMap<DeviceTag, Delegation>,
    /// The highest number of each steward's passes that were entered.
    pub(super) numbers: BTreeMap<DeviceTag, u32>,
    /// The time of the last entry that gave passes their place.
    pub(super) time: u64,
    pub(super) waiting: Waiting,
    erased: Ledger,
    rule: Option<Rule>,
}

impl Roster {
    /// Founds a study: a roster with its founding entry.
    ///
    /// # Errors
    /// When the title is empty or too long.
    pub fn found(
        root: &RootKeys,
        document: DocumentHash,
        title: &str,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, Refused> {
        let act =
            Act::Found { root: root.public(), document, title: title.to_owned(), salt: random(entropy) };
        Self::begin(Entry::signed(0, RosterHead::START, act, root)?)
    }

    /// Begins with a founding entry that was received.
    ///
    /// # Errors
    /// [`Refused::Unfit`] when it founds nothing; [`Refused::Altered`] when its own key has not signed it.
    pub fn begin(founding: Entry) -> Result<Self, Refused> {
        let (seq, prev) = (founding.seq(), founding.prev());
        let Act::Found { root, document, title, .. } = founding.act().clone() else {
            return Err(Refused::Unfit { seq, problem: "a roster begins with a founding entry" });
        };
        if seq != 0 || prev != RosterHead::START {
            return Err(Refused::Unfit { seq, problem: "a founding entry stands at place 0" });
        }
        founding.verify(&root)?;
        Ok(Self {
            study: founding.study(),
            hashes: vec![founding.hash()],
            entries: vec![founding],
            root,
            document,
            title,
            members: BTreeMap::new(),
            recovery: None,
            epochs: Vec::new(),
            delegations: BTreeMap::new(),
            numbers: BTreeMap::new(),
            time: 0,
            waiting: Waiting::default(),
            erased: Ledger::default(),
            rule: None,
        })
    }

    /// Verifies a whole log, as stored or received.
    ///
    /// # Errors
    /// As [`Roster::begin`] and [`Roster::push`]; nothing is taken of a log that does not verify to its end.
    pub fn read<'b>(log: impl IntoIterator<Item = &'b [u8]>) -> Result<Self, Refused> {
        let mut log = log.into_iter();
        let founding = log.next().ok_or(Refused::Truncated { what: "roster" })?;
        let mut roster = Self::begin(Entry::decode(founding)?)?;
        for bytes in log {
            roster.push(Entry::decode(bytes)?)?;
        }
        Ok(roster)
    }

    /// Signs the next entry and appends it.
    ///
    /// # Errors
    /// As [`Roster::push`].
    pub fn append(&mut self, act: Act, root: &RootKeys) -> Result<&Entry, Refused> {
        self.append_agreed(act, Vec::new(), root)
    }

    /// The same with what second stewards signed of it.
    ///
    /// # Errors
    /// As [`Roster::push`].
    pub fn append_agreed(
        &mut self,
        act: Act,
        consents: Vec<Consent>,
        root: &RootKeys,
    ) -> Result<&Entry, Refused> {
        let seq = self.entries.len() as u64;
        self.push(Entry::agreed(seq, self.head(), act, consents, root)?)?;
        Ok(&self.entries[self.entries.len() - 1])
    }

    /// Appends an entry that was received. An entry that is there already is harmless.
    ///
    /// # Errors
    /// [`Refused::RosterGap`]; [`Refused::RosterFork`] for a second entry at a place; [`Refused::Altered`];
    /// [`Refused::Unfit`]; [`Refused::TooFewConsents`]. The roster is as it was then.
    pub fn push(&mut self, entry: Entry) -> Result<(), Refused> {
        if !self.is_next(&entry)? {
            return Ok(());
        }
        self.agreed(&entry)?;
        self.apply(&entry)?;
        self.hashes.push(entry.hash());
        self.entries.push(entry);
        if self.passes().next().is_some() {
            self.settle();
        }
        Ok(())
    }

    /// Whether an entry that was received is signed and comes next; not where it is there already. Whether it fits what the roster says is for
    /// [`Roster::push`] to say.
    ///
    /// # Errors
    /// As [`Roster::push`], but for [`Refused::Unfit`] and [`Refused::TooFewConsents`].
    pub fn is_next(&self, entry: &Entry) -> Result<bool, Refused> {
        let seq = entry.seq();
        let hash = entry.hash();
        let next = self.entries.len();
        if let Some(kept) = usize::try_from(seq).ok().and_then(|place| self.hashes.get(place)) {
            if *kept == hash {
                return Ok(false);
            }
            // Only the root key can make a second history: what anybody else made is a forgery and is called so.
            entry.verify(&self.root)?;
            return Err(Refused::RosterFork { seq, kept: *kept, refused: hash });
        }
        if seq != next as u64 {
            return Err(Refused::RosterGap { expected: next as u64, found: seq });
        }
        if next >= MAX_ENTRIES {
            return Err(Refused::Oversize { what: "roster", have: next + 1, most: MAX_ENTRIES });
        }
        entry.verify(&self.root)?;
        if entry.prev() != self.head() {
            return Err(Refused::RosterFork { seq: seq - 1, kept: self.head(), refused: entry.prev() });
        }
        Ok(true)
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Refused> {
        let seq = entry.seq();
        let unfit = |problem| Err(Refused::Unfit { seq, problem });
        match entry.act() {
            Act::Found { .. } => return unfit("a study is founded once"),
            Act::Admit { device, label, membership, grants, epochs } => {
                let tag = device.tag();
                if self.has_place(&tag) {
                    return unfit("the device is in the roster already");
                }
                if epochs.iter().any(|wrap| wrap.device != tag) {
                    return unfit("an epoch key in it is for another device");
                }
                let member = Member {
                    public: *device,
                    label: label.clone(),
                    membership: *membership,
                    grants: grants.clone(),
                    since: Some(seq),
                    by: None,
                    revoked: None,
                    steward: false,
                    seat: None,
                };
                self.place(tag, member);
                self.epochs.extend(epochs.iter().cloned());
            }
            Act::Recovery { public } => {
                if self.recovery.is_some() {
                    return unfit("there is a recovery key already");
                }
                self.recovery = Some(*public);
            }
            Act::Epoch { wraps } => {
                let here = |tag| {
                    let member: Option<&Member> = self.members.get(tag);
                    member.is_some_and(|member| member.since.is_some() && member.revoked.is_none())
                };
                if !wraps.iter().all(|wrap| here(&wrap.device)) {
                    return unfit(
                        "an epoch key in it is for a device that is not in the roster, or no longer",
                    );
                }
                self.epochs.extend(wraps.iter().cloned());
            }
            Act::Revoke { device, last_good } => match self.placed_mut(device) {
                None => return unfit("the device is not in the roster"),
                Some(member) if member.revoked.is_some() => return unfit("the device was put out already"),
                Some(member) => {
                    let mut places: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
                    for good in last_good {
                        places.entry((good.scope, good.line)).or_default().insert(good.place, good.hash);
                    }
                    member.revoked = Some(places);
                }
            },
            Act::Accept { device, last_good } => {
                let good = self.placed_mut(device).and_then(|member| member.revoked.as_mut());
                let Some(good) = good else { return unfit("the device was not put out") };
                for accepted in last_good {
                    // What was said first of a place stands.
                    let places = good.entry((accepted.scope, accepted.line)).or_default();
                    places.entry(accepted.place).or_insert(accepted.hash);
                }
            }
            Act::Document { document } => self.document = *document,
            Act::Delegate { steward, terms } => {
                let here = self.placed_mut(steward).is_some_and(|member| member.revoked.is_none());
                match (terms, self.delegations.get_mut(steward)) {
                    (Some(_), _) if !here => {
                        return unfit("whoever it makes a steward is not in the roster, or no longer");
                    }
                    (Some(terms), Some(known)) => {
                        (known.terms, known.ended) = (terms.clone(), false);
                    }
                    (Some(terms), None) => {
                        let new = Delegation { terms: terms.clone(), ended: false, entered: 0 };
                        self.delegations.insert(*steward, new);
                    }
                    (None, Some(known)) if !known.ended => known.ended = true,
                    (None, _) => return unfit("it ends what is not: the device is no steward's"),
                }
            }
            Act::Enter { at, passes } => {
                self.may_enter(seq, passes)?;
                for pass in passes {
                    self.enter(seq, pass);
                }
                self.time = *at;
            }
            Act::Erase { erasure } => {
                let place = Place { study: self.study, seq, prev: entry.prev() };
                self.erased.take(&place, erasure, &self.members)?;
            }
            Act::Rule { rule } => {
                let stewards = || self.stewards();
                if self.rule.is_some() || self.collects() {
                    return unfit("the rule is made once, before the first tablet is let in");
                }
                if stewards().count() < rule.most() {
                    return unfit("the rule asks for more stewards than are named");
                }
                let has_seat = stewards().any(|steward| steward.seat == Some(Seat::LivedExperience));
                if rule.lived_experience && !has_seat {
                    return unfit("no steward is named for the seat of lived experience");
                }
                self.rule = Some(*rule);
            }
            Act::Steward { device, seat } => {
                if self.collects() {
                    return unfit("a second steward is named before the first tablet is let in");
                }
                let founders = self.members.values().filter_map(|member| member.since).min();
                match self.placed_mut(device) {
                    None => return unfit("the device is not in the roster"),
                    Some(member) if member.membership != Membership::Evaluator => {
                        return unfit("a steward's device is an evaluator's");
                    }
                    Some(member) if member.since == founders => {
                        return unfit("the founder's own device is no second steward's");
                    }
                    Some(member) if member.steward || member.revoked.is_some() => {
                        return unfit("the device is a steward's already, or was put out");
                    }
                    Some(member) => (member.steward, member.seat) = (true, *seat),
                }
            }
            Act::Clock { public } => {
                if self.erased.clock.is_some() || self.collects() {
                    return unfit(
                        "the hub that tells the time is named once, before the first tablet is let in",
                    );
                }
                self.erased.clock = Some(*public);
            }
        }
        Ok(())
    }

    /// That every one of these passes may get its place here. It is the founder who enters them: whether they are within the terms was for
    /// the founder to judge, whose they are is for everybody.
    fn may_enter(&self, seq: u64, passes: &[Pass]) -> Result<(), Refused> {
        let unfit = |problem| Err(Refused::Unfit { seq, problem });
        let mut devices = BTreeSet::new();
        for pass in passes {
            let steward = self.members.get(&pass.steward()).filter(|member| member.since.is_some());
            let Some(steward) = steward.filter(|_| self.delegations.contains_key(&pass.steward())) else {
                return unfit("a pass in it is not a steward's");
            };
            if pass.study() != self.study {
                return unfit("a pass in it is of another study");
            }
            pass.verify(&steward.public)?;
            if self.has_place(&pass.device()) || !devices.insert(pass.device()) {
                return unfit("the device of a pass in it is in the roster already");
            }
        }
        Ok(())
    }

    fn enter(&mut self, seq: u64, pass: &Pass) {
        let let_in = pass.let_in();
        let member = Member {
            public: let_in.device,
            label: let_in.label.clone(),
            membership: let_in.membership,
            grants: let_in.grants.clone(),
            since: Some(seq),
            by: Some(pass.steward()),
            revoked: None,
            steward: false,
            seat: None,
        };
        self.place(pass.device(), member);
        self.epochs.extend(let_in.epochs.iter().cloned());
        if let Some(delegation) = self.delegations.get_mut(&pass.steward()) {
            delegation.entered = delegation.entered.saturating_add(1);
        }
        let number = self.numbers.entry(pass.steward()).or_default();
        *number = pass.number().max(*number);
    }

    fn place(&mut self, tag: DeviceTag, member: Member) {
        self.members.insert(tag, member);
        self.waiting.members.remove(&tag);
    }

    fn placed_mut(&mut self, device: &DeviceTag) -> Option<&mut Member> {
        self.members.get_mut(device).filter(|member| member.since.is_some())
    }

    /// The study.
    pub fn study(&self) -> StudyTag {
        self.study
    }

    /// The time of the last entry that gave passes their place, by which those that wait are judged; 0 before the first. Seconds since
    /// 1970-01-01 UTC.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The key that signs every entry.
    pub fn root(&self) -> RootPublic {
        self.root
    }

    /// The study's document in force.
    pub fn document(&self) -> DocumentHash {
        self.document
    }

    /// What people call the study.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Hash of the last entry.
    pub fn head(&self) -> RosterHead {
        self.hashes[self.hashes.len() - 1]
    }

    /// Every entry, from the founding one on.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every device that was ever let in, by tag.
    pub fn members(&self) -> &BTreeMap<DeviceTag, Member> {
        &self.members
    }

    /// A device of the roster, whether or not it was put out since.
    pub fn member(&self, device: &DeviceTag) -> Option<&Member> {
        self.members.get(device)
    }

    /// Evaluator devices that belong today.
    pub fn evaluators(&self) -> impl Iterator<Item = &Member> {
        let here = |m: &&Member| m.membership == Membership::Evaluator && m.revoked.is_none();
        self.members.values().filter(here)
    }

    /// Devices whose signatures count beside the root key's, where two stewards are needed.
    pub fn stewards(&self) -> impl Iterator<Item = &Member> {
        self.members.values().filter(|member| member.is_steward())
    }

    /// What the founder may not do alone.
    pub fn rule(&self) -> Option<&Rule> {
        self.rule.as_ref()
    }

    /// The key of the hub whose time counts.
    pub fn clock(&self) -> Option<&ClockPublic> {
        self.erased.clock.as_ref()
    }

    /// Whether the roster has taken a record out.
    pub fn is_taken_out(&self, scope: &ScopeTag, record: &RecordTag) -> bool {
        self.erased.is_taken_out(scope, record)
    }

    /// Scopes that the roster has taken out as a whole: nothing is written there any more.
    pub fn scopes_taken_out(&self) -> &BTreeSet<ScopeTag> {
        self.erased.scopes()
    }

    /// Whether anybody may have collected yet, by the log alone, which is the same for everybody: a tablet has its place in it, or somebody
    /// may let tablets in by passes.
    fn collects(&self) -> bool {
        let placed = |member: &Member| member.since.is_some() && member.membership == Membership::Tablet;
        !self.delegations.is_empty() || self.members.values().any(placed)
    }

    /// The offline recovery key.
    pub fn recovery(&self) -> Option<&RecoveryPublic> {
        self.recovery.as_ref()
    }

    /// Epoch keys wrapped for a device, in the order they were handed out.
    pub fn epochs_for(&self, device: &DeviceTag) -> impl Iterator<Item = &WrappedEpoch> {
        self.epochs.iter().chain(self.waiting_epochs()).filter(move |wrap| wrap.device == *device)
    }

    /// Whether collecting may begin: with fewer readers, a lost device could lose what people said.
    ///
    /// # Errors
    /// [`Refused::TooFewReaders`], [`Refused::NoRecovery`].
    pub fn may_collect(&self) -> Result<(), Refused> {
        let have = self.evaluators().count();
        if have < READERS {
            return Err(Refused::TooFewReaders { have, need: READERS });
        }
        self.recovery.map(|_| ()).ok_or(Refused::NoRecovery)
    }
}
