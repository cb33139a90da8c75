//! What can be asked for of a bundle.

use std::path::PathBuf;

use clap::Subcommand;

use super::VaultArgs;

/// `nightjar bundle …`
#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Write what a tablet or evaluator holds, sealed, into a file for the others
    Export {
        #[command(flatten)]
        device: VaultArgs,
        /// The file; it must not be there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// A bundle of the device it is for: what that device says it holds is left out
        #[arg(long, value_name = "FILE")]
        answering: Option<PathBuf>,
    },
    /// Take in what is new from somebody's bundle; the same one again does no harm
    Import {
        #[command(flatten)]
        device: VaultArgs,
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Say what is in a bundle and whether it is whole; needs no vault, and opens nothing
    Inspect {
        /// The bundle
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
