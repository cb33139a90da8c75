//! A device that stores what a sync tells it, one transaction per response.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{
    Block, Chain, DeviceKeys, DeviceTag, Envelope, EnvelopeId, Header, Line, Link, Notice, Page, Placing,
    Publication, PublicationId, RecordKey, RecordTag, Roster, ScopeTag, SignedHead, Strand, seal,
};
use nightjar_sync::wire::{Applied, Outcome, Reach};
use nightjar_sync::{Event, Exchange, Failure, Memory, Outbox, Request, Response, ScopePlan, SetAside, Step};

use super::entropy;
use super::hub::ModelHub;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    RequestLost,
    /// It arrives and counts, its answer is lost.
    ResponseLost,
    /// It arrives twice; the second answer comes back.
    RequestDoubled,
    /// The answer is cut at this share of its length, in 1/256.
    ResponseCut(u8),
    /// The answer to the request before comes instead.
    ResponseOfBefore,
    /// The answer comes, and the device is switched off before it stores anything.
    OffBeforeStoring,
    /// The answer comes, and the device is switched off after it stored.
    OffAfterStoring,
}

/// The chain of a device.
pub(crate) fn strand(device: &DeviceTag) -> Strand {
    Strand { device: *device, line: LINE }
}

/// The only line of every device here.
pub(crate) const LINE: Line = Line([1; 8]);

/// Everything survives a switch-off but the exchange itself.
pub(crate) struct Device {
    pub(crate) keys: DeviceKeys,
    pub(crate) scope: ScopeTag,
    pub(crate) publishes: bool,
    pub(crate) roster: Roster,
    pub(crate) memory: Memory,
    /// Sealed and not yet placed in the chain.
    pub(crate) waiting: Vec<Envelope>,
    pub(crate) chain: Chain,
    pub(crate) outbox: Vec<Placed>,
    pub(crate) received: BTreeMap<EnvelopeId, Link>,
    pub(crate) set_aside: Vec<SetAside>,
    pub(crate) erased: Vec<EnvelopeId>,
    pub(crate) applied_by: BTreeMap<DeviceTag, Vec<Reach>>,
    pub(crate) losses: usize,
    /// Whether the next sync compares, as one does after a loss, or when it is time.
    pub(crate) compare: bool,
    /// What was found lacking at the hub and here, by comparing.
    pub(crate) compared: Vec<(BTreeSet<EnvelopeId>, u64)>,
    pub(crate) not_compared: usize,
    /// Bytes sent and received, and envelopes sent.
    pub(crate) traffic: (usize, usize, usize),
    pub(crate) passes_refused: Vec<String>,
    pub(crate) published: Vec<Publication>,
    /// Links per outbox.
    pub(crate) portion: usize,
    made: u64,
}

/// An envelope in the chain.
pub(crate) struct Placed {
    pub(crate) link: Link,
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) acknowledged: Option<Outcome>,
}

impl Device {
    pub(crate) fn new(keys: &DeviceKeys, roster: &Roster, scope: ScopeTag, publishes: bool) -> Self {
        let keys = DeviceKeys::from_bytes(&keys.to_bytes()).expect("keys read back");
        let tag = keys.tag();
        Self {
            keys,
            scope,
            publishes,
            roster: roster.clone(),
            memory: Memory::default(),
            waiting: Vec::new(),
            chain: Chain::new(Strand { device: tag, line: LINE }, scope),
            outbox: Vec::new(),
            received: BTreeMap::new(),
            set_aside: Vec::new(),
            erased: Vec::new(),
            applied_by: BTreeMap::new(),
            losses: 0,
            compare: false,
            compared: Vec::new(),
            not_compared: 0,
            traffic: (0, 0, 0),
            passes_refused: Vec::new(),
            published: Vec::new(),
            portion: 2,
            made: 0,
        }
    }

    /// Seals one envelope.
    pub(crate) fn collect(&mut self) {
        self.made += 1;
        let mut entropy =
            entropy(u64::from_be_bytes(self.keys.tag().0[..8].try_into().expect("eight")) ^ self.made);
        let key = RecordKey::generate(&mut entropy);
        let study = self.roster.study();
        let head = self.roster.head();
        let header = Header::change(study, self.scope, RecordTag([7; 16]), self.keys.tag(), head, &key);
        self.waiting.push(seal(header, &self.made.to_be_bytes(), &key, &mut entropy).expect("it seals"));
    }

    /// Publishes a page in the place of others.
    pub(crate) fn publish(&mut self, title: &str, replaces: &[PublicationId]) -> PublicationId {
        let page = Page {
            language: "en".into(),
            easy_read: false,
            title: title.into(),
            blocks: vec![Block::Paragraph("Doors close softly.".into())],
            themes: Vec::new(),
        };
        let study = self.roster.study();
        let publication = Publication::sign(study, 20_000, replaces.to_vec(), vec![page], &self.keys);
        let publication = publication.expect("a small page");
        self.keep(publication.clone());
        publication.id()
    }

    fn notices(&self) -> Vec<Notice> {
        self.published.iter().map(Notice::from).collect()
    }

    fn keep(&mut self, publication: Publication) {
        if let Placing::Kept { gone } = Notice::from(&publication).place(&self.notices(), &self.roster) {
            self.published.retain(|known| !gone.contains(&known.id()));
            self.published.push(publication);
        }
    }

    /// Names of what stands of what was published, in order.
    pub(crate) fn standing(&self) -> Vec<PublicationId> {
        let notices = self.notices();
        let mut names: Vec<_> =
            Notice::standing(&notices, &self.roster).iter().map(|known| known.id).collect();
        names.sort_unstable();
        names
    }

    /// Everything it ever made and placed.
    pub(crate) fn placed(&self) -> BTreeSet<EnvelopeId> {
        self.outbox.iter().map(|placed| placed.link.envelope).collect()
    }

    /// Begins a sync with what is stored.
    pub(crate) fn exchange(&self) -> Exchange {
        let plan = ScopePlan {
            scope: self.scope,
            push: true,
            pull: true,
            without: Some(LINE),
            publish: self.publishes,
            learn: !self.publishes,
            compare: self.compare,
            memory: self.memory.clone(),
        };
        let exchange = Exchange::new(self.roster.clone(), self.keys.tag(), vec![plan]);
        exchange.expect("one scope is not too many").holding(self.notices())
    }

    /// Syncs to the end. `faults` says what goes wrong with which request, counted from 0; a switched-off device begins
    /// anew. Gives the number of requests sent.
    pub(crate) fn sync(&mut self, hub: &mut ModelHub, faults: &[(usize, Fault)]) -> usize {
        let mut exchange = self.exchange();
        let mut before = Response { status: 200, body: Vec::new() };
        let mut sent = 0;
        loop {
            assert!(sent < 500, "the sync comes to no end");
            let request = match exchange.step() {
                Step::Done => return sent,
                Step::NeedOutbox { links, .. } => {
                    let outbox = self.next_outbox(links.min(self.portion));
                    exchange.supply_outbox(outbox).expect("the outbox can be sent");
                    continue;
                }
                Step::NeedHeld { own, .. } => {
                    exchange.supply_held(Some(self.held(own))).expect("it was asked for");
                    continue;
                }
                Step::NeedApplied { scope } => {
                    let applied = self.applied(scope);
                    exchange.supply_applied(Some(applied)).expect("the vector can be sent");
                    continue;
                }
                Step::NeedPublication { publication } => {
                    let held = self.published.iter().find(|known| known.id() == publication);
                    exchange.supply_publication(held).expect("it was asked for");
                    continue;
                }
                Step::Send(request) => request,
            };
            let fault = faults.iter().find(|(at, _)| *at == sent).map(|(_, fault)| *fault);
            sent += 1;
            let me = self.keys.tag();
            let response = match fault {
                Some(Fault::RequestLost) => continue,
                Some(Fault::ResponseLost) => {
                    hub.answer(me, &request);
                    continue;
                }
                Some(Fault::RequestDoubled) => {
                    hub.answer(me, &request);
                    hub.answer(me, &request)
                }
                Some(Fault::ResponseCut(share)) => {
                    let mut response = hub.answer(me, &request);
                    let kept = response.body.len() * usize::from(share) / 256;
                    response.body.truncate(kept);
                    response
                }
                Some(Fault::ResponseOfBefore) => {
                    hub.answer(me, &request);
                    before.clone()
                }
                Some(Fault::OffBeforeStoring) => {
                    let _ =
                        exchange.on_response(&hub.answer(me, &request)).expect("an honest answer is taken");
                    exchange = self.exchange();
                    continue;
                }
                Some(Fault::OffAfterStoring) | None => hub.answer(me, &request),
            };
            match exchange.on_response(&response) {
                Ok(events) => self.store(events),
                Err(failure) => assert!(fault.is_some(), "without a fault there is no failure: {failure}"),
            }
            if let Some(Fault::OffAfterStoring) = fault {
                exchange = self.exchange();
            }
            before = response;
        }
    }

    /// One response of a sync that is driven by hand.
    pub(crate) fn try_sync(&mut self, hub: &mut ModelHub) -> Result<Vec<Event>, Failure> {
        self.drive(|tag, request| hub.answer(tag, request))
    }

    /// The same with whatever answers.
    pub(crate) fn drive(
        &mut self,
        mut answer: impl FnMut(DeviceTag, &Request) -> Response,
    ) -> Result<Vec<Event>, Failure> {
        let mut exchange = self.exchange();
        let mut all = Vec::new();
        loop {
            match exchange.step() {
                Step::Done => return Ok(all),
                Step::NeedOutbox { links, .. } => {
                    let outbox = self.next_outbox(links.min(self.portion));
                    exchange.supply_outbox(outbox)?;
                }
                Step::NeedHeld { own, .. } => exchange.supply_held(Some(self.held(own)))?,
                Step::NeedApplied { scope } => exchange.supply_applied(Some(self.applied(scope)))?,
                Step::NeedPublication { publication } => {
                    let held = self.published.iter().find(|known| known.id() == publication);
                    exchange.supply_publication(held)?;
                }
                Step::Send(request) => {
                    let response = answer(self.keys.tag(), &request);
                    self.traffic.0 += request.body.len();
                    self.traffic.1 += response.body.len();
                    let events = exchange.on_response(&response)?;
                    all.extend(events.iter().cloned());
                    self.store(events);
                }
            }
        }
    }

    fn next_outbox(&mut self, links: usize) -> Option<Outbox> {
        for envelope in self.waiting.drain(..) {
            let link = self.chain.next(envelope.id());
            self.outbox.push(Placed { link, bytes: Some(envelope.encode()), acknowledged: None });
        }
        let is_open = |placed: &&Placed| placed.acknowledged.is_none();
        let first = self.outbox.iter().find(is_open)?.link.seq;
        // What lies between is named and not sent.
        let from: Vec<_> = self.outbox.iter().skip(first as usize - 1).take(links).collect();
        let last = from.iter().rev().find(|placed| is_open(placed))?.link;
        let stretch: Vec<_> = from.into_iter().filter(|placed| placed.link.seq <= last.seq).collect();
        self.traffic.2 += stretch.iter().filter(|placed| is_open(placed)).count();
        let sent = |placed: &&Placed| placed.bytes.clone().filter(|_| is_open(placed));
        Some(Outbox {
            links: stretch.iter().map(|placed| (placed.link, sent(placed))).collect(),
            head: self.head_at(&last),
        })
    }

    /// What is here with its place in a chain.
    fn held(&self, own: bool) -> Vec<EnvelopeId> {
        let placed = self.outbox.iter().map(|placed| placed.link.envelope);
        placed.chain(self.received.keys().copied().filter(|_| !own)).collect()
    }

    fn head_at(&self, link: &Link) -> SignedHead {
        let Link { device, line, scope, seq, .. } = *link;
        let end = Chain { device, line, scope, seq, hash: link.hash() };
        end.sign(&self.keys).expect("it is this device's chain")
    }

    fn applied(&self, scope: ScopeTag) -> Applied {
        let mut reach: BTreeMap<DeviceTag, u64> = BTreeMap::new();
        for link in self.received.values() {
            let end = reach.entry(link.device).or_default();
            *end = (*end).max(link.seq);
        }
        let vector = reach.into_iter().map(|(device, seq)| Reach { device, line: LINE, seq }).collect();
        Applied::sign(scope, vector, &self.keys).expect("the vector is small")
    }

    /// Stores the events of one response, as in one transaction.
    pub(crate) fn store(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                Event::RosterGrew(entry) => self.roster.push(entry).expect("it was verified"),
                Event::PassTaken(pass) => {
                    self.roster.take(*pass).expect("it was verified");
                }
                Event::PassRefused { why, .. } => self.passes_refused.push(why),
                Event::HubLostData { .. } => {
                    self.losses += 1;
                    (self.memory.pulled, self.memory.pushed) = (None, None);
                    self.outbox.iter_mut().for_each(|placed| placed.acknowledged = None);
                    self.compare = true;
                }
                Event::Compared { lacking_there, lacking_here, pushed, pulled, .. } => {
                    self.memory.pushed = Some(pushed);
                    self.memory.pulled = pulled.or(self.memory.pulled);
                    for placed in &mut self.outbox {
                        let lacks = lacking_there.contains(&placed.link.envelope);
                        placed.acknowledged = (!lacks).then_some(Outcome::Known);
                    }
                    self.compared.push((lacking_there, lacking_here));
                    self.compare = false;
                }
                Event::NotCompared { .. } => {
                    self.not_compared += 1;
                    self.compare = false;
                }
                Event::Acknowledged { outcomes, through, mark, .. } => {
                    for placed in self.outbox.iter_mut().filter(|placed| placed.link.seq <= through) {
                        let judged = outcomes.iter().find(|judged| judged.envelope == placed.link.envelope);
                        let outcome = judged.map_or(Outcome::Known, |judged| judged.outcome);
                        placed.acknowledged.get_or_insert(outcome);
                    }
                    self.memory.pushed = Some(mark);
                }
                Event::Received { link, envelope, .. } => {
                    assert_eq!(envelope.id(), link.envelope);
                    let doubled = self.received.insert(link.envelope, link).is_some();
                    assert!(!doubled || self.losses > 0, "an envelope came twice");
                }
                Event::SetAside { why, .. } => self.set_aside.push(why),
                Event::Erased { stub, .. } => self.erased.push(stub.id()),
                Event::ChainSeen { head, .. } => {
                    let SignedHead { device, line, scope, seq, hash, .. } = head;
                    self.memory.chains.insert(head.strand(), Chain { device, line, scope, seq, hash });
                }
                Event::Pulled { mark, .. } => self.memory.pulled = Some(mark),
                Event::Applied(applied) => {
                    self.applied_by.insert(applied.by(), applied.vector().to_vec());
                }
                Event::Heard { applied, .. } => self.memory.heard = applied,
                Event::Published { .. } => {}
                Event::PublicationCame(publication) => self.keep(*publication),
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}
