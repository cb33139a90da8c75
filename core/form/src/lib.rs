//! Instruments read from XLSForms, the expression language, and the answering session.
//!
//! An [`Instrument`] is a form version: read from an `.xlsx` once, checked, compiled. Everything wrong with the
//! workbook is listed with sheet, row and column ([`Diagnostics`]). A [`Session`] is one person answering it: it takes
//! [`Entry`] after [`Entry`], shows one [`Page`] after another, and leaves [`Answers`]. Both are pure: the clock and the
//! seed come in as arguments, so a draft is its journal of entries, and replaying them gives the same session.
//!
//! ```
//! use std::sync::Arc;
//! use nightjar_form::{Entry, Instrument, Missing, Opening, Session, Value};
//! # use rust_xlsxwriter::Workbook;
//! # fn workbook() -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
//! #     let mut book = Workbook::new();
//! #     let survey = [
//! #         ["type", "name", "label", "relevant"],
//! #         ["select_one slept", "slept", "How did you sleep?", ""],
//! #         ["text", "why", "What kept you awake?", "${slept} = 'badly'"],
//! #     ];
//! #     let choices = [
//! #         ["list_name", "name", "label", "nightjar::missing"],
//! #         ["slept", "well", "Well", ""],
//! #         ["slept", "badly", "Badly", ""],
//! #         ["slept", "no", "Rather not say", "declined"],
//! #     ];
//! #     let survey_sheet = book.add_worksheet().set_name("survey")?;
//! #     for (r, row) in survey.iter().enumerate() { survey_sheet.write_row(r as u32, 0, *row)?; }
//! #     let choices_sheet = book.add_worksheet().set_name("choices")?;
//! #     for (r, row) in choices.iter().enumerate() { choices_sheet.write_row(r as u32, 0, *row)?; }
//! #     book.save_to_buffer()
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = workbook()?; // a survey and a choices sheet, as a spreadsheet program saves them
//! let instrument = Arc::new(Instrument::from_workbook("night.xlsx", &bytes)?);
//! let now: jiff::Zoned = "2026-01-15T08:30:00+00:00[Europe/London]".parse()?;
//! let opening = Opening { language: None, now: now.clone(), seed: 7 };
//! let mut session = Session::open(instrument.clone(), opening)?;
//!
//! assert_eq!(session.page().questions[0].label, "How did you sleep?");
//! let badly = Value::One("badly".to_owned());
//! let outcome = session.apply(&Entry::Answer { path: "slept".to_owned(), value: Some(badly) }, &now)?;
//! assert_eq!(outcome.changed, ["slept", "why"]); // the second question is now asked
//! session.apply(&Entry::Next, &now)?;
//! session.apply(&Entry::Next, &now)?; // passed by without an answer
//! assert!(session.page().check);
//!
//! let answers = session.finish().map_err(|problems| problems[0].message.clone())?;
//! let why = instrument.item_named("why").ok_or("no such item")?;
//! assert_eq!(answers.get(why.key()), Some(&Value::Missing(Missing::NotAnswered)));
//! # Ok(()) }
//! ```

mod advice;
mod attached;
mod attachments;
mod diagnostic;
mod difference;
mod document;
mod expr;
mod fhir;
mod graph;
mod instances;
mod instrument;
mod item;
mod key;
mod language;
mod logic;
mod markdown;
mod migration;
mod node;
mod outline;
mod paper;
mod read;
mod reading;
mod references;
mod session;
mod value;
pub mod xpath;

pub use advice::{Advice, Bounds, Topic, WorstCase, reading_age};
pub use attached::{Attached, Media, NotAttached};
pub use attachments::Attachments;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use difference::{Change, Changed, Difference, Effect, Logic, Part, Wording};
pub use fhir::{EXTENSION, Fhir, Loss, LossKind, Questionnaire};
pub use instrument::Instrument;
pub use item::{Choice, Item, ItemKind, Scale};
pub use key::{CellKey, InstanceKey, ItemKey, NotAKey};
pub use language::Language;
pub use markdown::{Line, Markup, Span};
pub use migration::{LeftBehind, Migration, Reason};
pub use outline::{OutlineKind, OutlineLine};
pub use paper::Paper;
pub use reading::Unreadable;
pub use session::{
    Answers, Cause, ChoiceView, Entry, Instance, Opening, Outcome, Page, Problem, Question, Redraw, Refusal,
    RepeatEnd, Session,
};
pub use value::{Missing, Value};
