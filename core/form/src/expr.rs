//! The expression language.

pub(crate) mod number;
