//! What verifying, auditing and repairing a vault found.

use serde::Serialize;

/// What verifying a vault found: how what is shown compares with what the sealed changes come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedView {
    /// Records that can be read.
    pub records: u64,
    /// Changes that were judged again.
    pub changes: u64,
    /// Ids of records whose row is missing, too many or not what their changes come to, as in [`RecordView::id`].
    pub records_astray: Vec<String>,
    /// How many envelopes are in another state than they should be.
    pub envelopes_astray: u64,
    /// How many stored envelopes are damaged.
    pub damaged: u64,
}

impl VerifiedView {
    /// Whether everything is as the changes say.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.records_astray.is_empty() && self.envelopes_astray == 0 && self.damaged == 0
    }
}

/// What an audit looked at, and where it found what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditView {
    /// Pages deciphered, in the database and its log, free ones and all.
    pub pages: u64,
    /// Where phrases were found.
    pub hits: Vec<HitView>,
}

/// A place where a phrase was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HitView {
    /// Which of the phrases, counted from 0.
    pub phrase: u64,
    /// The name of the file.
    pub file: String,
    /// The page or frame in it, counted from 1; `None` where the file holds the phrase in clear.
    pub page: Option<u64>,
}

/// What repairing a vault did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RepairedView {
    /// Records built anew.
    pub records: u64,
    /// Damaged envelopes, of which only the bytes are kept. The next sync asks for them again.
    pub set_aside: u64,
}
