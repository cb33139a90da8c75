//! Which publications are kept beside each other. Devices and hubs go by the same rules, so that what they hold ends the same, in whatever
//! order it came.

use std::collections::BTreeSet;

use crate::{DeviceTag, MAX_PUBLICATIONS, Publication, PublicationId, Roster, hash::digest};

/// A publication as those who keep it know it, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its name.
    pub id: PublicationId,
    /// The device that published it.
    pub by: DeviceTag,
    /// All that it takes the place of.
    pub replaces: Vec<PublicationId>,
}

impl From<&Publication> for Notice {
    fn from(publication: &Publication) -> Self {
        let replaces = publication.replaces().to_vec();
        Self { id: publication.id(), by: publication.by(), replaces }
    }
}

/// What becomes of a publication that comes, and that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placing {
    /// It is here already.
    Known,
    /// One that is here has taken its place: nothing is kept of it.
    Replaced,
    /// Its device has published as many as are kept.
    Beyond,
    /// It is kept, and these go.
    Kept {
        /// Those that it takes the place of.
        gone: Vec<PublicationId>,
    },
}

impl Notice {
    /// Whether it counts by this roster.
    pub fn counts(&self, roster: &Roster) -> bool {
        roster.may_have_published(&self.by, &self.id)
    }

    /// What becomes of this one where those are kept. Beyond what is kept of one device the greatest names go, so that it does not depend on
    /// which came first.
    pub fn place(&self, kept: &[Notice], roster: &Roster) -> Placing {
        if kept.iter().any(|known| known.id == self.id) {
            return Placing::Known;
        }
        if kept.iter().any(|known| known.counts(roster) && known.replaces.contains(&self.id)) {
            return Placing::Replaced;
        }
        let mut gone: Vec<_> =
            kept.iter().map(|known| known.id).filter(|id| self.replaces.contains(id)).collect();
        let of_device = kept.iter().filter(|known| known.by == self.by && !gone.contains(&known.id));
        let mut ids: Vec<_> = of_device.map(|known| known.id).chain([self.id]).collect();
        ids.sort_unstable();
        let beyond = ids.split_off(ids.len().min(MAX_PUBLICATIONS));
        if beyond.contains(&self.id) {
            return Placing::Beyond;
        }
        gone.extend(beyond);
        Placing::Kept { gone }
    }

    /// Those among these that count and whose place none that counts has taken: what anybody is shown, and what devices and hubs tell each
    /// other of.
    pub fn standing<'n>(notices: &'n [Notice], roster: &Roster) -> Vec<&'n Notice> {
        let counting: Vec<_> = notices.iter().filter(|notice| notice.counts(roster)).collect();
        let replaced: BTreeSet<_> = counting.iter().flat_map(|notice| &notice.replaces).collect();
        counting.into_iter().filter(|notice| !replaced.contains(&notice.id)).collect()
    }

    /// What commits to those that stand among these, in whatever order they are: `None` where none does.
    pub fn digest(notices: &[Notice], roster: &Roster) -> Option<[u8; 32]> {
        let mut ids: Vec<_> = Self::standing(notices, roster).into_iter().map(|notice| notice.id).collect();
        ids.sort_unstable();
        let parts: Vec<&[u8]> = ids.iter().map(|id| &id.0[..]).collect();
        (!parts.is_empty()).then(|| digest("nightjar v1 publications", &parts))
    }
}
