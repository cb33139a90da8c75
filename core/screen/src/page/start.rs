//! The start: nobody holds the tablet yet.

use jiff::Zoned;
use maud::{Markup, html};
use nightjar::study::Voice;
use nightjar::{Failure, Tablet};

use super::came;
use super::frame::{Always, Frame, Page, many, ways};
use crate::act;
use crate::hands::Start;
use crate::screen::Place;
use crate::texts::filled;

pub(super) fn draw(
    frame: &Frame<'_>,
    tablet: &Tablet,
    place: &Place,
    at: &Start,
    now: &Zoned,
) -> Result<Markup, Failure> {
    let texts = frame.texts;
    let main = match at {
        Start::Who => who(frame, tablet, place, now)?,
        Start::Role(voice) => {
            let roles = act::roles(tablet, place, *voice)?;
            let choices: Vec<_> =
                roles.iter().map(|(code, label)| (format!("role:{code}"), label.as_str())).collect();
            html! { h1 { (texts.which_role) } (many(&choices)) (ways(("home", &texts.start_again), &[])) }
        }
        Start::Form(role) => {
            let forms = act::forms(tablet, place, role)?;
            let choices: Vec<_> =
                forms.iter().map(|form| (format!("form:{}", form.form_id), form.title.as_str())).collect();
            html! { h1 { (texts.which_form) } (many(&choices)) (ways(("home", &texts.start_again), &[])) }
        }
        Start::Words { wrong } => words(frame, wrong.as_ref().map(|typed| typed.as_str())),
        Start::Came(id) => return came::draw(frame, tablet, id.as_deref()),
        Start::Pin(_) => html! {},
    };
    let primary = if matches!(at, Start::Words { .. }) { "open" } else { "" };
    let title = texts.page_title.clone();
    let always = if matches!(at, Start::Who) { Always::None } else { Always::Talk };
    Ok(frame.around(Page { title, primary, back: false, always, main }))
}

fn who(frame: &Frame<'_>, tablet: &Tablet, place: &Place, now: &Zoned) -> Result<Markup, Failure> {
    let texts = frame.texts;
    if !place.joined {
        return Ok(html! {
            h1 { (texts.locked_title) }
            div .nhsuk-inset-text { p { (texts.nothing_to_ask) } }
            p { button .bare name="do" value="staff" { (texts.staff_door) } }
        });
    }
    let mut choices = Vec::new();
    for (voice, words) in [
        (Voice::Patient, &texts.voice_patient),
        (Voice::Carer, &texts.voice_carer),
        (Voice::Staff, &texts.voice_staff),
    ] {
        if !act::roles(tablet, place, voice)?.is_empty() {
            choices.push((format!("voice:{}", voice.code()), words.as_str()));
        }
    }
    let ready = tablet.may_collect().is_ok() && !choices.is_empty();
    let time = now.time();
    let study = frame.study;
    Ok(html! {
        p .place { (place.name) }
        h1 { (texts.locked_title) }
        @if !ready {
            div .nhsuk-inset-text { p { (texts.nothing_to_ask) } }
        } @else {
            p { (texts.locked_lead) }
            @if !study.in_ask_window(time) {
                div .nhsuk-inset-text {
                    p {
                        (filled(&texts.outside_hours, &[
                            ("from", &study.ask_window.from.strftime("%H:%M").to_string()),
                            ("until", &study.ask_window.until.strftime("%H:%M").to_string()),
                        ]))
                    }
                }
            } @else if study.handover_at(time).is_some() {
                div .nhsuk-inset-text { p { (texts.at_handover) } }
            }
            (many(&choices))
            p { button .bare name="do" value="words" { (texts.words_door) } }
        }
        // Also where nobody can be asked any more: who answered before sees what came of it.
        @if tablet.has_publications()? {
            p { button .bare name="do" value="came" { (texts.came_door) } }
        }
        p { button .bare name="do" value="staff" { (texts.staff_door) } }
    })
}

fn words(frame: &Frame<'_>, wrong: Option<&str>) -> Markup {
    let texts = frame.texts;
    html! {
        (words_field(frame, &texts.words_title, &texts.words_hint, wrong))
        (ways(("open", &texts.words_open), &[("home", &texts.start_again)]))
    }
}

/// A field for words that somebody has.
fn words_field(frame: &Frame<'_>, title: &str, hint: &str, typed: Option<&str>) -> Markup {
    let texts = frame.texts;
    let wrong = typed.is_some();
    let count =
        typed.unwrap_or_default().split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).count();
    html! {
        div .nhsuk-form-group .nhsuk-form-group--error[wrong] {
            h1 { (title) }
            label .nhsuk-label for="words" { (texts.words_label) }
            div #words-hint .nhsuk-hint { (hint) }
            @if wrong {
                span #words-wrong .nhsuk-error-message role="alert" {
                    @if count == 8 || count == 12 { (texts.words_wrong) }
                    @else { (filled(&texts.words_count, &[("count", &count.to_string())])) }
                }
            }
            textarea #words .nhsuk-textarea name="words" rows="3" autocapitalize="none" spellcheck="false" autocomplete="off"
                aria-describedby=(if wrong { "words-hint words-wrong" } else { "words-hint" }) { (typed.unwrap_or_default()) }
        }
    }
}
