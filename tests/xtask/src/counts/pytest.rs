//! pytest: one closing line such as `2 failed, 5 passed, 1 skipped in 0.12s`.

use crate::tally::Tally;

/// Reads the last closing line. An error in a fixture counts as a failure, an expected failure as a skip.
pub(crate) fn pytest(output: &str) -> Tally {
    let closing = super::pattern(r"(?m)^=*\s*(?<counts>\d+ \w+(?:, \d+ \w+)*) in [\d.]+s");
    let part = super::pattern(r"(?<count>\d+) (?<kind>\w+)");
    let Some(counts) = closing.captures_iter(output).last().and_then(|found| found.name("counts")) else {
        return Tally::default();
    };
    let mut tally = Tally::default();
    for found in part.captures_iter(counts.as_str()) {
        let count = super::number(&found, "count");
        match &found["kind"] {
            "passed" => tally.passed += count,
            "failed" | "error" | "errors" | "xpassed" => tally.failed += count,
            "skipped" | "xfailed" => tally.skipped += count,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_end_is_counted() {
        let output = "tests/test_a.py .F\n\
            ===== 2 failed, 5 passed, 1 skipped, 1 xfailed, 3 warnings, 1 error in 12.34s =====\n";
        assert_eq!(pytest(output), Tally { passed: 5, failed: 3, skipped: 2 });
    }

    #[test]
    fn the_quiet_and_the_long_form_are_read() {
        assert_eq!(pytest("1 passed in 0.01s\n").passed, 1);
        assert_eq!(pytest("==== 7 passed in 93.1s (0:01:33) ====\n").passed, 7);
    }

    #[test]
    fn no_test_is_no_count() {
        assert_eq!(pytest("===== no tests ran in 0.01s =====\n"), Tally::default());
    }
}
