//! The pages of one form: answering, going back, skipping, stopping, talking to someone, handing over, checking.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use nightjar::{InformationView, Sitting, Tablet};
use nightjar_form::{ItemKind, Page, Question};

use super::desk::KEYS;
use super::shown;
use super::talk::Talk;
use super::typed::{self, Typed};
use crate::trouble::Trouble;

/// How a form was left.
pub(super) enum Ended {
    /// Finished, stopped or thrown away.
    Done,
    /// Nobody types any more; the draft waits.
    InputClosed,
}

/// What follows a line typed at a question.
enum Then {
    /// The next question of the page.
    On,
    /// Draw the page that is now on display.
    Redraw,
    /// Leave the form.
    Leave(Ended),
}

/// A form on display.
pub(super) struct Pages<'a, R, W> {
    pub(super) tablet: &'a Tablet,
    pub(super) sitting: &'a Sitting,
    pub(super) ward: &'a str,
    /// The languages the form can be asked in.
    pub(super) languages: &'a [String],
    pub(super) texts: InformationView,
    pub(super) talk: &'a mut Talk<R, W>,
}

impl<R: BufRead, W: Write> Pages<'_, R, W> {
    /// Turns pages until the form is left.
    pub(super) fn turn(&mut self) -> Result<Ended, Trouble> {
        self.talk.say(&format!("\n{KEYS}"))?;
        loop {
            let page = self.sitting.page()?;
            let then = if page.check { self.check(&page)? } else { self.show(&page)? };
            match then {
                Then::Leave(ended) => return Ok(ended),
                Then::Redraw => {}
                Then::On => {
                    self.sitting.next()?;
                }
            }
        }
    }

    fn show(&mut self, page: &Page) -> Result<Then, Trouble> {
        self.talk.say(&shown::place(page))?;
        if page.questions.is_empty() {
            return self.end_of_repeat(page);
        }
        // An answer can add questions to its own page and take others away.
        let mut asked = BTreeSet::new();
        let mut page = page.clone();
        while let Some(question) = page.questions.iter().find(|question| !asked.contains(&question.path)) {
            asked.insert(question.path.clone());
            match self.ask(question)? {
                Then::On => {}
                then => return Ok(then),
            }
            page = self.sitting.page()?;
            if page.check || !page.questions.iter().any(|question| asked.contains(&question.path)) {
                return Ok(Then::Redraw);
            }
        }
        Ok(Then::On)
    }

    /// The page after the last of several: one more, or on.
    fn end_of_repeat(&mut self, page: &Page) -> Result<Then, Trouble> {
        let Some(repeat) = &page.repeat else { return Ok(Then::On) };
        let question = format!("{}: there are {}.", repeat.label, repeat.count);
        match self.talk.choose(&question, &["Add one more".into(), "Go on".into()])? {
            Some(0) => {
                self.sitting.add_repeat(&repeat.path)?;
                Ok(Then::Redraw)
            }
            Some(_) => Ok(Then::On),
            None => self.back(),
        }
    }

    fn ask(&mut self, question: &Question) -> Result<Then, Trouble> {
        let mut words = shown::question(question, &self.texts.above_free_text);
        loop {
            self.talk.say(&words)?;
            let Some(typed) = self.talk.ask("")? else { return Ok(Then::Leave(Ended::InputClosed)) };
            let said = match typed {
                Typed::Words(said) => said,
                Typed::Nothing if question.value.is_some() || !question.kind.is_asked() => {
                    return Ok(Then::On);
                }
                Typed::Nothing => {
                    words = "Type your answer, or s to skip.".into();
                    continue;
                }
                Typed::Skip if question.required && question.kind.is_asked() => {
                    words = "This one is needed to go on. You can also stop.".into();
                    continue;
                }
                Typed::Skip => {
                    if question.value.is_some() && !question.read_only {
                        self.sitting.answer(&question.path, None)?;
                    }
                    return Ok(Then::On);
                }
                other => return self.other(&other),
            };
            if question.kind == ItemKind::Note || question.read_only {
                return Ok(Then::On);
            }
            match typed::answer(question, &said) {
                Err(how) => words = how,
                Ok(value) => match self.sitting.answer(&question.path, Some(value)) {
                    Ok(outcome) => {
                        match outcome.problems.into_iter().find(|problem| problem.path == question.path) {
                            Some(problem) => words = format!("! {}", problem.text),
                            None => return Ok(Then::On),
                        }
                    }
                    Err(nightjar::Failure::Invalid(how)) => words = format!("! {how}"),
                    Err(failure) => return Err(failure.into()),
                },
            }
        }
    }

    /// What can be typed on every page.
    fn other(&mut self, typed: &Typed) -> Result<Then, Trouble> {
        match typed {
            Typed::Back => self.back(),
            Typed::Stop => self.stop(),
            Typed::Help => self.talk_to_someone(),
            Typed::HandOver => self.hand_over(),
            Typed::Language => self.language(),
            Typed::Skip | Typed::Nothing | Typed::Words(_) => Ok(Then::Redraw),
        }
    }

    fn back(&mut self) -> Result<Then, Trouble> {
        self.sitting.back()?;
        Ok(Then::Redraw)
    }

    fn stop(&mut self) -> Result<Then, Trouble> {
        let lines = ["Keep what I have said so far".into(), "Throw it away".into(), "Go on answering".into()];
        match self.talk.choose("You want to stop. What shall happen to your answers?", &lines)? {
            Some(0) => {
                match self.sitting.stop_keeping() {
                    Ok(_) => {}
                    Err(nightjar::Failure::Invalid(why)) => {
                        self.talk.say(&format!("It cannot be kept like this: {why}"))?;
                        return Ok(Then::Redraw);
                    }
                    Err(failure) => return Err(failure.into()),
                }
                self.talk.clear()?;
                self.talk.say("Thank you. What you said is kept and sealed.")?;
            }
            Some(1) => {
                self.sitting.throw_away()?;
                self.talk.clear()?;
                self.talk.say("Your answers are thrown away. Nothing was kept.")?;
            }
            _ => return Ok(Then::Redraw),
        }
        Ok(Then::Leave(Ended::Done))
    }

    /// Hides the answers, counts that someone wanted to talk, and nothing else.
    fn talk_to_someone(&mut self) -> Result<Then, Trouble> {
        self.talk.clear()?;
        let words = match self.texts.talk_to_someone.as_str() {
            "" => "Please take this tablet to a member of staff.".to_owned(),
            words => words.to_owned(),
        };
        self.talk.say(&words)?;
        self.tablet.talk_to_someone(self.ward)?;
        match self.talk.wait("Press Enter to go on answering")? {
            true => Ok(Then::Redraw),
            false => Ok(Then::Leave(Ended::InputClosed)),
        }
    }

    fn hand_over(&mut self) -> Result<Then, Trouble> {
        self.talk.clear()?;
        let others;
        let lines = [
            "Words, so that I can go on later on this tablet".into(),
            "Throw my answers away".into(),
            "Go on answering".into(),
        ];
        let question =
            "The tablet goes to somebody else. Nobody can read what you answered. What do you want?";
        match self.talk.choose(question, &lines)? {
            Some(0) => {
                let words = self.sitting.take_words()?;
                // Locked before they are shown: whatever happens then, only they open it.
                others = self.tablet.hand_over()?.stopped;
                self.talk.say(&format!("\n    {words}\n"))?;
                let written =
                    "Write them down: only they open your answers, on this tablet. Then press Enter";
                if !self.talk.wait(written)? {
                    return Ok(Then::Leave(Ended::InputClosed));
                }
                self.talk.clear()?;
            }
            Some(1) => {
                self.sitting.throw_away()?;
                others = self.tablet.hand_over()?.stopped;
                self.talk.clear()?;
                self.talk.say("Your answers are thrown away. Nothing was kept.")?;
            }
            _ => return Ok(Then::Redraw),
        }
        if others > 0 {
            self.talk.say("What others had left unfinished on this tablet is thrown away as well.")?;
        }
        self.talk.say("The tablet is ready for the next person.")?;
        Ok(Then::Leave(Ended::Done))
    }

    fn language(&mut self) -> Result<Then, Trouble> {
        if let Some(at) = self.talk.choose("Which language?", self.languages)? {
            self.sitting.language(&self.languages[at])?;
            self.texts = self.tablet.information(&self.languages[at])?;
        }
        Ok(Then::Redraw)
    }

    fn check(&mut self, page: &Page) -> Result<Then, Trouble> {
        self.talk.say(&shown::check(page))?;
        let asked: Vec<&Question> =
            page.questions.iter().filter(|question| question.kind.is_asked()).collect();
        let words =
            format!("\nEnter hands it in. 1 to {} changes an answer. b back, stop, help.\n", asked.len());
        let Some(typed) = self.talk.ask(&words)? else { return Ok(Then::Leave(Ended::InputClosed)) };
        match typed {
            Typed::Nothing => self.finish(),
            Typed::Words(number) => {
                let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                match at.and_then(|at| asked.get(at)) {
                    Some(question) => {
                        self.sitting.go_to(&question.path)?;
                    }
                    None => self.talk.say("Press Enter to hand it in, or type the number of an answer.")?,
                }
                Ok(Then::Redraw)
            }
            other => self.other(&other),
        }
    }

    fn finish(&mut self) -> Result<Then, Trouble> {
        match self.sitting.finish() {
            Ok(finished) => {
                self.talk.clear()?;
                self.talk.say(if finished.readable {
                    "Thank you. It is saved as a ward record."
                } else {
                    "Thank you. Your answers are sealed; nobody on this ward can open them."
                })?;
                let differs = |conflict: &nightjar::ConflictView| conflict.record == finished.record;
                if finished.readable && self.tablet.conflicts()?.iter().any(differs) {
                    self.talk.say(
                        "There was a record of this already, and it says otherwise. Both are kept until somebody settles it.",
                    )?;
                }
                Ok(Then::Leave(Ended::Done))
            }
            Err(nightjar::Failure::Invalid(problems)) => {
                self.talk.say(&format!("Not yet: {problems}"))?;
                Ok(Then::Redraw)
            }
            Err(failure) => Err(failure.into()),
        }
    }
}
