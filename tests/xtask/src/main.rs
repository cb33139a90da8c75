//! `cargo xtask …`: the project's tasks, written in Rust so that they need nothing but Rust.
//!
//! `test` is the one command of a newcomer and of continuous integration; `tidy` checks what the compiler cannot
//! (dependencies between rooms, licences, file lengths); `soak` and `canary` put the real program under faults and scan what
//! it leaves on disk; `conformance`, `bench` and `fuzz` hold the form engine to our own cases, to published engines and to
//! nonsense; `bindings` builds one language's package.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task runner speaks to a terminal")]

mod bench;
mod bindings;
mod canary;
mod cargo;
mod checkout;
mod command_line;
mod conformance;
mod counts;
mod debian;
mod failure;
mod fuzz;
mod hub;
mod mirror_folder;
mod peers;
mod process;
mod screen;
mod simulate;
mod soak;
mod suites;
mod swift_root;
mod system;
mod tally;
mod test_run;
mod tidy;

use std::process::ExitCode;

use clap::Parser;
use command_line::{CommandLine, Measured, Task};

fn main() -> ExitCode {
    match run(&CommandLine::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the task found everything in order.
fn run(task: &Task) -> Result<bool, failure::Failure> {
    let checkout = checkout::Checkout::find()?;
    match task {
        Task::Test(arguments) => test_run::run(&checkout, arguments),
        Task::Tidy => tidy::run(&checkout),
        Task::Soak { fault } => soak::run(&checkout, fault),
        Task::Simulate(arguments) => simulate::run(&checkout, arguments),
        Task::Screen { stylesheet } => screen::run(&checkout, *stylesheet),
        Task::Canary => canary::run(&checkout),
        Task::Conformance(arguments) => conformance::run(&checkout, arguments),
        Task::Bench { what: Measured::Form { quick } } => bench::form(&checkout, *quick),
        Task::Bench { what: Measured::Vault { quick } } => bench::vault(&checkout, *quick),
        Task::Bench { what: Measured::Screen { quick } } => bench::screen(&checkout, *quick),
        Task::Bench { what: Measured::Sync { quick } } => bench::sync(&checkout, *quick),
        Task::Bench { what: Measured::Hub { quick } } => bench::hub(&checkout, *quick),
        Task::Fuzz(arguments) => fuzz::run(&checkout, arguments),
        Task::Bindings { language } => bindings::run(&checkout, *language),
    }
}
