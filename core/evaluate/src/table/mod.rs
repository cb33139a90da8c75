//! One instrument as a table: typed columns by item identity over all versions of the form.

mod column;
mod gather;
mod split;
mod tally;

pub use column::{Category, Column, Table, Version};
pub(crate) use gather::{Gathered, gather};
pub(crate) use split::{Split, Splits};
pub(crate) use tally::{FormTally, NumberTally, QuestionTally, TextTally};
