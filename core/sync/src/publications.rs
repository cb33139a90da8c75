//! What is published, in the course of a sync: what the hub lacks, and what the device lacks.

use std::collections::BTreeSet;

use nightjar_seal::{Notice, PassId, Publication, PublicationId, Roster, StudyTag};

use crate::bounds;
use crate::event::Event;
use crate::http_message::Request;
use crate::wire::{self, Begin, Greeting, Message, Published, PublishedAsk};

#[derive(Debug, Default)]
pub(crate) struct Publications {
    held: Vec<Notice>,
    /// Names of those that the hub lacks.
    offering: Vec<PublicationId>,
    /// Names of those that the device lacks.
    lacking: Vec<PublicationId>,
}

impl Publications {
    pub(crate) fn held(held: Vec<Notice>) -> Self {
        Self { held, ..Self::default() }
    }

    /// What a greeting shows of those that are held, and of the roster without passes that the hub is known not to take.
    pub(crate) fn shown(&self, roster: &Roster, refused: &BTreeSet<PassId>) -> Begin {
        Greeting::beside_without(roster, refused, &self.held)
    }

    /// Takes in what the hub holds; `None` where that is the same.
    pub(crate) fn compare(&mut self, there: Option<Vec<PublicationId>>, roster: &Roster) {
        (self.offering, self.lacking) = (Vec::new(), Vec::new());
        let Some(there) = there else { return };
        let standing = Notice::standing(&self.held, roster);
        // What was replaced here is gone at the hub once it knows by what.
        let known: BTreeSet<_> =
            standing.iter().flat_map(|notice| notice.replaces.iter().chain([&notice.id])).collect();
        self.lacking = there.iter().filter(|id| !known.contains(id)).copied().collect();
        let is_lacking = |id: &PublicationId| there.binary_search(id).is_err();
        self.offering = standing.iter().map(|notice| notice.id).filter(is_lacking).collect();
    }

    /// The name of one that the hub lacks.
    pub(crate) fn offered(&self, at: usize) -> Option<PublicationId> {
        self.offering.get(at).copied()
    }

    /// Asks for the next of those that the device lacks, and says how many that are.
    pub(crate) fn ask(&self, study: StudyTag) -> Option<(Request, usize)> {
        let asked = self.lacking.len().min(bounds::PUBLICATIONS_ASKED);
        let publications = self.lacking.get(..asked).filter(|asked| !asked.is_empty())?.to_vec();
        let body = PublishedAsk { publications }.encode();
        Some((Request { path: wire::published_path(study), body, signed: true }, asked))
    }

    /// Takes what came of those that were asked for. What was not, and what does not verify, is as if it had not come.
    pub(crate) fn take(&mut self, asked: usize, published: Published, roster: &Roster) -> Vec<Event> {
        let asked_for: BTreeSet<_> = self.lacking.iter().take(asked).copied().collect();
        let mut came = BTreeSet::new();
        let mut events = Vec::new();
        for wire::Publication(bytes) in published.publications {
            let Ok(publication) = Publication::decode(&bytes) else { continue };
            let id = publication.id();
            if asked_for.contains(&id) && publication.verify(roster).is_ok() && came.insert(id) {
                events.push(Event::PublicationCame(Box::new(publication)));
            }
        }
        match came.is_empty() {
            // The hub has none of them any more: the next is asked for only with the next sync.
            true => drop(self.lacking.drain(..asked.min(self.lacking.len()))),
            false => self.lacking.retain(|id| !came.contains(id)),
        }
        events
    }
}
