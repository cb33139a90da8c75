//! The hub as a process, over TLS, with all its checks on: how fast it takes in what is pushed, beside bare inserting of the same bytes;
//! two of them over one database; two thousand tablets; and whether the millionth envelope costs what the ten-thousandth did.

mod bare;
mod evaluator;
mod fleet;
mod growth;
mod ingest;
mod minute;

use std::path::{Path, PathBuf};

use nightjar_test_support::{HubProcess, Postgres, program};
use tokio::runtime::Runtime;

use crate::figures::met;
use crate::trouble::Trouble;

/// How many targets were missed.
#[derive(Default)]
pub(crate) struct Missed(usize);

impl Missed {
    /// Counts a target, and says in a word whether it was met.
    pub(crate) fn or_met(&mut self, yes: bool) -> &'static str {
        self.0 += usize::from(!yes);
        met(yes)
    }
}

/// Measures everything, or only the parts of these names.
pub(crate) fn run(quick: bool, only: &[Part]) -> Result<(), Trouble> {
    let wanted = |part| only.is_empty() || only.contains(&part);
    let runtime = Runtime::new()?;
    let mut missed = Missed::default();
    if wanted(Part::Ingest) {
        ingest::sqlite(quick, &runtime, &mut missed)?;
        ingest::postgres(quick, &runtime, &mut missed)?;
    }
    if wanted(Part::Two) {
        ingest::two_hubs(quick, &runtime, &mut missed)?;
    }
    if wanted(Part::Tablets) {
        minute::tablets(quick, &runtime, &mut missed)?;
    }
    if wanted(Part::Growth) {
        growth::hub(quick, &runtime, &mut missed)?;
    }
    if wanted(Part::Evaluator) {
        evaluator::imports(quick, &mut missed)?;
    }
    match missed.0 {
        0 => Ok(()),
        missed => Err(Trouble::Unlike(format!("{missed} targets were missed"))),
    }
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Ingest beside bare inserting
    Ingest,
    /// Two hubs over one database
    Two,
    /// Two thousand tablets
    Tablets,
    /// A push, a pull and a greeting beside a million envelopes
    Growth,
    /// An import beside a million records
    Evaluator,
}

/// Where a hub keeps its log.
enum Log {
    Sqlite(tempfile::TempDir),
    Postgres(Box<Postgres>, tempfile::TempDir),
}

impl Log {
    fn sqlite() -> Result<Self, Trouble> {
        Ok(Self::Sqlite(tempfile::tempdir()?))
    }

    /// A server of its own.
    fn postgres() -> Result<Self, Trouble> {
        let missing = || Trouble::Unlike("PostgreSQL is not installed here".into());
        Ok(Self::Postgres(Box::new(Postgres::start().ok_or_else(missing)?), tempfile::tempdir()?))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(..) => "PostgreSQL",
        }
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Sqlite(folder) | Self::Postgres(_, folder) => folder.path(),
        }
    }

    /// A hub process with a certificate of its own. On PostgreSQL there may be several.
    fn hub(&self, name: &str) -> HubProcess {
        let folder = self.folder().join(name);
        let program: PathBuf = program();
        match self {
            Self::Sqlite(_) => {
                HubProcess::start_with(&program, &folder, "127.0.0.1:0", &["--own-certificate"])
            }
            Self::Postgres(server, _) => {
                let more = ["--own-certificate", "--database", &server.url()];
                HubProcess::start_with(&program, &folder, "127.0.0.1:0", &more)
            }
        }
    }

    /// A table beside the hub's.
    fn bare(&self) -> Result<bare::Bare, Trouble> {
        match self {
            Self::Sqlite(folder) => bare::Bare::sqlite(&folder.path().join("bare.sqlite3")),
            Self::Postgres(server, _) => bare::Bare::postgres(&server.url()),
        }
    }
}

/// Seconds of processor that a process has had, and the most MiB it has had in memory.
fn taken(pid: u32) -> Result<(f64, f64), Trouble> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // Behind the name, which stands in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<f64>().ok()).sum();
    // Linux counts in hundredths of a second wherever this runs.
    Ok((ticks / 100.0, crate::sync::peak(pid)?))
}
