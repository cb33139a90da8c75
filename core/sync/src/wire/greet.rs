//! The greeting that opens every sync: one round trip says whether anything is new, in either direction, and whether the
//! hub still holds what it acknowledged.

use nightjar_seal::{RosterHead, ScopeTag};

use super::applied::Applied;
use super::cbor::{Message, Reader, Writer};
use super::mark::{Incarnation, Mark};
use crate::{Failure, bounds};

/// What a device says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// How many roster entries the device holds.
    pub roster: u64,
    /// The scopes it asks about.
    pub scopes: Vec<Shown>,
}

/// The marks a device shows for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The scope.
    pub scope: ScopeTag,
    /// Marks the hub gave earlier: of the last pull and of the last acknowledged push.
    pub marks: Vec<Mark>,
    /// Whether applied vectors are wanted.
    pub applied: bool,
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
    /// One answer per scope asked about, in the same order.
    pub scopes: Vec<Standing>,
}

/// One encoded roster entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry(pub Vec<u8>);

/// How the hub stands in one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The head of its log.
    pub head: Mark,
    /// Whether it holds its log unchanged up to every mark shown.
    pub holds: bool,
    /// The newest applied vector of each evaluator device, where wanted.
    pub applied: Vec<Applied>,
}

impl Message for Shown {
    const NAME: &'static str = "marks of a scope";

    fn write(&self, out: &mut Writer) {
        out.array(3).bytes(&self.scope.0).list(&self.marks).flag(self.applied);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        Ok(Self {
            scope: ScopeTag(input.fixed()?),
            marks: input.list(bounds::MARKS)?,
            applied: input.flag()?,
        })
    }
}

impl Message for Greeting {
    const NAME: &'static str = "greeting";

    fn write(&self, out: &mut Writer) {
        out.array(2).number(self.roster).list(&self.scopes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { roster: input.number()?, scopes: input.list(bounds::SCOPES)? })
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

impl Message for Standing {
    const NAME: &'static str = "standing of a scope";

    fn write(&self, out: &mut Writer) {
        out.array(3);
        self.head.write(out);
        out.flag(self.holds).list(&self.applied);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(3)?;
        let head = Mark::read(input)?;
        Ok(Self { head, holds: input.flag()?, applied: input.list(bounds::EVALUATORS)? })
    }
}

impl Message for Greeted {
    const NAME: &'static str = "answer to a greeting";

    fn write(&self, out: &mut Writer) {
        out.array(5);
        self.incarnation.write(out);
        out.number(self.roster).bytes(&self.roster_head.0).list(&self.entries).list(&self.scopes);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(5)?;
        Ok(Self {
            incarnation: Incarnation::read(input)?,
            roster: input.number()?,
            roster_head: RosterHead(input.fixed()?),
            entries: input.list(bounds::ROSTER_ENTRIES)?,
            scopes: input.list(bounds::SCOPES)?,
        })
    }
}
