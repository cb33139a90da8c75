//! The packages of the three languages: generated code, the hand-written layer and the library, put together in
//! `target/bindings`.

mod kotlin;
mod library;
mod python;
mod swift;

use std::path::{Path, PathBuf};

use crate::checkout::Checkout;
use crate::command_line::Language;
use crate::failure::Failure;
use crate::suites::{self, TestContext};
use crate::system;

pub(crate) use kotlin::Kotlin;
pub(crate) use python::Python;
pub(crate) use swift::Swift;

/// What a language does with its package. One step is one call; each is logged under a name of its own.
pub(crate) trait Package {
    /// Programs of the system that are not there.
    fn missing(&self) -> Vec<system::Missing>;
    /// Builds what an app developer gets and says where it is. Needs the library to be built.
    fn build(&self, checkout: &Checkout) -> Result<PathBuf, Failure>;
    /// Builds as far as the tests need it and runs them.
    fn test(&self, checkout: &Checkout, context: &TestContext) -> Result<suites::Ran, Failure>;
}

/// The package of a language.
pub(crate) fn package(language: Language) -> Box<dyn Package> {
    match language {
        Language::Kotlin => Box::new(Kotlin),
        Language::Swift => Box::new(Swift),
        Language::Python => Box::new(Python),
    }
}

/// `cargo xtask bindings LANGUAGE`
pub(crate) fn run(checkout: &Checkout, language: Language) -> Result<bool, Failure> {
    let package = package(language);
    let missing = package.missing();
    if !missing.is_empty() {
        return Err(Failure::Needs(system::explain(&missing)));
    }
    library::build(checkout)?;
    let built = package.build(checkout)?;
    println!("{}", built.display());
    Ok(true)
}

/// Builds the library and the generator, on which the suites of all languages stand.
pub(crate) fn build_library(checkout: &Checkout) -> Result<(), Failure> {
    library::build(checkout)
}

/// A path as an argument that must be text, such as a Maven property.
fn text(path: &Path) -> String {
    path.display().to_string()
}
