//! The scenarios of `tests/vectors/scenarios` run over the facade. `README.md` defines their format.
//!
//! Python, Kotlin and Swift have a runner of their own beside their tests; all four hold the same results against the
//! same expectations.

pub mod formats;

mod canonical;
mod expectation;
mod fields;
mod names;
mod runner;

pub use runner::{Hub, run};
