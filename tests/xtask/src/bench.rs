//! `cargo xtask bench form`: starts the measurements, which are a program of their own built for release.

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::peers;

/// The vault beside bare SQLCipher and automerge. Whether everything was measured.
pub(crate) fn vault(checkout: &Checkout, quick: bool) -> Result<bool, Failure> {
    alone(checkout, "vault", quick)
}

/// The ward screen beside the bare work. Whether everything was measured.
pub(crate) fn screen(checkout: &Checkout, quick: bool) -> Result<bool, Failure> {
    // Its study has a hub, which is the program.
    let mut build = cargo(checkout);
    build.args(["build", "--quiet", "--release", "--package", "nightjar-cli"]);
    let built =
        build.status().map_err(|source| Failure::NotStarted { program: "cargo build".to_owned(), source })?;
    Ok(built.success() && alone(checkout, "screen", quick)?)
}

fn alone(checkout: &Checkout, what: &str, quick: bool) -> Result<bool, Failure> {
    let mut bench = cargo(checkout);
    bench.args(["run", "--quiet", "--release", "--package", "nightjar-bench", "--", what]);
    if quick {
        bench.arg("--quick");
    }
    let status =
        bench.status().map_err(|source| Failure::NotStarted { program: "cargo run".to_owned(), source })?;
    Ok(status.success())
}

/// Whether everything was measured, and the peers beside it.
pub(crate) fn form(checkout: &Checkout, quick: bool) -> Result<bool, Failure> {
    let mut bench = cargo(checkout);
    bench.args(["run", "--quiet", "--release", "--package", "nightjar-bench", "--", "form"]);
    if quick {
        bench.arg("--quick");
    }
    let peers = peers::find_or_install(checkout);
    match &peers {
        Ok(peers) => {
            bench.arg("--peers").arg(peers.folder());
        }
        Err(why) => println!("the peers could not be installed, so there are no ratios: {why}"),
    }
    let status =
        bench.status().map_err(|source| Failure::NotStarted { program: "cargo run".to_owned(), source })?;
    Ok(status.success() && peers.is_ok())
}
