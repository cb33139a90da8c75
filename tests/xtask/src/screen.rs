//! `cargo xtask screen`: the ward screen in a real browser that has no route to anywhere, and its stylesheet made from the packages
//! it is made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::suites::{Ran, TestContext};
use crate::tally::Tally;
use crate::{counts, mirror_folder, process, system};

/// The stylesheet as it is compiled into the program.
const STYLESHEET: &str = "core/screen/assets/screen.css";
/// What it is made of.
const STYLE: &str = "core/screen/style";
/// Scenarios, and what they need from npm.
const SCENARIOS: &str = "tests/screen";
const LOCK: &str = "package-lock.json";
const STAMP: &str = "installed.json";

/// What the suite needs from the system and that is not there.
pub(crate) fn missing() -> Vec<system::Missing> {
    [system::node(), system::chromium(), system::ip()].into_iter().flatten().collect()
}

/// Runs every scenario, and compares the stylesheet.
pub(crate) fn test(checkout: &Checkout) -> Result<Ran, Failure> {
    let folder = install(checkout)?;
    let made = stylesheet(checkout, &folder)?;
    let committed = checkout.root.join(STYLESHEET);
    let same = fs::read_to_string(&committed).at("reading", &committed)? == made;
    let mut output = match same {
        true => String::new(),
        false => format!(
            "{STYLESHEET} is not what {STYLE} gives; `cargo xtask screen --stylesheet` makes it anew\n"
        ),
    };
    let mut node = alone();
    node.arg("node").arg("run.mjs").current_dir(&folder);
    node.envs(TestContext::new(checkout).variables()).env("CHROMIUM", system::CHROMIUM);
    let finished = process::run("the ward screen", &mut node, &checkout.log("screen")?)?;
    output.push_str(&finished.output);
    let scenarios = counts::scenarios(&finished.output).of_started(finished.status.success());
    let tally = Tally {
        passed: scenarios.passed + u64::from(same),
        failed: scenarios.failed + u64::from(!same),
        ..scenarios
    };
    Ok(Ran { tally, output })
}

/// The suite by itself, or only the stylesheet written anew.
pub(crate) fn run(checkout: &Checkout, only_stylesheet: bool) -> Result<bool, Failure> {
    if only_stylesheet {
        let folder = install(checkout)?;
        let path = checkout.root.join(STYLESHEET);
        fs::write(&path, stylesheet(checkout, &folder)?).at("writing", &path)?;
        return Ok(true);
    }
    let missing = missing();
    if !missing.is_empty() {
        return Err(Failure::Needs(system::explain(&missing)));
    }
    let mut build = crate::cargo::cargo(checkout);
    process::run_well(
        "cargo build",
        build.args(["build", "--package", "nightjar-cli"]),
        &checkout.log("screen-build")?,
    )?;
    let ran = test(checkout)?;
    println!("{}", ran.output.trim_end());
    Ok(ran.tally.failed == 0)
}

/// A command that sees this device and no network, where the system lets it be made.
fn alone() -> Command {
    let mut command = Command::new("sh");
    let made = ["--net", "--map-root-user --net"]
        .into_iter()
        .find(|how| process::works("sh", ["-c", &format!("unshare {how} true")]));
    match made {
        Some(how) => {
            let inside = r#"ip link set lo up && exec "$@""#;
            command.args(["-c", &format!("exec unshare {how} sh -c '{inside}' sh \"$@\""), "sh"])
        }
        None => command.args(["-c", r#"echo "no network of its own can be made here"; exec "$@""#, "sh"]),
    };
    command
}

/// The scenarios with what they need from npm, in the cache.
fn install(checkout: &Checkout) -> Result<PathBuf, Failure> {
    let (from, folder) = (checkout.root.join(SCENARIOS), checkout.own_cache("screen")?);
    let mut files = mirror_folder::Wanted::new();
    mirror_folder::add_all(&mut files, &from, Path::new(""))?;
    for (name, source) in files {
        let target = folder.join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).at("making", parent)?;
        }
        fs::copy(&source, &target).at("writing", target)?;
    }
    let lock = from.join(LOCK);
    let wanted = fs::read_to_string(&lock).at("reading", &lock)?;
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&folder);
    process::run_well("npm ci", &mut npm, &checkout.log("screen-npm")?)?;
    fs::write(&stamp, wanted).at("writing", &stamp)?;
    Ok(folder)
}

/// The stylesheet that the sources give.
fn stylesheet(checkout: &Checkout, folder: &Path) -> Result<String, Failure> {
    let mut sass = Command::new("node");
    sass.arg(folder.join("node_modules/sass/sass.js"));
    sass.args(["--style=compressed", "--no-source-map", "--quiet-deps"]);
    sass.arg(format!("--load-path={}", folder.join("node_modules").display()));
    sass.arg(checkout.root.join(STYLE).join("screen.scss"));
    process::answer(&mut sass)
}
