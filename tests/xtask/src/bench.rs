//! `cargo xtask bench form`: starts the measurements, which are a program of their own built for release.

use std::path::Path;

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
    Ok(program(checkout)? && alone(checkout, "screen", quick)?)
}

/// Sync beside PouchDB and the floor. Whether everything was measured, and the peer beside it.
pub(crate) fn sync(checkout: &Checkout, quick: bool) -> Result<bool, Failure> {
    if !program(checkout)? {
        return Ok(false);
    }
    let peers = peers::of_sync(checkout);
    let folder = peers.as_ref().ok().cloned();
    if let Err(why) = &peers {
        println!("the peer could not be installed, so there are no ratios to it: {why}");
    }
    Ok(beside(checkout, "sync", quick, folder.as_deref())? && peers.is_ok())
}

/// The hub beside bare inserting, two of them, many tablets, a million envelopes. Whether everything was measured and was as wanted.
pub(crate) fn hub(checkout: &Checkout, quick: bool) -> Result<bool, Failure> {
    Ok(program(checkout)? && alone(checkout, "hub", quick)?)
}

/// Builds the program, which is the hub and each device of a measured study. Whether it builds.
fn program(checkout: &Checkout) -> Result<bool, Failure> {
    let mut build = cargo(checkout);
    build.args(["build", "--quiet", "--release", "--package", "nightjar-cli"]);
    let built =
        build.status().map_err(|source| Failure::NotStarted { program: "cargo build".to_owned(), source })?;
    Ok(built.success())
}

fn alone(checkout: &Checkout, what: &str, quick: bool) -> Result<bool, Failure> {
    beside(checkout, what, quick, None)
}

fn beside(checkout: &Checkout, what: &str, quick: bool, peers: Option<&Path>) -> Result<bool, Failure> {
    let mut bench = cargo(checkout);
    bench.args(["run", "--quiet", "--release", "--package", "nightjar-bench", "--", what]);
    if quick {
        bench.arg("--quick");
    }
    if let Some(peers) = peers {
        bench.arg("--peers").arg(peers);
    }
    let status =
        bench.status().map_err(|source| Failure::NotStarted { program: "cargo run".to_owned(), source })?;
    Ok(status.success())
}

/// Whether everything was measured, and the peers beside it.
pub(crate) fn form(checkout: &Checkout, quick: bool) -> Result<bool, Failure> {
    let peers = peers::find_or_install(checkout);
    let folder = match &peers {
        Ok(peers) => Some(peers.folder()),
        Err(why) => {
            println!("the peers could not be installed, so there are no ratios: {why}");
            None
        }
    };
    Ok(beside(checkout, "form", quick, folder)? && peers.is_ok())
}
