use maud::{Markup, html};

use super::parts::{count, origin, origin_label, table, value_and_interval};
use crate::figure::Unit;
use crate::findings::{Findings, StudyFindings};

/// Who could have answered, who was asked, who did.
pub(super) fn section(findings: &Findings, found: &StudyFindings) -> Markup {
    let id = format!("{}-participation", found.origin.code());
    let below = format!(
        "{}. “Not known” means that nobody recorded how many there were; it is never taken as everybody.",
        origin_label(found.origin)
    );
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "Who was asked, and who answered?" }
            p { (origin(found.origin)) }
            @if found.funnel.steps.is_empty() {
                p { "Nothing about asking has been recorded: how many could have answered is not known." }
            } @else {
                (table(
                    "From being asked to answering",
                    &below,
                    &[("Step", false), ("Count", true), ("Out of", false), ("How many", true), ("Share, 95 % interval", true)],
                    html! {
                        @for step in &found.funnel.steps {
                            tr {
                                th scope="row" { (step.label) }
                                td.n { (count(step.figure.numerator)) }
                                td { (step.out_of) }
                                td.n { (count(step.figure.denominator)) }
                                td.n { @if step.figure.unit == Unit::PerCent { (value_and_interval(&step.figure)) }
                                    @else if step.figure.denominator.is_not_known() { "not known" } @else { "–" } }
                            }
                        }
                    },
                ))
            }
            @if found.funnel.steps.iter().any(|step| step.figure.numerator.is_hidden()) {
                p { "Small counts are kept back: " (findings.policy.in_words()) }
            }
        }
    }
}
