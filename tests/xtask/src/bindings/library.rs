//! Building the library of the bindings, and generating a language's code from it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo::cargo;
use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::process;

/// Builds the library as maturin does, so that building the wheel finds it done; and the generator.
pub(super) fn build(checkout: &Checkout) -> Result<(), Failure> {
    let mut library = cargo(checkout);
    library.args(["rustc", "--package", "nightjar-ffi", "--lib", "--crate-type", "cdylib"]);
    process::run_well("building the library", &mut library, &checkout.log("build-library")?)?;
    let mut generator = cargo(checkout);
    generator.args(["build", "--bin", "uniffi-bindgen"]);
    process::run_well("building the generator", &mut generator, &checkout.log("build-generator")?)?;
    Ok(())
}

/// Generates the code of `language` from the built library; returns its folder.
pub(super) fn generate(checkout: &Checkout, language: &str) -> Result<PathBuf, Failure> {
    let folder = checkout.bindings_out("generated").join(language);
    // Nothing of an earlier surface may stay.
    if folder.exists() {
        fs::remove_dir_all(&folder).at("removing", &folder)?;
    }
    let mut generator = Command::new(checkout.target.join("debug/uniffi-bindgen"));
    generator
        .current_dir(&checkout.root)
        .arg("generate")
        .arg(checkout.library())
        .args(["--language", language, "--no-format", "--out-dir"])
        .arg(&folder);
    process::run_well("generating code", &mut generator, &checkout.log(&format!("{language}-generate"))?)?;
    Ok(folder)
}
