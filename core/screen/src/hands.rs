//! Whose hands the tablet is in, and what they see. One tablet, one state: every window of its browser shows the same.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Zoned};
use nightjar::study::Voice;
use nightjar::{Failure, FormView, ReceiptKind, Sitting};
use nightjar_form::Question;
use zeroize::Zeroizing;

use crate::answer::Stood;
use crate::posted::Nonce;
use crate::staff::{Asking, Job, Staff, Today, Work};

/// How many drawn pages may still hand something in.
const PAGES: usize = 32;
/// How long the last page stays when nobody touches it.
const GOODBYE: SignedDuration = SignedDuration::from_mins(1);
/// How often a page that shows how something goes is drawn again.
const GLANCE: SignedDuration = SignedDuration::from_secs(3);

/// What the tablet shows, and to whom.
pub(crate) enum Mode {
    /// Nobody's. What is shown of the start.
    Locked(Start),
    /// Somebody is being asked.
    Held(Box<Held>),
    /// Somebody was being asked when the program ended: the draft, until they say that it is still them.
    Left {
        /// The unfinished answers.
        draft: Draft,
        /// Whether "somebody else" was said, and waits to be confirmed.
        sure: bool,
    },
    /// The words that somebody took with the answers they have just handed in. They are shown once.
    Kept(Box<Kept>),
    /// Somebody came back to the answers they had handed in.
    Own(Box<Own>),
    /// The last page for who has just been asked.
    Ended(Ending),
    /// Somebody of the ward's staff, who has typed the PIN.
    Staff(Box<Staff>),
}

/// Where somebody is who has not begun yet.
pub(crate) enum Start {
    /// Who is holding the tablet?
    Who,
    /// In which role of a voice?
    Role(Voice),
    /// Which form of a role?
    Form(String),
    /// Words from before; those that opened nothing, so that they can be looked at again.
    Words {
        /// As they were typed.
        wrong: Option<Zeroizing<String>>,
    },
    /// What came of the answers: the name of what is read, or the list of all.
    Came(Option<String>),
    /// The PIN of staff; what was wrong with the last one.
    Pin(Option<PinTrouble>),
}

/// Why a PIN opened nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PinTrouble {
    /// None was set on this device.
    NotSet,
    /// It was another; how many seconds the next waits.
    Wrong(u64),
    /// It came too early; how many seconds are left.
    Wait(u64),
}

/// What somebody takes with them.
pub(crate) struct Kept {
    pub(crate) words: Zeroizing<String>,
    pub(crate) kind: ReceiptKind,
    /// Whether they are shown as a picture for a camera.
    pub(crate) picture: bool,
    /// How it ends after that.
    pub(crate) ending: Ending,
}

/// Somebody with the words of their receipt.
pub(crate) struct Own {
    pub(crate) words: Zeroizing<String>,
    /// Whether "take out" was pressed, and waits to be confirmed.
    pub(crate) sure: bool,
}

/// Unfinished answers, without their content.
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) role: String,
    pub(crate) form: FormView,
}

/// Somebody who is being asked.
pub(crate) struct Held {
    pub(crate) role: String,
    pub(crate) form: FormView,
    pub(crate) stage: Stage,
    /// `None` until they said yes.
    pub(crate) sitting: Option<Sitting>,
    /// What was typed and is no answer, by path: shown again with what is wrong.
    pub(crate) typed: BTreeMap<String, Typed>,
    /// What stands in the way of handing in.
    pub(crate) blocked: Option<String>,
    /// Somebody changes one answer from the page of all of them: the paths of what is asked there.
    pub(crate) changing: Option<Vec<String>>,
    /// Nobody touched the tablet for the study's time: answers are hidden. Whether "somebody else" was said.
    pub(crate) covered: Option<bool>,
    /// The words of the receipt of whoever corrects what they had handed in.
    pub(crate) words: Option<Zeroizing<String>>,
    /// The role of staff who write a record of the ward, to whom the tablet goes back.
    pub(crate) staff: Option<String>,
}

/// What was typed into the fields of one question.
pub(crate) struct Typed {
    /// Fields by what follows the question's number.
    pub(crate) fields: BTreeMap<String, String>,
    /// What is wrong, in the person's language.
    pub(crate) wrong: String,
}

/// What somebody who is being asked sees.
pub(crate) enum Stage {
    /// What it is about, and whether they want to.
    Information,
    /// The form's page.
    Asking,
    /// What shall happen to the answers?
    Stopping,
    /// Words to go on later with. The form is locked already.
    Later(String),
    /// Before it is handed in: which words they want to take with them. Whether they stop here.
    Receipt {
        /// Whether they stop before the end.
        stopped: bool,
    },
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Answers were sealed, and nobody here can read them.
    Sealed,
    /// Answers were sealed, and only the words that somebody took open them here.
    SealedForWords,
    /// A record of the ward was stored.
    Stored,
    /// Answers were thrown away.
    Thrown,
    /// They did not want to.
    No,
    /// Perhaps another time.
    NotNow,
    /// Unfinished answers wait for the words that open them.
    Waits,
    /// They did not want to, and staff had asked from their list.
    NoListed,
    /// Perhaps another time, and staff had asked from their list.
    NotNowListed,
    /// What they had handed in was changed.
    Corrected,
    /// Nothing of what they had handed in was changed.
    Unchanged,
    /// What they had handed in was taken out.
    TakenOut,
    /// The same, after the study's tables were made: it is counted in them.
    TakenOutCounted,
}

/// How it looks, for whoever holds the tablet.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Code of the language, as the study's document has it.
    pub(crate) language: String,
    pub(crate) large: bool,
    pub(crate) contrast: bool,
    pub(crate) left: bool,
}

/// What is said once on the next page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The page was an older one.
    Older,
    /// The page was handed in already.
    Twice,
}

/// A page that was drawn and may hand something in.
pub(crate) struct Issued {
    nonce: Nonce,
    /// The turn it shows.
    pub(crate) turn: u64,
    /// The number of the last thing it handed in.
    pub(crate) number: u64,
    /// Its questions, in the order of its fields.
    pub(crate) questions: Vec<Question>,
    /// What stood in these fields when it last handed something in; empty before.
    pub(crate) stood: Vec<Stood>,
}

/// The tablet in somebody's hands.
pub(crate) struct Hands {
    pub(crate) mode: Mode,
    pub(crate) look: Look,
    pub(crate) notice: Option<Notice>,
    /// Somebody wants to talk to someone: what they see is hidden until they come back.
    pub(crate) talking: bool,
    /// Grows with every page that is gone to.
    pub(crate) turn: u64,
    pub(crate) touched: Zoned,
    /// Whom staff have just handed the tablet to, until it is known what came of it.
    pub(crate) asking: Option<Asking>,
    /// What came of asking today. In memory only: for a day it would say too much.
    pub(crate) today: Today,
    /// What goes on beside the pages.
    pub(crate) work: Work,
    issued: VecDeque<Issued>,
    /// The language in which the start is shown.
    language: String,
}

impl Hands {
    pub(crate) fn new(mode: Mode, language: String, now: Zoned) -> Self {
        let look = Look { language: language.clone(), ..Look::default() };
        Self {
            mode,
            look,
            notice: None,
            talking: false,
            turn: 0,
            today: Today::of(now.date()),
            touched: now,
            asking: None,
            work: Work::default(),
            issued: VecDeque::new(),
            language,
        }
    }

    /// Notes a page that is drawn now; gives its name.
    pub(crate) fn issue(&mut self, questions: Vec<Question>) -> Result<Nonce, Failure> {
        let mut nonce = Nonce::default();
        getrandom::fill(&mut nonce).map_err(|error| Failure::Internal(error.to_string()))?;
        if self.issued.len() == PAGES {
            self.issued.pop_front();
        }
        self.issued.push_back(Issued { nonce, turn: self.turn, number: 0, questions, stood: Vec::new() });
        Ok(nonce)
    }

    /// The page of a name, if it may still hand something in.
    pub(crate) fn issued(&mut self, nonce: &Nonce) -> Option<&mut Issued> {
        self.issued.iter_mut().find(|issued| issued.nonce == *nonce)
    }

    /// Goes to another page. Pages drawn before may still hand in answers, but no longer turn a page.
    pub(crate) fn turned(&mut self) {
        self.turn += 1;
    }

    /// Nobody holds the tablet any more: nothing of what they saw, typed or chose is left, and no page drawn before hands
    /// anything in.
    pub(crate) fn release(&mut self, mode: Mode) {
        self.mode = mode;
        self.talking = false;
        // Asked from the list, and nobody knows what came of it.
        self.today.unnoted += u64::from(self.asking.take().is_some());
        self.look = self.first_look();
        self.forget_pages();
        self.turned();
    }

    /// No page drawn before hands anything in.
    pub(crate) fn forget_pages(&mut self) {
        self.issued.clear();
        self.notice = None;
    }

    /// Hides what was left alone for so long.
    pub(crate) fn left_alone(&mut self, now: &Zoned, hide_after: SignedDuration) {
        let alone = now.duration_since(&self.touched);
        let first = self.first_look();
        match &mut self.mode {
            Mode::Held(held) if alone >= hide_after && held.covered.is_none() => match held.sitting {
                // Nothing was answered, or what was answered is locked already.
                None => self.release(Mode::Locked(Start::Who)),
                // What staff have begun to write waits behind their PIN, what somebody corrects behind their words.
                Some(_) if held.staff.is_some() || held.words.is_some() => {
                    self.release(Mode::Locked(Start::Who));
                }
                Some(_) if matches!(held.stage, Stage::Later(_)) => self.release(Mode::Locked(Start::Who)),
                Some(_) => {
                    held.covered = Some(false);
                    held.typed.clear();
                    self.look = Look { language: self.look.language.clone(), ..Look::default() };
                    self.forget_pages();
                    self.turned();
                }
            },
            Mode::Held(held) if alone >= hide_after && held.words.is_some() => {
                self.release(Mode::Locked(Start::Who));
            }
            Mode::Kept(_) | Mode::Own(_) | Mode::Staff(_) if alone >= hide_after => {
                self.release(Mode::Locked(Start::Who));
            }
            Mode::Ended(_) if alone >= GOODBYE => self.release(Mode::Locked(Start::Who)),
            Mode::Locked(Start::Who) if alone >= GOODBYE && self.look != first => {
                let asking = self.asking.take().filter(|_| alone < hide_after);
                self.release(Mode::Locked(Start::Who));
                self.asking = asking;
            }
            // Whoever comes now is not the one whom staff had handed it to.
            Mode::Locked(Start::Who) if alone >= hide_after && self.asking.is_some() => {
                self.release(Mode::Locked(Start::Who));
            }
            Mode::Locked(Start::Role(_) | Start::Form(_) | Start::Pin(_)) if alone >= GOODBYE => {
                self.release(Mode::Locked(Start::Who));
            }
            // Who reads twelve words from paper, or types them with a switch, needs longer than a minute. So does who reads what came of it.
            Mode::Locked(Start::Words { .. } | Start::Came(_)) if alone >= hide_after => {
                self.release(Mode::Locked(Start::Who));
            }
            _ => {}
        }
    }

    /// Seconds after which the page on display is to be looked at again when nobody touches it.
    pub(crate) fn patience(&self, hide_after: SignedDuration) -> u64 {
        let patience = match &self.mode {
            // Something goes on that is looked at.
            Mode::Staff(staff) if staff.watches() && self.work.goes_on() => GLANCE,
            Mode::Own(_) if matches!(self.work.now(), Job::Looking) => GLANCE,
            Mode::Held(_) | Mode::Left { .. } | Mode::Kept(_) | Mode::Own(_) | Mode::Staff(_) => hide_after,
            Mode::Locked(Start::Words { .. } | Start::Came(_)) => hide_after,
            Mode::Locked(_) | Mode::Ended(_) => GOODBYE,
        };
        patience.as_secs().max(1).unsigned_abs()
    }

    fn first_look(&self) -> Look {
        Look { language: self.language.clone(), ..Look::default() }
    }
}

impl Held {
    /// Somebody in a role, before the information page.
    pub(crate) fn new(role: String, form: FormView) -> Self {
        Self {
            role,
            form,
            stage: Stage::Information,
            sitting: None,
            typed: BTreeMap::new(),
            blocked: None,
            changing: None,
            covered: None,
            words: None,
            staff: None,
        }
    }
}
