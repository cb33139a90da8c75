//! Soaks: the real program under faults, many times over.

mod kill;

use std::process::Command;

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::command_line::Fault;
use crate::failure::Failure;
use crate::process;

pub(crate) use kill::kill;

/// Runs a soak. Whether nothing was lost.
pub(crate) fn run(checkout: &Checkout, fault: &Fault) -> Result<bool, Failure> {
    let (soak, counted, seed) = match fault {
        Fault::Kill { times, seed } => return kill(checkout, *times, *seed),
        Fault::Power { answers, seed } => ("power", Some(("--answers", answers)), seed),
        Fault::IoError { seed } => ("io-error", None, seed),
        Fault::Remains { times, seed } => ("remains", Some(("--times", times)), seed),
        Fault::Schedules { times, seed } => ("schedules", Some(("--times", times)), seed),
        Fault::Sync { times, seed } => {
            build(checkout, &[])?;
            ("sync", Some(("--times", times)), seed)
        }
        Fault::DiskFull { times, seed } => ("disk-full", Some(("--times", times)), seed),
    };
    let mut simulation = cargo(checkout);
    simulation.args(["run", "--quiet", "--package", "nightjar-simulation"]);
    if ["schedules", "power"].contains(&soak) {
        simulation.arg("--release");
    }
    simulation.env("NIGHTJAR_BIN", checkout.program());
    simulation.args(["--", soak]);
    simulation.args(["--seed", &seed.to_string()]);
    if let Some((option, count)) = counted {
        simulation.args([option, &count.to_string()]);
    }
    let status = simulation
        .status()
        .map_err(|source| Failure::NotStarted { program: "cargo run".to_owned(), source })?;
    Ok(status.success())
}

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
