//! A page in one language: blocks of plain text, and theme by theme what people said and what comes of it.

use minicbor::{Decode, Encode};

use crate::{Refused, canonical::check_text};

/// Most pages of a publication: one for each language and variant.
const MAX_PAGES: usize = 32;
/// Most blocks of a page.
const MAX_BLOCKS: usize = 256;
/// Most themes of a page.
const MAX_THEMES: usize = 64;
/// Most bytes of a title, a heading, the name of a theme, or who and when.
const MAX_LINE: usize = 200;
/// Most bytes of a paragraph.
const MAX_TEXT: usize = 4 * 1024;
/// Most bytes of a language's code.
const MAX_LANGUAGE: usize = 35;

/// What is published, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// The language (BCP 47), such as `en`.
    #[n(0)]
    pub language: String,
    /// Whether it is in easy read.
    #[n(1)]
    pub easy_read: bool,
    /// Its title.
    #[n(2)]
    pub title: String,
    /// What it says, in order.
    #[n(3)]
    pub blocks: Vec<Block>,
    /// What people said, and what comes of it.
    #[n(4)]
    pub themes: Vec<Theme>,
}

/// A block of plain text.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Block {
    /// A heading.
    #[n(0)]
    Heading(#[n(0)] String),
    /// A paragraph.
    #[n(1)]
    Paragraph(#[n(0)] String),
    /// An item of a list; those that follow each other are one list.
    #[n(2)]
    Item(#[n(0)] String),
}

/// One theme of what people said.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Theme {
    /// What it is about.
    #[n(0)]
    pub name: String,
    /// What people said.
    #[n(1)]
    pub said: String,
    /// What comes of it.
    #[n(2)]
    pub then: Then,
}

/// What comes of a theme.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Then {
    /// Something will change.
    #[n(0)]
    Planned {
        /// What.
        #[n(0)]
        change: String,
        /// Who sees to it: a role, never a person's name.
        #[n(1)]
        who: String,
        /// By when, in words.
        #[n(2)]
        by: String,
    },
    /// Something has changed.
    #[n(1)]
    Done {
        /// What.
        #[n(0)]
        change: String,
        /// Who saw to it.
        #[n(1)]
        who: String,
        /// When, in words.
        #[n(2)]
        when: String,
    },
    /// It is not done, or was promised and not kept.
    #[n(2)]
    Not {
        /// What was to change, if anything was.
        #[n(0)]
        change: Option<String>,
        /// Why not.
        #[n(1)]
        why: String,
    },
}

/// That pages are few, each within its bounds, and no two are in the same language.
pub(super) fn check(pages: &[Page]) -> Result<(), Refused> {
    few("pages of a publication", pages.len(), MAX_PAGES)?;
    for (at, page) in pages.iter().enumerate() {
        page.check()?;
        let is_it = |other: &Page| (&other.language, other.easy_read) == (&page.language, page.easy_read);
        if pages[..at].iter().any(is_it) {
            let problem = "two of its pages are in the same language";
            return Err(Refused::Malformed { what: "a publication", problem });
        }
    }
    Ok(())
}

impl Page {
    fn check(&self) -> Result<(), Refused> {
        let sound =
            |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
        if self.language.len() > MAX_LANGUAGE || !self.language.split('-').all(sound) {
            let problem = "a language is a code such as en or en-GB";
            return Err(Refused::Malformed { what: "a published page", problem });
        }
        line("title of a published page", &self.title)?;
        few("blocks of a published page", self.blocks.len(), MAX_BLOCKS)?;
        few("themes of a published page", self.themes.len(), MAX_THEMES)?;
        if self.blocks.is_empty() && self.themes.is_empty() {
            return Err(Refused::Malformed { what: "a published page", problem: "it says nothing" });
        }
        self.blocks.iter().try_for_each(Block::check)?;
        self.themes.iter().try_for_each(Theme::check)
    }
}

impl Block {
    fn check(&self) -> Result<(), Refused> {
        match self {
            Self::Heading(text) => line("heading of a published page", text),
            Self::Paragraph(text) | Self::Item(text) => paragraph("text of a published page", text),
        }
    }
}

impl Theme {
    fn check(&self) -> Result<(), Refused> {
        line("name of a theme", &self.name)?;
        paragraph("what people said", &self.said)?;
        match &self.then {
            Then::Planned { change, who, by: when } | Then::Done { change, who, when } => {
                paragraph("what changes", change)?;
                line("who sees to a change", who)?;
                line("when something changes", when)
            }
            Then::Not { change, why } => {
                change.iter().try_for_each(|change| paragraph("what changes", change))?;
                paragraph("why nothing changes", why)
            }
        }
    }
}

fn line(what: &'static str, text: &str) -> Result<(), Refused> {
    check_text(what, text, MAX_LINE)
}

fn paragraph(what: &'static str, text: &str) -> Result<(), Refused> {
    check_text(what, text, MAX_TEXT)
}

fn few(what: &'static str, have: usize, most: usize) -> Result<(), Refused> {
    match have > most {
        true => Err(Refused::Oversize { what, have, most }),
        false => Ok(()),
    }
}
