//! One sync over the network: the exchange decides, the vault keeps, the transport carries.
//!
//! Work in the vault blocks the thread it runs on. That thread is one of the device's own runtime, which serves nothing
//! else, so no app's executor waits for a disk.

mod after_gap;
mod chunks;
mod comparing;
mod intake;
mod joining;
mod memory;
mod opening;
mod outbox;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

#[cfg(feature = "evaluate")]
use nightjar_seal::{ClockPublic, Stamp};
use nightjar_seal::{Line, Pass, Roster, ScopeTag, Strand};
use nightjar_sync::wire::{Outcome, Reason};
use nightjar_sync::{Backoff, Event, Exchange, Outbox, Request, Response, ScopePlan, Step, Transport};
use nightjar_vault::{Arrived, KEEP_DAYS};

use crate::clock::Clock;
use crate::device::Device;
use crate::enrol;
use crate::failure::Failure;
use crate::key::{OsEntropy, random};
use crate::membership::Joined;
use crate::syncing::{SyncOptions, SyncProgress};
use crate::view::SyncView;

pub(crate) use intake::{Intake, Way};
pub(crate) use joining::check_invited;
#[cfg(feature = "evaluate")]
pub(crate) use memory::seen_of;
pub(crate) use memory::{TOLD, known_chains};
pub(crate) use outbox::chain as chain_outbox;

#[cfg(feature = "evaluate")]
/// Founds a study at its hub: the founding entry goes up with the setup code, the others after it.
pub(crate) async fn found(
    device: &Device,
    hub: &str,
    roster: &Roster,
    setup_code: &str,
) -> Result<(), Failure> {
    let transport = device.transport(hub)?;
    let request = nightjar_sync::found(roster, setup_code)?;
    nightjar_sync::founded(roster, &send(device, &transport, &request).await?)?;
    for entry in &roster.entries()[1..] {
        let request = nightjar_sync::append(roster, entry);
        nightjar_sync::appended(&send(device, &transport, &request).await?)?;
    }
    Ok(())
}

/// Takes a pass to the hub. Where it does not work, the next sync does it.
pub(crate) async fn bring(device: &Device, pass: &Pass) -> Result<(), Failure> {
    let hub = device.hub()?;
    if hub.is_empty() {
        return Ok(());
    }
    let transport = device.transport(&hub)?;
    let request = nightjar_sync::bring(pass.study(), pass);
    Ok(nightjar_sync::brought(&send(device, &transport, &request).await?)?)
}

/// Takes roster entries to the hub, from a place on. Where it does not work, the next sync does it.
pub(crate) async fn publish_roster(device: &Device, roster: &Roster, from: usize) -> Result<(), Failure> {
    let hub = device.hub()?;
    if hub.is_empty() {
        return Ok(());
    }
    let transport = device.transport(&hub)?;
    let mut next = from.max(1);
    while let Some(entry) = roster.entries().get(next) {
        let request = nightjar_sync::append(roster, entry);
        match nightjar_sync::appended(&send(device, &transport, &request).await?) {
            Ok(_) => next += 1,
            // What was made offline before is not there yet.
            Err(nightjar_sync::Failure::Refused(refusal))
                if refusal.reason == Reason::ChainGap && next > 1 =>
            {
                next = 1
            }
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(())
}

#[cfg(feature = "evaluate")]
/// The hub's time for the roster as it ends here, and the key it signs that with.
pub(crate) async fn time_of(
    device: &Device,
    hub: &str,
    roster: &Roster,
) -> Result<(ClockPublic, Stamp), Failure> {
    let transport = device.transport(hub)?;
    let request = nightjar_sync::ask_time(roster);
    Ok(nightjar_sync::time_told(roster, &send(device, &transport, &request).await?)?)
}

async fn send(device: &Device, transport: &Transport, request: &Request) -> Result<Response, Failure> {
    let response = transport.send(request, &device.keys, &mut OsEntropy).await?;
    device.note_hub_time(transport.hub_time())?;
    Ok(response)
}

impl Device {
    /// Sends what is new and receives what is new; tries as often as it is told to.
    pub(crate) async fn sync(&self, options: &SyncOptions) -> Result<SyncView, Failure> {
        let mut backoff = Backoff::default();
        loop {
            match self.sync_once(options).await {
                Err(Failure::Offline(_)) if backoff.failed() + 1 < options.tries => {
                    let wait = backoff.wait(u64::from_le_bytes(random()?));
                    let (seconds, failed) = (wait.as_secs(), backoff.failed());
                    options.tell(SyncProgress::Waiting { seconds, failed });
                    tokio::select! {
                        () = options.stop.stopped() => return Err(Failure::Cancelled),
                        () = tokio::time::sleep(wait) => {}
                    }
                }
                done => return done,
            }
        }
    }

    async fn sync_once(&self, options: &SyncOptions) -> Result<SyncView, Failure> {
        let _one_at_a_time = self.syncing.lock().await;
        let hub = self.hub()?;
        self.joined()?;
        if hub.is_empty() {
            return Err(Failure::Invalid(
                "this study has no hub: everything goes by bundles (`nightjar bundle export`)".into(),
            ));
        }
        let transport = self.transport(&hub)?;
        let before = transport.traffic();
        let mut sync = Sync::begin(options, Intake::begin(self, Way::Hub)?)?;
        let mut result = sync.run(&transport).await;
        if result.is_ok() && sync.intake.has_to_ask_again() {
            sync = Sync::begin(options, sync.intake.again()?)?;
            result = sync.run(&transport).await;
        }
        sync.intake.tell_refusals();
        // Whatever the end, tell what changed until then.
        self.notifier.changed(std::mem::take(&mut sync.intake.changed));
        if sync.intake.view.published > 0 {
            self.notifier.reset();
        }
        result?;
        self.after_passes(&sync.intake).await?;
        // By the hub's time: a tablet may believe that it is 1970, and be told better the next day.
        let today = match (&self.clock, transport.hub_time()) {
            (Clock::System, Some(time)) => i32::try_from(time / 86_400).unwrap_or(i32::MAX),
            _ => self.today(),
        };
        self.note_custody(&sync.intake.applied, today)?;
        sync.intake.keep_heard()?;
        let scopes = [sync.intake.joined.scopes.responses, sync.intake.joined.scopes.ward];
        scopes.iter().try_for_each(|scope| self.begin_comparing(scope))?;
        // What was exchanged holds whether or not this reaches the hub; it is tried again with the next sync.
        let _ = self.confirm(&transport, sync.intake.has_moved(), today).await;
        let (evaluator, joined) = (sync.intake.is_evaluator(), sync.intake.joined.clone());
        let view = &mut sync.intake.view;
        let mut chunks =
            chunks::Chunks { device: self, transport: &transport, options, study: joined.study_tag, view };
        for scope in [joined.scopes.responses, joined.scopes.ward] {
            chunks.exchange(scope, evaluator).await?;
        }
        let held = self.vault.chunks()?;
        let traffic = transport.traffic().since(&before);
        let outbox = self.vault.outbox()?;
        let mut view = sync.intake.view;
        view.set_aside.extend(self.unread()?);
        view.hub_lost_data = self.vault.setting(memory::HUB_LOST)?.is_some();
        if view.hub_lost_data {
            self.vault.forget_setting(memory::HUB_LOST)?;
        }
        Ok(SyncView {
            at_hub: outbox.acknowledged,
            waiting: outbox.waiting,
            applied_by_evaluator: self.applied_by_evaluator()?,
            requests: traffic.requests,
            bytes_sent: traffic.sent,
            bytes_received: traffic.received,
            chunks_waiting: held.waiting,
            chunks_missing: held.missing,
            ..view
        })
    }
}

impl Device {
    /// What a sync leaves to do about passes: a steward gives those anew that came too late, the founder gives all their place.
    async fn after_passes(&self, intake: &Intake<'_>) -> Result<(), Failure> {
        let late = intake.passes_refused.iter().filter(|(_, expired)| **expired).map(|(pass, _)| *pass);
        let late = late.collect::<BTreeSet<_>>();
        if !late.is_empty() {
            for pass in enrol::renew(self, &late)? {
                let _ = bring(self, &pass).await;
            }
        }
        let before = self.joined()?;
        let mut refused = memory::refused_passes(self, before.roster())?;
        refused.extend(intake.passes_refused.keys());
        memory::keep_refused_passes(self, before.roster(), &refused)?;
        let Some(grown) = enrol::entered(self, self.study_time()?, &refused)? else { return Ok(()) };
        let _ = publish_roster(self, &grown, before.roster().entries().len()).await;
        Ok(())
    }

    /// What was received and cannot be read as it is, for people.
    pub(crate) fn unread(&self) -> Result<Vec<String>, Failure> {
        let held = self.vault.unread()?;
        let mut said = Vec::new();
        if held.waiting_for_form > 0 {
            said.push(format!(
                "{} written with a form that this device was not given; they are kept and read once it has the version of the study \
                 with that form",
                held.waiting_for_form
            ));
        }
        if held.quarantined > 0 {
            said.push(format!(
                "{} by a device that was put out, from after that: they do not count unless the steward accepts them",
                held.quarantined
            ));
        }
        if held.said_erased > 0 {
            said.push(format!(
                "{} that the hub says were taken out, and nobody with a receipt has said so: tell whoever runs the hub",
                held.said_erased
            ));
        }
        Ok(said)
    }

    /// Notes what hub and evaluators have for certain since this sync, and lets go of what they have had for long enough.
    pub(crate) fn note_custody(
        &self,
        applied: &BTreeMap<(ScopeTag, Line), u64>,
        today: i32,
    ) -> Result<(), Failure> {
        let joined = self.joined()?;
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

/// One sync while it runs.
struct Sync<'a> {
    intake: Intake<'a>,
    options: &'a SyncOptions,
    /// Envelopes that waited when it began.
    waiting: u64,
    exchange: Exchange,
    /// Scopes whose outbox has got its places in this sync.
    chained: BTreeSet<ScopeTag>,
    /// What the last answer brought and is not kept yet, and what the one before it brought.
    brought: Vec<Event>,
    opened: Option<Opened>,
    /// The stretch that is on its way, until what follows it was read.
    sent: Option<Sent>,
    ahead: Option<Ahead>,
}

/// What an answer brought, with its envelopes opened.
struct Opened {
    events: Vec<Event>,
    arrived: Vec<Arrived>,
    /// By whose roster they were judged.
    judged_by: Option<Arc<Joined>>,
}

/// A stretch of the outbox that is on its way.
struct Sent {
    scope: ScopeTag,
    /// The place it ends at.
    end: (Line, u64),
    /// What the next one may hold.
    links: usize,
    bytes: usize,
}

/// What follows it.
struct Ahead {
    scope: ScopeTag,
    outbox: Option<Outbox>,
}

impl<'a> Sync<'a> {
    fn begin(options: &'a SyncOptions, intake: Intake<'a>) -> Result<Self, Failure> {
        let (device, joined) = (intake.device, &intake.joined);
        let evaluator = intake.is_evaluator();
        // Known before anything gets its place, so that what goes up in this sync does not come back in it.
        let without = Some(device.vault.own_strand(&device.tag())?.line);
        let plan = |scope: ScopeTag, pull: bool| -> Result<ScopePlan, Failure> {
            let memory = memory::remembered(device, joined, &scope)?;
            let compare = device.is_to_compare(&scope)?;
            let (publish, learn) = (evaluator, !evaluator);
            Ok(ScopePlan { scope, push: true, pull, without, publish, learn, compare, memory })
        };
        let plans = vec![plan(joined.scopes.responses, evaluator)?, plan(joined.scopes.ward, true)?];
        let exchange = Exchange::new(joined.roster().clone(), device.tag(), plans)?
            .holding(device.vault.publications()?)
            .knowing_refused(memory::refused_passes(device, joined.roster())?);
        let waiting = match options.watcher {
            Some(_) => device.vault.outbox()?.waiting + intake.view.pushed,
            None => 0,
        };
        Ok(Self {
            intake,
            options,
            waiting,
            exchange,
            chained: BTreeSet::new(),
            brought: Vec::new(),
            opened: None,
            sent: None,
            ahead: None,
        })
    }

    /// What an answer brought is kept while the next request is on its way, wherever that needs nothing of it: hub and device then work at
    /// the same time. The hub is told of nothing for good that is not kept: it holds no cursor of ours.
    async fn run(&mut self, transport: &Transport) -> Result<(), Failure> {
        let device = self.intake.device;
        self.options.tell(SyncProgress::Connecting);
        loop {
            let step = self.exchange.step();
            if !matches!(step, Step::Send(_) | Step::NeedOutbox { .. }) {
                self.keep()?;
            }
            match step {
                Step::Done => return Ok(()),
                Step::NeedOutbox { scope, links, bytes } => {
                    // Only now that the hub has answered: a try that fails gives nothing its place, so that what waits
                    // gets mixed with what is finished until then.
                    if self.chained.insert(scope) {
                        self.keep()?;
                        outbox::chain(device, &scope)?;
                    }
                    let ahead = self.ahead.take().filter(|ahead| ahead.scope == scope);
                    let outbox = match (self.intake.full.contains(&scope), ahead) {
                        (true, _) => None,
                        (false, Some(ahead)) => ahead.outbox,
                        (false, None) => {
                            self.keep()?;
                            outbox::next(device, &scope, None, links, bytes)?
                        }
                    };
                    if let Some(outbox) = &outbox {
                        let end = (outbox.head.line, outbox.head.seq);
                        self.sent = Some(Sent { scope, end, links, bytes });
                    }
                    self.exchange.supply_outbox(outbox)?;
                }
                Step::NeedHeld { scope, own } => {
                    let held = device.to_compare(&scope, own)?;
                    self.exchange.supply_held(held.as_ref().map(|held| held.iter().copied().collect()))?;
                    self.intake.compared = held.unwrap_or_default();
                }
                Step::NeedApplied { scope } => {
                    let applied = self.intake.applied_here(&scope)?;
                    self.exchange.supply_applied(applied)?;
                }
                Step::NeedPublication { publication } => {
                    let publication = device.vault.publication(&publication)?;
                    self.exchange.supply_publication(publication.as_ref())?;
                }
                Step::Send(request) => {
                    let sending = send(device, transport, &request);
                    let mut sending = std::pin::pin!(sending);
                    // As far as it goes without waiting: from there on a connection that is there sends it by itself. Who carries messages
                    // otherwise decides what comes when: the answer is there, and then what came before it is kept.
                    let gone = match transport.goes_on_by_itself() {
                        true => {
                            std::future::poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await
                        }
                        false => Poll::Ready(sending.as_mut().await),
                    };
                    tokio::task::block_in_place(|| self.meanwhile())?;
                    let response = match gone {
                        Poll::Ready(response) => response,
                        Poll::Pending => tokio::select! {
                            biased;
                            () = self.options.stop.stopped() => Err(Failure::Cancelled),
                            response = sending => response,
                        },
                    };
                    let brought = response.and_then(|response| Ok(self.exchange.on_response(&response)?));
                    // What came before it came whole: on a line that breaks after every answer each try brings one.
                    self.brought = match brought {
                        Ok(brought) => brought,
                        Err(failure) => return self.keep().and(Err(failure)),
                    };
                    if !self.brought.iter().all(is_of_a_stretch) {
                        self.keep()?;
                    }
                }
            }
        }
    }

    /// While a request is on its way: reads ahead what may be sent next; opens what the last answer brought, and keeps what the one before
    /// it did.
    fn meanwhile(&mut self) -> Result<(), Failure> {
        if let Some(Sent { scope, end, links, bytes }) = self.sent.take() {
            self.keep()?;
            let outbox = outbox::next(self.intake.device, &scope, Some(end), links, bytes)?;
            self.ahead = Some(Ahead { scope, outbox });
            return Ok(());
        }
        let before = self.opened.take();
        let mut events = std::mem::take(&mut self.brought);
        let (device, joined) = (self.intake.device, self.intake.joined.clone());
        let arrived = std::thread::scope(|scope| {
            let mut open = || opening::open_ahead(device, &joined, &mut events);
            let Some(before) = before else { return open() };
            let opening = scope.spawn(open);
            let kept = self.keep_one(before);
            let arrived = opening.join().map_err(|_| Failure::Internal("a thread ended".into()))?;
            kept.and(arrived)
        })?;
        self.opened = Some(Opened { events, arrived, judged_by: Some(joined) });
        Ok(())
    }

    /// Keeps all that was brought.
    fn keep(&mut self) -> Result<(), Failure> {
        if let Some(opened) = self.opened.take() {
            self.keep_one(opened)?;
        }
        let events = std::mem::take(&mut self.brought);
        // Whatever else came of it, what was read ahead may not be what comes next.
        if !events.iter().all(is_of_a_stretch) {
            self.ahead = None;
        }
        self.keep_one(Opened { events, arrived: Vec::new(), judged_by: None })
    }

    fn keep_one(&mut self, opened: Opened) -> Result<(), Failure> {
        let Opened { events, arrived, judged_by } = opened;
        if events.is_empty() && arrived.is_empty() {
            return Ok(());
        }
        let left = events.iter().find_map(|event| match event {
            Event::Pulled { left, .. } => Some(*left),
            _ => None,
        });
        let pushes = events.iter().any(|event| matches!(event, Event::Acknowledged { .. }));
        self.intake.keep_opened(events, arrived, judged_by.as_ref())?;
        self.tell(pushes, left);
        Ok(())
    }
}

/// Whether this is all in a stretch of a push that the hub took, or of a pull: nothing that is done next hangs on it.
fn is_of_a_stretch(event: &Event) -> bool {
    match event {
        Event::Acknowledged { outcomes, .. } => {
            outcomes.iter().all(|judged| matches!(judged.outcome, Outcome::Stored | Outcome::Known))
        }
        Event::Received { .. } | Event::Erased { .. } | Event::ChainSeen { .. } | Event::Pulled { .. } => {
            true
        }
        _ => false,
    }
}

impl Sync<'_> {
    /// Tells how far it is, after an answer was stored.
    fn tell(&self, pushes: bool, left: Option<u64>) {
        let SyncView { pushed, pulled, .. } = self.intake.view;
        match left {
            _ if pushes => {
                self.options.tell(SyncProgress::Sending { done: pushed, all: self.waiting.max(pushed) })
            }
            Some(left) => self.options.tell(SyncProgress::Receiving { done: pulled, all: pulled + left }),
            None => {}
        }
    }
}

impl From<nightjar_sync::Failure> for Failure {
    fn from(failure: nightjar_sync::Failure) -> Self {
        use nightjar_sync::Failure as Sync;
        let text = failure.to_string();
        match failure {
            failure if failure.passes() => Self::Offline(text),
            Sync::Refused(_) | Sync::RosterForked { .. } => Self::Rejected(text),
            Sync::Address(_) | Sync::Foreign(_) => Self::Invalid(text),
            // What somebody on the way, or a hub that does not keep its word, may bring about is no fault of ours.
            Sync::Malformed { .. } | Sync::Forged { .. } | Sync::TooLarge { .. } | Sync::Unasked(_) => {
                Self::Rejected(text)
            }
            _ => Self::Internal(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_not_asked_for_is_no_fault_of_this_program() {
        let failure = Failure::from(nightjar_sync::Failure::Unasked("nothing was sent"));
        assert!(matches!(failure, Failure::Rejected(_)), "{failure:?}");
    }
}
