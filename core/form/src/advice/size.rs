//! How long a form is, and how big one response can become.

use std::collections::HashMap;

use serde::Serialize;

use super::{Findings, Topic};
use crate::logic::{Comparison, Condition};
use crate::node::NodeId;
use crate::{Instrument, Item, ItemKind};

/// Most bytes of a UTF-8 character.
const CHARACTER: u64 = 4;
/// A cell beside its value: two keys of 16 characters with a slash, and what tells one value from the next.
const CELL: u64 = 16 + 1 + 16 + 16;
/// An instance: its key, its repeat's, its parent's, its place.
const INSTANCE: u64 = 3 * 16 + 16;
/// The longest text that an expression builds, in bytes.
const CALCULATED: u64 = 100_000;
/// Name of an attachment; attachments themselves are not counted.
const FILE_NAME: u64 = 255;
/// Longest name of an attachment, in bytes.
const ATTACHMENT: u64 = 1_500;

/// The biggest response that a session of a form takes, before compression and encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WorstCase {
    /// Bytes of keys and values, in UTF-8 with every character four bytes long.
    pub bytes: u64,
    /// How many values.
    pub cells: u64,
    /// How many instances of repeats: as many as a session takes wherever a person may add them.
    pub instances: u64,
    /// Whether attachments come on top.
    pub attachments: bool,
}

impl Instrument {
    /// How big one response can become. What a person types is bounded by the session, and by a constraint of the shape
    /// `string-length(.) <= 200`; repeats by how many instances a session takes.
    #[must_use]
    pub fn worst_case(&self) -> WorstCase {
        // By scope: bytes and cells of one instance, without the repeats inside.
        let mut scopes: HashMap<NodeId, (u64, u64)> = HashMap::new();
        for id in self.tree.ids() {
            let bytes = self.item_at(id).map_or(0, |item| self.bytes_of(id, item));
            let scope = scopes.entry(self.tree[id].scope).or_default();
            *scope = (scope.0 + bytes, scope.1 + u64::from(bytes > 0));
        }
        let root = scopes.remove(&NodeId::ROOT).unwrap_or_default();
        let biggest = scopes.into_values().map(|(bytes, cells)| (bytes + INSTANCE, cells)).max();
        let instances = biggest.map_or(0, |_| crate::session::MAX_INSTANCES as u64);
        let (each, cells) = biggest.unwrap_or_default();
        WorstCase {
            bytes: root.0 + instances * each,
            cells: root.1 + instances * cells,
            instances,
            attachments: self.items.iter().any(|item| item.kind.is_media()),
        }
    }

    fn bytes_of(&self, id: NodeId, item: &Item) -> u64 {
        let codes = || item.choices.iter().map(|choice| choice.code.len() as u64);
        let typed = crate::session::MAX_TEXT as u64;
        let value = match item.kind {
            ItemKind::Note => return 0,
            ItemKind::Text | ItemKind::Hidden | ItemKind::Geotrace | ItemKind::Geoshape => {
                self.longest(id).unwrap_or(typed) * CHARACTER
            }
            ItemKind::Calculate => CALCULATED,
            ItemKind::Integer => 20,
            ItemKind::Decimal | ItemKind::Range => 25,
            ItemKind::Date | ItemKind::Time | ItemKind::DateTime | ItemKind::Metadata => 30,
            ItemKind::SelectOne => codes().max().unwrap_or(0),
            ItemKind::SelectMultiple | ItemKind::Rank => codes().map(|code| code + 1).sum(),
            ItemKind::Acknowledge => 2,
            ItemKind::Geopoint => 100,
            // The names of all pieces of the largest attachment.
            ItemKind::Image | ItemKind::Audio => ATTACHMENT,
            ItemKind::Video | ItemKind::File => FILE_NAME,
        };
        CELL + value
    }

    /// The most characters that the constraint of a text lets it have.
    pub(crate) fn longest(&self, id: NodeId) -> Option<u64> {
        fn bound(condition: &Condition, id: NodeId) -> Option<u64> {
            match condition {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a length, clamped"
                )]
                Condition::Length(node, comparison, number) if *node == id => match comparison {
                    Comparison::LessOrEqual | Comparison::Equal => Some(number.clamp(0.0, 1e6) as u64),
                    Comparison::Less => Some((number.ceil() - 1.0).clamp(0.0, 1e6) as u64),
                    _ => None,
                },
                Condition::All(all) => all.iter().filter_map(|part| bound(part, id)).min(),
                _ => None,
            }
        }
        let source = self.tree[id].source.constraint.as_deref()?;
        bound(&Condition::of_parts(&self.tree, id, source), id)
    }
}

pub(super) fn check(found: &mut Findings<'_>, bound: usize) {
    let form = found.form;
    let asked = form.items.iter().filter(|item| item.kind.is_asked()).count();
    let always = |mut id: NodeId| loop {
        if id == NodeId::ROOT {
            break true;
        }
        if form.tree[id].source.relevant.is_some() {
            break false;
        }
        id = form.tree[id].parent;
    };
    let everybody = found.shown().filter(|(id, item)| item.kind.is_asked() && always(*id)).count();
    if asked > bound {
        found.form(
            Topic::Length,
            "survey",
            format!("The form has {asked} questions, {everybody} of them for everybody; {bound} was asked for as the most."),
            "Leave out what nobody will use, or let people choose a longer form.",
        );
    }
}
