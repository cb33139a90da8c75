use maud::{Markup, html};

use super::parts::{count, table, value, value_and_interval};
use super::quality::source_of;
use crate::chart::{Axis, IntervalChart, Mark};
use crate::findings::PublishedFindings;

/// Published protected sleep: pooled and mean of wards, both named.
pub(super) fn section(found: &PublishedFindings) -> Markup {
    let (Some(pooled), Some(mean)) = (&found.pooled, &found.mean_of_wards) else { return html! {} };
    let mut marks: Vec<Mark<'_>> = found
        .wards
        .iter()
        .map(|line| Mark {
            label: format!("{} (n = {})", line.ward, count(line.share.denominator)),
            figure: &line.share,
            total: false,
        })
        .collect();
    marks.push(Mark {
        label: format!("All wards pooled (n = {})", count(pooled.denominator)),
        figure: pooled,
        total: true,
    });
    let chart = IntervalChart {
        id: "chart-protected",
        title: "How many people were on protected sleep, ward by ward?",
        axis_label: "On protected sleep, % of people on the ward",
        source: "Published figures. Bars: 95 % interval (Wilson).",
        axis: Axis::PerCent,
        marks,
    };
    html! {
        h3 #protected { "How many people were on protected sleep?" }
        ul.big {
            li { b { (value(pooled)) }
                "All people pooled: " (count(pooled.numerator)) " of " (count(pooled.denominator))
                @if let Some(interval) = pooled.interval_in_words() { " (95 % interval " (interval) ", Wilson)" } }
            li { b { (value(mean)) } "Mean of ward percentages: each of " (count(mean.denominator)) " wards weighs the same" }
        }
        p { "The two figures answer different questions. The first is about people, the second about wards." }
        figure { figcaption { (chart.title) } (chart.render()) }
        (table(
            "Protected sleep by ward",
            "Published figures, printed as published; intervals computed here.",
            &[("Ward", false), ("On protected sleep", true), ("People", true), ("Share, 95 % interval", true)],
            html! {
                @for line in &found.wards {
                    tr { th scope="row" { (line.ward) } td.n { (count(line.share.numerator)) } td.n { (count(line.share.denominator)) }
                        td.n { (value_and_interval(&line.share)) } }
                }
                tr.total { th scope="row" { "All wards pooled" } td.n { (count(pooled.numerator)) } td.n { (count(pooled.denominator)) }
                    td.n { (value_and_interval(pooled)) } }
                tr.total { th scope="row" { "Mean of ward percentages" } td.n { "–" } td.n { (count(mean.denominator)) " wards" }
                    td.n { (value(mean)) } }
            },
        ))
        (source_of(found, "protected_sleep.csv"))
    }
}
