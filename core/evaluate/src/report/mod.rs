//! The report: one self-contained page of HTML, without scripts or anything fetched.

mod answers;
mod decisions;
mod incidents;
mod medicines;
mod page;
mod participation;
mod parts;
mod protected_sleep;
mod quality;
mod texts;

use std::io::Write;

use crate::findings::Findings;
use crate::output::unwritable;
use crate::{Options, Output, Published, Refused, Source};

/// Name of the file the report is written to.
const FILE: &str = "report.html";

/// Writes `report.html`.
///
/// The page holds everything it needs: no script, no font, no picture is fetched. It says no time and no id, so the
/// same answers give the same page but for what arrived from which tablet.
///
/// # Errors
/// See [`Refused`]. The file appears whole or not at all.
pub fn report(
    source: &dyn Source,
    published: &Published,
    options: &Options,
    out: &mut dyn Output,
) -> Result<(), Refused> {
    let findings = Findings::of(source, published, options)?;
    let html = page::page(source.study(), &findings, &source.received()).into_string();
    out.file(FILE, &mut |to: &mut dyn Write| to.write_all(html.as_bytes()).map_err(|e| unwritable(FILE, e)))
}
