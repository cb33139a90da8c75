//! One question that asks two things, so that an answer to it cannot be read.
//!
//! The fault is an old one of questionnaire design (Dillman, Smyth and Christian, *Internet, Phone, Mail, and Mixed-Mode
//! Surveys*); how to see it without understanding the words is ours. What is looked for is an `and` (or `and/or`, `&`) that joins two questions, two things a
//! person is said to be, or two things to be rated with one answer. An `or` in a yes-or-no question is no fault: "Did
//! something wake you or keep you awake?" is answered by yes to either; between two grades of one scale it is.

use super::words::words;
use super::{Findings, Topic, read};
use crate::{Item, ItemKind};

/// Pairs that are one thing.
const ONE_THING: [&str; 34] = [
    "friends and family",
    "family and friends",
    "relatives and friends",
    "day and night",
    "night and day",
    "days and nights",
    "nights and days",
    "now and then",
    "on and off",
    "in and out",
    "up and down",
    "back and forth",
    "again and again",
    "more and more",
    "less and less",
    "over and over",
    "here and there",
    "pros and cons",
    "terms and conditions",
    "rules and regulations",
    "peace and quiet",
    "aches and pains",
    "pins and needles",
    "health and safety",
    "health and wellbeing",
    "mental and physical",
    "alive and well",
    "safe and sound",
    "each and every",
    "first and foremost",
    "bed and breakfast",
    "tea and coffee",
    "research and development",
    "accident and emergency",
];

/// Words that begin a question of their own, or a sentence.
const BEGINS: [&str; 36] = [
    "do", "does", "did", "is", "are", "was", "were", "have", "has", "had", "can", "could", "would", "will",
    "should", "may", "you", "they", "he", "she", "we", "i", "how", "what", "why", "when", "where", "who",
    "which", "whether", "if", "there", "feel", "felt", "think", "believe",
];

/// What people, wards and care are said to be.
const QUALITIES: [&str; 62] = [
    "accessible",
    "angry",
    "anxious",
    "awake",
    "bright",
    "calm",
    "caring",
    "clean",
    "clear",
    "cold",
    "comfortable",
    "confident",
    "confused",
    "dark",
    "difficult",
    "easy",
    "effective",
    "fair",
    "frightened",
    "friendly",
    "good",
    "happy",
    "hard",
    "heard",
    "helpful",
    "hot",
    "informed",
    "interested",
    "involved",
    "kind",
    "listened",
    "lonely",
    "long",
    "loud",
    "new",
    "noisy",
    "patient",
    "pleasant",
    "polite",
    "private",
    "professional",
    "quick",
    "quiet",
    "relaxed",
    "relevant",
    "respected",
    "respectful",
    "rested",
    "sad",
    "safe",
    "satisfied",
    "simple",
    "stressed",
    "supported",
    "supportive",
    "tired",
    "understandable",
    "upset",
    "useful",
    "valued",
    "welcome",
    "worried",
];

/// What asks for a grade.
const RATES: [&str; 17] = [
    "satisfied with",
    "satisfied are you with",
    "happy are you with",
    "happy with",
    "how good",
    "how well",
    "how easy",
    "how helpful",
    "how useful",
    "how clear",
    "how important",
    "how much do you agree",
    "do you agree",
    "rate",
    "think of",
    "how would you describe",
    "how likely",
];

pub(super) fn check(found: &mut Findings<'_>) {
    let form = found.form;
    for item in form.items.iter().filter(|item| asks_one_answer(item)) {
        for language in found.english().collect::<Vec<_>>() {
            let Some(text) = read(&item.label, language) else { continue };
            if let Some(pair) = pair(&text) {
                found.item(
                    Topic::DoubleBarrelled,
                    item,
                    &found.heading("label", language),
                    format!("The question seems to ask two things at once (\"{pair}\")."),
                    "Ask two questions, or leave one thing out.",
                );
                break;
            }
        }
    }
}

/// Questions to which one answer is given: in a text or several ticks, a person can answer both halves.
fn asks_one_answer(item: &Item) -> bool {
    matches!(
        item.kind,
        ItemKind::SelectOne | ItemKind::Range | ItemKind::Integer | ItemKind::Decimal | ItemKind::Acknowledge
    )
}

/// The two joined things with the word between them, if a question asks two.
fn pair(text: &str) -> Option<String> {
    // Each sentence for itself; only the last one asks.
    let sentences = text.split_inclusive(['?', '.', '\n']).map(str::trim).filter(|s| s.len() > 1);
    let asked: Vec<&str> = sentences.clone().filter(|sentence| sentence.ends_with('?')).collect();
    let asked = if asked.is_empty() { sentences.rev().take(1).collect() } else { asked };
    if asked.len() > 1 {
        let last = asked.last().copied().unwrap_or_default();
        // "How worried are you? And how often?" is two questions, whatever joins them.
        return words(last).first().filter(|word| *word == "and").map(|_| last.to_owned());
    }
    asked.into_iter().find_map(in_sentence)
}

fn in_sentence(sentence: &str) -> Option<String> {
    // A comma ends a thing, "8 and 10" are numbers; both are kept apart here.
    let spaced = sentence.replace("and/or", "and").replace('&', " and ").replace(',', " , ");
    let tokens: Vec<String> = spaced
        .split_whitespace()
        .map(|token| if token == "," { token.to_owned() } else { words(token).concat() })
        .filter(|token| !token.is_empty())
        .collect();
    let word = |i: usize| tokens.get(i).map_or("", String::as_str);
    let is_quality = |word: &str| QUALITIES.contains(&word);
    for (i, token) in tokens.iter().enumerate() {
        let (Some(before), true) = (i.checked_sub(1).map(word), token == "and" || token == "or") else {
            continue;
        };
        // "safe, and …" and "and also …"
        let before = if before == "," { i.checked_sub(2).map_or("", word) } else { before };
        let after = match word(i + 1) {
            "also" | "really" | "very" | "so" | "too" => word(i + 2),
            other => other,
        };
        let one = format!("{before} and {after}");
        let digits = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        let span = tokens[..i].iter().rev().take(6).any(|word| word == "between" || word == "both");
        if ONE_THING.contains(&one.as_str()) || digits(before) || digits(after) || span || after.is_empty() {
            continue;
        }
        let stem = format!(" {} ", tokens[..i].join(" "));
        let rates = RATES.iter().any(|phrase| stem.contains(&format!(" {phrase} ")));
        let two = if token == "and" {
            let questions = BEGINS.contains(&after) && i > 2;
            questions || (is_quality(before) && is_quality(after)) || rates
        } else {
            // Of a scale's stem: "How safe or rested …?"
            let graded = ["how", "rate"].contains(&word(0)) && word(1) != "many" && word(1) != "often";
            graded && is_quality(before) && is_quality(after)
        };
        if two {
            return Some(format!("{before} {token} {after}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::pair;

    #[test]
    fn two_questions_in_one_are_found() {
        for text in [
            "Do you feel safe and respected on this ward?",
            "Were staff kind and helpful?",
            "How satisfied are you with the food and the cleaning?",
            "Did you sleep well and do you feel rested?",
            "Were you asked what you wanted, and was it explained?",
            "How much do you agree that nights are calm and quiet?",
            "Is the ward clean & comfortable?",
            "The staff were friendly and supportive.",
            "How clean or quiet is the ward?",
            "Do you agree with the plan and its review?",
            "How worried are you? And how often?",
            "Was the information clear and/or useful?",
            "Have you had the training and did it help?",
        ] {
            assert!(pair(text).is_some(), "{text}");
        }
    }

    #[test]
    fn one_question_is_left_alone() {
        for text in [
            "How did you sleep here last night?",
            "Did something on the ward wake you or keep you awake?",
            "Was any question hard or upsetting?",
            "How many people were on the ward, in bed or not, at midnight?",
            "How many of these people have been here for 72 hours or more?",
            "Between midnight and 6, were you woken?",
            "Do friends and family visit?",
            "Is it quiet day and night?",
            "How many staff were there between 10 and 12?",
            "Nights on this ward are …",
            "Fewer checks at night put patients at risk. How worried are you about that?",
            "Choose the ward and go on.",
            "Did anyone help you with these questions?",
            "Are you a nurse or a doctor?",
            "Which do you use, mask and ear plugs, or neither?",
            "How often do you see your nurse or doctor?",
        ] {
            assert_eq!(pair(text), None, "{text}");
        }
    }
}
