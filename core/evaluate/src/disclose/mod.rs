//! Disclosure control: the one door between counts of people and print.
//!
//! A [`Shown`] count of people can only be made here. Percentages, intervals, chart coordinates and text alternatives
//! of study data are computed from [`Shown`] counts alone, so nothing derived says more than the printed counts say.

mod family;
mod layout;
mod policy;
mod propagate;
mod shown;

pub use family::{Block, Family, Protected, ProtectedRow, protect};
pub use policy::Policy;
pub use shown::Shown;
