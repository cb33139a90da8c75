//! What a steward takes out, and what a second one is asked.

use serde::{Deserialize, Serialize};

/// Takes records out of a study, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeOutRequest {
    /// Which.
    pub what: TakeOutWhat,
    /// What second stewards answered, where one alone may not: see [`TakeOutView::Asks`].
    #[serde(default)]
    pub consents: Vec<String>,
}

/// Which records are taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeOutWhat {
    /// These, by their ids: 1 to 1,024, which this device can read, all of them responses or all of them the ward's.
    Records(Vec<String>),
    /// All that people said about themselves, with what is still to come. Nothing of it is collected any more.
    Responses,
    /// All that the wards wrote, with what is still to come. Nothing of it is collected any more.
    Ward,
}

/// What came of taking records out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeOutView {
    /// They are taken out: here at once, and everywhere else when it hears of it.
    Done {
        /// How many of them could be read on this device.
        here: u64,
        /// Exports of this device whose row-level files hold something that was taken out, and have to be destroyed.
        exports: u64,
        /// The day of the study's tables, where that has come: what was taken out is counted in them already (ISO 8601).
        counted: Option<String>,
    },
    /// It is more than one steward may take out: nothing has changed. One of these has to consent to this request.
    Asks {
        /// What to hand to a second steward.
        request: String,
        /// The labels of their devices.
        stewards: Vec<String>,
    },
}

/// What a second steward consents to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentView {
    /// Whether it is about what people said about themselves; else about what the wards wrote.
    pub responses: bool,
    /// How many records; `None` for all of them, and those that are still to come.
    pub records: Option<u64>,
    /// How many of them can be read on this device.
    pub here: u64,
    /// Which those are.
    pub forms: Vec<OfFormView>,
    /// The answer, for the steward who asked. It is good as long as the roster does not grow.
    pub consent: String,
}

/// How many other devices have said that they took something out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HeardView {
    /// Those that have, as far as this device was told.
    pub confirmed: u64,
    /// All others that belong to the study.
    pub of: u64,
}

/// What was taken out of a study, and where that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasedView {
    /// What was taken out by receipts and by stewards: records, and a scope as one.
    pub taken_out: u64,
    /// Of these, scopes.
    pub scopes: u64,
    /// Whether the hub was asked just now; else it is what was known.
    pub asked: bool,
    /// The devices that were ever let in, in that order.
    pub devices: Vec<ErasedOnView>,
}

/// What one device has taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasedOnView {
    /// The device.
    pub label: String,
    /// `tablet` or `evaluator`.
    pub kind: String,
    /// Whether it was put out.
    pub put_out: bool,
    /// How much of it this device has signed that it took out.
    pub confirmed: u64,
    /// The day on which the hub heard of it last (ISO 8601), as the hub says.
    pub seen: Option<String>,
    /// Whether it is this device.
    pub here: bool,
}

/// Records of one form on one ward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfFormView {
    /// The form.
    pub form_id: String,
    /// The ward's code.
    pub ward: String,
    /// How many.
    pub count: u64,
}
