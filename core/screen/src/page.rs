//! What is drawn: one page of plain HTML for whoever holds the tablet.

mod check;
mod ends;
mod field;
mod frame;
mod information;
mod question;
mod start;

use maud::Markup;
use nightjar::{Failure, Tablet};

use crate::hands::{Hands, Mode, Stage};
use crate::screen::Place;
use frame::Frame;

/// The page on display.
pub(crate) fn draw(tablet: &Tablet, place: &Place, hands: &mut Hands) -> Result<Markup, Failure> {
    let pack = tablet.pack()?;
    let study = pack.study();
    let now = tablet.clock().now().with_time_zone(study.zone().clone());
    let page = match &hands.mode {
        Mode::Held(held)
            if !hands.talking && held.covered.is_none() && matches!(held.stage, Stage::Asking) =>
        {
            held.sitting.as_ref().map(|sitting| sitting.page()).transpose()?
        }
        _ => None,
    };
    let questions = page.as_ref().map(|page| page.questions.clone()).unwrap_or_default();
    let nonce = hands.issue(questions)?;
    let notice = hands.notice.take();
    let frame = Frame::new(study, hands, &now, nonce, notice);
    if hands.talking {
        return Ok(ends::talking(&frame));
    }
    match &hands.mode {
        Mode::Locked(at) => start::draw(&frame, tablet, place, at, &now),
        Mode::Left { sure, .. } => Ok(ends::covered(&frame, *sure)),
        Mode::Ended(ending) => Ok(ends::ended(&frame, *ending)),
        Mode::Held(held) => match (held.covered, &held.stage, &page) {
            (Some(sure), _, _) => Ok(ends::covered(&frame, sure)),
            (None, Stage::Information, _) => information::draw(&frame, tablet, held),
            (None, Stage::Stopping, _) => Ok(ends::stopping(&frame, held.form.kind == "response")),
            (None, Stage::Later(words), _) => Ok(ends::later(&frame, words)),
            (None, Stage::Asking, Some(page)) if page.check => Ok(check::draw(&frame, held, page)),
            (None, Stage::Asking, Some(page)) => Ok(question::draw(&frame, &pack, held, page)),
            (None, Stage::Asking, None) => Err(Failure::Internal("asking without a form".into())),
        },
    }
}

/// What is shown when something cannot be done.
pub(crate) fn fault(hands: &Hands, failure: &Failure) -> Markup {
    ends::fault(&hands.look, failure)
}
