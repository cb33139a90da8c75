//! Kotlin: Maven compiles the generated code with the layer and runs JUnit on the JVM; JNA loads the library.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Package, library, text};
use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::suites::{Ran, TestContext};
use crate::{counts, process, system};

/// The Maven module `org.nightjar:nightjar`.
#[derive(Debug)]
pub(crate) struct Kotlin;

impl Package for Kotlin {
    fn missing(&self) -> Vec<system::Missing> {
        [system::java(), system::maven()].into_iter().flatten().collect()
    }

    fn build(&self, checkout: &Checkout) -> Result<PathBuf, Failure> {
        let mut maven = maven(checkout)?;
        maven.args(["-DskipTests", "package"]);
        process::run_well("mvn package", &mut maven, &checkout.log("kotlin-package")?)?;
        Ok(build_folder(checkout))
    }

    fn test(&self, checkout: &Checkout, context: &TestContext) -> Result<Ran, Failure> {
        let reports = build_folder(checkout).join("surefire-reports");
        if reports.exists() {
            fs::remove_dir_all(&reports).at("removing", &reports)?;
        }
        let mut maven = maven(checkout)?;
        maven.arg("test").envs(context.variables());
        let finished = process::run("mvn test", &mut maven, &checkout.log("kotlin-test")?)?;
        Ok(Ran::new(counts::surefire(&reports)?, finished))
    }
}

/// Maven with the folders of this checkout, so that nothing is written beside the sources.
fn maven(checkout: &Checkout) -> Result<Command, Failure> {
    let generated = library::generate(checkout, "kotlin")?;
    let mut command = Command::new("mvn");
    command
        .current_dir(checkout.root.join("bindings/kotlin"))
        .args(["--batch-mode", "--no-transfer-progress"])
        .args([
            format!("-Dnightjar.generated={}", text(&generated)),
            format!("-Dnightjar.build={}", text(&build_folder(checkout))),
            format!("-Dnightjar.library.folder={}", text(&checkout.target.join("debug"))),
        ]);
    Ok(command)
}

fn build_folder(checkout: &Checkout) -> PathBuf {
    checkout.bindings_out("kotlin")
}
