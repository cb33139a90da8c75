//! What an evaluator's device can be asked for.

use std::path::PathBuf;

use clap::Subcommand;

use super::{RunArgs, VaultArgs};

/// `nightjar evaluate …`
#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateCommand {
    /// Make an evaluator's vault and print its request to join
    Create {
        #[command(flatten)]
        device: VaultArgs,
        /// What people call it
        #[arg(long, value_name = "NAME")]
        label: String,
    },
    /// Join a study with the invitation its steward gave
    Join {
        #[command(flatten)]
        device: VaultArgs,
        /// File with the invitation; `-` reads it from standard input
        #[arg(long, value_name = "FILE")]
        invitation: PathBuf,
        /// Join without the hub: a bundle that the steward exported after letting this device in
        #[arg(long, value_name = "FILE")]
        bundle: Option<PathBuf>,
        /// The study's pack; the one built in if absent
        #[arg(long, value_name = "DIR")]
        study: Option<PathBuf>,
    },
    /// Hand responses on to another evaluator: one that came late, or takes the place of this one
    HandOver {
        #[command(flatten)]
        device: VaultArgs,
        /// Its name, or the beginning of its tag
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Destroy this evaluator's keys and vault, after everything was handed over and sent
    Retire {
        #[command(flatten)]
        device: VaultArgs,
        /// Who takes its place: its name, or the beginning of its tag
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Exchange what is new with the hub
    Sync {
        #[command(flatten)]
        device: VaultArgs,
        /// Try so often while the hub cannot be reached, with waits that grow from 2 s to 15 min
        #[arg(long, value_name = "N", default_value_t = 1)]
        tries: u32,
    },
    /// Take another version of the study, newer or older: tables of all versions need the forms of all versions
    Update {
        #[command(flatten)]
        device: VaultArgs,
        /// The version's pack
        #[arg(long, value_name = "DIR")]
        study: PathBuf,
    },
    /// Print how much of what each tablet sent has been received
    Received {
        #[command(flatten)]
        device: VaultArgs,
    },
    /// Write tables (CSV), codebook and report.html
    Report {
        #[command(flatten)]
        device: VaultArgs,
        /// Folder to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// List every export that this device made, and what of it has to be destroyed since something was taken out
    Exports {
        #[command(flatten)]
        device: VaultArgs,
        /// Note that the files of this export, by the beginning of its id, are destroyed
        #[arg(long, value_name = "ID")]
        destroyed: Option<String>,
    },
    /// Drive an evaluator by lines of JSON; the first line of standard input is the key in hexadecimal
    Run(RunArgs),
}
