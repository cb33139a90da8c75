//! What `cargo xtask` can be asked for. `core/ARCHITECTURE.md` lists these commands and `tidy` compares the two.

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

/// The project's tasks.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Run every test: Rust, Python, Kotlin, Swift and tidy
    Test(TestArguments),
    /// Check what the compiler cannot: dependencies between rooms, licences, file lengths, the command lists
    Tidy,
    /// Put the real program under faults, many times over
    Soak {
        /// Which fault
        #[command(subcommand)]
        fault: Fault,
    },
    /// Run all of sync under seeded schedules of devices, a hub and bundles, with faults of every kind
    Simulate(SimulateArguments),
    /// Use the ward screen in a real browser, offline
    Screen {
        /// Only make its stylesheet anew from what it is made of
        #[arg(long)]
        stylesheet: bool,
    },
    /// Show that what people write is found nowhere but where it may be read
    Canary,
    /// Run our own forms and expressions through the program, and with --peers beside JavaRosa
    Conformance(ConformanceArguments),
    /// Measure beside published engines
    Bench {
        /// What to measure
        #[command(subcommand)]
        what: Measured,
    },
    /// Feed the readers, the expression language and the session with what nobody would write
    Fuzz(FuzzArguments),
    /// Build one language's package into target/bindings
    Bindings {
        /// The language to build for
        language: Language,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Fault {
    /// SIGKILL in the middle of a form
    Kill {
        /// How many times
        #[arg(long, default_value_t = 200)]
        times: u32,
        /// Draws the answers and the moments
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The power goes at every write beneath the cipher; the disk is rebuilt as it may be then
    Power {
        /// How many answers
        #[arg(long, default_value_t = 200)]
        answers: u32,
        /// Draws the answers, and in which order the disk wrote
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Every write fails in turn
    IoError {
        /// Draws the answers
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A hub and tablets as processes: a push cut at every byte, kills, old backups put back
    Sync {
        /// How many acts after the cuts
        #[arg(long, default_value_t = 1_000)]
        times: u32,
        /// Draws what happens
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// What is left in a vault's files after a finish, a hand-over and a withdrawal
    Remains {
        /// How many times
        #[arg(long, default_value_t = 1_000)]
        times: u32,
        /// Draws what is said
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Random schedules of up to six devices: edit, merge, settle, withdraw, migrate, back up, restore, clone and more
    Schedules {
        /// How many
        #[arg(long, default_value_t = 100_000)]
        times: u32,
        /// The seed of the first; each next has the next
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// A real file system with no room left; needs root
    DiskFull {
        /// How many times
        #[arg(long, default_value_t = 100)]
        times: u32,
        /// Draws the answers
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// How many schedules
    #[arg(long, default_value_t = 10_000)]
    pub(crate) schedules: u64,
    /// What they are drawn from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Run only the schedule of this number, and tell it step by step
    #[arg(long)]
    pub(crate) only: Option<u64>,
    /// Fewest steps of each
    #[arg(long, default_value_t = 50)]
    pub(crate) steps: u64,
    /// Most devices that one begins with, at least 3
    #[arg(long, default_value_t = 20)]
    pub(crate) devices: u64,
    /// Take each safeguard away in turn instead, and show which invariant then does not hold
    #[arg(long)]
    pub(crate) blind: bool,
    /// Of the safeguards only those whose name has this in it
    #[arg(long, requires = "blind")]
    pub(crate) safeguard: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConformanceArguments {
    /// Install published engines in the cache folder, and answer our forms at random in JavaRosa and here
    #[arg(long)]
    pub(crate) peers: bool,
    /// Random steps over all forms
    #[arg(long, default_value_t = 2_500)]
    pub(crate) steps: usize,
    /// Draws the steps
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write the traces that `conformance` plays without peers: one sitting for each form
    #[arg(long, requires = "peers")]
    pub(crate) record: bool,
    /// Answer only this form, and tell every step
    #[arg(long, requires = "peers")]
    pub(crate) form: Option<String>,
    /// Whom to compare with JavaRosa; Web Forms shows what the rules leave unexplained of another engine
    #[arg(long, value_enum, default_value = "nightjar")]
    pub(crate) engine: Engine,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Nightjar,
    WebForms,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Measured {
    /// Forms: loading, reading, answering, beside JavaRosa, Web Forms and pyxform
    Form {
        /// Fewer forms and repetitions
        #[arg(long)]
        quick: bool,
    },
    /// The vault: answering, opening, asking, merging, bytes on disk, beside bare SQLCipher and automerge
    Vault {
        /// Fewer records and repetitions
        #[arg(long)]
        quick: bool,
    },
    /// Sync: first push and pull, nothing new, a slow line, beside PouchDB and a bare log and cursor
    Sync {
        /// Fewer records
        #[arg(long)]
        quick: bool,
    },
    /// The hub: ingest beside bare inserting, two over one database, 2,000 tablets, the millionth envelope beside the 10,000th
    Hub {
        /// Fewer envelopes and tablets
        #[arg(long)]
        quick: bool,
    },
    /// The ward screen: from a tap to the next page with a sixth of the processor, beside the bare work; what a page weighs
    Screen {
        /// Fewer repetitions
        #[arg(long)]
        quick: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct FuzzArguments {
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Run only this target; may be given more than once
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<FuzzTarget>,
}

/// What is fed, by the name of its file in `tests/fuzz/fuzz_targets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FuzzTarget {
    Workbook,
    Markdown,
    Xform,
    Expression,
    Session,
    Sealed,
    Wire,
    Ranges,
    Bundle,
    Change,
    Roster,
}

impl FuzzTarget {
    pub(crate) fn all() -> impl Iterator<Item = FuzzTarget> {
        FuzzTarget::value_variants().iter().copied()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            FuzzTarget::Workbook => "workbook",
            FuzzTarget::Markdown => "markdown",
            FuzzTarget::Xform => "xform",
            FuzzTarget::Expression => "expression",
            FuzzTarget::Session => "session",
            FuzzTarget::Sealed => "sealed",
            FuzzTarget::Wire => "wire",
            FuzzTarget::Ranges => "ranges",
            FuzzTarget::Bundle => "bundle",
            FuzzTarget::Change => "change",
            FuzzTarget::Roster => "roster",
        }
    }

    /// Bytes of the longest input.
    pub(crate) fn longest(self) -> usize {
        match self {
            FuzzTarget::Workbook => 65_536,
            FuzzTarget::Markdown | FuzzTarget::Xform => 16_384,
            FuzzTarget::Expression | FuzzTarget::Session => 4_096,
            FuzzTarget::Sealed
            | FuzzTarget::Wire
            | FuzzTarget::Ranges
            | FuzzTarget::Bundle
            | FuzzTarget::Change
            | FuzzTarget::Roster => 4_096,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Install what is missing (root on Debian: apt packages and a Swift chroot in the cache); a skip is then a failure
    #[arg(long)]
    pub(crate) install: bool,
    /// Run only this suite; may be given more than once
    #[arg(long, value_name = "SUITE")]
    pub(crate) only: Vec<crate::suites::Suite>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Kotlin,
    Swift,
    Python,
}

/// Every command as it is typed after `cargo xtask`, such as `bindings`.
pub(crate) fn commands() -> Vec<String> {
    let mut found = Vec::new();
    collect(&CommandLine::command(), "", &mut found);
    found
}

fn collect(command: &clap::Command, prefix: &str, found: &mut Vec<String>) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let path = format!("{prefix}{}", sub.get_name());
        if sub.has_subcommands() {
            collect(sub, &format!("{path} "), found);
        } else {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_lists_its_commands() {
        CommandLine::command().debug_assert();
        let commands = commands();
        assert!(commands.contains(&"test".to_owned()), "{commands:?}");
        assert!(!commands.contains(&"help".to_owned()), "{commands:?}");
    }
}
