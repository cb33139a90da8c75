//! What simulated people tend to say, as data: weights, ranges and sentences by item name, before and after.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::trouble::Trouble;

const SOURCE: &str = include_str!("habits.toml");

/// Everything in `habits.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Habits {
    /// Out of how many forms each is, by form id; a form not named has the share `other`.
    pub(crate) shares: BTreeMap<String, f64>,
    /// How often a question is passed by without an answer.
    pub(crate) skips: f64,
    /// How often a choice that means "no answer" is taken, where there is one.
    pub(crate) missing: f64,
    /// How a form ends.
    pub(crate) endings: Endings,
    /// Weights of languages by code; a language not named has weight 1.
    pub(crate) languages: BTreeMap<String, f64>,
    choices: BTreeMap<String, BTreeMap<String, [f64; 2]>>,
    numbers: BTreeMap<String, Range>,
    texts: BTreeMap<String, [Vec<String>; 2]>,
}

/// How often a person stops on the way; the others go through to the end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endings {
    /// Stops and lets what was said be kept.
    pub(crate) keep: f64,
    /// Stops and throws it away.
    pub(crate) throw_away: f64,
}

/// A range of numbers, both ends in it.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    /// Before the new practice: least and most.
    before: [f64; 2],
    /// After it.
    after: [f64; 2],
    /// Whether the numbers are shares of the ward's beds.
    #[serde(default)]
    of_beds: bool,
}

impl Habits {
    /// Reads them.
    pub(crate) fn read() -> Result<Habits, Trouble> {
        toml::from_str(SOURCE).map_err(|fault| Trouble::Given(format!("habits.toml: {fault}")))
    }

    /// The weight of a choice.
    pub(crate) fn weight(&self, item: &str, code: &str, after: bool) -> f64 {
        self.choices
            .get(item)
            .and_then(|codes| codes.get(code))
            .map_or(1.0, |weights| weights[usize::from(after)])
    }

    /// Least and most for a number.
    pub(crate) fn range(&self, item: &str, after: bool, beds: u32) -> Option<(f64, f64)> {
        let range = self.numbers.get(item)?;
        let [low, high] = if after { range.after } else { range.before };
        let beds = f64::from(beds);
        Some(if range.of_beds { ((low * beds).round(), (high * beds).round()) } else { (low, high) })
    }

    /// Sentences for a free text.
    pub(crate) fn sentences(&self, item: &str, after: bool) -> Option<&[String]> {
        let texts = self.texts.get(item).or_else(|| self.texts.get("any"))?;
        Some(&texts[usize::from(after)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_is_about_something_the_study_asks() {
        let (habits, pack) = (Habits::read().unwrap(), crate::pack::load(None).unwrap());
        for form in habits.shares.keys() {
            assert!(pack.instrument(form).is_some(), "there is no form {form}");
        }
        let items: Vec<_> = pack.instruments().iter().flat_map(|form| form.items()).collect();
        let named = |name: &str| items.iter().filter(|item| item.name() == name).collect::<Vec<_>>();
        for (item, codes) in &habits.choices {
            for code in codes.keys() {
                assert!(
                    named(item).iter().any(|item| item.choice(code).is_some()),
                    "{item} has no choice {code}"
                );
            }
        }
        for item in habits.numbers.keys().chain(habits.texts.keys().filter(|item| *item != "any")) {
            assert!(!named(item).is_empty(), "there is no item {item}");
        }
    }

    #[test]
    fn the_habits_are_sound() {
        let habits = Habits::read().unwrap();
        let shares: f64 = habits.shares.values().sum();
        assert!((0.9..1.1).contains(&shares), "the shares add up to {shares}");
        assert!(habits.endings.keep + habits.endings.throw_away < 0.5);
        for (item, texts) in &habits.texts {
            assert!(texts.iter().all(|sentences| !sentences.is_empty()), "{item} has no sentence");
        }
        for codes in habits.choices.values() {
            assert!(
                [0, 1].iter().all(|phase| codes.values().map(|weights| weights[*phase]).sum::<f64>() > 0.0)
            );
        }
    }
}
