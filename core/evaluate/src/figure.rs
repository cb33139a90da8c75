use nightjar_record::study::DataOrigin;

use crate::disclose::Shown;
use crate::statistics::{Interval, wilson};

/// Where a figure comes from. Figures of different origins never share a table or a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FigureOrigin {
    /// A published, cited aggregate, or computed from one.
    Published,
    /// Answers of people in this study.
    Own,
    /// Answers of the simulation.
    Simulated,
}

impl FigureOrigin {
    /// The word in `figures.csv` and figure ids.
    pub fn code(self) -> &'static str {
        match self {
            FigureOrigin::Published => "published",
            FigureOrigin::Own => "own",
            FigureOrigin::Simulated => "simulated",
        }
    }
}

impl From<DataOrigin> for FigureOrigin {
    fn from(origin: DataOrigin) -> Self {
        match origin {
            DataOrigin::Own => FigureOrigin::Own,
            DataOrigin::Simulated => FigureOrigin::Simulated,
        }
    }
}

/// What the value of a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain count.
    Count,
    /// Per cent.
    PerCent,
    /// Change in per cent.
    PerCentChange,
    /// A ratio.
    Ratio,
}

impl Unit {
    fn code(self) -> &'static str {
        match self {
            Unit::Count => "count",
            Unit::PerCent => "%",
            Unit::PerCentChange => "% change",
            Unit::Ratio => "ratio",
        }
    }
}

/// One number the report prints, with what it is made of. Counts of people are [`Shown`], so they have been through
/// the disclosure policy; value and interval are computed from them alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Stable name: the same figure has the same id in every run, and no id holds a record's.
    pub id: String,
    /// The question it answers.
    pub question: String,
    /// The answer, category or group it is about.
    pub group: String,
    /// What was counted.
    pub numerator: Shown,
    /// Out of how many; for a change or ratio, the count before.
    pub denominator: Shown,
    /// The value; `None` when suppressed or not defined.
    pub value: Option<f64>,
    /// Decimal places the value is printed with.
    pub digits: usize,
    /// What the value is measured in.
    pub unit: Unit,
    /// 95 % interval in the same unit.
    pub interval: Option<Interval>,
    /// How the value was computed.
    pub method: &'static str,
    /// Where it comes from.
    pub origin: FigureOrigin,
}

impl Figure {
    /// A share of printed counts in per cent with its Wilson interval.
    pub(crate) fn share(
        id: String,
        question: &str,
        group: String,
        counts: (Shown, Shown),
        origin: FigureOrigin,
    ) -> Figure {
        let share = counts.0.number().zip(counts.1.number()).and_then(|(n, of)| wilson(n, of));
        Figure {
            id,
            question: question.to_owned(),
            group,
            numerator: counts.0,
            denominator: counts.1,
            value: share.map(|p| p.value * 100.0),
            digits: 1,
            unit: Unit::PerCent,
            interval: share.map(|p| p.interval.times(100.0)),
            method: "share of the printed counts",
            origin,
        }
    }

    /// A plain count out of `of`, which may be not known.
    pub(crate) fn count(
        id: String,
        question: &str,
        group: String,
        n: Shown,
        of: Shown,
        origin: FigureOrigin,
    ) -> Figure {
        Figure {
            id,
            question: question.to_owned(),
            group,
            numerator: n,
            denominator: of,
            value: n.number().map(|n| n as f64),
            digits: 0,
            unit: Unit::Count,
            interval: None,
            method: "count",
            origin,
        }
    }

    /// Whether the policy keeps any part of it back.
    pub fn is_suppressed(&self) -> bool {
        self.numerator.is_hidden() || self.denominator.is_hidden()
    }

    /// The value as the report prints it, with U+2212 as minus sign; `*` when suppressed.
    pub fn in_words(&self) -> String {
        match self.value {
            _ if self.is_suppressed() => "*".to_owned(),
            None if self.numerator.is_not_known() || self.denominator.is_not_known() => {
                "not known".to_owned()
            }
            None => "not defined".to_owned(),
            Some(value) if value.is_infinite() => "no limit".to_owned(),
            Some(value) => {
                let unit =
                    if matches!(self.unit, Unit::PerCent | Unit::PerCentChange) { "\u{a0}%" } else { "" };
                let sign = if self.unit == Unit::PerCentChange && value > 0.0 { "+" } else { "" };
                format!("{sign}{}{unit}", number(value, self.digits))
            }
        }
    }

    /// The interval as the report prints it, without its level: `40.3–52.6`, `up to 0.03`, `from 1.07`.
    pub fn interval_in_words(&self) -> Option<String> {
        let interval = self.interval?;
        let print =
            |x: f64| number(x, if x.abs() >= 100.0 && self.unit == Unit::Ratio { 0 } else { self.digits });
        match (interval.lower, interval.upper) {
            (Some(lower), Some(upper)) => Some(format!("{}–{}", print(lower), print(upper))),
            (None, Some(upper)) => Some(format!("up to {}", print(upper))),
            (Some(lower), None) => Some(format!("from {}", print(lower))),
            (None, None) => None,
        }
    }

    /// The value for a machine: ASCII minus, point, empty when there is none.
    pub fn plain(&self) -> String {
        plain(self.value.filter(|_| !self.is_suppressed()), self.digits)
    }

    /// The header of `figures.csv`.
    pub(crate) const COLUMNS: [&'static str; 13] = [
        "id",
        "question",
        "group",
        "numerator",
        "denominator",
        "value",
        "lower",
        "upper",
        "interval",
        "unit",
        "method",
        "source",
        "suppressed",
    ];

    /// The line of `figures.csv`.
    pub(crate) fn record(&self) -> [String; 13] {
        let hidden = self.is_suppressed();
        let interval = self.interval.filter(|_| !hidden);
        [
            self.id.clone(),
            self.question.clone(),
            self.group.clone(),
            self.numerator.to_string(),
            self.denominator.to_string(),
            self.plain(),
            plain(interval.and_then(|i| i.lower), self.digits.max(2)),
            plain(interval.and_then(|i| i.upper), self.digits.max(2)),
            interval.map_or(String::new(), |i| i.method.name().to_owned()),
            self.unit.code().to_owned(),
            self.method.to_owned(),
            self.origin.code().to_owned(),
            if hidden { "yes" } else { "no" }.to_owned(),
        ]
    }
}

fn plain(value: Option<f64>, digits: usize) -> String {
    match value {
        Some(x) if x.is_finite() => unsigned_zero(format!("{x:.digits$}")),
        Some(_) => "inf".to_owned(),
        None => String::new(),
    }
}

/// A number for people: thousands apart by commas, U+2212 for minus.
pub(crate) fn number(value: f64, digits: usize) -> String {
    let text = unsigned_zero(format!("{value:.digits$}"));
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("\u{2212}", rest));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{sign}{grouped}.{fraction}"),
        None => format!("{sign}{grouped}"),
    }
}

fn unsigned_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_for_people_have_commas_and_a_true_minus_sign() {
        assert_eq!(number(-24.26, 1), "\u{2212}24.3");
        assert_eq!(number(21_470.0, 0), "21,470");
        assert_eq!(number(1_443.0, 0), "1,443");
        assert_eq!(number(-0.04, 1), "0.0");
        assert_eq!(number(355.123, 2), "355.12");
    }
}
