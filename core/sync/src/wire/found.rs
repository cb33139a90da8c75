//! Founding a study at a hub, and adding to its roster.

use nightjar_seal::StudyTag;

use super::cbor::{Message, Reader, Writer};
use super::greet::Entry;
use super::mark::Incarnation;
use crate::{Failure, bounds};

/// Founds a study.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// What the hub printed when it was set up. Shows that whoever runs the hub wants the study there.
    pub setup_code: String,
    /// The founding roster entry.
    pub entry: Entry,
}

/// The hub knows the study, founded now or before by the same entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founded {
    /// The study.
    pub study: StudyTag,
    /// The life of the hub's database.
    pub incarnation: Incarnation,
}

/// The hub holds the roster entry, stored now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// How many roster entries the hub holds.
    pub roster: u64,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Found")
    }
}

impl Message for Found {
    const NAME: &'static str = "founding";

    fn write(&self, out: &mut Writer) {
        out.array(2).text(&self.setup_code);
        self.entry.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { setup_code: input.text(bounds::TEXT_BYTES)?.to_owned(), entry: Entry::read(input)? })
    }
}

impl Message for Founded {
    const NAME: &'static str = "answer to a founding";

    fn write(&self, out: &mut Writer) {
        self.incarnation.write(out.array(2).bytes(&self.study.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(2)?;
        Ok(Self { study: StudyTag(input.fixed()?), incarnation: Incarnation::read(input)? })
    }
}

impl Message for Appended {
    const NAME: &'static str = "answer to a roster entry";

    fn write(&self, out: &mut Writer) {
        out.array(1).number(self.roster);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Failure> {
        input.array(1)?;
        Ok(Self { roster: input.number()? })
    }
}
