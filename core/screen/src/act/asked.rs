//! Somebody is asked: told what it is about, asked, and done.

use nightjar::study::Voice;
use nightjar::{AskState, BeginRequest, EncounterRequest, Failure, FinishedView, ReceiptKind, Sitting};
use nightjar_form::{Page, Question};
use zeroize::Zeroizing;

use super::Acting;
use super::start::{spoken, unfinished};
use crate::hands::{Ending, Kept, Mode, Stage, Start};
use crate::staff::{Asking, Said, Staff};

impl Acting<'_> {
    /// What somebody does who is being asked, on whatever page of it.
    pub(super) fn held(
        &mut self,
        name: &str,
        of: &str,
        questions: &[Question],
        wrong: bool,
    ) -> Result<(), Failure> {
        let Mode::Held(held) = &self.hands.mode else { return Ok(()) };
        if held.covered.is_some() {
            return self.covered(name);
        }
        match held.stage {
            Stage::Information => self.information(name),
            Stage::Asking => self.asking(name, of, questions, wrong),
            Stage::Stopping => self.stopping(name),
            Stage::Receipt { stopped } => self.receipt(name, stopped),
            Stage::Later(_) => {
                if name == "done" {
                    self.end(Ending::Waits);
                }
                Ok(())
            }
        }
    }

    fn information(&mut self, name: &str) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        match name {
            "yes" => {
                let language = spoken(&held.form.languages, &self.hands.look.language);
                let sitting = self.tablet.begin(BeginRequest {
                    form_id: held.form.form_id.clone(),
                    role: held.role.clone(),
                    ward: self.place.ward.clone(),
                    language,
                })?;
                held.sitting = Some(sitting);
                held.stage = Stage::Asking;
                self.hands.turned();
                self.came_of_it(AskState::Yes);
            }
            // Who presses Stop here has not said no.
            "not-now" | "stop" => {
                let listed = self.came_of_it(AskState::NotToday);
                self.end(if listed { Ending::NotNowListed } else { Ending::NotNow });
            }
            "no" => {
                let listed = self.came_of_it(AskState::No);
                self.end(if listed { Ending::NoListed } else { Ending::No });
            }
            "home" => self.hands.release(Mode::Locked(Start::Who)),
            _ => {}
        }
        Ok(())
    }

    /// Counts what came of asking and, where staff had asked from their list, writes it down there and as a record. Whoever is asked waits
    /// for none of it: what could not be written down is said to staff. Whether it was written on their list.
    fn came_of_it(&mut self, state: AskState) -> bool {
        let Mode::Held(held) = &self.hands.mode else { return false };
        if held.form.kind != "response" {
            return false;
        }
        let voice = self
            .tablet
            .pack()
            .ok()
            .and_then(|pack| pack.study().role(&held.role).map(|role| role.voice.code().to_owned()));
        let asking = self.hands.asking.take();
        self.today().said(state);
        let Some(Asking { label, role }) = asking else { return false };
        if voice.as_deref() == Some(Voice::Staff.code()) {
            // Somebody else has it than whom it was handed to.
            self.today().unnoted += 1;
            return false;
        }
        let outcome = match state {
            AskState::Yes | AskState::NotYet => "yes",
            AskState::No | AskState::DoNotAskAgain => "no",
            AskState::NotToday => "not_today",
        };
        // The list first: what is on it is not asked again, even if the record could not be written.
        let marked = self.tablet.mark_asked(&self.place.ward, &label, state);
        let noted = self.tablet.encounter(&EncounterRequest {
            ward: self.place.ward.clone(),
            role,
            about: voice.unwrap_or_default(),
            outcome: outcome.to_owned(),
            reason: None,
        });
        if noted.is_err() || marked.is_err() {
            self.today().unnoted += 1;
        }
        marked.is_ok()
    }

    fn asking(&mut self, name: &str, of: &str, questions: &[Question], wrong: bool) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        let path = of.parse::<usize>().ok().and_then(|at| questions.get(at)).map(|question| &question.path);
        match (name, path) {
            // Something on the page is no answer yet: it stays, and says so.
            ("next", _) if wrong => return Ok(()),
            ("next" | "back", _) if held.changing.is_some() => {
                // Back to all answers, unless what was changed brought something up that was not asked before.
                let before = held.changing.take().unwrap_or_default();
                let all = sitting.go_to("")?.questions;
                let new = all.iter().map(|question| &question.path).find(|path| !before.contains(path));
                if let Some(path) = new.filter(|_| name == "next") {
                    sitting.go_to(path)?;
                    held.changing = Some(all.iter().map(|question| question.path.clone()).collect());
                }
            }
            ("next", _) => drop(sitting.next()?),
            ("back", _) => drop(sitting.back()?),
            ("go", Some(path)) => {
                held.changing = Some(questions.iter().map(|question| question.path.clone()).collect());
                sitting.go_to(path)?;
            }
            ("clear", Some(path)) => drop(sitting.answer(path, None)?),
            ("add", _) => repeat(&sitting.page()?, sitting)?,
            ("stop", _) => held.stage = Stage::Stopping,
            ("finish", _) => return self.finish(),
            _ => return Ok(()),
        }
        // What was typed on the page before says nothing on the next.
        if name != "clear" {
            held.typed.clear();
        }
        self.hands.turned();
        Ok(())
    }

    /// Hands in, if nothing stands in the way; whoever said something about themselves chooses before what they take with them.
    fn finish(&mut self) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        if let Err(Failure::Invalid(why)) = sitting.check() {
            held.blocked = Some(why);
            return Ok(());
        }
        if let Some(words) = held.words.clone() {
            return self.hand_in_correction(&words);
        }
        if held.form.kind == "response" {
            held.stage = Stage::Receipt { stopped: false };
            self.hands.turned();
            return Ok(());
        }
        match sitting.finish() {
            Ok(finished) => self.finished(finished, None, false),
            Err(Failure::Invalid(why)) => {
                held.blocked = Some(why);
                return Ok(());
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    fn receipt(&mut self, name: &str, stopped: bool) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        let kind = match name {
            "without" => None,
            "take-out" => Some(ReceiptKind::TakeOut),
            "read" => Some(ReceiptKind::Read),
            "back" | "stop" => {
                held.stage = if name == "stop" || stopped { Stage::Stopping } else { Stage::Asking };
                self.hands.turned();
                return Ok(());
            }
            _ => return Ok(()),
        };
        let (finished, kept) = match (kind, stopped) {
            (None, false) => (sitting.finish()?, None),
            (None, true) => (sitting.stop_keeping()?, None),
            (Some(kind), false) => with(sitting.finish_with(kind)?, kind),
            (Some(kind), true) => with(sitting.stop_keeping_with(kind)?, kind),
        };
        self.finished(finished, kept, stopped);
        Ok(())
    }

    /// It is handed in: from here on nothing of it is on the screen but the words, where somebody took some.
    fn finished(
        &mut self,
        finished: FinishedView,
        kept: Option<(Zeroizing<String>, ReceiptKind)>,
        stopped: bool,
    ) {
        let reads = kept.as_ref().is_some_and(|(_, kind)| *kind == ReceiptKind::Read);
        let ending = match (finished.readable, reads) {
            (true, _) => Ending::Stored,
            (false, true) => Ending::SealedForWords,
            (false, false) => Ending::Sealed,
        };
        if let Mode::Held(held) = &self.hands.mode
            && let Some(role) = held.staff.clone()
        {
            self.back_to_staff(role, Said::Stored);
            return;
        }
        match stopped {
            true => self.today().stopped += 1,
            false => self.today().finished += 1,
        }
        self.end(ending);
        if let Some((words, kind)) = kept {
            self.hands.mode = Mode::Kept(Box::new(Kept { words, kind, picture: false, ending }));
        }
    }

    /// The words that somebody takes with them.
    pub(super) fn kept(&mut self, name: &str) {
        let Mode::Kept(kept) = &mut self.hands.mode else { return };
        match name {
            "picture" => kept.picture = !kept.picture,
            "done" => {
                let ending = kept.ending;
                self.end(ending);
                return;
            }
            _ => return,
        }
        self.hands.turned();
    }

    fn hand_in_correction(&mut self, words: &str) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        match sitting.finish_correction(words) {
            Ok(true) => self.end(Ending::Corrected),
            Ok(false) => self.end(Ending::Unchanged),
            Err(Failure::Invalid(why)) => held.blocked = Some(why),
            Err(failure) => return Err(failure),
        }
        Ok(())
    }

    fn stopping(&mut self, name: &str) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        match name {
            "keep" if sitting.corrects() => {}
            "keep" if held.form.kind == "response" => {
                held.stage = Stage::Receipt { stopped: true };
                self.hands.turned();
            }
            "keep" => {
                let finished = sitting.stop_keeping()?;
                self.finished(finished, None, true);
            }
            "throw" => {
                let corrects = sitting.corrects();
                sitting.throw_away()?;
                match held.staff.clone() {
                    Some(role) => self.back_to_staff(role, Said::Thrown),
                    None if corrects => self.end(Ending::Unchanged),
                    None => {
                        self.today().stopped += 1;
                        self.end(Ending::Thrown);
                    }
                }
            }
            "leave" => {
                if let Some(role) = held.staff.clone() {
                    self.back_to_staff(role, Said::Waiting);
                }
            }
            "later" if held.form.kind == "response" && !sitting.corrects() => {
                let words = sitting.take_words()?;
                // Locked before they are shown: whatever happens then, only they open it.
                // Whatever becomes of that, they are not lost.
                held.stage = Stage::Later(words);
                held.sitting = None;
                self.tablet.hand_over()?;
                self.hands.forget_pages();
                self.hands.turned();
            }
            "on" => {
                held.stage = Stage::Asking;
                self.hands.turned();
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether it is still the same person, after nobody touched the tablet for a while.
    fn covered(&mut self, name: &str) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        match name {
            "me" => {
                held.covered = None;
            }
            "other" => held.covered = Some(true),
            "leave" => held.covered = Some(false),
            "throw" if held.covered == Some(true) => {
                if let Some(sitting) = &held.sitting {
                    let corrects = sitting.corrects();
                    sitting.throw_away()?;
                    self.today().stopped += u64::from(!corrects);
                }
                return self.next_left();
            }
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }

    /// The same after the program had ended.
    pub(super) fn left(&mut self, name: &str) -> Result<(), Failure> {
        let Mode::Left { draft, sure } = &mut self.hands.mode else { return Ok(()) };
        match name {
            "me" => {
                let sitting = self.tablet.resume(&draft.id)?;
                let (role, form) = (draft.role.clone(), draft.form.clone());
                self.hands.mode = self.come_back(sitting, role, form)?;
            }
            "other" => *sure = true,
            "leave" => *sure = false,
            "throw" if *sure => {
                // Not opened first: what cannot be opened any more could never be thrown away.
                let id = draft.id.clone();
                self.tablet.throw_away(&id)?;
                self.today().stopped += 1;
                return self.next_left();
            }
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }

    /// The next unfinished answers that nobody holds, or the start.
    fn next_left(&mut self) -> Result<(), Failure> {
        let mode = unfinished(self.tablet, self.place)?;
        self.hands.release(mode);
        Ok(())
    }

    fn back_to_staff(&mut self, role: String, said: Said) {
        self.hands.release(Mode::Staff(Box::new(Staff::home(role, Some(said)))));
    }
}

fn with(
    (finished, words): (FinishedView, Zeroizing<String>),
    kind: ReceiptKind,
) -> (FinishedView, Option<(Zeroizing<String>, ReceiptKind)>) {
    (finished, Some((words, kind)))
}

fn repeat(page: &Page, sitting: &Sitting) -> Result<(), Failure> {
    match &page.repeat {
        Some(repeat) => sitting.add_repeat(&repeat.path).map(drop),
        None => Ok(()),
    }
}
