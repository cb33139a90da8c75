//! Where the program and the study are.

use std::path::{Path, PathBuf};

/// The `nightjar` program: `NIGHTJAR_BIN` where the runner has built it, else beside the running test.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("NIGHTJAR_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test.ancestors().find(|folder| folder.join("nightjar").is_file());
    folder
        .map(|folder| folder.join("nightjar"))
        .expect("the program is built: run `cargo build --package nightjar-cli` first, or `cargo xtask test`")
}

/// The folder of the sleepwell study pack.
#[must_use]
pub fn sleepwell() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/studies/sleepwell")
}
