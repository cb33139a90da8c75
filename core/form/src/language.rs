//! A language of an instrument, named as the workbook names it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

const RIGHT_TO_LEFT: [&str; 18] = [
    "ar", "arc", "bal", "ckb", "dv", "fa", "glk", "he", "ks", "lrc", "mzn", "nqo", "prs", "ps", "sd", "ug",
    "ur", "yi",
];
const RIGHT_TO_LEFT_SCRIPTS: [&str; 6] = ["arab", "hebr", "thaa", "nkoo", "syrc", "adlm"];

/// A language as the workbook writes it, for example `English (en)` or `Easy read (en-x-easyread)`.
///
/// Easy read is a language like any other: same questions, same codes, other words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Language(Arc<str>);

impl Language {
    /// The language of a workbook that names none (`label` without `::Language`).
    pub const UNNAMED: &'static str = "default";

    /// Takes the name as written; surrounding space is dropped.
    #[must_use]
    pub fn new(name: &str) -> Language {
        Language(name.trim().into())
    }

    /// The whole name as written: `English (en)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The BCP 47 code in the trailing parentheses (`en`); the name itself when there are none, and `und`
    /// (undetermined) for [`Language::UNNAMED`].
    #[must_use]
    pub fn code(&self) -> &str {
        if &*self.0 == Language::UNNAMED {
            return "und";
        }
        match (self.0.rfind('('), self.0.strip_suffix(')')) {
            (Some(open), Some(inner)) if open < inner.len() => inner[open + 1..].trim(),
            _ => &self.0,
        }
    }

    /// The code, if it has the shape of a BCP 47 tag. A name in place of a code ("Polski") has that shape too, but codes of
    /// languages are two or three letters long.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        let code = self.code();
        let mut subtags = code.split('-');
        let first = subtags.next()?;
        let sound = (2..=3).contains(&first.len())
            && first.bytes().all(|b| b.is_ascii_alphabetic())
            && subtags
                .all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
        (sound && code != "und").then_some(code)
    }

    /// Whether it is written from right to left, by its code.
    ///
    /// The languages are those whose default script in Unicode CLDR's likely subtags is Arabic, Hebrew, Thaana, N'Ko,
    /// Syriac or Adlam; a script subtag in the code decides before that.
    #[must_use]
    pub fn is_right_to_left(&self) -> bool {
        let code = self.code().to_lowercase();
        let mut subtags = code.split(['-', '_']);
        let language = subtags.next().unwrap_or_default();
        match subtags.next().filter(|script| script.len() == 4) {
            Some(script) => RIGHT_TO_LEFT_SCRIPTS.contains(&script),
            None => RIGHT_TO_LEFT.contains(&language),
        }
    }

    /// Whether it is an easy-read variant: `x-easyread` in its code, or "easy read" in its name.
    #[must_use]
    pub fn is_easy_read(&self) -> bool {
        let name: String = self.0.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        name.contains("easyread")
    }

    /// The name without its code: `English`.
    #[must_use]
    pub fn words(&self) -> &str {
        match self.0.rfind('(') {
            Some(open) if open > 0 && self.0.ends_with(')') => self.0[..open].trim(),
            _ => &self.0,
        }
    }
}

impl From<String> for Language {
    fn from(name: String) -> Language {
        Language::new(&name)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.0.as_ref().to_owned()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn direction_and_easy_read_follow_the_code() {
        for name in ["العربية (ar)", "فارسی (fa-IR)", "اردو (ur)", "עברית (he)", "Kurdish (ku-Arab)"]
        {
            assert!(Language::new(name).is_right_to_left(), "{name}");
        }
        for name in ["English (en)", "Polski (pl)", "Urdu, Latin (ur-Latn)", "default", "Arabian nights"] {
            assert!(!Language::new(name).is_right_to_left(), "{name}");
        }
        assert!(Language::new("Easy read (en-x-easyread)").is_easy_read());
        assert_eq!(Language::new("Polski (pl-PL)").tag(), Some("pl-PL"));
        for name in ["Polski", "default", "Odd (x)", "Odd (pl_PL)"] {
            assert_eq!(Language::new(name).tag(), None, "{name}");
        }
        assert!(Language::new("Easy-Read").is_easy_read());
        assert!(!Language::new("English (en)").is_easy_read());
    }
}
