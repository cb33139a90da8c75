//! The headings of a sheet: which column is which, whatever way they are written.

use crate::Language;

/// A column's meaning: its name in this program, and the language of its words.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    letter: String,
    /// As written, but for space.
    pub(crate) heading: String,
    /// Canonical name; for columns not known, the whole heading in lower case.
    pub(crate) name: String,
    /// `None` when the heading names no language.
    pub(crate) language: Option<Language>,
    /// Whether its cells are words in a language.
    pub(crate) words: bool,
}

/// Columns whose cells are words in a language.
const WORDS: [&str; 11] = [
    "label",
    "hint",
    "guidance_hint",
    "constraint_message",
    "required_message",
    "image",
    "big-image",
    "audio",
    "video",
    "form_title",
    "no_app_error_string",
];

/// Spellings in use, and the name they stand for.
const ALIASES: &[(&str, &str)] = &[
    ("bind::calculate", "calculation"),
    ("bind::calculation", "calculation"),
    ("bind::constraint", "constraint"),
    ("bind::entities:saveto", "save_to"),
    ("bind::jr:constraintmsg", "constraint_message"),
    ("bind::jr:count", "repeat_count"),
    ("bind::jr:noapperrorstring", "no_app_error_string"),
    ("bind::jr:requiredmsg", "required_message"),
    ("bind::readonly", "read_only"),
    ("bind::relevant", "relevant"),
    ("bind::required", "required"),
    ("bind::type", "bind_type"),
    ("body::appearance", "appearance"),
    ("body::jr:count", "repeat_count"),
    ("calculate", "calculation"),
    ("caption", "label"),
    ("command", "type"),
    ("constraining_message", "constraint_message"),
    ("constraint_msg", "constraint_message"),
    ("constraintmsg", "constraint_message"),
    ("control::appearance", "appearance"),
    ("control::jr:count", "repeat_count"),
    ("dataset", "list_name"),
    ("id_string", "form_id"),
    ("jr:count", "repeat_count"),
    ("list", "list_name"),
    ("media::audio", "audio"),
    ("media::big-image", "big-image"),
    ("media::image", "image"),
    ("media::video", "video"),
    ("noapperrorstring", "no_app_error_string"),
    ("read-only", "read_only"),
    ("readonly", "read_only"),
    ("relevance", "relevant"),
    ("required_msg", "required_message"),
    ("requiredmsg", "required_message"),
    ("set_form_id", "form_id"),
    ("set_form_title", "form_title"),
    ("tag", "name"),
    ("title", "form_title"),
    ("value", "name"),
    ("variable", "name"),
];

/// Spellings that mean something on the survey sheet only; on the choices sheet they are columns of the author's own.
const SURVEY_ALIASES: &[(&str, &str)] = &[("count", "repeat_count")];

/// Words that `::Language` may follow, or `:Language` in old forms.
fn canonical(sheet: &str, base: &str) -> String {
    let lower = base.trim().to_lowercase();
    let tight: String = lower.split_whitespace().collect::<Vec<_>>().join("_");
    // pyxform takes no `::` in headings of the choices sheet, so that our own columns may be written with `_` too.
    if let Some(own) = tight.strip_prefix("nightjar_") {
        return format!("nightjar::{own}");
    }
    let more = if sheet == "survey" { SURVEY_ALIASES } else { &[] };
    let known = ALIASES.iter().chain(more).find(|(alias, _)| *alias == tight);
    known.map_or(tight, |(_, name)| (*name).to_owned())
}

/// Collapses runs of space within lines, keeps line ends, trims.
pub(crate) fn tidy(text: &str) -> String {
    let is_tidy = |line: &str| {
        let mut before = ' ';
        line.chars().all(|c| {
            let good = !c.is_whitespace() || (c == ' ' && before != ' ');
            before = c;
            good
        }) && !line.ends_with(' ')
    };
    if is_tidy(text) {
        return text.to_owned();
    }
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

impl Column {
    pub(crate) fn new(sheet: &str, letter: String, heading: &str) -> Column {
        let heading = tidy(heading);
        let parts: Vec<&str> = heading.split("::").map(str::trim).collect();
        let words = |name: &str| WORDS.contains(&name);
        let make = |name: String, language: Option<&str>| Column {
            letter: letter.clone(),
            heading: heading.clone(),
            words: words(&name),
            name,
            language: language.filter(|l| !l.is_empty()).map(Language::new),
        };
        let whole = canonical(sheet, &parts.join("::"));
        if words(&whole) {
            return make(whole, None);
        }
        // `media::image::Polski (pl)`, `label::Polski (pl)`; the language keeps its case.
        if let [base @ .., language] = parts.as_slice()
            && !base.is_empty()
        {
            let name = canonical(sheet, &base.join("::"));
            if words(&name) {
                return make(name, Some(language));
            }
        }
        // `label:Polski`, `media:image:Polski` in old forms; `jr:count` and the like are no languages.
        if parts.len() == 1 && heading.contains(':') {
            let marked = heading.replace("jr:", "jr\0");
            let joined = |text: &str| canonical(sheet, &text.replace(':', "::").replace('\0', ":"));
            let name = joined(&marked);
            if words(&name) {
                return make(name, None);
            }
            if let Some((base, language)) = marked.rsplit_once(':') {
                let name = joined(base);
                if words(&name) {
                    return make(name, Some(language.trim()));
                }
            }
        }
        make(whole, None)
    }

    /// Letter and heading: `F "relevant"`.
    pub(crate) fn title(&self) -> String {
        format!("{} \"{}\"", self.letter, self.heading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_known_in_all_their_spellings() {
        for (heading, name, language) in [
            ("Label", "label", None),
            ("label::English (en)", "label", Some("English (en)")),
            ("LABEL :: Easy read (en-x-easyread)", "label", Some("Easy read (en-x-easyread)")),
            ("label:Polski", "label", Some("Polski")),
            ("media::image::Polski (pl)", "image", Some("Polski (pl)")),
            ("media:image:Polski", "image", Some("Polski")),
            ("media:image", "image", None),
            ("media::big-image::eng", "big-image", Some("eng")),
            ("image", "image", None),
            ("Constraint Message::Polski (pl)", "constraint_message", Some("Polski (pl)")),
            ("bind::jr:constraintMsg", "constraint_message", None),
            ("bind:jr:constraintMsg:Polski", "constraint_message", Some("Polski")),
            ("jr:count", "repeat_count", None),
            ("count", "repeat_count", None),
            ("relevance", "relevant", None),
            ("Read Only", "read_only", None),
            ("nightjar::id", "nightjar::id", None),
            ("nightjar_missing", "nightjar::missing", None),
            ("bind::relevant", "relevant", None),
            ("List Name", "list_name", None),
            ("instance::ex:duration", "instance::ex:duration", None),
        ] {
            let column = Column::new("survey", "A".to_owned(), heading);
            let found = (column.name.as_str(), column.language.as_ref().map(Language::name));
            assert_eq!(found, (name, language), "{heading}");
        }
        assert_eq!(Column::new("choices", "A".to_owned(), "count").name, "count");
    }

    #[test]
    fn space_is_collapsed_and_line_ends_are_kept() {
        for (text, expected) in [("a b", "a b"), (" a \u{a0} b ", "a b"), ("a \n  b\n", "a\nb"), ("", "")] {
            assert_eq!(tidy(text), expected);
        }
    }
}
