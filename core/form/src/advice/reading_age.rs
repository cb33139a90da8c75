//! How old a reader must be for the words, by a published formula.
//!
//! The Flesch–Kincaid grade level (Kincaid, Fishburne, Rogers and Chissom, *Derivation of New Readability Formulas … for
//! Navy Enlisted Personnel*, Research Branch Report 8-75, 1975):
//! `0.39 × words per sentence + 11.8 × syllables per word − 15.59`, a grade of US schools; a child in grade *n* is *n* + 5
//! years old. It is fitted to passages of English. A single label is far shorter, so that a form is measured as a whole,
//! and one label only when it has [`LONG`] words or more.

use std::collections::HashSet;

use super::words::{shown, words};
use super::{Findings, Topic, read};
use crate::{Choice, Language};

/// Words that a single label must have before it is measured alone.
const LONG: usize = 12;
/// Words that a form must have before it is measured as a whole.
const ENOUGH: usize = 40;
/// Years that a single label may be above the bound: one long word moves a short text that far.
const SLACK: f64 = 2.0;

/// The reading age of an English text in years, or `None` for a text without words.
///
/// ```
/// # use nightjar_form::reading_age;
/// let easy = reading_age("How did you sleep last night? Did the ward wake you?");
/// let hard = reading_age("Did environmental disturbances negatively influence your subjective nocturnal recuperation?");
/// assert!(easy.is_some_and(|age| age < 9.0) && hard.is_some_and(|age| age > 20.0));
/// assert_eq!(reading_age(" … "), None);
/// ```
#[must_use]
pub fn reading_age(text: &str) -> Option<f64> {
    let mut count = Count::default();
    count.add(text);
    count.age()
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    words: usize,
    sentences: usize,
    syllables: usize,
}

impl Count {
    fn add(&mut self, text: &str) {
        for sentence in sentences(text) {
            self.sentences += 1;
            for word in words(sentence) {
                self.words += 1;
                self.syllables += syllables(&word);
            }
        }
    }

    fn age(self) -> Option<f64> {
        if self.words == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a form has far fewer words than a double can count")]
        let [words, sentences, syllables] = [self.words, self.sentences, self.syllables].map(|n| n as f64);
        Some((0.39 * words / sentences + 11.8 * syllables / words - 15.59 + 5.0).max(5.0))
    }
}

/// What ends with a full stop, a question or exclamation mark, or a line; a point inside `2.5` or `e.g.` ends nothing.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split_inclusive(['?', '!', ';', ':']))
        .flat_map(|part| part.split(". "))
        .filter(|sentence| sentence.contains(char::is_alphanumeric))
}

/// Syllables of an English word: runs of vowels, without the silent `e` of `made`, `makes` and `asked`; one at least. A
/// number is as long as it takes to say: a syllable a digit.
fn syllables(word: &str) -> usize {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if digits > 0 {
        return digits;
    }
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphabetic()).collect();
    let vowel = |c: char| "aeiouyàâäéèêëïîôöùûü".contains(c);
    let mut runs = 0;
    let mut before = false;
    for (i, c) in letters.iter().enumerate() {
        // The `y` of `yes` and `you` is no vowel.
        let now = vowel(*c) && !(*c == 'y' && letters.get(i + 1).is_some_and(|next| vowel(*next)));
        runs += usize::from(now && !before);
        before = now;
    }
    let text: String = letters.iter().collect();
    let consonant_before = |ending: usize| {
        let at = letters.len().checked_sub(ending + 1).and_then(|at| letters.get(at));
        at.is_some_and(|c| !vowel(*c))
    };
    let silent = (text.ends_with('e') && consonant_before(1) && !ends_in_le(&letters))
        || (text.ends_with("es")
            && consonant_before(2)
            && !["s", "z", "x", "c", "g", "h", "l"].iter().any(|c| text.ends_with(&format!("{c}es"))))
        || (text.ends_with("ed") && consonant_before(2) && !text.ends_with("ted") && !text.ends_with("ded"));
    // `going`, `quiet`, `diary`: two vowels that are two syllables.
    let apart = ["ia", "io", "iet", "uou", "eo", "oing", "ying"];
    let joined = ["tion", "sion", "cial", "tial", "cian", "cious", "tious", "people"];
    let extra = apart.iter().filter(|part| text.contains(**part)).count().min(1);
    let extra = if joined.iter().any(|part| text.contains(*part)) { 0 } else { extra };
    (runs + extra).saturating_sub(usize::from(silent)).max(1)
}

/// `table`, `possible`: the last syllable has no other vowel.
fn ends_in_le(letters: &[char]) -> bool {
    matches!(letters, [.., before, 'l', 'e'] if !"aeiouy".contains(*before))
}

/// An age in words; the formula knows nothing of ages that no school has.
fn years(age: f64) -> String {
    if age > 20.0 { "over 20".to_owned() } else { format!("of about {age:.0}") }
}

pub(super) fn check(found: &mut Findings<'_>, bound: f64) {
    for language in found.english().collect::<Vec<&Language>>() {
        let mut whole = Count::default();
        let mut hard = Vec::new();
        let mut lists: HashSet<*const Choice> = HashSet::new();
        for (_, item) in found.shown() {
            for (column, text) in [("label", &item.label), ("hint", &item.hint)] {
                let Some(text) = read(text, language) else { continue };
                whole.add(&text);
                let mut alone = Count::default();
                alone.add(&text);
                if let Some(age) =
                    alone.age().filter(|age| alone.words >= LONG && age.round() > bound + SLACK)
                {
                    hard.push((item, column, age));
                }
            }
            // A list that several questions use is read once.
            let fresh = lists.insert(item.choices.as_ptr());
            for choice in item.choices().iter().filter(|_| fresh) {
                whole.add(&choice.label.exact(language).map(shown).unwrap_or_default());
            }
        }
        for (item, column, age) in hard {
            found.item(
                Topic::ReadingAge,
                item,
                &found.heading(column, language),
                format!(
                    "The words need a reading age {} (Flesch–Kincaid); {bound:.0} was asked for.",
                    years(age)
                ),
                "Use shorter sentences and shorter words.",
            );
        }
        if let Some(age) = whole.age().filter(|age| whole.words >= ENOUGH && age.round() > bound) {
            found.form(
                Topic::ReadingAge,
                "survey",
                format!(
                    "All words in \"{language}\" together need a reading age {} (Flesch–Kincaid); {bound:.0} was asked for.",
                    years(age)
                ),
                "Use shorter sentences and shorter words, and ask people on the ward to read it.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_is_the_published_one() {
        // 13 words, 1 sentence, 24 syllables: 0.39 × 13 + 11.8 × 24 / 13 − 15.59 = 11.26…
        let count = Count { words: 13, sentences: 1, syllables: 24 };
        assert!((count.age().unwrap() - 5.0 - 11.264_6).abs() < 1e-3);
    }

    #[test]
    fn syllables_are_those_one_hears() {
        let heard = [
            ("night", 1),
            ("sleep", 1),
            ("awake", 2),
            ("people", 2),
            ("table", 2),
            ("possible", 3),
            ("asked", 1),
            ("wanted", 2),
            ("quiet", 2),
            ("going", 2),
            ("medicine", 3),
            ("question", 2),
            ("makes", 1),
            ("voices", 2),
            ("observation", 4),
            ("you", 1),
            ("yes", 1),
            ("the", 1),
            ("ward", 1),
            ("protected", 3),
            ("72", 2),
            ("environment", 4),
            ("answer", 2),
            ("upsetting", 3),
            ("interpreter", 4),
            ("diary", 3),
        ];
        let wrong: Vec<_> = heard
            .iter()
            .filter(|(word, n)| syllables(word) != *n)
            .map(|(w, n)| (*w, *n, syllables(w)))
            .collect();
        assert!(wrong.is_empty(), "word, heard, counted: {wrong:?}");
    }
}
