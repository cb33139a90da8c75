//! Numbers: today's, what is unfinished, what this tablet took so far, and how often somebody wanted to talk.

use maud::{Markup, html};
use nightjar::Failure;

use super::Drawn;
use crate::act;
use crate::texts::filled;

/// Weeks of talks that are shown.
const WEEKS: usize = 8;

pub(super) fn draw(drawn: &Drawn<'_>) -> Result<Markup, Failure> {
    let (texts, today) = (drawn.texts, drawn.today);
    let ward = &drawn.place.ward;
    let numbers = [
        (&texts.today_asked, today.asked),
        (&texts.today_declined, today.declined),
        (&texts.today_not_today, today.not_today),
        (&texts.today_stopped, today.stopped),
        (&texts.today_finished, today.finished),
    ];
    let drafts = drawn.tablet.drafts()?.into_iter().filter(|draft| draft.ward == *ward).count();
    let unfinished = drafts.saturating_sub(act::unfinished_records(drawn.tablet, drawn.place)?.len());
    let tallies = drawn.tablet.tallies()?;
    let forms = drawn.tablet.forms()?;
    let title =
        |id: &str| forms.iter().find(|form| form.form_id == id).map_or(id, |form| &form.title).to_owned();
    let talks = drawn.tablet.talks(ward)?;
    Ok(html! {
        h1 { (texts.numbers_title) }
        p { (texts.numbers_lead) }
        dl .nhsuk-summary-list {
            @for (words, count) in numbers {
                div .nhsuk-summary-list__row { dt .nhsuk-summary-list__key { (words) } dd .nhsuk-summary-list__value { (count) } }
            }
        }
        @if today.unnoted > 0 {
            div .nhsuk-inset-text { p { (filled(&texts.unnoted, &[("count", &today.unnoted.to_string())])) } }
        }
        p { (filled(&texts.unfinished_count, &[("count", &unfinished.to_string())])) }
        h2 { (texts.tallies_title) }
        @if tallies.is_empty() { p { (texts.none_yet) } }
        @else {
            dl .nhsuk-summary-list {
                @for tally in tallies.iter().filter(|tally| tally.ward == *ward) {
                    div .nhsuk-summary-list__row {
                        dt .nhsuk-summary-list__key {
                            (title(&tally.form_id)) @if let Some(phase) = &tally.phase { " (" (phase.replace('_', " ")) ")" }
                        }
                        dd .nhsuk-summary-list__value {
                            (filled(&texts.tally, &[("finished", &tally.finished.to_string()), ("stopped", &tally.stopped.to_string())]))
                        }
                    }
                }
            }
        }
        h2 { (texts.talks_title) }
        p { (texts.talks_lead) }
        @if talks.is_empty() { p { (texts.none_yet) } }
        @else {
            dl .nhsuk-summary-list {
                @for talk in talks.iter().take(WEEKS) {
                    div .nhsuk-summary-list__row {
                        dt .nhsuk-summary-list__key { (talk.week) }
                        dd .nhsuk-summary-list__value { (talk.count) }
                    }
                }
            }
        }
    })
}
