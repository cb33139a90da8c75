//! One item of an instrument: a question, a note or a calculation, with its words and choices.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ItemKey, Language, Missing, Value};

/// What an item asks for or does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Free text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// A local date and time.
    DateTime,
    /// One of the choices.
    SelectOne,
    /// Any of the choices.
    SelectMultiple,
    /// A number on a scale with start, end and step.
    Range,
    /// All choices in the person's order.
    Rank,
    /// A single tick; its code is `OK`.
    Acknowledge,
    /// A place: `latitude longitude altitude accuracy`, in degrees and metres.
    Geopoint,
    /// A line of places, separated by `;`.
    Geotrace,
    /// A closed line of places, separated by `;`.
    Geoshape,
    /// A picture; its answer is the name of an attachment.
    Image,
    /// A recording; its answer is the name of an attachment.
    Audio,
    /// A film; its answer is the name of an attachment.
    Video,
    /// Any file; its answer is the name of an attachment.
    File,
    /// Words only.
    Note,
    /// Calculated, never shown.
    Calculate,
    /// Set by the program that collects, never shown.
    Hidden,
    /// `start`, `end` or `today`.
    Metadata,
}

impl ItemKind {
    /// Whether a person is asked (everything but calculations, hidden items and metadata is shown; notes ask nothing).
    #[must_use]
    pub fn is_asked(self) -> bool {
        self.is_shown() && self != ItemKind::Note
    }

    /// Whether it appears on a page.
    #[must_use]
    pub fn is_shown(self) -> bool {
        !matches!(self, ItemKind::Calculate | ItemKind::Hidden | ItemKind::Metadata)
    }

    /// Whether its answer is the name of an attachment.
    #[must_use]
    pub fn is_media(self) -> bool {
        matches!(self, ItemKind::Image | ItemKind::Audio | ItemKind::Video | ItemKind::File)
    }

    /// Whether its answer is a place or places.
    #[must_use]
    pub fn is_geo(self) -> bool {
        matches!(self, ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape)
    }

    /// Whether its answer is made of choice codes.
    #[must_use]
    pub fn has_choices(self) -> bool {
        matches!(self, ItemKind::SelectOne | ItemKind::SelectMultiple | ItemKind::Rank)
    }
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ItemKind::Text => "text",
            ItemKind::Integer => "integer",
            ItemKind::Decimal => "decimal",
            ItemKind::Date => "date",
            ItemKind::Time => "time",
            ItemKind::DateTime => "datetime",
            ItemKind::SelectOne => "select_one",
            ItemKind::SelectMultiple => "select_multiple",
            ItemKind::Range => "range",
            ItemKind::Rank => "rank",
            ItemKind::Acknowledge => "acknowledge",
            ItemKind::Geopoint => "geopoint",
            ItemKind::Geotrace => "geotrace",
            ItemKind::Geoshape => "geoshape",
            ItemKind::Image => "image",
            ItemKind::Audio => "audio",
            ItemKind::Video => "video",
            ItemKind::File => "file",
            ItemKind::Note => "note",
            ItemKind::Calculate => "calculate",
            ItemKind::Hidden => "hidden",
            ItemKind::Metadata => "metadata",
        })
    }
}

/// Which moment a metadata item keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    Start,
    End,
    Today,
}

/// Start, end and step of a range question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scale {
    /// First value of the scale.
    pub start: f64,
    /// Last value of the scale; may be below `start`.
    pub end: f64,
    /// Distance between two values; above 0.
    pub step: f64,
}

impl Scale {
    /// Whether all its values are whole numbers.
    pub(crate) fn is_whole(self) -> bool {
        [self.start, self.end, self.step].iter().all(|n| n.fract() == 0.0)
    }
}

/// The same words in each language; falls back to the default language, then to whatever there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Translated(pub(crate) Vec<(Language, String)>);

impl Translated {
    /// The text in the language, if it has any there.
    pub(crate) fn exact(&self, language: &Language) -> Option<&str> {
        self.0.iter().find(|(l, _)| l == language).map(|(_, text)| text.as_str())
    }

    /// The text in the language or, failing that, in the language listed first (the default one).
    pub(crate) fn get(&self, language: &Language) -> &str {
        self.exact(language).or_else(|| self.0.first().map(|(_, text)| text.as_str())).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One choice of a list.
#[derive(Debug, Clone)]
pub struct Choice {
    pub(crate) code: String,
    pub(crate) label: Translated,
    pub(crate) image: Translated,
    pub(crate) missing: Option<Missing>,
    pub(crate) columns: BTreeMap<String, String>,
    /// The label as its expressions are written, where it has any.
    pub(crate) computed: Option<Box<Translated>>,
}

impl Choice {
    /// What is stored when it is chosen.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The words shown; the code when the workbook has none.
    #[must_use]
    pub fn label(&self, language: &Language) -> &str {
        match self.label.get(language) {
            "" => &self.code,
            label => label,
        }
    }

    /// File name of the picture shown beside the words.
    #[must_use]
    pub fn image(&self, language: &Language) -> Option<&str> {
        Some(self.image.get(language)).filter(|name| !name.is_empty())
    }

    /// Choices column `nightjar::missing`: choosing it means that there is no answer, and why.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        self.missing
    }

    /// Another column of the choices sheet, by its lower-case heading.
    #[must_use]
    pub fn extra(&self, column: &str) -> Option<&str> {
        self.columns.get(column).map(String::as_str)
    }
}

/// A question, note, calculation, hidden or metadata item of an instrument.
#[derive(Debug, Clone)]
pub struct Item {
    pub(crate) key: ItemKey,
    pub(crate) name: Arc<str>,
    pub(crate) path: Arc<str>,
    pub(crate) kind: ItemKind,
    pub(crate) choices: Arc<[Choice]>,
    pub(crate) label: Translated,
    pub(crate) hint: Translated,
    pub(crate) guidance: Translated,
    pub(crate) image: Translated,
    pub(crate) audio: Translated,
    pub(crate) appearance: String,
    pub(crate) scale: Option<Scale>,
    pub(crate) repeat_depth: usize,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) extras: BTreeMap<String, String>,
}

impl Item {
    /// Identity over all versions of the form.
    #[must_use]
    pub fn key(&self) -> ItemKey {
        self.key
    }

    /// The name in the survey sheet.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands: the name, after the repeats it is in (`visits/drug`) and, only where two items of one repeat
    /// share a name, after their groups. A session's path has instance numbers besides: `visits[2]/drug`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What a value means here: a choice that stands for no answer becomes its reason ([`Choice::missing`]).
    #[must_use]
    pub fn meaning(&self, value: &Value) -> Value {
        let reason = |code: &str| self.choice(code).and_then(Choice::missing);
        let missing = match value {
            Value::One(code) => reason(code),
            Value::Many(codes) => codes.first().filter(|_| codes.len() == 1).and_then(|code| reason(code)),
            _ => None,
        };
        missing.map_or_else(|| value.clone(), Value::Missing)
    }

    /// What it asks for.
    #[must_use]
    pub fn kind(&self) -> ItemKind {
        self.kind
    }

    /// The choices in the order of the sheet; empty unless [`ItemKind::has_choices`].
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The choice with this code.
    #[must_use]
    pub fn choice(&self, code: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.code == code)
    }

    /// The words as written (`${name}` not replaced); empty when it has none.
    #[must_use]
    pub fn label(&self, language: &Language) -> &str {
        self.label.get(language)
    }

    /// The hint as written; empty when it has none.
    #[must_use]
    pub fn hint(&self, language: &Language) -> &str {
        self.hint.get(language)
    }

    /// Guidance for the person who asks, as written; empty when it has none.
    #[must_use]
    pub fn guidance(&self, language: &Language) -> &str {
        self.guidance.get(language)
    }

    /// The appearance column; empty when it has none. Unknown appearances are kept.
    #[must_use]
    pub fn appearance(&self) -> &str {
        &self.appearance
    }

    /// Start, end and step of a range.
    #[must_use]
    pub fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// Another column of the survey sheet by its lower-case heading, as `nightjar::risk_disclosure_plan`.
    #[must_use]
    pub fn extra(&self, column: &str) -> Option<&str> {
        self.extras.get(column).map(String::as_str)
    }

    /// Whether the item is inside a repeat.
    #[must_use]
    pub fn in_repeat(&self) -> bool {
        self.repeat_depth > 0
    }
}
