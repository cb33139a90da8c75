//! What a sync or a bundle brought, kept: the one way into the vault for what others wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nightjar_seal::{
    Act, DeviceTag, Entry, Envelope, EnvelopeId, Line, Link, Membership, Pass, PassId, Placing, Publication,
    Safeguard, ScopeTag, SignedHead, Strand,
};
use nightjar_sync::wire::{Applied, Begin, Mark, Message, Outcome, Reason};
use nightjar_sync::{Event, SetAside};
use nightjar_vault::{Arrived, Stretch};

use super::memory::{HEARD, HUB_LOST, PULLED, PUSHED, TOLD, forget_gaps, fork, gap, read_seen, seen};
use super::opening;
use crate::device::Device;
use crate::enrol;
use crate::failure::Failure;
use crate::membership::Joined;
use crate::view::SyncView;

/// What people are told where a hub has no room.
pub(super) const NO_ROOM: &str =
    "the hub has no room for more of this study; it is offered again with the next sync";

/// Where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A hub, which is asked again for what could not be taken.
    Hub,
    /// A bundle, which may have left out what came before.
    Bundle,
}

/// Takes events in and counts what they did.
pub(crate) struct Intake<'a> {
    pub(crate) device: &'a Device,
    pub(crate) joined: Arc<Joined>,
    way: Way,
    pub(crate) view: SyncView,
    pub(crate) changed: BTreeSet<String>,
    /// Whether it was found on the way that this vault is an older copy: what is pulled is then asked for again.
    begun_line: bool,
    /// What the hub said to a line that was given up: told only where another did not help.
    begun_for: Vec<String>,
    /// Whether something came whose device this one does not know yet: what is pulled is asked for again with the next sync, from where
    /// this one began.
    too_early: bool,
    /// Whether something came that did not prove itself and had not come so before: it is asked for again, too.
    altered: bool,
    /// Scopes of which a chain came whose links before are missing here, although the hub had them: they came with an envelope that was
    /// here already by the chain of a copy, and were passed over when what the hub holds was compared. All of it is asked for again.
    gapped: BTreeSet<ScopeTag>,
    /// Whether anything came that may move what was applied.
    pub(super) moved: bool,
    /// What the hub is being told of what was applied here, by scope.
    pub(super) telling: BTreeMap<ScopeTag, Vec<u8>>,
    /// How far each chain was applied when that was counted last.
    pub(super) reach: BTreeMap<ScopeTag, BTreeMap<Strand, u64>>,
    /// Whether anything was judged again: then it is counted from the beginning, and once.
    judged: bool,
    /// What is being compared with what the hub holds.
    pub(crate) compared: BTreeSet<EnvelopeId>,
    /// Scopes in which the hub has no room now: nothing more is offered in this sync.
    pub(crate) full: BTreeSet<ScopeTag>,
    /// How far evaluators say they have applied this device's chains, per scope and line: the furthest says.
    pub(crate) applied: BTreeMap<(ScopeTag, Line), u64>,
    /// Which of the hub's vectors those are, by scope.
    heard: BTreeMap<ScopeTag, Begin>,
    /// Envelopes that were here before.
    pub(crate) known: u64,
    /// Envelopes of devices that the roster here does not name.
    pub(crate) of_strangers: u64,
    /// Passes that were refused, with whether they only came too late.
    pub(crate) passes_refused: BTreeMap<PassId, bool>,
    /// Chains of which earlier stretches are missing here.
    pub(crate) gaps: BTreeSet<(DeviceTag, Line)>,
}

impl<'a> Intake<'a> {
    pub(crate) fn begin(device: &'a Device, way: Way) -> Result<Self, Failure> {
        Ok(Self {
            device,
            joined: device.joined()?,
            way,
            view: SyncView::default(),
            changed: BTreeSet::new(),
            begun_line: false,
            begun_for: Vec::new(),
            too_early: false,
            altered: false,
            gapped: BTreeSet::new(),
            moved: false,
            telling: BTreeMap::new(),
            reach: BTreeMap::new(),
            judged: false,
            compared: BTreeSet::new(),
            full: BTreeSet::new(),
            applied: BTreeMap::new(),
            heard: BTreeMap::new(),
            known: 0,
            of_strangers: 0,
            passes_refused: BTreeMap::new(),
            gaps: BTreeSet::new(),
        })
    }

    /// Whether it was found on the way that something which was passed over has to be asked for: by whoever wants all of it at once.
    pub(crate) fn has_to_ask_again(&self) -> bool {
        self.begun_line || !self.gapped.is_empty()
    }

    /// Begins once more, and goes on counting.
    pub(crate) fn again(self) -> Result<Self, Failure> {
        Ok(Self {
            view: self.view,
            changed: self.changed,
            moved: self.moved,
            full: self.full,
            applied: self.applied,
            heard: self.heard,
            known: self.known,
            of_strangers: self.of_strangers,
            passes_refused: self.passes_refused,
            ..Self::begin(self.device, self.way)?
        })
    }

    /// Tells what the hub said to a line that was given up, where that was the end of it.
    pub(crate) fn tell_refusals(&mut self) {
        self.view.refused.append(&mut self.begun_for);
    }

    /// Whether anything was brought or sent.
    pub(crate) fn has_moved(&self) -> bool {
        self.moved || self.view.pushed > 0
    }

    /// Whether this device reads confidential responses.
    pub(crate) fn is_evaluator(&self) -> bool {
        let member = self.joined.roster().member(&self.device.tag());
        member.is_some_and(|member| member.membership == Membership::Evaluator)
    }

    /// Keeps what one response, or one part of a bundle, brought. Each step may be repeated: what is known already is harmless.
    pub(crate) fn keep(&mut self, events: Vec<Event>) -> Result<(), Failure> {
        self.keep_opened(events, Vec::new(), None)
    }

    /// The same, of which some were opened already, and judged by a roster.
    pub(crate) fn keep_opened(
        &mut self,
        events: Vec<Event>,
        mut received: Vec<Arrived>,
        judged_by: Option<&Arc<Joined>>,
    ) -> Result<(), Failure> {
        let mut grown = Vec::new();
        let mut passes: Vec<Pass> = Vec::new();
        let mut published: Vec<Publication> = Vec::new();
        let mut heads: Vec<(SignedHead, Vec<Link>)> = Vec::new();
        let mut erased = Vec::new();
        let mut pulled = Vec::new();
        let mut chunks = Vec::new();
        for event in events {
            match event {
                Event::RosterGrew(entry) => grown.push(entry),
                Event::PassTaken(pass) => passes.push(*pass),
                Event::PassRefused { pass, why, expired, .. } => {
                    self.passes_refused.insert(pass, expired);
                    match self.way {
                        Way::Hub => self.view.refused.push(why),
                        Way::Bundle => self.view.set_aside.push(why),
                    }
                }
                Event::PublicationCame(publication) => published.push(*publication),
                Event::PublicationRefused { refusal, .. } => self.view.refused.push(refusal.to_string()),
                Event::HubLostData { scope } => {
                    // Told with the next sync that comes to its end, should this one not.
                    self.device.vault.keep_setting(HUB_LOST, &[1])?;
                    self.device.vault.offer_again(&scope)?;
                    // Its marks are void. They would be shown again, and said to be lost again, as long as nothing new is in the log.
                    for name in [TOLD, HEARD, PULLED, PUSHED] {
                        self.device.vault.keep_cursor(&scope, name, &[])?;
                    }
                    forget_gaps(self.device, &scope)?;
                    self.device.owe_comparison(&scope)?;
                    self.device.owe_confirmation(&self.joined)?;
                }
                Event::Compared { scope, lacking_there, pushed, pulled: to, .. } => {
                    // The mark first, as with what is acknowledged.
                    self.device.vault.keep_cursor(&scope, PUSHED, &pushed.encode())?;
                    let held = std::mem::take(&mut self.compared);
                    if self.device.vault.compared(&scope, &held, &lacking_there)? > 0 {
                        // It said that it had these, and nothing else showed that it has not.
                        self.device.vault.keep_setting(HUB_LOST, &[1])?;
                    }
                    pulled.extend(to.map(|mark| (scope, mark)));
                    forget_gaps(self.device, &scope)?;
                    self.device.note_compared(&scope)?;
                }
                Event::NotCompared { scope } => self.device.note_compared(&scope)?,
                Event::Acknowledged { scope, outcomes, mark, .. } => {
                    let mut held = Vec::new();
                    for judged in outcomes {
                        match judged.outcome {
                            Outcome::Stored | Outcome::Known => held.push(judged.envelope),
                            Outcome::NoRoom => {
                                if self.full.insert(scope) {
                                    self.view.refused.push(NO_ROOM.into());
                                }
                            }
                            Outcome::Refused(objection) => {
                                let why = format!("{objection:?}").to_lowercase();
                                self.device.vault.refuse(&judged.envelope, &why)?;
                                self.view.refused.push(why);
                            }
                        }
                    }
                    self.view.pushed += held.len() as u64;
                    // The mark first: what counts as acknowledged without one would not be missed in a hub that lost it.
                    self.device.vault.keep_cursor(&scope, PUSHED, &mark.encode())?;
                    self.device.vault.acknowledge(&held)?;
                }
                Event::Received { envelope, .. } => received.push(Arrived::new(*envelope)),
                Event::Erased { stub, .. } => erased.push(*stub),
                // The roster that names its device is on its way: ask again in the next sync, with that roster.
                Event::SetAside { why: SetAside::UnknownDevice, .. } => {
                    self.too_early = true;
                    self.of_strangers += 1;
                }
                // Kept with its kind: the vault puts it in quarantine by its place in the chain.
                Event::SetAside { why: SetAside::Revoked, bytes, .. } => {
                    received.push(Arrived::new(Envelope::decode(&bytes)?))
                }
                Event::SetAside { why, bytes, .. } => {
                    let why = format!("{why:?}").to_lowercase();
                    // Altered on the way they come right when they are asked for again; if they come as they did, the hub holds them so.
                    self.altered |= self.device.vault.keep_unproven(&bytes, &why)?;
                    self.view.set_aside.push(why);
                }
                Event::ChainSeen { head, links } => heads.push((head, links)),
                Event::Pulled { scope, mark, .. } => pulled.push((scope, mark)),
                Event::Applied(applied) => self.learn(&applied),
                Event::Heard { scope, applied } => drop(self.heard.insert(scope, applied)),
                Event::Confirmed(said) if said.scope() == self.joined.scopes.ward => {
                    self.device.hear(&self.joined, said.by(), 0, Some(said))?;
                }
                Event::Published { scope } => {
                    if let Some(told) = self.telling.remove(&scope) {
                        self.device.vault.keep_cursor(&scope, TOLD, &told)?;
                    }
                }
                Event::ChunkCame { name, bytes } => chunks.push((name, bytes)),
                Event::ScopeRefused { refusal, .. } => {
                    // This device was copied beneath its files, and the copy was here first: what waits goes on a line of
                    // its own in the next sync.
                    // Or bytes of places before were let go, and the hub lost them.
                    if [Reason::ChainForked, Reason::ChainGap].contains(&refusal.reason) {
                        self.begin_line()?;
                        self.begun_for.push(refusal.to_string());
                    } else {
                        self.view.refused.push(refusal.to_string());
                    }
                }
                _ => {}
            }
        }
        self.moved |= !(grown.is_empty() && received.is_empty() && heads.is_empty() && erased.is_empty());
        if self.moved && self.way == Way::Bundle {
            self.device.forget_told()?;
        }
        if Safeguard::StoreFirst.is_off() {
            self.move_cursor(&pulled)?;
        }
        if !(grown.is_empty() && passes.is_empty()) {
            self.roster_grew(&grown, &passes)?;
        }
        for publication in published {
            let placing = self.device.vault.keep_publication(&publication, self.joined.roster())?;
            self.view.published += u64::from(matches!(placing, Placing::Kept { .. }));
        }
        if judged_by.is_some_and(|by| !Arc::ptr_eq(by, &self.joined)) {
            received.iter_mut().for_each(Arrived::judge_anew);
        }
        self.import(received, &heads)?;
        if !erased.is_empty() {
            self.device.vault.note_erased(&erased)?;
        }
        self.view.chunks_received += self.device.vault.keep_chunks(&chunks)?;
        self.move_cursor(&pulled)?;
        self.keep_learnt()
    }

    /// Everything up to these marks is stored. But for what came too early, or is to come again to a copy: that is asked for again.
    fn move_cursor(&self, pulled: &[(ScopeTag, Mark)]) -> Result<(), Failure> {
        if self.too_early || self.altered || self.begun_line {
            return Ok(());
        }
        for (scope, mark) in pulled {
            let mark = if self.gapped.contains(scope) { Vec::new() } else { mark.encode() };
            self.device.vault.keep_cursor(scope, PULLED, &mark)?;
        }
        Ok(())
    }

    fn roster_grew(&mut self, entries: &[Entry], passes: &[Pass]) -> Result<(), Failure> {
        let held = self.device.vault.roster()?.len();
        // An entry this device made itself meanwhile comes back as well.
        let new: Vec<_> =
            entries.iter().filter(|entry| entry.seq() >= held as u64).map(Entry::encode).collect();
        let gone = self.device.vault.keep_roster(held, &new)?;
        self.view.records_changed += gone.len() as u64;
        self.changed.extend(gone.iter().map(ToString::to_string));
        passes.iter().try_for_each(|pass| self.device.keep_pass(pass))?;
        if entries.iter().any(|entry| matches!(entry.act(), Act::Erase { .. })) {
            self.device.owe_confirmation(&self.joined)?;
        }
        self.device.study_changed();
        let before = std::mem::replace(&mut self.joined, self.device.joined()?);
        if !new.is_empty() {
            self.device.forget_placed(self.joined.roster())?;
        }
        let holder = self.joined.holder(self.device);
        let done = self.joined.reading(|reading| self.device.vault.retry(&holder, reading))?;
        self.changed.extend(done.records.iter().map(ToString::to_string));
        self.judge_again(&enrol::judged_otherwise(before.roster(), self.joined.roster()))
    }

    /// What was put out, or accepted after all, counts by the roster and not by when it came.
    fn judge_again(&mut self, devices: &[DeviceTag]) -> Result<(), Failure> {
        if devices.is_empty() {
            return Ok(());
        }
        let changed = self.joined.reading(|reading| self.device.vault.judge_again(devices, reading))?;
        self.reach.clear();
        self.judged = true;
        self.device.forget_told()?;
        self.changed.extend(changed.iter().map(ToString::to_string));
        Ok(())
    }

    fn import(&mut self, received: Vec<Arrived>, heads: &[(SignedHead, Vec<Link>)]) -> Result<(), Failure> {
        let mut arrived = self.without_forks(received, heads)?;
        if !arrived.is_empty() {
            let holder = self.joined.holder(self.device);
            opening::open(self.device, &mut arrived, &self.joined)?;
            let done =
                self.joined.reading(|reading| self.device.vault.import_arrived(arrived, &holder, reading))?;
            if done.withdrawn > 0 {
                self.device.owe_confirmation(&self.joined)?;
            }
            self.view.pulled += done.new;
            self.known += done.known;
            self.view.records_changed += done.records.len() as u64;
            self.view.set_aside.extend(done.set_aside.into_iter().map(|(_, why)| why));
            self.changed.extend(done.records.iter().map(ToString::to_string));
        }
        for (head, _) in heads {
            // The hub knows more of this vault's own line than it does itself: it is an older image of its disk.
            if self.device.vault.strand(&self.device.tag())? == Some(head.strand())
                && self.device.vault.chain(&head.strand(), &head.scope)?.seq < head.seq
            {
                self.begin_line()?;
            }
        }
        self.follow(heads)?;
        // Their places are known only now.
        let put_out = |head: &SignedHead| {
            self.joined.roster().member(&head.device).is_some_and(|member| member.revoked.is_some())
        };
        let devices: BTreeSet<_> =
            heads.iter().filter(|(head, _)| put_out(head)).map(|(head, _)| head.device).collect();
        self.judge_again(&devices.into_iter().collect::<Vec<_>>())
    }

    /// Sets aside what stands on another end of a chain than the one that is followed here. What came before it was seen by its last place
    /// alone, and may have been another chain up to there: only the vault knows every link.
    fn without_forks(
        &mut self,
        received: Vec<Arrived>,
        heads: &[(SignedHead, Vec<Link>)],
    ) -> Result<Vec<Arrived>, Failure> {
        if Safeguard::ForkCheck.is_off() {
            return Ok(received);
        }
        let mut forked = BTreeSet::new();
        for (head, links) in heads.iter().filter(|(head, _)| head.device != self.device.tag()) {
            let name = fork(&head.strand());
            let beyond = self.device.vault.cursor(&head.scope, &name)?;
            let of_head = self.device.vault.forked(links, head, beyond.as_deref())?;
            if !of_head.is_empty() && beyond.as_deref() != Some(&head.hash.0) {
                self.device.vault.keep_cursor(&head.scope, &name, &head.hash.0)?;
            }
            forked.extend(of_head.into_iter().map(|id| (head.strand(), id)));
        }
        if forked.is_empty() {
            return Ok(received);
        }
        // What a chain names that is followed, or may be, is sound whatever else names it.
        let named =
            heads.iter().flat_map(|(head, links)| links.iter().map(|link| (head.strand(), link.envelope)));
        let sound: BTreeSet<_> = named.filter(|it| !forked.contains(it)).map(|(_, id)| id).collect();
        let forked: BTreeSet<_> =
            forked.into_iter().map(|(_, id)| id).filter(|id| !sound.contains(id)).collect();
        // Some came after a gap, before it showed.
        self.set_apart(&forked.iter().copied().collect::<Vec<_>>())?;
        let (forked, received): (Vec<_>, Vec<_>) =
            received.into_iter().partition(|arrived| forked.contains(&arrived.envelope().id()));
        for arrived in forked {
            self.altered |= self.device.vault.keep_unproven(&arrived.envelope().encode(), "forked")?;
            self.view.set_aside.push("forked".into());
        }
        Ok(received)
    }

    /// Follows the chains that were shown, and notes how far each reaches.
    fn follow(&mut self, heads: &[(SignedHead, Vec<Link>)]) -> Result<(), Failure> {
        let joined = Arc::clone(&self.joined);
        let roster = joined.roster();
        let mut reached: BTreeMap<_, u64> = BTreeMap::new();
        let mut stretches = Vec::with_capacity(heads.len());
        for (head, links) in heads {
            let Some(member) = roster.member(&head.device) else { continue };
            let place = (head.scope, head.strand());
            let known = match reached.get(&place) {
                Some(seq) => *seq,
                None => {
                    let known = self.device.vault.cursor(&head.scope, &seen(&head.strand()))?;
                    known.and_then(|bytes| read_seen(&bytes)).map_or(0, |(seq, _)| seq)
                }
            };
            let beside = (head.seq > known).then(|| {
                let reach = [&head.seq.to_le_bytes()[..], &head.hash.0].concat();
                (seen(&head.strand()), reach)
            });
            reached.insert(place, known.max(head.seq));
            stretches.push(Stretch { links, head, device: &member.public, beside });
        }
        if stretches.is_empty() {
            return Ok(());
        }
        // A gap or a fork leaves the chain where it was; the count of what is expected, from the signed end, shows it. In a bundle the
        // stretch before it may be missing, and come with another or from a hub.
        let followed = self.device.vault.follow_all(&stretches, self.way == Way::Hub)?;
        if self.way == Way::Hub && self.is_evaluator() && !self.judged {
            // While its pages are at hand.
            for scope in heads.iter().map(|(head, _)| head.scope).collect::<BTreeSet<_>>() {
                self.reach(&scope)?;
            }
        }
        let gaps =
            stretches.iter().zip(followed).filter(|(_, followed)| !followed).map(|(stretch, _)| stretch);
        for Stretch { links, head, .. } in gaps {
            self.note_gap(links, head)?;
        }
        for (scope, strand) in reached.into_keys() {
            self.judge_apart(&scope, &strand)?;
        }
        Ok(())
    }

    /// Asks a hub for everything again where links are missing: once for each place that a chain ends at here, lest one that has lost them
    /// is asked with every sync.
    fn note_gap(&mut self, links: &[Link], head: &SignedHead) -> Result<(), Failure> {
        if self.way == Way::Bundle {
            self.gaps.insert((head.device, head.line));
        }
        let end = self.device.vault.chain(&head.strand(), &head.scope)?.seq;
        let other_end = self.device.vault.cursor(&head.scope, &fork(&head.strand()))?;
        if links.first().is_none_or(|first| first.seq <= end + 1)
            || other_end.as_deref() == Some(&head.hash.0)
        {
            return Ok(());
        }
        self.remember_apart(links, head)?;
        if self.way == Way::Bundle {
            return Ok(());
        }
        let (name, asked) = (gap(&head.strand()), (end + 1).to_le_bytes());
        if self.device.vault.cursor(&head.scope, &name)?.as_deref() != Some(&asked[..]) {
            self.device.vault.keep_cursor(&head.scope, PULLED, &[])?;
            self.device.vault.keep_cursor(&head.scope, &name, &asked)?;
            self.gapped.insert(head.scope);
        }
        Ok(())
    }

    /// Goes on as a copy does: on a line of its own, asking for everything again, its own included.
    fn begin_line(&mut self) -> Result<(), Failure> {
        self.device.vault.begin_line()?;
        for scope in [self.joined.scopes.responses, self.joined.scopes.ward] {
            self.device.vault.keep_cursor(&scope, PULLED, &[])?;
        }
        self.begun_line = true;
        Ok(())
    }

    /// Remembers which vectors of the hub were heard, once what they say is in the vault.
    pub(crate) fn keep_heard(&self) -> Result<(), Failure> {
        for (scope, applied) in &self.heard {
            self.device.vault.keep_cursor(scope, HEARD, &applied.0)?;
        }
        Ok(())
    }

    fn learn(&mut self, applied: &Applied) {
        let me = self.device.tag();
        for reach in applied.vector().iter().filter(|reach| reach.device == me) {
            let known = self.applied.entry((applied.scope(), reach.line)).or_default();
            *known = reach.seq.max(*known);
        }
    }

    fn keep_learnt(&self) -> Result<(), Failure> {
        let learnt: u64 = self.applied.values().sum();
        match learnt > self.device.applied_by_evaluator()? {
            true => self.device.keep_applied_by_evaluator(learnt),
            false => Ok(()),
        }
    }
}
