//! `cargo test`: one result line per test binary and per crate's documentation tests.

use crate::tally::Tally;

/// Adds up the result lines; ignored tests are skipped ones.
pub(crate) fn cargo_test(output: &str) -> Tally {
    let line = super::pattern(
        r"(?m)^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed; (?<ignored>\d+) ignored;",
    );
    line.captures_iter(output)
        .map(|found| Tally {
            passed: super::number(&found, "passed"),
            failed: super::number(&found, "failed"),
            skipped: super::number(&found, "ignored"),
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_of_all_binaries_are_added() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            \n   Doc-tests x\n\
            test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(cargo_test(output), Tally { passed: 5, failed: 1, skipped: 2 });
    }

    #[test]
    fn a_build_that_failed_has_no_result() {
        assert_eq!(cargo_test("error: could not compile `x`\n"), Tally::default());
    }
}
