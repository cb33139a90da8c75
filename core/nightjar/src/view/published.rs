//! What is published, and what came of the answers.

use serde::{Deserialize, Serialize};

/// What an evaluator publishes: the same in several languages, or nothing where it takes back what came before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// Publications that this one takes the place of, by the beginnings of their ids.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// One page for each language and variant.
    #[serde(default, rename = "page")]
    pub pages: Vec<PageRequest>,
}

/// A page in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageRequest {
    /// The language (BCP 47), such as `en`.
    pub language: String,
    /// Whether it is in easy read.
    #[serde(default)]
    pub easy_read: bool,
    /// Its title.
    pub title: String,
    /// Plain text: paragraphs between empty lines; a line that begins with `# ` is a heading, one that begins with `- ` an item of a list.
    #[serde(default)]
    pub text: String,
    /// What people said, and what comes of it.
    #[serde(default, rename = "theme")]
    pub themes: Vec<ThemeRequest>,
}

/// A theme of what people said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeRequest {
    /// What it is about.
    pub name: String,
    /// What people said.
    pub said: String,
    /// How it stands.
    pub state: ThemeState,
    /// What changes; may be left out where nothing does.
    pub change: Option<String>,
    /// Who sees to it: a role, never a person's name. Left out where nothing changes.
    pub who: Option<String>,
    /// By when, or when it was done. Left out where nothing changes.
    pub when: Option<String>,
    /// Why nothing changes, and only then.
    pub why: Option<String>,
}

/// How a theme stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeState {
    /// Something will change.
    Planned,
    /// Something has changed.
    Done,
    /// It is not done, or was promised and not kept.
    Not,
}

/// Something that was published, and stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicationView {
    /// Its name: 64 hexadecimal digits.
    pub id: String,
    /// The day (ISO 8601), as its device showed it.
    pub day: String,
    /// The device that published it: its label, or the beginning of its tag.
    pub by: String,
    /// Names of the publications that it took the place of.
    pub replaces: Vec<String>,
    /// What it says, in one or several languages; nothing where it only took something back.
    pub pages: Vec<PageView>,
}

/// What was published, in one language. All of it is plain text, never markup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageView {
    /// The language (BCP 47).
    pub language: String,
    /// Whether it is in easy read.
    pub easy_read: bool,
    /// Its title.
    pub title: String,
    /// What it says, in order.
    pub blocks: Vec<BlockView>,
    /// What people said, and what comes of it.
    pub themes: Vec<ThemeView>,
}

/// A block of plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockView {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// An item of a list; those that follow each other are one list.
    Item(String),
}

/// One theme of what people said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThemeView {
    /// What it is about.
    pub name: String,
    /// What people said.
    pub said: String,
    /// What comes of it.
    pub then: ThenView,
}

/// What comes of a theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ThenView {
    /// Something will change.
    Planned {
        /// What.
        change: String,
        /// Who sees to it.
        who: String,
        /// By when, in words.
        by: String,
    },
    /// Something has changed.
    Done {
        /// What.
        change: String,
        /// Who saw to it.
        who: String,
        /// When, in words.
        when: String,
    },
    /// It is not done, or was promised and not kept.
    Not {
        /// What was to change, if anything was.
        change: Option<String>,
        /// Why not.
        why: String,
    },
}
