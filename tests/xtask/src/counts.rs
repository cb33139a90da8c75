//! Reading from what each test runner prints how many tests passed, failed and were skipped.

mod cargo_test;
mod pytest;
mod scenarios;
mod surefire;
mod xctest;

pub(crate) use cargo_test::cargo_test;
pub(crate) use pytest::pytest;
pub(crate) use scenarios::scenarios;
pub(crate) use surefire::surefire;
pub(crate) use xctest::xctest;

/// The number in the first group of a match, 0 where it is not a number.
fn number(captures: &regex::Captures<'_>, group: &str) -> u64 {
    captures.name(group).and_then(|found| found.as_str().parse().ok()).unwrap_or(0)
}

/// A pattern of this crate; a wrong one is found by the tests of its module.
fn pattern(text: &str) -> regex::Regex {
    regex::Regex::new(text).expect("a constant pattern")
}
