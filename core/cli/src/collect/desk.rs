//! From picking the tablet up to putting it down: who, where, which form, the information page, an unfinished draft.

use std::io::{BufRead, Write};

use nightjar::{BeginRequest, DraftView, FormView, Sitting, Tablet};

use super::pages::{Ended, Pages};
use super::shown;
use super::talk::Talk;
use super::typed::Typed;
use crate::trouble::Trouble;

/// The help line under every question.
pub(super) const KEYS: &str =
    "Type the number or your answer. b back, s skip, stop, help = talk to someone now, language, hand over.";

/// What is to be done next.
enum Next {
    Begin { form: FormView, role: String, ward: String },
    Words,
}

/// A tablet in someone's hands.
pub(super) struct Desk<'a, R, W> {
    tablet: &'a Tablet,
    talk: Talk<R, W>,
    goodbye: &'static str,
}

impl<'a, R: BufRead, W: Write> Desk<'a, R, W> {
    pub(super) fn new(tablet: &'a Tablet, talk: Talk<R, W>, goodbye: &'static str) -> Self {
        Desk { tablet, talk, goodbye }
    }

    /// Asks until nobody wants to go on.
    pub(super) fn open(mut self) -> Result<(), Trouble> {
        let status = self.tablet.status()?;
        let Some(study) = status.study else {
            return Err(Trouble::Given(
                "this tablet has not joined a study; use `nightjar tablet join`, or try `nightjar collect --practice`"
                    .into(),
            ));
        };
        self.tablet.may_collect()?;
        self.talk.say(&format!("\n{study}  ({})", status.label))?;
        self.resume()?;
        while let Some(next) = self.next()? {
            let ended = match next {
                Next::Begin { form, role, ward } => self.ask(&form, role, ward)?,
                Next::Words => self.with_words()?,
            };
            if matches!(ended, Ended::InputClosed) {
                break;
            }
        }
        self.talk.say(self.goodbye)
    }

    /// Opens the form whose words somebody has.
    fn with_words(&mut self) -> Result<Ended, Trouble> {
        let Some(Typed::Words(words)) = self.talk.ask("Your words")? else { return Ok(Ended::Done) };
        match self.tablet.resume_with_words(&words) {
            Ok(sitting) => {
                let id = sitting.id();
                let draft = self.tablet.drafts()?.into_iter().find(|draft| draft.id == id);
                self.go_on(&draft.ok_or_else(|| Trouble::Given("the form is gone".into()))?)
            }
            Err(failure) => {
                self.talk.say(&failure.to_string())?;
                Ok(Ended::Done)
            }
        }
    }

    /// Goes on with a draft, in the newest version of its form if the person says so.
    fn go_on(&mut self, draft: &DraftView) -> Result<Ended, Trouble> {
        if draft.other_version && !self.moves(&draft.id)? {
            return Ok(Ended::Done);
        }
        let sitting = self.tablet.resume(&draft.id)?;
        self.answer(&sitting, &draft.ward, &draft.form_id)
    }

    /// Offers what was left unfinished, as after a flat battery.
    fn resume(&mut self) -> Result<(), Trouble> {
        let pack = self.tablet.pack()?;
        for draft in self.tablet.drafts()?.into_iter().filter(|draft| !draft.locked) {
            let Some(form) = self.tablet.forms()?.into_iter().find(|form| form.form_id == draft.form_id)
            else {
                continue;
            };
            let question = format!(
                "\"{}\" on ward {} was not finished on this tablet. Is it still you?",
                form.title,
                pack.study().ward(&draft.ward).map_or(draft.ward.as_str(), |ward| &ward.name)
            );
            let lines =
                ["Yes, go on where I was".into(), "No: throw it away, so that nobody reads it".into()];
            match self.talk.choose(&question, &lines)? {
                Some(0) => {
                    if matches!(self.go_on(&draft)?, Ended::InputClosed) {
                        return Ok(());
                    }
                }
                Some(1) => {
                    let lines = ["Throw it away".into(), "Leave it".into()];
                    if self.talk.choose("This cannot be undone.", &lines)? == Some(0) {
                        self.tablet.resume(&draft.id)?.throw_away()?;
                        self.talk.say("It is thrown away.")?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Offers to go on in the newest version of the form; false at the end of input. What does not come along is said
    /// first.
    fn moves(&mut self, draft: &str) -> Result<bool, Trouble> {
        let moved = match self.tablet.check_move(draft) {
            Ok(moved) => moved,
            // It goes on in the version it was begun with.
            Err(_) => return Ok(true),
        };
        self.talk.say(&shown::moving(&moved))?;
        let lines = ["Go on with the new questions".into(), "Go on with the questions as they were".into()];
        match self.talk.choose("Which questions do you want to answer?", &lines)? {
            Some(0) => {}
            Some(_) => return Ok(true),
            None => return Ok(false),
        }
        let language = self.tablet.resume(draft)?.spoken()?;
        let role = self.tablet.drafts()?.into_iter().find(|known| known.id == draft).map(|known| known.role);
        if moved.new_information && !self.agrees(&role.unwrap_or_default(), &language)? {
            return Ok(true);
        }
        match self.tablet.move_draft(draft, &moved) {
            Ok(sitting) => self.keeps(&sitting),
            Err(failure) => {
                self.talk.say(&format!("The answers stay with the questions as they were: {failure}"))?;
                Ok(true)
            }
        }
    }

    /// Asks about each answer that the new questions have no place for; false at the end of input.
    fn keeps(&mut self, sitting: &Sitting) -> Result<bool, Trouble> {
        for stays in sitting.stays()?.into_iter().filter(|stays| stays.sealed) {
            let question = format!("\"{}\" is not asked any more. Keep what you answered?", stays.question);
            match self.talk.choose(&question, &["Keep it with my answers".into(), "Take it out".into()])? {
                Some(0) => {}
                Some(_) => sitting.take_back(&stays.path)?,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Form, role and ward, or words from before; `None` when the person leaves.
    fn next(&mut self) -> Result<Option<Next>, Trouble> {
        loop {
            let forms = self.tablet.forms()?;
            let mut titles: Vec<String> = forms.iter().map(|form| form.title.clone()).collect();
            if self.tablet.drafts()?.iter().any(|draft| draft.locked) {
                titles.push("I have words from before".into());
            }
            let Some(form) = self.talk.choose("Which form? (b leaves)", &titles)? else { return Ok(None) };
            let Some(form) = forms.get(form).cloned() else { return Ok(Some(Next::Words)) };
            let pack = self.tablet.pack()?;
            let study = pack.study();
            let label = |code: &str| study.role(code).map(|role| role.label.clone());
            let Some(role) = self.one_of("Who is answering?", &form.roles, label)? else { continue };
            let name = |code: &str| study.ward(code).map(|ward| ward.name.clone());
            let wards = self.tablet.status()?.wards;
            let Some(ward) = self.one_of("Which ward?", &wards, name)? else { continue };
            return Ok(Some(Next::Begin { form, role, ward }));
        }
    }

    /// One of some codes, shown by what people call them; asked only when there is more than one.
    fn one_of(
        &mut self,
        question: &str,
        codes: &[String],
        name: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, Trouble> {
        if let [only] = codes {
            return Ok(Some(only.clone()));
        }
        let names: Vec<String> =
            codes.iter().map(|code| name(code).unwrap_or_else(|| code.clone())).collect();
        Ok(self.talk.choose(question, &names)?.map(|at| codes[at].clone()))
    }

    fn ask(&mut self, form: &FormView, role: String, ward: String) -> Result<Ended, Trouble> {
        let Some(language) = self.one_of("Which language?", &form.languages, |_| None)? else {
            return Ok(Ended::Done);
        };
        if form.kind == "response" && !self.agrees(&role, &language)? {
            self.talk.say("Thank you. Nothing was kept.")?;
            return Ok(Ended::Done);
        }
        if let Some(status) = &form.wording_status {
            self.talk.say(&format!("\nAbout the wording of this form: {status}"))?;
        }
        let sitting = self.tablet.begin(BeginRequest {
            form_id: form.form_id.clone(),
            role,
            ward: ward.clone(),
            language: Some(language),
        })?;
        self.answer(&sitting, &ward, &form.form_id)
    }

    /// The information page, before the first question.
    fn agrees(&mut self, role: &str, language: &str) -> Result<bool, Trouble> {
        let page = self.tablet.information_for(Some(role), language)?;
        self.talk.say(&shown::information(&page))?;
        let lines = [page.yes.clone(), page.not_now.clone(), page.no.clone()];
        Ok(self.talk.choose("", &lines)? == Some(0))
    }

    fn answer(&mut self, sitting: &Sitting, ward: &str, form_id: &str) -> Result<Ended, Trouble> {
        let mut texts = self.tablet.information(&sitting.spoken()?)?;
        if !self.tablet.forms()?.iter().any(|form| form.form_id == form_id && form.confidential) {
            // The ward reads these: nothing may promise otherwise.
            texts.above_free_text.clear();
        }
        let languages = &sitting.languages()?;
        Pages { tablet: self.tablet, sitting, ward, languages, texts, talk: &mut self.talk }.turn()
    }
}

impl<R: BufRead, W: Write> Talk<R, W> {
    /// Waits for Enter; false at the end of input.
    pub(super) fn wait(&mut self, words: &str) -> Result<bool, Trouble> {
        Ok(self.ask(words)?.is_some())
    }
}
