//! Medians, 95th percentiles and ratios.

/// Microseconds, sorted.
#[derive(Debug, Clone)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// From microseconds in any order.
    pub(crate) fn of(mut microseconds: Vec<f64>) -> Times {
        microseconds.sort_by(f64::total_cmp);
        Times(microseconds)
    }

    /// From milliseconds, as the peers tell them.
    pub(crate) fn of_milliseconds(milliseconds: impl IntoIterator<Item = f64>) -> Times {
        Times::of(milliseconds.into_iter().map(|one| one * 1_000.0).collect())
    }

    /// These and others.
    pub(crate) fn and(mut self, others: Times) -> Times {
        self.0.extend(others.0);
        Times::of(self.0)
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(50)
    }

    pub(crate) fn p95(&self) -> f64 {
        self.at(95)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.at(99)
    }

    /// The nearest rank.
    fn at(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

/// Whether something was as wanted, in a word.
pub(crate) fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "MISSED" }
}

/// What is held against whom.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) times: Times,
    /// How many times as fast ours is to be, by the median and, where `p95` says so, by the 95th percentile.
    pub(crate) target: f64,
    pub(crate) p95: bool,
}

/// Prints ours, each peer, and the ratios.
pub(crate) fn print(what: &str, ours: &Times, peers: &[Peer]) {
    println!("\n{what}");
    println!("  {:<16} {:>12} {:>12}", "µs", "median", "p95");
    println!("  {:<16} {:>12.1} {:>12.1}", "Nightjar", ours.median(), ours.p95());
    for peer in peers {
        println!("  {:<16} {:>12.1} {:>12.1}", peer.name, peer.times.median(), peer.times.p95());
    }
    for Peer { name, times, target, p95 } in peers {
        let (median, high) = (times.median() / ours.median(), times.p95() / ours.p95());
        let met = if median >= *target && (!p95 || high >= *target) { "met" } else { "MISSED" };
        println!(
            "  {median:.1}× as fast as {name} by the median, {high:.1}× by p95; wanted {target}×: {met}"
        );
    }
}

/// Prints how two of our own compare.
pub(crate) fn print_growth(
    what: &str,
    (small, few): (&str, &Times),
    (large, many): (&str, &Times),
    most: f64,
) {
    let ratio = many.median() / few.median();
    let met = if ratio <= most { "met" } else { "MISSED" };
    println!("\n{what}");
    for (name, times) in [(small, few), (large, many)] {
        println!("  {name:<28} {:>10.2} µs median {:>10.2} µs p95", times.median(), times.p95());
    }
    println!("  {ratio:.2}× by the median; wanted at most {most}×: {met}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let times = Times::of((1..=100).rev().map(f64::from).collect());
        assert_eq!((times.median(), times.p95()), (50.0, 95.0));
        let one = Times::of_milliseconds([2.0]);
        assert_eq!((one.median(), one.p95()), (2_000.0, 2_000.0));
        assert!(Times::of(Vec::new()).median().is_nan());
    }
}
