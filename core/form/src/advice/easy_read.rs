//! Easy read: one idea of few words, beside a picture.
//!
//! Ten words a label and a picture to each question and choice is the project's own bound on what the Department of
//! Health's *Making written information easier to understand for people with learning disabilities* (2010) asks for:
//! short sentences of ten to fifteen words, and a picture beside each.

use super::words::words;
use super::{Findings, Topic, read};
use crate::item::Translated;
use crate::{Item, Language};

/// Most words of a label.
const WORDS: usize = 10;

pub(super) fn check(found: &mut Findings<'_>) {
    let languages: Vec<&Language> =
        found.form.languages.iter().filter(|language| language.is_easy_read()).collect();
    for language in languages {
        for (_, item) in found.shown().collect::<Vec<_>>() {
            words_of(found, item, language);
            pictures(found, item, language);
        }
    }
}

fn words_of(found: &mut Findings<'_>, item: &Item, language: &Language) {
    let column = found.heading("label", language);
    let Some(label) = read(&item.label, language) else {
        if !item.label.is_empty() {
            let problem = "The label has no easy-read words; the other language's are shown.".to_owned();
            found.item(Topic::EasyRead, item, &column, problem, "Write them.");
        }
        return;
    };
    let count = words(&label).len();
    if count > WORDS {
        let problem = format!("The easy-read label has {count} words; {WORDS} is the most.");
        found.item(Topic::EasyRead, item, &column, problem, "Say one thing in fewer words.");
    }
    let long = |choice: &&crate::Choice| {
        read(&choice.label, language).is_some_and(|label| words(&label).len() > WORDS)
    };
    let long: Vec<&str> = item.choices.iter().filter(long).map(crate::Choice::code).collect();
    if !long.is_empty() {
        let problem = format!("Easy-read choices have more than {WORDS} words: {}.", long.join(", "));
        found.item(Topic::EasyRead, item, "type", problem, "Say them in fewer words.");
    }
}

fn pictures(found: &mut Findings<'_>, item: &Item, language: &Language) {
    let pictured = |images: &Translated| !images.get(language).is_empty();
    if !pictured(&item.image) {
        let problem = "The easy-read label has no picture.".to_owned();
        found.item(Topic::EasyRead, item, &found.heading("media::image", language), problem, "Add one.");
    }
    let bare: Vec<&str> =
        item.choices.iter().filter(|choice| !pictured(&choice.image)).map(crate::Choice::code).collect();
    if !bare.is_empty() {
        let problem = format!("Easy-read choices have no picture: {}.", bare.join(", "));
        found.item(Topic::EasyRead, item, "type", problem, "Add one to each.");
    }
}
