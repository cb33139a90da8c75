//! Somebody came back with the words of their receipt.

use nightjar::{Failure, OwnState};

use super::Acting;
use crate::hands::{Ending, Held, Mode, Stage, Start};

impl Acting<'_> {
    pub(super) fn own(&mut self, name: &str) -> Result<(), Failure> {
        let Mode::Own(own) = &mut self.hands.mode else { return Ok(()) };
        match (name, own.sure) {
            ("change", false) => {
                let language = self.hands.look.language.clone();
                let view = self.tablet.own_answers(&own.words, &language)?;
                let (OwnState::Open, true, Some(form_id), Some(role)) =
                    (view.state, view.may_change, view.form_id, view.role)
                else {
                    return Ok(());
                };
                let form = self.tablet.forms()?.into_iter().find(|form| form.form_id == form_id);
                let Some(form) = form else { return Ok(()) };
                let sitting = self.tablet.correct_own(&own.words, &language)?;
                // What was begun before goes on in the language on display, where the form is in it.
                if let Some(name) = super::start::spoken(&form.languages, &language) {
                    sitting.language(&name)?;
                }
                // All of it at once, with a way to each answer.
                sitting.go_to("")?;
                let (sitting, words) = (Some(sitting), Some(own.words.clone()));
                let held = Held { sitting, words, stage: Stage::Asking, ..Held::new(role, form) };
                self.hands.mode = Mode::Held(Box::new(held));
            }
            ("look", false) => self.hands.work.look(self.tablet, own.words.clone()),
            ("take-out", false) => own.sure = true,
            ("leave", true) => own.sure = false,
            ("take-out", true) => {
                self.tablet.take_out(&own.words)?;
                let counted = self.tablet.own_answers(&own.words, &self.hands.look.language)?.counted;
                self.end(if counted { Ending::TakenOutCounted } else { Ending::TakenOut });
                return Ok(());
            }
            ("done" | "stop", _) => {
                self.hands.release(Mode::Locked(Start::Who));
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }
}
