//! Soaks: the real program under faults, many times over.

mod kill;

use std::process::Command;

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::process;

pub(crate) use kill::kill;

/// Builds the program as the tests use it.
pub(crate) fn build(checkout: &Checkout, features: &[&str]) -> Result<(), Failure> {
    let mut build: Command = cargo(checkout);
    build.args(["build", "--package", "nightjar-cli"]);
    if !features.is_empty() {
        build.args(["--features", &features.join(",")]);
    }
    process::run_well("cargo build", &mut build, &checkout.log("soak-build")?).map(drop)
}

/// A fresh key for a vault, from the operating system.
pub(crate) fn fresh_key() -> [u8; 32] {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the operating system gives randomness");
    key
}
