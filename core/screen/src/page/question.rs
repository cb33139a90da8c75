//! A page of the form: one question, or a few that belong together.

use maud::{Markup, html};
use nightjar::StudyPack;
use nightjar_form::{Page as FormPage, Question};

use super::field::{self, Shown};
use super::frame::{Always, Frame, Page, voice, ways};
use crate::assets;
use crate::hands::Held;
use crate::texts::filled;

pub(super) fn draw(frame: &Frame<'_>, pack: &StudyPack, held: &Held, page: &FormPage) -> Markup {
    let texts = frame.texts;
    let asked: Vec<&Question> = page.questions.iter().collect();
    let alone = asked.len() == 1;
    let wrong = |question: &Question| {
        let typed =
            held.typed.get(&question.path).map(|typed| typed.wrong.clone()).filter(|wrong| !wrong.is_empty());
        typed.or_else(|| question.problem.clone())
    };
    let problems: Vec<(usize, String)> =
        asked.iter().enumerate().filter_map(|(at, question)| Some((at, wrong(question)?))).collect();
    let place = match page.of {
        Some(of) => filled(&texts.place, &[("n", &page.number.to_string()), ("of", &of.to_string())]),
        None => filled(&texts.place_only, &[("n", &page.number.to_string())]),
    };
    let title = match asked.first() {
        Some(question) if alone => question.label.clone(),
        _ if !page.heading.is_empty() => page.heading.clone(),
        _ => texts.page_title.clone(),
    };
    let plan = |question: &Question| {
        let item = pack.instrument(&held.form.form_id).and_then(|form| form.item(&question.item));
        item.is_some_and(|item| item.risk_disclosure_plan().is_some())
    };
    let other = frame.other_language(held.sitting.as_ref());
    let says_it = asked.iter().any(|question| question.label == frame.wording.not_the_care_record);
    let main = html! {
        @if !problems.is_empty() {
            div .nhsuk-error-summary aria-labelledby="wrong" role="alert" tabindex="-1" {
                h2 #wrong .nhsuk-error-summary__title { (texts.error_title) }
                div .nhsuk-error-summary__body {
                    ul .nhsuk-list.nhsuk-error-summary__list {
                        @for (at, why) in &problems { li { a href=(format!("#{}", field::first(at, asked[*at]))) { (why) } } }
                    }
                }
            }
        }
        @if held.form.kind != "response" && !says_it { p .draft { (frame.wording.not_the_care_record) } }
        p .place { (place) @if alone && !page.heading.is_empty() { " · " (page.heading) } }
        @if !alone && !page.heading.is_empty() { h1 { (page.heading) } }
        @if other.is_some() { p .place { (texts.other_language) } }
        @for (at, question) in asked.iter().enumerate() {
            @let shown = Shown {
                question,
                at,
                alone,
                wrong: wrong(question),
                typed: held.typed.get(&question.path),
                free_text: plan(question),
                response: held.form.kind == "response",
            };
            (sound(frame, question))
            div lang=[&other] { (field::draw(frame, &shown)) }
        }
        @if let Some(repeat) = &page.repeat {
            h1 { (filled(&texts.there_are, &[("label", &repeat.label), ("count", &repeat.count.to_string())])) }
            div .ways {
                button .nhsuk-button.nhsuk-button--secondary name="do" value="add" { (texts.add_one) }
                button .nhsuk-button.nhsuk-button--secondary name="do" value="next" { (texts.no_more) }
            }
        } @else {
            (ways(("next", &texts.next), &[]))
        }
    };
    frame.around(Page { title, primary: "next", back: true, always: Always::Both, main })
}

/// A recording of the question, else a voice of the device; nothing late in the evening.
fn sound(frame: &Frame<'_>, question: &Question) -> Markup {
    let texts = frame.texts;
    let recording = question.audio.as_deref().filter(|name| assets::is_recording(name));
    html! {
        @if frame.night {
            @if recording.is_some() { p .place { (texts.no_sound_at_night) } }
        } @else if let Some(name) = recording {
            p { (texts.headphones) }
            audio controls preload="none" src=(format!("m/{name}")) aria-label=(texts.recorded) {}
        } @else {
            (voice(frame))
        }
    }
}
