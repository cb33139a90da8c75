/// A horizontal axis from data to picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Axis {
    /// From 0 to 100 per cent.
    PerCent,
    /// Ratios on a logarithmic scale, from 1/16 to 16.
    Ratio,
}

impl Axis {
    /// Where a value stands, from 0 (left) to 1 (right); values beyond the axis stand at its end.
    pub(crate) fn place(self, value: f64) -> f64 {
        let place = match self {
            Axis::PerCent => value / 100.0,
            Axis::Ratio => (value.max(f64::MIN_POSITIVE).log2() + 4.0) / 8.0,
        };
        place.clamp(0.0, 1.0)
    }

    /// Whether the axis reaches a value.
    pub(crate) fn holds(self, value: f64) -> bool {
        match self {
            Axis::PerCent => (0.0..=100.0).contains(&value),
            Axis::Ratio => (1.0 / 16.0..=16.0).contains(&value),
        }
    }

    /// Values with a line, and what is written there.
    pub(crate) fn ticks(self) -> &'static [(f64, &'static str)] {
        match self {
            Axis::PerCent => &[(0.0, "0"), (25.0, "25"), (50.0, "50"), (75.0, "75"), (100.0, "100")],
            Axis::Ratio => &[(0.0625, "1/16"), (0.25, "1/4"), (1.0, "1"), (4.0, "4"), (16.0, "16")],
        }
    }

    /// The line everything is compared with.
    pub(crate) fn reference(self) -> Option<f64> {
        (self == Axis::Ratio).then_some(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    #[test]
    fn a_halving_is_as_far_from_one_as_a_doubling() {
        let from_one = |x| Axis::Ratio.place(x) - Axis::Ratio.place(1.0);
        assert!((from_one(2.0) + from_one(0.5)).abs() < 1e-12);
        assert_eq!(Axis::Ratio.place(355.0), 1.0);
        assert!(!Axis::Ratio.holds(355.0));
        assert!((Axis::PerCent.place(46.4) - 0.464).abs() < 1e-12);
    }
}
