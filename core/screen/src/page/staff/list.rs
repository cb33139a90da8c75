//! The asking list of the ward.

use maud::{Markup, html};
use nightjar::{AskState, AskedView, Failure};

use super::Drawn;
use crate::page::frame::many;
use crate::texts::filled;

pub(super) fn draw(drawn: &Drawn<'_>, role: &str) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let list = drawn.tablet.asking_list(&drawn.place.ward)?;
    let may_note = drawn.tablet.encounter_form(role)?.is_some();
    let left = list.iter().filter(|asked| asked.state == AskState::NotYet).count();
    Ok(html! {
        h1 { (texts.list_title) }
        p { (texts.list_lead) }
        @if !may_note { p { (texts.list_may_not) } }
        @if list.is_empty() { p { (texts.list_empty) } }
        @else { p { (filled(&texts.list_left, &[("left", &left.to_string()), ("all", &list.len().to_string())])) } }
        ul .labels {
            @for (at, asked) in list.iter().enumerate() {
                li {
                    div {
                        button .bare name="do" value=(format!("label:{at}")) { (asked.label) span .only-read { ": " (texts.list_change) } }
                        " " span .place { (state(drawn, asked)) }
                    }
                    @if may_note && matches!(asked.state, AskState::NotYet | AskState::NotToday) {
                        div .acts {
                            button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("ask:{at}")) {
                                (texts.ask_now) span .only-read { ": " (asked.label) }
                            }
                            button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("not:{at}")) {
                                (texts.not_asked) span .only-read { ": " (asked.label) }
                            }
                        }
                    }
                }
            }
        }
        div .nhsuk-form-group {
            label .nhsuk-label for="label" { (texts.list_add_label) }
            div #label-hint .nhsuk-hint { (texts.list_add_hint) }
            input #label .nhsuk-input.nhsuk-input--width-20 type="text" name="label" maxlength="40" autocomplete="off" aria-describedby="label-hint";
        }
        button .nhsuk-button.nhsuk-button--secondary name="do" value="add" { (texts.list_add) }
    })
}

fn state<'t>(drawn: &Drawn<'t>, asked: &AskedView) -> &'t str {
    let texts = drawn.texts;
    match asked.state {
        AskState::NotYet => &texts.state_not_yet,
        AskState::Yes => &texts.state_yes,
        AskState::No => &texts.state_no,
        AskState::NotToday => &texts.state_not_today,
        AskState::DoNotAskAgain => &texts.state_never,
    }
}

/// One label: what it was, and what it shall be.
pub(super) fn label(drawn: &Drawn<'_>, label: &str) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let list = drawn.tablet.asking_list(&drawn.place.ward)?;
    let found = list.iter().enumerate().find(|(_, asked)| asked.label == label);
    Ok(html! {
        h1 { (label) }
        @if let Some((at, asked)) = found {
            p { (filled(&texts.label_now, &[("state", state(drawn, asked))])) }
            @let choices = [
                (format!("mark:{at}:not-yet"), texts.state_not_yet.as_str()),
                (format!("mark:{at}:yes"), &texts.state_yes),
                (format!("mark:{at}:no"), &texts.state_no),
                (format!("mark:{at}:not-today"), &texts.state_not_today),
                (format!("mark:{at}:never"), &texts.state_never),
                (format!("drop:{at}"), &texts.label_drop),
            ];
            (many(&choices))
        }
        p { button .bare name="do" value="go:list" { (texts.back_to_list) } }
    })
}

/// Why somebody was not asked: the second tap.
pub(super) fn why(drawn: &Drawn<'_>, role: &str, label: &str) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let pack = drawn.place.pack(drawn.tablet)?;
    let form = drawn.tablet.encounter_form(role)?;
    let form = form.as_deref().and_then(|form| pack.instrument(form));
    let reasons = form.and_then(|form| {
        let item = form.item_named("reason")?;
        Some((item.choices(), form.default_language()))
    });
    Ok(html! {
        h1 { (texts.why_title) }
        p { (filled(&texts.why_lead, &[("label", label)])) }
        @if let Some((choices, language)) = reasons {
            ul .many {
                @for choice in choices {
                    li { button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("why:{}", choice.code())) { (choice.label(language)) } }
                }
            }
        }
        p { button .bare name="do" value="go:list" { (texts.back_to_list) } }
    })
}
