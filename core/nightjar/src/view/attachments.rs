//! What people attached.

use nightjar_form::Outcome;

use super::{OutcomeView, ProblemView};

/// A picture or a recording as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentView {
    /// What it is, such as `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Never what is in it.
impl std::fmt::Debug for AttachmentView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentView").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        let problems = outcome.problems.into_iter();
        Self {
            changed: outcome.changed.iter().map(str::to_owned).collect(),
            problems: problems
                .map(|problem| ProblemView { path: problem.path, text: problem.message })
                .collect(),
        }
    }
}
