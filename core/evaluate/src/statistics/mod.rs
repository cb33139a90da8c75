//! Statistics of counts, each with the source of its formula.
//!
//! Everything here is a pure function of numbers. What may be *printed* is decided in [`crate::disclose`]; the report
//! only calls these functions with published aggregates or with counts that have already passed the policy.

mod interval;
mod medicine;
mod proportion;
mod rate;
mod ratio;

pub use interval::{Interval, Method};
pub use medicine::{Medicine, MedicineTotals, defined_daily_dose_mg};
pub use proportion::{Proportion, mean_of, wilson};
pub use rate::{Rate, byar, exact_poisson, poisson};
pub use ratio::{Exposure, RateRatio, RatioOfRatios, rate_ratio, ratio_of_ratios};

/// 97.5th percentile of the standard normal distribution: two-sided 95 % limits.
pub(crate) const Z: f64 = 1.959_963_984_540_054;
