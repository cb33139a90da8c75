//! How long to wait before another try.

use std::time::Duration;

/// The longest wait after the first failure.
const FIRST: Duration = Duration::from_secs(2);
/// The longest wait at all.
const MOST: Duration = Duration::from_secs(15 * 60);

/// Waits that double with each failure, each at random below that: tablets that lost their hub in the same moment do not come back
/// in the same moment. ("Full jitter": M. Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015.)
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backoff {
    failed: u32,
}

impl Backoff {
    /// How long to wait after one more failure, at least a second. `random` is uniform over all numbers.
    pub fn wait(&mut self, random: u64) -> Duration {
        let longest = FIRST.saturating_mul(1_u32.checked_shl(self.failed).unwrap_or(u32::MAX)).min(MOST);
        self.failed = self.failed.saturating_add(1);
        let span = longest.as_millis() as u64 - 1_000 + 1;
        Duration::from_millis(1_000 + random % span)
    }

    /// Failures so far.
    pub fn failed(&self) -> u32 {
        self.failed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_wait_doubles_until_a_quarter_of_an_hour() {
        let mut backoff = Backoff::default();
        let longest: Vec<_> = (0..12).map(|_| backoff.longest_by_trying()).collect();
        assert_eq!(longest[..4], [2, 4, 8, 16]);
        assert_eq!(longest[9..], [900, 900, 900]);
        assert_eq!(backoff.failed(), 12);
    }

    impl Backoff {
        /// The longest that a wait may be now, in seconds, by trying; then goes on.
        fn longest_by_trying(&mut self) -> u64 {
            let longest = (0..2_000_000).step_by(997).map(|random| self.clone().wait(random)).max();
            let _taken = self.wait(0);
            longest.map_or(0, |longest| longest.as_secs_f64().round() as u64)
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_shorter_than_a_second_or_longer_than_a_quarter_of_an_hour(randoms: Vec<u64>) {
            let mut backoff = Backoff::default();
            for random in randoms {
                let wait = backoff.wait(random);
                prop_assert!((Duration::from_secs(1)..=MOST).contains(&wait), "{wait:?}");
            }
        }
    }
}
