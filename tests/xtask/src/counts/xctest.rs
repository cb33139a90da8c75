//! `swift test` with XCTest: one line per test that ended.

use crate::tally::Tally;

/// Counts the lines `Test Case 'Suite.test' passed|failed|skipped (0.1 seconds)`.
pub(crate) fn xctest(output: &str) -> Tally {
    let line = super::pattern(r"(?m)^Test Case '.+' (?<end>passed|failed|skipped) \(");
    let mut tally = Tally::default();
    for found in line.captures_iter(output) {
        match &found["end"] {
            "passed" => tally.passed += 1,
            "failed" => tally.failed += 1,
            _ => tally.skipped += 1,
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_counts_once_however_many_assertions_failed() {
        let output = "Test Suite 'All tests' started at 2026-01-01 00:00:00.000\n\
            Test Case 'CoreTests.testA' started at 2026-01-01 00:00:00.000\n\
            Test Case 'CoreTests.testA' passed (0.001 seconds)\n\
            CoreTests.swift:7: error: CoreTests.testB : XCTAssertTrue failed\n\
            CoreTests.swift:8: error: CoreTests.testB : XCTAssertTrue failed\n\
            Test Case 'CoreTests.testB' failed (0.002 seconds)\n\
            Test Case 'CoreTests.testC' skipped (0.0 seconds)\n\
            \t Executed 3 tests, with 1 test skipped and 2 failures (0 unexpected) in 0.003 (0.003) seconds\n";
        assert_eq!(xctest(output), Tally { passed: 1, failed: 1, skipped: 1 });
    }
}
