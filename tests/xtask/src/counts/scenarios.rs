//! Scenarios in a browser: one closing line, `scenarios: 11 held, 0 failed`.

use crate::tally::Tally;

/// Reads the closing line.
pub(crate) fn scenarios(output: &str) -> Tally {
    let closing = super::pattern(r"(?m)^scenarios: (?<held>\d+) held, (?<failed>\d+) failed$");
    closing.captures_iter(output).last().map_or_else(Tally::default, |found| Tally {
        passed: super::number(&found, "held"),
        failed: super::number(&found, "failed"),
        skipped: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_counts_and_nothing_else() {
        let output = "ok   one\nscenarios: 11 held, 2 failed\n";
        assert_eq!(scenarios(output), Tally { passed: 11, failed: 2, skipped: 0 });
        assert_eq!(scenarios("ok   one\n"), Tally::default());
    }
}
