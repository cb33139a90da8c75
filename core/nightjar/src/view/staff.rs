//! What a tablet keeps for the ward's staff.

use serde::{Deserialize, Serialize};

/// What became of trying a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PinView {
    /// None was set on this device.
    NotSet,
    /// It is the one.
    Right,
    /// It is not; how many seconds the next one has to wait.
    Wrong {
        /// 0 to 30.
        seconds: u64,
    },
    /// Nothing was tried, since it came too early; how many seconds are left.
    Wait {
        /// 1 to 30.
        seconds: u64,
    },
}

/// Whether somebody on the asking list was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskState {
    /// Not asked yet; also who was not asked on a day before.
    NotYet,
    /// They said yes.
    Yes,
    /// They said no.
    No,
    /// Not today.
    NotToday,
    /// They do not want to be asked again.
    DoNotAskAgain,
}

/// A label of the asking list. It stands on this tablet only and has no link to an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskedView {
    /// What the ward calls them: no name, room, date of birth or number.
    pub label: String,
    /// Whether they were asked.
    pub state: AskState,
}

/// Writes down that somebody was asked, or was not: a record of its own, with nothing of who it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncounterRequest {
    /// The ward's code.
    pub ward: String,
    /// The role of whoever writes it down.
    pub role: String,
    /// About whom: `patient`, `carer` or `staff`.
    pub about: String,
    /// `yes`, `no`, `not_today` or `not_asked`.
    pub outcome: String,
    /// A code of the form's reasons.
    pub reason: Option<String>,
}

/// How often somebody asked to talk to someone in a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TalkView {
    /// The week (ISO 8601, `2026-W09`).
    pub week: String,
    /// How often.
    pub count: u64,
}
