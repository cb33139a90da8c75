//! Counts of tests, and the last line that people and continuous integration read.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One check that either holds or does not.
    pub(crate) fn of_one(holds: bool) -> Tally {
        Tally { passed: u64::from(holds), failed: u64::from(!holds), skipped: 0 }
    }

    /// A suite that could not be run here counts as one skipped test.
    pub(crate) fn skipped() -> Tally {
        Tally { skipped: 1, ..Tally::default() }
    }

    /// The count of a suite that was started: one that ran no test has failed, and so has one whose program ended
    /// with an error although no test is known to have failed (it crashed, or did not compile).
    pub(crate) fn of_started(self, ended_well: bool) -> Tally {
        let ran_nothing = self.passed + self.failed == 0;
        let silent_failure = !ended_well && self.failed == 0;
        if ran_nothing || silent_failure { Tally { failed: self.failed + 1, ..self } } else { self }
    }
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(all: I) -> Tally {
        all.fold(Tally::default(), Add::add)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_that_ran_no_test_has_failed() {
        assert_eq!(Tally::default().of_started(true).failed, 1);
        let all_skipped = Tally { skipped: 3, ..Tally::default() };
        assert_eq!(all_skipped.of_started(true), Tally { failed: 1, skipped: 3, passed: 0 });
    }

    #[test]
    fn a_crash_after_passing_tests_is_a_failure_and_a_counted_failure_is_not_counted_twice() {
        let passed = Tally { passed: 5, ..Tally::default() };
        assert_eq!(passed.of_started(false).failed, 1);
        let failed = Tally { passed: 5, failed: 2, skipped: 0 };
        assert_eq!(failed.of_started(false), failed);
    }

    #[test]
    fn the_last_line_reads_as_promised() {
        let all = [Tally::of_one(true), Tally::of_one(false), Tally::skipped()];
        assert_eq!(all.into_iter().sum::<Tally>().to_string(), "1 passed, 1 failed, 1 skipped");
    }
}
