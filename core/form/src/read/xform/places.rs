//! Where the parts of a node are written in an XForm, for diagnostics.

use super::markup::Source;
use super::skeleton::{Index, Skeleton};
use crate::read::findings::Place;
use crate::read::row::{Places, SurveyRow};

/// Where one node is written; bytes of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// None for a group that the instance knows nothing of.
    pub(super) index: Option<Index>,
    pub(super) element: usize,
    pub(super) bind: usize,
    pub(super) part: usize,
}

/// All nodes, numbered from 1 as their rows are.
#[derive(Debug)]
pub(super) struct Spots<'a, 's> {
    pub(super) source: &'s Source<'a>,
    pub(super) skeleton: &'s Skeleton<'a>,
    pub(super) spots: Vec<Spot>,
}

impl Places for Spots<'_, '_> {
    fn sheet(&self) -> &str {
        ""
    }

    fn place(&self, row: &SurveyRow, column: &str) -> Option<Place> {
        let spot = self.spots.get((row.spot as usize).checked_sub(1)?)?;
        let (at, what) = match column {
            "relevant" => (spot.bind, "@relevant"),
            "required" => (spot.bind, "@required"),
            "required_message" => (spot.bind, "@jr:requiredMsg"),
            "constraint" => (spot.bind, "@constraint"),
            "constraint_message" => (spot.bind, "@jr:constraintMsg"),
            "calculation" => (spot.bind, "@calculate"),
            "read_only" => (spot.bind, "@readonly"),
            "label" => (spot.part, "label"),
            "hint" | "guidance_hint" => (spot.part, "hint"),
            "choice_filter" | "parameters" => (spot.part, "itemset"),
            "repeat_count" => (spot.part, "@jr:count"),
            "appearance" => (spot.part, "@appearance"),
            _ => (spot.element, ""),
        };
        let path = spot.index.map(|index| self.skeleton.path(index)).unwrap_or_default();
        Some(self.source.place(at, format!("{path} {what}").trim()))
    }
}
