//! What staff do behind their PIN.

use nightjar::study::Voice;
use nightjar::{
    AmendRequest, AskState, BeginRequest, ConflictView, DraftView, EncounterRequest, Failure, FormView,
    RecordView, RecordsRequest, SettleRequest, Tablet,
};

use super::Acting;
use super::start::spoken;
use crate::hands::{Held, Mode, Stage, Start};
use crate::page::{PAGE, correctable};
use crate::posted::Posted;
use crate::screen::Place;
use crate::staff::{Asking, Room, Said, Staff};
use crate::sticks;

/// A reason of the encounter form after which nobody is asked again, and one after which there is nobody to ask.
const DO_NOT_ASK_AGAIN: &str = "do_not_ask_again";
const LEFT: &str = "left_first";

impl Acting<'_> {
    /// What staff press. What cannot be done is said where they are; nothing is lost for it.
    pub(super) fn staff(&mut self, name: &str, of: &str, posted: &Posted) -> Result<(), Failure> {
        let done = self.staff_does(name, of, posted);
        let Mode::Staff(staff) = &mut self.hands.mode else { return done };
        match done {
            Err(
                failure @ (Failure::Invalid(_)
                | Failure::Rejected(_)
                | Failure::Incompatible(_)
                | Failure::StorageFull(_)),
            ) => {
                staff.said = Some(Said::Refused(failure.to_string()));
                self.hands.turned();
                Ok(())
            }
            done => done,
        }
    }

    fn staff_does(&mut self, name: &str, of: &str, posted: &Posted) -> Result<(), Failure> {
        let Mode::Staff(staff) = &mut self.hands.mode else { return Ok(()) };
        let role = staff.role.clone();
        match (name, role) {
            // Never asks for anything.
            ("hand-over", _) => self.hand_over()?,
            ("join", _) => {
                let invitation = posted.one("invitation").unwrap_or_default();
                if let Some(pack) = &self.place.offered {
                    self.hands.work.join(self.tablet, invitation.trim().to_owned(), pack.clone());
                }
            }
            ("join-stick", _) => {
                let invitation = posted.one("invitation").unwrap_or_default();
                if let (Some(pack), Some(folder)) = (&self.place.offered, self.stick(of)) {
                    let invitation = invitation.trim().to_owned();
                    self.hands.work.join_by_stick(self.tablet, invitation, pack.clone(), folder);
                }
            }
            ("role", _) => {
                if roles(self.tablet)?.iter().any(|(code, _)| code == of) {
                    *staff.as_mut() = Staff::home(of.to_owned(), None);
                }
            }
            ("go", _) if of == "roles" && self.place.joined => self.enter(Room::Roles),
            (_, None) => return Ok(()),
            ("go", Some(_)) => {
                if let Some(room) = self.room(of)? {
                    self.enter(room);
                }
            }
            ("sync", Some(_)) => {
                self.hands.work.sync(self.tablet);
                self.enter(Room::Sync);
            }
            ("write-stick" | "read-stick", Some(_)) => {
                match self.stick(of) {
                    Some(folder) if name == "write-stick" => self.hands.work.write(self.tablet, folder),
                    Some(folder) => self.hands.work.read(self.tablet, folder),
                    // It was taken out meanwhile: the page shows that there is none.
                    None => self.hands.work.seen(),
                }
                self.enter(Room::Sync);
            }
            ("fill", Some(role)) => self.fill(&role, of)?,
            ("on", Some(role)) => self.go_on(&role, of)?,
            ("add" | "label" | "ask" | "not" | "why" | "mark" | "drop", Some(role)) => {
                self.list(name, of, &role, posted)?;
            }
            ("correct", Some(_)) => self.look_closer(of)?,
            ("amend", Some(role)) => self.amend(of, &role, posted)?,
            ("settle" | "other", Some(role)) => self.settle(name, of, &role, posted)?,
            _ => return Ok(()),
        }
        self.hands.turned();
        Ok(())
    }

    /// The stick of a number, as the page showed it: still in, and of the same name.
    fn stick(&self, of: &str) -> Option<std::path::PathBuf> {
        let (at, name) = of.split_once(':')?;
        let found = sticks::now(&self.place.sticks).into_iter().nth(at.parse().ok()?)?;
        (found.name == name).then_some(found.folder)
    }

    fn enter(&mut self, room: Room) {
        if let Mode::Staff(staff) = &mut self.hands.mode {
            (staff.room, staff.said) = (room, None);
        }
    }

    fn say(&mut self, room: Room, said: Said) {
        if let Mode::Staff(staff) = &mut self.hands.mode {
            (staff.room, staff.said) = (room, Some(said));
        }
    }

    /// A room by the name on its door.
    fn room(&self, name: &str) -> Result<Option<Room>, Failure> {
        let (name, of) = name.split_once(':').unwrap_or((name, ""));
        Ok(Some(match name {
            "home" => Room::Home,
            "list" => Room::List,
            "numbers" => Room::Numbers,
            "conflicts" => Room::Conflicts(conflicts(self.tablet, self.place)?),
            "voices" => Room::Voices,
            "sync" => {
                self.hands.work.seen();
                Room::Sync
            }
            "tablet" => Room::Tablet,
            "records" => {
                let (form_id, after) = of.split_once(':').unwrap_or((of, ""));
                let after = Some(after.to_owned()).filter(|after| !after.is_empty());
                Room::Records { form_id: form_id.to_owned(), after }
            }
            _ => return Ok(None),
        }))
    }

    /// The tablet is nobody's again; what respondents left unfinished is ended.
    fn hand_over(&mut self) -> Result<(), Failure> {
        // Staff leave in any case.
        self.hands.release(Mode::Locked(Start::Who));
        let ended = self.tablet.hand_over()?;
        self.today().stopped += ended.stopped;
        Ok(())
    }

    /// Begins a record of the ward.
    fn fill(&mut self, role: &str, form_id: &str) -> Result<(), Failure> {
        let Some(form) = records(self.tablet, role)?.into_iter().find(|form| form.form_id == form_id) else {
            return Ok(());
        };
        let sitting = self.tablet.begin(BeginRequest {
            form_id: form.form_id.clone(),
            role: role.to_owned(),
            ward: self.place.ward.clone(),
            language: spoken(&form.languages, &self.hands.look.language),
        })?;
        let held = Held {
            sitting: Some(sitting),
            stage: Stage::Asking,
            staff: Some(role.to_owned()),
            ..Held::new(role.to_owned(), form)
        };
        self.hands.mode = Mode::Held(Box::new(held));
        Ok(())
    }

    /// Goes on with a record that staff left unfinished.
    fn go_on(&mut self, role: &str, draft: &str) -> Result<(), Failure> {
        let unfinished = unfinished(self.tablet, self.place)?;
        let Some((draft, form)) = unfinished.into_iter().find(|(known, _)| known.id == draft) else {
            return Ok(());
        };
        let sitting = self.tablet.resume(&draft.id)?;
        let held = Held {
            sitting: Some(sitting),
            stage: Stage::Asking,
            staff: Some(role.to_owned()),
            ..Held::new(draft.role, form)
        };
        self.hands.mode = Mode::Held(Box::new(held));
        Ok(())
    }

    fn list(&mut self, name: &str, of: &str, role: &str, posted: &Posted) -> Result<(), Failure> {
        let ward = self.place.ward.clone();
        if name == "add" {
            self.tablet.add_to_asking_list(&ward, &posted.one("label").unwrap_or_default())?;
            self.enter(Room::List);
            return Ok(());
        }
        let (which, state) = match name {
            "why" => ("", of),
            _ => of.split_once(':').unwrap_or((of, "")),
        };
        let label = match (name, &self.hands.mode) {
            ("why", Mode::Staff(staff)) => match &staff.room {
                Room::Why(label) => Some(label.clone()),
                _ => None,
            },
            _ => {
                let list = self.tablet.asking_list(&ward)?;
                which.parse::<usize>().ok().and_then(|at| Some(list.get(at)?.label.clone()))
            }
        };
        let Some(label) = label else { return Ok(()) };
        match name {
            "label" => self.enter(Room::Label(label)),
            "not" => self.enter(Room::Why(label)),
            "drop" => {
                self.tablet.remove_from_asking_list(&ward, &label)?;
                self.enter(Room::List);
            }
            "mark" => {
                if let Some(state) = state_of(state) {
                    self.tablet.mark_asked(&ward, &label, state)?;
                    self.enter(Room::List);
                }
            }
            // Nobody stands beside whoever answers: from here on it is theirs.
            "ask" => {
                self.hand_over()?;
                self.hands.asking = Some(Asking { label, role: role.to_owned() });
            }
            _ => {
                let request = EncounterRequest {
                    ward: ward.clone(),
                    role: role.to_owned(),
                    about: Voice::Patient.code().to_owned(),
                    outcome: "not_asked".to_owned(),
                    reason: Some(state.to_owned()),
                };
                // The record first: what could not be written down can be tried again from the list.
                self.tablet.encounter(&request)?;
                match state {
                    LEFT => self.tablet.remove_from_asking_list(&ward, &label)?,
                    DO_NOT_ASK_AGAIN => {
                        self.tablet.mark_asked(&ward, &label, AskState::DoNotAskAgain)?;
                    }
                    _ => self.tablet.mark_asked(&ward, &label, AskState::NotToday)?,
                }
                self.say(Room::List, Said::Noted);
            }
        }
        Ok(())
    }

    /// One record of the page that is shown.
    fn look_closer(&mut self, id: &str) -> Result<(), Failure> {
        let Mode::Staff(staff) = &self.hands.mode else { return Ok(()) };
        let Room::Records { form_id, after } = &staff.room else { return Ok(()) };
        let after = after.clone();
        if let Some(record) = self.record(form_id, after.as_deref(), id)? {
            self.enter(Room::Correct { after, record: Box::new(record) });
        }
        Ok(())
    }

    /// A record of this ward, on the page that begins after another.
    fn record(&self, form_id: &str, after: Option<&str>, id: &str) -> Result<Option<RecordView>, Failure> {
        let request = RecordsRequest {
            form_id: Some(form_id.to_owned()),
            ward: Some(self.place.ward.clone()),
            limit: Some(PAGE),
            after: after.map(str::to_owned),
            ..RecordsRequest::default()
        };
        Ok(self.tablet.records(request)?.into_iter().find(|record| record.id == id))
    }

    /// Puts another value where one stands, if it is still the one that was shown.
    fn amend(&mut self, of: &str, role: &str, posted: &Posted) -> Result<(), Failure> {
        let Mode::Staff(staff) = &self.hands.mode else { return Ok(()) };
        let Room::Correct { after, record: shown } = &staff.room else { return Ok(()) };
        let cell =
            of.parse::<usize>().ok().and_then(|at| shown.cells.get(at)).filter(|cell| correctable(cell));
        let Some(cell) = cell else { return Ok(()) };
        let (after, form_id, id) = (after.clone(), shown.form_id.clone(), shown.id.clone());
        let Some(now) = self.record(&form_id, after.as_deref(), &id)? else { return Ok(()) };
        if !now.cells.contains(cell) {
            let why = "something else was written there meanwhile; look again".to_owned();
            self.say(Room::Correct { after, record: Box::new(now) }, Said::Refused(why));
            return Ok(());
        }
        let typed = posted.one(&format!("new{of}")).unwrap_or_default();
        let value = self.tablet.read_value(&id, &cell.name, typed.trim())?;
        let changes = vec![(cell.name.clone(), value)];
        self.tablet.amend(AmendRequest { record: id.clone(), role: role.to_owned(), changes })?;
        let record = self.record(&form_id, after.as_deref(), &id)?.map_or_else(|| Box::new(now), Box::new);
        self.say(Room::Correct { after, record }, Said::Corrected);
        Ok(())
    }

    /// Settles a conflict with one of the values that stand there, or with another that is typed.
    fn settle(&mut self, name: &str, of: &str, role: &str, posted: &Posted) -> Result<(), Failure> {
        let Mode::Staff(staff) = &self.hands.mode else { return Ok(()) };
        let Room::Conflicts(shown) = &staff.room else { return Ok(()) };
        let (which, value) = of.split_once(':').unwrap_or((of, ""));
        let Some(conflict) = which.parse::<usize>().ok().and_then(|at| shown.get(at)) else {
            return Ok(());
        };
        // What came meanwhile was not seen, and is not closed by this.
        let now = conflicts(self.tablet, self.place)?;
        if !now.contains(conflict) {
            let why = "something else was written there meanwhile; look again".to_owned();
            self.say(Room::Conflicts(now), Said::Refused(why));
            return Ok(());
        }
        let value = match name {
            "settle" => {
                let held = value.parse::<usize>().ok().and_then(|at| conflict.values.get(at));
                let Some(held) = held else { return Ok(()) };
                held.value.clone()
            }
            _ => {
                let typed = posted.one(&format!("other{which}")).unwrap_or_default();
                self.tablet.read_value(&conflict.record, &conflict.name, typed.trim())?
            }
        };
        self.tablet.settle(SettleRequest {
            record: conflict.record.clone(),
            name: conflict.name.clone(),
            value,
            role: role.to_owned(),
        })?;
        let left = conflicts(self.tablet, self.place)?;
        self.say(Room::Conflicts(left), Said::Settled);
        Ok(())
    }
}

/// What tablets hold differently of this ward.
pub(crate) fn conflicts(tablet: &Tablet, place: &Place) -> Result<Vec<ConflictView>, Failure> {
    let mut conflicts = tablet.conflicts()?;
    conflicts.retain(|conflict| conflict.ward == place.ward);
    Ok(conflicts)
}

/// The state of a code.
fn state_of(code: &str) -> Option<AskState> {
    Some(match code {
        "not-yet" => AskState::NotYet,
        "yes" => AskState::Yes,
        "no" => AskState::No,
        "not-today" => AskState::NotToday,
        "never" => AskState::DoNotAskAgain,
        _ => return None,
    })
}

/// Roles that staff may choose, with what they are called.
pub(crate) fn roles(tablet: &Tablet) -> Result<Vec<(String, String)>, Failure> {
    let pack = tablet.pack()?;
    let roles = pack.study().roles.iter().filter(|role| matches!(role.voice, Voice::Staff | Voice::Other));
    Ok(roles.map(|role| (role.code.clone(), role.label.clone())).collect())
}

/// The records of the ward that a role writes.
pub(crate) fn records(tablet: &Tablet, role: &str) -> Result<Vec<FormView>, Failure> {
    let all = tablet.forms()?.into_iter();
    Ok(all.filter(|form| form.kind != "response" && form.roles.iter().any(|known| known == role)).collect())
}

/// Records that staff left unfinished on this ward.
pub(crate) fn unfinished(tablet: &Tablet, place: &Place) -> Result<Vec<(DraftView, FormView)>, Failure> {
    let (pack, forms) = (tablet.pack()?, tablet.forms()?);
    let of_staff = |role: &str| {
        pack.study().role(role).is_some_and(|role| matches!(role.voice, Voice::Staff | Voice::Other))
    };
    let drafts = tablet.drafts()?.into_iter();
    let drafts = drafts.filter(|draft| draft.ward == place.ward && !draft.locked && of_staff(&draft.role));
    Ok(drafts
        .filter_map(|draft| {
            let form = forms.iter().find(|form| form.form_id == draft.form_id && form.kind != "response")?;
            Some((draft, form.clone()))
        })
        .collect())
}
