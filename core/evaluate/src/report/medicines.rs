use maud::{Markup, html};

use super::parts::{table, value};
use super::quality::source_of;
use crate::figure::number;
use crate::findings::{MedicineLine, PublishedFindings};

/// Published sleeping medicine issued: tablets, milligrams, defined daily doses, and what a total hides.
pub(super) fn section(found: &PublishedFindings) -> Markup {
    if found.medicines.is_empty() {
        return html! {};
    }
    let rose: Vec<&String> = found.warnings.iter().filter(|w| w.contains("tablets fell in total")).collect();
    let total = found.medicine_totals.iter().find(|line| line.unit == "tablets");
    html! {
        h3 #hypnotics { "Did sleeping medicine issued to the wards change?" }
        @if let Some(total) = total {
            ul.big { li { b { (value(&total.change)) } "Tablets issued in total: from " (number(total.before, 0)) " to " (number(total.after, 0)) } }
        }
        @for warning in rose { p.note.warn { strong { "A total can hide a rise. " } (warning) } }
        p { "Issued to the ward is not the same as given to people. Exposure: bed days were not published, so these are counts, \
            not rates." }
        (lines("Tablets issued, by medicine and strength", "Published counts; change computed here.", &found.medicines))
        (lines(
            "The same supply by milligram and by defined daily dose",
            "Milligrams add up only within one medicine. Defined daily doses (WHO): zopiclone 7.5, promethazine 25, temazepam 20, melatonin 2 mg.",
            &found.medicine_totals,
        ))
        (source_of(found, "hypnotics.csv"))
    }
}

fn lines(caption: &str, below: &str, lines: &[MedicineLine]) -> Markup {
    let head =
        [("Medicine", false), ("Counted in", false), ("Before", true), ("After", true), ("Change", true)];
    let digits = |line: &MedicineLine| usize::from(line.unit == "defined daily doses");
    let rows = html! {
        @for line in lines {
            tr.total[line.name == "All together"] {
                th scope="row" { (line.name) } td { (line.unit) }
                td.n { (number(line.before, digits(line))) } td.n { (number(line.after, digits(line))) }
                td.n { (value(&line.change)) }
            }
        }
    };
    table(caption, below, &head, rows)
}
