//! People who are asked: patients, carers, staff, and those who write down who was asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use nightjar_form::Value;
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

/// The offers that people said yes to: one before each visit of a respondents' form, on the same tablet.
pub(super) struct Offers {
    people: People,
    /// The place in the study of the form an offer is written down in.
    form: usize,
}

impl Offers {
    pub(super) fn new(people: People, form: usize) -> Offers {
        Offers { people, form }
    }
}

impl Iterator for Offers {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        let answered = self.people.next()?;
        let ground = &self.people.ground;
        let study = ground.pack.study();
        let form = study.instruments.get(self.form)?;
        // Numbers of its own, far from those of encounters that led to nothing.
        let number = ((self.people.form as u64 + 1) << 32) | self.people.next;
        let (stream, mut numbers) = ground.numbers(self.form, number);
        let roles: Vec<_> = study.roles.iter().filter(|role| role.may.contains(&form.id)).collect();
        let role = roles.get(numbers.random_range(0..roles.len().max(1)))?.code.clone();
        let respondent = study.role(&answered.role)?.voice.code().to_owned();
        let said = [("respondent", respondent), ("outcome", "yes".to_owned())];
        Some(Visit {
            stream,
            form_id: form.id.clone(),
            role,
            language: self.people.language(&form.id, &mut numbers),
            manner: Manner::Finish,
            stops_at: None,
            diligent: true,
            given: said.map(|(item, code)| (item.to_owned(), Value::One(code))).into(),
            ..answered
        })
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
