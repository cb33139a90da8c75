//! People who are asked: patients, carers, staff, and those who write down who was asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::{Rng, RngExt};

use super::visit::{Ground, Manner, Visit};

/// Visits of one form, spread evenly over the study.
pub(super) struct People {
    ground: Arc<Ground>,
    form: usize,
    count: u64,
    next: u64,
}

impl People {
    pub(super) fn new(ground: &Arc<Ground>, form: usize, count: u64) -> People {
        People { ground: Arc::clone(ground), form, count, next: 0 }
    }

    fn visit(&self, number: u64) -> Option<Visit> {
        let Ground { pack, calendar, habits, tablets, .. } = &*self.ground;
        let form = pack.study().instruments.get(self.form)?;
        let (stream, mut numbers) = self.ground.numbers(self.form, number);
        let fraction = (number as f64 + numbers.random_range(0.0..1.0)) / self.count as f64;
        let at = calendar.asking(fraction);
        let place = calendar.somewhere(at.date(), &mut numbers)?;
        let roles: Vec<&str> = (pack.study().roles.iter())
            .filter(|role| role.may.contains(&form.id))
            .map(|role| role.code.as_str())
            .collect();
        let role = (*roles.get(numbers.random_range(0..roles.len().max(1)))?).to_owned();
        let (manner, stops_at) = ending(form.kind.code(), habits, &mut numbers);
        Some(Visit {
            stream,
            tablet: numbers.random_range(0..*tablets),
            form_id: form.id.clone(),
            role,
            ward: place.ward,
            beds: place.beds,
            after: place.after,
            at,
            language: self.language(&form.id, &mut numbers),
            manner,
            stops_at,
            diligent: form.kind.code() == "encounter",
            given: BTreeMap::new(),
        })
    }

    fn language(&self, form_id: &str, numbers: &mut impl Rng) -> Option<String> {
        let languages = self.ground.pack.instrument(form_id)?.languages();
        let weight = |code: &str| self.ground.habits.languages.get(code).copied().unwrap_or(1.0);
        let total: f64 = languages.iter().map(|language| weight(language.code())).sum();
        let mut left = numbers.random_range(0.0..1.0) * total;
        let chosen = languages.iter().find(|language| {
            left -= weight(language.code());
            left < 0.0
        });
        chosen.map(|language| language.name().to_owned())
    }
}

impl Iterator for People {
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

fn ending(kind: &str, habits: &super::habits::Habits, numbers: &mut impl Rng) -> (Manner, Option<usize>) {
    let (luck, page) = (numbers.random_range(0.0..1.0), numbers.random_range(2..6));
    if kind != "response" {
        return (Manner::Finish, None);
    }
    match luck {
        _ if luck < habits.endings.keep => (Manner::StopKeeping, Some(page)),
        _ if luck < habits.endings.keep + habits.endings.throw_away => (Manner::ThrowAway, Some(page)),
        _ => (Manner::Finish, None),
    }
}
