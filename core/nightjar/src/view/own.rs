//! What a respondent takes with them, and what they find again with it.

use nightjar_form::Value;
use serde::{Deserialize, Serialize};

use super::HeardView;

/// What a respondent takes with them when they hand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// Words that take the answers out, and open nothing.
    TakeOut,
    /// Words that open the answers again, to read, change or take out.
    Read,
}

/// Where somebody's response is, as far as this device knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnState {
    /// It was not given on this device.
    Nowhere,
    /// It was taken out.
    TakenOut,
    /// Its sealed bytes, or those of a part of it, have left this device, which no longer has what was said last. It can be taken out.
    Left,
    /// Its sealed bytes are here, and these words do not open them. It can be taken out.
    Sealed,
    /// It is here, and these words open it.
    Open,
}

/// A response as whoever gave it sees it.
#[derive(Clone, PartialEq, Serialize)]
pub struct OwnView {
    /// Where it is.
    pub state: OwnState,
    /// The form; absent unless it is open.
    pub form_id: Option<String>,
    /// The role it was given in.
    pub role: Option<String>,
    /// The ward's code.
    pub ward: Option<String>,
    /// The week it was given in (ISO 8601, `2026-W09`): no finer time is kept of it.
    pub week: Option<String>,
    /// What was said, in the order of the form.
    pub answers: Vec<OwnAnswerView>,
    /// How often it was corrected.
    pub corrected: u64,
    /// Whether it can be changed here: not where the form has parts that repeat, or came in a version that this device no longer has.
    pub may_change: bool,
    /// Where it was taken out: which other devices have confirmed that.
    pub heard: Option<HeardView>,
    /// The day from which the study's tables are final (ISO 8601).
    pub data_lock: String,
    /// Whether that day has come: what is taken out then is counted already.
    pub counted: bool,
}

/// A question and its own answer.
#[derive(Clone, PartialEq, Serialize)]
pub struct OwnAnswerView {
    /// The question, in the language asked for.
    pub question: String,
    /// The answer in words; empty where there is none.
    pub answer: String,
    /// The value.
    pub value: Value,
}
