//! The greeting that opens every sync: one round trip says whether anything is new, in either direction, and whether the
//! hub still holds what it acknowledged. What is new comes with the answer where it is little.

use std::collections::BTreeSet;

use nightjar_seal::{Line, Notice, PassId, PublicationId, Roster, RosterHead, ScopeTag};

use super::applied::Applied;
use super::cbor::{Message, Reader, Writer};
use super::mark::{Begin, Glimpse, Incarnation, Mark};
use super::pull::Batch;
use crate::{Failure, bounds};

/// What a device says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// How many roster entries the device holds.
    pub roster: u64,
    /// What commits to the last of them, to the passes that wait there, and to the publications that stand there: see [`Greeting::beside`];
    /// zeros where it holds no roster.
    pub beside: Begin,
    /// The life of the hub's database that all marks below are of; `None` where none is shown.
    pub incarnation: Option<Incarnation>,
    /// The scopes it asks about.
    pub scopes: Vec<Shown>,
}

impl Greeting {
    /// What a device shows of all that is not in a log: the beginning of one hash over the head of the roster, the passes that wait for their
    /// place in it and the publications that stand by it. Three marks would cost three times as much, with every sync in which nothing is new.
    pub fn beside(roster: &Roster, publications: &[Notice]) -> Begin {
        Self::beside_without(roster, &BTreeSet::new(), publications)
    }

    /// The same of a device that holds passes which the hub is known not to take: they alone are no news.
    pub fn beside_without(roster: &Roster, refused: &BTreeSet<PassId>, publications: &[Notice]) -> Begin {
        let mut hasher = blake3::Hasher::new_derive_key("nightjar v1 beside the logs");
        hasher.update(&roster.head().0).update(&roster.passes_digest_without(refused));
        hasher.update(&Notice::digest(publications, roster).unwrap_or_default());
        Begin::of(hasher.finalize().as_bytes())
    }
}

/// The marks a device shows for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The scope.
    pub scope: ScopeTag,
    /// The mark of the last pull.
    pub pulled: Option<Glimpse>,
    /// The mark of the last acknowledged push, where it lies beyond that.
    pub pushed: Option<Glimpse>,
    /// Where applied vectors are wanted: the beginning of the hash of those heard last, zeros for none.
    pub heard: Option<Begin>,
    /// Where what is new is wanted with the answer.
    pub wish: Option<Wish>,
}

/// What is wanted of what is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The line of the asking device whose bytes are not wanted.
    pub without: Option<Line>,
}

impl Shown {
    /// The furthest mark.
    pub fn furthest(&self) -> Option<Glimpse> {
        self.pushed.or(self.pulled)
    }
}

/// How a hub answers a greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Welcome {
    /// What lies beside the logs, life of the database and applied vectors are as the device said, and every log ends where its furthest mark says: at its
    /// first place where none is shown.
    Unchanged,
    /// Something is new, to one side or the other.
    News(Greeted),
}

/// What the hub answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeted {
    /// The life of the hub's database.
    pub incarnation: Incarnation,
    /// How many roster entries the hub holds.
    pub roster: u64,
    /// The last of them.
    pub roster_head: RosterHead,
    /// Entries after those the device holds, in order; when they end before `roster`, there are more.
    pub entries: Vec<Entry>,
    /// The passes that wait at the hub, where what lies beside the logs is not the same as on the device.
    pub passes: Option<Vec<Pass>>,
    /// The names of the publications that stand at the hub, in order, where what lies beside the logs is not the same as on the device.
    pub published: Option<Vec<PublicationId>>,
    /// One answer per scope asked about, in the same order.
    pub scopes: Vec<Standing>,
}

/// One encoded roster entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry(pub Vec<u8>);

/// One encoded pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass(pub Vec<u8>);

/// How the hub stands in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The head of its log.
    pub head: Mark,
    /// Whether it holds its log unchanged up to every mark shown.
    pub holds: bool,
    /// The newest applied vector of each evaluator device, where wanted and others than those heard.
    pub applied: Vec<Applied>,
    /// All pushes after the mark of the last pull, where they are wanted and few; else none, and they are pulled.
    pub batches: Vec<Batch>,
}

impl Standing {
    /// The beginning of the hash of applied vectors, as a device says which it has heard.
    pub fn heard(applied: &[Applied]) -> Begin {
        let encoded: Vec<_> = applied.iter().map(Message::encode).collect();
        Begin::of_all(encoded.iter().map(Vec::as_slice))
    }
}

impl Message for Shown {
    const NAME: &'static str = "marks of a scope";

    fn write(&self, out: &mut Writer) {
        out.array(5).bytes(&self.scope.0).optional(self.pulled.as_ref()).optional(self.pushed.as_ref());
        out.optional(self.heard.as_ref()).optional(self.wish.as_ref());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(5)?;
        let (scope, pulled) = (ScopeTag(input.fixed()?), input.optional::<Glimpse>()?);
        let pushed = input.optional::<Glimpse>()?;
        if pulled.zip(pushed).is_some_and(|(pulled, pushed)| pushed.sequence <= pulled.sequence) {
            return Err(input.malformed("a mark that lies before another says nothing"));
        }
        Ok(Self { scope, pulled, pushed, heard: input.optional()?, wish: input.optional()? })
    }
}

impl Message for Wish {
    const NAME: &'static str = "what is wanted of what is new";

    fn write(&self, out: &mut Writer) {
        out.bytes(self.without.as_ref().map_or(&[][..], |line| &line.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        match input.bytes(8)? {
            [] => Ok(Self { without: None }),
            line => {
                let line = line.try_into().map_err(|_| input.malformed("a line has the wrong length"))?;
                Ok(Self { without: Some(Line(line)) })
            }
        }
    }
}

impl Message for Greeting {
    const NAME: &'static str = "greeting";

    fn write(&self, out: &mut Writer) {
        out.array(4).number(self.roster).bytes(&self.beside.0);
        out.optional(self.incarnation.as_ref()).list(&self.scopes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(4)?;
        let greeting = Self {
            roster: input.number()?,
            beside: Begin(input.fixed()?),
            incarnation: input.optional()?,
            scopes: input.list(bounds::SCOPES)?,
        };
        if greeting.incarnation.is_some() != greeting.scopes.iter().any(|shown| shown.furthest().is_some()) {
            return Err(input.malformed("marks are of no life, or a life has no marks"));
        }
        let named: std::collections::BTreeSet<_> = greeting.scopes.iter().map(|shown| shown.scope).collect();
        if named.len() != greeting.scopes.len() {
            return Err(input.malformed("a scope is asked about twice"));
        }
        Ok(greeting)
    }
}

impl Message for Welcome {
    const NAME: &'static str = Greeted::NAME;

    fn write(&self, out: &mut Writer) {
        out.optional(match self {
            Self::Unchanged => None,
            Self::News(greeted) => Some(greeted),
        });
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(input.optional()?.map_or(Self::Unchanged, Self::News))
    }
}

impl Message for Entry {
    const NAME: &'static str = "roster entry";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.bytes(bounds::ROSTER_ENTRY_BYTES)?.to_vec()))
    }
}

impl Message for Pass {
    const NAME: &'static str = "pass";

    fn write(&self, out: &mut Writer) {
        out.bytes(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok(Self(input.bytes(bounds::PASS_BYTES)?.to_vec()))
    }
}

impl Message for Standing {
    const NAME: &'static str = "standing of a scope";

    fn write(&self, out: &mut Writer) {
        out.array(4);
        self.head.write(out);
        out.flag(self.holds).list(&self.applied).list(&self.batches);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(4)?;
        let head = Mark::read(input)?;
        Ok(Self {
            head,
            holds: input.flag()?,
            applied: input.list(bounds::EVALUATORS)?,
            batches: input.list(bounds::GREETED_ENVELOPES)?,
        })
    }
}

impl Message for Greeted {
    const NAME: &'static str = "answer to a greeting";

    fn write(&self, out: &mut Writer) {
        out.array(9);
        self.incarnation.write(out);
        out.number(self.roster).bytes(&self.roster_head.0).list(&self.entries);
        out.flag(self.passes.is_some()).list(self.passes.as_deref().unwrap_or_default());
        out.flag(self.published.is_some())
            .list(self.published.as_deref().unwrap_or_default())
            .list(&self.scopes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(9)?;
        let incarnation = Incarnation::read(input)?;
        let (roster, roster_head) = (input.number()?, RosterHead(input.fixed()?));
        let entries = input.list(bounds::ROSTER_ENTRIES)?;
        let passes = match (input.flag()?, input.list(bounds::PASSES)?) {
            (true, passes) => Some(passes),
            (false, passes) if passes.is_empty() => None,
            _ => return Err(input.malformed("passes where there are none")),
        };
        let published = match (input.flag()?, input.list::<PublicationId>(bounds::PUBLICATIONS)?) {
            (true, published) if published.is_sorted_by(|a, b| a < b) => Some(published),
            (false, published) if published.is_empty() => None,
            _ => return Err(input.malformed("publications out of order, or where there are none")),
        };
        let scopes = input.list(bounds::SCOPES)?;
        Ok(Self { incarnation, roster, roster_head, entries, passes, published, scopes })
    }
}
