//! Reads a form, whatever it is written in. Every fault found on the way is reported, not only the first.

mod arrange;
mod checks;
mod choices;
mod comma;
mod compile;
mod entities;
mod entity_scopes;
mod external;
mod findings;
mod geojson;
mod grid;
mod groups;
mod heading;
mod instances;
mod kinds;
mod languages;
mod loops;
mod markdown;
mod names;
mod outputs;
mod parameters;
mod previous;
mod question;
mod references;
mod row;
mod scale;
mod search;
mod select;
mod settings;
mod sheet;
mod survey;
mod workbook;
mod xform;
mod xlsform;

use crate::{Attachments, Diagnostics, Instrument};
pub(crate) use compile::OUTPUT;
use findings::Findings;
use grid::Book;

/// Reads, checks and compiles a form: a workbook, an XForm, Markdown tables or comma-separated values.
pub(crate) fn instrument(
    file: &str,
    bytes: &[u8],
    attachments: &Attachments,
) -> Result<Instrument, Diagnostics> {
    if is_xml(bytes) {
        return xform::read(file, bytes, attachments);
    }
    let mut findings = Findings::new(file);
    match book(bytes, attachments, &mut findings) {
        Some(book) => xlsform::read(file, bytes, book, attachments, findings),
        None => Err(findings.into_diagnostics()),
    }
}

fn book(bytes: &[u8], attachments: &Attachments, findings: &mut Findings) -> Option<Book> {
    if workbook::is_workbook(bytes) {
        return workbook::book(bytes, findings);
    }
    if bytes.len() > workbook::MAX_FILE {
        findings.error_in_file("The form is too big.", "Split it, or move long lists into files beside it.");
        return None;
    }
    match text(bytes).filter(|text| !text.contains('\0')) {
        Some(text) if markdown::is_markdown(text) => Some(markdown::book(text, findings)),
        Some(text) if !text.trim().is_empty() => Some(comma::book(text, attachments, findings)),
        _ => {
            findings.error_in_file(
                "The file is no form: neither an .xlsx workbook nor XML nor a table as text, or it is damaged.",
                "Save the form as .xlsx.",
            );
            None
        }
    }
}

fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.trim_ascii_start().starts_with(b"<")
}

/// A text in UTF-8, without its byte order mark.
fn text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}
