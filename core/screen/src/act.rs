//! What each button does.

use std::collections::BTreeMap;

use nightjar::study::Voice;
use nightjar::{BeginRequest, Failure, FormView, Sitting, Tablet};
use nightjar_form::{Page, Question};

use crate::answer::{self, Found};
use crate::hands::{Draft, Ending, Hands, Held, Mode, Notice, Stage, Start, Typed};
use crate::posted::Posted;
use crate::screen::Place;
use crate::texts::{Texts, filled};

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
        self.hands.touched = self.tablet.clock().now();
        if posted.act == "here" {
            return Ok(Then::Stay);
        }
        let taken = self.answers(&mut questions, posted, quiet);
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
    ) -> Result<Taken, Failure> {
        let texts = self.texts();
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(Taken::default()) };
        let (Some(sitting), None, false) = (&held.sitting, held.covered, questions.is_empty()) else {
            return Ok(Taken::default());
        };
        let paths = |questions: &[Question]| -> Vec<String> {
            questions.iter().map(|question| question.path.clone()).collect()
        };
        let before = paths(&sitting.page()?.questions);
        let mut wrong = BTreeMap::new();
        let mut failed = None;
        for (at, question) in questions.iter_mut().enumerate() {
            let value = match answer::read(question, at, posted, texts) {
                Found::Nothing => continue,
                Found::Wrong(why) => {
                    wrong.insert(question.path.clone(), typed(posted, at, why));
                    continue;
                }
                Found::Answer(value) if value == question.value => continue,
                Found::Answer(value) => value,
            };
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
        let now = paths(&sitting.page()?.questions);
        // What an answer took off the page is not in the way of going on.
        if before == paths(questions) {
            wrong.retain(|path, _| now.contains(path));
        }
        let taken = Taken { wrong: !wrong.is_empty(), other_questions: now != before };
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
        match &mut self.hands.mode {
            Mode::Locked(_) => self.start(name, of, posted),
            Mode::Left { .. } => self.left(name),
            Mode::Held(held) if held.covered.is_some() => self.covered(name),
            Mode::Held(held) => match held.stage {
                Stage::Information => self.information(name),
                Stage::Asking => self.asking(name, of, questions, wrong),
                Stage::Stopping => self.stopping(name),
                Stage::Later(_) => {
                    if name == "done" {
                        self.hands.release(Mode::Locked(Start::Who));
                    }
                    Ok(())
                }
            },
            Mode::Ended(_) => {
                if name == "done" {
                    self.hands.release(Mode::Locked(Start::Who));
                }
                Ok(())
            }
        }
    }

    /// Language and look, on every page.
    fn looks(&mut self, name: &str, of: &str) -> Result<bool, Failure> {
        let look = &mut self.hands.look;
        match name {
            "large" => look.large = of == "on",
            "contrast" => look.contrast = of == "on",
            "left" => look.left = of == "on",
            "language" => {
                let pack = self.tablet.pack()?;
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

    /// Hides everything and counts that somebody wanted to talk, and nothing else; or shows it again.
    fn talk(&mut self, name: &str) -> Result<(), Failure> {
        match (name, self.hands.talking) {
            ("talk", false) => {
                self.hands.talking = true;
                self.hands.turned();
                // It is counted where it can be; the message is there in any case.
                let _ = self.tablet.talk_to_someone(&self.place.ward);
            }
            ("again", true) => self.hands.talking = false,
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }

    fn start(&mut self, name: &str, of: &str, posted: &Posted) -> Result<(), Failure> {
        let next = match name {
            "voice" => {
                let Some(voice) = voice(of) else { return Ok(()) };
                match roles(self.tablet, self.place, voice)?.as_slice() {
                    [] => return Ok(()),
                    [(role, _)] => self.role(role)?,
                    _ => Mode::Locked(Start::Role(voice)),
                }
            }
            "role" => self.role(of)?,
            "form" => {
                let Mode::Locked(Start::Form(role)) = &self.hands.mode else { return Ok(()) };
                let role = role.clone();
                match forms(self.tablet, self.place, &role)?.into_iter().find(|form| form.form_id == of) {
                    Some(form) => Mode::Held(Box::new(Held::new(role, form))),
                    None => return Ok(()),
                }
            }
            "words" => Mode::Locked(Start::Words { wrong: false }),
            "open" => {
                // Before it is opened: what is open and was left alone for long is ended when drafts are listed.
                let drafts = self.tablet.drafts()?;
                match self.tablet.resume_with_words(&posted.one("words").unwrap_or_default()) {
                    Ok(sitting) => {
                        let id = sitting.id();
                        let draft = drafts.into_iter().find(|draft| draft.id == id);
                        let draft = draft.ok_or_else(|| Failure::Closed("these answers are gone".into()))?;
                        let Draft { role, form, .. } = named(self.tablet, draft)?;
                        self.come_back(sitting, role, form)?
                    }
                    Err(Failure::Invalid(_)) => Mode::Locked(Start::Words { wrong: true }),
                    Err(failure) => return Err(failure),
                }
            }
            "home" => Mode::Locked(Start::Who),
            _ => return Ok(()),
        };
        self.hands.mode = next;
        self.hands.turned();
        Ok(())
    }

    /// Goes on with a form in the language it was left in. That they came back is an act: the time that it may be left alone begins anew.
    fn come_back(&mut self, sitting: Sitting, role: String, form: FormView) -> Result<Mode, Failure> {
        let spoken = sitting.spoken()?;
        sitting.language(&spoken)?;
        let code = nightjar_form::Language::new(&spoken).code().to_owned();
        if self.tablet.pack()?.study().wordings.iter().any(|wording| wording.language == code) {
            self.hands.look.language = code;
        }
        Ok(Mode::Held(Box::new(Held {
            sitting: Some(sitting),
            stage: Stage::Asking,
            ..Held::new(role, form)
        })))
    }

    /// What somebody in a role sees next.
    fn role(&self, role: &str) -> Result<Mode, Failure> {
        let mut forms = forms(self.tablet, self.place, role)?;
        Ok(match (forms.pop(), forms.is_empty()) {
            (Some(form), true) => Mode::Held(Box::new(Held::new(role.to_owned(), form))),
            (Some(_), false) => Mode::Locked(Start::Form(role.to_owned())),
            (None, _) => Mode::Locked(Start::Who),
        })
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
            }
            "not-now" => self.end(Ending::NotNow),
            "no" | "stop" => self.end(Ending::No),
            "home" => self.hands.release(Mode::Locked(Start::Who)),
            _ => {}
        }
        Ok(())
    }

    fn asking(&mut self, name: &str, of: &str, questions: &[Question], wrong: bool) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        let path = of.parse::<usize>().ok().and_then(|at| questions.get(at)).map(|question| &question.path);
        match (name, path) {
            // Something on the page is no answer yet: it stays, and says so.
            ("next", _) if wrong => return Ok(()),
            ("next", _) => drop(sitting.next()?),
            ("back", _) => drop(sitting.back()?),
            ("go", Some(path)) => drop(sitting.go_to(path)?),
            ("clear", Some(path)) => drop(sitting.answer(path, None)?),
            ("add", _) => repeat(&sitting.page()?, sitting)?,
            ("stop", _) => held.stage = Stage::Stopping,
            ("finish", _) => match sitting.finish() {
                Ok(finished) => {
                    let ending = if finished.readable { Ending::Stored } else { Ending::Sealed };
                    self.end(ending);
                    return Ok(());
                }
                Err(Failure::Invalid(why)) => {
                    held.blocked = Some(why);
                    return Ok(());
                }
                Err(failure) => return Err(failure),
            },
            _ => return Ok(()),
        }
        // What was typed on the page before says nothing on the next.
        if name != "clear" {
            held.typed.clear();
        }
        self.hands.turned();
        Ok(())
    }

    fn stopping(&mut self, name: &str) -> Result<(), Failure> {
        let Mode::Held(held) = &mut self.hands.mode else { return Ok(()) };
        let Some(sitting) = &held.sitting else { return Ok(()) };
        match name {
            "keep" => {
                let finished = sitting.stop_keeping()?;
                self.end(if finished.readable { Ending::Stored } else { Ending::Sealed });
            }
            "throw" => {
                sitting.throw_away()?;
                self.end(Ending::Thrown);
            }
            "later" if held.form.kind == "response" => {
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
                held.stage = Stage::Asking;
            }
            "other" => held.covered = Some(true),
            "leave" => held.covered = Some(false),
            "throw" if held.covered == Some(true) => {
                if let Some(sitting) = &held.sitting {
                    sitting.throw_away()?;
                }
                return self.next_left();
            }
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }

    /// The same after the program had ended.
    fn left(&mut self, name: &str) -> Result<(), Failure> {
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
                self.tablet.resume(&draft.id)?.throw_away()?;
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

fn repeat(page: &Page, sitting: &Sitting) -> Result<(), Failure> {
    match &page.repeat {
        Some(repeat) => sitting.add_repeat(&repeat.path).map(drop),
        None => Ok(()),
    }
}

/// The fields of a question as they were typed.
fn typed(posted: &Posted, at: usize, wrong: String) -> Typed {
    let names = ["", "d", "m", "y", "h", "i"].map(str::to_owned).into_iter();
    let names = names.chain((0..20).map(|place| format!("r{place}")));
    let fields = names.filter_map(|name| Some((name.clone(), posted.one(&format!("q{at}{name}"))?)));
    Typed { fields: fields.collect(), wrong }
}

/// The voice of a code.
fn voice(code: &str) -> Option<Voice> {
    [Voice::Patient, Voice::Carer, Voice::Staff].into_iter().find(|voice| voice.code() == code)
}

/// Roles of a voice that have something to answer themselves, with what they are called.
pub(crate) fn roles(tablet: &Tablet, place: &Place, voice: Voice) -> Result<Vec<(String, String)>, Failure> {
    let (pack, all) = (tablet.pack()?, tablet.forms()?);
    let asked =
        |role: &str| all.iter().any(|form| is_asked(form, place) && form.roles.iter().any(|r| r == role));
    let roles = pack.study().roles.iter().filter(|role| role.voice == voice && asked(&role.code));
    Ok(roles.map(|role| (role.code.clone(), role.label.clone())).collect())
}

/// What somebody in a role is asked about themselves.
pub(crate) fn forms(tablet: &Tablet, place: &Place, role: &str) -> Result<Vec<FormView>, Failure> {
    let all = tablet.forms()?.into_iter();
    Ok(all.filter(|form| is_asked(form, place) && form.roles.iter().any(|known| known == role)).collect())
}

fn is_asked(form: &FormView, place: &Place) -> bool {
    place.form.as_ref().map_or(form.kind == "response", |only| *only == form.form_id)
}

/// The form's language of a code; else the language that it is a variant of.
pub(crate) fn spoken(languages: &[String], code: &str) -> Option<String> {
    let known = |code: &str| {
        let is_it = |name: &&String| nightjar_form::Language::new(name).code() == code;
        languages.iter().find(is_it).cloned()
    };
    known(code).or_else(|| known(code.split('-').next().unwrap_or_default()))
}

fn named(tablet: &Tablet, draft: nightjar::DraftView) -> Result<Draft, Failure> {
    let form = tablet.forms()?.into_iter().find(|form| form.form_id == draft.form_id);
    let form = form.ok_or_else(|| Failure::Incompatible("the study no longer has this form".into()))?;
    Ok(Draft { id: draft.id, role: draft.role, form })
}

/// Unfinished answers that no words lock, if there are any; else the start.
pub(crate) fn unfinished(tablet: &Tablet, place: &Place) -> Result<Mode, Failure> {
    for draft in tablet.drafts()?.into_iter().filter(|draft| !draft.locked && draft.ward == place.ward) {
        if let Ok(draft) = named(tablet, draft)
            && is_asked(&draft.form, place)
        {
            return Ok(Mode::Left { draft, sure: false });
        }
    }
    Ok(Mode::Locked(Start::Who))
}
