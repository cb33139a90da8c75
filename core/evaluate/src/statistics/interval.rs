use serde::Serialize;

/// How the limits of an [`Interval`] were computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Method {
    /// Wilson score interval for a proportion.
    Wilson,
    /// Byar's approximation for a Poisson count.
    Byar,
    /// Exact Poisson limits from chi-square quantiles.
    ExactPoisson,
    /// Exact conditional (Clopper–Pearson) limits of a rate ratio.
    ExactConditional,
    /// As [`Method::ExactConditional`], one-sided because one count is zero.
    ExactConditionalOneSided,
    /// Normal limits on the logarithm.
    LogNormal,
}

impl Method {
    /// The name printed beside the figure and written to `figures.csv`.
    pub fn name(self) -> &'static str {
        match self {
            Method::Wilson => "Wilson 95%",
            Method::Byar => "Byar 95%",
            Method::ExactPoisson => "exact Poisson 95%",
            Method::ExactConditional => "exact conditional (Clopper-Pearson) 95%",
            Method::ExactConditionalOneSided => "exact conditional (Clopper-Pearson) one-sided 95%",
            Method::LogNormal => "log-normal 95%",
        }
    }
}

/// A 95 % confidence interval, in the unit of the figure it belongs to. A missing limit is open: one-sided.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower limit, or `None` when the interval is open below.
    pub lower: Option<f64>,
    /// Upper limit, or `None` when the interval is open above.
    pub upper: Option<f64>,
    /// How the limits were computed.
    pub method: Method,
}

impl Interval {
    pub(crate) fn both(lower: f64, upper: f64, method: Method) -> Self {
        Interval { lower: Some(lower), upper: Some(upper), method }
    }

    /// The same interval in another unit (for instance proportion to per cent).
    pub fn times(self, factor: f64) -> Self {
        Interval { lower: self.lower.map(|x| x * factor), upper: self.upper.map(|x| x * factor), ..self }
    }
}
