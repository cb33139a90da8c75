//! Python: maturin makes a wheel of the library, the generated module and the layer; pytest runs against that wheel
//! installed in a virtual environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Package;
use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::suites::{Ran, TestContext};
use crate::{cargo, counts, process, system};

/// The wheel `nightjar`.
#[derive(Debug)]
pub(crate) struct Python;

impl Package for Python {
    fn missing(&self) -> Vec<system::Missing> {
        system::python().into_iter().collect()
    }

    fn build(&self, checkout: &Checkout) -> Result<PathBuf, Failure> {
        let environment = Environment::prepare(checkout)?;
        wheel(checkout, &environment)
    }

    fn test(&self, checkout: &Checkout, context: &TestContext) -> Result<Ran, Failure> {
        let environment = Environment::prepare(checkout)?;
        let wheel = wheel(checkout, &environment)?;
        let mut install = environment.program("pip");
        install.args(["install", "--quiet", "--no-deps", "--no-index", "--force-reinstall"]).arg(wheel);
        process::run_well("installing the wheel", &mut install, &checkout.log("python-install")?)?;

        let mut pytest = environment.program("pytest");
        pytest.current_dir(checkout.root.join("bindings/python")).env("PYTHONDONTWRITEBYTECODE", "1");
        let finished =
            process::run("pytest", pytest.envs(context.variables()), &checkout.log("python-pytest")?)?;
        Ok(Ran::new(counts::pytest(&finished.output), finished))
    }
}

fn wheel(checkout: &Checkout, environment: &Environment) -> Result<PathBuf, Failure> {
    let out = checkout.bindings_out("python");
    if out.exists() {
        fs::remove_dir_all(&out).at("removing", &out)?;
    }
    let mut maturin = environment.program("maturin");
    cargo::environment(&mut maturin, checkout);
    // The wheel of a development build stays on this machine: it links the system's OpenSSL and need not run elsewhere.
    maturin.args(["build", "--profile", "dev", "--compatibility", "linux", "--auditwheel", "skip", "--out"]);
    maturin.arg(&out).current_dir(checkout.root.join("bindings/python"));
    process::run_well("maturin build", &mut maturin, &checkout.log("python-wheel")?)?;
    let entries = fs::read_dir(&out).at("reading", &out)?;
    let wheel =
        entries.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "whl"));
    wheel.ok_or_else(|| Failure::NotUnderstood {
        what: "maturin build".to_owned(),
        problem: format!("left no wheel in {}", out.display()),
    })
}

/// A virtual environment with what builds and tests the wheel, in the cache.
#[derive(Debug)]
struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, or finds it made by an earlier run with the same requirements.
    fn prepare(checkout: &Checkout) -> Result<Environment, Failure> {
        let requirements_path = checkout.root.join("bindings/python/requirements-test.txt");
        let requirements = fs::read_to_string(&requirements_path).at("reading", &requirements_path)?;
        let environment = Environment { folder: checkout.own_cache("python")? };
        let stamp = environment.folder.join("nightjar-requirements.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == requirements) && environment.works()
        {
            return Ok(environment);
        }
        let mut make = Command::new("python3");
        make.args(["-m", "venv", "--clear"]).arg(&environment.folder);
        process::run_well("making a virtual environment", &mut make, &checkout.log("python-venv")?)?;
        let mut install = environment.program("pip");
        install.args(["install", "--quiet", "--requirement"]).arg(&requirements_path);
        process::run_well("pip install", &mut install, &checkout.log("python-requirements")?)?;
        fs::write(&stamp, requirements).at("writing", &stamp)?;
        Ok(environment)
    }

    /// False when the Python it was made from is gone.
    fn works(&self) -> bool {
        process::answer(self.program("python").arg("--version")).is_ok()
    }

    fn program(&self, name: &str) -> Command {
        let bin = self.folder.join("bin");
        let mut command = Command::new(bin.join(name));
        command.env("VIRTUAL_ENV", &self.folder).env_remove("PYTHONHOME").env_remove("PYTHONPATH");
        command.env("PATH", path_with(&bin)).env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        command
    }
}

/// PATH with a folder before all others.
fn path_with(first: &Path) -> std::ffi::OsString {
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(first.to_owned()).chain(std::env::split_paths(&rest));
    std::env::join_paths(all).unwrap_or(rest)
}
