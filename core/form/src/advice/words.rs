//! Words and sentences of a label.

use crate::Markup;
use crate::references::{said, spelled};

/// A text as it is read: without Markdown, a `…` for each reference.
pub(super) fn shown(text: &str) -> String {
    let plain = Markup::of(&spelled(text)).plain();
    said(&plain, |_| "…".to_owned()).trim().to_owned()
}

/// The words in lower case, without the signs around them; `patient's` is `patient`.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || "/,;:!?()…\"“”–—".contains(c))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase().replace('’', "'"))
        .map(|word| word.strip_suffix("'s").map_or(word.clone(), str::to_owned))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether words hold a phrase, whole words only.
pub(super) fn holds(words: &[String], phrase: &str) -> bool {
    let phrase: Vec<&str> = phrase.split(' ').collect();
    words.windows(phrase.len()).any(|run| run.iter().map(String::as_str).eq(phrase.iter().copied()))
}

/// The parts of a name: `dateOfBirth`, `date_of_birth` and `date-of-birth` are three words each.
pub(super) fn name_parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut lower_before = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            parts.push(String::new());
        }
        lower_before = c.is_lowercase();
        if c.is_alphanumeric()
            && let Some(last) = parts.last_mut()
        {
            last.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_names_come_apart_into_words() {
        assert_eq!(
            words("What is the patient’s NHS-number, please?"),
            ["what", "is", "the", "patient", "nhs-number", "please"]
        );
        assert_eq!(shown("Is **${who}** still here?"), "Is … still here?");
        assert_eq!(name_parts("dateOfBirth"), ["date", "of", "birth"]);
        assert_eq!(name_parts("nhs_number-2"), ["nhs", "number", "2"]);
        assert!(holds(&words("Your full name"), "full name"));
        assert!(!holds(&words("Your full names"), "full name"));
    }
}
