//! How one value stands in a CSV file.

use nightjar_form::{Attached, ItemKind, Value};

use crate::table::Column;

/// More than one value, and nobody has settled which.
pub(super) const UNSETTLED: &str = "unsettled";
/// A text that waits for its first reading.
pub(super) const HELD_BACK: &str = "held_back";

/// What stands in the column of an item, and in its `__missing` column where it has one.
pub(super) struct Cell {
    pub(super) value: String,
    pub(super) missing: &'static str,
}

/// Whether the column is written at all. Notes hold nothing; `start`, `end` and `today` would tie a record to its minute,
/// a place to whoever was there, and the name of a picture or recording says what is in it.
pub(super) fn is_written(column: &Column) -> bool {
    !matches!(column.kind, ItemKind::Note | ItemKind::Metadata)
        && !column.kind.is_geo()
        && !column.kind.is_media()
}

/// The cell for the values of an item; `None` when the form never asked it.
pub(super) fn cell(column: &Column, values: Option<&[Value]>, form_asks_text: bool) -> Cell {
    let only = match values {
        None => return Cell { value: String::new(), missing: "" },
        Some([only]) => only,
        Some(_) => {
            let value = if column.is_categorical() { UNSETTLED.to_owned() } else { String::new() };
            return Cell { value, missing: UNSETTLED };
        }
    };
    match only {
        Value::Missing(missing) => {
            let value = if column.is_categorical() { missing.code().to_owned() } else { String::new() };
            Cell { value, missing: missing.code() }
        }
        // A calculation may copy what a person wrote, so it is held back wherever text is asked for.
        Value::Text(_) if column.kind == ItemKind::Text || form_asks_text => {
            Cell { value: String::new(), missing: HELD_BACK }
        }
        // Choices made of other answers have for their codes what a person wrote there.
        Value::One(code) if column.kind.has_choices() && !is_listed(column, code) => {
            Cell { value: String::new(), missing: HELD_BACK }
        }
        Value::Many(codes) if !codes.iter().all(|code| is_listed(column, code)) => {
            Cell { value: String::new(), missing: HELD_BACK }
        }
        // What it is, and not the names of its pieces.
        Value::Text(text) if Attached::claims(text) => {
            Cell { value: Attached::in_words(text).unwrap_or_default(), missing: "" }
        }
        Value::Text(text) | Value::One(text) => Cell { value: safe(text), missing: "" },
        Value::Many(_) => Cell { value: safe(&only.to_text()), missing: "" },
        number_or_date => Cell { value: number_or_date.to_text(), missing: "" },
    }
}

fn is_listed(column: &Column, code: &str) -> bool {
    column.choices.iter().any(|choice| choice.code == code)
}

/// Text that a spreadsheet program would run as a formula gets an apostrophe in front (OWASP, CSV Injection).
pub(super) fn safe(text: &str) -> String {
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{text}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn text_never_runs_as_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(safe(text), format!("'{text}"));
        }
        assert_eq!(safe("noise, light"), "noise, light");
        assert_eq!(safe(""), "");
    }
}
