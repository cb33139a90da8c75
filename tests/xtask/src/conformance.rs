//! `cargo xtask conformance`: our own forms through the program, and with `--peers` beside JavaRosa.

mod own;
mod random;

use std::process::Command;

use crate::checkout::Checkout;
use crate::command_line::{ConformanceArguments, Engine};
use crate::failure::Failure;
use crate::soak;
use crate::suites::Ran;

/// Runs what was asked for. Whether all is as it should be.
pub(crate) fn run(checkout: &Checkout, arguments: &ConformanceArguments) -> Result<bool, Failure> {
    if arguments.peers && arguments.engine == Engine::WebForms {
        return random::run(checkout, arguments);
    }
    soak::build(checkout, &[])?;
    if arguments.form.is_some() {
        return random::run(checkout, arguments);
    }
    if arguments.record {
        return random::record(checkout, arguments.seed);
    }
    let own = own::run(checkout)?.failed == 0;
    let random = if arguments.peers { random::run(checkout, arguments)? } else { true };
    Ok(own && random)
}

/// Without peers, as a suite of `cargo xtask test`.
pub(crate) fn own_cases(checkout: &Checkout) -> Result<Ran, Failure> {
    soak::build(checkout, &[])?;
    Ok(Ran { tally: own::run(checkout)?.of_started(true), output: String::new() })
}

/// Our program, running forms in batches.
fn program(checkout: &Checkout) -> Command {
    let mut command = Command::new(checkout.program());
    command.args(["form", "run", "--batch", "--tz", "UTC"]);
    command
}

/// A batch that was not answered, as the failure of a task.
fn unanswered(problem: impl std::fmt::Display) -> Failure {
    Failure::NotUnderstood { what: "conformance".to_owned(), problem: problem.to_string() }
}
