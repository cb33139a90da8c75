//! The ward screen: something to hand to a patient, a carer or a colleague at seven in the morning.
//!
//! The core runs on the device and serves pages to the device's own browser, which keeps nothing. [`Screen::open`] listens on
//! loopback only, at an address that holds a new secret each time; [`Screen::serve`] serves it.
//!
//! A reader finds what happens to a tap by file: `guard` (does it come from here?), `posted` (what was handed in), `act` (what the
//! button does to whose hands the tablet is in, `hands` and for the ward's staff `staff`), `answer` (from fields to an answer), `page`
//! (what is drawn next).
//! `texts/` has the fixed words, `style/` what the stylesheet is made of, `assets/` what is served as it is.

mod act;
mod answer;
mod assets;
mod guard;
mod hands;
mod page;
mod picture;
mod posted;
mod screen;
mod staff;
mod sticks;
mod texts;

pub use screen::{Screen, Settings};
