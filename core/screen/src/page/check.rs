//! Check your answers: everything that was asked, and a way back to each.

use maud::{Markup, html};
use nightjar_form::{ItemKind, Page as FormPage};

use super::frame::{Frame, Page, ways};
use crate::hands::Held;

pub(super) fn draw(frame: &Frame<'_>, held: &Held, page: &FormPage) -> Markup {
    let texts = frame.texts;
    let main = html! {
        @if let Some(why) = &held.blocked {
            div .nhsuk-error-summary role="alert" tabindex="-1" {
                h2 .nhsuk-error-summary__title { (texts.error_title) }
                div .nhsuk-error-summary__body { @for line in why.lines() { p { (line) } } }
            }
        }
        h1 { (texts.check_title) }
        p { (texts.check_lead) }
        dl .nhsuk-summary-list {
            @for (at, question) in page.questions.iter().enumerate() {
                @if question.kind != ItemKind::Note {
                    div .nhsuk-summary-list__row {
                        dt .nhsuk-summary-list__key { (question.label) }
                        dd .nhsuk-summary-list__value {
                            @if question.value.is_none() { span .place { (texts.no_answer) } }
                            @else { (question.answer) }
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
        (ways(("finish", &texts.hand_in), &[]))
    };
    let title = texts.check_title.clone();
    // Enter on this page hands nothing in by mistake.
    frame.around(Page { title, primary: "", back: true, always: true, main })
}
