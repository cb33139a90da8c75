use maud::{Markup, html};
use nightjar_record::study::Study;

use super::parts::{count, origin, origin_label, table};
use crate::findings::StudyFindings;

/// Free text: how much there is, who reads it first and by when, and why there is no quote.
pub(super) fn section(study: &Study, found: &StudyFindings) -> Markup {
    let id = format!("{}-texts", found.origin.code());
    let texts: Vec<_> =
        found.forms.iter().flat_map(|form| form.texts.iter().map(move |text| (form, text))).collect();
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "What did people write?" }
            p { (origin(found.origin)) }
            @if texts.is_empty() {
                p { "No form of this study asks for text." }
            } @else {
                p { strong { "First reading: none of these texts has been marked as read." } " Until a text has had its first \
                    reading it is unread, and it counts as unread here." }
                p { "No quotes are printed. A quote needs the consent of the person who wrote it, a first reading and a check \
                    that nothing in it shows who wrote it; none has all three yet." }
                (table(
                    "Texts and their first reading",
                    origin_label(found.origin),
                    &[("Question", false), ("Texts", true), ("Asked", true), ("Read", true), ("First reading due", false)],
                    html! {
                        @for (form, text) in &texts {
                            @let plan = text.plan.as_deref().and_then(|name| study.risk_disclosure_plan(name));
                            tr {
                                th scope="row" { (text.question) small { (form.title) } }
                                td.n { (count(text.given.numerator)) }
                                td.n { (count(text.given.denominator)) }
                                td.n { "0" }
                                td { @match plan {
                                    Some(plan) => { "within " (plan.days_to_reading) " days: " (plan.name) }
                                    None => { "no plan" }
                                } }
                            }
                        }
                    },
                ))
                h3 { "Who reads first" }
                dl {
                    @for plan in &study.risk_disclosure_plans {
                        @if texts.iter().any(|(_, text)| text.plan.as_deref() == Some(plan.name.as_str())) {
                            dt { (plan.name) }
                            dd { "Read within " (plan.days_to_reading) " days of arrival by " (plain(&plan.first_reader)) ". Tells: "
                                (plain(&plan.tells)) ". If it is about the ward's own staff: " (plain(&plan.about_own_staff)) "." }
                        }
                    }
                    @if texts.iter().any(|(_, text)| text.plan.is_none()) {
                        dt { "no plan" }
                        dd { "Nobody is named to read these: name a plan before asking." }
                    }
                }
            }
        }
    }
}

/// A sentence of the study without its full stop, to stand in one of ours.
fn plain(sentence: &str) -> &str {
    sentence.trim_end_matches('.')
}
