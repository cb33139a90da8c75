use super::{Interval, Method, Z};

/// A proportion with its Wilson interval, all three as fractions of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proportion {
    /// Numerator.
    pub count: u64,
    /// Denominator, never zero.
    pub of: u64,
    /// `count / of`.
    pub value: f64,
    /// Wilson 95 % interval.
    pub interval: Interval,
}

/// Proportion with the Wilson score interval (Wilson, *J Am Stat Assoc* 1927;22:209–12), as Public Health England's
/// Technical Guide: Confidence Intervals (2018) asks for proportions. `None` when `of` is zero or below `count`.
///
/// ```
/// let p = nightjar_evaluate::statistics::wilson(116, 250).expect("a denominator");
/// assert_eq!(format!("{:.1}", p.value * 100.0), "46.4");
/// ```
pub fn wilson(count: u64, of: u64) -> Option<Proportion> {
    if of == 0 || count > of {
        return None;
    }
    let (n, p) = (of as f64, count as f64 / of as f64);
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At 0 and n the exact algebra gives 0 and 1; rounding must not print a limit outside them.
    let lower = if count == 0 { 0.0 } else { (centre - half).max(0.0) };
    let upper = if count == of { 1.0 } else { (centre + half).min(1.0) };
    Some(Proportion { count, of, value: p, interval: Interval::both(lower, upper, Method::Wilson) })
}

/// The unweighted mean of several values ("mean of ward percentages"); `None` of none.
///
/// It answers another question than the pooled proportion: every ward weighs the same however many people it had.
pub fn mean_of(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
