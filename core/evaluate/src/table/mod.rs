//! One instrument as a table: typed columns by item identity over all versions of the form.

mod column;
mod gather;
mod split;
mod tally;

pub(crate) use column::hex;
pub use column::{Category, Column, Table, Version};
pub(crate) use gather::{Gathered, gather};
pub(crate) use split::Splits;
pub(crate) use tally::{FormTally, NumberTally};
