//! What second stewards are asked before an act, and what they answer.

use serde::{Deserialize, Serialize};

/// Says what the founder may not do alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRequest {
    /// How many second stewards have to consent before an evaluator's device is let in; 0 for none.
    pub evaluators: u8,
    /// How many before another version of the study is named, and with it another purpose or disclosure policy; 0 for none.
    pub documents: u8,
    /// Whether one of them has to hold the seat of lived experience.
    pub lived_experience: bool,
}

/// What second stewards are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AsksView {
    /// What to hand to them. It is good as long as the roster does not grow.
    pub request: String,
    /// How many of them have to consent.
    pub needed: u64,
    /// Whether one of these has to hold the seat of lived experience.
    pub lived_experience: bool,
    /// The labels of their devices.
    pub stewards: Vec<String>,
}

/// What a second steward consents to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActConsentView {
    /// The label of an evaluator's device that is let in.
    pub evaluator: Option<String>,
    /// Its fingerprint, as it shows it itself.
    pub fingerprint: Option<String>,
    /// The hash of the version of the study that is named, in hexadecimal digits.
    pub document: Option<String>,
    /// The answer, for the founder.
    pub consent: String,
}
