//! Tests that cannot run here say so, and are counted as skipped.

use std::io::Write;

/// Says why a test cannot run here. The runner names a file by `NIGHTJAR_SKIPS`, and counts every line in it as a test
/// that was skipped and not passed.
///
/// # Panics
/// When the file cannot be written: a skip that nobody counts would pass for a test.
#[expect(clippy::print_stderr, reason = "a person who runs one test should read why it did nothing")]
pub fn skip(why: &str) {
    eprintln!("skipped: {why}");
    if let Some(path) = std::env::var_os("NIGHTJAR_SKIPS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let written = file.and_then(|mut file| writeln!(file, "{}", why.replace('\n', " ")));
        written.expect("the skip is counted");
    }
}
