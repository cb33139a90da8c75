//! One person answering an instrument.

mod accept;
mod actions;
mod answers;
mod choices;
mod compute;
mod entry;
mod finish;
mod held;
mod page;
mod redraw;
mod refusal;
mod scene;
mod show;
mod state;
mod submission;
mod walk;
mod wave;
mod xml_path;

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::Zoned;

pub use answers::{Answers, Instance};
pub use entry::Entry;
pub use page::{Cause, ChoiceView, Page, Problem, Question, RepeatEnd};
pub use redraw::Redraw;
pub use refusal::Refusal;

use crate::expr::world::MAX_VISITS;
use crate::node::{NodeId, NodeKind};
use crate::{Attached, Instrument, Item, Language, Value};
pub(crate) use accept::MAX_TEXT;
pub(crate) use held::Held;
use scene::Scene;
pub(crate) use state::MAX_INSTANCES;
pub(crate) use state::ScopeId;
use state::{State, instance, parse_path};
use walk::Spot;
use wave::Wave;

/// What a session starts from.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The language to start in; `None` for the instrument's default.
    pub language: Option<Language>,
    /// The clock at opening, in the ward's time zone.
    pub now: Zoned,
    /// Fixes `random()`, `uuid()` and the keys of repeat instances. Take a fresh random one for each response.
    pub seed: u64,
}

/// What an entry did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Paths of the items to draw again, in order of the form: those whose value or relevance changed, and those whose
    /// words, choices or rules refer to something that did.
    pub changed: Redraw,
    /// What is wrong with the answer given, or keeps `Next` on the page.
    pub problems: Vec<Problem>,
}

/// One person answering one instrument: pure, a function of its opening and its entries.
///
/// An answer recomputes what depends on it and nothing else; a page costs what is on it.
#[derive(Clone)]
pub struct Session {
    instrument: Arc<Instrument>,
    language: Language,
    now: Zoned,
    seed: u64,
    /// Entries taken so far.
    turn: u64,
    state: State,
    spot: Spot,
    /// Number of the page on display, where it is known; counted when it is asked for.
    number: OnceLock<usize>,
    /// Whether `Next` found something missing on this page.
    pressed: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("instrument", &self.instrument).finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a session: static and dynamic defaults are set, everything is calculated, the first page is on display.
    pub fn open(instrument: Arc<Instrument>, opening: Opening) -> Result<Session, Refusal> {
        let language = opening.language.unwrap_or_else(|| instrument.default_language().clone());
        known(&instrument, &language)?;
        let state = State::new(&instrument.tree);
        let Opening { now, seed, .. } = opening;
        let spot = Spot::Check;
        let mut session = Session {
            instrument,
            language,
            now,
            seed,
            turn: 0,
            state,
            spot,
            number: OnceLock::from(1),
            pressed: false,
        };
        let mut wave = Wave::of_opening();
        let instrument = session.instrument.clone();
        session.preset(ScopeId::ROOT);
        session.begin(&mut wave, ScopeId::ROOT, &instrument.tree.beginning);
        session.load(&mut wave);
        session.enqueue(&mut wave, ScopeId::ROOT);
        session.settle(&mut wave);
        session.spot = session.first();
        session.see();
        Ok(session)
    }

    /// Takes one entry. Refused entries change nothing. Journal the entry with `now`: the same entries at the same
    /// times give the same session.
    pub fn apply(&mut self, entry: &Entry, now: &Zoned) -> Result<Outcome, Refusal> {
        let mut wave = Wave::default();
        let before = (self.now.clone(), self.turn);
        self.now = now.clone();
        self.turn += 1;
        let blocked = match self.entry(&mut wave, entry) {
            Ok(blocked) => blocked,
            Err(refusal) => {
                (self.now, self.turn) = before;
                return Err(refusal);
            }
        };
        self.settle(&mut wave);
        self.act(&mut wave);
        if !self.stands(self.spot) {
            self.spot = self.after(self.spot);
            self.pressed = false;
        }
        self.see();
        if wave.pages.is_some_and(|first| self.may_come_before(first)) {
            self.number = OnceLock::new();
        }
        let mut outcome = self.outcome(wave.changed);
        outcome.problems = blocked;
        if let Entry::Answer { path, .. } = entry
            && let Ok((scope, id)) = self.locate(path)
        {
            outcome.problems.extend(self.problem(scope, id));
        }
        Ok(outcome)
    }

    fn entry(&mut self, wave: &mut Wave, entry: &Entry) -> Result<Vec<Problem>, Refusal> {
        match entry {
            Entry::Answer { path, value } => self.answer(wave, path, value.as_ref())?,
            Entry::AddRepeat { path } => self.add_repeat(wave, path)?,
            Entry::RemoveRepeat { path } => self.remove_repeat(wave, path)?,
            Entry::Language(language) => {
                known(&self.instrument, language)?;
                self.language = language.clone();
                self.relabel(wave);
            }
            Entry::Next => {
                let problems = self.page_problems();
                self.pressed = !problems.is_empty();
                if self.pressed {
                    return Ok(problems);
                }
                if self.spot != Spot::Check {
                    self.spot = self.after(self.spot);
                    self.turn_page(1);
                }
            }
            Entry::Back => {
                if let Some(before) = self.before(self.spot) {
                    self.spot = before;
                    self.turn_page(-1);
                }
                self.pressed = false;
            }
            Entry::GoTo(path) => {
                self.spot = self.destination(path)?;
                self.pressed = false;
                self.number = OnceLock::new();
            }
        }
        Ok(Vec::new())
    }

    fn answer(&mut self, wave: &mut Wave, path: &str, value: Option<&Value>) -> Result<(), Refusal> {
        let instrument = self.instrument.clone();
        let (scope, id) = self.locate(path)?;
        let Some(item) = self.item(id) else { return Err(Refusal::UnknownPath(path.to_owned())) };
        if !item.kind().is_asked() && item.kind() != crate::ItemKind::Hidden {
            return Err(Refusal::NotAQuestion(path.to_owned()));
        }
        if !self.state.cell(&instrument.tree, scope, id).relevant {
            return Err(Refusal::NotRelevant(path.to_owned()));
        }
        if self.is_read_only(scope, id) {
            return Err(Refusal::ReadOnly(path.to_owned()));
        }
        let value = match value {
            Some(value) => self.accepted(scope, id, item, path, value)?,
            None => None,
        };
        let cell = self.state.cell_mut(&instrument.tree, scope, id);
        cell.touched = true;
        if cell.value != value || cell.cut.is_some() {
            cell.value = value;
            self.cut(&instrument.tree, scope, id);
            self.value_changed(wave, id, scope);
        }
        Ok(())
    }

    fn add_repeat(&mut self, wave: &mut Wave, path: &str) -> Result<(), Refusal> {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let unknown = || Refusal::UnknownRepeat(path.to_owned());
        let (repeat, numbers) = parse_path(tree, path).ok_or_else(unknown)?;
        if tree[repeat].kind != NodeKind::Repeat || numbers.len() + 1 != tree[repeat].depth {
            return Err(unknown());
        }
        let outer = instance(tree, &self.state, repeat, &numbers).ok_or_else(unknown)?;
        if tree[repeat].count.is_some() {
            return Err(Refusal::CountedRepeat(path.to_owned()));
        }
        if !self.around(outer, tree[repeat].parent) || !self.has_end(outer, repeat) {
            return Err(Refusal::NotRelevant(path.to_owned()));
        }
        match self.add(wave, outer, repeat, None) {
            Some(_) => Ok(()),
            None => Err(Refusal::TooManyInstances { path: path.to_owned(), max: MAX_INSTANCES }),
        }
    }

    fn remove_repeat(&mut self, wave: &mut Wave, path: &str) -> Result<(), Refusal> {
        let instrument = self.instrument.clone();
        let tree = &instrument.tree;
        let unknown = || Refusal::UnknownRepeat(path.to_owned());
        let (repeat, numbers) = parse_path(tree, path).ok_or_else(unknown)?;
        if tree[repeat].kind != NodeKind::Repeat || numbers.len() != tree[repeat].depth {
            return Err(unknown());
        }
        let scope = instance(tree, &self.state, repeat, &numbers).ok_or_else(unknown)?;
        if tree[repeat].count.is_some() {
            return Err(Refusal::CountedRepeat(path.to_owned()));
        }
        if !self.state.cell(tree, scope, repeat).relevant {
            return Err(Refusal::NotRelevant(path.to_owned()));
        }
        self.take_out(wave, scope);
        Ok(())
    }

    fn destination(&self, path: &str) -> Result<Spot, Refusal> {
        let tree = &self.instrument.tree;
        if path.is_empty() {
            return Ok(Spot::Check);
        }
        let unknown = || Refusal::UnknownPath(path.to_owned());
        let (id, numbers) = parse_path(tree, path).ok_or_else(unknown)?;
        let scope = instance(tree, &self.state, id, &numbers).ok_or_else(unknown)?;
        let spot = if tree[id].kind == NodeKind::Repeat {
            if numbers.len() + 1 != tree[id].depth {
                return Err(unknown());
            }
            Spot::RepeatEnd(scope, id)
        } else {
            if numbers.len() != tree[id].depth {
                return Err(unknown());
            }
            self.page_of(scope, id)
        };
        let relevant = match spot {
            Spot::At(..) => self.state.cell(tree, scope, id).relevant && self.stands(spot),
            spot => self.stands(spot),
        };
        if relevant { Ok(spot) } else { Err(Refusal::NotRelevant(path.to_owned())) }
    }

    /// The item at a path and the instance it is in.
    fn locate(&self, path: &str) -> Result<(ScopeId, NodeId), Refusal> {
        let tree = &self.instrument.tree;
        let unknown = || Refusal::UnknownPath(path.to_owned());
        let (id, numbers) = parse_path(tree, path).ok_or_else(unknown)?;
        if !matches!(tree[id].kind, NodeKind::Item(_)) || numbers.len() != tree[id].depth {
            return Err(unknown());
        }
        let scope = instance(tree, &self.state, id, &numbers).ok_or_else(unknown)?;
        Ok((scope, id))
    }

    /// Takes the person out of an instance that is about to go.
    fn leave(&mut self, instance: ScopeId) {
        let here = match self.spot {
            Spot::At(scope, _) | Spot::RepeatEnd(scope, _) => scope,
            Spot::Check => return,
        };
        if self.state.is_inside(here, instance) {
            self.spot = Spot::RepeatEnd(self.state[instance].parent, self.state[instance].node);
        }
    }

    /// Whether pages of a node, in any instance, may come before the page on display.
    fn may_come_before(&self, node: NodeId) -> bool {
        let Some(here) = self.spot.node() else { return true };
        // In a repeat, what comes later in the form may stand in an earlier instance.
        let tree = &self.instrument.tree;
        match tree.repeats(here).first() {
            Some(outermost) => node < tree[*outermost].end,
            None => node <= here,
        }
    }

    fn turn_page(&mut self, by: isize) {
        let next = self.number.get().and_then(|number| number.checked_add_signed(by));
        self.number = next.map(OnceLock::from).unwrap_or_default();
    }

    /// Number of the page on display among the pages now relevant, from 1.
    pub(crate) fn page_number(&self) -> usize {
        *self.number.get_or_init(|| {
            let (mut number, mut count) = (None, 0);
            self.pages(ScopeId::ROOT, NodeId::ROOT, &mut |spot| {
                count += 1;
                if spot == self.spot {
                    number = Some(count);
                }
            });
            // The check page is the last.
            number.unwrap_or(count + 1)
        })
    }

    /// How many pages come after the one on display, where no answer can change that.
    pub(crate) fn pages_left(&self) -> Option<usize> {
        match self.spot {
            Spot::Check => Some(0),
            Spot::At(_, id) | Spot::RepeatEnd(_, id) => self.instrument.pages_after(id),
        }
    }

    fn item(&self, id: NodeId) -> Option<&Item> {
        self.instrument.item_at(id)
    }

    fn scene(&self, scope: ScopeId, node: NodeId) -> Scene<'_> {
        Scene {
            instrument: &self.instrument,
            state: &self.state,
            language: &self.language,
            now: &self.now,
            seed: self.seed,
            turn: self.turn,
            scope,
            node,
            choice: None,
            budget: Cell::new(MAX_VISITS),
            throws: Cell::new(0),
            choosing: Cell::new(false),
            naming: Cell::new(0),
        }
    }

    /// The instrument.
    #[must_use]
    pub fn instrument(&self) -> &Arc<Instrument> {
        &self.instrument
    }

    /// The language on display.
    #[must_use]
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// The value now at a path, relevant or not; what a choice filter takes away is not there.
    #[must_use]
    pub fn value(&self, path: &str) -> Option<&Value> {
        let (scope, id) = self.locate(path).ok()?;
        self.state.cell(&self.instrument.tree, scope, id).current()
    }

    /// The attachments that answers name now, relevant or not.
    #[must_use]
    pub fn attached(&self) -> Vec<Attached> {
        let texts = self.held().into_iter().filter_map(|held| match held.value {
            Some(Value::Text(text)) if Attached::claims(&text) => text.parse().ok(),
            _ => None,
        });
        texts.collect()
    }

    /// What the question at a path asks for.
    #[must_use]
    pub fn kind(&self, path: &str) -> Option<crate::ItemKind> {
        let (_, id) = self.locate(path).ok()?;
        self.item(id).map(Item::kind)
    }

    /// Whether the item at a path is relevant now.
    #[must_use]
    pub fn is_relevant(&self, path: &str) -> bool {
        let found = self.locate(path);
        found.is_ok_and(|(scope, id)| self.state.cell(&self.instrument.tree, scope, id).relevant)
    }
}

fn known(instrument: &Instrument, language: &Language) -> Result<(), Refusal> {
    match instrument.languages().contains(language) {
        true => Ok(()),
        false => Err(Refusal::UnknownLanguage(language.name().to_owned())),
    }
}

#[cfg(test)]
mod tests;
