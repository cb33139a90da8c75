//! The suites that are checks rather than tests.

use super::Ran;
use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::process::{self, Finished};
use crate::tally::Tally;
use crate::{bindings, tidy};

pub(super) fn fmt(checkout: &Checkout) -> Result<Ran, Failure> {
    run(checkout, "fmt", &["fmt", "--all", "--", "--check"])
}

pub(super) fn clippy(checkout: &Checkout) -> Result<Ran, Failure> {
    let ran = run(checkout, "clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    if ran.tally.failed > 0 {
        return Ok(ran);
    }
    // Together all features are on; the library for phones is built without what only evaluators use.
    let phone = ["clippy", "--package", "nightjar-ffi", "--no-default-features", "--features", "collect"];
    run(checkout, "clippy-collect", &[&phone[..], &["--", "-D", "warnings"]].concat())
}

/// What the other suites start: the program, the library and the generator.
pub(super) fn build(checkout: &Checkout) -> Result<Ran, Failure> {
    let ran = run(checkout, "build", &["build", "--package", "nightjar-cli"])?;
    if ran.tally.failed == 0 {
        bindings::build_library(checkout)?;
    }
    Ok(ran)
}

/// One test per rule.
pub(super) fn tidy(checkout: &Checkout) -> Result<Ran, Failure> {
    let findings = tidy::check(checkout)?;
    let passed = findings.iter().filter(|finding| finding.holds()).count() as u64;
    let tally = Tally { passed, failed: findings.len() as u64 - passed, skipped: 0 };
    Ok(Ran { tally: tally.of_started(true), output: tidy::report(&findings) })
}

fn run(checkout: &Checkout, name: &str, arguments: &[&str]) -> Result<Ran, Failure> {
    let mut command = cargo(checkout);
    let finished: Finished =
        process::run(&format!("cargo {name}"), command.args(arguments), &checkout.log(name)?)?;
    Ok(Ran::check(finished))
}
