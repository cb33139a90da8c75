//! What may be printed of small groups, and who reads what people write.

use serde::{Deserialize, Serialize};

/// The rule tables are printed under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// Named policy.
    pub policy: DisclosurePolicy,
    /// Version of the policy.
    pub version: u32,
    /// Counts of people below this are not printed; never below [`DisclosurePolicy::least_threshold`].
    pub threshold: u32,
    /// Answers of staff are shown only for at least this many responders (default 10).
    pub staff_minimum: u32,
    /// For `raw-internal`: code of the role that may see unsuppressed tables.
    pub authorised_role: Option<String>,
}

/// Named suppression policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DisclosurePolicy {
    /// Below 5 (0 too) is `*`, else rounded to the nearest 5; percentages from unrounded counts.
    /// Source: github.com/nhsengland/MHSDS, `CQUIN/NCDR/201920 MH CQUIN.sql`.
    #[serde(rename = "nhs-mhsds")]
    NhsMhsds,
    /// 0 stays 0, 1–7 is `*`, else rounded to the nearest 5; percentages from rounded counts.
    /// Source: NHS Digital, change to disclosure control methodology for HES, September 2018.
    #[serde(rename = "nhs-hes-2018")]
    NhsHes2018,
    /// Nothing is suppressed; for an authorised role only, and stamped on every page.
    #[serde(rename = "raw-internal")]
    RawInternal,
}

impl DisclosurePolicy {
    /// The name used in documents.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            DisclosurePolicy::NhsMhsds => "nhs-mhsds",
            DisclosurePolicy::NhsHes2018 => "nhs-hes-2018",
            DisclosurePolicy::RawInternal => "raw-internal",
        }
    }

    /// The threshold the policy itself sets: the smallest count it prints, zero apart.
    #[must_use]
    pub fn least_threshold(self) -> u32 {
        match self {
            DisclosurePolicy::NhsMhsds => 5,
            DisclosurePolicy::NhsHes2018 => 8,
            DisclosurePolicy::RawInternal => 0,
        }
    }
}

/// What is done about free text that says somebody may be in danger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskDisclosurePlan {
    /// Name that free-text items give in the column `nightjar::risk_disclosure_plan`.
    pub name: String,
    /// Who reads first.
    pub first_reader: String,
    /// Days from the answer's arrival at the evaluators to its first reading, at most.
    pub days_to_reading: u32,
    /// Whom the first reader tells.
    pub tells: String,
    /// Who is told instead when it concerns the ward's own staff.
    pub about_own_staff: String,
}
