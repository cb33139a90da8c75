//! All Rust tests, documentation tests included.

use super::{Ran, TestContext};
use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::counts;
use crate::failure::{At, Failure};
use crate::process;
use crate::tally::Tally;

pub(super) fn test(checkout: &Checkout) -> Result<Ran, Failure> {
    let skips = checkout.log("rust-skips")?;
    std::fs::write(&skips, "").at("writing", &skips)?;
    let mut command = cargo(checkout);
    command.args(["test", "--workspace", "--no-fail-fast"]).envs(TestContext::new(checkout).variables());
    command.env("NIGHTJAR_SKIPS", &skips);
    let finished = process::run("cargo test", &mut command, &checkout.log("rust")?)?;
    // A test that could not run here has passed in cargo's eyes; it says so in a file of its own.
    let said = std::fs::read_to_string(&skips).at("reading", &skips)?;
    said.lines().for_each(|why| println!("    skipped: {why}"));
    let skipped = said.lines().count() as u64;
    let tally = counts::cargo_test(&finished.output);
    let tally =
        Tally { passed: tally.passed.saturating_sub(skipped), skipped: tally.skipped + skipped, ..tally };
    Ok(Ran::new(tally, finished))
}
