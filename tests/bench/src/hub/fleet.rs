//! What a hub sees of a study: a roster, devices, and sealed envelopes of theirs in signed chains. There are no vaults behind them: what is
//! sealed is a change as a tablet writes it, sealed as it seals it, but for a record that only the hub ever hears of.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nightjar_form::Value;
use nightjar_seal::{
    Act, Chain, DeviceKeys, DevicePublic, Dictionary, DocumentHash, EnvelopeId, Header, Line, Membership,
    Recipient, RecordKey, RecordTag, RootKeys, Roster, RosterHead, ScopeTag, Sealing, Strand, StudyTag,
    seal_with,
};
use nightjar_sync::wire::{Body, Message as _, Outcome, Push, Pushed, Reason, Segment};
use nightjar_sync::{
    Event, Exchange, Memory, OUTBOX_BYTES, Patience, Request, Response, ScopePlan, Step, Transport,
};
use nightjar_test_support::records::Response as Given;
use tokio::task::JoinSet;

use crate::responses::{self, entropy};
use crate::trouble::Trouble;

/// The only line of every device here.
pub(crate) const LINE: Line = Line([1; 8]);
/// Different changes that are sealed, each under many keys.
const DIFFERENT: usize = 500;

/// The system's randomness.
pub(crate) fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has randomness");
}

/// Changes in clear, as tablets write them.
pub(crate) struct Contents {
    /// Twelve answers, one of them a comment of 300 characters.
    firsts: Vec<Vec<u8>>,
    /// One answer.
    laters: Vec<Vec<u8>>,
    dictionary: Dictionary,
}

impl Contents {
    pub(crate) fn new() -> Result<Arc<Self>, Trouble> {
        let (study, mut entropy) = (responses::Study::new()?, entropy(1 << 50));
        let keys = DeviceKeys::generate(&mut entropy);
        let (mut firsts, mut laters) = (Vec::new(), Vec::new());
        for at in 0..DIFFERENT {
            let Given { meta, mut cells, key, marker } = study.one(at, &keys, &mut entropy);
            let mut write = |given: Given| {
                let bytes = given.written(&keys, &mut entropy).bytes;
                (given, bytes)
            };
            let (given, first) = write(Given { meta, cells: std::mem::take(&mut cells), key, marker });
            let Given { meta, cells, key, marker } = given;
            let one = cells.into_iter().find(|(_, value)| matches!(value, Value::One(_))).into_iter();
            let (_, later) = write(Given { meta, cells: one.collect(), key, marker });
            firsts.push(first);
            laters.push(later);
        }
        Ok(Arc::new(Self { firsts, laters, dictionary: study.dictionary }))
    }
}

/// A study: an evaluator that pulls, two more that records are sealed for, and tablets.
pub(crate) struct Fleet {
    pub(crate) roster: Roster,
    pub(crate) evaluator: Arc<DeviceKeys>,
    pub(crate) tablets: Vec<Arc<DeviceKeys>>,
    readers: Arc<Vec<DevicePublic>>,
}

impl Fleet {
    pub(crate) fn of(tablets: usize) -> Result<Self, Trouble> {
        let wrong = |why| Trouble::refused("roster", why);
        let root = RootKeys::generate(&mut random);
        let mut roster =
            Roster::found(&root, DocumentHash([0; 32]), "A study", &mut random).map_err(wrong)?;
        let fresh = |count| (0..count).map(|_| Arc::new(DeviceKeys::generate(&mut random)));
        let evaluators: Vec<_> = fresh(3).collect();
        let tablets: Vec<_> = fresh(tablets).collect();
        let all = evaluators.iter().map(|keys| (keys, Membership::Evaluator));
        for (keys, membership) in all.chain(tablets.iter().map(|keys| (keys, Membership::Tablet))) {
            let (device, label) = (keys.public(), keys.tag().to_string());
            let act = Act::Admit { device, label, membership, grants: Vec::new(), epochs: Vec::new() };
            roster.append(act, &root).map_err(wrong)?;
        }
        let readers = Arc::new(evaluators.iter().map(|keys| keys.public()).collect());
        Ok(Self { roster, evaluator: evaluators[0].clone(), tablets, readers })
    }

    pub(crate) fn study(&self) -> StudyTag {
        self.roster.study()
    }

    pub(crate) fn scope(&self, name: &str) -> ScopeTag {
        ScopeTag::of(&self.study(), name)
    }

    /// Founds it at a hub.
    pub(crate) async fn found_at(&self, address: &str, setup_code: &str) -> Result<(), Trouble> {
        let client = Client::new(address, self.evaluator.clone())?;
        let found = nightjar_sync::found(&self.roster, setup_code)?;
        nightjar_sync::founded(&self.roster, &client.send(&found).await?)?;
        for entry in &self.roster.entries()[1..] {
            nightjar_sync::appended(&client.send(&nightjar_sync::append(&self.roster, entry)).await?)?;
        }
        Ok(())
    }

    /// The tablet of a number as it writes to a scope.
    pub(crate) fn writer(&self, tablet: usize, scope: &str, contents: &Arc<Contents>) -> Writer {
        let (keys, scope) = (self.tablets[tablet].clone(), self.scope(scope));
        Writer {
            chain: Chain::new(Strand { device: keys.tag(), line: LINE }, scope),
            keys,
            readers: self.readers.clone(),
            study: self.study(),
            head: self.roster.head(),
            scope,
            contents: contents.clone(),
            made: 0,
            record: None,
            next: None,
        }
    }

    /// The ids of all envelopes of a scope as its evaluator pulls them, each proven by chain and hash. That none comes twice is checked.
    pub(crate) async fn pull_all(
        &self,
        address: &str,
        scope: ScopeTag,
    ) -> Result<HashSet<EnvelopeId>, Trouble> {
        let client = Client::new(address, self.evaluator.clone())?;
        let plan = ScopePlan {
            scope,
            push: false,
            pull: true,
            without: None,
            publish: false,
            learn: false,
            compare: false,
            memory: Memory::default(),
        };
        let mut exchange = Exchange::new(self.roster.clone(), self.evaluator.tag(), vec![plan])?;
        let mut ids = HashSet::new();
        while let Step::Send(request) = exchange.step() {
            let response = client.send(&request).await?;
            if response.status == Reason::Busy.status() {
                // A million envelopes are more than a device may ask for at once.
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            for event in exchange.on_response(&response)? {
                let new = match &event {
                    Event::Received { link, .. } => ids.insert(link.envelope),
                    Event::ChainSeen { .. } | Event::Pulled { .. } => true,
                    _ => false,
                };
                if !new {
                    return Err(Trouble::Unlike("something came twice, or was not as it was pushed".into()));
                }
            }
        }
        Ok(ids)
    }
}

/// A device that speaks to a hub over a connection of its own.
pub(crate) struct Client {
    pub(crate) transport: Transport,
    pub(crate) keys: Arc<DeviceKeys>,
}

impl Client {
    pub(crate) fn new(address: &str, keys: Arc<DeviceKeys>) -> Result<Self, Trouble> {
        Ok(Self { transport: Transport::new(address, Patience::default())?, keys })
    }

    pub(crate) async fn send(&self, request: &Request) -> Result<Response, Trouble> {
        let mut entropy = random;
        Ok(self.transport.send(request, &self.keys, &mut entropy).await?)
    }

    /// Opens the connection and learns the hub's time, before anything is measured.
    pub(crate) async fn greet(&self, study: StudyTag) -> Result<(), Trouble> {
        let response = self.send(&nightjar_sync::fetch_roster(study, u64::MAX)).await?;
        nightjar_sync::fetched_roster(&response)?;
        Ok(())
    }

    /// Pushes; every envelope has to be stored.
    pub(crate) async fn push(&self, ready: &Ready) -> Result<Pushed, Trouble> {
        let response = self.send(&ready.request).await?;
        let pushed = match response.status {
            200 => Pushed::decode(&response.body)?,
            status => return Err(Trouble::Unlike(format!("a push was answered with {status}"))),
        };
        let stored = pushed.outcomes.iter().filter(|outcome| **outcome == Outcome::Stored).count();
        match stored == ready.envelopes.len() {
            true => Ok(pushed),
            false => {
                Err(Trouble::Unlike(format!("of {} envelopes {stored} were stored", ready.envelopes.len())))
            }
        }
    }
}

/// A push, made ready: all of it but the signature over the request, which names the hub's time.
pub(crate) struct Ready {
    pub(crate) request: Request,
    pub(crate) envelopes: Vec<(EnvelopeId, Vec<u8>)>,
}

/// A tablet that writes to one scope.
pub(crate) struct Writer {
    pub(crate) keys: Arc<DeviceKeys>,
    readers: Arc<Vec<DevicePublic>>,
    study: StudyTag,
    head: RosterHead,
    scope: ScopeTag,
    chain: Chain,
    contents: Arc<Contents>,
    made: usize,
    /// What is being changed.
    record: Option<(RecordTag, RecordKey)>,
    /// What did not fit the push before.
    next: Option<(EnvelopeId, Vec<u8>)>,
}

impl Writer {
    /// Every record is made, which hands its key to three readers, and changed twice.
    pub(crate) fn envelope(&mut self) -> Result<(EnvelopeId, Vec<u8>), Trouble> {
        let at = self.made;
        self.made += 1;
        let contents = &self.contents;
        let first = at.is_multiple_of(3);
        if first {
            let mut tag = [0; 16];
            random(&mut tag);
            self.record = Some((RecordTag(tag), RecordKey::generate(&mut random)));
        }
        let Some((record, key)) = &self.record else {
            return Err(Trouble::Unlike("there is nothing to change".into()));
        };
        let to: Vec<_> = self.readers.iter().map(Recipient::Device).collect();
        let header = Header::change(self.study, self.scope, *record, self.keys.tag(), self.head, key);
        let sealing = Sealing { recipients: first.then_some(&to), dictionary: Some(&contents.dictionary) };
        let of = if first { &contents.firsts } else { &contents.laters };
        let envelope = seal_with(header, &of[(at / 3) % of.len()], key, sealing, &mut random);
        let envelope = envelope.map_err(|why| Trouble::refused("change", why))?;
        Ok((envelope.id(), envelope.encode()))
    }

    /// A push of so many new envelopes, or as many of them as fit.
    pub(crate) fn push(&mut self, most: usize) -> Result<Ready, Trouble> {
        let (mut envelopes, mut links, mut bytes) = (Vec::new(), Vec::new(), 0);
        while envelopes.len() < most.min(nightjar_sync::bounds::PUSH_LINKS) {
            let one = match self.next.take() {
                Some(one) => one,
                None => self.envelope()?,
            };
            bytes += one.1.len();
            if bytes > OUTBOX_BYTES {
                self.next = Some(one);
                break;
            }
            links.push(self.chain.next(one.0));
            envelopes.push(one);
        }
        let head = self.chain.sign(&self.keys).map_err(|why| Trouble::refused("chain", why))?;
        let segment = Segment::new(&links, &head)?;
        let bodies = (0..).zip(&envelopes).map(|(place, (_, bytes))| Body { place, bytes: bytes.clone() });
        let body = Push { segment, bodies: bodies.collect() }.encode();
        let path = nightjar_sync::wire::push_path(self.study, self.scope);
        Ok(Ready { request: Request { path, body, signed: true }, envelopes })
    }

    /// Pushes of so many envelopes in all, each of at most `most`.
    pub(crate) fn pushes(&mut self, envelopes: usize, most: usize) -> Result<Vec<Ready>, Trouble> {
        let (mut ready, mut left) = (Vec::new(), envelopes);
        while left > 0 {
            let one = self.push(most.min(left))?;
            left -= one.envelopes.len();
            ready.push(one);
        }
        Ok(ready)
    }

    /// Where it writes to.
    pub(crate) fn scope(&self) -> ScopeTag {
        self.scope
    }

    /// Its chain's name.
    pub(crate) fn strand(&self) -> Strand {
        self.chain.strand()
    }

    /// Connections to be, one for each of these tablets, to these hubs in turn.
    pub(crate) fn clients(writers: &[Self], hubs: &[&str]) -> Result<Vec<(Client, StudyTag)>, Trouble> {
        let client =
            |(writer, hub): (&Self, &&str)| Ok((Client::new(hub, writer.keys.clone())?, writer.study));
        writers.iter().zip(hubs.iter().cycle()).map(client).collect()
    }
}

/// Lets every writer make its pushes, on all cores.
pub(crate) fn prepare(
    writers: &mut [Writer],
    envelopes: usize,
    most: usize,
) -> Result<Vec<Arc<Vec<Ready>>>, Trouble> {
    std::thread::scope(|scope| {
        let making: Vec<_> =
            writers.iter_mut().map(|writer| scope.spawn(move || writer.pushes(envelopes, most))).collect();
        let made = making.into_iter().map(|one| {
            one.join().unwrap_or_else(|_| Err(Trouble::Unlike("a thread that seals has ended".into())))
        });
        made.map(|ready| ready.map(Arc::new)).collect()
    })
}

/// Lets all push at once, each over a connection of its own that is open by then; how long it took from the first byte until the last
/// was acknowledged, in seconds.
pub(crate) async fn push_all(
    clients: Vec<(Client, StudyTag)>,
    ready: &[Arc<Vec<Ready>>],
) -> Result<f64, Trouble> {
    for (client, study) in &clients {
        client.greet(*study).await?;
    }
    let begun = Instant::now();
    let mut pushing = JoinSet::new();
    for ((client, _), ready) in clients.into_iter().zip(ready) {
        let ready = ready.clone();
        pushing.spawn(async move {
            for one in ready.iter() {
                client.push(one).await?;
            }
            Ok::<_, Trouble>(())
        });
    }
    while let Some(pushed) = pushing.join_next().await {
        pushed.map_err(|why| Trouble::refused("pushing", why))??;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// The ids of all that was pushed.
pub(crate) fn ids<'r>(
    ready: impl IntoIterator<Item = &'r Arc<Vec<Ready>>>,
) -> impl Iterator<Item = EnvelopeId> {
    ready
        .into_iter()
        .flat_map(|ready| ready.iter())
        .flat_map(|ready| ready.envelopes.iter().map(|(id, _)| *id))
}
