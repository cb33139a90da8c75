//! What of `nightjar study …` takes records out.

use std::path::PathBuf;

use clap::Subcommand;

use super::VaultArgs;

/// Taking records out, and who says so.
#[derive(Debug, Subcommand)]
pub(crate) enum TakingOutCommand {
    /// Name an evaluator device whose steward is asked where one alone may not; before the first tablet is let in
    Steward {
        #[command(flatten)]
        device: VaultArgs,
        /// Its name, or the beginning of its tag as `devices` prints it
        #[arg(long = "who", value_name = "NAME")]
        who: String,
        /// Its steward holds the seat of lived experience
        #[arg(long)]
        lived_experience: bool,
    },
    /// Say what the founder may not do alone; once, before the first tablet is let in
    Rule {
        #[command(flatten)]
        device: VaultArgs,
        /// How many stewards have to consent before an evaluator's device is let in
        #[arg(long, value_name = "K", default_value_t = 0)]
        evaluators: u8,
        /// How many before another version of the study is named, and with it another purpose or disclosure policy
        #[arg(long, value_name = "K", default_value_t = 0)]
        versions: u8,
        /// One of them has to hold the seat of lived experience
        #[arg(long)]
        lived_experience: bool,
    },
    /// Take records out for ever; beyond 20 a day, or all of a sort, print what to ask a second steward
    TakeOut {
        #[command(flatten)]
        device: VaultArgs,
        /// A record, as lists print it; repeat for several
        #[arg(long, value_name = "ID", required_unless_present_any = ["all_responses", "all_ward"])]
        record: Vec<String>,
        /// All that people said about themselves, with what is still to come
        #[arg(long, conflicts_with_all = ["record", "all_ward"])]
        all_responses: bool,
        /// All that the wards wrote, with what is still to come
        #[arg(long, conflicts_with = "record")]
        all_ward: bool,
        /// File with what a second steward's `consent` printed; repeat for several
        #[arg(long, value_name = "FILE")]
        consent: Vec<PathBuf>,
    },
    /// As a second steward: read what another asks, and print the consent to it
    Consent {
        #[command(flatten)]
        device: VaultArgs,
        /// File with what the other's `take-out`, `admit` or `update` printed; `-` reads it from standard input
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
    },
    /// What was taken out, by receipts and by stewards, and which devices have confirmed it; any evaluator's device may ask
    Erased {
        #[command(flatten)]
        device: VaultArgs,
    },
}
