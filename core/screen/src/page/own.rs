//! What somebody had handed in, as far as this tablet still has it.

use maud::{Markup, html};
use nightjar::{Failure, OwnState, OwnView, Tablet};
use nightjar_form::{Missing, Value};

use super::frame::{Always, Frame, Page, many, ways};
use crate::hands::Own;
use crate::staff::{Job, Work};
use crate::texts::filled;

pub(super) fn draw(frame: &Frame<'_>, tablet: &Tablet, own: &Own, work: &Work) -> Result<Markup, Failure> {
    let texts = frame.texts;
    if own.sure {
        let choices = [("take-out", &texts.own_sure_yes), ("leave", &texts.own_sure_no)];
        let main = html! {
            h1 { (texts.own_sure_title) }
            p { (texts.own_sure_lead) }
            (many(&choices.map(|(act, words)| (act.to_owned(), words.as_str()))))
        };
        let title = texts.own_sure_title.clone();
        return Ok(frame.around(Page { title, primary: "", back: false, always: Always::Both, main }));
    }
    let view = tablet.own_answers(&own.words, frame.language())?;
    let can_take_out = matches!(view.state, OwnState::Left | OwnState::Sealed | OwnState::Open);
    let main = html! {
        h1 { (texts.own_title) }
        @match view.state {
            OwnState::Nowhere => p { (texts.own_nowhere) },
            OwnState::TakenOut => {
                p { (texts.own_taken_out) }
                @if let Some(heard) = view.heard.filter(|heard| heard.of > 0) {
                    @let words = if heard.confirmed == heard.of { &texts.own_heard_all } else { &texts.own_heard };
                    p { (filled(words, &[("confirmed", &heard.confirmed.to_string()), ("of", &heard.of.to_string())])) }
                }
            },
            OwnState::Left => p { (texts.own_left) },
            OwnState::Sealed => p { (texts.own_sealed) },
            OwnState::Open => { (told(frame, &view)) },
        }
        @if matches!(view.state, OwnState::Nowhere | OwnState::Left) && tablet.status()?.has_hub {
            @match work.now() {
                Job::Looking => p role="status" { (texts.own_looking) },
                Job::Looked => p role="status" { (texts.own_not_found) },
                Job::Offline | Job::Failed(_) => p role="alert" { (texts.own_no_hub) },
                _ => {},
            }
            @if !work.goes_on() {
                ul .many { li { button .nhsuk-button.nhsuk-button--secondary name="do" value="look" { (texts.own_look) } } }
            }
        }
        @if view.counted && view.state == OwnState::TakenOut {
            div .nhsuk-inset-text { p { (filled(&texts.own_counted_stays, &[("date", &frame.day(&view.data_lock))])) } }
        }
        @if view.counted && can_take_out {
            div .nhsuk-inset-text { p { (filled(&texts.own_counted, &[("date", &frame.day(&view.data_lock))])) } }
        }
        @if can_take_out {
            ul .many {
                @if view.may_change { li { button .nhsuk-button.nhsuk-button--secondary name="do" value="change" { (texts.own_change) } } }
                li { button .nhsuk-button.nhsuk-button--secondary name="do" value="take-out" { (texts.own_take_out) } }
            }
        }
        (ways(("done", &texts.done), &[]))
    };
    let title = texts.own_title.clone();
    Ok(frame.around(Page { title, primary: "done", back: false, always: Always::Both, main }))
}

fn told(frame: &Frame<'_>, view: &OwnView) -> Markup {
    let texts = frame.texts;
    let week = view.week.as_deref().and_then(|week| frame.week(week));
    html! {
        @if let Some(week) = week { p { (filled(&texts.own_week, &[("day", &week)])) } }
        @if view.corrected > 0 { p { (texts.own_corrected) } }
        @if !view.may_change { p { (texts.own_no_change) } }
        dl .nhsuk-summary-list {
            @for answer in &view.answers {
                div .nhsuk-summary-list__row {
                    dt .nhsuk-summary-list__key { (answer.question) }
                    dd .nhsuk-summary-list__value {
                        @match (&answer.value, answer.answer.is_empty()) {
                            (Value::Missing(Missing::Declined), true) => (texts.declined),
                            (Value::Missing(Missing::DontKnow), true) => (texts.dont_know),
                            (Value::Missing(_), true) => span .place { (texts.no_answer) },
                            _ => (answer.answer),
                        }
                    }
                }
            }
        }
    }
}
