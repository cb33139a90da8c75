use maud::{Markup, html};

use super::parts::{count, table, value_and_interval};
use super::quality::source_of;
use crate::Figure;
use crate::chart::{Axis, IntervalChart, Mark};
use crate::findings::{IncidentLine, PublishedFindings};

/// Published incidents before and after, with rate ratios; all day, night, day by subtraction.
pub(super) fn section(found: &PublishedFindings) -> Markup {
    if found.incidents.is_empty() {
        return html! {};
    }
    let categories = found.incidents.iter().filter(|line| !is_sum(line)).count();
    let label = format!(
        "Assumes equal exposure; no bed days were published; smoking ban in the after period; {} categories, no correction.",
        in_words(categories)
    );
    html! {
        h3 #incidents { "Did incident reports change?" }
        p { "A rate ratio above 1 means more reports after than before; below 1, fewer. If the interval holds 1, the change \
            could be chance." }
        p.note.warn { strong { "Read with care. " } (label) }
        (part(found, &label, "night", "night", |line| &line.night))
        (part(found, &label, "all", "all day", |line| &line.all))
        (part(found, &label, "day", "day, by subtraction", |line| &line.day))
        h4 { "Did nights change differently from days?" }
        p { "The rate ratio at night divided by the rate ratio by day. Days are a comparison inside the same wards: what \
            changed all day, such as the smoking ban, changes both. Exploratory: " (in_words(categories)) " categories, no correction." }
        (table(
            "Night against day: ratio of rate ratios",
            "Published counts; log-normal 95 % interval; exploratory.",
            &[("Category", false), ("Ratio of ratios, 95 % interval", true)],
            html! {
                @for line in &found.incidents {
                    tr.total[is_sum(line)] { th scope="row" { (line.category) } td.n { (value_and_interval(&line.night_against_day)) } }
                }
            },
        ))
        (source_of(found, "incidents.csv"))
    }
}

fn part(
    found: &PublishedFindings,
    label: &str,
    code: &str,
    words: &str,
    pick: impl Fn(&IncidentLine) -> &Figure,
) -> Markup {
    let marks = found.incidents.iter().map(|line| {
        let figure = pick(line);
        let counts = format!("{} → {}", count(figure.denominator), count(figure.numerator));
        Mark { label: format!("{}: {counts}", shorten(&line.category)), figure, total: is_sum(line) }
    });
    let id = format!("chart-incidents-{code}");
    let title = format!("Incident reports, {words}: how did they change?");
    let chart = IntervalChart {
        id: &id,
        title: &title,
        axis_label: "Rate ratio, after over before (log scale)",
        source: "Published counts. Bars: exact 95 % interval.",
        axis: Axis::Ratio,
        marks: marks.collect(),
    };
    let head =
        [("Category", false), ("Before", true), ("After", true), ("Rate ratio, exact 95 % interval", true)];
    let rows = html! {
        @for line in &found.incidents {
            @let figure = pick(line);
            tr.total[is_sum(line)] {
                th scope="row" { (line.category) }
                td.n { (count(figure.denominator)) } td.n { (count(figure.numerator)) }
                td.n { (value_and_interval(figure)) }
            }
        }
    };
    html! {
        h4 { "Incident reports, " (words) }
        @if code != "day" { figure { figcaption { (title) } (chart.render()) } }
        (table(&format!("Incident reports, {words}"), label, &head, rows))
    }
}

fn is_sum(line: &IncidentLine) -> bool {
    line.category.ends_with("(sum)")
}

/// Names inside the picture have one line; the table below has them whole.
fn shorten(category: &str) -> String {
    if category.chars().count() <= 36 {
        return category.to_owned();
    }
    let short: String = category.chars().take(35).collect();
    format!("{}…", short.trim_end())
}

fn in_words(n: usize) -> String {
    const WORDS: [&str; 11] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}
