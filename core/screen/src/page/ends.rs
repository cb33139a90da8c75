//! Stopping, talking to someone, coming back, and the last page.

use maud::{DOCTYPE, Markup, html};
use nightjar::{Failure, Sitting};

use super::frame::{Always, Frame, Page, classes, head, many, read_aloud, ways};
use crate::hands::{Ending, Held, Look};
use crate::texts::{Texts, filled};

/// What somebody may do who stops: with what they say about themselves, with a correction of it, with a record of the ward.
pub(super) fn stopping(frame: &Frame<'_>, held: &Held) -> Markup {
    let texts = frame.texts;
    let corrects = held.sitting.as_ref().is_some_and(Sitting::corrects);
    let mut choices = Vec::new();
    if corrects {
        choices.push(("throw", &texts.stop_throw_change));
    } else {
        choices.extend([("keep", &texts.stop_keep), ("throw", &texts.stop_throw)]);
        if held.form.kind == "response" {
            choices.push(("later", &texts.stop_later));
        } else if held.staff.is_some() {
            choices.push(("leave", &texts.stop_leave));
        }
    }
    choices.push(("on", &texts.stop_go_on));
    let choices: Vec<_> = choices.into_iter().map(|(act, words)| (act.to_owned(), words.as_str())).collect();
    let main = html! {
        (read_aloud(frame, &html! {
            h1 { (texts.stop_title) }
            p { @if corrects { (texts.stop_lead_change) } @else { (texts.stop_lead) } }
            (many(&choices))
        }))
    };
    let title = texts.stop_title.clone();
    frame.around(Page { title, primary: "", back: false, always: Always::Both, main })
}

/// Somebody wants to talk. `answers`: whether answers of theirs are hidden meanwhile.
pub(super) fn talking(frame: &Frame<'_>, answers: bool) -> Markup {
    let texts = frame.texts;
    let main = html! {
        h1 { (frame.wording.talk_message) }
        @if answers { p { (texts.talk_hidden) } }
        (ways(("again", if answers { &texts.talk_again } else { &texts.back }), &[]))
    };
    let title = frame.wording.talk_button.clone();
    frame.around(Page { title, primary: "again", back: false, always: Always::None, main })
}

pub(super) fn later(frame: &Frame<'_>, words: &str) -> Markup {
    let texts = frame.texts;
    let main = html! {
        h1 { (texts.later_title) }
        p { (texts.later_lead) }
        ol .words lang="en" translate="no" { @for word in words.split(' ') { li { (word) } } }
        p { (filled(&texts.kept_once, &[("minutes", &frame.study.idle.hide_after_minutes.to_string())])) }
        (ways(("done", &texts.later_done), &[]))
    };
    let title = texts.later_title.clone();
    frame.around(Page { title, primary: "done", back: false, always: Always::Talk, main })
}

/// Somebody was in the middle of it; whether it is still them.
pub(super) fn covered(frame: &Frame<'_>, sure: bool) -> Markup {
    let texts = frame.texts;
    let (title, lead, choices) = match sure {
        false => {
            (&texts.covered_title, &texts.covered_lead, [("me", &texts.still_me), ("other", &texts.not_me)])
        }
        true => (
            &texts.sure_title,
            &texts.sure_lead,
            [("leave", &texts.sure_leave), ("throw", &texts.sure_throw)],
        ),
    };
    let main = html! {
        h1 { (title) }
        p { (lead) }
        (many(&choices.map(|(act, words)| (act.to_owned(), words.as_str()))))
    };
    let title = title.clone();
    frame.around(Page { title, primary: "", back: false, always: Always::Talk, main })
}

pub(super) fn ended(frame: &Frame<'_>, ending: Ending) -> Markup {
    let texts = frame.texts;
    let (title, lead) = match ending {
        Ending::Sealed => (&texts.thanks_title, &texts.thanks_sealed),
        Ending::SealedForWords => (&texts.thanks_title, &texts.thanks_sealed_words),
        Ending::Stored => (&texts.thanks_title, &texts.thanks_kept),
        Ending::Thrown => (&texts.thanks_title, &texts.thanks_thrown),
        Ending::No => (&texts.fine_title, &texts.fine_no),
        Ending::NotNow => (&texts.fine_title, &texts.fine_not_now),
        Ending::Waits => (&texts.thanks_title, &texts.thanks_waits),
        Ending::NoListed => (&texts.fine_title, &texts.fine_no_listed),
        Ending::NotNowListed => (&texts.fine_title, &texts.fine_not_now_listed),
        Ending::Corrected => (&texts.thanks_title, &texts.thanks_corrected),
        Ending::Unchanged => (&texts.fine_title, &texts.thanks_unchanged),
        Ending::TakenOut | Ending::TakenOutCounted => (&texts.taken_out_title, &texts.taken_out_lead),
    };
    let main = html! {
        h1 { (title) }
        p { (lead) }
        @if ending == Ending::TakenOutCounted { p { (texts.taken_out_counted) } }
        p { (texts.give_back) }
        (ways(("done", &texts.done), &[]))
    };
    let title = title.clone();
    frame.around(Page { title, primary: "done", back: false, always: Always::Talk, main })
}

/// Something could not be done. The page takes nothing: looking again is a new page.
pub(super) fn fault(look: &Look, failure: &Failure) -> Markup {
    let texts = Texts::of(&look.language);
    let lead = match failure {
        Failure::StorageFull(_) => &texts.fault_full,
        _ => &texts.fault_lead,
    };
    html! {
        (DOCTYPE)
        html lang=(look.language) class=[look.large.then_some("large")] {
            (head(&texts.fault_title, None))
            body class=(classes(look, true)) {
                main #main tabindex="-1" {
                    h1 { (texts.fault_title) }
                    p role="alert" { (lead) }
                    p .draft lang="en" { (failure) }
                    p { a .nhsuk-button href="./" draggable="false" { (texts.fault_again) } }
                }
            }
        }
    }
}
