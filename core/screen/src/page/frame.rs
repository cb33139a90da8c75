//! What every page has: head, the buttons that are always there, language and look.

use data_encoding::HEXLOWER;
use jiff::civil::Time;
use jiff::{SignedDuration, Zoned};
use maud::{DOCTYPE, Markup, html};
use nightjar::study::{Study, Wording};

use crate::hands::{Hands, Look, Mode, Notice, Start};
use crate::posted::Nonce;
use crate::texts::Texts;

/// From this hour the page is dim and warm, and makes no sound.
const EVENING: Time = Time::constant(20, 0, 0, 0);
/// The language of the side for staff.
const ENGLISH: &str = "en";
/// Until this hour.
const MORNING: Time = Time::constant(7, 0, 0, 0);

/// What stands around a page.
pub(crate) struct Frame<'a> {
    pub(crate) texts: &'static Texts,
    pub(crate) wording: &'a Wording,
    pub(crate) study: &'a Study,
    /// Whether it is so late that nothing may be bright or loud.
    pub(crate) night: bool,
    look: Look,
    /// Whether it is a page of staff, in English.
    staff: bool,
    /// Whether it is nobody's page: whoever held the tablet has given it back.
    nobody: bool,
    /// Seconds after which it is drawn again when nobody touches it.
    patience: u64,
    nonce: Nonce,
    notice: Option<Notice>,
}

/// What is on a page wherever it makes sense.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Always {
    /// It is nobody's page, or staff's.
    None,
    /// Talk to someone now. There is nothing to stop.
    Talk,
    /// Stop, and Talk to someone now.
    Both,
}

/// A page without what stands around it.
pub(crate) struct Page {
    /// What the window is called.
    pub(crate) title: String,
    /// The act of Enter, and of nothing else in the head.
    pub(crate) primary: &'static str,
    /// Whether one can go back.
    pub(crate) back: bool,
    /// Whether one can stop and talk to someone.
    pub(crate) always: Always,
    /// The page itself.
    pub(crate) main: Markup,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(
        study: &'a Study,
        hands: &Hands,
        now: &Zoned,
        nonce: Nonce,
        notice: Option<Notice>,
        staff: bool,
    ) -> Frame<'a> {
        let mut look = hands.look.clone();
        if staff {
            look.language = ENGLISH.to_owned();
        }
        Frame {
            texts: Texts::of(&look.language),
            wording: study.wording(&look.language),
            study,
            night: is_night(now.time()),
            look,
            staff,
            nobody: matches!(hands.mode, Mode::Locked(Start::Who) | Mode::Ended(_)),
            patience: hands.patience(SignedDuration::from_mins(i64::from(study.idle.hide_after_minutes))),
            nonce,
            notice,
        }
    }

    /// The code of the language on display.
    pub(crate) fn language(&self) -> &str {
        &self.look.language
    }

    /// The code of the language in which a form is asked, where that is another than the one on display: what a voice and a screen
    /// reader have to know.
    pub(crate) fn other_language(&self, sitting: Option<&nightjar::Sitting>) -> Option<String> {
        let spoken = sitting?.spoken().ok()?;
        let code = nightjar_form::Language::new(&spoken).code().to_owned();
        (code != self.look.language).then_some(code)
    }

    /// A day (ISO 8601) as it is written in the language on display.
    pub(crate) fn day(&self, day: &str) -> String {
        match day.parse::<jiff::civil::Date>() {
            Ok(date) => date.strftime(&self.texts.date_format).to_string(),
            Err(_) => day.to_owned(),
        }
    }

    /// The first day of a week (ISO 8601, `2026-W09`) as it is written in the language on display.
    pub(crate) fn week(&self, week: &str) -> Option<String> {
        let (year, week) = week.split_once("-W")?;
        let monday = jiff::civil::ISOWeekDate::new(
            year.parse().ok()?,
            week.parse().ok()?,
            jiff::civil::Weekday::Monday,
        );
        Some(monday.ok()?.date().strftime(&self.texts.date_format).to_string())
    }

    /// The whole page.
    pub(crate) fn around(&self, page: Page) -> Markup {
        let texts = self.texts;
        let hide = self.patience;
        let notice = self.notice.map(|notice| match notice {
            Notice::Older => &texts.notice_older,
            Notice::Twice => &texts.notice_twice,
        });
        html! {
            (DOCTYPE)
            html lang=(self.look.language) class=[self.look.large.then_some("large")] {
                (head(&page.title, Some(hide)))
                body class=(classes(&self.look, self.night)) data-hide=(hide) data-hands=[self.nobody.then_some("nobody")] {
                    a .skip href="#main" { (texts.skip_to_main) }
                    form #page method="post" autocomplete="off" {
                        input type="hidden" name="page" value=(HEXLOWER.encode(&self.nonce));
                        input type="hidden" name="n" value="1";
                        // What Enter does, whatever stands first below.
                        button .only-read name="do" value=(page.primary) tabindex="-1" aria-hidden="true" { (texts.next) }
                        @if page.back || page.always != Always::None {
                            header .always {
                                div { @if page.back { button .bare name="do" value="back" { (texts.back) } } }
                                @if page.always != Always::None {
                                    div {
                                        @if page.always == Always::Both { button .hold name="do" value="stop" { (texts.stop) } }
                                        button .hold name="do" value="talk" { (self.wording.talk_button) }
                                    }
                                }
                            }
                        }
                        main #main tabindex="-1" {
                            @if let Some(notice) = notice {
                                div .nhsuk-inset-text role="status" { p { (notice) } }
                            }
                            (page.main)
                        }
                        (self.foot())
                    }
                }
            }
        }
    }

    fn foot(&self) -> Markup {
        let (texts, look) = (self.texts, &self.look);
        let switch = |name: &str, now: bool, on: &'static str, off: &'static str| {
            let (value, words) = if now { ("off", off) } else { ("on", on) };
            html! { button .bare name="do" value=(format!("{name}:{value}")) { (words) } }
        };
        html! {
            footer {
                div role="group" aria-label=(texts.language) {
                    @for wording in self.study.wordings.iter().filter(|_| !self.staff) {
                        @if wording.language != look.language {
                            button .bare name="do" value=(format!("language:{}", wording.language)) lang=(wording.language) {
                                (wording.name)
                            }
                        }
                    }
                }
                div role="group" aria-label=(texts.display) {
                    (switch("large", look.large, &texts.large_on, &texts.large_off))
                    (switch("contrast", look.contrast, &texts.contrast_on, &texts.contrast_off))
                    (switch("left", look.left, &texts.left_on, &texts.left_off))
                }
            }
        }
    }
}

/// What a voice of the device can read out: shown by the script where one speaks on the device itself, and not at night.
pub(crate) fn read_aloud(frame: &Frame<'_>, words: &Markup) -> Markup {
    html! {
        @if !frame.night { (voice(frame)) }
        div { (words) }
    }
}

/// The button for what comes after it.
pub(crate) fn voice(frame: &Frame<'_>) -> Markup {
    let texts = frame.texts;
    html! {
        p hidden data-listen {
            button .bare type="button" data-stop=(texts.listen_stop) { (texts.listen) }
            " " span { (texts.headphones) }
        }
    }
}

/// A button that goes on, and those beside it.
pub(crate) fn ways(go_on: (&str, &str), others: &[(&str, &str)]) -> Markup {
    html! {
        div .ways {
            button .nhsuk-button name="do" value=(go_on.0) { (go_on.1) }
            @for (act, words) in others {
                button .nhsuk-button.nhsuk-button--secondary name="do" value=(act) { (words) }
            }
        }
    }
}

/// Choices one under the other, none of them before another.
pub(crate) fn many(choices: &[(String, &str)]) -> Markup {
    html! {
        ul .many {
            @for (act, words) in choices {
                li { button .nhsuk-button.nhsuk-button--secondary name="do" value=(act) { (words) } }
            }
        }
    }
}

/// A page's head.
pub(crate) fn head(title: &str, refresh: Option<u64>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            link rel="icon" href="a/icon.svg";
            link rel="stylesheet" href="a/screen.css";
            script src="a/screen.js" defer {}
            @if let Some(seconds) = refresh {
                // A page without the script looks again by itself when it is time to hide the answers.
                noscript { meta http-equiv="refresh" content=(seconds + 1); }
            }
        }
    }
}

/// How the body looks.
pub(crate) fn classes(look: &Look, night: bool) -> String {
    let mut classes = vec![if night { "night" } else { "day" }, if look.left { "left" } else { "right" }];
    classes.extend(look.contrast.then_some("contrast"));
    classes.join(" ")
}

fn is_night(time: Time) -> bool {
    time >= EVENING || time < MORNING
}
