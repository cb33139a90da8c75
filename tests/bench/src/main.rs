//! Measurements beside published engines, each in the same run and on the same forms. `cargo xtask bench form` installs
//! the peers and starts this program.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints its measurements")]

mod figures;
mod form;
mod machine;
mod ours;
mod shape;
mod trouble;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// What to measure.
#[derive(Debug, Parser)]
enum Measure {
    /// Forms: loading, reading, answering
    Form {
        /// Fewer forms and repetitions
        #[arg(long)]
        quick: bool,
        /// The folder where the peers are installed; without it ours is measured alone
        #[arg(long)]
        peers: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let Measure::Form { quick, peers } = Measure::parse();
    println!("{}", machine::describe());
    match form::run(quick, peers.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("error: {trouble}");
            ExitCode::FAILURE
        }
    }
}
