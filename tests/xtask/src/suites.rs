//! The suites of `cargo xtask test`, each with what it needs and how it counts.

mod checks;
mod context;
mod rust;

use clap::ValueEnum;

pub(crate) use context::TestContext;

use crate::bindings;
use crate::checkout::Checkout;
use crate::command_line::Language;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::process::Finished;
use crate::tally::Tally;
use crate::{canary, conformance, screen, soak, swift_root, system};

/// A suite, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// `cargo fmt --check`
    Fmt,
    /// `cargo clippy`, all targets, warnings are errors
    Clippy,
    /// The program, the library of the bindings and the generator
    Build,
    /// `cargo test` of the whole workspace
    Rust,
    /// `cargo xtask conformance`, without peers
    Conformance,
    /// pytest against the installed wheel
    Python,
    /// JUnit on the JVM
    Kotlin,
    /// `swift test`
    Swift,
    /// `cargo xtask screen`
    Screen,
    /// `cargo xtask soak kill`, a few times
    Soak,
    /// `cargo xtask canary`
    Canary,
    /// `cargo xtask tidy`
    Tidy,
}

/// How a suite ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was run.
    Ran(Ran),
    /// It cannot be run here: why, and what would enable it.
    Skipped(String),
    /// It should have run and did not.
    Broken(Failure),
}

/// A suite that was run: its count and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) tally: Tally,
    pub(crate) output: String,
}

impl Ran {
    /// The count of a test runner that ended so.
    pub(crate) fn new(tally: Tally, finished: Finished) -> Ran {
        Ran { tally: tally.of_started(finished.status.success()), output: finished.output }
    }

    /// One check that holds if the program ended well.
    fn check(finished: Finished) -> Ran {
        Ran { tally: Tally::of_one(finished.status.success()), output: finished.output }
    }
}

impl Outcome {
    /// What the suite adds to the last line.
    pub(crate) fn tally(&self) -> Tally {
        match self {
            Outcome::Ran(ran) => ran.tally,
            Outcome::Skipped(_) => Tally::skipped(),
            Outcome::Broken(_) => Tally::of_one(false),
        }
    }
}

impl Suite {
    /// The name as it is typed and printed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Suite::Fmt => "fmt",
            Suite::Clippy => "clippy",
            Suite::Build => "build",
            Suite::Rust => "rust",
            Suite::Conformance => "conformance",
            Suite::Python => "python",
            Suite::Kotlin => "kotlin",
            Suite::Swift => "swift",
            Suite::Screen => "screen",
            Suite::Soak => "soak",
            Suite::Canary => "canary",
            Suite::Tidy => "tidy",
        }
    }

    /// The language whose package the suite tests.
    pub(crate) fn language(self) -> Option<Language> {
        match self {
            Suite::Python => Some(Language::Python),
            Suite::Kotlin => Some(Language::Kotlin),
            Suite::Swift => Some(Language::Swift),
            Suite::Fmt
            | Suite::Clippy
            | Suite::Build
            | Suite::Rust
            | Suite::Conformance
            | Suite::Screen
            | Suite::Soak
            | Suite::Canary
            | Suite::Tidy => None,
        }
    }

    /// Programs of the system that the suite needs and that are not there.
    pub(crate) fn missing(self) -> Vec<system::Missing> {
        match self {
            Suite::Tidy => system::git().into_iter().collect(),
            Suite::Screen => screen::missing(),
            _ => self.language().map(|language| bindings::package(language).missing()).unwrap_or_default(),
        }
    }

    /// Why the suite cannot be run here, and what would enable it.
    pub(crate) fn obstacle(self, checkout: &Checkout) -> Option<String> {
        let missing = self.missing();
        if !missing.is_empty() {
            return Some(system::explain(&missing));
        }
        if self == Suite::Swift { swift_root::find(checkout).err() } else { None }
    }

    /// Runs the suite, on a system that has what it needs.
    pub(crate) fn run(self, checkout: &Checkout) -> Outcome {
        self.run_here(checkout).map_or_else(Outcome::Broken, Outcome::Ran)
    }

    fn run_here(self, checkout: &Checkout) -> Result<Ran, Failure> {
        match self {
            Suite::Fmt => checks::fmt(checkout),
            Suite::Clippy => checks::clippy(checkout),
            Suite::Build => checks::build(checkout),
            Suite::Rust => rust::test(checkout),
            Suite::Conformance => conformance::own_cases(checkout),
            Suite::Screen => screen::test(checkout),
            Suite::Soak => task(|| soak::kill(checkout, 20, 1)),
            Suite::Canary => task(|| canary::run(checkout)),
            Suite::Tidy => checks::tidy(checkout),
            Suite::Python => test_language(checkout, Language::Python, self.name()),
            Suite::Kotlin => test_language(checkout, Language::Kotlin, self.name()),
            Suite::Swift => test_language(checkout, Language::Swift, self.name()),
        }
    }
}

/// Runs a task of its own as one check. A device process that dies under it panics, which is a failure of the task.
fn task(run: impl FnOnce() -> Result<bool, Failure>) -> Result<Ran, Failure> {
    let holds = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(Ok(false))?;
    Ok(Ran { tally: Tally::of_one(holds), output: String::new() })
}

/// Runs a language's tests beside a hub of their own.
fn test_language(checkout: &Checkout, language: Language, name: &str) -> Result<Ran, Failure> {
    let hub = Hub::start(&checkout.program(), &checkout.log(&format!("{name}-hub"))?)?;
    bindings::package(language).test(checkout, &TestContext::with_hub(checkout, &hub))
}
