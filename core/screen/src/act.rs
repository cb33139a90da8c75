//! What each button does: here what is the same on every page, in the rooms below what follows from where somebody is.

mod asked;
mod own;
mod staff;
mod start;

use std::collections::BTreeMap;

use nightjar::{Failure, Tablet};
use nightjar_form::Question;

use crate::answer::{self, Found, Stood};
use crate::hands::{Ending, Hands, Mode, Notice, Start, Typed};
use crate::posted::Posted;
use crate::screen::Place;
use crate::staff::Today;
use crate::texts::{Texts, filled};

pub(crate) use staff::{conflicts, records, roles as staff_roles, unfinished as unfinished_records};
use start::spoken;
pub(crate) use start::{forms, roles, unfinished};

/// What follows an act.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The page on display, drawn anew.
    Draw,
    /// Nothing: the page stays as it is.
    Stay,
    /// The page that handed in is out of date: draw anew.
    Gone,
}

/// What became of a page's answers.
#[derive(Default)]
struct Taken {
    /// Something is no answer.
    wrong: bool,
    /// The page has other questions now.
    other_questions: bool,
}

/// A tablet and what it shows.
pub(crate) struct Acting<'a> {
    pub(crate) tablet: &'a Tablet,
    pub(crate) place: &'a Place,
    pub(crate) hands: &'a mut Hands,
}

impl Acting<'_> {
    /// Takes what a page handed in.
    pub(crate) fn take(&mut self, posted: &Posted) -> Result<Then, Failure> {
        let quiet = matches!(posted.act.as_str(), "save" | "here");
        let turn = self.hands.turn;
        let Some(issued) = self.hands.issued(&posted.page) else {
            self.hands.notice = (!quiet).then_some(Notice::Older);
            return Ok(Then::Gone);
        };
        if posted.number <= issued.number {
            // The same again, or one that was overtaken.
            self.hands.notice = (!quiet).then_some(Notice::Twice);
            return Ok(if quiet { Then::Stay } else { Then::Gone });
        }
        issued.number = posted.number;
        let of_now = issued.turn == turn;
        let mut questions = issued.questions.clone();
        let now = (0..questions.len()).map(|at| Stood::now(at, posted)).collect();
        let stood = if posted.act == "here" { Vec::new() } else { std::mem::replace(&mut issued.stood, now) };
        self.hands.touched = self.tablet.clock().now();
        if posted.act == "here" {
            return Ok(Then::Stay);
        }
        let taken = self.answers(&mut questions, posted, quiet, &stood);
        // What this page has handed in counts as drawn: the same again changes nothing, however late it comes.
        if let Some(issued) = self.hands.issued(&posted.page) {
            issued.questions.clone_from(&questions);
        }
        let taken = match taken {
            // Whoever wants to stop or to talk is not kept from it by a disk.
            Err(_) if is_always(&posted.act) => Taken::default(),
            taken => taken?,
        };
        if quiet {
            return Ok(if taken.other_questions && of_now { Then::Gone } else { Then::Stay });
        }
        let wrong = taken.wrong || (taken.other_questions && posted.act == "next");
        match of_now || is_always(&posted.act) {
            true => self.act(&posted.act, &questions, wrong, posted)?,
            // What was answered is kept; the page turns only once.
            false => self.hands.notice = Some(Notice::Older),
        }
        Ok(Then::Draw)
    }

    fn texts(&self) -> &'static Texts {
        Texts::of(&self.hands.look.language)
    }

    /// Takes the answers of a page that differ from what it was drawn with. What is still being typed is not judged.
    fn answers(
        &mut self,
        questions: &mut [Question],
        posted: &Posted,
        typing: bool,
        stood: &[Stood],
    ) -> Result<Taken, Failure> {
        let texts = self.texts();
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(Taken::default()) };
        let (Some(sitting), None, false) = (&held.sitting, held.covered, questions.is_empty()) else {
            return Ok(Taken::default());
        };
        let paths = |questions: &[Question]| -> Vec<String> {
            questions.iter().map(|question| question.path.clone()).collect()
        };
        // Worked out only where something is answered: a page that was saved before it is turned asks for nothing more.
        let mut before = None;
        let mut wrong = BTreeMap::new();
        let mut failed = None;
        for (at, question) in questions.iter_mut().enumerate() {
            let value = match answer::read(question, at, posted, texts, stood.get(at)) {
                Found::Nothing => continue,
                Found::Wrong(why) => {
                    wrong.insert(question.path.clone(), typed(posted, at, why));
                    continue;
                }
                Found::Answer(value) if value == question.value => continue,
                Found::Answer(value) => value,
            };
            if before.is_none() {
                before = Some(paths(&sitting.page()?.questions));
            }
            match sitting.answer(&question.path, value.clone()) {
                Ok(_) => question.value = value,
                Err(Failure::Invalid(why)) => {
                    let why = filled(&texts.error_refused, &[("why", &why)]);
                    wrong.insert(question.path.clone(), typed(posted, at, why));
                }
                // Nothing that was typed is lost for it: it is shown again.
                Err(failure) => {
                    wrong.insert(question.path.clone(), typed(posted, at, String::new()));
                    failed = failed.or(Some(failure));
                }
            }
        }
        if let Some(failure) = failed {
            held.typed = wrong;
            return Err(failure);
        }
        let mut other_questions = false;
        if let Some(before) = before {
            let now = paths(&sitting.page()?.questions);
            // What an answer took off the page is not in the way of going on.
            if before == paths(questions) {
                wrong.retain(|path, _| now.contains(path));
            }
            other_questions = now != before;
        }
        let taken = Taken { wrong: !wrong.is_empty(), other_questions };
        held.typed = if typing { BTreeMap::new() } else { wrong };
        held.blocked = None;
        Ok(taken)
    }

    fn act(
        &mut self,
        act: &str,
        questions: &[Question],
        wrong: bool,
        posted: &Posted,
    ) -> Result<(), Failure> {
        let (name, of) = act.split_once(':').unwrap_or((act, ""));
        if self.looks(name, of)? {
            return Ok(());
        }
        if self.hands.talking || name == "talk" {
            return self.talk(name);
        }
        match &self.hands.mode {
            Mode::Locked(_) => self.start(name, of, posted),
            Mode::Left { .. } => self.left(name),
            Mode::Held(_) => self.held(name, of, questions, wrong),
            Mode::Kept(_) => {
                self.kept(name);
                Ok(())
            }
            Mode::Own(_) => self.own(name),
            Mode::Staff(_) => self.staff(name, of, posted),
            Mode::Ended(_) => {
                if name == "done" {
                    self.hands.release(Mode::Locked(Start::Who));
                }
                Ok(())
            }
        }
    }

    /// Today's numbers.
    fn today(&mut self) -> &mut Today {
        let now = self.tablet.clock().now();
        self.hands.today.on(now.date())
    }

    /// Language and look, on every page.
    fn looks(&mut self, name: &str, of: &str) -> Result<bool, Failure> {
        let look = &mut self.hands.look;
        match name {
            "large" => look.large = of == "on",
            "contrast" => look.contrast = of == "on",
            "left" => look.left = of == "on",
            "language" => {
                let pack = self.place.pack(self.tablet)?;
                if pack.study().wordings.iter().any(|wording| wording.language == of) {
                    look.language = of.to_owned();
                    if let Mode::Held(held) = &self.hands.mode
                        && let Some(sitting) = &held.sitting
                        && let Some(name) = spoken(&sitting.languages()?, of)
                    {
                        sitting.language(&name)?;
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Hides everything and counts that somebody wanted to talk, and nothing else.
    pub(crate) fn wants_to_talk(&mut self) {
        self.hands.talking = true;
        self.hands.turned();
        // It is counted where it can be; the message is there in any case.
        let _ = self.tablet.talk_to_someone(&self.place.ward);
    }

    /// The same, or shows it again.
    fn talk(&mut self, name: &str) -> Result<(), Failure> {
        match (name, self.hands.talking) {
            ("talk", false) => self.wants_to_talk(),
            ("again", true) => {
                self.hands.talking = false;
                // Whoever helped may hold it now: they are not shown what was answered.
                if let Mode::Held(held) = &mut self.hands.mode
                    && held.sitting.is_some()
                    && held.covered.is_none()
                {
                    held.covered = Some(false);
                }
            }
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }

    /// The last page: from here on nothing of the person is left.
    fn end(&mut self, ending: Ending) {
        let look = self.hands.look.clone();
        self.hands.release(Mode::Ended(ending));
        // Their last page is still in their language.
        self.hands.look = look;
    }
}

/// What may be pressed on a page of before, too: it loses nothing.
fn is_always(act: &str) -> bool {
    matches!(act, "stop" | "talk")
}

/// The fields of a question as they were typed.
fn typed(posted: &Posted, at: usize, wrong: String) -> Typed {
    let names = ["", "d", "m", "y", "h", "i"].map(str::to_owned).into_iter();
    let names = names.chain((0..20).map(|place| format!("r{place}")));
    let fields = names.filter_map(|name| Some((name.clone(), posted.one(&format!("q{at}{name}"))?)));
    Typed { fields: fields.collect(), wrong }
}
