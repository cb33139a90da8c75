//! What is drawn: one page of plain HTML for whoever holds the tablet.

mod came;
mod check;
mod ends;
mod field;
mod frame;
mod information;
mod own;
mod question;
mod receipt;
mod staff;
mod start;

use maud::Markup;
use nightjar::{Failure, Tablet};

use crate::hands::{Hands, Mode, Stage, Start};
use crate::screen::Place;
use crate::texts::StaffTexts;
use frame::Frame;
pub(crate) use staff::{PAGE, correctable};

/// The page on display.
pub(crate) fn draw(tablet: &Tablet, place: &Place, hands: &mut Hands) -> Result<Markup, Failure> {
    let pack = place.pack(tablet)?;
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
    let of_staff = matches!(hands.mode, Mode::Staff(_) | Mode::Locked(Start::Pin(_)));
    let frame = Frame::new(study, hands, &now, nonce, notice, of_staff);
    if hands.talking {
        let answers = matches!(&hands.mode, Mode::Held(held) if held.sitting.is_some());
        return Ok(ends::talking(&frame, answers));
    }
    hands.today.on(tablet.clock().now().date());
    match &hands.mode {
        Mode::Locked(Start::Pin(trouble)) => Ok(staff::pin(&frame, *trouble)),
        Mode::Locked(at) => start::draw(&frame, tablet, place, at, &now),
        Mode::Left { sure, .. } => Ok(ends::covered(&frame, *sure)),
        Mode::Ended(ending) => Ok(ends::ended(&frame, *ending)),
        Mode::Kept(kept) => Ok(receipt::kept(&frame, kept)),
        Mode::Own(own) => own::draw(&frame, tablet, own, &hands.work),
        Mode::Staff(at) => {
            let (today, work) = (&hands.today, &hands.work);
            let drawn = staff::Drawn { frame: &frame, texts: StaffTexts::get(), tablet, place, today, work };
            staff::draw(&drawn, at)
        }
        Mode::Held(held) => match (held.covered, &held.stage, &page) {
            (Some(sure), _, _) => Ok(ends::covered(&frame, sure)),
            (None, Stage::Information, _) => information::draw(&frame, tablet, held),
            (None, Stage::Stopping, _) => Ok(ends::stopping(&frame, held)),
            (None, Stage::Later(words), _) => Ok(ends::later(&frame, words)),
            (None, Stage::Receipt { .. }, _) => Ok(receipt::offer(&frame)),
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
