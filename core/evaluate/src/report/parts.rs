//! Small pieces every section uses.

use maud::{Markup, html};

use crate::disclose::Shown;
use crate::figure::{Figure, FigureOrigin, number};

/// A count as printed, with commas.
pub(super) fn count(shown: Shown) -> String {
    match shown.number() {
        Some(n) => number(n as f64, 0),
        None => shown.to_string(),
    }
}

/// The value of a figure; a machine finds it with an ASCII minus in `data-value`.
pub(super) fn value(figure: &Figure) -> Markup {
    html! { data value=(figure.plain()) data-value=(figure.plain()) { (figure.in_words()) } }
}

/// Value, interval below it.
pub(super) fn value_and_interval(figure: &Figure) -> Markup {
    html! {
        (value(figure))
        @if let Some(interval) = figure.interval_in_words().filter(|_| !figure.is_suppressed()) {
            small { (interval) }
        }
    }
}

/// The words that stand beside everything of one origin.
pub(super) fn origin_label(origin: FigureOrigin) -> &'static str {
    match origin {
        FigureOrigin::Published => "Published figures",
        FigureOrigin::Own => "Answers from this study",
        FigureOrigin::Simulated => "Simulated answers",
    }
}

/// The label itself.
pub(super) fn origin(origin: FigureOrigin) -> Markup {
    html! { span.origin { (origin_label(origin)) } }
}

/// A table that scrolls by itself on a narrow screen, by keyboard too.
pub(super) fn table(caption: &str, below: &str, head: &[(&str, bool)], body: Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { span { (caption) @if !below.is_empty() { small { (below) } } } }
                thead { tr { @for (label, numeric) in head { th.n[*numeric] scope="col" { (label) } } } }
                tbody { (body) }
            }
        }
    }
}

/// "1 text", "2 texts", "* texts".
pub(super) fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n as f64, 0), if n == 1 { one } else { many })
}
