//! Figures the ward writes down: each thing once, so that nothing but the demonstration's own fault makes a conflict.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use nightjar_form::{ItemKind, Value};
use rand::RngExt;

use super::visit::{Ground, Manner, Visit};

/// Visits of one form about things that exist once, such as a ward's night. All things of a study stand in a row
/// (day, week or month; ward; each choice of the key); the visits take evenly spaced ones.
pub(super) struct Facts {
    ground: Arc<Ground>,
    form: usize,
    count: u64,
    next: u64,
    step: Step,
    day: Option<String>,
    lists: Vec<(String, Vec<String>)>,
}

/// How far apart two dates of the key are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Night,
    Week,
    Month,
}

impl Step {
    fn of(item: &str) -> Step {
        match item {
            _ if item.contains("month") => Step::Month,
            _ if item.contains("week") => Step::Week,
            _ => Step::Night,
        }
    }

    fn days(self) -> u32 {
        match self {
            Step::Night => 1,
            Step::Week => 7,
            Step::Month => 31,
        }
    }

    /// The first day of the week or month.
    fn start(self, date: Date) -> Date {
        match self {
            Step::Night => date,
            Step::Week => date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days()),
            Step::Month => date.first_of_month(),
        }
    }
}

impl Facts {
    pub(super) fn new(ground: &Arc<Ground>, form: usize, count: u64) -> Facts {
        let asked = ground.pack.study().instruments.get(form);
        let instrument = asked.and_then(|asked| ground.pack.instrument(&asked.id));
        let key = asked.map(|asked| asked.natural_key.as_slice()).unwrap_or_default();
        let items: Vec<_> = key.iter().filter_map(|name| instrument?.item_named(name)).collect();
        let day = items.iter().find(|item| !item.kind().has_choices()).map(|item| item.name().to_owned());
        // What happens at a time of its own, such as an incident, is unlike any other by that; the rest is drawn.
        let timed = items.iter().any(|item| item.kind() == ItemKind::Time);
        let lists = (items.iter())
            .filter(|item| item.kind() == ItemKind::SelectOne && !timed)
            .map(|item| {
                (item.name().to_owned(), item.choices().iter().map(|c| c.code().to_owned()).collect())
            })
            .collect();
        let step = day.as_deref().map_or(Step::Night, Step::of);
        let mut facts = Facts { ground: Arc::clone(ground), form, count, next: 0, step, day, lists };
        // Wards that are in no counting phase at the time are passed over; the others make up for them.
        facts.count = ((count as f64 / facts.ground.calendar.open()) as u64).min(facts.things());
        facts
    }

    /// How many things there are to write down.
    fn things(&self) -> u64 {
        let units = u64::from(self.ground.calendar.days().div_ceil(self.step.days()));
        units * self.per_unit()
    }

    fn per_unit(&self) -> u64 {
        let wards = self.ground.calendar.ward_codes().count() as u64;
        wards * self.lists.iter().map(|(_, codes)| codes.len().max(1) as u64).product::<u64>()
    }

    fn visit(&self, number: u64) -> Option<Visit> {
        let Ground { pack, calendar, tablets, .. } = &*self.ground;
        let form = pack.study().instruments.get(self.form)?;
        let (stream, mut numbers) = self.ground.numbers(self.form, number);
        let thing = number * self.things() / self.count.max(1);
        let unit = u32::try_from(thing / self.per_unit()).ok()?;
        let mut within = thing % self.per_unit();
        let mut take = |len: usize| {
            let at = (within % len.max(1) as u64) as usize;
            within /= len.max(1) as u64;
            at
        };
        let date = self.step.start(calendar.date(unit * self.step.days()));
        let place = calendar.place(take(calendar.ward_codes().count()), date)?;
        let mut given: BTreeMap<String, Value> = BTreeMap::new();
        for (item, codes) in &self.lists {
            given.insert(item.clone(), Value::One(codes.get(take(codes.len()))?.clone()));
        }
        if let Some(item) = &self.day {
            let kind = pack.instrument(&form.id)?.item_named(item)?.kind();
            given.insert(item.clone(), dated(kind, date, self.step));
        }
        let role = pack.study().roles.iter().find(|role| role.may.contains(&form.id))?.code.clone();
        Some(Visit {
            stream,
            tablet: numbers.random_range(0..*tablets),
            form_id: form.id.clone(),
            role,
            ward: place.ward,
            beds: place.beds,
            after: place.after,
            at: calendar.morning_after(date.saturating_add(i64::from(self.step.days() - 1).days())),
            language: None,
            manner: Manner::Finish,
            stops_at: None,
            diligent: true,
            given,
        })
    }
}

fn dated(kind: ItemKind, date: Date, step: Step) -> Value {
    match (kind, step) {
        (ItemKind::Date, _) => Value::Date(date),
        (_, Step::Month) => Value::Text(date.strftime("%Y-%m").to_string()),
        _ => Value::Text(date.to_string()),
    }
}

impl Iterator for Facts {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        while self.next < self.count {
            let visit = self.visit(self.next);
            self.next += 1;
            if visit.is_some() {
                return visit;
            }
        }
        None
    }
}
