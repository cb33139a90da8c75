//! The scale of a range question, its ticks and their labels, computed in decimal.

use std::collections::HashMap;
use std::sync::Arc;

use super::parameters::{Parameters, Report};
use crate::{Choice, Scale};

/// Most steps of a scale.
const MAX_STEPS: i128 = 10_000;
/// Most labels of a scale.
const MAX_LABELS: usize = 1_000;
/// What a 1 is: twelve digits after the point.
const ONE: i128 = 1_000_000_000_000;

/// A number with twelve digits after the point, so that 0.3 is three times 0.1.
fn decimal(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = |text: &str, most| text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all(whole, 15) || !all(fraction, 12) {
        return None;
    }
    let padded = format!("{whole}{fraction:0<12}");
    padded.parse::<i128>().ok().map(|number| sign * number)
}

struct Reader<'a, 'r, 's, 'f> {
    parameters: &'a Parameters,
    report: &'r mut Report<'s, 'f>,
}

impl Reader<'_, '_, '_, '_> {
    fn number(&mut self, name: &str) -> Option<i128> {
        let given = self.parameters.get(name)?;
        let number = decimal(given);
        if number.is_none() {
            self.report.error(format!("The parameter `{name}` must be a number."), "Write a number, as 0.5.");
        }
        number
    }

    fn multiple(&mut self, name: &str, number: i128, step: i128) {
        if step != 0 && number % step != 0 {
            let problem = format!("The parameter `{name}` must be a multiple of `step`.");
            self.report.error(problem, "Write a value that the scale has.");
        }
    }
}

/// Reads the scale; ODK's defaults are 1 to 10 in steps of 1.
pub(crate) fn scale(
    parameters: &Parameters,
    lists: &HashMap<String, Arc<[Choice]>>,
    report: &mut Report<'_, '_>,
) -> Scale {
    let appearance = report.sheet.get(report.row, "appearance").unwrap_or_default().to_owned();
    let mut reader = Reader { parameters, report };
    let start = reader.number("start").unwrap_or(ONE);
    let end = reader.number("end").unwrap_or(10 * ONE);
    let step = reader.number("step").unwrap_or(ONE).abs();
    let width = (end - start).abs();
    if step == 0 {
        reader.report.error("The parameter `step` must not be 0.", "Write the distance between two values.");
    } else if step > width {
        let problem = "The parameter `step` is larger than the whole scale from `start` to `end`.";
        reader.report.error(problem, "Write a smaller step.");
    } else if width / step > MAX_STEPS {
        reader
            .report
            .error("The scale has more than 10,000 steps.", "Write a larger step, or ask for a number.");
    }
    let interval = reader.number("tick_interval");
    if let Some(interval) = interval {
        if interval == 0 {
            reader.report.error("The parameter `tick_interval` must not be 0.", "Write a multiple of step.");
        } else if interval > width {
            let problem = "The parameter `tick_interval` is larger than the whole scale.";
            reader.report.error(problem, "Write a smaller one.");
        }
        reader.multiple("tick_interval", interval, step);
    }
    if let Some(placeholder) = reader.number("placeholder") {
        reader.multiple("placeholder", placeholder - start, step);
        if placeholder < start.min(end) || placeholder > start.max(end) {
            let problem = "The parameter `placeholder` is not between `start` and `end`.";
            reader.report.error(problem, "Write a value that the scale has.");
        }
    }
    let ticks = ["tick_interval", "placeholder", "tick_labelset"];
    let plain = appearance.is_empty() || appearance.contains("vertical") || appearance.contains("no-ticks");
    if !plain && ticks.iter().any(|name| parameters.contains_key(*name)) {
        reader.report.error(
            "`tick_interval`, `placeholder` and `tick_labelset` do not go with this appearance.",
            "Use the appearance vertical or no-ticks, or none.",
        );
    }
    if let Some(list) = parameters.get("tick_labelset") {
        let scale = Labelled { start, end, distance: interval.filter(|n| *n != 0).unwrap_or(step), interval };
        scale.check(list, lists, appearance.contains("no-ticks"), reader.report);
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 27 digits, of which a scale shows few")]
    let float = |number: i128| number as f64 / ONE as f64;
    Scale { start: float(start), end: float(end), step: if step == 0 { 1.0 } else { float(step) } }
}

/// A scale whose ticks have labels from a list of choices.
struct Labelled {
    start: i128,
    end: i128,
    distance: i128,
    interval: Option<i128>,
}

impl Labelled {
    fn check(
        &self,
        list: &str,
        lists: &HashMap<String, Arc<[Choice]>>,
        no_ticks: bool,
        report: &mut Report<'_, '_>,
    ) {
        let Some(choices) = lists.get(list).filter(|choices| choices.len() <= MAX_LABELS) else {
            let problem = format!(
                "`tick_labelset`: the choices sheet has no list `{list}` of at most {MAX_LABELS} choices."
            );
            report.error(problem, "Add its choices, or correct the name.");
            return;
        };
        let mut values: Vec<i128> = Vec::new();
        for choice in choices.iter() {
            let Some(value) = decimal(choice.code()) else {
                let problem =
                    format!("`tick_labelset`: `{}` of the list `{list}` is no number.", choice.code());
                report.error(problem, "Name the choices by the values of the scale.");
                return;
            };
            if value < self.start.min(self.end) || value > self.start.max(self.end) {
                let problem =
                    format!("`tick_labelset`: `{}` is not between `start` and `end`.", choice.code());
                report.error(problem, "Name the choices by the values of the scale.");
            } else if self.distance != 0 && (value - self.start) % self.distance != 0 {
                let of = if self.interval.is_some() { "tick_interval" } else { "step" };
                let problem =
                    format!("`tick_labelset`: `{}` is not `start` and a multiple of `{of}`.", choice.code());
                report.error(problem, "Name the choices by the ticks of the scale.");
            }
            values.push(value);
        }
        values.sort_unstable();
        values.dedup();
        let ends = [self.start.min(self.end), self.start.max(self.end)];
        if no_ticks && values != ends {
            let problem = "`tick_labelset`: without ticks only the two ends of the scale can have labels.";
            report.error(problem, "Leave two choices, named as start and end.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(decimal("0.3").unwrap() % decimal("0.1").unwrap(), 0);
        assert_eq!(decimal("-2.5"), Some(-25 * ONE / 10));
        assert_eq!(decimal(".5"), Some(ONE / 2));
        for text in ["", ".", "-", "x", "1e3", "1.2.3", "inf", "1234567890123456", "0.1234567890123"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
