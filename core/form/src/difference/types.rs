//! Changes of what an item asks for.

use super::{Change, Effect, Finder};
use crate::node::NodeId;
use crate::{Item, ItemKind, Scale};

impl Finder<'_> {
    pub(super) fn types(&mut self, id: NodeId, was: &Item, is: &Item) {
        if was.kind != is.kind {
            let (from, to) = (was.kind, is.kind);
            self.change(id, Change::Type { from, to }, of_type(was, is));
        } else if was.scale != is.scale {
            let (from, to) = (was.scale, is.scale);
            self.change(id, Change::Scale { from, to }, of_scale(from, to));
        }
    }
}

/// A wider type holds every value of a narrower one and means the same by it; any other change does not.
fn of_type(was: &Item, is: &Item) -> Effect {
    use ItemKind::{Calculate, Decimal, Hidden, Integer, Note, Range, Text};
    match (was.kind, is.kind) {
        (Note, _) | (_, Note) => Effect::Widens,
        (Integer, Decimal)
        | (Calculate, Hidden)
        | (Hidden, Calculate | Text)
        | (Range, Integer | Decimal) => Effect::Widens,
        _ => Effect::Breaks,
    }
}

/// A scale that goes on at either end in the same steps keeps what its values mean as numbers; the meaning of its ends
/// changes all the same, so that any other change breaks.
fn of_scale(from: Option<Scale>, to: Option<Scale>) -> Effect {
    let (Some(from), Some(to)) = (from, to) else { return Effect::Breaks };
    let span = |scale: Scale| (scale.start.min(scale.end), scale.start.max(scale.end));
    let ((low, high), (lowest, highest)) = (span(from), span(to));
    let steps = (low - lowest) / to.step;
    let on_step = (steps - steps.round()).abs() < 1e-9;
    let wider = (from.step - to.step).abs() < 1e-12 && lowest <= low && high <= highest && on_step;
    if wider { Effect::Widens } else { Effect::Breaks }
}
