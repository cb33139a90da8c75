//! Installing the published engines that Nightjar is compared with: npm packages and a virtual environment, in the cache
//! folder. The scripts that make them speak are copied beside them, since Node looks for packages from there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nightjar_conformance::own_forms;
use nightjar_conformance::peers::Peers;

use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::{mirror_folder, process, system};

/// What decides whether what is installed is what is wanted.
const WANTED: [&str; 2] = ["package-lock.json", "requirements.txt"];
const STAMP: &str = "installed.txt";

/// Finds the peers as an earlier run installed them, or installs them.
pub(crate) fn find_or_install(checkout: &Checkout) -> Result<Peers, Failure> {
    let missing: Vec<_> = [system::node(), system::python(), system::java()].into_iter().flatten().collect();
    if !missing.is_empty() {
        return Err(Failure::Needs(system::explain(&missing)));
    }
    let folder = checkout.own_cache("peers")?;
    let scripts = own_forms::folder().join("peers");
    copy(&scripts, &folder)?;
    let mut wanted = String::new();
    for name in WANTED {
        let path = scripts.join(name);
        wanted += &fs::read_to_string(&path).at("reading", path)?;
    }
    let stamp = folder.join(STAMP);
    let installed = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
    if !(installed && works(&folder)) {
        println!("==> installing the peers in {}", folder.display());
        install(checkout, &folder)?;
        fs::write(&stamp, wanted).at("writing", &stamp)?;
    }
    Peers::at(&folder).at("looking for the peers in", folder)
}

/// The folder of the published sync layers, installed now or by an earlier run.
pub(crate) fn of_sync(checkout: &Checkout) -> Result<PathBuf, Failure> {
    if let Some(node) = system::node() {
        return Err(Failure::Needs(system::explain(&[node])));
    }
    let folder = checkout.own_cache("sync-peers")?;
    let scripts = checkout.root.join("tests/bench/peers");
    copy(&scripts, &folder)?;
    let lock = scripts.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).at("reading", lock)?;
    let stamp = folder.join(STAMP);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    println!("==> installing the peers in {}", folder.display());
    npm(checkout, &folder, "sync-peers-npm")?;
    fs::write(&stamp, wanted).at("writing", &stamp)?;
    Ok(folder)
}

/// Copies the scripts, and leaves alone what was installed beside them.
fn copy(scripts: &Path, folder: &Path) -> Result<(), Failure> {
    let mut files = mirror_folder::Wanted::new();
    mirror_folder::add_all(&mut files, scripts, Path::new(""))?;
    for (name, source) in files {
        let target = folder.join(name);
        fs::copy(&source, &target).at("writing", target)?;
    }
    Ok(())
}

fn npm(checkout: &Checkout, folder: &Path, log: &str) -> Result<(), Failure> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund"]).current_dir(folder);
    process::run_well("npm ci", &mut npm, &checkout.log(log)?).map(drop)
}

fn install(checkout: &Checkout, folder: &Path) -> Result<(), Failure> {
    npm(checkout, folder, "peers-npm")?;
    let venv = folder.join("venv");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    process::run_well("making a virtual environment", &mut make, &checkout.log("peers-venv")?)?;
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(folder.join("requirements.txt")).env_remove("PYTHONHOME").env_remove("PYTHONPATH");
    process::run_well("pip install", &mut pip, &checkout.log("peers-pip")?).map(drop)
}

/// False when the Python the environment was made from is gone.
fn works(folder: &Path) -> bool {
    let python = folder.join("venv/bin/python");
    process::answer(Command::new(python).args(["-c", "import pyxform"])).is_ok()
}
