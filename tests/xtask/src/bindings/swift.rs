//! Swift: a package put together from the layer, the generated code and the library; `swift test` with XCTest.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Package, library, text};
use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::mirror_folder::{self, Wanted};
use crate::suites::{Ran, TestContext};
use crate::swift_root::{self, INSIDE, Shown, SwiftHost};
use crate::{counts, process, system};

/// The Swift package `Nightjar`.
#[derive(Debug)]
pub(crate) struct Swift;

impl Package for Swift {
    /// Swift comes from PATH or from a root of its own, so no package of the system is missing.
    fn missing(&self) -> Vec<system::Missing> {
        Vec::new()
    }

    fn build(&self, checkout: &Checkout) -> Result<PathBuf, Failure> {
        let package = put_together(checkout)?;
        let host = swift_root::find(checkout).map_err(Failure::Needs)?;
        let mut swift = swift(checkout, &host, &package, "build", &TestContext::default())?;
        process::run_well("swift build", &mut swift, &checkout.log("swift-build")?)?;
        Ok(package)
    }

    fn test(&self, checkout: &Checkout, context: &TestContext) -> Result<Ran, Failure> {
        let package = put_together(checkout)?;
        let host = swift_root::find(checkout).map_err(Failure::Needs)?;
        let mut swift = swift(checkout, &host, &package, "test", context)?;
        let finished = process::run("swift test", &mut swift, &checkout.log("swift-test")?)?;
        Ok(Ran::new(counts::xctest(&finished.output), finished))
    }
}

/// The package as SwiftPM wants it, with the generated code in its target and the library beside.
fn put_together(checkout: &Checkout) -> Result<PathBuf, Failure> {
    let generated = library::generate(checkout, "swift")?;
    let folder = checkout.bindings_out("swift");
    let mut wanted = Wanted::new();
    mirror_folder::add_all(&mut wanted, &checkout.root.join("bindings/swift"), Path::new(""))?;
    wanted.insert("Sources/Nightjar/Generated/Nightjar.swift".into(), generated.join("Nightjar.swift"));
    wanted.insert("Sources/NightjarFFI/NightjarFFI.h".into(), generated.join("NightjarFFI.h"));
    let library = checkout.library();
    if let Some(name) = library.file_name() {
        wanted.insert(Path::new("lib").join(name), library.clone());
    }
    mirror_folder::make(&folder, &wanted)?;
    Ok(folder)
}

/// `swift build|test` for the package, on the host or in the root.
fn swift(
    checkout: &Checkout,
    host: &SwiftHost,
    package: &Path,
    verb: &str,
    context: &TestContext,
) -> Result<Command, Failure> {
    let build = checkout.own_cache("swift-build")?;
    match host {
        SwiftHost::Path => {
            let mut command = Command::new("swift");
            command.args(arguments(verb, &text(package), &text(&build))).envs(context.variables());
            Ok(command)
        }
        SwiftHost::Root(root) => {
            let program = checkout.program();
            let programs = program.parent().unwrap_or(&checkout.target);
            fs::create_dir_all(programs).at("making", programs)?;
            let shown = Shown { checkout: &checkout.root, package, build: &build, program: programs };
            let mut words = vec!["swift".to_owned()];
            words.extend(arguments(verb, &format!("{INSIDE}/package"), &format!("{INSIDE}/build")));
            let variables =
                context.seen_from_root(&format!("{INSIDE}/checkout"), &format!("{INSIDE}/program"));
            Ok(swift_root::enter(root, &shown, &variables, &words))
        }
    }
}

fn arguments(verb: &str, package: &str, build: &str) -> Vec<String> {
    let mut all = vec![verb.to_owned()];
    if verb == "test" {
        // The tests are XCTest; without this an empty run of the other framework is reported beside them.
        all.push("--disable-swift-testing".to_owned());
    }
    all.extend(["--package-path".to_owned(), package.to_owned()]);
    all.extend(["--scratch-path".to_owned(), format!("{build}/scratch")]);
    for word in [format!("-L{package}/lib"), "-rpath".to_owned(), format!("{package}/lib")] {
        all.extend(["-Xlinker".to_owned(), word]);
    }
    all
}
