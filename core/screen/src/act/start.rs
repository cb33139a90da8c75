//! From nobody's tablet to somebody who is told what it is about, comes back, or types the PIN of staff.

use nightjar::study::Voice;
use nightjar::{Failure, FormView, PinView, Sitting, Tablet};

use zeroize::Zeroizing;

use super::Acting;
use crate::hands::{Draft, Held, Mode, Own, PinTrouble, Stage, Start};
use crate::posted::Posted;
use crate::screen::Place;
use crate::staff::{Room, Staff};

/// Words of a receipt; those of unfinished answers are fewer.
const OF_A_RECEIPT: usize = 12;

impl Acting<'_> {
    pub(super) fn start(&mut self, name: &str, of: &str, posted: &Posted) -> Result<(), Failure> {
        let Mode::Locked(at) = &self.hands.mode else { return Ok(()) };
        // Each act from the page that has its button, and from no other.
        let next = match (name, at) {
            ("voice", Start::Who) => {
                let Some(voice) = voice(of) else { return Ok(()) };
                match roles(self.tablet, self.place, voice)?.as_slice() {
                    [] => return Ok(()),
                    [(role, _)] => self.role(role)?,
                    _ => Mode::Locked(Start::Role(voice)),
                }
            }
            ("role", Start::Role(voice)) => {
                match roles(self.tablet, self.place, *voice)?.iter().any(|(role, _)| role == of) {
                    true => self.role(of)?,
                    false => return Ok(()),
                }
            }
            ("form", Start::Form(role)) => {
                let role = role.clone();
                match forms(self.tablet, self.place, &role)?.into_iter().find(|form| form.form_id == of) {
                    Some(form) => Mode::Held(Box::new(Held::new(role, form))),
                    None => return Ok(()),
                }
            }
            ("came", Start::Who | Start::Came(_)) => match self.tablet.publications()?.as_slice() {
                [] => Mode::Locked(Start::Who),
                // The only one is not chosen from a list.
                [only] if matches!(at, Start::Who) => Mode::Locked(Start::Came(Some(only.id.clone()))),
                all => {
                    let chosen = all.iter().find(|publication| publication.id == of);
                    Mode::Locked(Start::Came(chosen.map(|publication| publication.id.clone())))
                }
            },
            ("words", Start::Who) => Mode::Locked(Start::Words { wrong: None }),
            ("open", Start::Words { .. }) => self.open(&posted.one("words").unwrap_or_default())?,
            ("staff", Start::Who) => {
                let trouble = if self.tablet.has_pin()? { None } else { Some(PinTrouble::NotSet) };
                Mode::Locked(Start::Pin(trouble))
            }
            ("pin", Start::Pin(_)) => {
                match self.tablet.try_pin(posted.one("pin").unwrap_or_default().trim())? {
                    PinView::Right => {
                        let room = if self.place.joined { Room::Roles } else { Room::Tablet };
                        Mode::Staff(Box::new(Staff { role: None, room, said: None }))
                    }
                    PinView::Wrong { seconds } => Mode::Locked(Start::Pin(Some(PinTrouble::Wrong(seconds)))),
                    PinView::Wait { seconds } => Mode::Locked(Start::Pin(Some(PinTrouble::Wait(seconds)))),
                    PinView::NotSet => Mode::Locked(Start::Pin(Some(PinTrouble::NotSet))),
                }
            }
            ("home", _) => Mode::Locked(Start::Who),
            _ => return Ok(()),
        };
        self.hands.mode = next;
        self.hands.turned();
        Ok(())
    }

    /// What words open: answers that were handed in, or that were not finished.
    fn open(&mut self, words: &str) -> Result<Mode, Failure> {
        let count = words.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).count();
        let wrong = || Mode::Locked(Start::Words { wrong: Some(Zeroizing::new(words.to_owned())) });
        if count == OF_A_RECEIPT {
            return Ok(match self.tablet.own_answers(words, &self.hands.look.language) {
                Ok(_) => {
                    self.hands.work.seen();
                    Mode::Own(Box::new(Own { words: words.to_owned().into(), sure: false }))
                }
                Err(Failure::Invalid(_)) => wrong(),
                Err(failure) => return Err(failure),
            });
        }
        // Before it is opened: what is open and was left alone for long is ended when drafts are listed.
        let drafts = self.tablet.drafts()?;
        match self.tablet.resume_with_words(words) {
            Ok(sitting) => {
                let id = sitting.id();
                let draft = drafts.into_iter().find(|draft| draft.id == id);
                let draft = draft.ok_or_else(|| Failure::Closed("these answers are gone".into()))?;
                let Draft { role, form, .. } = named(self.tablet, draft)?;
                self.come_back(sitting, role, form)
            }
            Err(Failure::Invalid(_)) => Ok(wrong()),
            Err(failure) => Err(failure),
        }
    }

    /// Goes on with a form in the language it was left in. That they came back is an act: the time that it may be left alone begins anew.
    pub(super) fn come_back(
        &mut self,
        sitting: Sitting,
        role: String,
        form: FormView,
    ) -> Result<Mode, Failure> {
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
    if !place.joined {
        return Ok(Mode::Locked(Start::Who));
    }
    for draft in tablet.drafts()?.into_iter().filter(|draft| !draft.locked && draft.ward == place.ward) {
        // What corrects a response opens with its words only.
        if draft.corrects {
            continue;
        }
        if let Ok(draft) = named(tablet, draft)
            && is_asked(&draft.form, place)
        {
            return Ok(Mode::Left { draft, sure: false });
        }
    }
    Ok(Mode::Locked(Start::Who))
}
