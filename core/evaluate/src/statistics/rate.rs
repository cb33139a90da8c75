use super::{Interval, Method, Z};
use statrs::function::gamma::gamma_lr;

/// A rate: a count over an exposure, scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Events counted.
    pub count: u64,
    /// Exposure, for instance occupied bed nights.
    pub exposure: f64,
    /// `count / exposure × per`.
    pub value: f64,
    /// 95 % interval in the same unit.
    pub interval: Interval,
}

impl Rate {
    /// A rate `per` units of `exposure`, with the interval [`poisson`] chooses. `None` without a positive exposure.
    pub fn new(count: u64, exposure: f64, per: f64) -> Option<Rate> {
        (exposure.is_finite() && exposure > 0.0).then(|| Rate {
            count,
            exposure,
            value: count as f64 / exposure * per,
            interval: poisson(count).times(per / exposure),
        })
    }
}

/// Limits of a Poisson count: exact below 10, Byar's from 10 (Public Health England, Technical Guide: Confidence
/// Intervals, 2018).
pub fn poisson(count: u64) -> Interval {
    if count < 10 { exact_poisson(count) } else { byar(count) }
}

/// Byar's approximation (Breslow & Day, *Statistical Methods in Cancer Research* II, 1987, p. 69):
/// `O(1 − 1/9O − z/3√O)³` and `(O+1)(1 − 1/9(O+1) + z/3√(O+1))³`; the lower limit of zero is zero.
pub fn byar(count: u64) -> Interval {
    let o = count as f64;
    let o1 = o + 1.0;
    let lower = if count == 0 { 0.0 } else { o * (1.0 - 1.0 / (9.0 * o) - Z / (3.0 * o.sqrt())).powi(3) };
    let upper = o1 * (1.0 - 1.0 / (9.0 * o1) + Z / (3.0 * o1.sqrt())).powi(3);
    Interval::both(lower.max(0.0), upper, Method::Byar)
}

/// Exact Poisson limits (Garwood, *Biometrika* 1936;28:437–42): `χ²(0.025; 2O)/2` and `χ²(0.975; 2O+2)/2`; zero events
/// give 0 to 3.689.
pub fn exact_poisson(count: u64) -> Interval {
    let o = count as f64;
    // χ²(p; 2k)/2 is the p-quantile of a gamma distribution with shape k and scale 1.
    let lower = if count == 0 { 0.0 } else { gamma_quantile(0.025, o) };
    Interval::both(lower, gamma_quantile(0.975, o + 1.0), Method::ExactPoisson)
}

/// Quantile of Gamma(shape, 1) by bisection on the regularised incomplete gamma function: monotone, so it always ends.
fn gamma_quantile(p: f64, shape: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, shape + 1.0);
    while gamma_lr(shape, high) < p {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if gamma_lr(shape, middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
