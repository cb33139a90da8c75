//! How much a device may ask for in a while: each has a bucket of requests, one of bytes and one of comparisons, which fill up again with time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use nightjar_seal::DeviceTag;
use nightjar_sync::wire::{Reason, Refusal};

use crate::Limits;

/// What one device may still ask for. Only members of a roster have buckets, so that their number is bounded.
pub(crate) struct Rates {
    requests: Rate,
    bytes: Rate,
    ranges: Rate,
    buckets: Mutex<HashMap<DeviceTag, Buckets>>,
}

#[derive(Clone, Copy)]
struct Buckets {
    requests: Bucket,
    bytes: Bucket,
    ranges: Bucket,
}

/// How large a bucket is, and how fast it fills up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// What may be taken at once.
    pub burst: f64,
    /// What comes back in a second.
    pub per_second: f64,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { left: rate.burst, at: now }
    }

    fn take(&mut self, rate: Rate, wanted: f64, now: Instant) -> bool {
        let back = now.saturating_duration_since(self.at).as_secs_f64() * rate.per_second;
        (self.left, self.at) = ((self.left + back).min(rate.burst), now);
        let enough = self.left >= wanted;
        if enough {
            self.left -= wanted;
        }
        enough
    }
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            requests: limits.requests_rate,
            bytes: limits.bytes_rate,
            ranges: limits.ranges_rate,
            buckets: Mutex::default(),
        }
    }

    /// Takes one request of so many bytes from a device's buckets.
    pub(crate) fn take(&self, device: DeviceTag, bytes: usize, now: Instant) -> Result<(), Refusal> {
        self.with(device, now, |buckets| {
            buckets.requests.take(self.requests, 1.0, now)
                && buckets.bytes.take(self.bytes, bytes as f64, now)
        })
    }

    /// Takes one message about ranges, which costs the hub more than others.
    pub(crate) fn take_comparison(&self, device: DeviceTag, now: Instant) -> Result<(), Refusal> {
        self.with(device, now, |buckets| buckets.ranges.take(self.ranges, 1.0, now))
    }

    fn with(
        &self,
        device: DeviceTag,
        now: Instant,
        take: impl FnOnce(&mut Buckets) -> bool,
    ) -> Result<(), Refusal> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let of_device = buckets.entry(device).or_insert_with(|| Buckets {
            requests: Bucket::full(self.requests, now),
            bytes: Bucket::full(self.bytes, now),
            ranges: Bucket::full(self.ranges, now),
        });
        match take(of_device) {
            true => Ok(()),
            false => {
                Err(Refusal::new(Reason::Busy, "this device asks for too much at once; come back later"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_device_that_asks_for_too_much_waits_and_no_other_does() {
        let rate = |burst, per_second| Rate { burst, per_second };
        let limits = Limits {
            requests_rate: rate(3.0, 1.0),
            bytes_rate: rate(1000.0, 100.0),
            ranges_rate: rate(2.0, 0.1),
            ..Limits::default()
        };
        let rates = Rates::new(&limits);
        let (one, other, begun) = (DeviceTag([1; 16]), DeviceTag([2; 16]), Instant::now());
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        for _ in 0..3 {
            assert!(rates.take(one, 100, begun).is_ok());
        }
        assert_eq!(rates.take(one, 100, begun).unwrap_err().reason, Reason::Busy);
        assert!(rates.take(other, 100, begun).is_ok());
        assert!(rates.take(one, 100, at(1)).is_ok(), "one more a second later");
        assert!(rates.take(one, 100, at(1)).is_err());
        assert!(rates.take(other, 950, at(1)).is_ok(), "900 left and 100 back");
        assert!(rates.take(other, 951, at(1)).is_err(), "bytes count, too");
        assert!(rates.take(one, 1000, at(1000)).is_ok(), "never more than a burst");
        assert!(rates.take(one, 1, at(1000)).is_err());
        for _ in 0..2 {
            assert!(rates.take_comparison(one, at(1000)).is_ok());
        }
        assert_eq!(rates.take_comparison(one, at(1000)).unwrap_err().reason, Reason::Busy);
        assert!(rates.take_comparison(other, at(1000)).is_ok());
        assert!(rates.take_comparison(one, at(1010)).is_ok(), "one more ten seconds later");
    }
}
