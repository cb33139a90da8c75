//! `cargo xtask test`: runs the suites one after the other and adds up what they counted.

use std::thread;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use crate::checkout::Checkout;
use crate::command_line::TestArguments;
use crate::failure::Failure;
use crate::suites::{Outcome, Suite};
use crate::swift_root;
use crate::system;
use crate::tally::Tally;

/// A suite that ended, and how long it took.
#[derive(Debug)]
struct Line {
    suite: Suite,
    outcome: Outcome,
    took: Duration,
}

/// Runs the suites; true if none failed and, with `--install`, none was skipped.
pub(crate) fn run(checkout: &Checkout, arguments: &TestArguments) -> Result<bool, Failure> {
    let checkout = &Checkout { incremental: checkout.incremental && !arguments.install, ..checkout.clone() };
    let suites = chosen(&arguments.only);
    if arguments.install {
        install(checkout, &suites)?;
    }
    // The Swift root is mostly waiting for the network: make it while Rust compiles.
    let with_swift = arguments.install && suites.contains(&Suite::Swift);
    let mut swift = with_swift.then(|| {
        let checkout = checkout.clone();
        thread::spawn(move || swift_root::find_or_make(&checkout))
    });
    let mut lines = Vec::new();
    for suite in suites {
        println!("==> {}", suite.name());
        let started = Instant::now();
        let swift_root =
            (suite == Suite::Swift).then(|| swift.take()).flatten().map(thread::JoinHandle::join);
        let outcome = if let Some(Ok(Err(failure))) = swift_root {
            Outcome::Broken(failure)
        } else if let Some(reason) = suite.obstacle(checkout) {
            Outcome::Skipped(reason)
        } else if suite.language().is_some() && failed(&lines, Suite::Build) {
            Outcome::Broken(Failure::Needs("the library was not built".to_owned()))
        } else {
            suite.run(checkout)
        };
        let line = Line { suite, outcome, took: started.elapsed() };
        report(&line);
        lines.push(line);
    }
    Ok(summary(&lines, arguments.install))
}

/// Whether a suite was run and failed: what an earlier run left behind must then not be tested.
fn failed(lines: &[Line], suite: Suite) -> bool {
    lines.iter().any(|line| line.suite == suite && line.outcome.tally().failed > 0)
}

/// The suites asked for, with what they stand on.
fn chosen(only: &[Suite]) -> Vec<Suite> {
    let needs_build = only.iter().any(|suite| suite.language().is_some() || *suite == Suite::Rust);
    Suite::value_variants()
        .iter()
        .copied()
        .filter(|suite| only.is_empty() || only.contains(suite) || (*suite == Suite::Build && needs_build))
        .collect()
}

fn install(checkout: &Checkout, suites: &[Suite]) -> Result<(), Failure> {
    let mut missing: Vec<_> = suites.iter().flat_map(|suite| suite.missing()).collect();
    missing.extend(system::openssl());
    missing.extend(system::keyring());
    missing.extend(system::postgres());
    if suites.contains(&Suite::Swift) && swift_root::find(checkout).is_err() {
        missing.extend(system::debootstrap());
    }
    system::install(checkout, &missing)
}

/// Says how a suite ended, with everything it printed if it failed.
fn report(line: &Line) {
    let name = line.suite.name();
    let output = match &line.outcome {
        Outcome::Ran(ran) if ran.tally.failed > 0 => Some(ran.output.as_str()),
        Outcome::Broken(failure) => failure.output(),
        Outcome::Ran(_) | Outcome::Skipped(_) => None,
    };
    if let Some(output) = output {
        println!("---- {name}: its output ----\n{}\n---- {name}: end of its output ----", output.trim_end());
    }
    match &line.outcome {
        Outcome::Skipped(why) => println!("    skipped: {why}"),
        Outcome::Broken(failure) => println!("    failed: {failure}"),
        Outcome::Ran(_) => {}
    }
    println!("    {} ({:.1} min)", line.outcome.tally(), minutes(line.took));
}

/// Prints the table and the last line; true if all is well.
fn summary(lines: &[Line], skips_fail: bool) -> bool {
    println!("\n{}", table(lines));
    let total: Tally = lines.iter().map(|line| line.outcome.tally()).sum();
    for line in lines {
        if let Outcome::Skipped(why) = &line.outcome {
            println!("{} was not run: {why}", line.suite.name());
        }
    }
    println!("{total}");
    total.failed == 0 && !(skips_fail && total.skipped > 0)
}

fn table(lines: &[Line]) -> String {
    let mut text =
        format!("{:<11} {:>8} {:>7} {:>7} {:>8}\n", "suite", "minutes", "passed", "failed", "skipped");
    for line in lines {
        let tally = line.outcome.tally();
        let (name, took) = (line.suite.name(), minutes(line.took));
        text +=
            &format!("{name:<11} {took:>8.1} {:>7} {:>7} {:>8}\n", tally.passed, tally.failed, tally.skipped);
    }
    let took = lines.iter().map(|line| line.took).sum();
    text + &format!("{:<11} {:>8.1}\n", "all", minutes(took))
}

fn minutes(took: Duration) -> f64 {
    took.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suites::Ran;

    fn line(suite: Suite, outcome: Outcome) -> Line {
        Line { suite, outcome, took: Duration::from_secs(90) }
    }

    fn ran(passed: u64, failed: u64) -> Outcome {
        Outcome::Ran(Ran { tally: Tally { passed, failed, skipped: 0 }, output: String::new() })
    }

    #[test]
    fn a_language_suite_stands_on_the_build() {
        assert_eq!(chosen(&[Suite::Kotlin]), [Suite::Build, Suite::Kotlin]);
        assert_eq!(chosen(&[Suite::Fmt]), [Suite::Fmt]);
        assert_eq!(chosen(&[]).len(), Suite::value_variants().len());
    }

    #[test]
    fn a_skip_is_a_failure_only_with_install() {
        let lines = [line(Suite::Rust, ran(3, 0)), line(Suite::Swift, Outcome::Skipped("no Swift".into()))];
        assert!(summary(&lines, false));
        assert!(!summary(&lines, true));
    }

    #[test]
    fn a_failure_and_a_suite_that_could_not_start_are_failures() {
        assert!(!summary(&[line(Suite::Rust, ran(3, 1))], false));
        assert!(!summary(&[line(Suite::Rust, Outcome::Broken(Failure::Needs("x".into())))], false));
    }

    #[test]
    fn the_table_has_minutes_per_suite_and_their_sum() {
        let text = table(&[line(Suite::Rust, ran(3, 0)), line(Suite::Swift, ran(2, 0))]);
        assert!(text.contains("rust             1.5       3       0        0"), "{text}");
        assert!(text.contains("all              3.0"), "{text}");
    }
}
