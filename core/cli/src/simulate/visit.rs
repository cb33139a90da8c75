//! Visits: who is asked what, where and when. All visits of a study come in the order of time, made one by one.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::sync::Arc;

use jiff::Zoned;
use nightjar::StudyPack;
use nightjar_form::{ItemKind, Value};
use rand_chacha::ChaCha8Rng;

use super::calendar::Calendar;
use super::facts::Facts;
use super::habits::Habits;
use super::people::{Offers, People};
use super::{CANARY, numbers};
use crate::trouble::Trouble;

/// How a form ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// At its end.
    Finish,
    /// On the way; what was said is kept.
    StopKeeping,
    /// On the way; what was said is thrown away.
    ThrowAway,
}

/// One form filled in by one person.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Its stream of random numbers.
    pub(crate) stream: u64,
    /// Which tablet, from 0.
    pub(crate) tablet: usize,
    /// The form.
    pub(crate) form_id: String,
    /// The role chosen at hand-over.
    pub(crate) role: String,
    /// The ward's code.
    pub(crate) ward: String,
    /// Beds on the ward.
    pub(crate) beds: u32,
    /// Whether the new practice is live there.
    pub(crate) after: bool,
    /// The moment.
    pub(crate) at: Zoned,
    /// The language, by its name in the workbook; the form's first if absent.
    pub(crate) language: Option<String>,
    /// How it ends.
    pub(crate) manner: Manner,
    /// The page at which it ends, for who stops on the way.
    pub(crate) stops_at: Option<usize>,
    /// Staff writing down figures: every question is answered.
    pub(crate) diligent: bool,
    /// What certain items must hold, by name.
    pub(crate) given: BTreeMap<String, Value>,
}

/// What every source of visits draws from.
pub(super) struct Ground {
    pub(super) pack: StudyPack,
    pub(super) calendar: Calendar,
    pub(super) habits: Habits,
    pub(super) seed: u64,
    pub(super) tablets: usize,
}

impl Ground {
    /// A visit's own random numbers, and its stream: the form's place in the study and the visit's number in it.
    pub(super) fn numbers(&self, form: usize, visit: u64) -> (u64, ChaCha8Rng) {
        let stream = ((form as u64 + 1) << 40) | visit;
        (stream, numbers(self.seed, stream))
    }
}

type Source = Peekable<Box<dyn Iterator<Item = Visit> + Send>>;

/// All visits of a simulation, in the order of time. The same arguments give the same visits.
pub(crate) struct Visits {
    ground: Arc<Ground>,
    sources: Vec<Source>,
    canary: Option<(String, BTreeMap<String, Value>)>,
}

impl Visits {
    /// About `responses` visits over the whole study, on `tablets` tablets.
    pub(crate) fn plan(
        pack: &StudyPack,
        seed: u64,
        responses: u64,
        tablets: usize,
    ) -> Result<Visits, Trouble> {
        let habits = Habits::read()?;
        let calendar = Calendar::of(pack);
        let ground = Arc::new(Ground { pack: pack.clone(), calendar, habits, seed, tablets });
        let mut sources: Vec<Source> = Vec::new();
        let count = |form_id: &str| {
            let share = ground.habits.shares.get(form_id).copied().unwrap_or(0.0);
            (share * responses as f64).round() as u64
        };
        let instruments = &pack.study().instruments;
        let offer = instruments.iter().position(|form| form.kind.code() == "encounter");
        // Before the forms themselves: of two visits at one moment, the offer comes first.
        let mut offered = 0;
        for (form, asked) in instruments.iter().enumerate().filter(|(_, form)| form.kind.code() == "response")
        {
            let Some(offer) = offer else { break };
            let people = People::new(&ground, form, count(&asked.id));
            let source: Box<dyn Iterator<Item = Visit> + Send> = Box::new(Offers::new(people, offer));
            sources.push(source.peekable());
            offered += count(&asked.id);
        }
        for (form, asked) in pack.study().instruments.iter().enumerate() {
            let count = count(&asked.id);
            let source: Box<dyn Iterator<Item = Visit> + Send> = match asked.kind.code() {
                "response" => Box::new(People::new(&ground, form, count)),
                "encounter" => Box::new(People::new(&ground, form, count.saturating_sub(offered))),
                "fact" => Box::new(Facts::new(&ground, form, count)),
                // Positions and outcomes are a story of their own; the demonstration tells it.
                _ => continue,
            };
            sources.push(source.peekable());
        }
        Ok(Visits { ground, sources, canary: canary(pack) })
    }

    /// What people tend to say.
    pub(crate) fn habits(&self) -> &Habits {
        &self.ground.habits
    }

    /// A visit's random numbers for its answers.
    pub(crate) fn answers_of(&self, visit: &Visit) -> ChaCha8Rng {
        numbers(self.ground.seed, visit.stream | (1 << 63))
    }
}

impl Iterator for Visits {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        let mut earliest: Option<(usize, Zoned)> = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            let Some(visit) = source.peek() else { continue };
            if earliest.as_ref().is_none_or(|(_, moment)| visit.at < *moment) {
                earliest = Some((at, visit.at.clone()));
            }
        }
        let mut visit = self.sources[earliest?.0].next()?;
        // The first person who goes through the form to its end says what must be found with the evaluator only.
        if self
            .canary
            .as_ref()
            .is_some_and(|(form, _)| *form == visit.form_id && visit.manner == Manner::Finish)
            && let Some((_, said)) = self.canary.take()
        {
            visit.given.extend(said);
        }
        Some(visit)
    }
}

/// The canary in the first free text of the first confidential form, and consent to quote none of it.
fn canary(pack: &StudyPack) -> Option<(String, BTreeMap<String, Value>)> {
    let mut forms = pack.study().instruments.iter();
    let form = forms.find(|form| form.confidential && form.kind.code() == "response")?;
    let items = pack.instrument(&form.id)?.items();
    let text = items.iter().find(|item| item.kind() == ItemKind::Text)?.name();
    let quote = format!("{text}_quote");
    let said = [(text.to_owned(), Value::Text(CANARY.into())), (quote, Value::One("no".into()))];
    Some((form.id.clone(), BTreeMap::from(said)))
}
