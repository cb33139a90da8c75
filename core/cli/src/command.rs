//! What can be asked for: the command tree and the words `--help` prints.

mod bundle;
mod evaluate;
mod form;
mod hub;
mod publish;
mod taking_out;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

pub(crate) use bundle::BundleCommand;
pub(crate) use evaluate::EvaluateCommand;
pub(crate) use form::FormCommand;
pub(crate) use hub::{HubCommand, ServeArgs, Whereabouts};
pub(crate) use publish::PublishArgs;
pub(crate) use taking_out::TakingOutCommand;

use crate::terminal::Screen;
use crate::trouble::{EXIT_CODES, Trouble};

/// An offline survey core for wards: tablets collect, evaluators read.
#[derive(Debug, Parser)]
#[command(name = "nightjar", version, after_help = EXIT_CODES)]
pub(crate) struct Program {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole way on simulated answers: a hub, three tablets, an evaluator, a report
    Demo(DemoArgs),
    /// Show the ward screen in this device's browser: something to hand over
    Screen(ScreenArgs),
    /// Ask the questions here, in this terminal
    Collect(CollectArgs),
    /// Read forms (XLSForm workbooks)
    #[command(subcommand)]
    Form(FormCommand),
    /// Check, found and run a study
    #[command(subcommand)]
    Study(StudyCommand),
    /// Run the hub, which keeps sealed envelopes it cannot open
    #[command(subcommand)]
    Hub(HubCommand),
    /// Carry what is new by a file, where there is no hub
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Make and run a tablet
    #[command(subcommand)]
    Tablet(TabletCommand),
    /// Receive answers and write the report
    #[command(subcommand)]
    Evaluate(EvaluateCommand),
    /// Tell every tablet what came of the answers
    Publish(PublishArgs),
    /// Look after a vault
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Print every command, one a line
    #[command(hide = true)]
    Commands,
}

/// `nightjar demo`
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Folder to write to: made if it is missing, emptied only if an earlier demonstration made it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Drives answers, their order and the faults; never keys or ids. The same seed gives the same figures
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many forms people fill in, about
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) responses: u64,
    /// A study pack to use instead of the one built in
    #[arg(long, value_name = "DIR")]
    pub(crate) study: Option<PathBuf>,
}

/// The tablet that asks: one of a study, or one to practise with.
#[derive(Debug, Args)]
pub(crate) struct TabletArgs {
    /// The tablet's vault; see `nightjar tablet create`
    #[arg(long, value_name = "FILE", required_unless_present = "practice", conflicts_with = "practice")]
    pub(crate) vault: Option<PathBuf>,
    /// Try it out with a study that is thrown away afterwards
    #[arg(long)]
    pub(crate) practice: bool,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Study pack for `--practice`, or for a tablet that joins a study on the screen, instead of the one built in
    #[arg(long, value_name = "DIR")]
    pub(crate) study: Option<PathBuf>,
}

/// `nightjar screen`
#[derive(Debug, Args)]
pub(crate) struct ScreenArgs {
    #[command(flatten)]
    pub(crate) tablet: TabletArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Where a ward screen is served.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The ward this tablet is on; needed where it may collect on several
    #[arg(long, value_name = "CODE")]
    pub(crate) ward: Option<String>,
    /// Port on this device; a free one if absent
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,
    /// Folder where a USB stick is when it is in; where this system mounts sticks if absent. May be given several times
    #[arg(long = "stick", value_name = "DIR")]
    pub(crate) sticks: Vec<PathBuf>,
    /// Open it in this Chromium or Edge, full screen, with a profile that is thrown away
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) browser: Option<PathBuf>,
}

/// `nightjar collect`
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    #[command(flatten)]
    pub(crate) tablet: TabletArgs,
    /// Ask on the ward screen instead: the form of `--form` only
    #[arg(long, requires = "form")]
    pub(crate) serve: bool,
    /// The form that `--serve` asks
    #[arg(long, value_name = "ID", requires = "serve")]
    pub(crate) form: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// How the vault's key is given.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Read the key from this open file descriptor: 32 bytes, or 64 hexadecimal digits
    #[arg(long, value_name = "N", conflicts_with = "passphrase")]
    pub(crate) key_fd: Option<u32>,
    /// Ask for a passphrase; the salt is kept beside the vault
    #[arg(long)]
    pub(crate) passphrase: bool,
    /// Take the key from the keyring of this system, which makes one for a new vault
    #[cfg(feature = "keyring")]
    #[arg(long, conflicts_with_all = ["key_fd", "passphrase"])]
    pub(crate) keyring: bool,
}

/// How a vault's new key is given.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct NewKeyArgs {
    /// Read the new key from this open file descriptor
    #[arg(long, value_name = "N")]
    pub(crate) new_key_fd: Option<u32>,
    /// Ask for a new passphrase; its salt is kept beside the vault
    #[arg(long)]
    pub(crate) new_passphrase: bool,
    /// Let the keyring of this system keep a new key
    #[cfg(feature = "keyring")]
    #[arg(long)]
    pub(crate) new_keyring: bool,
}

/// A vault and its key.
#[derive(Debug, Args)]
pub(crate) struct VaultArgs {
    /// The vault's file
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: PathBuf,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
}

/// `nightjar study …`
#[derive(Debug, Subcommand)]
pub(crate) enum StudyCommand {
    /// Read a study pack and list everything wrong with it
    Check {
        /// The pack: study.toml, forms and published figures
        #[arg(value_name = "DIR")]
        study: PathBuf,
    },
    /// Found a study; this evaluator device becomes its steward
    Found {
        #[command(flatten)]
        device: VaultArgs,
        /// The pack; the one built in if absent
        #[arg(long, value_name = "DIR")]
        study: Option<PathBuf>,
        /// The hub's address, as it printed it; without one everything goes by bundles (`nightjar bundle`)
        #[arg(long, value_name = "URL")]
        hub: Option<String>,
        /// File with the setup code the hub printed; `-` reads it from standard input
        #[arg(long, value_name = "FILE", requires = "hub")]
        setup_code: Option<PathBuf>,
    },
    /// Make a member a steward, who lets devices in by themselves, also offline; or end that
    Delegate {
        #[command(flatten)]
        device: VaultArgs,
        /// The steward's device: its name, or the beginning of its tag as `devices` prints it
        #[arg(long = "who", value_name = "NAME")]
        who: String,
        /// How many devices they may let in, those that they let in before among them
        #[arg(long, value_name = "N", required_unless_present = "end")]
        devices: Option<u32>,
        /// A ward they may let devices in for; repeat for several. All wards if absent
        #[arg(long, value_name = "CODE")]
        ward: Vec<String>,
        /// They may let in evaluators' devices, too
        #[arg(long)]
        evaluators: bool,
        /// For how many days from now
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        days: u32,
        /// End it; whom they let in until now stays
        #[arg(long, conflicts_with_all = ["devices", "ward", "evaluators"])]
        end: bool,
    },
    /// Let a device into the study and print its invitation; the founder does, and every steward
    Admit {
        #[command(flatten)]
        device: VaultArgs,
        /// File with what the device's `create` printed; `-` reads it from standard input
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        /// A ward it may collect on; repeat for several. All wards if absent
        #[arg(long, value_name = "CODE", conflicts_with = "evaluator")]
        ward: Vec<String>,
        /// It is an evaluator's device
        #[arg(long)]
        evaluator: bool,
        /// What the device shows as its fingerprint; where it differs nothing is signed
        #[arg(long, value_name = "XXXX-XXXX-XXXX")]
        fingerprint: Option<String>,
        /// For how many hours the invitation is good, by the hub's time
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        hours: u32,
        /// Show the invitation as a picture for a camera, too
        #[arg(long)]
        qr: bool,
        /// File with what a second steward's `consent` printed, where the study's rule asks for it; repeat for several
        #[arg(long, value_name = "FILE", requires = "evaluator")]
        consent: Vec<PathBuf>,
    },
    /// List every device that was ever let in
    Devices {
        #[command(flatten)]
        device: VaultArgs,
    },
    /// Put a device out that was lost or is no longer trusted; what it had sent until then counts
    Revoke {
        #[command(flatten)]
        device: VaultArgs,
        /// Its name, or the beginning of its tag as `devices` prints it
        #[arg(long = "who", value_name = "NAME")]
        who: String,
    },
    /// Let what came of a device after it was put out count after all
    Accept {
        #[command(flatten)]
        device: VaultArgs,
        /// Its name, or the beginning of its tag as `devices` prints it
        #[arg(long = "who", value_name = "NAME")]
        who: String,
    },
    #[command(flatten)]
    TakingOut(TakingOutCommand),
    /// Name a new version of the study and print what it changes; devices take it with their own `update`
    Update {
        #[command(flatten)]
        device: VaultArgs,
        /// The new version's pack
        #[arg(long, value_name = "DIR")]
        study: PathBuf,
        /// File with what a second steward's `consent` printed, where the study's rule asks for it; repeat for several
        #[arg(long, value_name = "FILE")]
        consent: Vec<PathBuf>,
    },
    /// Make the recovery words and print them once, for paper; as shares for several people, or read back from paper
    Recovery {
        #[command(flatten)]
        device: VaultArgs,
        /// Split the key into so many shares, one for each paper
        #[arg(long, value_name = "N", requires = "needed")]
        shares: Option<u8>,
        /// How many of the shares are needed to have the key
        #[arg(long, value_name = "K", requires = "shares")]
        needed: Option<u8>,
        /// Read what stands on a paper from a file, and check that it is the study's key; repeat for every share
        #[arg(long, value_name = "FILE", conflicts_with = "shares")]
        check: Vec<PathBuf>,
    },
}

/// `nightjar tablet …`
#[derive(Debug, Subcommand)]
pub(crate) enum TabletCommand {
    /// Make a tablet's vault and print its request to join
    Create {
        #[command(flatten)]
        device: VaultArgs,
        /// What people call it
        #[arg(long, value_name = "NAME")]
        label: String,
        /// Show the request as a picture for a camera, and the fingerprint that the steward compares
        #[arg(long)]
        qr: bool,
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
    /// Set the PIN of ward staff, which opens their side of the ward screen
    Pin {
        #[command(flatten)]
        device: VaultArgs,
        /// Read the PIN, 6 to 12 digits, from this inherited file descriptor instead of asking for it
        #[arg(long, value_name = "N")]
        pin_fd: Option<u32>,
    },
    /// Exchange what is new with the hub
    Sync {
        #[command(flatten)]
        device: VaultArgs,
        /// Try so often while the hub cannot be reached, with waits that grow from 2 s to 15 min
        #[arg(long, value_name = "N", default_value_t = 1)]
        tries: u32,
    },
    /// Take a newer version of the study; unfinished answers stay in the version they were begun with until they move
    Update {
        #[command(flatten)]
        device: VaultArgs,
        /// The version's pack
        #[arg(long, value_name = "DIR")]
        study: PathBuf,
    },
    /// List ward records
    Records {
        #[command(flatten)]
        device: VaultArgs,
        /// Only this ward
        #[arg(long, value_name = "CODE")]
        ward: Option<String>,
        /// Only this form
        #[arg(long, value_name = "ID")]
        form: Option<String>,
        /// Only records whose texts hold all these words
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
    },
    /// Tell what was written to a record: when, from what to what, by which tablet and in which role
    History {
        #[command(flatten)]
        device: VaultArgs,
        /// The record, as `records` prints it
        #[arg(long, value_name = "ID")]
        record: String,
    },
    /// List facts that tablets hold differently, with who said what
    Conflicts {
        #[command(flatten)]
        device: VaultArgs,
    },
    /// Positions beside what was decided, case by case
    Dissensus {
        #[command(flatten)]
        device: VaultArgs,
    },
    /// Correct what a ward record says
    Correct {
        #[command(flatten)]
        device: VaultArgs,
        /// The record, as `records` prints it
        #[arg(long, value_name = "ID")]
        record: String,
        /// An item's name and what it shall say: a number, a date such as 2026-03-31, codes of choices; repeat for several that
        /// belong together
        #[arg(long = "set", value_name = "NAME=VALUE", required = true)]
        set: Vec<String>,
        /// The role that corrects it
        #[arg(long, value_name = "CODE")]
        role: String,
    },
    /// Settle a conflict
    Settle {
        #[command(flatten)]
        device: VaultArgs,
        /// The record, as `conflicts` prints it
        #[arg(long, value_name = "ID")]
        record: String,
        /// The item's name, as `conflicts` prints it
        #[arg(long, value_name = "NAME")]
        item: String,
        /// The value that holds, as `conflicts` prints it or as it is stored; it may be one that nobody gave
        #[arg(long, value_name = "VALUE")]
        value: String,
        /// The role that settles it
        #[arg(long, value_name = "CODE")]
        role: String,
    },
    /// Put another value beside what was settled, so that somebody looks again
    Dispute {
        #[command(flatten)]
        device: VaultArgs,
        /// The record, as `records` prints it
        #[arg(long, value_name = "ID")]
        record: String,
        /// The item's name
        #[arg(long, value_name = "NAME")]
        item: String,
        /// The value that holds instead; of a choice its code, several with spaces between
        #[arg(long, value_name = "VALUE")]
        value: String,
        /// The role that disputes it
        #[arg(long, value_name = "CODE")]
        role: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Drive a tablet by lines of JSON; the first line of standard input is the key in hexadecimal
    Run(RunArgs),
}

/// `nightjar vault …`
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Open a vault, read it through and say whether it is sound
    Check {
        #[command(flatten)]
        device: VaultArgs,
    },
    /// Compute every record again from its sealed changes and compare; changes nothing
    Verify {
        #[command(flatten)]
        device: VaultArgs,
    },
    /// Copy a vault that may be in use, under the same key
    Backup {
        #[command(flatten)]
        device: VaultArgs,
        /// The copy's file; it must not be there
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a backup in the place of a vault; what is there is moved aside with its log
    Restore {
        #[command(flatten)]
        device: VaultArgs,
        /// The backup; it stays where it is
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Rewrite a vault under a new key; the old one still opens copies made before, and nothing else
    Rekey {
        #[command(flatten)]
        device: VaultArgs,
        #[command(flatten)]
        new: NewKeyArgs,
    },
    /// Search a vault's files, free pages and all, for phrases that must not be there
    Audit {
        #[command(flatten)]
        device: VaultArgs,
        /// File with one phrase a line, of 4 to 1,024 bytes
        #[arg(long, value_name = "FILE")]
        canary: PathBuf,
    },
    /// Build every record anew from its sealed changes and set aside what is damaged; deletes nothing
    Repair {
        #[command(flatten)]
        device: VaultArgs,
    },
}

/// `… run`
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The vault's file
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: PathBuf,
    /// Make the vault first, under this name
    #[arg(long, value_name = "LABEL")]
    pub(crate) create: Option<String>,
    /// Take the time from `set_time` instead of the system
    #[arg(long)]
    pub(crate) simulated_clock: bool,
}

/// Prints the command tree, one command a line.
pub(crate) fn list(screen: &mut Screen) -> Result<(), Trouble> {
    for line in tree(&Program::command(), "") {
        screen.line(line)?;
    }
    Ok(())
}

fn tree(command: &clap::Command, prefix: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let name = format!("{prefix}{}", sub.get_name());
        match sub.has_subcommands() {
            true => lines.extend(tree(sub, &format!("{name} "))),
            false => lines.push(name),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_tree_is_sound_and_names_what_the_readme_promises() {
        Program::command().debug_assert();
        let tree = tree(&Program::command(), "");
        for promised in [
            "demo",
            "collect",
            "form check",
            "form paper",
            "hub serve",
            "tablet run",
            "evaluate run",
            "vault check",
            "vault verify",
            "vault repair",
        ] {
            assert!(tree.iter().any(|line| line == promised), "{promised} missing from {tree:?}");
        }
        assert!(!tree.iter().any(|line| line == "commands"));
    }
}
