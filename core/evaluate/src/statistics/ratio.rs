use super::{Interval, Method, Z};
use statrs::function::beta::inv_beta_reg;

/// What the two counts of a rate ratio are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exposure {
    /// Nothing was published: both periods are taken as equal. Must be said beside the figure.
    AssumedEqual,
    /// Exposure before and after, in the same unit (for instance occupied bed nights); both positive.
    Known {
        /// Exposure of the first period.
        before: f64,
        /// Exposure of the second period.
        after: f64,
    },
}

impl Exposure {
    fn before_over_after(self) -> Option<f64> {
        match self {
            Exposure::AssumedEqual => Some(1.0),
            Exposure::Known { before, after } => {
                (before > 0.0 && after > 0.0 && before.is_finite() && after.is_finite())
                    .then(|| before / after)
            }
        }
    }
}

/// An incidence rate ratio, after over before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// Events before.
    pub before: u64,
    /// Events after.
    pub after: u64,
    /// The ratio; infinite when nothing happened before, `None` when nothing happened at all.
    pub value: Option<f64>,
    /// 95 % interval, one-sided when one count is zero, `None` when both are.
    pub interval: Option<Interval>,
}

/// Incidence rate ratio `(after/T₁)/(before/T₀)` with the exact conditional 95 % interval: given the total, `after` is
/// binomial with `p = ρT₁/(ρT₁+T₀)`, so Clopper–Pearson limits of `p` (Clopper & Pearson, *Biometrika* 1934;26:404–13)
/// transform to limits of ρ (Breslow & Day 1987, p. 93–95). When one count is zero the interval is one-sided at 95 %.
///
/// `None` when an exposure is not positive.
pub fn rate_ratio(before: u64, after: u64, exposure: Exposure) -> Option<RateRatio> {
    let scale = exposure.before_over_after()?;
    let (a, b) = (before as f64, after as f64);
    let odds = |p: f64| p / (1.0 - p) * scale;
    let (value, interval) = match (before, after) {
        (0, 0) => (None, None),
        (0, _) => (
            Some(f64::INFINITY),
            Some(Interval {
                lower: Some(odds(0.05_f64.powf(1.0 / b))),
                upper: None,
                method: Method::ExactConditionalOneSided,
            }),
        ),
        (_, 0) => (
            Some(0.0),
            Some(Interval {
                lower: None,
                upper: Some(odds(1.0 - 0.05_f64.powf(1.0 / a))),
                method: Method::ExactConditionalOneSided,
            }),
        ),
        _ => (
            Some(b / a * scale),
            Some(Interval::both(
                odds(beta_quantile(0.025, b, a + 1.0)),
                odds(beta_quantile(0.975, b + 1.0, a)),
                Method::ExactConditional,
            )),
        ),
    };
    Some(RateRatio { before, after, value, interval })
}

/// Quantile of a beta distribution: the inverse of the regularised incomplete beta function.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    inv_beta_reg(a, b, p)
}

/// A ratio of two rate ratios, for instance night over day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioOfRatios {
    /// The ratio.
    pub value: f64,
    /// Log-normal 95 % interval.
    pub interval: Interval,
}

/// How much more one count changed than another: `(after/before of the first)/(after/before of the second)`, with
/// normal limits on the logarithm, variance the sum of the four reciprocals (delta method for independent Poisson
/// counts; Altman & Bland, *BMJ* 2003;326:219). Exposure cancels. `None` when any count is zero.
pub fn ratio_of_ratios(first: (u64, u64), second: (u64, u64)) -> Option<RatioOfRatios> {
    let counts = [first.0, first.1, second.0, second.1];
    if counts.contains(&0) {
        return None;
    }
    let [a, b, c, d] = counts.map(|n| n as f64);
    let value = (b / a) / (d / c);
    let half = Z * (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
    let interval = Interval::both(value * (-half).exp(), value * half.exp(), Method::LogNormal);
    Some(RatioOfRatios { value, interval })
}
