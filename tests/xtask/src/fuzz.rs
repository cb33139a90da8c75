//! `cargo xtask fuzz`: builds the targets of `tests/fuzz` with instructions for coverage and runs them with libFuzzer.
//!
//! cargo-fuzz wants a nightly compiler for its sanitizers. The core has no unsafe code, so coverage is what is needed, and
//! that a stable compiler gives: the flags below are the ones cargo-fuzz passes with `--sanitizer none`. With cargo-fuzz
//! installed its own commands work on the same folder.

mod corpus;
mod outcome;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::command_line::{FuzzArguments, FuzzTarget};
use crate::failure::{At, Failure};
use crate::{process, system};

const COVERAGE: [&str; 6] = [
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// What one input may take.
const SECONDS: u32 = 10;
const MEGABYTES: u32 = 2_048;

/// Whether no input crashed, hung or took too much memory.
pub(crate) fn run(checkout: &Checkout, arguments: &FuzzArguments) -> Result<bool, Failure> {
    if let Some(missing) = system::compiler() {
        return Err(Failure::Needs(system::explain(&[missing])));
    }
    let programs = build(checkout)?;
    let mut clean = true;
    for target in
        FuzzTarget::all().filter(|one| arguments.target.is_empty() || arguments.target.contains(one))
    {
        clean &= fuzz(checkout, &programs, target, arguments.seconds)?;
    }
    Ok(clean)
}

/// Builds all targets and says in which folder they are.
fn build(checkout: &Checkout) -> Result<PathBuf, Failure> {
    let said = process::answer(Command::new("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).ok_or_else(|| {
        Failure::NotUnderstood { what: "rustc -vV".to_owned(), problem: "names no host".to_owned() }
    })?;
    let target = checkout.target.join("fuzz");
    let mut build = cargo(checkout);
    build.args(["build", "--release", "--manifest-path"]).arg(checkout.root.join("tests/fuzz/Cargo.toml"));
    // Naming the target keeps the flags from build scripts and procedural macros.
    build.args(["--target", host, "--target-dir"]).arg(&target).env("RUSTFLAGS", COVERAGE.join(" "));
    println!("==> building the targets");
    process::run_well("building the fuzz targets", &mut build, &checkout.log("fuzz-build")?)?;
    Ok(target.join(host).join("release"))
}

fn fuzz(checkout: &Checkout, programs: &Path, target: FuzzTarget, seconds: u64) -> Result<bool, Failure> {
    let name = target.name();
    println!("==> {name}, {seconds} s");
    let corpus = corpus::prepare(checkout, target)?;
    let artifacts = checkout.target.join("fuzz/artifacts").join(name);
    std::fs::create_dir_all(&artifacts).at("making", &artifacts)?;
    let mut command = Command::new(programs.join(name));
    command.arg(&corpus).arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-timeout={SECONDS}"),
        format!("-rss_limit_mb={MEGABYTES}"),
        format!("-max_len={}", target.longest()),
        "-print_final_stats=1".to_owned(),
    ]);
    let dictionary = checkout.root.join(format!("tests/fuzz/dictionaries/{name}.dict"));
    if dictionary.is_file() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    let log = checkout.log(&format!("fuzz-{name}"))?;
    let finished = process::run(name, &mut command, &log)?;
    let outcome = outcome::read(&finished.output);
    println!("    {outcome}");
    if !finished.status.success() {
        println!("    FAILED; the input is in {}, what was said in {}", artifacts.display(), log.display());
        outcome.complaints.iter().for_each(|line| println!("    {line}"));
    }
    Ok(finished.status.success())
}
