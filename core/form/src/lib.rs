//! Instruments read from XLSForms, the expression language, and the answering session.

mod diagnostic;
mod expr;
mod graph;
mod instrument;
mod item;
mod key;
mod language;
mod node;
mod read;
mod reading;
mod session;
mod value;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use instrument::Instrument;
pub use item::{Choice, Item, ItemKind, Scale};
pub use key::{CellKey, InstanceKey, ItemKey, NotAKey};
pub use language::Language;
pub use reading::Unreadable;
pub use session::{
    Answers, Cause, ChoiceView, Entry, Instance, Opening, Outcome, Page, Problem, Question, Refusal,
    RepeatEnd, Session,
};
pub use value::{Missing, Value};
