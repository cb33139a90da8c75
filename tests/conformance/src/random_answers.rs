//! Answers drawn from a seed: mostly what a question asks for, sometimes what violates a constraint, sometimes a blank.

use std::collections::BTreeMap;

use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::outline::{Kind, Outline, Question};
use crate::step::Step;

/// Words that fit some constraint of our forms and violate another.
const TEXTS: [&str; 14] = [
    "quiet",
    "A12",
    "AB-123",
    "WI-7",
    "06:30",
    "Anna",
    "Anna Maria",
    "I would like less noise please",
    "10",
    "3.5",
    "two  spaces",
    "Tŷ Bach",
    "x",
    "the door, the light & the voices",
];
const INTEGERS: [&str; 14] = ["0", "1", "2", "3", "4", "5", "6", "7", "9", "10", "12", "24", "101", "-3"];
const DECIMALS: [&str; 9] = ["0", "0.5", "1", "2.25", "3.333", "20.5", "100", "-1.75", "1234.5"];
const DATES: [&str; 7] =
    ["2009-12-31", "2014-12-31", "2019-02-28", "2020-02-29", "2023-12-31", "2024-01-01", "2024-06-15"];
const TIMES: [&str; 5] = ["00:00:00.000", "05:45:00.000", "06:30:00.000", "21:15:30.000", "23:59:00.000"];
/// How often something is done, in a hundred.
const BLANK: u32 = 12;
const ADD: u32 = 12;
const REMOVE: u32 = 5;
const LANGUAGE: u32 = 8;
/// Instances of a repeat that are added at most, and counted ones that are answered.
const INSTANCES: usize = 4;

/// Draws steps for a form. The same form, name and seed give the same steps.
#[must_use]
pub fn draw(outline: &Outline, name: &str, seed: u64, count: usize) -> Vec<Step> {
    let mut person =
        Person { outline, chance: ChaCha8Rng::seed_from_u64(seed ^ hash(name)), instances: BTreeMap::new() };
    (0..count).filter_map(|_| person.step()).collect()
}

/// FNV-1a: apart for different names and the same on every machine.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Who answers, and which instances that person has made.
struct Person<'a> {
    outline: &'a Outline,
    chance: ChaCha8Rng,
    /// Path of a repeat, with the positions of those it is in → how many instances.
    instances: BTreeMap<String, usize>,
}

impl Person<'_> {
    fn step(&mut self) -> Option<Step> {
        let drawn = self.chance.random_range(0..100);
        let addable = self.outline.repeats.iter().any(|repeat| !repeat.counted);
        if drawn < ADD && addable {
            return self.add();
        }
        if drawn < ADD + REMOVE && addable {
            return self.remove();
        }
        if drawn < ADD + REMOVE + LANGUAGE && self.outline.languages.len() > 1 {
            let lang = self.outline.languages.choose(&mut self.chance)?.clone();
            return Some(Step::Language { lang });
        }
        let outline = self.outline;
        let question = outline.questions.choose(&mut self.chance)?;
        let set = self.place(&question.path)?;
        Some(Step::Set { set, value: self.value(question) })
    }

    fn add(&mut self) -> Option<Step> {
        let path = self.addable()?;
        let repeat = self.place_of_repeat(&path)?;
        let count = self.count(&repeat);
        if count >= INSTANCES {
            return None;
        }
        self.instances.insert(repeat.clone(), count + 1);
        // A new instance of an outer repeat begins without inner ones.
        let inner: Vec<String> = self.outline.repeats.iter().map(|one| one.path.clone()).collect();
        for inner in inner.iter().filter(|inner| inner.starts_with(&format!("{path}/"))) {
            let rest = &inner[path.len()..];
            self.instances.insert(format!("{repeat}[{}]{rest}", count + 1), 0);
        }
        Some(Step::AddRepeat { repeat })
    }

    fn remove(&mut self) -> Option<Step> {
        let path = self.addable()?;
        let repeat = self.place_of_repeat(&path)?;
        let count = self.count(&repeat);
        if count == 0 {
            return None;
        }
        let position = self.chance.random_range(1..=count);
        self.forget(&repeat, position, count);
        Some(Step::RemoveRepeat { instance: format!("{repeat}[{position}]") })
    }

    /// Instances after the one that goes move up.
    fn forget(&mut self, repeat: &str, position: usize, count: usize) {
        let old = std::mem::take(&mut self.instances);
        for (path, many) in old {
            let Some(rest) = path.strip_prefix(&format!("{repeat}[")) else {
                self.instances.insert(path, many);
                continue;
            };
            let Some((at, rest)) = rest.split_once(']') else { continue };
            match at.parse::<usize>() {
                Ok(at) if at < position => self.instances.insert(path, many),
                Ok(at) if at > position => self.instances.insert(format!("{repeat}[{}]{rest}", at - 1), many),
                _ => None,
            };
        }
        self.instances.insert(repeat.to_owned(), count - 1);
    }

    fn addable(&mut self) -> Option<String> {
        let free: Vec<&str> = self
            .outline
            .repeats
            .iter()
            .filter(|repeat| !repeat.counted)
            .map(|repeat| repeat.path.as_str())
            .collect();
        free.choose(&mut self.chance).map(|path| (*path).to_owned())
    }

    /// A path with positions drawn for the repeats it is in, its own position left out.
    fn place_of_repeat(&mut self, path: &str) -> Option<String> {
        let (parent, name) = path.rsplit_once('/')?;
        Some(format!("{}/{name}", self.place(parent)?))
    }

    /// A path with positions drawn for all repeats in it; none where a repeat has no instance.
    fn place(&mut self, path: &str) -> Option<String> {
        let (mut bare, mut placed) = (String::new(), String::new());
        for name in path.split('/').skip(1) {
            bare = format!("{bare}/{name}");
            placed = format!("{placed}/{name}");
            if self.outline.repeats.iter().any(|repeat| repeat.path == bare) {
                let count = self.count(&placed);
                if count == 0 {
                    return None;
                }
                placed = format!("{placed}[{}]", self.chance.random_range(1..=count));
            }
        }
        Some(placed)
    }

    /// Every repeat opens with one instance; of a counted one it is not known how many there are.
    fn count(&self, repeat: &str) -> usize {
        let path = crate::outline::without_positions(repeat);
        let counted = self.outline.repeats.iter().any(|one| one.path == path && one.counted);
        if counted { INSTANCES } else { self.instances.get(repeat).copied().unwrap_or(1) }
    }

    fn value(&mut self, question: &Question) -> String {
        if self.chance.random_range(0..100) < BLANK {
            return String::new();
        }
        let chance = &mut self.chance;
        let one_of = |of: &[&str], chance: &mut ChaCha8Rng| of.choose(chance).map(|one| (*one).to_owned());
        let value = match &question.kind {
            Kind::Text => one_of(&TEXTS, chance),
            Kind::Integer => one_of(&INTEGERS, chance),
            Kind::Decimal => one_of(&DECIMALS, chance),
            Kind::Date => one_of(&DATES, chance),
            Kind::Time => one_of(&TIMES, chance),
            Kind::DateTime => one_of(&DATES, chance)
                .zip(one_of(&TIMES, chance))
                .map(|(date, time)| format!("{date}T{time}")),
            Kind::One(codes) => codes.choose(chance).cloned(),
            Kind::Many(codes) => {
                let mut codes = codes.clone();
                codes.shuffle(chance);
                codes.truncate(chance.random_range(1..=codes.len().max(1)));
                Some(codes.join(" "))
            }
            Kind::Rank(codes) => {
                let mut codes = codes.clone();
                codes.shuffle(chance);
                Some(codes.join(" "))
            }
            Kind::Range { start, end, step } => {
                let most = ((end - start) / step).floor().max(0.0);
                let at = f64::from(chance.random_range(0..=999_u16)) / 999.0 * most;
                Some((start + at.round() * step).to_string())
            }
            Kind::Acknowledge => Some("OK".to_owned()),
        };
        value.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outline::Repeat;

    fn outline() -> Outline {
        let repeat = |path: &str| Repeat { path: path.into(), counted: false };
        let question = |path: &str, kind| Question { path: path.into(), kind };
        Outline {
            questions: vec![
                question("/d/a/b/q", Kind::Integer),
                question("/d/rank", Kind::Rank(vec!["x".into(), "y".into()])),
            ],
            repeats: vec![repeat("/d/a"), repeat("/d/a/b")],
            languages: vec!["en".into(), "cy".into()],
            ..Outline::default()
        }
    }

    #[test]
    fn a_seed_gives_the_same_steps_and_another_gives_others() {
        let outline = outline();
        assert_eq!(draw(&outline, "n", 1, 50), draw(&outline, "n", 1, 50));
        assert_ne!(draw(&outline, "n", 1, 50), draw(&outline, "n", 2, 50));
        assert_ne!(draw(&outline, "n", 1, 50), draw(&outline, "m", 1, 50));
    }

    #[test]
    fn all_kinds_of_steps_come_up_and_positions_are_on_repeats_only() {
        let steps = draw(&outline(), "n", 3, 400);
        let any = |want: fn(&Step) -> bool| steps.iter().any(want);
        assert!(any(|step| matches!(step, Step::AddRepeat { repeat } if repeat.starts_with("/d/a["))));
        assert!(any(|step| matches!(step, Step::RemoveRepeat { .. })));
        assert!(any(|step| matches!(step, Step::Language { .. })));
        assert!(any(|step| matches!(step, Step::Set { set, .. } if set == "/d/a[2]/b[1]/q")));
        assert!(any(|step| matches!(step, Step::Set { set, value } if set == "/d/rank" && value == "y x")));
        assert!(any(|step| matches!(step, Step::Set { value, .. } if value.is_empty())));
    }

    #[test]
    fn instances_after_one_that_goes_move_up() {
        let outline = outline();
        let chance = ChaCha8Rng::seed_from_u64(1);
        let instances = [("/d/a", 3), ("/d/a[2]/b", 7), ("/d/a[3]/b", 9)];
        let instances = instances.map(|(path, many)| (path.to_owned(), many)).into();
        let mut person = Person { outline: &outline, chance, instances };
        person.forget("/d/a", 2, 3);
        assert_eq!(person.count("/d/a"), 2);
        assert_eq!(person.count("/d/a[2]/b"), 9);
    }
}
