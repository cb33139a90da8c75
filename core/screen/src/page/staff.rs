//! The side for staff. In English, whatever language the last person spoke.

mod conflicts;
mod list;
mod numbers;
mod records;
mod tablet;

use maud::{Markup, html};
use nightjar::{Failure, Tablet};

use super::frame::{Always, Frame, Page, many, ways};
use crate::act;
use crate::hands::PinTrouble;
use crate::screen::Place;
use crate::staff::{Room, Said, Staff, Today, Work};
use crate::texts::{StaffTexts, filled};
pub(crate) use records::{PAGE, correctable};

/// What the pages of staff are drawn from.
pub(super) struct Drawn<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) texts: &'static StaffTexts,
    pub(super) tablet: &'a Tablet,
    pub(super) place: &'a Place,
    pub(super) today: &'a Today,
    pub(super) work: &'a Work,
}

/// The page of the PIN.
pub(super) fn pin(frame: &Frame<'_>, trouble: Option<PinTrouble>) -> Markup {
    let texts = StaffTexts::get();
    let wrong = match trouble {
        None => None,
        Some(PinTrouble::NotSet) => Some(texts.pin_not_set.clone()),
        Some(PinTrouble::Wrong(0)) => Some(texts.pin_wrong.clone()),
        Some(PinTrouble::Wrong(seconds)) => {
            Some(filled(&texts.pin_wrong_wait, &[("seconds", &seconds.to_string())]))
        }
        Some(PinTrouble::Wait(seconds)) => {
            Some(filled(&texts.pin_wait, &[("seconds", &seconds.to_string())]))
        }
    };
    let asks = trouble != Some(PinTrouble::NotSet);
    let main = html! {
        h1 { (texts.pin_title) }
        @if asks {
            div .nhsuk-form-group .nhsuk-form-group--error[wrong.is_some()] {
                label .nhsuk-label for="pin" { (texts.pin_label) }
                div #pin-hint .nhsuk-hint { (texts.pin_hint) }
                @if let Some(wrong) = &wrong { span #pin-wrong .nhsuk-error-message role="alert" { (wrong) } }
                input #pin .nhsuk-input.nhsuk-input--width-10 type="password" name="pin" inputmode="numeric" autocomplete="off" maxlength="12"
                    aria-describedby=(if wrong.is_some() { "pin-hint pin-wrong" } else { "pin-hint" });
            }
            (ways(("pin", &texts.pin_open), &[("home", &texts.back_to_start)]))
        } @else {
            p { (texts.pin_not_set) }
            (ways(("home", &texts.back_to_start), &[]))
        }
    };
    let title = texts.pin_title.clone();
    frame.around(Page {
        title,
        primary: if asks { "pin" } else { "home" },
        back: false,
        always: Always::None,
        main,
    })
}

/// The room that staff are in.
pub(super) fn draw(drawn: &Drawn<'_>, staff: &Staff) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let role = staff.role.as_deref().unwrap_or_default();
    let (title, page) = match &staff.room {
        Room::Roles => (&texts.roles_title, roles(drawn)?),
        Room::Home => (&texts.home_title, home(drawn, role)?),
        Room::List => (&texts.list_title, list::draw(drawn, role)?),
        Room::Label(label) => (&texts.list_title, list::label(drawn, label)?),
        Room::Why(label) => (&texts.why_title, list::why(drawn, role, label)?),
        Room::Numbers => (&texts.numbers_title, numbers::draw(drawn)?),
        Room::Records { form_id, after } => {
            (&texts.records_title, records::draw(drawn, form_id, after.as_deref())?)
        }
        Room::Correct { record, .. } => (&texts.correct_title, records::correct(drawn, record)),
        Room::Conflicts(conflicts) => (&texts.conflicts_title, conflicts::draw(drawn, conflicts)?),
        Room::Voices => (&texts.voices_title, records::voices(drawn)?),
        Room::Sync => (&texts.sync_title, tablet::sync(drawn)?),
        Room::Tablet => (&texts.tablet_title, tablet::draw(drawn)?),
    };
    let main = html! {
        @if let Some(said) = &staff.said { (told(texts, said)) }
        (page)
        nav .ways aria-label=(texts.ways) {
            button .nhsuk-button .nhsuk-button--secondary[!matches!(staff.room, Room::Home | Room::Roles)] name="do" value="hand-over" {
                (texts.hand_over)
            }
            @if staff.role.is_some() && !matches!(staff.room, Room::Home) {
                button .nhsuk-button.nhsuk-button--secondary name="do" value="go:home" { (texts.to_home) }
            }
        }
    };
    let primary = if matches!(staff.room, Room::List) { "add" } else { "" };
    Ok(drawn.frame.around(Page { title: title.clone(), primary, back: false, always: Always::None, main }))
}

fn told(texts: &StaffTexts, said: &Said) -> Markup {
    let words = match said {
        Said::Stored => &texts.said_stored,
        Said::Thrown => &texts.said_thrown,
        Said::Waiting => &texts.said_waiting,
        Said::Noted => &texts.said_noted,
        Said::Settled => &texts.said_settled,
        Said::Corrected => &texts.said_corrected,
        Said::Refused(why) => {
            return html! {
                div .nhsuk-error-summary role="alert" tabindex="-1" {
                    h2 .nhsuk-error-summary__title { (texts.said_refused) }
                    div .nhsuk-error-summary__body { p { (why) } }
                }
            };
        }
    };
    html! { div .nhsuk-inset-text role="status" { p { (words) } } }
}

fn roles(drawn: &Drawn<'_>) -> Result<Markup, Failure> {
    let roles = act::staff_roles(drawn.tablet)?;
    let choices: Vec<_> =
        roles.iter().map(|(code, label)| (format!("role:{code}"), label.as_str())).collect();
    Ok(html! {
        h1 { (drawn.texts.roles_title) }
        p { (drawn.texts.roles_lead) }
        (many(&choices))
    })
}

fn home(drawn: &Drawn<'_>, role: &str) -> Result<Markup, Failure> {
    let (texts, tablet) = (drawn.texts, drawn.tablet);
    let records = act::records(tablet, role)?;
    let unfinished = act::unfinished_records(tablet, drawn.place)?;
    let conflicts = act::conflicts(tablet, drawn.place)?.len();
    let waiting = tablet.status()?.waiting;
    let conflicts = filled(&texts.to_conflicts, &[("count", &conflicts.to_string())]);
    let sync = filled(&texts.to_sync, &[("count", &waiting.to_string())]);
    let doors = [
        ("go:list", texts.to_list.as_str()),
        ("go:numbers", &texts.to_numbers),
        ("go:conflicts", &conflicts),
        ("go:voices", &texts.to_voices),
        ("go:sync", &sync),
        ("go:tablet", &texts.to_tablet),
    ];
    Ok(html! {
        p .place { (drawn.place.name) }
        h1 { (texts.home_title) }
        (many(&doors.map(|(act, words)| (act.to_owned(), words))))
        @if !unfinished.is_empty() {
            h2 { (texts.unfinished_title) }
            ul .many {
                @for (draft, form) in &unfinished {
                    li {
                        button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("on:{}", draft.id)) {
                            (filled(&texts.go_on, &[("form", &form.title)]))
                        }
                    }
                }
            }
        }
        @if !records.is_empty() {
            h2 { (texts.records_title) }
            p { (drawn.frame.wording.not_the_care_record) }
            ul .many {
                @for form in &records {
                    li .beside {
                        button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("fill:{}", form.form_id)) { (form.title) }
                        button .bare name="do" value=(format!("go:records:{}", form.form_id)) {
                            (texts.look) span .only-read { ": " (form.title) }
                        }
                    }
                }
            }
        }
        p { button .bare name="do" value="go:roles" { (texts.other_role) } }
    })
}
