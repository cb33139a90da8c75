//! One sync as a state machine without I/O.

mod compare;

use std::collections::BTreeSet;

use nightjar_seal::{
    DeviceTag, EnvelopeId, Line, Link, Notice, Pass, PassId, Publication, PublicationId, Roster, ScopeTag,
};

use crate::event::{Event, Memory};
use crate::http_message::{Request, Response};
use crate::plan::{OUTBOX_BYTES, Outbox, ScopePlan, Step};
use crate::publications::Publications;
use crate::receive::Receiver;
use crate::request::{accepted, answer};
use crate::scope::Scope;
use crate::wire::{
    self, Applied, Batch, Body, Greeted, Greeting, Incarnation, Mark, Message, Outcome, Pull, Pulled, Push,
    Pushed, Reason, Refusal, Segment, Welcome,
};
use crate::{Failure, bounds};

pub(crate) use compare::Comparison;

/// One sync of one device with one hub.
///
/// Call [`step`](Self::step) and do what it says until it says [`Step::Done`]. Store the events of every response in
/// the order in which they came: those of a stretch (envelopes, chains, a mark; outcomes that all say "here") at the latest when the answer to
/// the next request is there, all others before the next step. Then the sync may break off anywhere, and a new exchange made from what
/// was stored goes on from there. A response either counts as a whole or, with an error, changes nothing.
#[derive(Debug)]
pub struct Exchange {
    roster: Roster,
    device: DeviceTag,
    scopes: Vec<Scope>,
    phase: Phase,
    /// Whether the hub was shown the whole roster because it did not know this device.
    introduced: Introduced,
    /// Passes that are here and not at the hub.
    bringing: Vec<Pass>,
    publications: Publications,
    /// Passes that the hub is known not to take.
    refused: BTreeSet<PassId>,
    open: Option<(Request, Open)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Introduced {
    No,
    Now,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Greet,
    Append(usize),
    Bring(usize),
    Compare(usize),
    Push(usize),
    Pull(usize),
    Publish(usize),
    Offer(usize),
    Fetch,
    Done,
}

#[derive(Debug)]
enum Open {
    Greet,
    Append,
    Bring(PassId, DeviceTag),
    Compare,
    Push { envelopes: Vec<EnvelopeId>, line: Line, through: u64 },
    Pull,
    Publish,
    Offer(PublicationId),
    Fetch(usize),
}

impl Exchange {
    /// Begins a sync of `device`, which knows this roster.
    pub fn new(roster: Roster, device: DeviceTag, plans: Vec<ScopePlan>) -> Result<Self, Failure> {
        if plans.len() > bounds::SCOPES {
            return Err(Failure::Unsendable("too many scopes in one sync"));
        }
        let scopes = plans.into_iter().map(Scope::new).collect();
        let (phase, introduced, bringing) = (Phase::Greet, Introduced::No, Vec::new());
        let (refused, publications) = (BTreeSet::new(), Publications::default());
        Ok(Self { roster, device, scopes, phase, introduced, bringing, refused, publications, open: None })
    }

    /// The same for a device that holds these publications: what the hub lacks of them goes up, and what the device lacks comes down.
    #[must_use]
    pub fn holding(mut self, publications: Vec<Notice>) -> Self {
        self.publications = Publications::held(publications);
        self
    }

    /// Passes that this hub refused in an earlier sync with the same roster: the device holds them and does not bring them again, and they alone
    /// are no news.
    #[must_use]
    pub fn knowing_refused(mut self, refused: BTreeSet<PassId>) -> Self {
        self.refused = refused;
        self
    }

    /// The roster as it is known now.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// What is remembered of a scope now; what [`ScopePlan::memory`] should be in the next sync.
    pub fn memory(&self, scope: ScopeTag) -> Option<&Memory> {
        self.scopes.iter().find(|known| known.plan.scope == scope).map(|known| &known.plan.memory)
    }

    /// What to do next. Says the same until it was done.
    pub fn step(&mut self) -> Step {
        loop {
            if let Some((request, _)) = &self.open {
                return Step::Send(request.clone());
            }
            match self.phase {
                Phase::Greet => self.open(self.greeting(), Open::Greet),
                Phase::Append(next) => match self.roster.entries().get(next) {
                    Some(entry) => self.open(crate::append(&self.roster, entry), Open::Append),
                    None => self.phase = Phase::Bring(0),
                },
                Phase::Bring(next) => match self.bringing.get(next) {
                    Some(pass) => {
                        let (id, device) = (pass.id(), pass.device());
                        self.open(crate::bring(self.roster.study(), pass), Open::Bring(id, device));
                    }
                    None if self.introduced == Introduced::Now => {
                        self.introduced = Introduced::Done;
                        self.phase = Phase::Greet;
                    }
                    None => self.phase = Phase::Push(0),
                },
                Phase::Compare(i) => match self.scopes.get(i) {
                    None => self.phase = Phase::Push(i),
                    Some(scope) => match &scope.comparison {
                        Some(comparison) => self.open(self.question(scope, comparison), Open::Compare),
                        None => {
                            return Step::NeedHeld { scope: scope.plan.scope, own: !scope.plan.pull };
                        }
                    },
                },
                Phase::Push(i) => match self.scopes.get(i) {
                    None => self.phase = Phase::Pull(0),
                    Some(scope) if scope.compares => self.phase = Phase::Compare(i),
                    Some(scope) if !scope.plan.push => self.phase = Phase::Push(i + 1),
                    Some(scope) => {
                        let scope = scope.plan.scope;
                        return Step::NeedOutbox { scope, links: bounds::PUSH_LINKS, bytes: OUTBOX_BYTES };
                    }
                },
                Phase::Pull(i) => match self.scopes.get(i) {
                    None => self.phase = Phase::Publish(0),
                    Some(scope) if scope.caught_up() => self.phase = Phase::Pull(i + 1),
                    Some(scope) => self.open(self.pull(scope), Open::Pull),
                },
                Phase::Publish(i) => match self.scopes.get(i) {
                    None => self.phase = Phase::Offer(0),
                    Some(scope) if !scope.plan.publish => self.phase = Phase::Publish(i + 1),
                    Some(scope) => return Step::NeedApplied { scope: scope.plan.scope },
                },
                Phase::Offer(next) => match self.publications.offered(next) {
                    Some(publication) => return Step::NeedPublication { publication },
                    None => self.phase = Phase::Fetch,
                },
                Phase::Fetch => match self.publications.ask(self.roster.study()) {
                    Some((request, asked)) => self.open(request, Open::Fetch(asked)),
                    None => self.phase = Phase::Done,
                },
                Phase::Done => return Step::Done,
            }
        }
    }

    /// Answers [`Step::NeedOutbox`]. `None`: there is nothing (more) to push in this scope.
    pub fn supply_outbox(&mut self, outbox: Option<Outbox>) -> Result<(), Failure> {
        let (Phase::Push(i), None) = (self.phase, &self.open) else {
            return Err(Failure::Unsendable("no outbox was asked for"));
        };
        let Some(outbox) = outbox else {
            self.phase = Phase::Push(i + 1);
            return Ok(());
        };
        let scope = &self.scopes[i];
        let links: Vec<Link> = outbox.links.iter().map(|(link, _)| *link).collect();
        let segment = Segment::new(&links, &outbox.head)?;
        if segment.device() != self.device || segment.scope() != scope.plan.scope {
            return Err(Failure::Unsendable("the chain is not this device's in this scope"));
        }
        if scope.line == Some(segment.line()) && outbox.head.seq <= scope.through {
            return Err(Failure::Unsendable("these links were acknowledged in this sync already"));
        }
        let bodies: Vec<Body> = (0..)
            .zip(outbox.links)
            .filter_map(|(place, (_, bytes))| bytes.map(|bytes| Body { place, bytes }))
            .collect();
        if bodies.iter().map(|body| body.bytes.len()).sum::<usize>() > OUTBOX_BYTES {
            return Err(Failure::Unsendable("too many bytes for one push"));
        }
        let envelopes = bodies.iter().map(|body| links[body.place as usize].envelope).collect();
        let path = wire::push_path(self.roster.study(), scope.plan.scope);
        let request = Request { path, body: Push { segment, bodies }.encode(), signed: true };
        let (line, through) = (outbox.head.line, outbox.head.seq);
        self.open(request, Open::Push { envelopes, line, through });
        Ok(())
    }

    /// Answers [`Step::NeedApplied`]. `None`: there is nothing to say.
    pub fn supply_applied(&mut self, applied: Option<Applied>) -> Result<(), Failure> {
        let (Phase::Publish(i), None) = (self.phase, &self.open) else {
            return Err(Failure::Unsendable("no applied vector was asked for"));
        };
        let scope = self.scopes[i].plan.scope;
        match applied {
            None => self.phase = Phase::Publish(i + 1),
            Some(applied) if applied.scope() != scope || applied.by() != self.device => {
                return Err(Failure::Unsendable("the applied vector is of another device or scope"));
            }
            Some(applied) => {
                let path = wire::applied_path(self.roster.study(), scope);
                self.open(Request { path, body: applied.encode(), signed: true }, Open::Publish);
            }
        }
        Ok(())
    }

    /// Answers [`Step::NeedPublication`]. `None`: it is gone since.
    pub fn supply_publication(&mut self, publication: Option<&Publication>) -> Result<(), Failure> {
        let (Phase::Offer(next), None) = (self.phase, &self.open) else {
            return Err(Failure::Unsendable("no publication was asked for"));
        };
        match publication {
            None => self.phase = Phase::Offer(next + 1),
            Some(publication) if self.publications.offered(next) != Some(publication.id()) => {
                return Err(Failure::Unsendable("another publication was asked for"));
            }
            Some(publication) => {
                let request = crate::request::publish(self.roster.study(), publication);
                self.open(request, Open::Offer(publication.id()));
            }
        }
        Ok(())
    }

    /// Takes the answer to the open request. With an error nothing has changed: [`step`](Self::step) gives the same request
    /// again, or the caller gives up and begins anew some time later.
    pub fn on_response(&mut self, response: &Response) -> Result<Vec<Event>, Failure> {
        let (request, open) = self.open.take().ok_or(Failure::Unasked("nothing was sent"))?;
        let result = match &open {
            Open::Greet => self.on_greeted(response),
            Open::Append => self.on_appended(response),
            Open::Bring(pass, device) => self.on_brought(*pass, *device, response),
            Open::Compare => self.on_ranged(response),
            Open::Push { envelopes, line, through } => self.on_pushed(envelopes, *line, *through, response),
            Open::Pull => self.on_pulled(response),
            Open::Publish => self.on_published(response),
            Open::Offer(publication) => self.on_offered(*publication, response),
            Open::Fetch(asked) => self.on_fetched(*asked, response),
        };
        if result.is_err() {
            self.open = Some((request, open));
        }
        result
    }

    fn open(&mut self, request: Request, open: Open) {
        self.open = Some((request, open));
    }

    fn greeting(&self) -> Request {
        let life = self.life();
        let greeting = Greeting {
            roster: self.roster.entries().len() as u64,
            beside: self.publications.shown(&self.roster, &self.refused),
            incarnation: life,
            scopes: self.scopes.iter().map(|scope| scope.shown(life)).collect(),
        };
        let path = wire::greet_path(self.roster.study());
        Request { path, body: greeting.encode(), signed: true }
    }

    /// The life of the hub's database that this device knows: of marks of two, which a hub's restoring between two scopes leaves, one is
    /// lost in any case.
    fn life(&self) -> Option<Incarnation> {
        let marks = |scope: &Scope| [scope.plan.memory.pulled, scope.plan.memory.pushed];
        self.scopes.iter().flat_map(marks).flatten().map(|mark| mark.incarnation).next()
    }

    fn pull(&self, scope: &Scope) -> Request {
        let pull = Pull { after: scope.plan.memory.pulled, without: scope.plan.without };
        let path = wire::pull_path(self.roster.study(), scope.plan.scope);
        Request { path, body: pull.encode(), signed: true }
    }

    fn on_greeted(&mut self, response: &Response) -> Result<Vec<Event>, Failure> {
        let greeted: Greeted = match answer(response) {
            Ok(Welcome::News(greeted)) => greeted,
            Ok(Welcome::Unchanged) => return self.on_unchanged(),
            // This device knows an entry that lets it in and that the hub has not seen: the founder's first sync, a tablet
            // enrolled offline, a hub restored from an old copy. Entries prove themselves, so the device may bring them.
            Err(Failure::Refused(Refusal { reason: Reason::UnknownDevice, .. }))
                if self.introduced == Introduced::No && self.roster.member(&self.device).is_some() =>
            {
                self.introduced = Introduced::Now;
                self.bringing = self.roster.passes().cloned().collect();
                self.phase = Phase::Append(1);
                return Ok(Vec::new());
            }
            Err(failure) => return Err(failure),
        };
        let malformed = |problem| Failure::Malformed { what: Greeted::NAME, problem };
        let mut roster = self.roster.clone();
        let mut events = Vec::new();
        for entry in &greeted.entries {
            let entry = crate::roster::decode(&entry.0)?;
            crate::roster::push(&mut roster, entry.clone())?;
            events.push(Event::RosterGrew(entry));
        }
        let held = roster.entries().len() as u64;
        if held < greeted.roster {
            if greeted.entries.is_empty() {
                return Err(malformed("roster entries are missing"));
            }
            // More entries than one reply holds: greet again, and only then look at the scopes.
            self.roster = roster;
            return Ok(events);
        }
        crate::roster::check_head(&roster, greeted.roster, greeted.roster_head)?;
        let scopes = self.scopes.iter().map(|scope| scope.plan.scope);
        if greeted.scopes.len() != scopes.len() {
            return Err(malformed("it answers for other scopes than asked"));
        }
        if greeted.scopes.iter().any(|standing| standing.head.incarnation != greeted.incarnation) {
            return Err(malformed("the hub has two incarnations at once"));
        }
        self.bringing = Vec::new();
        if let Some(passes) = greeted.passes {
            events.extend(passes.iter().filter_map(|pass| crate::roster::take(&mut roster, &pass.0)));
            let there: Vec<PassId> =
                passes.iter().filter_map(|pass| Pass::decode(&pass.0).ok()).map(|pass| pass.id()).collect();
            self.refused.retain(|pass| !there.contains(pass));
            let missing = |pass: &&Pass| !there.contains(&pass.id()) && !self.refused.contains(&pass.id());
            self.bringing = roster.passes().filter(missing).cloned().collect();
        }
        let life = self.life();
        self.publications.compare(greeted.published, &roster);
        self.roster = roster;
        for (i, standing) in greeted.scopes.into_iter().enumerate() {
            let Some(scope) = self.scopes.get_mut(i) else { continue };
            // What was not shown, because it is of another life than the rest, the hub has answered as if there were nothing.
            let shown = scope.plan.memory.pulled.is_none_or(|mark| Some(mark.incarnation) == life);
            if scope.stand(&standing, &self.roster, &mut events) && shown && !standing.batches.is_empty() {
                // What makes no sense is as if it had not come: it is pulled then, and refused where it comes again.
                events.extend(self.take(i, standing.batches, standing.head).unwrap_or_default());
            }
        }
        self.phase = Phase::Append(greeted.roster as usize);
        Ok(events)
    }

    /// The hub knows nothing that this device does not, nor the other way round.
    fn on_unchanged(&mut self) -> Result<Vec<Event>, Failure> {
        let life = self.life().ok_or(Failure::Malformed {
            what: Greeted::NAME,
            problem: "nothing can be unchanged for a device that knows nothing of this hub",
        })?;
        let mut events = Vec::new();
        self.bringing = Vec::new();
        self.publications.compare(None, &self.roster);
        for scope in &mut self.scopes {
            let standing = scope.unchanged(life);
            scope.stand(&standing, &self.roster, &mut events);
        }
        self.phase = Phase::Append(self.roster.entries().len());
        Ok(events)
    }

    fn on_brought(
        &mut self,
        pass: PassId,
        device: DeviceTag,
        response: &Response,
    ) -> Result<Vec<Event>, Failure> {
        let Phase::Bring(next) = self.phase else {
            return Err(Failure::Unasked("no pass was brought"));
        };
        let mut events = Vec::new();
        match crate::brought(response) {
            Ok(()) if !response.body.is_empty() => {
                return Err(Failure::Unasked("the answer is not to a pass"));
            }
            Ok(()) => {}
            // It is this device that nobody at the hub knows: why not is all that there is to say.
            Err(failure) if self.introduced == Introduced::Now && device == self.device => {
                return Err(failure);
            }
            Err(Failure::Refused(refusal)) if refusal.reason.is_about_the_pass() => {
                let expired = refusal.reason == Reason::Expired;
                events.push(Event::PassRefused { pass, device, why: refusal.text, expired });
            }
            Err(failure) => return Err(failure),
        }
        self.phase = Phase::Bring(next + 1);
        Ok(events)
    }

    fn on_appended(&mut self, response: &Response) -> Result<Vec<Event>, Failure> {
        let Phase::Append(next) = self.phase else {
            return Err(Failure::Unasked("no roster entry was sent"));
        };
        match crate::appended(response) {
            Ok(appended) if appended.roster <= next as u64 => {
                return Err(Failure::Unasked("the answer is to an earlier roster entry"));
            }
            Ok(_) => self.phase = Phase::Append(next + 1),
            Err(Failure::Refused(Refusal { reason: Reason::PlaceTaken, .. })) => {
                return Err(Failure::RosterForked { number: next as u64 });
            }
            Err(failure) => return Err(failure),
        }
        Ok(Vec::new())
    }

    fn on_pushed(
        &mut self,
        envelopes: &[EnvelopeId],
        line: Line,
        through: u64,
        response: &Response,
    ) -> Result<Vec<Event>, Failure> {
        let Phase::Push(i) = self.phase else { return Err(Failure::Unasked("nothing was pushed")) };
        let scope = &mut self.scopes[i];
        let pushed: Pushed = match answer(response) {
            Ok(pushed) => pushed,
            Err(Failure::Refused(Refusal { reason: Reason::ChainGap, .. })) if !scope.lost => {
                return Ok(scope.lose());
            }
            Err(failure) => {
                let event = scope.refused(failure)?;
                self.phase = Phase::Push(i + 1);
                return Ok(vec![event]);
            }
        };
        let outcomes =
            pushed.judged(envelopes).ok_or(Failure::Unasked("the outcomes are of another push"))?;
        let mut events = Vec::new();
        let memory = &scope.plan.memory;
        if [memory.pulled, memory.pushed]
            .into_iter()
            .flatten()
            .any(|mark| mark.incarnation != pushed.mark.incarnation || mark.sequence > pushed.mark.sequence)
        {
            if scope.lost {
                return Err(Failure::Malformed {
                    what: Pushed::NAME,
                    problem: "the hub's log keeps changing its past",
                });
            }
            events.extend(scope.lose());
        } else {
            (scope.through, scope.line) = (through, Some(line));
        }
        scope.head = Some(pushed.mark);
        scope.plan.memory.pushed = Some(pushed.mark);
        // Nothing of others lies between the last pull and this push: then there is nothing to pull.
        let stored = outcomes.iter().filter(|judged| judged.outcome == Outcome::Stored);
        let start = scope.plan.memory.pulled.unwrap_or(Mark::start(pushed.mark.incarnation));
        let advances = scope.plan.pull
            && !scope.lost
            && pushed.mark == stored.fold(start, |mark, judged| mark.after(judged.envelope));
        let mark = pushed.mark;
        events.push(Event::Acknowledged { scope: scope.plan.scope, outcomes, through, mark });
        if advances {
            scope.plan.memory.pulled = Some(mark);
            events.push(Event::Pulled { scope: scope.plan.scope, mark, left: 0 });
        }
        Ok(events)
    }

    fn on_pulled(&mut self, response: &Response) -> Result<Vec<Event>, Failure> {
        let Phase::Pull(i) = self.phase else { return Err(Failure::Unasked("nothing was pulled")) };
        let scope = &mut self.scopes[i];
        let pulled: Pulled = match answer(response) {
            Ok(pulled) => pulled,
            Err(Failure::Refused(Refusal { reason: Reason::CursorUnknown, .. })) if !scope.lost => {
                self.phase = Phase::Push(i);
                return Ok(scope.lose());
            }
            Err(failure) => {
                let event = scope.refused(failure)?;
                self.phase = Phase::Pull(i + 1);
                return Ok(vec![event]);
            }
        };
        if pulled.after != scope.plan.memory.pulled {
            return Err(Failure::Unasked("what was pulled follows another cursor"));
        }
        self.take(i, pulled.batches, pulled.head)
    }

    /// Takes pushes that follow the cursor of a scope, from a hub whose log ends in `head`. With an error nothing has changed.
    fn take(&mut self, i: usize, batches: Vec<Batch>, head: Mark) -> Result<Vec<Event>, Failure> {
        let malformed = |problem| Failure::Malformed { what: Pulled::NAME, problem };
        let scope = &mut self.scopes[i];
        let start = scope.plan.memory.pulled.unwrap_or(Mark::start(head.incarnation));
        let mut receiver = Receiver {
            roster: &self.roster,
            me: self.device,
            without: scope.plan.without,
            scope: scope.plan.scope,
            cursor: start,
            pushed: scope.plan.memory.pushed,
            rewritten: false,
            chains: scope.plan.memory.chains.clone(),
            events: Vec::new(),
        };
        for batch in batches {
            receiver.take(batch);
        }
        let Receiver { cursor, chains, mut events, rewritten, .. } = receiver;
        let rewritten = rewritten
            || start.incarnation != head.incarnation
            || start.sequence > head.sequence
            || (cursor.sequence == head.sequence && cursor.hash != head.hash);
        if rewritten {
            if scope.lost {
                return Err(malformed("the hub's log keeps changing its past"));
            }
            // What is lost is offered again before it is pulled again.
            self.phase = Phase::Push(i);
            return Ok(scope.lose());
        }
        if cursor.sequence > head.sequence {
            return Err(malformed("it goes beyond the hub's own head"));
        }
        if cursor.sequence < head.sequence && cursor == start {
            return Err(malformed("the hub holds back what follows"));
        }
        scope.head = Some(head);
        scope.plan.memory.pulled = Some(cursor);
        scope.plan.memory.chains = chains;
        let left = head.sequence - cursor.sequence;
        events.push(Event::Pulled { scope: scope.plan.scope, mark: cursor, left });
        Ok(events)
    }

    fn on_published(&mut self, response: &Response) -> Result<Vec<Event>, Failure> {
        let Phase::Publish(i) = self.phase else { return Err(Failure::Unasked("nothing was published")) };
        let scope = &self.scopes[i];
        let event = match accepted(response) {
            Ok(()) if !response.body.is_empty() => {
                return Err(Failure::Unasked("the answer is not to an applied vector"));
            }
            Ok(()) => Event::Published { scope: scope.plan.scope },
            Err(failure) => scope.refused(failure)?,
        };
        self.phase = Phase::Publish(i + 1);
        Ok(vec![event])
    }

    fn on_offered(&mut self, publication: PublicationId, response: &Response) -> Result<Vec<Event>, Failure> {
        let Phase::Offer(next) = self.phase else { return Err(Failure::Unasked("no publication was sent")) };
        let events = match accepted(response) {
            Ok(()) if !response.body.is_empty() => {
                return Err(Failure::Unasked("the answer is not to a publication"));
            }
            Ok(()) => Vec::new(),
            Err(Failure::Refused(refusal)) if refusal.reason.is_about_the_publication() => {
                vec![Event::PublicationRefused { publication, refusal }]
            }
            Err(failure) => return Err(failure),
        };
        self.phase = Phase::Offer(next + 1);
        Ok(events)
    }

    fn on_fetched(&mut self, asked: usize, response: &Response) -> Result<Vec<Event>, Failure> {
        let published: wire::Published = answer(response)?;
        Ok(self.publications.take(asked, published, &self.roster))
    }
}
