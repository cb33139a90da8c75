//! Check your answers: everything that was asked, and a way back to each.

use maud::{Markup, html};
use nightjar::Sitting;
use nightjar_form::{ItemKind, Missing, Page as FormPage, Value};

use super::frame::{Always, Frame, Page, ways};
use crate::hands::Held;

pub(super) fn draw(frame: &Frame<'_>, held: &Held, page: &FormPage) -> Markup {
    let texts = frame.texts;
    let other = frame.other_language(held.sitting.as_ref());
    let corrects = held.sitting.as_ref().is_some_and(Sitting::corrects);
    let hand_in = match (corrects, held.form.kind.as_str()) {
        (true, _) => &texts.hand_in_change,
        (false, "response") => &texts.hand_in,
        (false, _) => &texts.hand_in_record,
    };
    let main = html! {
        @if let Some(why) = &held.blocked {
            div .nhsuk-error-summary role="alert" tabindex="-1" {
                h2 .nhsuk-error-summary__title { (texts.error_title) }
                div .nhsuk-error-summary__body { @for line in why.lines() { p { (line) } } }
            }
        }
        h1 { (texts.check_title) }
        p {
            @if corrects { (texts.check_lead_change) }
            @else if held.form.kind != "response" { (texts.check_lead_record) }
            @else { (texts.check_lead) }
        }
        @if held.form.kind != "response" { p .draft { (frame.wording.not_the_care_record) } }
        @if other.is_some() { p .place { (texts.other_language) } }
        dl .nhsuk-summary-list {
            @for (at, question) in page.questions.iter().enumerate() {
                @if question.kind != ItemKind::Note {
                    div .nhsuk-summary-list__row {
                        dt .nhsuk-summary-list__key lang=[&other] { (question.label) }
                        dd .nhsuk-summary-list__value {
                            @match (&question.value, question.answer.is_empty()) {
                                (Some(Value::Missing(Missing::Declined)), true) => (texts.declined),
                                (Some(Value::Missing(Missing::DontKnow)), true) => (texts.dont_know),
                                (None | Some(Value::Missing(_)), _) => span .place { (texts.no_answer) },
                                _ => span lang=[&other] { (question.answer) },
                            }
                            @if let Some(problem) = &question.problem {
                                span .nhsuk-error-message { (problem) }
                            }
                        }
                        dd .nhsuk-summary-list__actions {
                            button .bare name="do" value=(format!("go:{at}")) {
                                (texts.change) span .only-read { ": " (question.label) }
                            }
                        }
                    }
                }
            }
        }
        (ways(("finish", hand_in), &[]))
    };
    let title = texts.check_title.clone();
    // Enter on this page hands nothing in by mistake.
    frame.around(Page { title, primary: "", back: true, always: Always::Both, main })
}
