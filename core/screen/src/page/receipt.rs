//! What somebody takes with them: the choice, and the words, once.

use maud::{Markup, html};
use nightjar::ReceiptKind;

use super::frame::{Always, Frame, Page, many, read_aloud, ways};
use crate::hands::Kept;
use crate::picture;
use crate::texts::filled;

pub(super) fn offer(frame: &Frame<'_>) -> Markup {
    let texts = frame.texts;
    let choices =
        [("without", &texts.receipt_none), ("take-out", &texts.receipt_out), ("read", &texts.receipt_read)];
    let main = html! {
        (read_aloud(frame, &html! {
            h1 { (texts.receipt_title) }
            p { (texts.receipt_lead) }
            (many(&choices.map(|(act, words)| (act.to_owned(), words.as_str()))))
            p { (texts.receipt_note) }
        }))
    };
    let title = texts.receipt_title.clone();
    frame.around(Page { title, primary: "", back: true, always: Always::Both, main })
}

pub(super) fn kept(frame: &Frame<'_>, kept: &Kept) -> Markup {
    let texts = frame.texts;
    let lead = match kept.kind {
        ReceiptKind::TakeOut => &texts.kept_lead_out,
        ReceiptKind::Read => &texts.kept_lead_read,
    };
    let minutes = frame.study.idle.hide_after_minutes.to_string();
    let picture = kept.picture.then(|| picture::of(&kept.words, &texts.kept_picture_label)).flatten();
    let main = html! {
        h1 { (texts.kept_title) }
        p { (lead) }
        ol .words lang="en" translate="no" { @for word in kept.words.split(' ') { li { (word) } } }
        p { (filled(&texts.kept_once, &[("minutes", &minutes)])) }
        @if let Some(picture) = picture { (picture) }
        (ways(("done", &texts.later_done), &[("picture", if kept.picture { &texts.kept_no_picture } else { &texts.kept_picture })]))
    };
    let title = texts.kept_title.clone();
    frame.around(Page { title, primary: "", back: false, always: Always::Talk, main })
}
