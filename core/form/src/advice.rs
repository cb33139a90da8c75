//! Advice for forms of this field: what a reviewer of a ward study would ask about, found before a ward sees the form.
//!
//! None of it keeps a form from running. Every finding names the item, a place and what to do; a finding that is wrong
//! in a form costs a glance, so the checks would rather miss something than cry wolf. The checks of wording know English
//! (languages whose code is `en…`, and workbooks that name no language); what they read is the label as the respondent
//! sees it, without Markdown.

mod choices;
mod double_barrelled;
mod easy_read;
mod governance;
mod identifying;
mod reading_age;
mod size;
mod variants;
mod words;

use std::fmt;

use serde::Serialize;

use crate::item::Translated;
use crate::node::NodeId;
use crate::{Diagnostic, Instrument, Item, Language, Severity};

pub use reading_age::reading_age;
pub use size::WorstCase;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// An item that would tell who answered.
    Identifying,
    /// One question that asks two things.
    DoubleBarrelled,
    /// A required choice without a way to decline.
    NoWayOut,
    /// Words harder than the reading age asked for.
    ReadingAge,
    /// The same choices in different orders.
    OptionOrder,
    /// Variants that do not offer the same codes.
    VariantCodes,
    /// An easy-read label that is too long or has no picture.
    EasyRead,
    /// A language whose translation has no status.
    TranslationStatus,
    /// Free text that nobody has planned to read for risk.
    FreeText,
    /// A form longer than people finish.
    Length,
}

impl Topic {
    /// The word for it in reports and for scripts, as `double_barrelled`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Topic::Identifying => "identifying",
            Topic::DoubleBarrelled => "double_barrelled",
            Topic::NoWayOut => "no_way_out",
            Topic::ReadingAge => "reading_age",
            Topic::OptionOrder => "option_order",
            Topic::VariantCodes => "variant_codes",
            Topic::EasyRead => "easy_read",
            Topic::TranslationStatus => "translation_status",
            Topic::FreeText => "free_text",
            Topic::Length => "length",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// What it is about.
    pub topic: Topic,
    /// Path of the item; `None` when it is about the form.
    pub item: Option<String>,
    /// Place, weight, problem and remedy. The column is the heading without its letter.
    pub diagnostic: Diagnostic,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.diagnostic, self.topic.code())
    }
}

/// What the checks measure against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The reading age in years that words may need. The default is 11: the NHS digital service manual aims for a reading
    /// age of 9 to 11 ("Content guide").
    pub reading_age: f64,
    /// How many questions a form may ask before it is called long.
    pub questions: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { reading_age: 11.0, questions: 40 }
    }
}

impl Instrument {
    /// What a reviewer would ask about, in order of the form. `file` is the name that the findings show.
    #[must_use]
    pub fn advice(&self, file: &str, bounds: &Bounds) -> Vec<Advice> {
        let mut found = Findings { form: self, file, advice: Vec::new() };
        identifying::check(&mut found);
        double_barrelled::check(&mut found);
        choices::check(&mut found);
        reading_age::check(&mut found, bounds.reading_age);
        easy_read::check(&mut found);
        governance::check(&mut found);
        size::check(&mut found, bounds.questions);
        found.sorted()
    }

    /// What differs between this form and the standard form that it is a variant or another version of, though the same
    /// answers are to be pooled: codes, option counts, order. A row may declare how its codes map onto the standard's in
    /// the column `nightjar::mapping` (`good=well poor=badly`: its own code first); then its codes may differ.
    #[must_use]
    pub fn variant_advice(&self, file: &str, standard: &Instrument) -> Vec<Advice> {
        let mut found = Findings { form: self, file, advice: Vec::new() };
        variants::check(&mut found, standard);
        found.sorted()
    }
}

/// Gathers what the checks find.
pub(crate) struct Findings<'a> {
    pub(crate) form: &'a Instrument,
    file: &'a str,
    advice: Vec<Advice>,
}

impl<'a> Findings<'a> {
    /// A finding about an item, in a column of its row.
    fn item(&mut self, topic: Topic, item: &Item, column: &str, problem: String, remedy: &str) {
        let row = self.form.node_of(item).map(|id| self.form.tree[id].source.row).filter(|row| *row > 0);
        let column = Some(format!("\"{column}\"")).filter(|_| row.is_some());
        self.add(topic, Some(item), ("survey", row, column), problem, remedy);
    }

    /// A finding about the form.
    fn form(&mut self, topic: Topic, sheet: &str, problem: String, remedy: &str) {
        self.add(topic, None, (sheet, None, None), problem, remedy);
    }

    fn add(
        &mut self,
        topic: Topic,
        item: Option<&Item>,
        (sheet, row, column): (&str, Option<u32>, Option<String>),
        problem: String,
        remedy: &str,
    ) {
        let is_xform = self.file.to_lowercase().ends_with(".xml");
        let severity = if topic == Topic::VariantCodes { Severity::Error } else { Severity::Warning };
        self.advice.push(Advice {
            topic,
            item: item.map(|item| item.path.to_string()),
            diagnostic: Diagnostic {
                file: self.file.to_owned(),
                sheet: Some(sheet.to_owned()).filter(|_| !is_xform),
                row,
                column: column.filter(|_| !is_xform),
                severity,
                problem,
                remedy: remedy.to_owned(),
            },
        });
    }

    fn sorted(mut self) -> Vec<Advice> {
        self.advice.sort_by_key(|advice| {
            let diagnostic = &advice.diagnostic;
            (diagnostic.row.is_none(), diagnostic.row, advice.topic)
        });
        self.advice
    }

    /// Items that are shown, with their nodes.
    fn shown(&self) -> impl Iterator<Item = (NodeId, &'a Item)> + use<'a> {
        let form = self.form;
        let shown = form.items.iter().filter(|item| item.kind.is_shown());
        shown.filter_map(move |item| Some((form.node_of(item)?, item)))
    }

    /// The languages whose words the checks of wording can read.
    fn english(&self) -> impl Iterator<Item = &'a Language> + use<'a> {
        let form = self.form;
        form.languages.iter().filter(|language| {
            let code = language.code().to_lowercase();
            code == "und" || code.split(['-', '_']).next() == Some("en") || code == "english"
        })
    }

    /// The heading of a column of words in a language.
    fn heading(&self, column: &str, language: &Language) -> String {
        match language.name() {
            Language::UNNAMED => column.to_owned(),
            name => format!("{column}::{name}"),
        }
    }
}

/// What a person reads of a text in a language, if it has a text of its own there.
fn read(words: &Translated, language: &Language) -> Option<String> {
    words.exact(language).map(words::shown).filter(|text| !text.is_empty())
}
