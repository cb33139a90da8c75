//! The expression language: what `${name}`, `relevant`, `constraint` and `calculation` are written in.
//!
//! Text becomes tokens ([`token`]), syntax ([`parse`], [`syntax`]), and, once names are resolved to nodes of the form
//! ([`resolve`]), code ([`code`]) that [`eval`] runs against the answers.

pub(crate) mod calendar;
mod call;
pub(crate) mod code;
pub(crate) mod eval;
pub(crate) mod function;
pub(crate) mod number;
pub(crate) use call::{geo, nodes};
pub(crate) mod parse;
mod path;
pub(crate) mod resolve;
pub(crate) mod syntax;
pub(crate) mod token;
pub(crate) mod val;
pub(crate) mod world;

/// What is wrong with an expression, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl Fault {
    pub(crate) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault { problem: problem.into(), remedy: remedy.into() }
    }
}
