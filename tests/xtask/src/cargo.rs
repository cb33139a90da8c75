//! Calling Cargo the way this project builds for development and tests.

use std::env;
use std::process::Command;

use crate::checkout::Checkout;
use crate::process;

/// A Cargo command in the checkout.
///
/// Where the system has OpenSSL with its headers, SQLCipher links it instead of compiling a copy of its own
/// (`OPENSSL_NO_VENDOR`), which saves minutes. Release builds for others do not set it and carry their own.
pub(crate) fn cargo(checkout: &Checkout) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(&checkout.root);
    environment(&mut command, checkout);
    command
}

/// The same environment for a program that calls Cargo itself, such as maturin.
pub(crate) fn environment(command: &mut Command, checkout: &Checkout) {
    // What `cargo run` says about this program must not reach the builds it starts.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|own| name.starts_with(own))
        {
            command.env_remove(name);
        }
    }
    if process::works("pkg-config", ["--exists", "openssl"]) {
        command.env("OPENSSL_NO_VENDOR", "1");
    }
    if !checkout.incremental {
        command.env("CARGO_INCREMENTAL", "0");
    }
}
