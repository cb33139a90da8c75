//! What it is about, and whether somebody wants to: before the first question.

use maud::{Markup, html};
use nightjar::{Failure, Tablet};

use super::frame::{Always, Frame, Page, read_aloud, ways};
use crate::hands::Held;

pub(super) fn draw(frame: &Frame<'_>, tablet: &Tablet, held: &Held) -> Result<Markup, Failure> {
    if !held.form.confidential {
        return Ok(of_the_ward(frame, held));
    }
    let page = tablet.information_for(Some(&held.role), &frame.wording.language)?;
    let main = html! {
        (read_aloud(frame, &html! {
            h1 { (page.title) }
            @if let Some(notice) = &page.draft_notice { p .draft { (notice) } }
            @for paragraph in &page.paragraphs { p { (paragraph) } }
        }))
        @if let Some(status) = &held.form.wording_status {
            @if page.draft_notice.is_none() { p .draft lang="en" { (status) } }
        }
        h2 { (frame.texts.information_question) }
        ul .many {
            li { button .nhsuk-button.nhsuk-button--secondary name="do" value="yes" { (page.yes) } }
            li { button .nhsuk-button.nhsuk-button--secondary name="do" value="not-now" { (page.not_now) } }
            li { button .nhsuk-button.nhsuk-button--secondary name="do" value="no" { (page.no) } }
        }
    };
    Ok(frame.around(Page { title: page.title, primary: "", back: false, always: Always::Both, main }))
}

/// A form that the ward reads: nothing may promise otherwise.
fn of_the_ward(frame: &Frame<'_>, held: &Held) -> Markup {
    let texts = frame.texts;
    let main = html! {
        h1 { (held.form.title) }
        p { (texts.ward_reads) }
        p { (frame.wording.not_the_care_record) }
        (ways(("yes", &texts.begin), &[("home", &texts.start_again)]))
    };
    frame.around(Page {
        title: held.form.title.clone(),
        primary: "",
        back: false,
        always: Always::None,
        main,
    })
}
