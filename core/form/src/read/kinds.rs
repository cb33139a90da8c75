//! The type column: what a row is, in the spellings of twenty years of forms.

use crate::ItemKind;
use crate::item::Stamp;

/// What a survey row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowKind {
    BeginGroup,
    EndGroup,
    BeginRepeat,
    EndRepeat,
    Item(ItemKind),
    /// A select or rank with the name of its list.
    Select {
        kind: ItemKind,
        list: String,
        or_other: bool,
    },
    /// `start`, `end`, `today`.
    Metadata(Stamp),
    /// A type that XLSForm has and this engine does not, and what to do instead.
    Refused(&'static str),
    /// No type of XLSForm.
    Unknown,
}

const GEO: &str = "Ask for the place in words, or take the row out.";
const MEDIA: &str = "Ask for words instead, or take the row out.";
const IDENTIFYING: &str = "Take the row out: it would tie answers to a person or device.";
const FILES: &str = "Put the choices on the choices sheet.";
const DEPRECATED: &str = "Use begin repeat, or take the row out.";

const PLAIN: &[(&str, ItemKind)] = &[
    ("text", ItemKind::Text),
    ("string", ItemKind::Text),
    ("q string", ItemKind::Text),
    ("add text prompt", ItemKind::Text),
    ("integer", ItemKind::Integer),
    ("int", ItemKind::Integer),
    ("q int", ItemKind::Integer),
    ("add integer prompt", ItemKind::Integer),
    ("decimal", ItemKind::Decimal),
    ("q decimal", ItemKind::Decimal),
    ("add decimal prompt", ItemKind::Decimal),
    ("date", ItemKind::Date),
    ("q date", ItemKind::Date),
    ("time", ItemKind::Time),
    ("datetime", ItemKind::DateTime),
    ("q datetime", ItemKind::DateTime),
    ("note", ItemKind::Note),
    ("add note prompt", ItemKind::Note),
    ("calculate", ItemKind::Calculate),
    ("add calculate prompt", ItemKind::Calculate),
    ("hidden", ItemKind::Hidden),
    ("range", ItemKind::Range),
    ("acknowledge", ItemKind::Acknowledge),
    ("trigger", ItemKind::Acknowledge),
];

const REFUSED: &[(&str, &str)] = &[
    ("geopoint", GEO),
    ("geotrace", GEO),
    ("geoshape", GEO),
    ("gps", GEO),
    ("location", GEO),
    ("start-geopoint", GEO),
    ("background-geopoint", GEO),
    ("image", MEDIA),
    ("photo", MEDIA),
    ("audio", MEDIA),
    ("video", MEDIA),
    ("file", MEDIA),
    ("background-audio", MEDIA),
    ("barcode", MEDIA),
    ("deviceid", IDENTIFYING),
    ("username", IDENTIFYING),
    ("phonenumber", IDENTIFYING),
    ("phone number", IDENTIFYING),
    ("email", IDENTIFYING),
    ("imei", IDENTIFYING),
    ("subscriberid", IDENTIFYING),
    ("subscriber id", IDENTIFYING),
    ("simserial", IDENTIFYING),
    ("audit", IDENTIFYING),
    ("csv-external", FILES),
    ("xml-external", FILES),
    ("osm", GEO),
    ("begin loop", DEPRECATED),
    ("end loop", DEPRECATED),
];

/// Longest prefix first where one begins another.
const SELECTS: &[(&str, ItemKind)] = &[
    ("select one from ", ItemKind::SelectOne),
    ("select all that apply from ", ItemKind::SelectMultiple),
    ("select multiple from ", ItemKind::SelectMultiple),
    ("add select one prompt using ", ItemKind::SelectOne),
    ("add select multiple prompt using ", ItemKind::SelectMultiple),
    ("select one ", ItemKind::SelectOne),
    ("select multiple ", ItemKind::SelectMultiple),
    ("select1 ", ItemKind::SelectOne),
    ("rank ", ItemKind::Rank),
];

/// Reads a type cell.
pub(crate) fn row_kind(cell: &str) -> RowKind {
    let words: Vec<&str> = cell.split_whitespace().collect();
    let lower = words.join(" ").to_lowercase();
    // `begin_group`, `select_one list`: underscores only in the first word, never in a list's name.
    let (first, rest) = lower.split_once(' ').unwrap_or((&lower, ""));
    let spaced = format!("{} {rest}", first.replace('_', " ")).trim().to_owned();
    match spaced.as_str() {
        "begin group" => return RowKind::BeginGroup,
        "end group" => return RowKind::EndGroup,
        "begin repeat" => return RowKind::BeginRepeat,
        "end repeat" => return RowKind::EndRepeat,
        "start" => return RowKind::Metadata(Stamp::Start),
        "end" => return RowKind::Metadata(Stamp::End),
        "today" => return RowKind::Metadata(Stamp::Today),
        _ => {}
    }
    if let Some((_, kind)) = PLAIN.iter().find(|(name, _)| *name == spaced) {
        return RowKind::Item(*kind);
    }
    if let Some((_, remedy)) = REFUSED.iter().find(|(name, _)| *name == spaced) {
        return RowKind::Refused(remedy);
    }
    if spaced.starts_with("begin loop ") {
        return RowKind::Refused(DEPRECATED);
    }
    if spaced.starts_with("osm ") {
        return RowKind::Refused(GEO);
    }
    if spaced.contains("from file") || spaced.starts_with("select one external") {
        return RowKind::Refused(FILES);
    }
    for (prefix, kind) in SELECTS {
        if let Some(list) = spaced.strip_prefix(prefix) {
            let (list, or_other) = match list.strip_suffix(" or_other").or(list.strip_suffix(" or other")) {
                Some(list) => (list, true),
                None => (list, false),
            };
            // The list as written: lists are told apart by case.
            let word = words.len() - list.split(' ').count() - or_other_words(&words, or_other);
            let list =
                words.get(word..).and_then(|rest| rest.first()).copied().unwrap_or_default().to_owned();
            return RowKind::Select { kind: *kind, list, or_other };
        }
    }
    RowKind::Unknown
}

/// What a bind's `type` stores values as.
pub(crate) fn bound(name: &str) -> ItemKind {
    match name.trim().to_lowercase().as_str() {
        "int" | "integer" => ItemKind::Integer,
        "decimal" => ItemKind::Decimal,
        "date" => ItemKind::Date,
        "time" => ItemKind::Time,
        "datetime" => ItemKind::DateTime,
        "geopoint" => ItemKind::Geopoint,
        "geotrace" => ItemKind::Geotrace,
        "geoshape" => ItemKind::Geoshape,
        _ => ItemKind::Text,
    }
}

fn or_other_words(words: &[&str], or_other: bool) -> usize {
    match (or_other, words.last()) {
        (false, _) => 0,
        (true, Some(last)) if last.eq_ignore_ascii_case("other") => 2,
        (true, _) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_in_the_spellings_in_use() {
        let select = |kind, list: &str, or_other| RowKind::Select { kind, list: list.to_owned(), or_other };
        for (cell, kind) in [
            ("begin_group", RowKind::BeginGroup),
            ("Begin  Group", RowKind::BeginGroup),
            ("end repeat", RowKind::EndRepeat),
            ("TEXT", RowKind::Item(ItemKind::Text)),
            ("dateTime", RowKind::Item(ItemKind::DateTime)),
            ("int", RowKind::Item(ItemKind::Integer)),
            ("trigger", RowKind::Item(ItemKind::Acknowledge)),
            ("select_one Yes_No", select(ItemKind::SelectOne, "Yes_No", false)),
            ("select one yes_no", select(ItemKind::SelectOne, "yes_no", false)),
            ("select1 yes_no", select(ItemKind::SelectOne, "yes_no", false)),
            ("select one from yn", select(ItemKind::SelectOne, "yn", false)),
            ("select all that apply from woke", select(ItemKind::SelectMultiple, "woke", false)),
            ("select_multiple woke or_other", select(ItemKind::SelectMultiple, "woke", true)),
            ("select_one woke or other", select(ItemKind::SelectOne, "woke", true)),
            ("rank voices", select(ItemKind::Rank, "voices", false)),
            ("today", RowKind::Metadata(Stamp::Today)),
            ("geopoint", RowKind::Refused(GEO)),
            ("deviceid", RowKind::Refused(IDENTIFYING)),
            ("select_one_from_file wards.csv", RowKind::Refused(FILES)),
            ("slider", RowKind::Unknown),
            ("select_one", RowKind::Unknown),
        ] {
            assert_eq!(row_kind(cell), kind, "{cell}");
        }
    }
}
