//! Forms and expression cases of our own, written from the ODK specification, and how engines are held to each other.
//!
//! - `forms/` holds the forms, as Markdown tables; [`own_forms`] lists them.
//! - `expressions/` holds the expression cases, a file for a group of functions; [`expressions`] reads them.
//! - `traces/` holds a sitting for each form and what JavaRosa and Web Forms agree on afterwards; [`traces`] reads them.
//! - [`compare`] answers the forms at random with two engines that speak the [`batch`] protocol, and asks the [`rules`]
//!   about every value on which their submissions differ.
//! - `peers/` holds what makes published engines speak that protocol.
//!
//! `cargo xtask conformance` runs all of it.

pub mod batch;
pub mod compare;
pub mod difference;
pub mod expressions;
pub mod outline;
pub mod own_forms;
pub mod peers;
pub mod random_answers;
pub mod rules;
pub mod step;
pub mod submission;
pub mod traces;

mod outline_reader;
