//! All Rust tests, documentation tests included.

use super::{Ran, TestContext};
use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::counts;
use crate::failure::Failure;
use crate::process;

pub(super) fn test(checkout: &Checkout) -> Result<Ran, Failure> {
    let mut command = cargo(checkout);
    command.args(["test", "--workspace", "--no-fail-fast"]).envs(TestContext::new(checkout).variables());
    let finished = process::run("cargo test", &mut command, &checkout.log("rust")?)?;
    Ok(Ran::new(counts::cargo_test(&finished.output), finished))
}
