//! One sync over the network: the exchange decides, the vault keeps, the transport carries.
//!
//! Work in the vault blocks the thread it runs on. That thread is one of the device's own runtime, which serves nothing
//! else, so no app's executor waits for a disk.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{
    Chain, DeviceTag, Entry, Invitation, Line, Link, LinkHash, Membership, Roster, ScopeTag, SignedHead,
    Strand,
};
use nightjar_sync::wire::{Applied, Mark, Message, Outcome, Reach, Reason};
use nightjar_sync::{
    Event, Exchange, Memory, Outbox, Patience, Request, Response, ScopePlan, SetAside, Step, Transport,
};

use crate::device::Device;
use crate::failure::Failure;
use crate::key::{OsEntropy, random};
use crate::membership::{Joined, check_document};
use crate::study_pack::StudyPack;
use crate::view::SyncView;
use nightjar_vault::KEEP_DAYS;

const PULLED: &str = "pulled";
const PUSHED: &str = "pushed";

#[cfg(feature = "evaluate")]
/// Founds a study at its hub: the founding entry goes up with the setup code, the others after it.
pub(crate) async fn found(
    device: &Device,
    hub: &str,
    roster: &Roster,
    setup_code: &str,
) -> Result<(), Failure> {
    let transport = Transport::new(hub, Patience::default())?;
    let request = nightjar_sync::found(roster, setup_code)?;
    nightjar_sync::founded(roster, &send(device, &transport, &request).await?)?;
    for entry in &roster.entries()[1..] {
        let request = nightjar_sync::append(roster, entry);
        nightjar_sync::appended(&send(device, &transport, &request).await?)?;
    }
    Ok(())
}

#[cfg(feature = "evaluate")]
/// Takes roster entries to the hub, from a place on. Where it does not work, the next sync does it.
pub(crate) async fn publish_roster(device: &Device, roster: &Roster, from: usize) -> Result<(), Failure> {
    let hub = device.hub()?;
    if hub.is_empty() {
        return Ok(());
    }
    let transport = Transport::new(&hub, Patience::default())?;
    for entry in &roster.entries()[from..] {
        let request = nightjar_sync::append(roster, entry);
        nightjar_sync::appended(&send(device, &transport, &request).await?)?;
    }
    Ok(())
}

async fn send(device: &Device, transport: &Transport, request: &Request) -> Result<Response, Failure> {
    Ok(transport.send(request, &device.keys, &mut OsEntropy).await?)
}

impl Device {
    /// Fetches the roster of the study that an invitation names, checks that it is the whole one and lets this device in,
    /// and keeps it with the study's forms.
    pub(crate) async fn join(&self, invitation: String, pack: StudyPack) -> Result<(), Failure> {
        let invitation = Invitation::from_text(&invitation)?;
        if self.maybe_joined()?.is_some() {
            return Err(Failure::Invalid("this device belongs to a study already".into()));
        }
        if invitation.hub.is_empty() {
            return Err(Failure::Invalid(
                "this invitation names no hub; without one a device cannot join yet".into(),
            ));
        }
        let transport = Transport::new(&invitation.hub, Patience::default())?;
        let roster = fetch_roster(self, &transport, &invitation).await?;
        if roster.member(&self.tag()).is_none() {
            return Err(Failure::Rejected(
                "the roster does not name this device; the invitation is for another".into(),
            ));
        }
        check_document(&roster, &pack)?;
        self.keep_study(&pack, &roster, &invitation.hub)?;
        self.joined().map(|_| ())
    }

    /// Sends what is new and receives what is new.
    pub(crate) async fn sync(&self) -> Result<SyncView, Failure> {
        let _one_at_a_time = self.syncing.lock().await;
        let hub = self.hub()?;
        self.joined()?;
        if hub.is_empty() {
            return Err(Failure::Offline("this study has no hub".into()));
        }
        let transport = Transport::new(&hub, Patience::default())?;
        let mut sync = Sync::begin(self)?;
        let result = sync.run(&transport).await;
        // Whatever the end, tell what changed until then.
        self.notifier.changed(std::mem::take(&mut sync.changed));
        result?;
        self.note_custody(&sync.applied)?;
        let missing = self.vault.held()?.waiting_for_form;
        let traffic = transport.traffic();
        let outbox = self.vault.outbox()?;
        let mut view = sync.view;
        if missing > 0 {
            view.set_aside.push(format!(
                "{missing} written with a form that this device was not given; they are kept and read once it has the version of the study \
                 with that form"
            ));
        }
        Ok(SyncView {
            at_hub: outbox.acknowledged,
            waiting: outbox.waiting,
            applied_by_evaluator: self.applied_by_evaluator()?,
            bytes_sent: traffic.sent,
            bytes_received: traffic.received,
            ..view
        })
    }
}

impl Device {
    /// Notes what hub and evaluators have for certain since this sync, and lets go of what they have had for long enough.
    fn note_custody(&self, applied: &BTreeMap<(ScopeTag, Line), u64>) -> Result<(), Failure> {
        let (joined, today) = (self.joined()?, self.today());
        // What is offered for the first time is noted, too, whether or not anything was applied.
        let own = self.vault.strand(&self.tag())?.map(|strand| strand.line);
        for scope in [joined.scopes.ward, joined.scopes.responses] {
            let lines =
                applied.iter().filter(|((of, _), _)| *of == scope).map(|((_, line), seq)| (*line, *seq));
            for (line, seq) in own.map(|line| (line, 0)).into_iter().chain(lines) {
                let strand = Strand { device: self.tag(), line };
                self.vault.note_custody(&strand, &scope, seq, today)?;
            }
        }
        self.vault.release(today, KEEP_DAYS)?;
        Ok(())
    }
}

/// Asks for roster entries until the hub has no more, and checks every one.
async fn fetch_roster(
    device: &Device,
    transport: &Transport,
    invitation: &Invitation,
) -> Result<Roster, Failure> {
    let mut roster: Option<Roster> = None;
    loop {
        let held = roster.as_ref().map_or(0, |roster| roster.entries().len() as u64);
        let request = nightjar_sync::fetch_roster(invitation.study, held);
        let (entries, all) = nightjar_sync::fetched_roster(&send(device, transport, &request).await?)?;
        let none_came = entries.is_empty();
        for entry in entries {
            match &mut roster {
                None => roster = Some(Roster::begin(entry)?),
                Some(roster) => roster.push(entry)?,
            }
        }
        let Some(known) = &roster else {
            return Err(Failure::Rejected("the hub holds no roster of this study".into()));
        };
        if known.entries().len() as u64 >= all {
            break;
        }
        if none_came {
            return Err(Failure::Rejected("the hub holds back a part of the roster".into()));
        }
    }
    let roster = roster.ok_or_else(|| Failure::Rejected("the hub holds no roster of this study".into()))?;
    let is_invited_to = roster.study() == invitation.study && roster.root() == invitation.root;
    if !is_invited_to || !roster.entries().iter().any(|entry| entry.hash() == invitation.head) {
        return Err(Failure::Rejected("the hub's roster is not the one of the invitation".into()));
    }
    Ok(roster)
}

/// One sync while it runs.
struct Sync<'a> {
    device: &'a Device,
    joined: std::sync::Arc<Joined>,
    exchange: Exchange,
    view: SyncView,
    changed: BTreeSet<String>,
    /// Whether it was found in this sync that this vault is an older copy: what is pulled is then asked for again.
    begun_line: bool,
    /// Scopes whose outbox has got its places in this sync.
    chained: BTreeSet<ScopeTag>,
    /// How far evaluators say they have applied this device's chains, per scope and line: the furthest says.
    applied: BTreeMap<(ScopeTag, Line), u64>,
}

impl<'a> Sync<'a> {
    fn begin(device: &'a Device) -> Result<Self, Failure> {
        let joined = device.joined()?;
        let evaluator =
            joined.roster().member(&device.tag()).is_some_and(|m| m.membership == Membership::Evaluator);
        let without = device.vault.strand(&device.tag())?.map(|strand| strand.line);
        let plan = |scope: ScopeTag, pull: bool| -> Result<ScopePlan, Failure> {
            let memory = remembered(device, &joined, &scope)?;
            Ok(ScopePlan { scope, push: true, pull, without, publish: evaluator, learn: !evaluator, memory })
        };
        let plans = vec![plan(joined.scopes.responses, evaluator)?, plan(joined.scopes.ward, true)?];
        let exchange = Exchange::new(joined.roster().clone(), device.tag(), plans)?;
        Ok(Self {
            device,
            joined,
            exchange,
            view: SyncView::default(),
            changed: BTreeSet::new(),
            begun_line: false,
            chained: BTreeSet::new(),
            applied: BTreeMap::new(),
        })
    }

    async fn run(&mut self, transport: &Transport) -> Result<(), Failure> {
        loop {
            match self.exchange.step() {
                Step::Done => return Ok(()),
                Step::NeedOutbox { scope, links, bytes } => {
                    // Only now that the hub has answered: a try that fails gives nothing its place, so that what waits
                    // gets mixed with what is finished until then.
                    if self.chained.insert(scope) {
                        chain_outbox(self.device, &scope)?;
                    }
                    let outbox = outbox(self.device, &scope, links, bytes)?;
                    self.exchange.supply_outbox(outbox)?;
                }
                Step::NeedApplied { scope } => {
                    let applied = self.applied_here(&scope)?;
                    self.exchange.supply_applied(applied)?;
                }
                Step::Send(request) => {
                    let response = send(self.device, transport, &request).await?;
                    let events = self.exchange.on_response(&response)?;
                    self.keep(events)?;
                }
            }
        }
    }

    /// Keeps what one response brought. Each step may be repeated: what is known already is harmless.
    fn keep(&mut self, events: Vec<Event>) -> Result<(), Failure> {
        let mut grown = Vec::new();
        let mut received: Vec<Vec<u8>> = Vec::new();
        let mut heads: Vec<(SignedHead, Vec<Link>)> = Vec::new();
        let mut too_early = false;
        let mut pulled = Vec::new();
        for event in events {
            match event {
                Event::RosterGrew(entry) => grown.push(entry),
                Event::HubLostData { scope } => {
                    self.view.hub_lost_data = true;
                    self.device.vault.offer_again(&scope)?;
                }
                Event::Acknowledged { scope, outcomes, mark, .. } => {
                    let mut held = Vec::new();
                    for judged in outcomes {
                        match judged.outcome {
                            Outcome::Stored | Outcome::Known => held.push(judged.envelope),
                            Outcome::Refused(objection) => {
                                let why = format!("{objection:?}").to_lowercase();
                                self.device.vault.refuse(&judged.envelope, &why)?;
                                self.view.refused.push(why);
                            }
                        }
                    }
                    self.view.pushed += held.len() as u64;
                    self.device.vault.acknowledge(&held)?;
                    self.device.vault.keep_cursor(&scope, PUSHED, &mark.encode())?;
                }
                Event::Received { envelope, .. } => received.push(envelope.encode()),
                // The roster that names its device is on its way: ask again in the next sync, with that roster.
                Event::SetAside { why: SetAside::UnknownDevice, .. } => too_early = true,
                Event::SetAside { why, bytes, .. } => {
                    let why = format!("{why:?}").to_lowercase();
                    self.device.vault.keep_unproven(&bytes, &why)?;
                    self.view.set_aside.push(why);
                }
                Event::ChainSeen { head, links } => heads.push((head, links)),
                Event::Pulled { scope, mark, .. } => pulled.push((scope, mark)),
                Event::Applied(applied) => self.learn(&applied),
                Event::Published { .. } => {}
                Event::ScopeRefused { refusal, .. } => {
                    // This device was copied beneath its files, and the copy was here first: what waits goes on a line of
                    // its own in the next sync.
                    // Or bytes of places before were let go, and the hub lost them.
                    if [Reason::ChainForked, Reason::ChainGap].contains(&refusal.reason) {
                        self.begin_line()?;
                    }
                    self.view.refused.push(refusal.to_string());
                }
                _ => {}
            }
        }
        if !grown.is_empty() {
            self.roster_grew(&grown)?;
        }
        self.import(&received, &heads)?;
        for (scope, mark) in pulled.into_iter().filter(|_| !too_early && !self.begun_line) {
            self.device.vault.keep_cursor(&scope, PULLED, &mark.encode())?;
        }
        self.keep_learnt()
    }

    fn roster_grew(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        let held = self.device.vault.roster()?.len();
        // An entry this device made itself meanwhile comes back as well.
        let new: Vec<_> =
            entries.iter().filter(|entry| entry.seq() >= held as u64).map(Entry::encode).collect();
        self.device.vault.keep_roster(held, &new)?;
        self.device.study_changed();
        self.joined = self.device.joined()?;
        let holder = self.joined.holder(self.device);
        let done = self.joined.reading(|reading| self.device.vault.retry(&holder, reading))?;
        self.changed.extend(done.records.iter().map(ToString::to_string));
        Ok(())
    }

    fn import(&mut self, received: &[Vec<u8>], heads: &[(SignedHead, Vec<Link>)]) -> Result<(), Failure> {
        if !received.is_empty() {
            let holder = self.joined.holder(self.device);
            let envelopes = received.iter().map(Vec::as_slice);
            let done =
                self.joined.reading(|reading| self.device.vault.import(envelopes, &holder, reading))?;
            self.view.pulled += done.new;
            self.view.records_changed += done.records.len() as u64;
            self.view.set_aside.extend(done.set_aside.into_iter().map(|(_, why)| why));
            self.changed.extend(done.records.iter().map(ToString::to_string));
        }
        for (head, links) in heads {
            // The hub knows more of this vault's own line than it does itself: it is an older image of its disk.
            if self.device.vault.strand(&self.device.tag())? == Some(head.strand())
                && self.device.vault.chain(&head.strand(), &head.scope)?.seq < head.seq
            {
                self.begin_line()?;
            }
            let Some(member) = self.joined.roster().member(&head.device) else { continue };
            // A gap or a fork leaves the chain where it was; the count of what is expected, from the signed end, shows it.
            match self.device.vault.follow(links, head, &member.public) {
                Ok(()) | Err(nightjar_vault::VaultError::Seal(_)) => {}
                Err(error) => return Err(error.into()),
            }
            // Last: while this is not kept, the hub's next answer brings the links again.
            let mut reach = head.seq.to_le_bytes().to_vec();
            reach.extend_from_slice(&head.hash.0);
            self.device.vault.keep_cursor(&head.scope, &seen(&head.strand()), &reach)?;
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

    /// What this evaluator has applied of every chain.
    fn applied_here(&self, scope: &ScopeTag) -> Result<Option<Applied>, Failure> {
        let of_scope = self.device.vault.received()?.into_iter().filter(|chain| chain.scope == *scope);
        let vector: Vec<Reach> = of_scope
            .map(|chain| Reach { device: chain.device, line: chain.line, seq: chain.applied_to })
            .collect();
        match vector.is_empty() {
            true => Ok(None),
            false => Ok(Some(Applied::sign(*scope, vector, &self.device.keys)?)),
        }
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

/// Gives everything finished since the last sync its place in the chain, in random order: the place of a confidential
/// response says nothing about when it was given.
fn chain_outbox(device: &Device, scope: &ScopeTag) -> Result<(), Failure> {
    loop {
        let mut drawn = Vec::new();
        for id in device.vault.unchained(scope)? {
            drawn.push((random::<16>()?, id));
        }
        if drawn.is_empty() {
            return Ok(());
        }
        drawn.sort_unstable();
        let order: Vec<_> = drawn.into_iter().map(|(_, id)| id).collect();
        match device.vault.chain_outbox(scope, &device.keys, &order) {
            // Something was finished in between: draw again.
            Err(nightjar_vault::VaultError::WrongOrder) => {}
            done => return Ok(done.map(drop)?),
        }
    }
}

/// The next stretch of this device's chain that the hub has not acknowledged.
fn outbox(device: &Device, scope: &ScopeTag, most: usize, bytes: usize) -> Result<Option<Outbox>, Failure> {
    let mut pending = device.vault.pending(scope, bytes)?;
    let first = pending.first().map(|envelope| (envelope.line, envelope.seq));
    let Some((line, first)) = first else { return Ok(None) };
    pending.retain(|envelope| envelope.seq - first < most as u64);
    let last = pending.last().map_or(first, |envelope| envelope.seq);
    let span = usize::try_from(last - first + 1).map_err(Failure::internal)?;
    let strand = Strand { device: device.tag(), line };
    let links = device.vault.links(&strand, scope, first - 1, span)?;
    let end = links
        .last()
        .ok_or_else(|| Failure::Corrupt("a link of this device's own chain is missing".into()))?;
    let end = Chain { device: device.tag(), line, scope: *scope, seq: end.seq, hash: end.hash() };
    let head = end.sign(&device.keys)?;
    let mut bodies: BTreeMap<u64, Vec<u8>> =
        pending.into_iter().map(|envelope| (envelope.seq, envelope.bytes)).collect();
    let links = links.into_iter().map(|link| (link, bodies.remove(&link.seq))).collect();
    Ok(Some(Outbox { links, head }))
}

/// What is remembered of a scope at the hub.
fn remembered(device: &Device, joined: &Joined, scope: &ScopeTag) -> Result<Memory, Failure> {
    let mark = |name: &str| -> Result<Option<Mark>, Failure> {
        // A mark that does not read is as good as none: everything is asked for again.
        Ok(device.vault.cursor(scope, name)?.and_then(|bytes| Mark::decode(&bytes).ok()))
    };
    let mut chains = BTreeMap::new();
    for tag in joined.roster().members().keys() {
        for (strand, seq, hash) in seen_of(device, tag, scope)? {
            let Strand { device, line } = strand;
            chains.insert(strand, Chain { device, line, scope: *scope, seq, hash });
        }
    }
    Ok(Memory { pulled: mark(PULLED)?, pushed: mark(PUSHED)?, chains })
}

/// The name under which the furthest signed end of a chain is kept.
fn seen(strand: &Strand) -> String {
    format!("{}{}", seen_by(&strand.device), strand.line)
}

/// What the names of all lines of a device begin with.
fn seen_by(device: &DeviceTag) -> String {
    format!("seen/{device}/")
}

/// The furthest signed ends of a device's lines in a scope: place and hash.
pub(crate) fn seen_of(
    device: &Device,
    of: &DeviceTag,
    scope: &ScopeTag,
) -> Result<Vec<(Strand, u64, LinkHash)>, Failure> {
    let mut found = Vec::new();
    for (line, reach) in device.vault.cursors(scope, &seen_by(of))? {
        // An end that does not read is as good as none: the hub's next answer brings it again.
        if let (Ok(line), Some((seq, hash))) = (line.parse(), read_seen(&reach)) {
            found.push((Strand { device: *of, line }, seq, hash));
        }
    }
    Ok(found)
}

/// Place and hash of the furthest signed end.
fn read_seen(bytes: &[u8]) -> Option<(u64, LinkHash)> {
    let (seq, hash) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*seq), LinkHash(hash.try_into().ok()?)))
}

impl From<nightjar_sync::Failure> for Failure {
    fn from(failure: nightjar_sync::Failure) -> Self {
        use nightjar_sync::Failure as Sync;
        let text = failure.to_string();
        match failure {
            Sync::Unreachable(_) | Sync::TimedOut | Sync::NotAHub { .. } => Self::Offline(text),
            Sync::Refused(_) | Sync::RosterForked { .. } => Self::Rejected(text),
            Sync::Address(_) => Self::Invalid(text),
            Sync::Malformed { .. } | Sync::Forged { .. } | Sync::TooLarge { .. } => Self::Rejected(text),
            _ => Self::Internal(text),
        }
    }
}
