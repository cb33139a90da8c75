use nightjar_record::study::{Disclosure, DisclosurePolicy};

use super::Shown;

/// What may be printed about a study's people: a named rule, and how strict the study makes it.
///
/// - `nhs-mhsds`: below 5, zero included, is `*`; others round to the nearest 5. Source: NHS England,
///   `MHSDS/CQUIN/NCDR/201920 MH CQUIN.sql`; Mental Health Bulletin 2013-14.
/// - `nhs-hes-2018`: 0 stays 0, 1–7 is `*`, others round to the nearest 5. Source: NHS Digital, change to disclosure
///   control methodology for HES and ECDS from September 2018.
/// - `raw-internal`: counts as they are. Has to be asked for, and is stamped on the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    rule: DisclosurePolicy,
    threshold: u64,
    staff_minimum: u64,
}

impl Policy {
    /// The rule with its own threshold, and a minimum of 10 for groups of staff (the NHS Staff Survey uses about 10).
    pub fn new(rule: DisclosurePolicy) -> Policy {
        Policy { rule, threshold: u64::from(rule.least_threshold()), staff_minimum: 10 }
    }

    /// The study's policy. A study may be stricter than the rule, never laxer.
    pub fn of(disclosure: &Disclosure) -> Policy {
        let least = disclosure.policy.least_threshold();
        Policy {
            rule: disclosure.policy,
            threshold: u64::from(disclosure.threshold.max(least)),
            staff_minimum: u64::from(disclosure.staff_minimum),
        }
    }

    /// The same study's counts without suppression, for somebody [`Disclosure::authorised_role`] names.
    pub(crate) fn raw(self) -> Policy {
        Policy { rule: DisclosurePolicy::RawInternal, threshold: 0, staff_minimum: 0 }
    }

    /// The named rule.
    pub fn rule(self) -> DisclosurePolicy {
        self.rule
    }

    /// Whether nothing is suppressed, so that every page has to say so.
    pub fn is_raw(self) -> bool {
        self.rule == DisclosurePolicy::RawInternal
    }

    /// Fewest responses that have to differ between two publications: as few as the rule prints. 0 where nothing is suppressed.
    pub fn least(self) -> u64 {
        self.threshold
    }

    /// Fewest responders a group of staff must have before anything about the group is printed.
    pub fn staff_minimum(self) -> u64 {
        if self.is_raw() { 0 } else { self.staff_minimum }
    }

    /// One or two plain sentences for the report.
    pub fn in_words(self) -> String {
        let (t, k) = (self.threshold, self.staff_minimum);
        match self.rule {
            DisclosurePolicy::NhsMhsds => format!(
                "Counts of people below {t}, and zero, are printed as *. Other counts are rounded to the nearest 5. \
                 Groups of staff with fewer than {k} people who answered are not shown."
            ),
            DisclosurePolicy::NhsHes2018 => format!(
                "Counts of people from 1 to {} are printed as *. Other counts are rounded to the nearest 5. \
                 Groups of staff with fewer than {k} people who answered are not shown.",
                t - 1
            ),
            DisclosurePolicy::RawInternal => {
                "Counts are printed as they are. Do not share or publish.".to_owned()
            }
        }
    }

    /// The count as the rule alone prints it. A table also needs secondary suppression: [`super::protect`].
    pub fn count(self, n: u64) -> Shown {
        let hidden = match self.rule {
            DisclosurePolicy::NhsMhsds => n < self.threshold,
            DisclosurePolicy::NhsHes2018 => n > 0 && n < self.threshold,
            DisclosurePolicy::RawInternal => false,
        };
        match self.rule {
            _ if hidden => Shown::HIDDEN,
            DisclosurePolicy::RawInternal => Shown::exact(n),
            _ if n == 0 => Shown::exact(0),
            // A multiple of 5 is never a tie away from a whole number, so the rounding mode does not matter.
            _ => Shown::rounded((n + 2) / 5 * 5),
        }
    }

    /// The percentage as the rule's own text has it, one decimal place: `nhs-mhsds` from unrounded counts unless the
    /// numerator is suppressed, `nhs-hes-2018` from the rounded counts. `None` stands for `*`.
    ///
    /// The report does not use this: percentages of unrounded counts give the counts back, so beside suppressed cells
    /// they would undo the suppression. It prints percentages of the counts it prints.
    pub fn percentage(self, numerator: u64, denominator: u64) -> Option<f64> {
        let (n, d) = match self.rule {
            DisclosurePolicy::NhsMhsds if self.count(numerator).is_hidden() => return None,
            DisclosurePolicy::NhsMhsds | DisclosurePolicy::RawInternal => (numerator, denominator),
            DisclosurePolicy::NhsHes2018 => {
                (self.count(numerator).number()?, self.count(denominator).number()?)
            }
        };
        (d > 0).then(|| (n as f64 / d as f64 * 1000.0).round() / 10.0)
    }

    /// The counts that print as `shown`, as somebody who knows the rule would bound them; `None` is no upper bound.
    pub(super) fn bounds(self, shown: Shown) -> (u64, Option<u64>) {
        match (self.rule, shown.number()) {
            (DisclosurePolicy::NhsMhsds, None) => (0, Some(self.threshold - 1)),
            (DisclosurePolicy::NhsHes2018, None) => (1, Some(self.threshold - 1)),
            (DisclosurePolicy::RawInternal, None) => (0, None),
            (_, Some(n)) if shown.is_exact() => (n, Some(n)),
            (_, Some(n)) => (self.threshold.max(n.saturating_sub(2)), Some(n + 2)),
        }
    }
}
