//! A hub on loopback and devices that speak to it through the real transport.

#![allow(dead_code, reason = "every test binary uses its own part of the ward")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nightjar_hub::{Config, Failure, Hub};
use nightjar_seal::{
    Act, Block, Chain, DeviceKeys, DeviceTag, DocumentHash, Envelope, EnvelopeId, Header, Line, Link,
    Membership, Notice, Page, PassId, Placing, Publication, PublicationId, RecordKey, RecordTag, RootKeys,
    Roster, ScopeTag, Strand, seal,
};
use nightjar_sync::wire::{self, Judged, Message, Outcome};
use nightjar_sync::{
    Event, Exchange, Memory, Outbox, Patience, Request, Response, ScopePlan, Step, Transport,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) fn entropy() -> impl FnMut(&mut [u8]) + Send {
    |bytes: &mut [u8]| getrandom::fill(bytes).expect("the system has randomness")
}

/// A hub that runs.
pub(crate) struct Running {
    pub(crate) address: String,
    pub(crate) setup_code: Option<String>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), Failure>>,
}

impl Running {
    pub(crate) async fn start(data: &Path) -> Self {
        Self::start_with(Config::new(data)).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let hub = Hub::open(&config).expect("the hub opens");
        let setup_code = hub.setup_code().map(str::to_owned);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(hub.serve(listener, async {
            let _ = stopped.await;
        }));
        Self { address, setup_code, stop, served }
    }

    /// A hub that something else serves.
    pub(crate) fn at(address: String, setup_code: Option<String>) -> Self {
        let (stop, _) = oneshot::channel::<()>();
        Self { address, setup_code, stop, served: tokio::spawn(async { Ok(()) }) }
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.served.await.expect("the hub does not panic").expect("the hub stops well");
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::new(&self.address, Patience::default()).expect("a loopback address")
    }
}

/// A study with an evaluator device and two tablets.
pub(crate) struct Study {
    pub(crate) root: RootKeys,
    pub(crate) roster: Roster,
    pub(crate) evaluator: DeviceKeys,
    pub(crate) tablets: Vec<DeviceKeys>,
}

impl Study {
    pub(crate) fn new() -> Self {
        let root = RootKeys::generate(&mut entropy());
        let mut roster = Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy())
            .expect("the study is founded");
        let evaluator = DeviceKeys::generate(&mut entropy());
        let tablets: Vec<_> = (0..2).map(|_| DeviceKeys::generate(&mut entropy())).collect();
        roster.append(admit(&evaluator, "evaluator", Membership::Evaluator), &root).expect("admitted");
        for (i, keys) in tablets.iter().enumerate() {
            roster.append(admit(keys, &format!("tablet {i}"), Membership::Tablet), &root).expect("admitted");
        }
        Self { root, roster, evaluator, tablets }
    }

    pub(crate) fn scope(&self, name: &str) -> ScopeTag {
        ScopeTag::of(&self.roster.study(), name)
    }

    /// Founds the study at a hub and brings the whole roster.
    pub(crate) async fn found_at(&self, hub: &Running) {
        let transport = hub.transport();
        let code = hub.setup_code.as_deref().expect("a fresh hub has a setup code");
        let request = nightjar_sync::found(&self.roster, code).expect("a short code");
        let response = transport.send(&request, &self.evaluator, &mut entropy()).await.expect("an answer");
        nightjar_sync::founded(&self.roster, &response).expect("founded");
        for entry in &self.roster.entries()[1..] {
            let request = nightjar_sync::append(&self.roster, entry);
            let response =
                transport.send(&request, &self.evaluator, &mut entropy()).await.expect("an answer");
            nightjar_sync::appended(&response).expect("appended");
        }
    }
}

pub(crate) fn admit(keys: &DeviceKeys, label: &str, membership: Membership) -> Act {
    Act::Admit {
        device: keys.public(),
        label: label.to_owned(),
        membership,
        grants: Vec::new(),
        epochs: Vec::new(),
    }
}

/// The chain of a device.
pub(crate) fn strand(device: &DeviceTag) -> Strand {
    Strand { device: *device, line: LINE }
}

/// The only line of every device here.
pub(crate) const LINE: Line = Line([1; 8]);

/// A device with its stored state.
pub(crate) struct Device {
    pub(crate) keys: DeviceKeys,
    pub(crate) roster: Roster,
    pub(crate) scope: ScopeTag,
    pub(crate) pull: bool,
    pub(crate) without: Option<Line>,
    pub(crate) memory: Memory,
    /// Whether the next sync compares what is held though nothing is suspected.
    pub(crate) compare: bool,
    /// What is compared; `None` offers and pulls everything after a loss.
    pub(crate) held: Option<Vec<EnvelopeId>>,
    pub(crate) chain: Chain,
    pub(crate) open: Vec<(Link, Option<Vec<u8>>)>,
    pub(crate) outcomes: Vec<Judged>,
    pub(crate) received: BTreeMap<EnvelopeId, (u64, Link)>,
    pub(crate) events: Vec<Event>,
    pub(crate) published: Vec<Publication>,
    /// Passes that the hub is known not to take.
    pub(crate) refused: BTreeSet<PassId>,
}

/// A publication of one page.
pub(crate) fn published(
    study: &Study,
    by: &DeviceKeys,
    title: &str,
    replaces: &[PublicationId],
) -> Publication {
    let page = Page {
        language: "en".into(),
        easy_read: true,
        title: title.into(),
        blocks: vec![Block::Paragraph("Doors close softly.".into())],
        themes: Vec::new(),
    };
    Publication::sign(study.roster.study(), 20_000, replaces.to_vec(), vec![page], by).expect("a small page")
}

impl Device {
    pub(crate) fn new(keys: &DeviceKeys, study: &Study, scope: &str) -> Self {
        let keys = DeviceKeys::from_bytes(&keys.to_bytes()).expect("keys read back");
        let scope = study.scope(scope);
        Self {
            chain: Chain::new(Strand { device: keys.tag(), line: LINE }, scope),
            keys,
            roster: study.roster.clone(),
            scope,
            pull: true,
            without: Some(LINE),
            memory: Memory::default(),
            compare: false,
            held: None,
            open: Vec::new(),
            outcomes: Vec::new(),
            received: BTreeMap::new(),
            events: Vec::new(),
            published: Vec::new(),
            refused: BTreeSet::new(),
        }
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.published.iter().map(Notice::from).collect()
    }

    pub(crate) fn keep(&mut self, publication: Publication) {
        if let Placing::Kept { gone } = Notice::from(&publication).place(&self.notices(), &self.roster) {
            self.published.retain(|known| !gone.contains(&known.id()));
            self.published.push(publication);
        }
    }

    /// Names of what it holds of what was published, in order.
    pub(crate) fn names(&self) -> Vec<PublicationId> {
        let mut names: Vec<_> = self.published.iter().map(Publication::id).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn tag(&self) -> DeviceTag {
        self.keys.tag()
    }

    pub(crate) fn seal(&self, payload: &[u8]) -> Envelope {
        let key = RecordKey::generate(&mut entropy());
        let (study, head) = (self.roster.study(), self.roster.head());
        let header = Header::change(study, self.scope, RecordTag([7; 16]), self.tag(), head, &key);
        seal(header, payload, &key, &mut entropy()).expect("it seals")
    }

    /// Seals one envelope and gives it its place.
    pub(crate) fn collect(&mut self, payload: &[u8]) -> EnvelopeId {
        let envelope = self.seal(payload);
        let link = self.chain.next(envelope.id());
        self.open.push((link, Some(envelope.encode())));
        envelope.id()
    }

    fn outbox(&self, bytes: usize, links: usize) -> Option<Outbox> {
        let mut room = bytes;
        let fits = |(_, sealed): &&(Link, Option<Vec<u8>>)| {
            let len = sealed.as_ref().map_or(0, Vec::len);
            let fits = len <= room;
            room = room.saturating_sub(len);
            fits
        };
        let links: Vec<_> = self.open.iter().take(links).take_while(fits).cloned().collect();
        let last = links.last()?.0;
        let Link { device, line, scope, seq, .. } = last;
        let end = Chain { device, line, scope, seq, hash: last.hash() };
        Some(Outbox { links, head: end.sign(&self.keys).expect("its own chain") })
    }

    pub(crate) async fn sync(&mut self, transport: &Transport) -> Result<(), nightjar_sync::Failure> {
        let plan = ScopePlan {
            scope: self.scope,
            push: true,
            pull: self.pull,
            without: self.without,
            publish: false,
            learn: true,
            compare: self.compare,
            memory: self.memory.clone(),
        };
        let exchange = Exchange::new(self.roster.clone(), self.tag(), vec![plan])?.holding(self.notices());
        let mut exchange = exchange.knowing_refused(self.refused.clone());
        loop {
            match exchange.step() {
                Step::Done => return Ok(()),
                Step::NeedOutbox { links, bytes, .. } => exchange.supply_outbox(self.outbox(bytes, links))?,
                Step::NeedHeld { .. } => exchange.supply_held(self.held.clone())?,
                Step::NeedApplied { .. } => exchange.supply_applied(None)?,
                Step::NeedPublication { publication } => {
                    let held = self.published.iter().find(|known| known.id() == publication);
                    exchange.supply_publication(held)?;
                }
                Step::Send(request) => {
                    let response = transport.send(&request, &self.keys, &mut entropy()).await?;
                    for event in exchange.on_response(&response)? {
                        self.store(&event);
                        self.events.push(event);
                    }
                    self.memory = exchange.memory(self.scope).cloned().unwrap_or_default();
                    self.roster = exchange.roster().clone();
                }
            }
        }
    }

    fn store(&mut self, event: &Event) {
        match event {
            Event::Acknowledged { outcomes, through, .. } => {
                self.open.retain(|(link, _)| link.seq > *through);
                self.outcomes.extend(outcomes);
            }
            Event::Received { sequence, link, .. } => {
                let doubled = self.received.insert(link.envelope, (*sequence, *link));
                assert_eq!(doubled, None, "an envelope came twice");
            }
            Event::PublicationCame(publication) => self.keep((**publication).clone()),
            _ => {}
        }
    }

    pub(crate) fn stored(&self) -> usize {
        self.outcomes.iter().filter(|judged| judged.outcome == Outcome::Stored).count()
    }

    /// A push of everything open, not yet sent.
    pub(crate) async fn push_request(&self, transport: &Transport) -> Request {
        let plan = ScopePlan {
            scope: self.scope,
            push: true,
            pull: false,
            without: Some(LINE),
            publish: false,
            learn: false,
            compare: false,
            memory: self.memory.clone(),
        };
        let mut exchange = Exchange::new(self.roster.clone(), self.tag(), vec![plan]).expect("one scope");
        loop {
            match exchange.step() {
                Step::Send(request) if request.path.ends_with("/push") => return request,
                Step::Send(request) => {
                    let response =
                        transport.send(&request, &self.keys, &mut entropy()).await.expect("an answer");
                    exchange.on_response(&response).expect("an honest hub");
                }
                Step::NeedOutbox { links, bytes, .. } => {
                    exchange.supply_outbox(self.outbox(bytes, links)).expect("it can be sent");
                }
                step => panic!("unexpected {step:?}"),
            }
        }
    }
}

/// Why a response is a refusal.
pub(crate) fn reason(response: &Response) -> Option<wire::Reason> {
    let refusal = wire::Refusal::decode(&response.body);
    (response.status != 200).then(|| refusal.expect("a refusal has a reason").reason)
}

/// A push of what a device has open, from a place in the list on.
pub(crate) fn push(device: &Device, from: usize) -> Vec<u8> {
    let links: Vec<_> = device.open[from..].iter().map(|(link, _)| *link).collect();
    let last = links.last().expect("something is open");
    let Strand { device: tag, line } = last.strand();
    let end = Chain { device: tag, line, scope: last.scope, seq: last.seq, hash: last.hash() };
    let segment = wire::Segment::new(&links, &end.sign(&device.keys).expect("its own")).expect("consecutive");
    let bodies = (0..)
        .zip(&device.open[from..])
        .filter_map(|(place, (_, bytes))| bytes.clone().map(|bytes| wire::Body { place, bytes }));
    wire::Push { segment, bodies: bodies.collect() }.encode()
}
