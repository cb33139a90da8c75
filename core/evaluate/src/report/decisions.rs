use maud::{Markup, html};

use super::parts::{count, origin, origin_label, plural, table};
use crate::figure::FigureOrigin;
use crate::findings::StudyFindings;

/// Decisions: positions beside the outcome, rolled up; and facts on which tablets differed.
pub(super) fn section(found: &StudyFindings) -> Markup {
    let id = format!("{}-decisions", found.origin.code());
    let decisions = &found.decisions;
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "Decisions and disagreement" }
            p { (origin(found.origin)) }
            h3 { "What did each voice think of the decision?" }
            p { "Every voice keeps its own position, whatever was decided. Disagreement is shown, not averaged away." }
            @if decisions.cases == 0 {
                p { "No decisions have been recorded. How many were made is not known." }
            } @else {
                @let columns = head(&decisions.stances);
                (table(
                    "Positions by voice",
                    &format!("{}. Count of positions, over all decisions; how many people were not asked is not known.", origin_label(found.origin)),
                    &columns,
                    html! {
                        @for (voice, cells) in &decisions.voices {
                            tr { th scope="row" { (voice) }
                                td.n { (cells.first().map_or_else(|| "not known".to_owned(), |cell| count(cell.denominator))) }
                                @for cell in cells { td.n { (count(cell.numerator)) } } }
                        }
                    },
                ))
                @if decisions.told_is_withheld {
                    p.note { "Decisions are not told one by one: on a small ward a role is a person." }
                }
                @if !decisions.told.is_empty() { (told(found)) }
            }
            h3 { "On which facts did tablets differ?" }
            @if decisions.open_conflicts + decisions.settled_conflicts == 0 {
                p { "No fact was written differently on two tablets." }
            } @else {
                p { (plural(decisions.open_conflicts, "conflict is", "conflicts are")) " open, "
                    (plural(decisions.settled_conflicts, "has", "have")) " been settled by a person. Open ones are in no sum." }
                @if !decisions.conflicts.is_empty() { (conflicts(found)) }
            }
        }
    }
}

fn head(stances: &[String]) -> Vec<(&str, bool)> {
    let mut head = vec![("Voice", false), ("Positions", true)];
    head.extend(stances.iter().map(|stance| (stance.as_str(), true)));
    head
}

fn told(found: &StudyFindings) -> Markup {
    html! {
        h4 { "Position beside outcome, decision by decision" }
        p.note { @if found.origin == FigureOrigin::Simulated {
                "These decisions are simulated, so they are told one by one. With people's own answers this list is left out: \
                on a small ward a role is a person."
            } @else { "For the team only: on a small ward a role is a person." } }
        ol.cases {
            @for case in &found.decisions.told {
                li {
                    p { strong { "Outcome: " } (case.outcome) }
                    ul { @for (role, stance) in &case.positions { li { (role) ": " (stance) } } }
                }
            }
        }
    }
}

fn conflicts(found: &StudyFindings) -> Markup {
    html! {
        ul.cases {
            @for conflict in &found.decisions.conflicts {
                li {
                    p { strong { (conflict.what) } }
                    ul { @for (who, what) in &conflict.claims { li { (who) ": " (what) } } }
                    p { @match &conflict.settled {
                        Some((who, what)) => { "Settled by " (who) ": " (what) "." }
                        None => { "Not settled yet: both values are kept." }
                    } }
                }
            }
        }
    }
}
