//! Charts as SVG inside the page: question as title, axis with unit, denominators, intervals and a text alternative.
//!
//! Drawn with maud rather than plotters: its SVG has no `<title>` or `<desc>`, no classes for print, and
//! text that shrinks with the picture. Here the picture is as narrow as a phone, so text stays readable at any width.

mod axis;
mod intervals;

pub(crate) use axis::Axis;
pub(crate) use intervals::{IntervalChart, Mark};
