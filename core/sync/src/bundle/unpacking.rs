//! Reading somebody else's bundle.

use std::collections::BTreeMap;

use nightjar_seal::{Chain, DeviceTag, Publication, Roster, ScopeTag, Strand};

use super::{Counted, Header, Part};
use crate::Failure;
use crate::event::Event;
use crate::receive::Receiver;
use crate::wire::{Batch, Incarnation, Mark, Message, Push};

/// Takes the frames of a bundle in order and says what to keep. Store the events of each frame before the next; then reading may
/// break off anywhere, and reading the same bundle again goes on from there.
pub struct Unpacking {
    roster: Roster,
    me: DeviceTag,
    chains: BTreeMap<ScopeTag, BTreeMap<Strand, Chain>>,
    header: Option<Header>,
    vouched: Option<bool>,
    counted: Counted,
    summary: Summary,
    /// Chunks so far.
    chunks: u64,
}

/// What a bundle held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sealed envelopes in it.
    pub envelopes: u64,
    /// Of those: made by this device in scopes that it does not take, which it has anyway.
    pub own: u64,
    /// Of those: in scopes that this device does not take, passed over.
    pub passed_over: u64,
    /// Roster entries in it.
    pub entries: u64,
    /// Whether its maker is a member of the roster and signed its header.
    pub vouched: bool,
    /// Whether it came to its end and nothing is missing in between.
    pub whole: bool,
}

impl Unpacking {
    /// Begins to read. `me` knows this roster and takes these scopes; `chains` is what it knows of each, as
    /// [`Memory::chains`](crate::Memory::chains).
    pub fn new(roster: Roster, me: DeviceTag, chains: BTreeMap<ScopeTag, BTreeMap<Strand, Chain>>) -> Self {
        let (counted, summary) = (Counted::default(), Summary::default());
        Self { roster, me, chains, header: None, vouched: None, counted, summary, chunks: 0 }
    }

    /// The bytes of one frame, without its length.
    ///
    /// # Errors
    /// [`Failure::Malformed`] for what is no part of a bundle or stands in another order, [`Failure::Foreign`] for another study's,
    /// [`Failure::RosterForked`] and [`Failure::Forged`] for a roster that is not this one. Nothing of this frame counts then, and
    /// nothing after it should be read; what was given before holds.
    pub fn take(&mut self, frame: &[u8]) -> Result<Vec<Event>, Failure> {
        let malformed = |problem| Failure::Malformed { what: Part::NAME, problem };
        if self.summary.whole {
            return Err(malformed("something follows the end"));
        }
        let part = Part::decode(frame)?;
        if self.header.is_none() != matches!(part, Part::Header(_)) {
            return Err(malformed("the header has to come first, and once"));
        }
        let events = match part {
            Part::Header(header) => self.begin(*header)?,
            Part::Entry(_) if self.vouched.is_some() => {
                return Err(malformed("a roster entry follows the first chain"));
            }
            Part::Entry(entry) => {
                let entry = crate::roster::decode(&entry.0)?;
                let grows = entry.seq() >= self.roster.entries().len() as u64;
                crate::roster::push(&mut self.roster, entry.clone())?;
                self.summary.entries += 1;
                if grows { vec![Event::RosterGrew(entry)] } else { Vec::new() }
            }
            Part::Pass(_) if self.vouched.is_some() => {
                return Err(malformed("a pass follows the first chain"));
            }
            Part::Pass(pass) => crate::roster::take(&mut self.roster, &pass.0).into_iter().collect(),
            Part::Publication(_) if self.vouched.is_some() => {
                return Err(malformed("a publication follows the first chain"));
            }
            // One that does not count is nobody's trouble.
            Part::Publication(publication) => {
                let publication = Publication::decode(&publication.0).ok();
                let counts = publication.filter(|publication| publication.verify(&self.roster).is_ok());
                counts.into_iter().map(|publication| Event::PublicationCame(Box::new(publication))).collect()
            }
            Part::Chain(_) if self.chunks > 0 => return Err(malformed("a chain follows the first chunk")),
            Part::Chunk(chunk) => {
                self.chunks += 1;
                let mut events = self.vouch();
                events.push(Event::ChunkCame { name: chunk.name, bytes: chunk.bytes });
                events
            }
            Part::Chain(push) => {
                let mut events = self.vouch();
                events.extend(self.chain(push));
                events
            }
            Part::End(end) => {
                if !self.counted.is_end(&end) {
                    return Err(malformed("parts are missing or were changed"));
                }
                self.summary.whole = true;
                self.vouch()
            }
        };
        self.counted.add(frame);
        Ok(events)
    }

    /// What it held as far as it was read.
    pub fn summary(&self) -> Summary {
        Summary { vouched: self.vouched == Some(true), ..self.summary }
    }

    /// The header, once it was read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    fn begin(&mut self, header: Header) -> Result<Vec<Event>, Failure> {
        if header.study() != self.roster.study() {
            return Err(Failure::Foreign("the bundle is of another study"));
        }
        self.header = Some(header);
        Ok(Vec::new())
    }

    /// After the roster entries: whether the maker belongs, and what it says it has applied if it is an evaluator's.
    fn vouch(&mut self) -> Vec<Event> {
        let (None, Some(header)) = (self.vouched, &self.header) else { return Vec::new() };
        let member = self.roster.member(&header.by()).filter(|member| member.revoked.is_none());
        self.vouched = Some(member.is_some_and(|member| header.verify(&member.public).is_ok()));
        let proven = |applied: &&crate::wire::Applied| {
            self.roster.evaluators().any(|member| applied.verify(&member.public).is_ok())
        };
        let applied = header.holds().iter().filter(proven).cloned().map(Event::Applied);
        let confirmed = |said: &&crate::wire::Confirmation| {
            self.roster.member(&said.by()).is_some_and(|member| said.verify(&member.public).is_ok())
        };
        let confirmed = header.confirmed().iter().filter(confirmed).cloned().map(Event::Confirmed);
        applied.chain(confirmed).collect()
    }

    fn chain(&mut self, push: Push) -> Vec<Event> {
        let scope = push.segment.scope();
        self.summary.envelopes += push.bodies.len() as u64;
        let Some(chains) = self.chains.get_mut(&scope) else {
            match push.segment.device() == self.me {
                true => self.summary.own += push.bodies.len() as u64,
                false => self.summary.passed_over += push.bodies.len() as u64,
            }
            return Vec::new();
        };
        let mut receiver = Receiver {
            roster: &self.roster,
            me: self.me,
            without: None,
            scope,
            cursor: Mark::start(Incarnation([0; 16])),
            pushed: None,
            rewritten: false,
            chains: std::mem::take(chains),
            events: Vec::new(),
        };
        receiver.take(Batch { segment: push.segment, bodies: push.bodies });
        *chains = receiver.chains;
        receiver.events
    }
}
