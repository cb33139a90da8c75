//! A model of the hub: what the protocol asks of one, over plain lists.

use std::collections::BTreeMap;

use nightjar_seal::{
    DeviceTag, Entry, Envelope, EnvelopeId, Link, Notice, Pass, PassStanding, Placing, Publication, Roster,
    ScopeTag,
};
use nightjar_sync::ranges::IdSet;
use nightjar_sync::wire::{
    self, Appended, Applied, Batch, Begin, Body, Glimpse, Greeted, Greeting, Incarnation, Judged, Mark,
    Message, Objection, Outcome, Pull, Pulled, Push, Pushed, Ranged, Ranges, RangesAsked, RangesTold, Reason,
    Refusal, Segment, Standing, Welcome,
};
use nightjar_sync::{Failure, Request, Response};

/// The hub of one study with one scope. Cloning it is taking a backup.
#[derive(Clone)]
pub(crate) struct ModelHub {
    pub(crate) roster: Roster,
    pub(crate) scope: ScopeTag,
    pub(crate) incarnation: Incarnation,
    pub(crate) chains: BTreeMap<DeviceTag, Vec<Link>>,
    pub(crate) pushes: Vec<(Segment, Vec<Body>)>,
    pub(crate) log: Vec<(EnvelopeId, Mark)>,
    pub(crate) applied: BTreeMap<DeviceTag, Applied>,
    /// How many pushes one pull reply holds.
    pub(crate) pushes_per_pull: usize,
    /// What its clock shows, by which passes come in time.
    pub(crate) now: u64,
    /// What was published.
    pub(crate) published: Vec<Publication>,
    /// An entry that it passes on after its roster, though no roster takes it.
    pub(crate) beyond: Option<Entry>,
    /// Whether it compares by ranges, as an older hub does not.
    pub(crate) compares: bool,
}

impl ModelHub {
    pub(crate) fn new(roster: Roster, scope: ScopeTag) -> Self {
        Self {
            roster,
            scope,
            incarnation: Incarnation([1; 16]),
            chains: BTreeMap::new(),
            pushes: Vec::new(),
            log: Vec::new(),
            applied: BTreeMap::new(),
            pushes_per_pull: 2,
            now: 0,
            published: Vec::new(),
            beyond: None,
            compares: true,
        }
    }

    pub(crate) fn head(&self) -> Mark {
        self.log.last().map_or(Mark::start(self.incarnation), |(_, mark)| *mark)
    }

    /// Puts a backup back, as another life of the log.
    pub(crate) fn restore(&mut self, backup: &ModelHub, incarnation: u8) {
        *self = backup.clone();
        self.incarnation = Incarnation([incarnation; 16]);
        for (_, mark) in &mut self.log {
            mark.incarnation = self.incarnation;
        }
    }

    /// Answers as `device`; signatures of requests are not the model's concern.
    pub(crate) fn answer(&mut self, device: DeviceTag, request: &Request) -> Response {
        let study = self.roster.study();
        let path = request.path.as_str();
        let result = if path == wire::roster_path(study) {
            self.append(&request.body)
        } else if path == wire::pass_path(study) {
            self.take(&request.body)
        } else if self.roster.member(&device).is_none_or(|member| member.revoked.is_some()) {
            refuse(Reason::UnknownDevice)
        } else if path == wire::greet_path(study) {
            self.greet(&request.body)
        } else if path == wire::publish_path(study) {
            self.publish(&request.body)
        } else if path == wire::published_path(study) {
            self.published(&request.body)
        } else if path == wire::push_path(study, self.scope) {
            self.push(&request.body)
        } else if path == wire::pull_path(study, self.scope) {
            self.pull(device, &request.body)
        } else if self.compares && path == wire::ranges_path(study, self.scope) {
            self.ranges(device, &request.body)
        } else if path == wire::applied_path(study, self.scope) {
            let applied = Applied::decode(&request.body).expect("an applied vector decodes");
            self.applied.insert(device, applied);
            Ok(Vec::new())
        } else {
            refuse(Reason::NoSuchPath)
        };
        match result {
            Ok(body) => Response { status: 200, body },
            Err(Failure::Refused(refusal)) => {
                Response { status: refusal.reason.status(), body: refusal.encode() }
            }
            Err(failure) => panic!("the device sent what cannot be read: {failure}"),
        }
    }

    fn append(&mut self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let entry = Entry::decode(&wire::Entry::decode(body)?.0).expect("a roster entry decodes");
        if self.roster.push(entry).is_err() {
            return refuse(Reason::PlaceTaken);
        }
        Ok(Appended { roster: self.roster.entries().len() as u64 }.encode())
    }

    fn take(&mut self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let pass = Pass::decode(&wire::Pass::decode(body)?.0).expect("a pass decodes");
        if pass.until() < self.now {
            return refuse(Reason::Expired);
        }
        match self.roster.take_in_turn(pass) {
            Ok(PassStanding::Counts) => Ok(Vec::new()),
            _ => refuse(Reason::Denied),
        }
    }

    fn greet(&self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let greeting = Greeting::decode(body)?;
        let known = self.roster.entries().iter().chain(&self.beyond);
        let entries = known.clone().skip(greeting.roster as usize).take(2);
        let standing = |shown: &wire::Shown| Standing {
            head: self.head(),
            holds: [shown.pulled, shown.pushed]
                .into_iter()
                .flatten()
                .all(|glimpse| greeting.incarnation == Some(self.incarnation) && self.glimpsed(glimpse)),
            applied: match shown.heard {
                Some(_) => self.applied.values().cloned().collect(),
                None => Vec::new(),
            },
            // Everything is pulled: what comes with a greeting is tried with a real hub.
            batches: Vec::new(),
        };
        Ok(Welcome::News(Greeted {
            incarnation: self.incarnation,
            roster: known.count() as u64,
            roster_head: self.beyond.as_ref().map_or(self.roster.head(), Entry::hash),
            entries: entries.map(|entry| wire::Entry(entry.encode())).collect(),
            passes: (greeting.beside != self.shown())
                .then(|| self.roster.passes().map(|pass| wire::Pass(pass.encode())).collect()),
            published: (greeting.beside != self.shown()).then(|| {
                let mut names: Vec<_> = self.published.iter().map(Publication::id).collect();
                names.sort_unstable();
                names
            }),
            scopes: greeting.scopes.iter().map(standing).collect(),
        })
        .encode())
    }

    fn notices(&self) -> Vec<Notice> {
        self.published.iter().map(Notice::from).collect()
    }

    fn shown(&self) -> wire::Begin {
        Greeting::beside(&self.roster, &self.notices())
    }

    fn publish(&mut self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let publication = Publication::decode(&wire::Publication::decode(body)?.0).expect("it decodes");
        if publication.verify(&self.roster).is_err() {
            return refuse(Reason::NotGranted);
        }
        if let Placing::Kept { gone } = Notice::from(&publication).place(&self.notices(), &self.roster) {
            self.published.retain(|known| !gone.contains(&known.id()));
            self.published.push(publication);
        }
        Ok(Vec::new())
    }

    /// One a reply.
    fn published(&self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let ask = wire::PublishedAsk::decode(body)?;
        let asked = self.published.iter().filter(|known| ask.publications.contains(&known.id()));
        let publications = asked.take(1).map(|known| wire::Publication(known.encode())).collect();
        Ok(wire::Published { publications }.encode())
    }

    fn glimpsed(&self, glimpse: Glimpse) -> bool {
        let start = Mark::start(self.incarnation);
        self.log.iter().map(|(_, mark)| *mark).chain([start]).any(|mark| Glimpse::from(mark) == glimpse)
    }

    fn holds(&self, mark: &Mark) -> bool {
        *mark == Mark::start(self.incarnation) || self.log.iter().any(|(_, known)| known == mark)
    }

    fn push(&mut self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let push = Push::decode(body)?;
        let links = push.segment.links();
        let chain = self.chains.entry(push.segment.device()).or_default();
        if links[0].seq > chain.len() as u64 + 1 {
            return refuse(Reason::ChainGap);
        }
        for link in &links {
            match chain.get(link.seq as usize - 1) {
                Some(held) if held == link => {}
                Some(_) => return refuse(Reason::ChainForked),
                None => chain.push(*link),
            }
        }
        let mut stored = Vec::new();
        let mut outcomes = Vec::new();
        for body in push.bodies {
            let envelope = links[body.place as usize].envelope;
            let outcome = match Envelope::decode(&body.bytes) {
                Ok(found) if found.id() == envelope => {
                    if self.log.iter().any(|(known, _)| *known == envelope) {
                        Outcome::Known
                    } else {
                        let mark = self.head().after(envelope);
                        self.log.push((envelope, mark));
                        stored.push(body);
                        Outcome::Stored
                    }
                }
                _ => Outcome::Refused(Objection::Altered),
            };
            outcomes.push(Judged { envelope, outcome });
        }
        if !stored.is_empty() {
            self.pushes.push((push.segment, stored));
        }
        Ok(Pushed::new(self.head(), &outcomes).encode())
    }

    fn pull(&self, device: DeviceTag, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let pull = Pull::decode(body)?;
        if !pull.after.is_none_or(|mark| self.holds(&mark)) {
            return refuse(Reason::CursorUnknown);
        }
        // A cursor may lie inside a push: a hub put back from an old copy gets the same envelopes again in other portions.
        let after = pull.after.map_or(0, |mark| mark.sequence);
        let (mut sequence, mut batches) = (0, Vec::new());
        for (segment, bodies) in &self.pushes {
            let without = segment.device() == device && pull.without == Some(segment.line());
            let mut new = Vec::new();
            for body in bodies {
                sequence += 1;
                if sequence > after {
                    let bytes = if without { Vec::new() } else { body.bytes.clone() };
                    new.push(Body { place: body.place, bytes });
                }
            }
            if !new.is_empty() && batches.len() < self.pushes_per_pull {
                batches.push(Batch { segment: segment.clone(), bodies: new });
            }
        }
        Ok(Pulled { after: pull.after, head: self.head(), batches }.encode())
    }

    /// Compares what it holds; nothing is asked of it that it should refuse.
    pub(crate) fn ranges(&self, device: DeviceTag, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let Ranges { own, up_to, asked } = Ranges::decode(body)?;
        let up_to = up_to.unwrap_or(self.head());
        if !self.holds(&up_to) {
            return refuse(Reason::CursorUnknown);
        }
        let log = &self.log[..up_to.sequence as usize];
        let of = |id: &EnvelopeId| {
            let mut links = self.chains.get(&device).into_iter().flatten();
            !own || links.any(|link| link.envelope == *id)
        };
        let ids: Vec<_> = log.iter().map(|(id, _)| *id).filter(of).collect();
        let count = ids.len() as u64;
        let told = match asked {
            RangesAsked::Message(message) => {
                RangesTold::Message(IdSet::new(ids.into_iter())?.answer(&message)?)
            }
            RangesAsked::Place(lacking) => {
                let all = lacking.iter().all(|id| log.iter().any(|(held, _)| held == id));
                let first = log.iter().position(|(id, _)| lacking.contains(id)).filter(|_| all).unwrap_or(0);
                let before = first.checked_sub(1).map(|before| log[before].1);
                RangesTold::Before(before.unwrap_or(Mark::start(self.incarnation)))
            }
        };
        Ok(Ranged { asked: Begin::of_all([body]), up_to, count, told }.encode())
    }
}

fn refuse<T>(reason: Reason) -> Result<T, Failure> {
    Err(Failure::Refused(Refusal::new(reason, "the model says no")))
}
