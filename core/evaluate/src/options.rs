/// What an evaluator asks for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Print counts of people as they are. Only for the role that the study's disclosure policy names; the report is
    /// stamped.
    pub raw_for_role: Option<String>,
    /// Whether texts leave the vault.
    pub free_text: FreeText,
}

/// What happens to what people wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FreeText {
    /// Row-level files say that a text is there, not what it says.
    #[default]
    HeldBack,
    /// Texts go into a file of their own, `first-reading.internal.csv`, for the person the risk disclosure plan names;
    /// never into a file with the other answers.
    ForFirstReader,
}
