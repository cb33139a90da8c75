//! From picking the tablet up to putting it down: who, where, which form, the information page, an unfinished draft.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use nightjar::{BeginRequest, FormView, Sitting, Tablet};

use super::pages::{Ended, Pages};
use super::shown;
use super::talk::Talk;
use super::typed::Typed;
use crate::trouble::Trouble;

/// The help line under every question.
pub(super) const KEYS: &str =
    "Type the number or your answer. b back, s skip, stop, help = talk to someone now, language, hand over.";

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
        self.talk.say(&format!("\n{study}  ({})", status.label))?;
        self.resume(&BTreeSet::new())?;
        while let Some((form, role, ward)) = self.whom()? {
            let waiting = self.waiting()?;
            match self.ask(&form, role, ward)? {
                Ended::InputClosed => break,
                Ended::Done => self.resume(&BTreeSet::new())?,
                // Who has the tablet now has just said that this one is not theirs; an older one may be.
                Ended::Away => {
                    let left = self.waiting()?.difference(&waiting).cloned().collect();
                    self.resume(&left)?;
                }
            }
        }
        self.talk.say(self.goodbye)
    }

    /// Ids of the drafts that wait on the tablet.
    fn waiting(&self) -> Result<BTreeSet<String>, Trouble> {
        Ok(self.tablet.drafts()?.into_iter().map(|draft| draft.id).collect())
    }

    /// Offers what was left unfinished, as after a flat battery or a hand-over, but for some drafts.
    fn resume(&mut self, except: &BTreeSet<String>) -> Result<(), Trouble> {
        let pack = self.tablet.pack()?;
        for draft in self.tablet.drafts()?.into_iter().filter(|draft| !except.contains(&draft.id)) {
            let Some(form) = self.tablet.forms()?.into_iter().find(|form| form.form_id == draft.form_id)
            else {
                continue;
            };
            let question = format!(
                "\"{}\" on ward {} was not finished on this tablet. Is it still you?",
                form.title,
                pack.study().ward(&draft.ward).map_or(draft.ward.as_str(), |ward| &ward.name)
            );
            let lines = [
                "Yes, go on where I was".into(),
                "No, leave it for the person it belongs to".into(),
                "Throw it away".into(),
            ];
            match self.talk.choose(&question, &lines)? {
                Some(0) => {
                    if draft.other_version && !self.moves(&draft.id)? {
                        return Ok(());
                    }
                    let sitting = self.tablet.resume(&draft.id)?;
                    if matches!(self.answer(&sitting, &draft.ward)?, Ended::InputClosed) {
                        return Ok(());
                    }
                }
                Some(2) => {
                    self.tablet.resume(&draft.id)?.throw_away()?;
                    self.talk.say("It is thrown away.")?;
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
        if moved.new_information && !self.agrees(&language)? {
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

    /// Form, role and ward; `None` when the person leaves.
    fn whom(&mut self) -> Result<Option<(FormView, String, String)>, Trouble> {
        loop {
            let forms = self.tablet.forms()?;
            let titles: Vec<String> = forms.iter().map(|form| form.title.clone()).collect();
            let Some(form) = self.talk.choose("Which form? (b leaves)", &titles)? else { return Ok(None) };
            let form = forms[form].clone();
            let pack = self.tablet.pack()?;
            let study = pack.study();
            let label = |code: &str| study.role(code).map(|role| role.label.clone());
            let Some(role) = self.one_of("Who is answering?", &form.roles, label)? else { continue };
            let name = |code: &str| study.ward(code).map(|ward| ward.name.clone());
            let wards = self.tablet.status()?.wards;
            let Some(ward) = self.one_of("Which ward?", &wards, name)? else { continue };
            return Ok(Some((form, role, ward)));
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
        if form.kind == "response" && !self.agrees(&language)? {
            self.talk.say("Thank you. Nothing was kept.")?;
            return Ok(Ended::Done);
        }
        if let Some(status) = &form.wording_status {
            self.talk.say(&format!("\nAbout the wording of this form: {status}"))?;
        }
        let form_id = form.form_id.clone();
        let sitting = self.tablet.begin(BeginRequest {
            form_id,
            role,
            ward: ward.clone(),
            language: Some(language),
        })?;
        self.answer(&sitting, &ward)
    }

    /// The information page, before the first question.
    fn agrees(&mut self, language: &str) -> Result<bool, Trouble> {
        let page = self.tablet.information(language)?;
        self.talk.say(&shown::information(&page))?;
        let lines = [page.yes.clone(), page.not_now.clone(), page.no.clone()];
        Ok(self.talk.choose("", &lines)? == Some(0))
    }

    fn answer(&mut self, sitting: &Sitting, ward: &str) -> Result<Ended, Trouble> {
        let texts = self.tablet.information(&sitting.spoken()?)?;
        let languages = &sitting.languages()?;
        Pages { tablet: self.tablet, sitting, ward, languages, texts, talk: &mut self.talk }.turn()
    }
}

impl<R: BufRead, W: Write> Talk<R, W> {
    /// Waits for Enter; false at the end of input.
    pub(super) fn wait(&mut self, words: &str) -> Result<bool, Trouble> {
        Ok(self.ask(words)?.is_some())
    }

    /// Yes or no; `None` at the end of input.
    pub(super) fn is_yes(&mut self, words: &str) -> Result<Option<bool>, Trouble> {
        Ok(self.ask(words)?.map(|typed| match typed {
            Typed::Words(words) => matches!(words.to_lowercase().as_str(), "y" | "yes" | "1"),
            _ => false,
        }))
    }
}
