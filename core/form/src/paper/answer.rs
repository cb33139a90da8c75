//! Where an answer is written: boxes, lines, scales.

use maud::{Markup as Html, html};

use super::{Printer, take};
use crate::logic::Condition;
use crate::node::NodeId;
use crate::{Choice, Item, ItemKind, Markup, Missing, Scale};

/// Most steps of a scale that are printed as boxes.
const MAX_STEPS: f64 = 21.0;
/// Most lines for a text.
const MAX_LINES: usize = 6;

impl Printer<'_> {
    pub(super) fn answer(&self, id: NodeId, item: &Item) -> Html {
        let filter = self.form.tree[id].source.choice_filter.as_deref();
        html! {
            @match item.kind {
                // Choices that come from other answers or from data.
                _ if item.kind.has_choices() && item.choices.is_empty() => { div.line {} },
                ItemKind::SelectOne => (self.choices(id, item, "tick round")),
                ItemKind::SelectMultiple => {
                    p.logic { (self.phrases.several) }
                    (self.choices(id, item, "tick"))
                },
                ItemKind::Rank => {
                    p.logic { (self.phrases.rank.replace("{a}", &item.choices.len().to_string())) }
                    (self.choices(id, item, "tick wide"))
                },
                ItemKind::Acknowledge => { ul.choices { li { span.tick {} " " (self.phrases.tick) } } },
                ItemKind::Range => (self.scale(item)),
                ItemKind::Integer | ItemKind::Decimal => { div.line.short {} },
                ItemKind::Date => (boxes(&[(2, self.phrases.day), (2, self.phrases.month), (4, self.phrases.year)])),
                ItemKind::Time => (boxes(&[(2, self.phrases.hour), (2, self.phrases.minute)])),
                ItemKind::DateTime => {
                    (boxes(&[(2, self.phrases.day), (2, self.phrases.month), (4, self.phrases.year)]))
                    (boxes(&[(2, self.phrases.hour), (2, self.phrases.minute)]))
                },
                ItemKind::Text => @for _ in 0..self.lines(id, item) { div.line {} },
                ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape | ItemKind::Image | ItemKind::Audio
                | ItemKind::Video | ItemKind::File => { p.logic { (self.phrases.device) } },
                ItemKind::Note | ItemKind::Calculate | ItemKind::Hidden | ItemKind::Metadata => {},
            }
            @if let Some(filter) = filter {
                p.logic { (self.phrases.filtered) " " (self.expression(id, filter)) }
            }
            (self.ways_out(id, item))
        }
    }

    fn choices(&self, id: NodeId, item: &Item, shape: &str) -> Html {
        let list = |missing: bool| {
            let choices = item.choices.iter().filter(move |choice| choice.missing.is_some() == missing);
            choices.take_while(|_| take(&self.room, 1)).collect::<Vec<&Choice>>()
        };
        let (given, missing) = (list(false), list(true));
        let one = |choice: &Choice| {
            html! {
                li {
                    span class=(shape) {}
                    (self.picture(&choice.image))
                    span { (Markup::of(&self.references(id, choice.label(self.language))).rendered()) }
                }
            }
        };
        html! {
            ul.choices { @for choice in given { (one(choice)) } }
            @if !missing.is_empty() { ul.choices.missing { @for choice in missing { (one(choice)) } } }
        }
    }

    /// Boxes for saying nothing, where no choice says it: a tablet takes a reason for every question.
    fn ways_out(&self, id: NodeId, item: &Item) -> Html {
        let own = item.choices.iter().any(|choice| choice.missing.is_some());
        // Where an answer is required, saying nothing is none.
        let needed =
            self.form.tree[id].source.required.as_deref().is_some_and(|source| {
                Condition::of(&self.form.tree, id, source) == Condition::Constant(true)
            });
        if own || needed || self.form.tree[id].source.read_only.is_some() {
            return html! {};
        }
        html! {
            ul.choices.missing {
                @for missing in [Missing::DontKnow, Missing::Declined] {
                    li { span.tick {} span { (self.phrases.missing(missing)) } }
                }
            }
        }
    }

    fn scale(&self, item: &Item) -> Html {
        let Some(Scale { start, end, step }) = item.scale else { return html! { div.line.short {} } };
        let steps = ((end - start).abs() / step).floor();
        if !steps.is_finite() || steps + 1.0 > MAX_STEPS {
            let text =
                self.phrases.between.replace("{a}", &start.to_string()).replace("{b}", &end.to_string());
            return html! { p.logic { (text) } div.line.short {} };
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 20")]
        let steps = steps as u32;
        let value = |i: u32| {
            let value = start + f64::from(i) * if end < start { -step } else { step };
            // As a person writes it: 0.30000000000000004 is 0.3.
            ((value * 1e6).round() / 1e6).to_string()
        };
        html! {
            div.scale { @for i in 0..=steps { span.step { span.tick.round {} span { (value(i)) } } } }
        }
    }

    fn lines(&self, id: NodeId, item: &Item) -> usize {
        let room =
            self.form.longest(id).map(|characters| usize::try_from(characters / 60 + 1).unwrap_or(MAX_LINES));
        let wanted = if item.appearance.contains("multiline") { MAX_LINES } else { 2 };
        room.unwrap_or(wanted).clamp(1, MAX_LINES)
    }
}

/// Runs of boxes, each with what it is for below.
fn boxes(parts: &[(usize, &str)]) -> Html {
    html! {
        div.boxes.apart {
            @for (count, name) in parts {
                span { span.boxes { @for _ in 0..*count { span.tick {} } } span { (name) } }
            }
        }
    }
}
