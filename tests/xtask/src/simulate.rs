//! `cargo xtask simulate`: all of sync under seeded schedules. The simulator is a program of its own in `tests/simulation`, built with
//! a profile of its own: its schedules take milliseconds where it is optimised.

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::command_line::SimulateArguments;
use crate::failure::Failure;

/// Runs it. Whether every invariant held, or with `blind` whether every safeguard's absence was noticed.
pub(crate) fn run(checkout: &Checkout, arguments: &SimulateArguments) -> Result<bool, Failure> {
    let SimulateArguments { schedules, seed, only, steps, devices, blind, safeguard } = arguments;
    let mut simulation = cargo(checkout);
    simulation.args(["run", "--quiet", "--package", "nightjar-simulation", "--profile", "simulation", "--"]);
    simulation.arg("simulate");
    let numbers = [("--schedules", schedules), ("--seed", seed), ("--steps", steps), ("--devices", devices)];
    for (option, number) in numbers {
        simulation.args([option, &number.to_string()]);
    }
    if let Some(only) = only {
        simulation.args(["--only", &only.to_string()]);
    }
    if *blind {
        simulation.arg("--blind");
    }
    if let Some(safeguard) = safeguard {
        simulation.args(["--safeguard", safeguard]);
    }
    let status = simulation
        .status()
        .map_err(|source| Failure::NotStarted { program: "cargo run".to_owned(), source })?;
    Ok(status.success())
}
