//! Measurements beside published engines, each in the same run and on the same forms. `cargo xtask bench form` installs
//! the peers and starts this program.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints its measurements")]

mod figures;
mod form;
mod hub;
mod machine;
mod ours;
mod responses;
mod screen;
mod shape;
mod sync;
mod trouble;
mod vault;

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
    /// The vault: answering, opening, asking, merging, bytes on disk
    Vault {
        /// Fewer records and repetitions
        #[arg(long)]
        quick: bool,
    },
    /// The ward screen: from a tap to the next page on a slow tablet, what a page weighs
    Screen {
        /// Fewer repetitions
        #[arg(long)]
        quick: bool,
    },
    /// Sync: first push and pull, nothing new, a slow line
    Sync {
        /// Fewer records
        #[arg(long)]
        quick: bool,
        /// The folder where the peers are installed; without it ours is measured beside the floor alone
        #[arg(long)]
        peers: Option<PathBuf>,
    },
    /// The hub: ingest, two of them, many tablets, a million envelopes
    Hub {
        /// Fewer envelopes and tablets
        #[arg(long)]
        quick: bool,
        /// Measure only this; may be given more than once
        #[arg(long, value_enum)]
        only: Vec<hub::Part>,
    },
    /// Opens a vault in this process and prints the KiB of memory it took
    #[command(hide = true)]
    Opened {
        /// The vault's file
        path: PathBuf,
    },
}

fn main() -> ExitCode {
    let measured = match Measure::parse() {
        Measure::Form { quick, peers } => {
            println!("{}", machine::describe());
            form::run(quick, peers.as_deref())
        }
        Measure::Vault { quick } => {
            println!("{}", machine::describe());
            vault::run(quick)
        }
        Measure::Screen { quick } => {
            println!("{}", machine::describe());
            screen::run(quick)
        }
        Measure::Sync { quick, peers } => {
            println!("{}", machine::describe());
            sync::run(quick, peers.as_deref())
        }
        Measure::Hub { quick, only } => {
            println!("{}", machine::describe());
            hub::run(quick, &only)
        }
        Measure::Opened { path } => vault::opened(&path),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("error: {trouble}");
            ExitCode::FAILURE
        }
    }
}
